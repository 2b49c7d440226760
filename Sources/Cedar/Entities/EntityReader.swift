/// Reads entities from JSON: `[{"uid": {"type": …, "id": …}, "attrs": {…}, "parents": […], "tags": {…}}]`, `tags` only
/// where there are some. Other keys are ignored.
public struct EntityReader {
  private let schema: Schema?
  private let values: ValueReader
  private var entities: [Entity] = []
  /// Where each entity is in `entities`, and in the text.
  private var indexes: [EntityUID: (index: Int, position: SourcePosition)] = [:]

  private init(_ schema: Schema?) {
    self.schema = schema
    values = ValueReader(schema: schema)
  }

  /// Reads all entities of a text. An entity may be there twice if it is the same both times; then it is returned once.
  ///
  /// With a schema, values may be in the short forms of their types, all that the schema does not allow is an error,
  /// and the actions of the schema are added. An action that is in the text, too, has to have the ancestors that the
  /// schema gives it.
  /// - Throws: the first error, with its place.
  public static func read(_ json: [UInt8], schema: Schema? = nil) throws(SyntaxError) -> [Entity] {
    var reader = EntityReader(schema)
    for node in try JSONReader.read(json).elements(of: "the list of entities") { try reader.add(node) }
    try reader.addActions()
    return reader.entities
  }

  private mutating func add(_ node: JSONNode) throws(SyntaxError) {
    let members = try node.members(of: "an entity")
    let uidNode = try EntityReader.member("uid", of: node)
    let uid = try values.entity(uidNode)
    let attributesNode = try EntityReader.member("attrs", of: node)
    let attributes = try attributesNode.members(of: "the value of `attrs`")
    let parents = try EntityReader.member("parents", of: node).elements(of: "the value of `parents`")
    let tags = try members.first { $0.key == "tags" }?.value.members(of: "the value of `tags`") ?? []
    let content = Content(
      uid: uid, uidPosition: uidNode.position, attributes: attributes, attributesPosition: attributesNode.position,
      parents: parents, tags: tags)
    let entity = try uid.type.isActionType ? action(content) : entity(content)
    if let known = indexes[uid] {
      guard EntityReader.areEqual(entities[known.index], entity) else {
        throw SyntaxError(
          "the entity `\(uid.description.shortened)` is there twice, with different contents", at: uidNode.position,
          hint: "the first one is at \(known.position)")
      }
      return
    }
    indexes[uid] = (entities.count, uidNode.position)
    entities.append(entity)
  }

  private static func areEqual(_ left: Entity, _ right: Entity) -> Bool {
    left.parents == right.parents && Value.areEqual(left.attributes, right.attributes)
      && Value.areEqual(left.tags, right.tags)
  }

  private static func member(_ key: String, of node: JSONNode) throws(SyntaxError) -> JSONNode {
    guard let value = node[key] else {
      throw SyntaxError(
        "the entity has no `\(key)`", at: node.position, hint: "an entity has `uid`, `attrs` and `parents`")
    }
    return value
  }

  private struct Content {
    var uid: EntityUID
    var uidPosition: SourcePosition
    var attributes: [JSONMember]
    var attributesPosition: SourcePosition
    var parents: [JSONNode]
    var tags: [JSONMember]
  }

  private func entity(_ content: Content) throws(SyntaxError) -> Entity {
    let type = try schema.map { schema throws(SyntaxError) in try declared(content, in: schema) }
    var entity = Entity(content.uid)
    if let type {
      entity.attributes = try values.record(content.attributes, type.attributes, at: content.attributesPosition)
      if type.tags == nil, let tag = content.tags.first {
        throw SyntaxError("entities of the type `\(type.name)` have no tags", at: tag.position)
      }
    } else {
      entity.attributes = try values.record(content.attributes)
    }
    entity.tags = try values.record(content.tags, of: type?.tags)
    for node in content.parents {
      let parent = try values.entity(node)
      if let type, !type.ancestors.contains(parent.type) {
        throw SyntaxError(
          "entities of the type `\(type.name)` have no parents of the type `\(parent.type.text.shortened)`",
          at: node.position)
      }
      entity.parents.insert(parent)
    }
    return entity
  }

  private func declared(_ content: Content, in schema: Schema) throws(SyntaxError) -> SchemaEntityType {
    let name = content.uid.type
    if let type = schema.entityTypes[name] { return type }
    let others = schema.entityTypes.keys.filter { $0.basename == name.basename }.sorted().prefix(4)
    throw SyntaxError(
      "the schema has no entity type `\(name.text.shortened)`", at: content.uidPosition,
      hint: others.isEmpty ? nil : "did you mean \(others.map { "`\($0)`" }.joined(separator: " or "))?")
  }

  // MARK: Actions

  private func action(_ content: Content) throws(SyntaxError) -> Entity {
    if schema != nil, let member = (content.attributes + content.tags).first {
      throw SyntaxError(
        "the schema gives the action `\(content.uid)` no `\(member.key.shortened)`", at: member.position)
    }
    var action = Entity(content.uid)
    for node in content.parents {
      let parent = try values.entity(node)
      guard parent.type.isActionType else {
        throw SyntaxError(
          "the parents of an action are actions, not `\(parent.description.shortened)`", at: node.position)
      }
      action.parents.insert(parent)
    }
    action.attributes = try values.record(content.attributes)
    action.tags = try values.record(content.tags)
    return action
  }

  /// Puts the actions of the schema in the place of those in the text.
  private mutating func addActions() throws(SyntaxError) {
    guard let schema else { return }
    for action in entities where action.uid.type.isActionType {
      // The parents have passed the same test or are not in the text, so that one step is enough.
      var ancestors = action.parents
      for parent in action.parents where indexes[parent] != nil {
        ancestors.formUnion(schema.actions[parent]?.ancestors ?? [])
      }
      guard ancestors == schema.actions[action.uid]?.ancestors else {
        throw SyntaxError(
          "the action `\(action.uid)` has other ancestors in the schema",
          at: indexes[action.uid]?.position ?? .none, hint: "leave the actions out; they come from the schema")
      }
    }
    entities.removeAll { $0.uid.type.isActionType }
    entities += schema.actionEntities
  }
}
