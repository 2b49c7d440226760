/// Whether values are of the types that a schema gives them.
struct Conformance {
  let schema: Schema

  /// What is wrong with a value, nil for nothing.
  struct Mismatch {
    var message: String
    var expected: String?
  }

  /// - Parameter path: where the value stands, for the message.
  func mismatch(_ value: Value, _ type: SchemaType, at path: String) -> Mismatch? {
    switch (value, type) {
    case (.bool, .bool), (.long, .long), (.string, .string), (.decimal, .extension(.decimal)),
      (.ip, .extension(.ipaddr)), (.datetime, .extension(.datetime)), (.duration, .extension(.duration)):
      return nil
    case (.entity(let uid), .entity(let name)):
      guard uid.type == name else { break }
      return mismatch(uid, at: path)
    case (.set(let elements), .set(let element)):
      for value in elements {
        if let mismatch = mismatch(value, element, at: path + "[]") { return mismatch }
      }
      return nil
    case (.record(let values), .record(let attributes)): return mismatch(values, attributes, at: path)
    default: break
    }
    return Mismatch(message: "`\(path)` is \(value.kindForMessages)", expected: "a value of type `\(type)`")
  }

  /// What is wrong with the attributes of a record, an entity or a context.
  func mismatch(
    _ values: [String: Value], _ attributes: [String: SchemaAttribute], at path: String
  ) -> Mismatch? {
    for (name, attribute) in attributes where attribute.isRequired && values[name] == nil {
      return Mismatch(
        message: "`\(path)` lacks the attribute `\(name)`", expected: "a value of type `\(attribute.type)`")
    }
    for (name, value) in values {
      guard let attribute = attributes[name] else {
        let names = attributes.keys.sorted().prefix(8).map { "`\($0)`" }.joined(separator: ", ")
        return Mismatch(
          message: "`\(path)` has an attribute `\(name)` that the schema does not have",
          expected: names.isEmpty ? "no attributes" : names + (attributes.count > 8 ? ", …" : ""))
      }
      if let mismatch = mismatch(value, attribute.type, at: path + "." + name) { return mismatch }
    }
    return nil
  }

  /// What is wrong with the id of an entity: actions must be declared, and so must be ids of enumerated types.
  func mismatch(_ uid: EntityUID, at path: String) -> Mismatch? {
    if uid.type.isActionType {
      return schema.actions[uid] == nil ? Mismatch(message: "`\(path)`: the action `\(uid)` is not declared") : nil
    }
    guard let type = schema.entityTypes[uid.type], !type.admits(id: uid.id) else { return nil }
    return Mismatch(
      message: "`\(path)`: `\(uid)` is none of the entities of its type", expected: type.idsForMessages)
  }
}

extension SchemaEntityType {
  /// The first ids of an enumerated type.
  var idsForMessages: String? {
    guard let enumeration else { return nil }
    return enumeration.prefix(8).map { "`\($0)`" }.joined(separator: ", ") + (enumeration.count > 8 ? ", …" : "")
  }
}

extension Value {
  fileprivate var kindForMessages: String {
    switch self {
    case .bool: "a `Bool`"
    case .long: "a `Long`"
    case .string: "a `String`"
    case .entity(let uid): "an entity of type `\(uid.type)`"
    case .set: "a set"
    case .record: "a record"
    case .decimal: "a `decimal`"
    case .ip: "an `ipaddr`"
    case .datetime: "a `datetime`"
    case .duration: "a `duration`"
    }
  }
}
