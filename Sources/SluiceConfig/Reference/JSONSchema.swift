/// The JSON Schema (2020-12) of the configuration file, for editors and validators.
public enum ConfigurationSchema {
  /// The schema as indented JSON text.
  public static func json() -> String {
    let root = ObjectSchema.root.shape
    var definitions = Definitions()
    let top = definitions.object(root)
    let environment = JSONValue.object([
      "type": .string("string"), "pattern": .string("\\$\\{"),
      "description": .string("A value with environment variables: `${NAME}` or `${NAME:-default}`."),
    ])
    let all = [JSONValue.Member(key: "environment", value: environment)] + definitions.members
    var members: [JSONValue.Member] = [
      .init(key: "$schema", value: .string("https://json-schema.org/draft/2020-12/schema")),
      .init(key: "title", value: .string("Sluice configuration")),
    ]
    if case .object(let keys) = top { members += keys }
    members.append(.init(key: "$defs", value: .object(all)))
    return JSONValue.object(members).text(pretty: true) + "\n"
  }
}

private struct Definitions {
  private(set) var members: [JSONValue.Member] = []

  mutating func object(_ shape: ObjectShape) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init(key: "type", value: .string("object")),
      .init(key: "description", value: .string(shape.summary)),
      .init(
        key: "properties",
        value: .object(shape.fields.map { JSONValue.Member(key: $0.key, value: property($0)) })),
      .init(key: "additionalProperties", value: .boolean(false)),
    ]
    let required = shape.fields.filter(\.isRequired).map(\.key)
    if !required.isEmpty { members.append(.init(key: "required", value: .strings(required))) }
    for (word, keys) in [("oneOf", shape.exactlyOne), ("anyOf", shape.atLeastOne)] where !keys.isEmpty {
      let choices = keys.map { JSONValue.object(["required": .strings([$0])]) }
      members.append(.init(key: word, value: .array(choices)))
    }
    return .object(members)
  }

  private mutating func property(_ field: FieldShape) -> JSONValue {
    var members: [JSONValue.Member] = [.init(key: "description", value: .string(field.summary))]
    if case .object(let keys) = value(field.shape) { members += keys }
    if let standard = field.standard, !standard.isObjectValue { members.append(.init(key: "default", value: standard)) }
    return .object(members)
  }

  private mutating func value(_ shape: Shape) -> JSONValue {
    switch shape {
    case .boolean: return orEnvironment([["type": .string("boolean")]])
    case .integer(let range, let words):
      return orEnvironment(
        [["type": .string("integer"), "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]]
          + enumeration(words))
    case .text(_, nil, _): return .object(["type": .strings(["string", "number", "boolean"])])
    case .text(_, let pattern?, let words):
      return orEnvironment([["type": .string("string"), "pattern": .string(pattern)]] + enumeration(words))
    case .choice(let words): return orEnvironment(enumeration(words))
    case .list(let element, let count):
      return .object([
        "type": .string("array"), "items": value(element), "minItems": .integer(count.lowerBound),
        "maxItems": .integer(count.upperBound),
      ])
    case .map(let element, let pattern):
      return .object([
        "type": .string("object"), "propertyNames": .object(["pattern": .string(pattern)]),
        "additionalProperties": value(element),
      ])
    case .either(let shapes): return JSONValue.object(["anyOf": .array(shapes.map { value($0) })])
    case .object(let object): return reference(object)
    }
  }

  private mutating func reference(_ shape: ObjectShape) -> JSONValue {
    let name = shape.anchor
    if !members.contains(where: { $0.key == name }) {
      let index = members.count
      members.append(.init(key: name, value: .object([])))
      let definition = object(shape)
      members[index].value = definition
    }
    return .object(["$ref": .string("#/$defs/\(name)")])
  }

  private func enumeration(_ words: [String]) -> [KeyValuePairs<String, JSONValue>] {
    words.isEmpty ? [] : [["enum": .strings(words)]]
  }

  private func orEnvironment(_ choices: [KeyValuePairs<String, JSONValue>]) -> JSONValue {
    let all = choices.map { JSONValue.object($0) } + [JSONValue.object(["$ref": .string("#/$defs/environment")])]
    return .object(["anyOf": .array(all)])
  }
}

extension JSONValue {
  var isObjectValue: Bool { if case .object = self { true } else { false } }
}

extension ObjectShape {
  /// Its name in links.
  var anchor: String { noun.lowercased().split(separator: " ").joined(separator: "-") }
}
