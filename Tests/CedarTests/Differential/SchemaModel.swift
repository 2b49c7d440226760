import Cedar

/// A schema as the generator knows it.
struct SchemaModel: Sendable {
  var commonTypes: [CommonType] = []
  var entities: [EntityKind] = []
  var actions: [ActionKind] = []

  /// The type of an attribute, a tag or a context.
  indirect enum Shape: Hashable, Sendable {
    case bool, long, string, decimal, ip, datetime, duration
    case entity(Name)
    case set(Shape)
    case record([Field])
    case common(Name)
  }

  struct Field: Hashable, Sendable {
    var name: String
    var shape: Shape
    var isOptional: Bool
  }

  struct CommonType: Sendable {
    var name: Name
    var shape: Shape
  }

  struct EntityKind: Sendable {
    var name: Name
    var parents: [Name]
    var shape: Shape
    var tags: Shape?
    /// The ids of an enumerated type.
    var ids: [String]?
  }

  struct ActionKind: Sendable {
    var uid: EntityUID
    var parents: [EntityUID]
    /// Nil for a mere group.
    var appliesTo: AppliesTo?
  }

  struct AppliesTo: Sendable {
    var principals: [Name]
    var resources: [Name]
    var context: Shape
  }

  func entity(_ name: Name) -> EntityKind? { entities.first { $0.name == name } }
  func action(_ uid: EntityUID) -> ActionKind? { actions.first { $0.uid == uid } }

  /// The shape with common types at its top replaced by what they stand for.
  func resolved(_ shape: Shape) -> Shape {
    var shape = shape
    while case .common(let name) = shape, let common = commonTypes.first(where: { $0.name == name }) {
      shape = common.shape
    }
    return shape
  }

  /// The shape without common types at any depth, so that equal types are equal shapes.
  func expanded(_ shape: Shape) -> Shape {
    switch resolved(shape) {
    case .set(let element): .set(expanded(element))
    case .record(let fields):
      .record(fields.map { Field(name: $0.name, shape: expanded($0.shape), isOptional: $0.isOptional) })
    case let other: other
    }
  }

  func fields(_ shape: Shape) -> [Field] {
    if case .record(let fields) = resolved(shape) { fields } else { [] }
  }

  /// The namespaces of all that is declared, the empty one (nil) among them if it is used.
  var namespaces: [Name?] {
    var found: [Name?] = []
    let all = commonTypes.map(\.name.namespace) + entities.map(\.name.namespace) + actions.map(\.uid.type.namespace)
    for namespace in all where !found.contains(namespace) { found.append(namespace) }
    return found
  }

  /// Groups that an action is in, however far away.
  func ancestors(of action: EntityUID) -> [EntityUID] {
    var found: [EntityUID] = []
    var open = self.action(action)?.parents ?? []
    while let next = open.popLast() {
      if found.contains(next) { continue }
      found.append(next)
      open += self.action(next)?.parents ?? []
    }
    return found
  }
}

/// A value as it stands in JSON; values of extension types as the text of their constructor.
indirect enum SampleValue: Hashable, Sendable {
  case bool(Bool)
  case long(Int64)
  case string(String)
  case entity(EntityUID)
  case set([SampleValue])
  case record([Member])
  case call(String, String)

  struct Member: Hashable, Sendable {
    var key: String
    var value: SampleValue
  }
}

struct SampleEntity: Hashable, Sendable {
  var uid: EntityUID
  var attributes: [SampleValue.Member]
  var parents: [EntityUID]
  var tags: [SampleValue.Member]
}

struct SampleRequest: Hashable, Sendable {
  var principal: EntityUID
  var action: EntityUID
  var resource: EntityUID
  var context: [SampleValue.Member]
}
