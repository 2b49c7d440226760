/// A schema: entity types, actions, and what attributes, tags and contexts look like. All names are complete, and all
/// of them are declared.
public struct Schema: Sendable, Hashable {
  public let entityTypes: [Name: SchemaEntityType]
  public let actions: [EntityUID: SchemaAction]
  /// What the names of common types stand for.
  public let commonTypes: [Name: SchemaType]

  init(entityTypes: [Name: SchemaEntityType], actions: [EntityUID: SchemaAction], commonTypes: [Name: SchemaType]) {
    self.entityTypes = entityTypes
    self.actions = actions
    self.commonTypes = commonTypes
  }

  /// The actions as entities, in the order of their ids: with their parents, without attributes.
  public var actionEntities: [Entity] {
    actions.values.sorted { $0.uid < $1.uid }.map { Entity($0.uid, parents: $0.parents) }
  }
}

/// What a schema says of the entities of one type.
public struct SchemaEntityType: Sendable, Hashable {
  public var name: Name
  public var annotations: [Annotation]
  public var attributes: [String: SchemaAttribute]
  /// The type of all tags; nil when entities have none.
  public var tags: SchemaType?
  /// Types that the declaration names after `in`.
  public var parents: Set<Name>
  /// Types of all possible ancestors, which may be the type itself.
  public var ancestors: Set<Name>
  /// The ids of all entities of the type, in the order of the declaration; nil when any id may be.
  public let enumeration: [String]?
  private let ids: Set<String>?

  init(
    _ name: Name, annotations: [Annotation] = [], attributes: [String: SchemaAttribute] = [:], tags: SchemaType? = nil,
    parents: Set<Name> = [], ancestors: Set<Name> = [], enumeration: [String]? = nil
  ) {
    self.name = name
    self.annotations = annotations
    self.attributes = attributes
    self.tags = tags
    self.parents = parents
    self.ancestors = ancestors
    self.enumeration = enumeration
    ids = enumeration.map { Set($0) }
  }

  /// Whether there may be an entity of the type with this id.
  public func admits(id: String) -> Bool { ids?.contains(id) ?? true }
}

/// What a schema says of an action.
public struct SchemaAction: Sendable, Hashable {
  public var uid: EntityUID
  public var annotations: [Annotation]
  /// Actions that the declaration names after `in`.
  public var parents: Set<EntityUID>
  public var ancestors: Set<EntityUID>
  /// Types of principals to which it applies, in the order of their names.
  public var principals: [Name]
  /// Types of resources to which it applies, in the order of their names.
  public var resources: [Name]
  /// The attributes of a request's context.
  public var context: [String: SchemaAttribute]

  init(
    _ uid: EntityUID, annotations: [Annotation] = [], parents: Set<EntityUID> = [], ancestors: Set<EntityUID> = [],
    principals: [Name] = [], resources: [Name] = [], context: [String: SchemaAttribute] = [:]
  ) {
    self.uid = uid
    self.annotations = annotations
    self.parents = parents
    self.ancestors = ancestors
    self.principals = principals
    self.resources = resources
    self.context = context
  }
}

extension Name {
  /// Whether it is the type of actions: its last identifier is `Action`.
  var isActionType: Bool { text == "Action" || text.hasSuffix("::Action") }
}
