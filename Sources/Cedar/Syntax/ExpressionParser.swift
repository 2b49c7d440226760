/// Expressions. Operators and attributes have the place of the operator or the name, everything else where it begins.
///
/// Frames of what calls itself are kept small: a conditional, a bracket or an argument within another takes about a kilobyte
/// of stack.
extension PolicyParser {
  mutating func expression() throws(SyntaxError) -> MeasuredExpression {
    guard nesting < CedarLimits.expressionDepth else { throw MeasuredExpression.tooDeep(at: position) }
    nesting += 1
    defer { nesting -= 1 }
    return isAt(word: "if") ? try conditional() : try operation()
  }

  @inline(never)
  private mutating func conditional() throws(SyntaxError) -> MeasuredExpression {
    let start = position
    try advance()
    let condition = try expression()
    try word("then")
    let then = try expression()
    try word("else")
    let otherwise = try expression()
    return try MeasuredExpression(
      .conditional(condition.expression, then: then.expression, else: otherwise.expression), at: start,
      over: max(condition.height, then.height, otherwise.height))
  }

  @inline(never)
  private mutating func word(_ word: StaticString) throws(SyntaxError) {
    guard try take(word: word) else { throw unexpected("`\(word)`") }
  }

  /// Operands with operators between them. An operator waits until one that holds less tightly, or the end, follows its
  /// right operand.
  @inline(never)
  private mutating func operation() throws(SyntaxError) -> MeasuredExpression {
    let base = waiting.count
    var value = try operand()
    /// Whether the value is a `has`, `like` or `is`, which takes part in no sum, product or other relation.
    var isRelation = false
    while let next = try nextOperator(), !isRelation || next <= .relation {
      try reduce(&value, upTo: next, above: base)
      if next == .relation, isRelation || waiting.count > base && waiting[waiting.count - 1].level == .relation {
        throw chained()
      }
      let property = next == .relation ? try property(of: &value) : .none
      isRelation = property == .complete
      if isRelation { continue }
      if property == .none { try wait(with: value, at: next, above: base) }
      value = try operand()
    }
    try reduce(&value, upTo: .or, above: base)
    if waiting.count > base { try complete(&value) }
    return value
  }

  @inline(never)
  private func chained() -> SyntaxError {
    error("`\(text.shown)` can't follow another relation", hint: "group them with parentheses")
  }

  private static let relations: [(StaticString, BinaryOperator)] = [
    ("==", .equal), ("!=", .notEqual), ("<", .less), ("<=", .lessOrEqual), (">", .greater), (">=", .greaterOrEqual),
  ]

  private var relationOperator: BinaryOperator? {
    isAt(word: "in") ? .in : Self.relations.first { isAt($0.0) }?.1
  }

  /// How tightly the operator at the token holds; nil where there is none.
  @inline(never)
  private func nextOperator() throws(SyntaxError) -> WaitingOperator.Level? {
    if token.kind == .identifier {
      return isAt(word: "in") || isAt(word: "has") || isAt(word: "like") || isAt(word: "is") ? .relation : nil
    }
    if isAt("&&") { return .and }
    if isAt("||") { return .or }
    if isAt("+") || isAt("-") { return .sum }
    if isAt("*") { return .product }
    if relationOperator != nil { return .relation }
    if isAt("=") { throw error("`=` is no operator", hint: "use `==`") }
    if isAt("/") { throw error("there is no division", hint: "compare products with `*` instead") }
    if isAt("%") { throw error("there is no remainder") }
    return nil
  }

  /// Lets the operator at the token wait for its right operand.
  @inline(never)
  private mutating func wait(
    with left: MeasuredExpression, at level: WaitingOperator.Level, above base: Int
  ) throws(SyntaxError) {
    let start = position
    switch level {
    case .or, .and:
      try advance()
      if waiting.count > base, waiting[waiting.count - 1].level == level {
        waiting[waiting.count - 1].add(left)
      } else {
        waiting.append(WaitingOperator(level == .or ? .or : .and, at: start, left))
      }
    case .relation:
      guard let operation = relationOperator else { return }
      try advance()
      waiting.append(WaitingOperator(.binary(operation), at: start, left))
    case .sum, .product, .prefix:
      let operation: BinaryOperator = level == .product ? .multiply : isAt("+") ? .add : .subtract
      try advance()
      waiting.append(WaitingOperator(.binary(operation), at: start, left))
    }
  }

  /// Completes the operators that hold more tightly than the next one, or as tightly where they go from left to right.
  @inline(never)
  private mutating func reduce(
    _ value: inout MeasuredExpression, upTo next: WaitingOperator.Level, above base: Int
  ) throws(SyntaxError) {
    while waiting.count > base {
      let level = waiting[waiting.count - 1].level
      guard level > next || level == next && next >= .sum else { return }
      try complete(&value)
    }
  }

  /// Gives the last operator that waits its right operand.
  @inline(never)
  private mutating func complete(_ value: inout MeasuredExpression) throws(SyntaxError) {
    guard let operation = waiting.popLast() else { return }
    value = try operation.completed(with: value)
  }

  private enum Property {
    /// No property stands at the token.
    case none
    /// The value has become the property.
    case complete
    /// `is … in` waits for its right operand.
    case waits
  }

  /// Reads what `has`, `like` or `is` makes of the value.
  @inline(never)
  private mutating func property(of value: inout MeasuredExpression) throws(SyntaxError) -> Property {
    let start = position
    if isAt(word: "has") {
      try advance()
      let names = try attributeNames()
      // As high as what it stands for, `x has a && x.a has b && …`.
      value = try MeasuredExpression(
        .has(value.expression, names), at: start, over: value.height + names.count - 1)
      return .complete
    }
    if isAt(word: "like") {
      try advance()
      value = try MeasuredExpression(.like(value.expression, try pattern()), at: start, over: value.height)
      return .complete
    }
    guard isAt(word: "is") else { return .none }
    try advance()
    let type = try typeName()
    if isAt(word: "in") {
      try advance()
      waiting.append(WaitingOperator(.isType(type), at: start, value))
      return .waits
    }
    value = try MeasuredExpression(.isType(value.expression, type, in: nil), at: start, over: value.height)
    return .complete
  }

  /// What stands after `has`: a string, or identifiers with `.` between them.
  private mutating func attributeNames() throws(SyntaxError) -> [String] {
    if token.kind == .string { return [try string()] }
    var names: [String] = []
    repeat {
      names.append(try identifier(names.isEmpty ? "the name of an attribute, or a string" : "the name of an attribute"))
    } while try take(".")
    return names
  }

  private mutating func pattern() throws(SyntaxError) -> Pattern {
    guard token.kind == .string else { throw unexpected("a pattern in quotes") }
    var elements: [Pattern.Element] = []
    try StringLiteral.unescape(token.range, in: source, allowsStar: true) { scalar, isStar in
      elements.append(scalar == "*" && !isStar ? .wildcard : .scalar(scalar))
    }
    try advance()
    return Pattern(elements)
  }

  private mutating func operand() throws(SyntaxError) -> MeasuredExpression {
    let isNegative = try prefixes()
    return try member(isNegative: isNegative)
  }

  private static let prefixLimit = 4

  /// Lets up to four of `!` or of `-`, not both, wait for their operand.
  /// - Returns: whether the last is a `-`.
  @inline(never)
  private mutating func prefixes() throws(SyntaxError) -> Bool {
    let isNot = isAt("!")
    guard isNot || isAt("-") else { return false }
    let symbol: StaticString = isNot ? "!" : "-"
    var count = 0
    while isAt(symbol) {
      guard count < Self.prefixLimit else {
        throw error("there are more than \(Self.prefixLimit) of `\(symbol)` in a row")
      }
      waiting.append(WaitingOperator(isNot ? .not : .negate, at: position))
      count += 1
      try advance()
    }
    return !isNot
  }
}
