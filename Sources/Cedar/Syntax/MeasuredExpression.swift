/// An expression with its height: how many expressions lie within each other in it.
struct MeasuredExpression {
  var expression: Expression
  var height: Int

  /// - Parameter height: that of the highest operand, 0 without any.
  /// - Throws: when the expression would be higher than `CedarLimits.expressionDepth`.
  init(_ kind: Expression.Kind, at position: SourcePosition, over height: Int) throws(SyntaxError) {
    guard height < CedarLimits.expressionDepth else { throw MeasuredExpression.tooDeep(at: position) }
    expression = Expression(kind, at: position)
    self.height = height + 1
  }

  static func tooDeep(at position: SourcePosition) -> SyntaxError {
    SyntaxError("the expression is deeper than \(CedarLimits.expressionDepth) levels", at: position)
  }
}
