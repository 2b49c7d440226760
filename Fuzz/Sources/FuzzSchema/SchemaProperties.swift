import Cedar

/// What must hold for any bytes: a schema, as text or JSON, and after a zero byte policies. An error has a place. All
/// that a schema names is declared, its actions are entities that it admits, and its text in JSON form is the same
/// schema. The validator says the same of the same policies, and of all of them. The fuzzer and the tests check the same.
enum SchemaProperties {
  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let text = Array(parts.first ?? [])
    let policies = parts.count > 1 ? try? PolicySet(parsing: Array(parts[1])) : nil
    return failure(text, policies, isText: true) { bytes throws(SchemaError) in try Schema(parsing: bytes) }
      ?? failure(text, policies, isText: false) { bytes throws(SchemaError) in try Schema(json: bytes) }
  }

  private static func failure(
    _ bytes: [UInt8], _ policies: PolicySet?, isText: Bool, _ read: ([UInt8]) throws(SchemaError) -> Schema
  ) -> String? {
    let schema: Schema
    do throws(SchemaError) { schema = try read(bytes) } catch { return failure(of: error, bytes) }
    return nameFailure(schema) ?? entityFailure(schema) ?? (isText ? translationFailure(schema, bytes) : nil)
      ?? validationFailure(schema, policies)
  }

  private static func failure(of error: SchemaError, _ bytes: [UInt8]) -> String? {
    if error.position == .none { return "no place: \(error)" }
    let lines = bytes.count { $0 == 0x0a } + 1
    return error.position.line > lines ? "a place after the end: \(error)" : nil
  }

  private static func nameFailure(_ schema: Schema) -> String? {
    let actionTypes = Set(schema.actions.keys.map(\.type))
    for type in schema.entityTypes.values {
      guard type.parents.isSubset(of: type.ancestors) else { return "\(type.name): a parent that is no ancestor" }
      for name in type.ancestors where schema.entityTypes[name] == nil { return "\(name) is not declared" }
      for type in type.attributes.values.map(\.type) + [type.tags].compactMap({ $0 }) {
        if let name = undeclared(type, schema, actionTypes) { return "\(name) is not declared" }
      }
    }
    for action in schema.actions.values {
      guard action.parents.isSubset(of: action.ancestors) else { return "\(action.uid): a parent that is no ancestor" }
      for uid in action.ancestors where schema.actions[uid] == nil || uid == action.uid {
        return "\(uid) is an ancestor"
      }
      for name in action.principals + action.resources where schema.entityTypes[name] == nil {
        return "\(name) is not declared"
      }
    }
    return nil
  }

  private static func undeclared(_ type: SchemaType, _ schema: Schema, _ actionTypes: Set<Name>) -> Name? {
    switch type {
    case .bool, .long, .string, .extension: nil
    case .entity(let name): schema.entityTypes[name] == nil && !actionTypes.contains(name) ? name : nil
    case .set(let element): undeclared(element, schema, actionTypes)
    case .record(let attributes):
      attributes.values.lazy.compactMap { undeclared($0.type, schema, actionTypes) }.first
    }
  }

  private static func entityFailure(_ schema: Schema) -> String? {
    do {
      try schema.validate(entities: schema.actionEntities)
      return nil
    } catch {
      return "an action that the schema does not admit: \(error)"
    }
  }

  private static func translationFailure(_ schema: Schema, _ bytes: [UInt8]) -> String? {
    do {
      let json = try Schema.json(translating: String(decoding: bytes, as: UTF8.self))
      return try Schema(json: Array(json.utf8)) == schema ? nil : "another schema in JSON: \(json)"
    } catch {
      // Types nest deeper in JSON than it may.
      return error.message.contains("deeper") ? nil : "an error in JSON: \(error)"
    }
  }

  private static func validationFailure(_ schema: Schema, _ policies: PolicySet?) -> String? {
    guard let policies else { return nil }
    let validator = Validator(schema)
    let result = validator.validate(policies)
    guard result == validator.validate(policies) else { return "another result the second time" }
    var findings: [ValidationFinding] = []
    for policy in policies.policies + policies.templates { findings += validator.validate(policy).findings }
    return findings == result.findings ? nil : "other findings one by one"
  }
}
