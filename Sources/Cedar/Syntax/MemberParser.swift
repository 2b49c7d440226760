/// Literals, variables, calls, brackets, and what `.` and `[…]` add to them.
extension PolicyParser {
  /// - Parameter isNegative: whether a `-` waits, which then becomes part of an integer literal.
  @inline(never)
  mutating func member(isNegative: Bool) throws(SyntaxError) -> MeasuredExpression {
    var value = token.kind == .integer ? try integer(isNegative: isNegative) : try primary()
    while true {
      if isAt(".") {
        try dotted(&value)
      } else if isAt("[") {
        try indexed(&value)
      } else if isAt("(") {
        throw error("only a function or a method can be called", hint: "a call is `name(…)` or `x.name(…)`")
      } else {
        return value
      }
    }
  }

  @inline(never)
  private mutating func indexed(_ base: inout MeasuredExpression) throws(SyntaxError) {
    let start = position
    try advance()
    guard token.kind == .string else { throw unexpected("the name of an attribute in quotes") }
    let name = try string()
    try expect("]")
    base = try MeasuredExpression(.attribute(base.expression, name), at: start, over: base.height)
  }

  /// What stands after `.`, or names a function.
  private enum Callee {
    case attribute(String)
    case operation(BinaryOperator)
    case isEmpty
    case function(ExtensionFunction)
  }

  /// An attribute or a method.
  @inline(never)
  private mutating func dotted(_ base: inout MeasuredExpression) throws(SyntaxError) {
    try advance()
    let start = position
    let callee = try self.callee()
    if case .attribute(let name) = callee {
      base = try MeasuredExpression(.attribute(base.expression, name), at: start, over: base.height)
    } else {
      try advance()
      base = try call(callee, on: base, try list(end: ")"), at: start)
    }
  }

  @inline(never)
  private mutating func callee() throws(SyntaxError) -> Callee {
    let start = position
    let name = try identifier("the name of an attribute or a method")
    guard isAt("(") else { return .attribute(name) }
    if let function = ExtensionFunction(rawValue: name), !function.isConstructor { return .function(function) }
    if let operation = BinaryOperator(rawValue: name), operation.isMethod { return .operation(operation) }
    guard name == "isEmpty" else { throw unknownMethod(name, at: start) }
    return .isEmpty
  }

  @inline(never)
  private func call(
    _ callee: Callee, on base: MeasuredExpression, _ arguments: ArgumentList, at start: SourcePosition
  ) throws(SyntaxError) -> MeasuredExpression {
    let height = max(base.height, arguments.height)
    let elements = arguments.elements
    switch callee {
    case .attribute(let name):
      return try MeasuredExpression(.attribute(base.expression, name), at: start, over: height)
    case .function(let function):
      return try MeasuredExpression(.call(function, [base.expression] + elements), at: start, over: height)
    case .operation(let operation):
      guard elements.count == 1, let argument = elements.first else {
        throw error(
          "the method `\(operation.rawValue)` has \(elements.count) arguments", at: start, hint: "it takes one")
      }
      return try MeasuredExpression(.binary(operation, base.expression, argument), at: start, over: height)
    case .isEmpty:
      guard elements.isEmpty else {
        throw error("the method `isEmpty` has \(elements.count) arguments", at: start, hint: "it takes none")
      }
      return try MeasuredExpression(.isEmpty(base.expression), at: start, over: height)
    }
  }

  @inline(never)
  private func unknownMethod(_ name: String, at start: SourcePosition) -> SyntaxError {
    if ExtensionFunction(rawValue: name) != nil {
      return error("`\(name)` is a function, not a method", at: start, hint: "write `\(name)(…)`")
    }
    let methods =
      BinaryOperator.allCases.filter(\.isMethod).map(\.rawValue) + ["isEmpty"]
      + ExtensionFunction.allCases.filter { !$0.isConstructor }.map(\.rawValue)
    return error("there is no method `\(name.shown)`", at: start, hint: Self.suggestion(name, among: methods))
  }

  private struct ArgumentList {
    var elements: [Expression] = []
    var height = 0

    mutating func add(_ element: MeasuredExpression) {
      elements.append(element.expression)
      height = max(height, element.height)
    }
  }

  /// Expressions with `,` between them, which may also stand after the last, up to the end.
  @inline(never)
  private mutating func list(end: StaticString) throws(SyntaxError) -> ArgumentList {
    var list = ArgumentList()
    while !isAt(end) {
      list.add(try expression())
      guard try take(",") else { break }
    }
    try expect(end, orComma: true)
    return list
  }

  @inline(never)
  private mutating func primary() throws(SyntaxError) -> MeasuredExpression {
    if token.kind == .identifier { return try named() }
    if isAt("(") { return try group() }
    if isAt("[") { return try set() }
    if isAt("{") { return try record() }
    return try leaf()
  }

  @inline(never)
  private mutating func group() throws(SyntaxError) -> MeasuredExpression {
    try advance()
    let inner = try expression()
    try expect(")")
    return inner
  }

  @inline(never)
  private mutating func set() throws(SyntaxError) -> MeasuredExpression {
    let start = position
    try advance()
    let list = try self.list(end: "]")
    return try MeasuredExpression(.set(list.elements), at: start, over: list.height)
  }

  @inline(never)
  private mutating func leaf() throws(SyntaxError) -> MeasuredExpression {
    let start = position
    if token.kind == .string { return try MeasuredExpression(.string(try string()), at: start, over: 0) }
    if isAt("?") {
      throw error("the slot `\(try slot().shown)` stands in a condition", at: start, hint: "slots belong to the scope")
    }
    if isAt("!") || isAt("-") {
      throw error("unexpected `\(text.shown)`", hint: "`!` and `-` don't mix; group them with parentheses")
    }
    throw unexpected("an expression")
  }

  @inline(never)
  private mutating func integer(isNegative: Bool) throws(SyntaxError) -> MeasuredExpression {
    let start = position
    let digits = text
    try advance()
    let isFolded = isNegative && !isAt(".") && !isAt("[") && !isAt("(")
    guard let value = Int64((isFolded ? "-" : "") + digits) else {
      throw error(
        "the integer `\(digits.shown)` is too large", at: start,
        hint: "integers go from -9223372036854775808 to 9223372036854775807")
    }
    let minus = isFolded ? waiting.popLast() : nil
    return try MeasuredExpression(.long(value), at: minus?.position ?? start, over: 0)
  }

  @inline(never)
  private mutating func named() throws(SyntaxError) -> MeasuredExpression {
    let start = position
    var function: ExtensionFunction?
    if let value = try literalOrVariable(orFunction: &function) { return value }
    guard let function else { throw unexpected("an expression") }
    try advance()
    let list = try self.list(end: ")")
    return try MeasuredExpression(.call(function, list.elements), at: start, over: list.height)
  }

  /// - Parameter function: the one that is called.
  /// - Returns: nil for a function.
  @inline(never)
  private mutating func literalOrVariable(
    orFunction function: inout ExtensionFunction?
  ) throws(SyntaxError) -> MeasuredExpression? {
    let start = position
    let word = text
    if word == "true" || word == "false" {
      try advance()
      guard !isAt("::") else { throw error("`\(word)` is reserved and can be no name", at: start) }
      return try MeasuredExpression(.bool(word == "true"), at: start, over: 0)
    }
    if word == "if" { throw error("`if` can't stand here", hint: "put the conditional in parentheses") }
    switch try path() {
    case .entity(let uid): return try MeasuredExpression(.entity(uid), at: start, over: 0)
    case .name(let name):
      if isAt("(") {
        function = ExtensionFunction(rawValue: name.text).flatMap { $0.isConstructor ? $0 : nil }
        guard function == nil else { return nil }
        throw unknownFunction(name.text, at: start)
      }
      guard let variable = Variable(rawValue: name.text) else {
        throw error("`\(name.text.shown)` is no variable", at: start, hint: Self.variableHint)
      }
      return try MeasuredExpression(.variable(variable), at: start, over: 0)
    }
  }

  private static let variableHint =
    "expected `principal`, `action`, `resource` or `context`; strings stand in quotes, entities are `Type::\"id\"`"

  @inline(never)
  private func unknownFunction(_ name: String, at start: SourcePosition) -> SyntaxError {
    let isMethod =
      ExtensionFunction(rawValue: name) != nil || name == "isEmpty" || BinaryOperator(rawValue: name) != nil
    if isMethod { return error("`\(name)` is a method, not a function", at: start, hint: "write `x.\(name)(…)`") }
    let functions = ExtensionFunction.allCases.filter(\.isConstructor).map(\.rawValue)
    return error("there is no function `\(name.shown)`", at: start, hint: Self.suggestion(name, among: functions))
  }

  private static func suggestion(_ name: String, among known: [String]) -> String {
    if let near = known.first(where: { $0.lowercased() == name.lowercased() }) { return "did you mean `\(near)`?" }
    return "expected one of " + known.map { "`\($0)`" }.joined(separator: ", ")
  }

  @inline(never)
  private mutating func record() throws(SyntaxError) -> MeasuredExpression {
    let start = position
    try advance()
    var fields = RecordFields()
    while !isAt("}") {
      try recordKey(&fields)
      fields.add(try expression())
      guard try take(",") else { break }
    }
    try expect("}", orComma: true)
    return try MeasuredExpression(.record(fields.elements), at: start, over: fields.height)
  }

  private struct RecordFields {
    var elements: [RecordElement] = []
    /// Keys are equal when their bytes are.
    var keys: Set<[UInt8]> = []
    var key = ""
    var height = 0

    mutating func add(_ value: MeasuredExpression) {
      elements.append(RecordElement(key: key, value: value.expression))
      height = max(height, value.height)
    }
  }

  @inline(never)
  private mutating func recordKey(_ fields: inout RecordFields) throws(SyntaxError) {
    let start = position
    fields.key = token.kind == .string ? try string() : try identifier("a key, an identifier or a string")
    guard fields.keys.insert(Array(fields.key.utf8)).inserted else {
      throw error("the record has the key `\(fields.key.shown)` twice", at: start)
    }
    try expect(":")
  }
}
