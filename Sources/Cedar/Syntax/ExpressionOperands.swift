extension Expression {
  /// The expressions that this one is made of, in the order of the text.
  package var operands: [Expression] {
    switch kind {
    case .bool, .long, .string, .entity, .variable, .slot: []
    case .conditional(let condition, let then, let otherwise): [condition, then, otherwise]
    case .and(let operands), .or(let operands), .set(let operands), .call(_, let operands): operands
    case .not(let operand), .negate(let operand), .isEmpty(let operand), .attribute(let operand, _): [operand]
    case .has(let operand, _), .like(let operand, _): [operand]
    case .binary(_, let left, let right): [left, right]
    case .isType(let operand, _, let ancestor): ancestor.map { [operand, $0] } ?? [operand]
    case .record(let elements): elements.map(\.value)
    }
  }

  /// The same expression with other operands, as many as it has.
  package func withOperands(_ operands: [Expression]) -> Expression {
    var rest = operands[...]
    func next(_ old: Expression) -> Expression { rest.popFirst() ?? old }
    let kind: Kind =
      switch self.kind {
      case .bool, .long, .string, .entity, .variable, .slot: self.kind
      case .conditional(let condition, let then, let otherwise):
        .conditional(next(condition), then: next(then), else: next(otherwise))
      case .and: .and(operands)
      case .or: .or(operands)
      case .set: .set(operands)
      case .call(let function, _): .call(function, operands)
      case .not(let operand): .not(next(operand))
      case .negate(let operand): .negate(next(operand))
      case .isEmpty(let operand): .isEmpty(next(operand))
      case .attribute(let operand, let name): .attribute(next(operand), name)
      case .has(let operand, let names): .has(next(operand), names)
      case .like(let operand, let pattern): .like(next(operand), pattern)
      case .binary(let operation, let left, let right): .binary(operation, next(left), next(right))
      case .isType(let operand, let type, let ancestor): .isType(next(operand), type, in: ancestor.map(next))
      case .record(let elements): .record(elements.map { RecordElement(key: $0.key, value: next($0.value)) })
      }
    return Expression(kind, at: position)
  }

  /// The same expression without places, to compare what was read from different texts.
  package var withoutPositions: Expression {
    var result = withOperands(operands.map(\.withoutPositions))
    result.position = .none
    return result
  }
}

extension Policy {
  /// The same policy without places, to compare what was read from different texts.
  package var withoutPositions: Policy {
    var policy = self
    policy.position = .none
    policy.conditions = conditions.map { Condition($0.kind, $0.body.withoutPositions) }
    return policy
  }
}
