extension Schema {
  /// The JSON form of a schema that is written for people: the same declarations with the same names.
  /// - Throws: the first error of the text, with its place.
  public static func json(translating text: String) throws(SchemaError) -> String {
    var parser = try SchemaTextParser(Array(text.utf8))
    let declarations = try parser.schema()
    _ = try Schema(declarations)
    return SchemaJSONWriter.node(declarations).text(isPretty: true)
  }
}

/// Writes the JSON form of a schema (https://docs.cedarpolicy.com/schema/json-schema.html).
enum SchemaJSONWriter {
  static func node(_ schema: SchemaDeclarations) -> JSONNode {
    var namespaces: [JSONMember] = []
    for namespace in schema.namespaces {
      let isEmpty = namespace.commonTypes.isEmpty && namespace.entityTypes.isEmpty && namespace.actions.isEmpty
      guard namespace.name != nil || !isEmpty else { continue }
      namespaces.append(JSONMember(key: namespace.name?.name.text ?? "", value: node(namespace)))
    }
    return JSONNode(.object(namespaces))
  }

  private static func node(_ namespace: NamespaceDeclaration) -> JSONNode {
    var members = annotations(namespace.annotations)
    if !namespace.commonTypes.isEmpty {
      let types = namespace.commonTypes.map { type in
        JSONMember(
          key: type.name.name.text, value: JSONNode(.object(self.type(type.type) + annotations(type.annotations))))
      }
      members.append(JSONMember(key: "commonTypes", value: JSONNode(.object(types))))
    }
    let types = namespace.entityTypes.map { JSONMember(key: $0.name.name.text, value: entityType($0)) }
    members.append(JSONMember(key: "entityTypes", value: JSONNode(.object(types))))
    let actions = namespace.actions.map { JSONMember(key: $0.id, value: action($0)) }
    members.append(JSONMember(key: "actions", value: JSONNode(.object(actions))))
    return JSONNode(.object(members))
  }

  private static func entityType(_ declaration: EntityTypeDeclaration) -> JSONNode {
    var members = annotations(declaration.annotations)
    switch declaration.kind {
    case .enumerated(let ids): members.append(list("enum", ids.map { string($0) }))
    case .standard(let parents, let shape, let tags):
      if !parents.isEmpty { members.append(list("memberOfTypes", parents.map { string($0.name.text) })) }
      members.append(JSONMember(key: "shape", value: JSONNode(.object(type(shape)))))
      if let tags { members.append(JSONMember(key: "tags", value: JSONNode(.object(type(tags))))) }
    }
    return JSONNode(.object(members))
  }

  private static func action(_ declaration: ActionDeclaration) -> JSONNode {
    var members = annotations(declaration.annotations)
    if !declaration.parents.isEmpty {
      members.append(
        list(
          "memberOf",
          declaration.parents.map { parent in
            let id = JSONMember(key: "id", value: string(parent.id))
            let type = parent.type.map { JSONMember(key: "type", value: string($0.name.text)) }
            return JSONNode(.object(type.map { [$0, id] } ?? [id]))
          }))
    }
    guard !declaration.principals.isEmpty else { return JSONNode(.object(members)) }
    members.append(
      JSONMember(
        key: "appliesTo",
        value: JSONNode(
          .object([
            list("principalTypes", declaration.principals.map { string($0.name.text) }),
            list("resourceTypes", declaration.resources.map { string($0.name.text) }),
            JSONMember(key: "context", value: JSONNode(.object(type(declaration.context)))),
          ]))))
    return JSONNode(.object(members))
  }

  private static func type(_ expression: TypeExpression) -> [JSONMember] {
    switch expression.kind {
    case .bool: named("Boolean")
    case .long: named("Long")
    case .string: named("String")
    case .extension(let type): named("Extension", type.rawValue)
    case .set(let element): named("Set") + [JSONMember(key: "element", value: JSONNode(.object(type(element))))]
    case .record(let attributes):
      named("Record") + [JSONMember(key: "attributes", value: JSONNode(.object(attributes.map { attribute($0) })))]
    case .reference(let name, .entity): named("Entity", name.text)
    // As a type of its own, this name would be the kind of type below.
    case .reference(let name, .common) where name.text != "EntityOrCommon": named(name.text)
    case .reference(let name, _): named("EntityOrCommon", name.text)
    }
  }

  private static func attribute(_ declaration: AttributeDeclaration) -> JSONMember {
    var members = type(declaration.type)
    if !declaration.isRequired { members.append(JSONMember(key: "required", value: JSONNode(.bool(false)))) }
    return JSONMember(key: declaration.name, value: JSONNode(.object(members + annotations(declaration.annotations))))
  }

  private static func named(_ type: String, _ name: String? = nil) -> [JSONMember] {
    [JSONMember(key: "type", value: string(type))] + (name.map { [JSONMember(key: "name", value: string($0))] } ?? [])
  }

  private static func annotations(_ annotations: [Annotation]) -> [JSONMember] {
    guard !annotations.isEmpty else { return [] }
    let members = annotations.map { annotation in
      JSONMember(key: annotation.key, value: annotation.value.map { string($0) } ?? JSONNode(.null))
    }
    return [JSONMember(key: "annotations", value: JSONNode(.object(members)))]
  }

  private static func list(_ key: String, _ elements: [JSONNode]) -> JSONMember {
    JSONMember(key: key, value: JSONNode(.array(elements)))
  }

  private static func string(_ text: String) -> JSONNode { JSONNode(.string(text)) }
}
