/// Expressions from JSON values: an object with one key, which is the operator or the function.
extension PolicyJSON {
  static func expression(_ node: JSONNode) throws(SyntaxError) -> MeasuredExpression {
    let members = try node.members(of: "an expression")
    guard let member = members.first, members.count == 1 else {
      throw SyntaxError(
        members.isEmpty ? "the expression is empty" : "the expression has more than one operator", at: node.position,
        hint: "expected an object with one key such as `Value`, `Var` or `==`")
    }
    return try expression(member.key, member.value, at: member.position)
  }

  private static func expression(
    _ key: String, _ node: JSONNode, at position: SourcePosition
  ) throws(SyntaxError) -> MeasuredExpression {
    switch key {
    case "Value": return try value(node)
    case "Var":
      guard let variable = Variable(rawValue: try node.string(of: "`Var`")) else {
        throw SyntaxError(
          "unknown variable", at: node.position, hint: "expected `principal`, `action`, `resource` or `context`")
      }
      return try MeasuredExpression(.variable(variable), at: position, over: 0)
    case "Slot": throw SyntaxError("a slot stands in a condition", at: position, hint: "slots belong to the scope")
    case "!", "neg", "isEmpty":
      try checkKeys(of: node, "`\(key)`", ["arg"])
      let operand = try expression(try member("arg", of: node))
      let inner = operand.expression
      return try MeasuredExpression(
        key == "!" ? .not(inner) : key == "neg" ? .negate(inner) : .isEmpty(inner), at: position, over: operand.height)
    case "&&", "||": return try chain(key, node, at: position)
    case "if-then-else": return try conditional(node, at: position)
    case ".", "has", "like", "is": return try property(key, node, at: position)
    case "Set":
      let (elements, height) = try list(node, "`Set`")
      return try MeasuredExpression(.set(elements), at: position, over: height)
    case "Record": return try record(node, at: position)
    default: break
    }
    if let operation = BinaryOperator(rawValue: key) {
      try checkKeys(of: node, "`\(key)`", ["left", "right"])
      let left = try expression(try member("left", of: node))
      let right = try expression(try member("right", of: node))
      return try MeasuredExpression(
        .binary(operation, left.expression, right.expression), at: position, over: max(left.height, right.height))
    }
    let function = try self.function(key, at: position)
    let (arguments, height) = try list(node, "`\(key)`")
    return try call(function, arguments, at: position, over: height)
  }

  private static func function(_ name: String, at position: SourcePosition) throws(SyntaxError) -> ExtensionFunction {
    guard let function = ExtensionFunction(rawValue: name) else {
      throw SyntaxError("unknown operator or function `\(name.shown)`", at: position)
    }
    return function
  }

  private static func call(
    _ function: ExtensionFunction, _ arguments: [Expression], at position: SourcePosition, over height: Int
  ) throws(SyntaxError) -> MeasuredExpression {
    guard function.isConstructor || !arguments.isEmpty else {
      throw SyntaxError("the method `\(function.rawValue)` lacks its receiver", at: position)
    }
    return try MeasuredExpression(.call(function, arguments), at: position, over: height)
  }

  private static func list(_ node: JSONNode, _ what: String) throws(SyntaxError) -> ([Expression], height: Int) {
    var elements: [Expression] = []
    var height = 0
    for node in try node.elements(of: what) {
      let element = try expression(node)
      elements.append(element.expression)
      height = max(height, element.height)
    }
    return (elements, height)
  }

  /// Nested ones on the left are one chain.
  private static func chain(
    _ key: String, _ node: JSONNode, at position: SourcePosition
  ) throws(SyntaxError) -> MeasuredExpression {
    var rights: [JSONNode] = []
    var node = node
    var left: JSONNode
    while true {
      try checkKeys(of: node, "`\(key)`", ["left", "right"])
      left = try member("left", of: node)
      rights.append(try member("right", of: node))
      guard case .object(let members) = left.kind, members.count == 1, let inner = left[key] else { break }
      node = inner
    }
    let first = try expression(left)
    var operands = [first.expression]
    var height = first.height
    for node in rights.reversed() {
      let next = try expression(node)
      operands.append(next.expression)
      height = max(height, next.height)
    }
    return try MeasuredExpression(key == "&&" ? .and(operands) : .or(operands), at: position, over: height)
  }

  private static func conditional(
    _ node: JSONNode, at position: SourcePosition
  ) throws(SyntaxError) -> MeasuredExpression {
    try checkKeys(of: node, "`if-then-else`", ["if", "then", "else"])
    let condition = try expression(try member("if", of: node))
    let then = try expression(try member("then", of: node))
    let otherwise = try expression(try member("else", of: node))
    return try MeasuredExpression(
      .conditional(condition.expression, then: then.expression, else: otherwise.expression), at: position,
      over: max(condition.height, then.height, otherwise.height))
  }

  private static func property(
    _ key: String, _ node: JSONNode, at position: SourcePosition
  ) throws(SyntaxError) -> MeasuredExpression {
    let name = key == "like" ? "pattern" : key == "is" ? "entity_type" : "attr"
    // `has` may carry more, as in the reference.
    if key != "has" { try checkKeys(of: node, "`\(key)`", ["left", name], optional: key == "is" ? ["in"] : []) }
    let left = try expression(try member("left", of: node))
    let property = try member(name, of: node)
    switch key {
    case ".":
      let kind = Expression.Kind.attribute(left.expression, try property.string(of: "`attr`"))
      return try MeasuredExpression(kind, at: position, over: left.height)
    case "has": return try has(left, property, at: position)
    case "like":
      return try MeasuredExpression(
        .like(left.expression, try pattern(property)), at: position, over: left.height)
    default:
      let type = try typeName(property)
      guard let ancestor = node["in"], ancestor.kind != .null else {
        return try MeasuredExpression(.isType(left.expression, type, in: nil), at: position, over: left.height)
      }
      let inner = try expression(ancestor)
      return try MeasuredExpression(
        .isType(left.expression, type, in: inner.expression), at: position, over: max(left.height, inner.height))
    }
  }

  /// One name, or a list of identifiers.
  private static func has(
    _ left: MeasuredExpression, _ node: JSONNode, at position: SourcePosition
  ) throws(SyntaxError) -> MeasuredExpression {
    guard case .array(let elements) = node.kind else {
      let name = try node.string(of: "`attr`")
      return try MeasuredExpression(.has(left.expression, [name]), at: position, over: left.height)
    }
    var names: [String] = []
    for element in elements { names.append(try element.string(of: "the name of an attribute")) }
    guard !names.isEmpty else { throw SyntaxError("`has` lacks an attribute", at: node.position) }
    guard Expression.isPath(names) else {
      throw SyntaxError(
        "`has` has a list of names that are no identifiers", at: node.position, hint: "a name of any form stands alone")
    }
    return try MeasuredExpression(.has(left.expression, names), at: position, over: left.height + names.count - 1)
  }

  private static func pattern(_ node: JSONNode) throws(SyntaxError) -> Pattern {
    var elements: [Pattern.Element] = []
    for element in try node.elements(of: "`pattern`") {
      if element.kind == .string("Wildcard") || element["Wildcard"]?.kind == .null {
        elements.append(.wildcard)
      } else {
        guard case .object = element.kind else {
          throw SyntaxError(
            "unknown part of a pattern", at: element.position, hint: "expected `\"Wildcard\"` or `{\"Literal\": …}`")
        }
        try checkKeys(of: element, "a part of a pattern", ["Literal"])
        let text = try member("Literal", of: element).string(of: "`Literal`")
        elements += text.unicodeScalars.map { .scalar($0) }
      }
    }
    return Pattern(elements)
  }

  private static func record(
    _ node: JSONNode, at position: SourcePosition
  ) throws(SyntaxError) -> MeasuredExpression {
    var elements: [RecordElement] = []
    var height = 0
    for member in try node.members(of: "`Record`") {
      let value = try expression(member.value)
      elements.append(RecordElement(key: member.key, value: value.expression))
      height = max(height, value.height)
    }
    return try MeasuredExpression(.record(elements), at: position, over: height)
  }
}

/// Values: what JSON has of its own, `{"__entity":{"type":…,"id":…}}` and `{"__extn":{"fn":…,"arg":…}}`.
extension PolicyJSON {
  private static func value(_ node: JSONNode) throws(SyntaxError) -> MeasuredExpression {
    let position = node.position
    switch node.kind {
    case .bool(let value): return try MeasuredExpression(.bool(value), at: position, over: 0)
    case .integer(let value): return try MeasuredExpression(.long(value), at: position, over: 0)
    case .string(let value): return try MeasuredExpression(.string(value), at: position, over: 0)
    case .null, .number:
      throw SyntaxError(
        "\(node.kind == .null ? "`null`" : "the number") is no value", at: position,
        hint: "numbers are integers from -9223372036854775808 to 9223372036854775807")
    case .array(let nodes):
      let (elements, height) = try values(nodes)
      return try MeasuredExpression(.set(elements), at: position, over: height)
    case .object(let members):
      if members.count == 1, let escaped = try escaped(members[0]) { return escaped }
      var elements: [RecordElement] = []
      var height = 0
      for member in members {
        let element = try value(member.value)
        elements.append(RecordElement(key: member.key, value: element.expression))
        height = max(height, element.height)
      }
      return try MeasuredExpression(.record(elements), at: position, over: height)
    }
  }

  private static func values(_ nodes: [JSONNode]) throws(SyntaxError) -> ([Expression], height: Int) {
    var elements: [Expression] = []
    var height = 0
    for node in nodes {
      let element = try value(node)
      elements.append(element.expression)
      height = max(height, element.height)
    }
    return (elements, height)
  }

  /// - Returns: nil for a record with one attribute.
  private static func escaped(_ member: JSONMember) throws(SyntaxError) -> MeasuredExpression? {
    let node = member.value
    switch member.key {
    case "__entity":
      guard case .string = node["type"]?.kind, case .string = node["id"]?.kind else { return nil }
      return try MeasuredExpression(.entity(try entity(node)), at: member.position, over: 0)
    case "__extn":
      guard case .string(let name) = node["fn"]?.kind else { return nil }
      var nodes: [JSONNode]
      if let argument = node["arg"] {
        nodes = [argument]
      } else if case .array(let arguments) = node["args"]?.kind {
        nodes = arguments
      } else {
        return nil
      }
      let (arguments, height) = try values(nodes)
      return try call(try function(name, at: node.position), arguments, at: member.position, over: height)
    case "__expr":
      guard case .string = node.kind else { return nil }
      throw SyntaxError("`__expr` is no value any more", at: member.position)
    default: return nil
    }
  }
}
