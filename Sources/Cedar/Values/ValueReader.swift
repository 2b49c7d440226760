/// Reads values from JSON. Where no type is expected, entities are `{"__entity": {"type": …, "id": …}}` and values of
/// extension types `{"__extn": {"fn": …, "arg": …}}`; an expected type makes `{"type": …, "id": …}` and plain strings
/// do, and a value of another type an error.
struct ValueReader {
  private let schema: Schema?
  /// The ids of entity types that list them.
  private let enumerations: [Name: Set<EntityUID>]

  init(schema: Schema? = nil) {
    self.schema = schema
    var enumerations: [Name: Set<EntityUID>] = [:]
    if let schema {
      for (name, type) in schema.entityTypes {
        if let ids = type.enumeration { enumerations[name] = Set(ids.map { EntityUID(type: name, id: $0) }) }
      }
    }
    self.enumerations = enumerations
  }

  func value(_ node: JSONNode, _ expected: SchemaType? = nil) throws(SyntaxError) -> Value {
    switch expected {
    case nil:
      return try plain(node)
    case .bool, .long, .string:
      let value = try plain(node)
      switch (expected, value) {
      case (.bool, .bool), (.long, .long), (.string, .string): return value
      default: throw mismatch(expected, value.typeName, at: node)
      }
    case .entity(let type):
      let uid = try entity(node)
      guard uid.type == type else { throw mismatch(expected, uid.type.text, at: node) }
      return .entity(uid)
    case .extension(let type):
      return try extensionValue(node, type)
    case .set(let element):
      guard case .array(let nodes) = node.kind else { throw mismatch(expected, at: node) }
      return try set(nodes, element)
    case .record(let attributes):
      guard case .object(let members) = node.kind else { throw mismatch(expected, at: node) }
      return .record(try record(members, attributes, at: node.position))
    }
  }

  /// - Parameter found: the type of the value; nil when the JSON can be no value of the expected type.
  private func mismatch(_ expected: SchemaType?, _ found: String? = nil, at node: JSONNode) -> SyntaxError {
    let found = found.map { "a value of the type `\($0)`" } ?? node.description
    let wanted = expected.map { "one of the type `\($0)`" } ?? "another"
    return SyntaxError("\(found) stands where \(wanted) should be", at: node.position)
  }

  private func set(_ nodes: [JSONNode], _ element: SchemaType?) throws(SyntaxError) -> Value {
    var elements = Set<Value>(minimumCapacity: nodes.count)
    for node in nodes { elements.insert(try value(node, element)) }
    return .set(elements)
  }

  // MARK: Attributes

  /// Attributes that a schema lists: no others, and all that are required.
  /// - Parameter position: where the object stands.
  func record(
    _ members: [JSONMember], _ attributes: [String: SchemaAttribute], at position: SourcePosition
  ) throws(SyntaxError) -> [String: Value] {
    var record = [String: Value](minimumCapacity: members.count)
    for member in members {
      guard let index = attributes.index(forKey: member.key), attributes[index].key.isIdentical(to: member.key)
      else {
        throw SyntaxError(
          "the schema has no attribute `\(member.key.shortened)` here", at: member.position,
          hint: ValueReader.expectation(attributes.keys.sorted()))
      }
      record[member.key] = try value(member.value, attributes[index].value.type)
    }
    for (key, attribute) in attributes where attribute.isRequired && record[key] == nil {
      throw SyntaxError(
        "the attribute `\(key)` is missing", at: position, hint: "the schema requires it, of the type \(attribute.type)"
      )
    }
    return record
  }

  /// All members, of any names.
  func record(_ members: [JSONMember], of type: SchemaType? = nil) throws(SyntaxError) -> [String: Value] {
    var record = [String: Value](minimumCapacity: members.count)
    for member in members { record[member.key] = try value(member.value, type) }
    return record
  }

  private static func expectation(_ names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    let shown = names.prefix(8).map { "`\($0.shortened)`" }.joined(separator: ", ")
    return "expected " + shown + (names.count > 8 ? " …" : "")
  }

  // MARK: Values without an expected type

  private func plain(_ node: JSONNode) throws(SyntaxError) -> Value {
    switch node.kind {
    case .null:
      throw SyntaxError("`null` is no value of the language", at: node.position, hint: "leave it out")
    case .bool(let value): return .bool(value)
    case .integer(let value): return .long(value)
    case .number: throw ValueReader.noInteger(node)
    case .string(let text): return .string(text)
    case .array(let nodes): return try set(nodes, nil)
    case .object(let members):
      if let value = try escape(members, at: node) { return value }
      return .record(try record(members))
    }
  }

  private static func noInteger(_ node: JSONNode) -> SyntaxError {
    let text = node.text()
    let isInteger = text.utf8.allSatisfy { $0 == 0x2d || (0x30...0x39).contains($0) }
    return SyntaxError(
      "`\(text.shortened)` is no integer of 64 bits", at: node.position,
      hint: isInteger
        ? "expected -9223372036854775808 to 9223372036854775807, zero without a sign"
        : "numbers with a fraction are `{\"__extn\": {\"fn\": \"decimal\", \"arg\": \"1.5\"}}`")
  }

  /// An object with one key that says what it stands for; nil for a record.
  private func escape(_ members: [JSONMember], at node: JSONNode) throws(SyntaxError) -> Value? {
    guard members.count == 1, let member = members.first else { return nil }
    switch (member.key, member.value.kind) {
    case ("__expr", .string):
      throw ValueReader.noExpressions(at: member.position)
    case ("__entity", .object(let fields)):
      guard let uid = try ValueReader.uid(fields) else { return nil }
      try ValueReader.checkIgnored(fields)
      return .entity(try checked(uid, at: member.value.position))
    case ("__extn", .object(let fields)):
      guard let call = ExtensionCallJSON(fields) else { return nil }
      try ValueReader.checkIgnored(fields)
      return try apply(call, isGuided: false)
    default: return nil
    }
  }

  private static func noExpressions(at position: SourcePosition) -> SyntaxError {
    SyntaxError(
      "`__expr` is no longer part of the language", at: position, hint: "expected `__entity` or `__extn` in its place")
  }

  /// What nobody reads has to be a value all the same.
  private static func checkIgnored(_ members: [JSONMember]) throws(SyntaxError) {
    for member in members { try checkIgnored(member.value) }
  }

  private static func checkIgnored(_ node: JSONNode) throws(SyntaxError) {
    switch node.kind {
    case .number: throw noInteger(node)
    case .array(let nodes): for node in nodes { try checkIgnored(node) }
    case .object(let members): try checkIgnored(members)
    default: break
    }
  }

  // MARK: Entities

  /// `{"type": …, "id": …}`, or that under `__entity`. Other keys are ignored.
  func entity(_ node: JSONNode) throws(SyntaxError) -> EntityUID {
    guard case .object(let members) = node.kind else { throw ValueReader.noEntity(node) }
    if let expression = node["__expr"], case .string = expression.kind {
      throw ValueReader.noExpressions(at: expression.position)
    }
    if case .object(let fields) = node["__entity"]?.kind, let uid = try ValueReader.uid(fields) {
      return try checked(uid, at: node.position)
    }
    guard let uid = try ValueReader.uid(members) else { throw ValueReader.noEntity(node) }
    return try checked(uid, at: node.position)
  }

  private static func noEntity(_ node: JSONNode) -> SyntaxError {
    SyntaxError(
      "\(node.description) stands where an entity should be", at: node.position,
      hint: "expected `{\"type\": \"User\", \"id\": \"alice\"}`")
  }

  /// Nil when the members are not those of an entity.
  /// - Throws: when the type is no name.
  private static func uid(_ members: [JSONMember]) throws(SyntaxError) -> EntityUID? {
    guard let type = members.first(where: { $0.key == "type" })?.value, case .string(let text) = type.kind,
      case .string(let id) = members.first(where: { $0.key == "id" })?.value.kind
    else { return nil }
    guard let name = Name(text) else {
      throw SyntaxError(
        "`\(text.shortened)` is no name of a type", at: type.position,
        hint: "expected identifiers joined by `::`, none of them reserved")
    }
    return EntityUID(type: name, id: id)
  }

  /// The entity, unless the schema lists all of its type and this is none of them.
  func checked(_ uid: EntityUID, at position: SourcePosition) throws(SyntaxError) -> EntityUID {
    if let known = enumerations[uid.type], !known.contains(uid) {
      throw SyntaxError(
        "the schema has no entity `\(uid.description.shortened)`", at: position,
        hint: ValueReader.expectation(known.sorted().map(\.description)))
    }
    if let schema, uid.type.isActionType, schema.actions[uid] == nil {
      throw SyntaxError("the schema has no action `\(uid.description.shortened)`", at: position)
    }
    return uid
  }

  // MARK: Extension types

  private func extensionValue(_ node: JSONNode, _ type: ExtensionType) throws(SyntaxError) -> Value {
    let value: Value
    switch node.kind {
    case .string(let text):
      value = try ValueReader.applied(type.constructor, [.string(text)], at: node.position)
    case .object(let members):
      if let expression = node["__expr"], case .string = expression.kind {
        throw ValueReader.noExpressions(at: expression.position)
      }
      var call = ExtensionCallJSON(members)
      if case .object(let fields) = node["__extn"]?.kind { call = ExtensionCallJSON(fields) ?? call }
      guard let call else { fallthrough }
      value = try apply(call, isGuided: true)
    default:
      throw mismatch(.extension(type), at: node)
    }
    guard value.extensionType == type else { throw mismatch(.extension(type), value.typeName, at: node) }
    return value
  }

  /// - Parameter isGuided: whether the arguments may be in the short forms, by the types of the function's parameters.
  private func apply(_ call: ExtensionCallJSON, isGuided: Bool) throws(SyntaxError) -> Value {
    guard let function = ExtensionFunction(rawValue: call.name) else {
      throw SyntaxError(
        "`\(call.name.shortened)` is no extension function", at: call.position,
        hint: "expected `decimal`, `ip`, `datetime` or `duration`")
    }
    let parameters = isGuided && call.arguments.count == function.arity ? function.parameters : []
    var arguments: [Value] = []
    for (index, node) in call.arguments.enumerated() {
      arguments.append(try value(node, index < parameters.count ? parameters[index] : nil))
    }
    return try ValueReader.applied(function, arguments, at: call.arguments.first?.position ?? call.position)
  }

  private static func applied(
    _ function: ExtensionFunction, _ arguments: [Value], at position: SourcePosition
  ) throws(SyntaxError) -> Value {
    do throws(ExtensionError) {
      return try function(arguments)
    } catch {
      throw SyntaxError(error.message, at: position, hint: error.hint)
    }
  }
}

/// `{"fn": …, "arg": …}` or `{"fn": …, "args": […]}`.
private struct ExtensionCallJSON {
  var name: String
  var arguments: [JSONNode]
  /// Where the name stands.
  var position: SourcePosition

  /// Nil when the members are others.
  init?(_ members: [JSONMember]) {
    guard let function = members.first(where: { $0.key == "fn" })?.value, case .string(let name) = function.kind else {
      return nil
    }
    if let argument = members.first(where: { $0.key == "arg" })?.value {
      arguments = [argument]
    } else if case .array(let nodes) = members.first(where: { $0.key == "args" })?.value.kind {
      arguments = nodes
    } else {
      return nil
    }
    self.name = name
    position = function.position
  }
}
