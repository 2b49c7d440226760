/// Reads the context of a request from JSON: an object with values as in the attributes of entities.
public enum ContextReader {
  /// - Parameter action: with a schema, the action of the request: its declaration says which attributes the context
  ///   has.
  /// - Throws: the first error, with its place.
  public static func read(
    _ json: [UInt8], schema: Schema? = nil, action: EntityUID? = nil
  ) throws(SyntaxError) -> [String: Value] {
    let node = try JSONReader.read(json)
    let type = try schema.flatMap { schema throws(SyntaxError) in
      try action.map { action throws(SyntaxError) in
        try ContextReader.declared(action, in: schema, at: node.position)
      }
    }
    return try ContextReader.context(node, ValueReader(schema: schema), type)
  }

  static func context(
    _ node: JSONNode, _ values: ValueReader, _ action: SchemaAction?
  ) throws(SyntaxError) -> [String: Value] {
    let type = action.map { SchemaType.record($0.context) }
    guard case .record(let context) = try values.value(node, type) else {
      throw SyntaxError("the context is an object with its attributes, not \(node.description)", at: node.position)
    }
    return context
  }

  static func declared(
    _ action: EntityUID, in schema: Schema, at position: SourcePosition
  ) throws(SyntaxError) -> SchemaAction {
    guard let declared = schema.actions[action] else {
      throw SyntaxError("the schema has no action `\(action.description.shortened)`", at: position)
    }
    return declared
  }
}

/// Reads requests from JSON: `{"principal": …, "action": …, "resource": …, "context": {…}}`. Entities are
/// `User::"alice"` in a string, `{"type": "User", "id": "alice"}`, or that under `__entity`; without `context` it is
/// empty. Other keys are ignored.
public enum RequestReader {
  /// - Parameter schema: says what the context has for the action of the request, whose values may be in the short
  ///   forms of their types. Whether the action applies to principal and resource is not asked here.
  /// - Throws: the first error, with its place.
  public static func read(_ json: [UInt8], schema: Schema? = nil) throws(SyntaxError) -> Request {
    let node = try JSONReader.read(json)
    _ = try node.members(of: "a request")
    let values = ValueReader(schema: schema)
    var request = Request(
      principal: try entity("principal", of: node, values), action: try entity("action", of: node, values),
      resource: try entity("resource", of: node, values))
    let action = try schema.map { schema throws(SyntaxError) in
      try ContextReader.declared(request.action, in: schema, at: node["action"]?.position ?? node.position)
    }
    if let context = node["context"] {
      request.context = try ContextReader.context(context, values, action)
    } else if let action {
      request.context = try values.record([], action.context, at: node.position)
    }
    return request
  }

  private static func entity(
    _ key: String, of node: JSONNode, _ values: ValueReader
  ) throws(SyntaxError) -> EntityUID {
    guard let value = node[key] else {
      throw SyntaxError(
        "the request has no `\(key)`", at: node.position, hint: "a request has `principal`, `action` and `resource`")
    }
    guard case .string(let text) = value.kind else { return try values.entity(value) }
    do throws(SyntaxError) {
      return try values.checked(EntityUID(parsing: text), at: value.position)
    } catch {
      throw SyntaxError(error.message, at: value.position, hint: error.hint)
    }
  }
}
