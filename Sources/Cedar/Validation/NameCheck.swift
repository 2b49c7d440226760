/// Entity types, actions and ids of enumerated types that a policy names must be declared, even where the names stand
/// in what is never evaluated.
struct NameCheck {
  let index: ValidatorIndex
  private(set) var findings: [TypeFinding] = []

  init(_ policy: Policy, _ tree: CheckTree, _ index: ValidatorIndex) {
    self.index = index
    check(policy.principal, at: policy.position)
    switch policy.action {
    case .any: break
    case .equal(let uid), .in(let uid): check(uid, at: policy.position)
    case .inAny(let uids): for uid in uids { check(uid, at: policy.position) }
    }
    check(policy.resource, at: policy.position)
    for node in tree.nodes {
      switch node.kind {
      case .entity(let uid): check(uid, at: node.position)
      case .isType(_, let type): check(type, at: node.position)
      default: break
      }
    }
  }

  private mutating func check(_ constraint: EntityConstraint, at position: SourcePosition) {
    switch constraint {
    case .any: break
    case .equal(let entity), .in(let entity): check(entity, at: position)
    case .isType(let type): check(type, at: position)
    case .isTypeIn(let type, let entity):
      check(type, at: position)
      check(entity, at: position)
    }
  }

  private mutating func check(_ reference: EntityReference, at position: SourcePosition) {
    if case .entity(let uid) = reference { check(uid, at: position) }
  }

  private mutating func check(_ uid: EntityUID, at position: SourcePosition) {
    guard !uid.type.isActionType else {
      if index.schema.actions[uid] == nil { report("the action `\(uid)` is not declared", at: position) }
      return
    }
    check(uid.type, at: position)
    guard let type = index.schema.entityTypes[uid.type], !type.admits(id: uid.id) else { return }
    report("`\(uid)` is none of the entities of its type", at: position, expected: type.idsForMessages)
  }

  private mutating func check(_ type: Name, at position: SourcePosition) {
    guard !type.isActionType, index.schema.entityTypes[type] == nil else { return }
    report("the entity type `\(type)` is not declared", at: position, expected: index.similarTypes(to: type))
  }

  private mutating func report(_ message: String, at position: SourcePosition, expected: String? = nil) {
    findings.append(TypeFinding(position: position, message: message, expected: expected))
  }
}
