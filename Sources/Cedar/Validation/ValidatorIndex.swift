/// A schema with what the validator asks it often.
struct ValidatorIndex: Sendable {
  let schema: Schema
  /// In the order of their ids.
  let actions: [SchemaAction]
  /// Entity types by their last identifiers.
  private let typesByBasename: [String: [Name]]
  /// For each type of actions, the types of actions that some action of it is in.
  private let actionTypeAncestors: [Name: Set<Name>]

  init(_ schema: Schema) {
    self.schema = schema
    var ancestors: [Name: Set<Name>] = [:]
    for action in schema.actions.values {
      ancestors[action.uid.type, default: []].formUnion(action.ancestors.lazy.map(\.type))
    }
    actionTypeAncestors = ancestors
    actions = schema.actions.values.sorted { $0.uid < $1.uid }
    typesByBasename = Dictionary(grouping: schema.entityTypes.keys.sorted(), by: \.basename)
  }

  /// Whether there is such a type of entities or of actions, and, for an action, the action itself.
  func isDeclared(_ uid: EntityUID) -> Bool {
    uid.type.isActionType ? schema.actions[uid] != nil : schema.entityTypes[uid.type] != nil
  }

  /// Whether entities of the type may be in entities of the other.
  func mayBeMember(_ type: Name, of other: Name) -> Bool {
    type == other || schema.entityTypes[type]?.ancestors.contains(other) == true
      || actionTypeAncestors[type]?.contains(other) == true
  }

  func isMember(_ action: EntityUID, of group: EntityUID) -> Bool {
    action == group || schema.actions[action]?.ancestors.contains(group) == true
  }

  func tags(of type: Name) -> SchemaType? { schema.entityTypes[type]?.tags }

  /// An attribute of an entity or a record; nil where there is none of the name.
  func attribute(_ name: String, of type: StaticType) -> (type: StaticType, isRequired: Bool)? {
    switch type {
    case .record(let attributes): attributes[name].map { ($0, true) }
    default: attributes(of: type)?[name].map { (.known($0.type), $0.isRequired) }
    }
  }

  private func attributes(of type: StaticType) -> [String: SchemaAttribute]? {
    switch type {
    case .known(.record(let attributes)): attributes
    case .known(.entity(let name)): schema.entityTypes[name]?.attributes
    default: nil
    }
  }

  /// The first names, for messages; nil where there are none, or too many.
  func attributeNames(of type: StaticType) -> String? {
    let names: [String]
    switch type {
    case .record(let attributes): names = attributes.count > SchemaType.largestDescribed ? [] : Array(attributes.keys)
    default:
      let attributes = attributes(of: type) ?? [:]
      names = attributes.count > SchemaType.largestDescribed ? [] : Array(attributes.keys)
    }
    guard !names.isEmpty else { return nil }
    return names.sorted().prefix(8).map { "`\($0)`" }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
  }

  /// Declared types with the same last identifier, for messages.
  func similarTypes(to name: Name) -> String? {
    typesByBasename[name.basename].map { $0.prefix(3).map { "`\($0)`" }.joined(separator: ", ") }
  }
}
