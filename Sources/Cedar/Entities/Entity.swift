/// An entity with what is known of it.
public struct Entity: Sendable, Hashable {
  public var uid: EntityUID
  public var attributes: [String: Value]
  /// Direct parents; the ancestors follow from those of all entities.
  public var parents: Set<EntityUID>
  public var tags: [String: Value]

  public init(
    _ uid: EntityUID, attributes: [String: Value] = [:], parents: Set<EntityUID> = [], tags: [String: Value] = [:]
  ) {
    self.uid = uid
    self.attributes = attributes
    self.parents = parents
    self.tags = tags
  }
}

/// A question: may this principal do this action to this resource, under these circumstances?
public struct Request: Sendable, Hashable {
  public var principal: EntityUID
  public var action: EntityUID
  public var resource: EntityUID
  /// A record.
  public var context: [String: Value]

  public init(principal: EntityUID, action: EntityUID, resource: EntityUID, context: [String: Value] = [:]) {
    self.principal = principal
    self.action = action
    self.resource = resource
    self.context = context
  }
}
