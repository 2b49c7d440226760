import Cedar

/// Makes a case smaller, greedily, as long as it still fails.
struct CaseShrinker {
  /// Tests at most.
  var budget = 4_000
  let fails: (DifferentialCase) -> Bool

  mutating func shrink(_ question: DifferentialCase) -> DifferentialCase {
    var best = question
    for request in question.requests {
      var only = question
      only.requests = [request]
      if attempt(only) {
        best = only
        break
      }
    }
    var isSmaller = true
    while isSmaller, budget > 0 {
      isSmaller = false
      isSmaller = shrinkLists(&best) || isSmaller
      for step in Self.steps {
        var index = 0
        variants: while budget > 0 {
          switch step(best, index) {
          case .smaller(let smaller) where attempt(smaller):
            best = smaller
            isSmaller = true
          case .smaller, .same: index += 1
          case .none: break variants
          }
        }
      }
    }
    return best
  }

  private mutating func attempt(_ question: DifferentialCase) -> Bool {
    guard budget > 0 else { return false }
    budget -= 1
    return fails(question)
  }

  /// Drops many at once, then fewer.
  private mutating func shrinkLists(_ best: inout DifferentialCase) -> Bool {
    var isSmaller = false
    for list in List.allCases {
      var size = max(list.count(best) / 2, 1)
      while size >= 1, budget > 0 {
        var start = 0
        while start < list.count(best), budget > 0 {
          let smaller = list.dropping(start..<min(start + size, list.count(best)), of: best)
          if attempt(smaller) {
            best = smaller
            isSmaller = true
          } else {
            start += size
          }
        }
        size /= 2
      }
    }
    return isSmaller
  }

  private enum List: CaseIterable {
    case requests, links, policies, entities, actions, types, commons

    func count(_ question: DifferentialCase) -> Int {
      switch self {
      case .requests: question.requests.count
      case .links: question.links.count
      case .policies: question.policies.count
      case .entities: question.entities.count
      case .actions: question.model.actions.count
      case .types: question.model.entities.count
      case .commons: question.model.commonTypes.count
      }
    }

    func dropping(_ range: Range<Int>, of question: DifferentialCase) -> DifferentialCase {
      var smaller = question
      switch self {
      case .requests: smaller.requests.removeSubrange(range)
      case .links: smaller.links.removeSubrange(range)
      case .policies: smaller.keepPolicies { !range.contains($0) }
      case .entities: smaller.entities.removeSubrange(range)
      case .actions: smaller.model.actions.removeSubrange(range)
      case .types: smaller.model.entities.removeSubrange(range)
      case .commons: smaller.model.commonTypes.removeSubrange(range)
      }
      return smaller
    }
  }

  /// The nth variant of a case.
  private typealias Step = @Sendable (DifferentialCase, Int) -> Variant

  private enum Variant {
    case smaller(DifferentialCase)
    /// This one is no smaller.
    case same
    /// There are no more.
    case none
  }

  private static let steps: [Step] = [
    plainStyle, simplerPolicy, simplerExpression, simplerEntity, simplerContext, simplerSchema,
  ]

  private static let plainStyle: Step = { question, index in
    var smaller = question
    switch index {
    case 0:
      guard question.style.varies else { return .same }
      smaller.style.varies = false
    case 1:
      guard question.style.hasSchemaJSON else { return .same }
      smaller.style.hasSchemaJSON = false
    case 2:
      guard question.style.isImplicit else { return .same }
      smaller.style.isImplicit = false
    case 3:
      guard question.style.route != .text else { return .same }
      smaller.style.route = .text
    default: return .none
    }
    return .smaller(smaller)
  }

  private static let simplerPolicy: Step = { question, index in
    guard index / 5 < question.policies.count else { return .none }
    var smaller = question
    let policy = question.policies[index / 5]
    switch index % 5 {
    case 0: smaller.policies[index / 5].annotations = []
    case 1: if !policy.principal.hasSlot { smaller.policies[index / 5].principal = .any }
    case 2: smaller.policies[index / 5].action = .any
    case 3: if !policy.resource.hasSlot { smaller.policies[index / 5].resource = .any }
    default: if !policy.conditions.isEmpty { smaller.policies[index / 5].conditions.removeLast() }
    }
    return smaller.policies == question.policies ? .same : .smaller(smaller)
  }

  private static let simplerExpression: Step = { question, index in
    var left = index
    for (number, policy) in question.policies.enumerated() {
      for (place, condition) in policy.conditions.enumerated() {
        let variants = condition.body.smaller
        if left < variants.count {
          var smaller = question
          smaller.policies[number].conditions[place].body = variants[left]
          return .smaller(smaller)
        }
        left -= variants.count
      }
    }
    return .none
  }

  private static let simplerEntity: Step = { question, index in
    var left = index
    for (number, entity) in question.entities.enumerated() {
      var smaller = question
      if left < entity.attributes.count {
        smaller.entities[number].attributes.remove(at: left)
        return .smaller(smaller)
      }
      left -= entity.attributes.count
      if left < entity.parents.count {
        smaller.entities[number].parents.remove(at: left)
        return .smaller(smaller)
      }
      left -= entity.parents.count
      if left < entity.tags.count {
        smaller.entities[number].tags.remove(at: left)
        return .smaller(smaller)
      }
      left -= entity.tags.count
    }
    return .none
  }

  private static let simplerContext: Step = { question, index in
    var left = index
    for (number, request) in question.requests.enumerated() {
      if left < request.context.count {
        var smaller = question
        smaller.requests[number].context.remove(at: left)
        return .smaller(smaller)
      }
      left -= request.context.count
    }
    return .none
  }

  private static let simplerSchema: Step = { question, index in
    var smaller = question
    var left = index
    func drop(_ shape: inout SchemaModel.Shape) -> Bool {
      guard case .record(var fields) = shape else { return false }
      if left < fields.count {
        fields.remove(at: left)
        shape = .record(fields)
        return true
      }
      left -= fields.count
      return false
    }
    for number in question.model.entities.indices {
      if drop(&smaller.model.entities[number].shape) { return .smaller(smaller) }
      if left == 0, !question.model.entities[number].parents.isEmpty {
        smaller.model.entities[number].parents = []
        return .smaller(smaller)
      }
      if left == 1, question.model.entities[number].tags != nil {
        smaller.model.entities[number].tags = nil
        return .smaller(smaller)
      }
      if left < 2 { return .same }
      left -= 2
    }
    for number in question.model.actions.indices {
      guard var appliesTo = question.model.actions[number].appliesTo else { continue }
      let isDone = drop(&appliesTo.context)
      smaller.model.actions[number].appliesTo = appliesTo
      if isDone { return .smaller(smaller) }
      if left == 0 {
        guard !question.model.actions[number].parents.isEmpty else { return .same }
        smaller.model.actions[number].parents = []
        return .smaller(smaller)
      }
      left -= 1
    }
    for number in question.model.commonTypes.indices where drop(&smaller.model.commonTypes[number].shape) {
      return .smaller(smaller)
    }
    return .none
  }
}

extension DifferentialCase {
  /// Drops policies, and links of dropped templates; the ids are again those that a text gives.
  mutating func keepPolicies(_ isKept: (Int) -> Bool) {
    var ids: [PolicyID: PolicyID] = [:]
    var kept: [Policy] = []
    for (number, policy) in policies.enumerated() where isKept(number) {
      ids[policy.id] = PolicyID("policy\(kept.count)")
      kept.append(policy)
      kept[kept.count - 1].id = PolicyID("policy\(kept.count - 1)")
    }
    policies = kept
    links = links.compactMap { link in
      ids[link.template].map {
        SampleLink(template: $0, id: link.id, principal: link.principal, resource: link.resource)
      }
    }
  }
}

extension Expression {
  /// The parts of it and what it would be with one part less, the smallest first.
  var smaller: [Expression] {
    var variants: [Expression] = parts
    if case .bool = kind {} else { variants = [Expression(.bool(true)), Expression(.bool(false))] + variants }
    switch kind {
    case .and(let parts) where parts.count > 2:
      variants += parts.indices.map { Expression(.and(parts.removing($0))) }
    case .or(let parts) where parts.count > 2:
      variants += parts.indices.map { Expression(.or(parts.removing($0))) }
    case .set(let parts): variants += parts.indices.map { Expression(.set(parts.removing($0))) }
    case .record(let parts): variants += parts.indices.map { Expression(.record(parts.removing($0))) }
    case .has(let receiver, let names) where names.count > 1:
      variants.append(Expression(.has(receiver, Array(names.dropLast()))))
    default: break
    }
    let own = parts
    for (index, part) in own.enumerated() {
      for smaller in part.smaller {
        var replaced = own
        replaced[index] = smaller
        variants.append(withParts(replaced))
      }
    }
    return variants
  }

  private var parts: [Expression] {
    switch kind {
    case .bool, .long, .string, .entity, .variable, .slot: []
    case .conditional(let test, let first, let second): [test, first, second]
    case .and(let parts), .or(let parts), .set(let parts), .call(_, let parts): parts
    case .not(let part), .negate(let part), .isEmpty(let part), .attribute(let part, _), .has(let part, _),
      .like(let part, _), .isType(let part, _, in: nil):
      [part]
    case .isType(let part, _, in: .some(let other)), .binary(_, let part, let other): [part, other]
    case .record(let elements): elements.map(\.value)
    }
  }

  private func withParts(_ parts: [Expression]) -> Expression {
    switch kind {
    case .bool, .long, .string, .entity, .variable, .slot: self
    case .conditional: Expression(.conditional(parts[0], then: parts[1], else: parts[2]))
    case .and: Expression(.and(parts))
    case .or: Expression(.or(parts))
    case .set: Expression(.set(parts))
    case .call(let function, _): Expression(.call(function, parts))
    case .not: Expression(.not(parts[0]))
    case .negate: Expression(.negate(parts[0]))
    case .isEmpty: Expression(.isEmpty(parts[0]))
    case .attribute(_, let name): Expression(.attribute(parts[0], name))
    case .has(_, let names): Expression(.has(parts[0], names))
    case .like(_, let pattern): Expression(.like(parts[0], pattern))
    case .isType(_, let name, let other): Expression(.isType(parts[0], name, in: other == nil ? nil : parts[1]))
    case .binary(let op, _, _): Expression(.binary(op, parts[0], parts[1]))
    case .record(let elements):
      Expression(.record(zip(elements, parts).map { RecordElement(key: $0.key, value: $1) }))
    }
  }
}

extension Array {
  fileprivate func removing(_ index: Int) -> [Element] {
    var copy = self
    copy.remove(at: index)
    return copy
  }
}
