/// Reads the JSON form of a schema (https://docs.cedarpolicy.com/schema/json-schema.html).
struct SchemaJSONReader {
  static func read(_ bytes: [UInt8]) throws(SyntaxError) -> SchemaDeclarations {
    let reader = SchemaJSONReader()
    var schema = SchemaDeclarations()
    for member in try JSONReader.read(bytes).members(of: "a schema") {
      schema.namespaces.append(try reader.namespace(member))
    }
    return schema
  }

  private func namespace(_ member: JSONMember) throws(SyntaxError) -> NamespaceDeclaration {
    var namespace = NamespaceDeclaration(
      name: member.key.isEmpty ? nil : try name(member.key, at: member.position, "the name of a namespace"))
    let fields = try JSONFields(
      member.value, of: "a namespace", ["commonTypes", "entityTypes", "actions", "annotations"])
    for type in try fields["commonTypes"]?.members(of: "`commonTypes`") ?? [] {
      namespace.commonTypes.append(try commonType(type))
    }
    for type in try fields.required("entityTypes").members(of: "`entityTypes`") {
      namespace.entityTypes.append(try entityType(type))
    }
    for action in try fields.required("actions").members(of: "`actions`") {
      namespace.actions.append(try self.action(action))
    }
    namespace.annotations = try annotations(fields["annotations"])
    guard namespace.annotations.isEmpty || namespace.name != nil else {
      throw SyntaxError("the namespace without a name can't have annotations", at: member.position)
    }
    return namespace
  }

  private func commonType(_ member: JSONMember) throws(SyntaxError) -> CommonTypeDeclaration {
    let name = try identifier(member.key, at: member.position, "the name of a type")
    let fields = try JSONFields(member.value, of: "a type", JSONFields.ofTypes + ["annotations"])
    return CommonTypeDeclaration(
      name: name, annotations: try annotations(fields["annotations"]), type: try type(fields))
  }

  private func entityType(_ member: JSONMember) throws(SyntaxError) -> EntityTypeDeclaration {
    let name = try identifier(member.key, at: member.position, "the name of an entity type")
    let fields = try JSONFields(
      member.value, of: "an entity type", ["memberOfTypes", "shape", "tags", "enum", "annotations"])
    return EntityTypeDeclaration(
      name: name, annotations: try annotations(fields["annotations"]), kind: try entityKind(fields))
  }

  private func entityKind(_ fields: JSONFields) throws(SyntaxError) -> EntityTypeDeclaration.Kind {
    if let ids = fields["enum"] {
      for field in ["memberOfTypes", "shape", "tags"] {
        guard let node = fields[field] else { continue }
        throw SyntaxError("an entity type with `enum` can't have `\(field)`", at: node.position)
      }
      var enumeration: [String] = []
      for id in try ids.elements(of: "`enum`") { enumeration.append(try id.string(of: "an id")) }
      guard !enumeration.isEmpty else { throw SyntaxError("`enum` has no ids", at: ids.position) }
      return .enumerated(enumeration)
    }
    return .standard(
      parents: try names(fields["memberOfTypes"], of: "memberOfTypes"),
      shape: try fields["shape"].map { (node) throws(SyntaxError) in try type(node) }
        ?? TypeExpression(.record([]), at: fields.position),
      tags: try fields["tags"].map { (node) throws(SyntaxError) in try type(node) })
  }

  private func action(_ member: JSONMember) throws(SyntaxError) -> ActionDeclaration {
    let fields = try JSONFields(member.value, of: "an action", ["attributes", "appliesTo", "memberOf", "annotations"])
    if let attributes = fields.unlessNull("attributes") {
      throw SyntaxError("actions have no attributes", at: attributes.position)
    }
    var action = ActionDeclaration(
      id: member.key, position: member.position, annotations: try annotations(fields["annotations"]), parents: [],
      principals: [], resources: [], context: TypeExpression(.record([]), at: member.position))
    for parent in try fields.unlessNull("memberOf")?.elements(of: "`memberOf`") ?? [] {
      action.parents.append(try actionReference(parent))
    }
    if let node = fields.unlessNull("appliesTo") {
      let applies = try JSONFields(node, of: "`appliesTo`", ["principalTypes", "resourceTypes", "context"])
      action.principals = try names(try applies.required("principalTypes"), of: "principalTypes")
      action.resources = try names(try applies.required("resourceTypes"), of: "resourceTypes")
      if let context = applies["context"] { action.context = try type(context) }
    }
    return action
  }

  private func actionReference(_ node: JSONNode) throws(SyntaxError) -> ActionReference {
    let fields = try JSONFields(node, of: "a member of `memberOf`", ["id", "type"])
    var type: WrittenName?
    if let node = fields.unlessNull("type") {
      type = try name(try node.string(of: "`type`"), at: node.position, "the type of an action")
    }
    return ActionReference(
      type: type, id: try fields.required("id").string(of: "`id`"), position: node.position)
  }

  private func annotations(_ node: JSONNode?) throws(SyntaxError) -> [Annotation] {
    guard let node else { return [] }
    var annotations: [Annotation] = []
    for member in try node.members(of: "`annotations`") {
      guard Name.isIdentifier(member.key) else {
        throw SyntaxError("`\(member.key)` is no name of an annotation", at: member.position)
      }
      let value: String? = member.value.kind == .null ? nil : try member.value.string(of: "an annotation's value")
      annotations.append(Annotation(key: member.key, value: value))
    }
    return annotations
  }
}

/// Types.
extension SchemaJSONReader {
  private func type(_ node: JSONNode) throws(SyntaxError) -> TypeExpression {
    try type(try JSONFields(node, of: "a type", JSONFields.ofTypes))
  }

  private func type(_ fields: JSONFields) throws(SyntaxError) -> TypeExpression {
    let type = try fields.required("type").string(of: "`type`")
    let kind: TypeExpression.Kind
    switch type {
    case "String": kind = .string
    case "Long": kind = .long
    case "Boolean": kind = .bool
    case "Set":
      try fields.forbid(["attributes", "additionalAttributes", "name"], with: type)
      return TypeExpression(.set(try self.type(try fields.required("element"))), at: fields.position)
    case "Record":
      try fields.forbid(["element", "name"], with: type)
      return TypeExpression(.record(try attributes(fields)), at: fields.position)
    case "Entity", "EntityOrCommon":
      try fields.forbid(["element", "attributes", "additionalAttributes"], with: type)
      let node = try fields.required("name")
      let name = try name(try node.string(of: "`name`"), at: node.position, "the name of a type")
      return TypeExpression(.reference(name.name, type == "Entity" ? .entity : .commonOrEntity), at: fields.position)
    case "Extension":
      try fields.forbid(["element", "attributes", "additionalAttributes"], with: type)
      kind = .extension(try extensionType(try fields.required("name")))
      return TypeExpression(kind, at: fields.position)
    default: kind = .reference(try name(type, at: fields.position, "a type").name, .common)
    }
    try fields.forbid(["element", "attributes", "additionalAttributes", "name"], with: type)
    return TypeExpression(kind, at: fields.position)
  }

  private func extensionType(_ node: JSONNode) throws(SyntaxError) -> ExtensionType {
    let text = try node.string(of: "`name`")
    guard let type = ExtensionType(rawValue: text) else {
      throw SyntaxError(
        "`\(text)` is no extension type", at: node.position,
        hint: "expected " + ExtensionType.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))
    }
    return type
  }

  private func attributes(_ fields: JSONFields) throws(SyntaxError) -> [AttributeDeclaration] {
    if let node = fields["additionalAttributes"], try node.bool(of: "`additionalAttributes`") {
      throw SyntaxError("records with additional attributes are not part of the language", at: node.position)
    }
    var attributes: [AttributeDeclaration] = []
    for member in try fields.required("attributes").members(of: "`attributes`") {
      let fields = try JSONFields(member.value, of: "an attribute", JSONFields.ofTypes + ["required", "annotations"])
      attributes.append(
        AttributeDeclaration(
          name: member.key, annotations: try annotations(fields["annotations"]), type: try type(fields),
          isRequired: try fields["required"]?.bool(of: "`required`") ?? true))
    }
    return attributes
  }

  private func names(_ node: JSONNode?, of what: String) throws(SyntaxError) -> [WrittenName] {
    var names: [WrittenName] = []
    for element in try node?.elements(of: "`\(what)`") ?? [] {
      names.append(try name(try element.string(of: "a type"), at: element.position, "the name of a type"))
    }
    return names
  }

  private func name(_ text: String, at place: SourcePosition, _ what: String) throws(SyntaxError) -> WrittenName {
    for part in Name.components(text) where !isIdentifier(part) {
      throw SyntaxError("`\(text)` is not \(what)", at: place, hint: "expected identifiers with `::` between them")
    }
    return WrittenName(Name(unchecked: text), at: place)
  }

  private func identifier(_ text: String, at place: SourcePosition, _ what: String) throws(SyntaxError) -> WrittenName {
    guard isIdentifier(text) else {
      throw SyntaxError("`\(text)` is not \(what)", at: place, hint: "expected an identifier")
    }
    return WrittenName(Name(unchecked: text), at: place)
  }

  /// Whether it may be a part of a name here, where `__cedar` may be one.
  private func isIdentifier(_ text: String) -> Bool {
    Name.isIdentifier(text) && (text == "__cedar" || !Name.reserved.contains(text))
  }
}

/// The members of an object, all of them known.
private struct JSONFields {
  static let ofTypes = ["type", "element", "attributes", "additionalAttributes", "name"]

  let position: SourcePosition
  private let what: String
  private let members: [JSONMember]

  init(_ node: JSONNode, of what: String, _ known: [String]) throws(SyntaxError) {
    members = try node.members(of: what)
    self.what = what
    position = node.position
    for member in members where !known.contains(member.key) {
      throw SyntaxError(
        "\(what) has no `\(member.key)`", at: member.position,
        hint: "expected " + known.map { "`\($0)`" }.joined(separator: ", "))
    }
  }

  subscript(key: String) -> JSONNode? { members.first { $0.key == key }?.value }

  /// The member; nil where it is `null`.
  func unlessNull(_ key: String) -> JSONNode? { self[key].flatMap { $0.kind == .null ? nil : $0 } }

  func required(_ key: String) throws(SyntaxError) -> JSONNode {
    guard let node = self[key] else { throw SyntaxError("\(what) lacks `\(key)`", at: position) }
    return node
  }

  func forbid(_ keys: [String], with type: String) throws(SyntaxError) {
    for member in members where keys.contains(member.key) {
      throw SyntaxError("a type `\(type)` has no `\(member.key)`", at: member.position)
    }
  }
}
