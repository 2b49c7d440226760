/// The types that extensions add to the language. The raw value is the name in schemas.
public enum ExtensionType: String, Sendable, Hashable, CaseIterable {
  case decimal, ipaddr, datetime, duration

  /// The function that makes a value of it from a string.
  public var constructor: ExtensionFunction {
    switch self {
    case .decimal: .decimal
    case .ipaddr: .ip
    case .datetime: .datetime
    case .duration: .duration
    }
  }
}

/// The type that a schema gives to a value. Names of common types are replaced by what they stand for, names of entity
/// types are complete.
public indirect enum SchemaType: Sendable, Hashable {
  case bool
  case long
  case string
  case set(SchemaType)
  /// Values have these attributes and no others.
  case record([String: SchemaAttribute])
  /// Entities of one type, which may be the type of actions.
  case entity(Name)
  case `extension`(ExtensionType)
}

/// What a schema says of an attribute.
public struct SchemaAttribute: Sendable, Hashable {
  public var type: SchemaType
  /// False when values may come without it.
  public var isRequired: Bool

  public init(_ type: SchemaType, isRequired: Bool = true) {
    self.type = type
    self.isRequired = isRequired
  }
}

extension SchemaType: CustomStringConvertible {
  /// As in schemas: `Set<Long>`, `{"name": String, "port"?: Long}`.
  public var description: String {
    var text = ""
    SchemaType.write(self, to: &text)
    return text
  }

  /// Longer than that, a description ends with `…`.
  private static let longestDescription = 400
  /// The attributes of larger records are only counted.
  static let largestDescribed = 64

  private static func write(_ type: SchemaType, to text: inout String) {
    guard text.utf8.count < longestDescription else {
      if !text.hasSuffix("…") { text += "…" }
      return
    }
    switch type {
    case .bool: text += "Bool"
    case .long: text += "Long"
    case .string: text += "String"
    case .entity(let name): text += name.text
    case .extension(let type): text += type.rawValue
    case .set(let element):
      text += "Set<"
      write(element, to: &text)
      text += ">"
    case .record(let attributes) where attributes.count > largestDescribed:
      text += "{… \(attributes.count) attributes}"
    case .record(let attributes):
      text += "{"
      for (index, (name, attribute)) in attributes.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { text += ", " }
        text += (Name.isIdentifier(name) ? name : StringLiteral.quoted(name)) + (attribute.isRequired ? ": " : "?: ")
        write(attribute.type, to: &text)
      }
      text += "}"
    }
  }
}
