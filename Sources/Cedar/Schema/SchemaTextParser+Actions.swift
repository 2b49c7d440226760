/// Actions: `action "read", write in [all] appliesTo { principal: …, resource: …, context: … };`.
extension SchemaTextParser {
  mutating func actions(
    _ annotations: [Annotation], into namespace: inout NamespaceDeclaration
  ) throws(SyntaxError) {
    let start = position
    try advance()
    var names: [(text: String, position: SourcePosition)] = []
    repeat { names.append(try name("the name of the action")) } while try take(",")
    let parents = try take(word: "in") ? parentActions() : []
    var applies = AppliesTo()
    if try take(word: "appliesTo") { try appliesTo(&applies, of: names[0].text, at: names[0].position) }
    if try take(word: "attributes") {
      try expect("{")
      guard try take("}") else { throw error("actions have no attributes", hint: "expected `}`") }
    }
    try expect(";")
    for name in names {
      namespace.actions.append(
        ActionDeclaration(
          id: name.text, position: name.position, annotations: annotations, parents: parents,
          principals: applies.principals ?? [], resources: applies.resources ?? [],
          context: applies.context ?? TypeExpression(.record([]), at: start)))
    }
  }

  private struct AppliesTo {
    var principals: [WrittenName]?
    var resources: [WrittenName]?
    var context: TypeExpression?
  }

  private mutating func appliesTo(
    _ applies: inout AppliesTo, of action: String, at place: SourcePosition
  ) throws(SyntaxError) {
    try expect("{")
    repeat {
      let start = position
      guard token.kind == .identifier else { throw unexpected("`principal`, `resource` or `context`") }
      let part = text
      switch part {
      case "principal":
        guard applies.principals == nil else { throw twice(part, of: action, at: start) }
        applies.principals = try applicableTypes(part, of: action)
      case "resource":
        guard applies.resources == nil else { throw twice(part, of: action, at: start) }
        applies.resources = try applicableTypes(part, of: action)
      case "context":
        guard applies.context == nil else { throw twice(part, of: action, at: start) }
        try advance()
        try expect(":")
        applies.context = try context()
      default: throw unexpected("`principal`, `resource` or `context`")
      }
      if try take(",") == false, !isAt("}") { throw unexpected("`,` or `}`") }
    } while !isAt("}")
    try expect("}")
    for (part, types) in [("principal", applies.principals), ("resource", applies.resources)] where types == nil {
      throw error(
        "`\(part)` is missing from what the action `\(action)` applies to", at: place, hint: "name at least one type")
    }
  }

  private func twice(_ part: String, of action: String, at position: SourcePosition) -> SyntaxError {
    error("`\(part)` is there twice for the action `\(action)`", at: position)
  }

  private mutating func applicableTypes(_ part: String, of action: String) throws(SyntaxError) -> [WrittenName] {
    try advance()
    try expect(":")
    let start = position
    let types = try typeNames()
    guard !types.isEmpty else {
      throw error(
        "the action `\(action)` applies to no \(part) at all", at: start,
        hint: "name at least one type, or leave `appliesTo` out")
    }
    return types
  }

  private mutating func context() throws(SyntaxError) -> TypeExpression {
    if isAt("{") { return try record() }
    let name = try path()
    return TypeExpression(.reference(name.name, .common), at: name.position)
  }

  private mutating func parentActions() throws(SyntaxError) -> [ActionReference] {
    guard try take("[") else { return [try parentAction()] }
    var parents: [ActionReference] = []
    repeat { parents.append(try parentAction()) } while try take(",")
    try expect("]")
    return parents
  }

  /// `read`, `"read"` or `Plant::Action::"read"`.
  private mutating func parentAction() throws(SyntaxError) -> ActionReference {
    let isQuoted = token.kind == .string
    let first = try name("the name of an action")
    guard isAt("::"), !isQuoted else { return ActionReference(type: nil, id: first.text, position: first.position) }
    var type = first.text
    while try take("::") {
      if token.kind == .string {
        return ActionReference(
          type: WrittenName(Name(unchecked: type), at: first.position), id: try string(), position: first.position)
      }
      type += "::" + (try identifier("the id of the action, a string").text)
    }
    throw unexpected("`::` and the id of the action, a string")
  }
}
