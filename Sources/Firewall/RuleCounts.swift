import SecLang

/// How many rules there are as written, without the recommended settings; a chain counts once.
package struct RuleCounts: Sendable, Equatable {
  package private(set) var rules = 0
  /// By phase from 1 to 5.
  package private(set) var phases: [Int: Int] = [:]
  /// By the level that the tag `paranoia-level/N` names.
  package private(set) var paranoiaLevels: [Int: Int] = [:]

  init(_ document: RuleDocument) {
    var isChained = false
    for statement in document.statements {
      let actions: [ActionSyntax]
      switch statement.directive {
      case .rule(_, _, let list), .action(let list): actions = list
      default: continue
      }
      if !isChained, !isOurs(actions) { count(actions) }
      isChained = actions.contains { $0.name == .chain }
    }
  }

  private func isOurs(_ actions: [ActionSyntax]) -> Bool {
    let id = actions.last { $0.name == .id }?.value.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    return id.map(RecommendedRules.ids.contains) ?? false
  }

  private mutating func count(_ actions: [ActionSyntax]) {
    rules += 1
    phases[phase(actions), default: 0] += 1
    for action in actions where action.name == .tag {
      let tag = String(decoding: action.value ?? [], as: UTF8.self)
      let prefix = "paranoia-level/"
      if tag.hasPrefix(prefix), let level = Int(tag.dropFirst(prefix.count)) { paranoiaLevels[level, default: 0] += 1 }
    }
  }

  private func phase(_ actions: [ActionSyntax]) -> Int {
    let value = actions.last { $0.name == .phase }?.value ?? []
    switch String(decoding: value, as: UTF8.self).lowercased() {
    case "1": return 1
    case "3": return 3
    case "4", "response": return 4
    case "5", "logging": return 5
    default: return 2
    }
  }
}
