/// `in` and `is`.
extension TypeChecker {
  /// What actions are in is known from the schema. Others can be in what their types can be in.
  mutating func membership(_ left: Int, _ right: Int) -> Typed {
    let member = expect(left, .entity) { $0.isSet ? "or `contains`" : nil }
    let group = expect(right, .entityOrEntities)
    guard member.isChecked, group.isChecked else { return .failed(.bool) }
    if let action = entityLiteral(left), action.type.isActionType, let groups = entityLiterals(right) {
      return actionMembership(action, groups.filter(\.type.isActionType))
    }
    guard let type = member.type?.entityType, let other = (group.type?.element ?? group.type)?.entityType else {
      return Typed(.bool)
    }
    return Typed(schema.mayBeMember(type, of: other) ? .bool : .always(false))
  }

  private func actionMembership(_ action: EntityUID, _ groups: [EntityUID]) -> Typed {
    var isMember = false
    for group in groups {
      guard schema.isDeclared(group) else { return .failed(.bool) }
      if schema.isMember(action, of: group) { isMember = true }
    }
    return Typed(.always(isMember))
  }

  /// The entity that a node stands for in the environment.
  func entityLiteral(_ index: Int) -> EntityUID? {
    switch tree.nodes[index].kind {
    case .entity(let uid): uid
    case .variable(.action): environment.action
    default: nil
    }
  }

  /// The same of a node, or of all elements of a set.
  private func entityLiterals(_ index: Int) -> [EntityUID]? {
    if let entity = entityLiteral(index) { return [entity] }
    guard case .set(let elements) = tree.nodes[index].kind else { return nil }
    var entities: [EntityUID] = []
    for element in elements {
      guard let entity = entityLiteral(element) else { return nil }
      entities.append(entity)
    }
    return entities
  }

  mutating func isType(_ operand: Int, _ type: Name) -> Typed {
    let value = expect(operand, .entity)
    guard let actual = value.type?.entityType else { return .failed(.bool) }
    return Typed(.always(actual == type), isChecked: value.isChecked)
  }
}
