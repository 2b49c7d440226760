import Cedar

/// Which attributes of contexts policies look at: the others need not be put together.
struct ContextUse {
  private var names: Set<String> = []
  /// A policy takes the context as a whole.
  private var usesAll = false

  init(_ policies: [Policy]) {
    for policy in policies {
      for condition in policy.conditions { visit(condition.body) }
    }
  }

  func contains(_ attribute: ContextAttribute) -> Bool { usesAll || names.contains(attribute.rawValue) }

  // The depth of expressions is bounded where they are parsed.
  private mutating func visit(_ expression: Expression) {
    switch expression.kind {
    case .attribute(let base, let name):
      names.insert(name)
      if case .variable(.context) = base.kind { return }
    case .has(let base, let path):
      names.formUnion(path)
      if case .variable(.context) = base.kind { return }
    case .variable(.context): usesAll = true
    default: break
    }
    for part in expression.operands { visit(part) }
  }
}
