/// What the scope of a policy leaves of a schema's request environments.
struct ScopeCheck {
  let index: ValidatorIndex
  let policy: Policy

  /// Actions that the scope admits, in the order of their ids.
  var actions: [SchemaAction] {
    switch policy.action {
    case .any: index.actions
    case .equal(let uid): index.schema.actions[uid].map { [$0] } ?? []
    case .in(let group): members(of: [group])
    case .inAny(let groups): members(of: groups)
    }
  }

  /// None where one of the groups is not declared.
  private func members(of groups: [EntityUID]) -> [SchemaAction] {
    guard groups.allSatisfy({ index.schema.actions[$0] != nil }) else { return [] }
    let groups = Set(groups)
    return index.actions.filter { groups.contains($0.uid) || !$0.ancestors.isDisjoint(with: groups) }
  }

  func admits(principal type: Name) -> Bool { admits(type, policy.principal) }
  func admits(resource type: Name) -> Bool { admits(type, policy.resource) }

  /// Whether entities of the type may meet the constraint. A slot is filled with what fits.
  private func admits(_ type: Name, _ constraint: EntityConstraint) -> Bool {
    switch constraint {
    case .any, .equal(.slot), .in(.slot): true
    case .equal(.entity(let uid)): type == uid.type
    case .in(.entity(let uid)): index.mayBeMember(type, of: uid.type)
    case .isType(let name), .isTypeIn(let name, .slot): type == name
    case .isTypeIn(let name, .entity(let uid)): type == name && index.mayBeMember(type, of: uid.type)
    }
  }

  /// Whether any action applies to what the scope admits.
  func appliesToAny(_ actions: [SchemaAction]) -> Bool {
    actions.contains { action in
      action.principals.contains { admits(principal: $0) } && action.resources.contains { admits(resource: $0) }
    }
  }

  /// What is wrong with the list of actions itself.
  var listFinding: TypeFinding? {
    guard case .inAny(let actions) = policy.action else { return nil }
    guard let first = actions.first else {
      return TypeFinding(
        position: policy.position, message: "the scope names no action", expected: "at least one action")
    }
    guard let other = actions.first(where: { $0.type != first.type }) else { return nil }
    return TypeFinding(
      position: policy.position, message: "`\(first)` and `\(other)` are in one set", expected: "actions of one type")
  }
}
