/// An entity that is none of a schema's.
public struct EntityError: Error, Sendable, Hashable, CustomStringConvertible {
  public var entity: EntityUID
  /// What is wrong, in lower case, with what was found in backticks.
  public var message: String
  /// What would be right.
  public var expected: String?

  public var description: String { "`\(entity)`: \(message)" + (expected.map { "; expected \($0)" } ?? "") }
}

extension Schema {
  /// Makes sure that types are declared, attributes and tags are of their types with none missing, parents are of types
  /// that may be parents, ids of enumerated types are declared, and actions are what the schema says of them.
  public func validate(entities: [Entity]) throws(EntityError) {
    for entity in entities where !entity.uid.type.isActionType { try validate(entity) }
    try validateActions(entities.filter(\.uid.type.isActionType))
  }

  /// The same of one entity that is no action.
  private func validate(_ entity: Entity) throws(EntityError) {
    let uid = entity.uid
    guard let type = entityTypes[uid.type] else {
      throw EntityError(entity: uid, message: "the type `\(uid.type)` is not declared")
    }
    let conformance = Conformance(schema: self)
    if let mismatch = conformance.mismatch(uid, at: "uid") { throw EntityError(uid, mismatch) }
    if let mismatch = conformance.mismatch(entity.attributes, type.attributes, at: "attrs") {
      throw EntityError(uid, mismatch)
    }
    for parent in entity.parents {
      guard type.ancestors.contains(parent.type) else {
        let names = type.ancestors.sorted().prefix(8).map { "`\($0)`" }.joined(separator: ", ")
        throw EntityError(
          entity: uid, message: "`\(parent)` can't be a parent of it", expected: names.isEmpty ? "no parents" : names)
      }
      if let mismatch = conformance.mismatch(parent, at: "parents") { throw EntityError(uid, mismatch) }
    }
    guard !entity.tags.isEmpty else { return }
    guard let tags = type.tags else {
      throw EntityError(entity: uid, message: "entities of type `\(uid.type)` have no tags")
    }
    for (name, value) in entity.tags {
      if let mismatch = conformance.mismatch(value, tags, at: "tags." + name) { throw EntityError(uid, mismatch) }
    }
  }

  /// Actions have no attributes and no tags, and the ancestors that the schema gives them.
  private func validateActions(_ entities: [Entity]) throws(EntityError) {
    var parents: [EntityUID: Set<EntityUID>] = [:]
    for entity in entities { parents[entity.uid] = entity.parents }
    for entity in entities {
      guard let action = actions[entity.uid] else {
        throw EntityError(entity: entity.uid, message: "the action is not declared")
      }
      guard entity.attributes.isEmpty, entity.tags.isEmpty, entity.parents.isSubset(of: action.ancestors) else {
        throw otherwise(entity)
      }
    }
    for entity in entities where ancestors(of: entity.uid, parents) != actions[entity.uid]?.ancestors {
      throw otherwise(entity)
    }
  }

  private func otherwise(_ action: Entity) -> EntityError {
    EntityError(
      entity: action.uid, message: "the action is not what the schema says of it", expected: "it to be left out")
  }

  /// All that can be reached, from declared actions only.
  private func ancestors(of uid: EntityUID, _ parents: [EntityUID: Set<EntityUID>]) -> Set<EntityUID> {
    var reached: Set<EntityUID> = []
    var waiting = Array(parents[uid] ?? [])
    while let next = waiting.popLast() {
      guard reached.insert(next).inserted else { continue }
      waiting += parents[next] ?? []
    }
    return reached
  }
}

extension EntityError {
  fileprivate init(_ entity: EntityUID, _ mismatch: Conformance.Mismatch) {
    self.init(entity: entity, message: mismatch.message, expected: mismatch.expected)
  }
}
