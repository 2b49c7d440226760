/// An operator whose right operand is not yet read.
struct WaitingOperator {
  enum Kind {
    case or, and
    case binary(BinaryOperator)
    /// `is … in`
    case isType(Name)
    case not, negate
  }

  /// From the loosest to the tightest.
  enum Level: Int, Comparable {
    case or, and, relation, sum, product, prefix

    static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  let kind: Kind
  let position: SourcePosition
  /// On its left: none of a prefix, one or, of a chain, more.
  private var operands: [Expression] = []
  private var height = 0

  init(_ prefix: Kind, at position: SourcePosition) {
    kind = prefix
    self.position = position
  }

  init(_ kind: Kind, at position: SourcePosition, _ left: MeasuredExpression) {
    self.kind = kind
    self.position = position
    operands = [left.expression]
    height = left.height
    // `(a || b) || c` is `a || b || c`.
    switch (kind, left.expression.kind) {
    case (.or, .or(let inner)), (.and, .and(let inner)):
      operands = inner
      height -= 1
    default: break
    }
  }

  var level: Level {
    switch kind {
    case .or: .or
    case .and: .and
    case .isType: .relation
    case .not, .negate: .prefix
    case .binary(.add), .binary(.subtract): .sum
    case .binary(.multiply): .product
    case .binary: .relation
    }
  }

  /// One more operand of a chain.
  mutating func add(_ operand: MeasuredExpression) {
    operands.append(operand.expression)
    height = max(height, operand.height)
  }

  func completed(with right: MeasuredExpression) throws(SyntaxError) -> MeasuredExpression {
    let left = operands.first ?? right.expression
    let result: Expression.Kind =
      switch kind {
      case .or: .or(operands + [right.expression])
      case .and: .and(operands + [right.expression])
      case .binary(let operation): .binary(operation, left, right.expression)
      case .isType(let type): .isType(left, type, in: right.expression)
      case .not: .not(right.expression)
      case .negate: .negate(right.expression)
      }
    return try MeasuredExpression(result, at: position, over: max(height, right.height))
  }
}
