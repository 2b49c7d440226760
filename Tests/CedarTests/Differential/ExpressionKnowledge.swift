import Cedar

/// What an expression may read without an error, as far as the schema and the guards before it say.
struct ExpressionKnowledge {
  struct Access {
    var expression: Expression
    /// Without common types.
    var shape: SchemaModel.Shape
  }

  struct Guarded {
    var base: Expression
    var field: SchemaModel.Field
    var depth: Int
  }

  struct Tagged {
    var entity: Expression
    var tags: SchemaModel.Shape
  }

  private(set) var accesses: [Access] = []
  /// Optional attributes that no guard has found yet.
  private(set) var guarded: [Guarded] = []
  private(set) var tagged: [Tagged] = []

  private static let most = 120

  mutating func add(_ expression: Expression, _ shape: SchemaModel.Shape, types: TypeTable, depth: Int = 0) {
    guard accesses.count < Self.most else { return }
    accesses.append(.init(expression: expression, shape: shape))
    var fields: [SchemaModel.Field] = []
    switch shape {
    case .entity(let name):
      fields = types.fields[name] ?? []
      if let tags = types.tags[name] { tagged.append(.init(entity: expression, tags: tags)) }
    case .record(let own): fields = own
    default: return
    }
    guard depth < 4 else { return }
    for field in fields {
      if field.isOptional {
        guarded.append(.init(base: expression, field: field, depth: depth + 1))
      } else {
        add(Expression(.attribute(expression, field.name)), field.shape, types: types, depth: depth + 1)
      }
    }
  }

  /// Takes in that the base has the attribute.
  mutating func learn(_ index: Int, types: TypeTable) -> Access {
    let found = guarded.remove(at: index)
    let access = Access(
      expression: Expression(.attribute(found.base, found.field.name)), shape: found.field.shape)
    add(access.expression, access.shape, types: types, depth: found.depth)
    return access
  }

  mutating func learnTag(_ index: Int, key: Expression, types: TypeTable) -> Access {
    let found = tagged[index]
    let access = Access(expression: Expression(.binary(.getTag, found.entity, key)), shape: found.tags)
    add(access.expression, access.shape, types: types, depth: 2)
    return access
  }
}

/// Attributes and tags of the entity types, without common types.
struct TypeTable: Sendable {
  private(set) var fields: [Name: [SchemaModel.Field]] = [:]
  private(set) var tags: [Name: SchemaModel.Shape] = [:]
  private(set) var contexts: [EntityUID: SchemaModel.Shape] = [:]
  /// Every shape that an attribute, a tag or a context has somewhere.
  private(set) var shapes: [SchemaModel.Shape] = [.bool, .long, .string]

  init(_ model: SchemaModel) {
    for kind in model.entities {
      if case .record(let own) = model.expanded(kind.shape) { fields[kind.name] = own }
      tags[kind.name] = kind.tags.map { model.expanded($0) }
    }
    for action in model.actions { contexts[action.uid] = action.appliesTo.map { model.expanded($0.context) } }
    for kind in model.entities {
      shapes += (fields[kind.name] ?? []).map(\.shape)
      shapes.append(.entity(kind.name))
    }
  }
}
