import Cedar
import SluiceModel

/// Doubts about names: policies that speak of zones, routes, assets and points that are nowhere, or of groups that nobody is
/// in, decide nothing; mostly, the name is misspelt.
struct UnknownNames {
  private let sources: AccessSources
  private let known: Set<EntityUID>
  private let configured: Set<EntityUID>

  /// - Parameters:
  ///   - configured: the entities of the configuration.
  ///   - entities: those and the files' together.
  init(_ sources: AccessSources, configured: [Entity], _ entities: [Entity]) {
    self.sources = sources
    self.configured = Set(configured.map(\.uid))
    known = Set(entities.map(\.uid)).union(entities.flatMap(\.parents))
  }

  func warn(_ issues: inout AccessIssues) {
    var told: Set<EntityUID> = []
    for policy in sources.policies.set.policies {
      guard let origin = sources.policies.origins[policy.id] else { continue }
      for (uid, position) in Mentions(policy).entities where isDoubtful(uid) && told.insert(uid).inserted {
        var issue = AccessIssue(
          "there is no `\(uid)`", hint: hint(uid), in: origin.file,
          at: position == .none ? origin.position : position, key: origin.file.key)
        issue.isWarning = true
        issues.add(issue)
      }
    }
    for entity in sources.entities.all {
      guard [EntityKind.route, .asset, .point].contains(where: { $0.rawValue == entity.uid.type.text }),
        !configured.contains(entity.uid), !issues.isFullOfWarnings,
        let (file, position) = sources.entities.origin(of: entity.uid)
      else { continue }
      var issue = AccessIssue(
        "the configuration has no `\(entity.uid)`", hint: hint(entity.uid), in: file, at: position, key: file.key)
      issue.isWarning = true
      issues.add(issue)
    }
  }

  private func isDoubtful(_ uid: EntityUID) -> Bool {
    switch EntityKind(rawValue: uid.type.text) {
    case .group, .zone, .route, .asset, .point: !known.contains(uid)
    case .user, .service, .certificate, .client, .path, .action, nil: false
    }
  }

  private func hint(_ uid: EntityUID) -> String {
    guard uid.type.text != EntityKind.group.rawValue else { return "no entity is in the group; name it in `entities`" }
    let names = known.filter { $0.type == uid.type }.map(\.id).sorted()
    if names.isEmpty { return "the configuration has none" }
    return "there is \(names.prefix(5).map { "`\($0)`" }.joined(separator: ", "))\(names.count > 5 ? ", …" : "")"
  }
}

/// The entities that a policy names.
private struct Mentions {
  private(set) var entities: [(uid: EntityUID, position: SourcePosition)] = []

  init(_ policy: Policy) {
    visit(policy.principal)
    visit(policy.resource)
    for condition in policy.conditions { visit(condition.body) }
  }

  private mutating func visit(_ constraint: EntityConstraint) {
    switch constraint {
    case .equal(.entity(let uid)), .in(.entity(let uid)), .isTypeIn(_, .entity(let uid)):
      entities.append((uid, .none))
    case .any, .isType, .equal(.slot), .in(.slot), .isTypeIn(_, .slot): break
    }
  }

  private mutating func visit(_ expression: Expression) {
    if case .entity(let uid) = expression.kind { entities.append((uid, expression.position)) }
    for part in expression.operands { visit(part) }
  }
}
