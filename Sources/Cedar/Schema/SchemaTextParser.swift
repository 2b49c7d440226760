/// Reads the text of a schema (https://docs.cedarpolicy.com/schema/human-readable-schema-grammar.html). The first error
/// ends it.
struct SchemaTextParser: TokenReader {
  let source: SourceText
  var lexer: Lexer
  var token: Token
  /// Types around the token.
  private var depth = 0

  init(_ bytes: [UInt8]) throws(SyntaxError) {
    source = try SourceText(bytes)
    lexer = Lexer(source)
    token = try lexer.next()
  }

  mutating func schema() throws(SyntaxError) -> SchemaDeclarations {
    var schema = SchemaDeclarations()
    var outside = NamespaceDeclaration(name: nil)
    while token.kind != .end {
      let annotations = try self.annotations()
      if isAt(word: "namespace") {
        schema.namespaces.append(try namespace(annotations))
      } else {
        try declaration(annotations, into: &outside)
      }
    }
    schema.namespaces.append(outside)
    return schema
  }

  private mutating func namespace(_ annotations: [Annotation]) throws(SyntaxError) -> NamespaceDeclaration {
    try advance()
    var namespace = NamespaceDeclaration(name: try path(), annotations: annotations)
    try expect("{")
    while try take("}") == false { try declaration(try self.annotations(), into: &namespace) }
    return namespace
  }

  private mutating func declaration(
    _ annotations: [Annotation], into namespace: inout NamespaceDeclaration
  ) throws(SyntaxError) {
    switch token.kind == .identifier ? text : "" {
    case "entity": try entityTypes(annotations, into: &namespace)
    case "action": try actions(annotations, into: &namespace)
    case "type": namespace.commonTypes.append(try commonType(annotations))
    case "namespace": throw error("a namespace can't stand within another", hint: "write `namespace A::B { … }`")
    default:
      throw unexpected(namespace.name == nil ? "`entity`, `action`, `type` or `namespace`" : "a declaration or `}`")
    }
  }

  private mutating func commonType(_ annotations: [Annotation]) throws(SyntaxError) -> CommonTypeDeclaration {
    try advance()
    let name = try identifier("the name of the type")
    try expect("=")
    let type = try self.type()
    try expect(";")
    return CommonTypeDeclaration(
      name: WrittenName(Name(unchecked: name.text), at: name.position), annotations: annotations, type: type)
  }

  private mutating func entityTypes(
    _ annotations: [Annotation], into namespace: inout NamespaceDeclaration
  ) throws(SyntaxError) {
    let start = position
    try advance()
    var names: [WrittenName] = []
    repeat {
      let name = try identifier("the name of the entity type")
      names.append(WrittenName(Name(unchecked: name.text), at: name.position))
    } while try take(",")
    let kind = try isAt(word: "enum") ? enumeration() : standardEntityType(at: start)
    try expect(";")
    for name in names {
      namespace.entityTypes.append(EntityTypeDeclaration(name: name, annotations: annotations, kind: kind))
    }
  }

  private mutating func enumeration() throws(SyntaxError) -> EntityTypeDeclaration.Kind {
    try advance()
    try expect("[")
    var ids: [String] = []
    repeat {
      guard token.kind == .string else { throw unexpected("an id, a string") }
      ids.append(try string())
    } while try take(",")
    try expect("]")
    return .enumerated(ids)
  }

  private mutating func standardEntityType(
    at start: SourcePosition
  ) throws(SyntaxError) -> EntityTypeDeclaration.Kind {
    let parents = try take(word: "in") ? typeNames() : []
    var shape = TypeExpression(.record([]), at: start)
    if try take("=") {
      guard isAt("{") else { throw unexpected("`{`") }
    }
    if isAt("{") { shape = try record() }
    let tags = try take(word: "tags") ? type() : nil
    return .standard(parents: parents, shape: shape, tags: tags)
  }

  /// `A::B`, or `[A, B::C]`, which may be empty.
  mutating func typeNames() throws(SyntaxError) -> [WrittenName] {
    guard try take("[") else { return [try path()] }
    var names: [WrittenName] = []
    if try take("]") { return names }
    repeat { names.append(try path()) } while try take(",")
    try expect("]")
    return names
  }

  /// A type with what is in it.
  mutating func type() throws(SyntaxError) -> TypeExpression {
    if isAt("{") { return try record() }
    let start = token
    let name = try path()
    guard name.name.text == "Set", isAt("<") else {
      return TypeExpression(.reference(name.name, .commonOrEntity), at: name.position)
    }
    try deepen(at: start)
    try advance()
    let element = try type()
    try expect(">")
    depth -= 1
    return TypeExpression(.set(element), at: name.position)
  }

  /// `{…}`. Of attributes of the same name the last one counts, as in the reference implementation.
  mutating func record() throws(SyntaxError) -> TypeExpression {
    let start = position
    try deepen(at: token)
    try expect("{")
    var attributes: [AttributeDeclaration] = []
    var indexes: [String: Int] = [:]
    while try take("}") == false {
      let annotations = try self.annotations()
      let name = try self.name("the name of an attribute or `}`")
      let isRequired = try take("?") == false
      try expect(":")
      let attribute = AttributeDeclaration(
        name: name.text, annotations: annotations, type: try type(), isRequired: isRequired)
      if let index = indexes[name.text] {
        attributes[index] = attribute
      } else {
        indexes[name.text] = attributes.count
        attributes.append(attribute)
      }
      if try take(",") == false, !isAt("}") { throw unexpected("`,` or `}`") }
    }
    depth -= 1
    return TypeExpression(.record(attributes), at: start)
  }

  private mutating func deepen(at token: Token) throws(SyntaxError) {
    depth += 1
    guard depth <= CedarLimits.typeDepth else {
      throw error(
        "types are nested deeper than \(CedarLimits.typeDepth) levels", at: source.position(of: token.range.lowerBound))
    }
  }
}

/// Names.
extension SchemaTextParser {
  func unexpected(_ wanted: String) -> SyntaxError {
    guard token.kind != .end else { return error("the schema ends where \(wanted) should be") }
    let found = String(String.UnicodeScalarView(text.unicodeScalars.prefix(64)))
    return error("unexpected `\(found)` where \(wanted) should be")
  }

  /// An identifier that is not reserved, or `__cedar`.
  mutating func identifier(_ wanted: String) throws(SyntaxError) -> (text: String, position: SourcePosition) {
    guard token.kind == .identifier else { throw unexpected(wanted) }
    let (text, position) = (self.text, self.position)
    guard !Name.reserved.contains(text) || text == "__cedar" else {
      throw error("`\(text)` is reserved", hint: "expected \(wanted)")
    }
    try advance()
    return (text, position)
  }

  /// An identifier or a string.
  mutating func name(_ wanted: String) throws(SyntaxError) -> (text: String, position: SourcePosition) {
    guard token.kind == .string else { return try identifier(wanted) }
    let position = self.position
    return (try string(), position)
  }

  /// Identifiers with `::` between them.
  mutating func path() throws(SyntaxError) -> WrittenName {
    var (text, position) = try identifier("a name")
    while try take("::") { text += "::" + (try identifier("the name's next part").text) }
    return WrittenName(Name(unchecked: text), at: position)
  }
}
