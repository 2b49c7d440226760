/// `&&`, `||`, `!` and `if`: what is never evaluated is not checked.
extension TypeChecker {
  /// Each operand knows what the ones before it have asked. What follows one that is always false is left out.
  mutating func conjunction(_ operands: [Int]) -> Typed {
    var result = Typed(.always(true))
    var learned: [Set<Capability>] = []
    for operand in operands {
      guard result.type != .always(false) else { break }
      let right = expect(operand, .bool)
      result.type = TypeChecker.both(result.type, right.type)
      result.isChecked = result.isChecked && right.isChecked
      result.capabilities.formUnion(right.capabilities)
      learn(right.capabilities)
      learned.append(right.capabilities)
    }
    for capabilities in learned { forget(capabilities) }
    if result.type == .always(false) || !result.isChecked { result.capabilities = [] }
    return result
  }

  private static func both(_ left: StaticType?, _ right: StaticType?) -> StaticType {
    guard let left, let right else { return .bool }
    return switch (left, right) {
    case (_, .always(false)): .always(false)
    case (_, .always(true)): left
    case (.always(true), _): right
    default: .bool
    }
  }

  /// What follows an operand that is always true is left out. Known is what all operands ask that may be true.
  mutating func disjunction(_ operands: [Int]) -> Typed {
    var result = Typed(.always(false))
    for operand in operands {
      guard result.type != .always(true) else { break }
      let right = expect(operand, .bool)
      result.isChecked = result.isChecked && right.isChecked
      switch (result.type, right.type) {
      case (nil, _), (_, nil):
        result.type = .bool
        result.capabilities = []
      case (_, .always(true)), (.always(false), _):
        result.type = right.type
        result.capabilities = right.capabilities
      case (_, .always(false)): break
      default:
        result.type = .bool
        result.capabilities.formIntersection(right.capabilities)
      }
    }
    if !result.isChecked { result.capabilities = [] }
    return result
  }

  mutating func negation(_ operand: Int) -> Typed {
    expect(operand, .bool).mapping { type in
      if case .always(let value) = type { .always(!value) } else { .bool }
    }
  }

  /// Only the branch that may be taken is checked.
  mutating func conditional(_ test: Int, _ then: Int, _ otherwise: Int, at position: SourcePosition) -> Typed {
    let test = expect(test, .bool)
    if test.type == .always(false) {
      let result = check(otherwise)
      return Typed(
        result.type, isChecked: test.isChecked && result.isChecked, capabilities: result.capabilities)
    }
    learn(test.capabilities)
    let first = check(then)
    forget(test.capabilities)
    let capabilities = first.capabilities.union(test.capabilities)
    if test.type == .always(true) {
      return Typed(first.type, isChecked: test.isChecked && first.isChecked, capabilities: capabilities)
    }
    let second = check(otherwise)
    guard let thenType = first.type, let elseType = second.type else { return .failed(nil) }
    guard let type = StaticType.common(thenType, elseType) else {
      report("`\(thenType)` and `\(elseType)` have no common type", at: position, expected: "branches of one type")
      return .failed(nil)
    }
    return Typed(
      type, isChecked: test.isChecked && first.isChecked && second.isChecked,
      capabilities: capabilities.intersection(second.capabilities))
  }
}
