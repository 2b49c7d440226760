/// The type of an expression, as far as it is known without a request. Other than in schemas, an expression may be
/// known to be true, or to be false.
indirect enum StaticType: Sendable, Hashable {
  case always(Bool)
  case known(SchemaType)
  /// With something in it that is always true or always false.
  case set(StaticType)
  /// With something in it that is always true or always false. No attribute is optional.
  case record([String: StaticType])

  static let bool = StaticType.known(.bool)
  static let long = StaticType.known(.long)
  static let string = StaticType.known(.string)

  static func set(of element: StaticType) -> StaticType {
    if case .known(let type) = element { .known(.set(type)) } else { .set(element) }
  }

  static func record(of attributes: [String: StaticType]) -> StaticType {
    var known: [String: SchemaAttribute] = [:]
    for (name, type) in attributes {
      guard case .known(let type) = type else { return .record(attributes) }
      known[name] = SchemaAttribute(type)
    }
    return .known(.record(known))
  }

  var isBool: Bool {
    switch self {
    case .always, .known(.bool): true
    default: false
    }
  }

  var isRecord: Bool {
    switch self {
    case .record, .known(.record): true
    default: false
    }
  }

  var isSet: Bool { element != nil }

  /// Of what the set is; nil for what is no set.
  var element: StaticType? {
    switch self {
    case .set(let element): element
    case .known(.set(let element)): .known(element)
    default: nil
    }
  }

  /// The type of the entity; nil for what is none.
  var entityType: Name? {
    if case .known(.entity(let name)) = self { name } else { nil }
  }

  /// The type of both; nil when there is none. Entities of different types have none, nor have records with different
  /// attributes.
  static func common(_ left: StaticType, _ right: StaticType) -> StaticType? {
    switch (left, right) {
    case (.always(let first), .always(let second)): first == second ? left : .bool
    case (.always, .known(.bool)), (.known(.bool), .always): .bool
    case (.known(let first), .known(let second)): first == second ? left : nil
    case (.set(let first), .set(let second)): common(first, second).map { set(of: $0) }
    case (.set(let first), .known(.set(let second))), (.known(.set(let second)), .set(let first)):
      common(first, .known(second)).map { set(of: $0) }
    case (.record(let first), .record(let second)):
      first.count == second.count ? common(first) { second[$0] } : nil
    case (.record(let first), .known(.record(let second))), (.known(.record(let second)), .record(let first)):
      first.count == second.count
        ? common(first) { second[$0].flatMap { $0.isRequired ? .known($0.type) : nil } } : nil
    default: nil
    }
  }

  private static func common(_ attributes: [String: StaticType], _ other: (String) -> StaticType?) -> StaticType? {
    var result: [String: StaticType] = [:]
    for (name, type) in attributes {
      guard let other = other(name), let type = common(type, other) else { return nil }
      result[name] = type
    }
    return record(of: result)
  }

  /// For messages: what is always true or false is a `Bool`.
  var schemaType: SchemaType {
    switch self {
    case .always: .bool
    case .known(let type): type
    case .set(let element): .set(element.schemaType)
    case .record(let attributes): .record(attributes.mapValues { SchemaAttribute($0.schemaType) })
    }
  }
}

extension StaticType: CustomStringConvertible {
  var description: String { schemaType.description }
}
