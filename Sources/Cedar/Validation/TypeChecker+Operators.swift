/// Comparison, arithmetic, sets and records.
extension TypeChecker {
  /// Entities of different types are never equal, two literals are or are not. Otherwise both sides are of one type.
  mutating func equality(_ left: Int, _ right: Int, at position: SourcePosition) -> Typed {
    let first = check(left)
    let second = check(right)
    let isChecked = first.isChecked && second.isChecked
    if let type = first.type?.entityType, let other = second.type?.entityType, type != other {
      return Typed(.always(false), isChecked: isChecked)
    }
    if let value = literal(left), let other = literal(right) {
      return Typed(.always(TypeChecker.isSame(value, other)), isChecked: isChecked)
    }
    return Typed(.bool, isChecked: isComparable(first.type, second.type, at: position) && isChecked)
  }

  /// What a node stands for without a request.
  private func literal(_ index: Int) -> Value? {
    switch tree.nodes[index].kind {
    case .bool(let value): .bool(value)
    case .long(let value): .long(value)
    case .string(let value): .string(value)
    case .entity, .variable(.action): entityLiteral(index).map { .entity($0) }
    default: nil
    }
  }

  /// Byte by byte, where `==` of strings would take different spellings of one character for the same.
  private static func isSame(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.string(let first), .string(let second)): first.utf8.elementsEqual(second.utf8)
    case (.entity(let first), .entity(let second)):
      first.type == second.type && first.id.utf8.elementsEqual(second.id.utf8)
    default: left == right
    }
  }

  /// Whether both are of one type, which is reported when not; true where one has none.
  private mutating func isComparable(_ left: StaticType?, _ right: StaticType?, at position: SourcePosition) -> Bool {
    guard let left, let right, StaticType.common(left, right) == nil else { return true }
    report("`\(left)` and `\(right)` can't be compared", at: position, expected: "values of one type")
    return false
  }

  /// Long, datetime and duration have an order.
  mutating func order(_ left: Int, _ right: Int) -> Typed {
    let first = check(left)
    let second = check(right)
    guard let type = first.type, let other = second.type else { return .failed(.bool) }
    let isOrdered = TypeChecker.hasOrder(type)
    if isOrdered, type == other { return Typed(.bool, isChecked: first.isChecked && second.isChecked) }
    let all = "`Long`, `datetime` or `duration`"
    if !isOrdered {
      let expected = TypeChecker.hasOrder(other) ? "a `\(other)`" : all
      report("the type is `\(type)`", at: tree.nodes[left].position, expected: expected)
    }
    if isOrdered || !TypeChecker.hasOrder(other) {
      report("the type is `\(other)`", at: tree.nodes[right].position, expected: isOrdered ? "a `\(type)`" : all)
    }
    return .failed(.bool)
  }

  private static func hasOrder(_ type: StaticType) -> Bool {
    switch type {
    case .long, .known(.extension(.datetime)), .known(.extension(.duration)): true
    default: false
    }
  }

  mutating func arithmetic(_ operation: BinaryOperator, _ left: Int, _ right: Int) -> Typed {
    let hint: (StaticType) -> String? = { operation == .add && $0 == .string ? "as strings can't be joined" : nil }
    let first = expect(left, .long, hint: hint)
    let second = expect(right, .long, hint: hint)
    return Typed(.long, isChecked: first.isChecked && second.isChecked)
  }

  mutating func contains(_ set: Int, _ element: Int, at position: SourcePosition) -> Typed {
    let owner = expect(set, .set) { type in
      if type.entityType != nil { "or `in`" } else if type.isRecord { "or `has`" } else { nil }
    }
    let value = check(element)
    let isComparable = isComparable(owner.type?.element, value.type, at: position)
    return Typed(.bool, isChecked: isComparable && owner.isChecked && value.isChecked)
  }

  mutating func containsSome(_ left: Int, _ right: Int, at position: SourcePosition) -> Typed {
    let first = expect(left, .set)
    let second = expect(right, .set) { _ in "or `contains`" }
    let isComparable = isComparable(first.type, second.type, at: position)
    return Typed(.bool, isChecked: isComparable && first.isChecked && second.isChecked)
  }

  mutating func set(_ elements: [Int], at position: SourcePosition) -> Typed {
    guard !elements.isEmpty else {
      report("an empty set has no type", at: position, expected: "at least one element")
      return .failed(nil)
    }
    var common: StaticType?
    var isChecked = true
    var isTyped = true
    for (index, element) in elements.enumerated() {
      let result = check(element)
      isChecked = isChecked && result.isChecked
      guard let type = result.type, isTyped else {
        isTyped = false
        continue
      }
      guard index > 0, let other = common else {
        common = type
        continue
      }
      common = StaticType.common(other, type)
      if common == nil {
        report("`\(other)` and `\(type)` are in one set", at: position, expected: "elements of one type")
        isTyped = false
      }
    }
    guard isTyped, let common else { return .failed(nil) }
    return Typed(StaticType.set(of: common), isChecked: isChecked)
  }

  mutating func record(_ elements: [(key: String, value: Int)]) -> Typed {
    var attributes: [String: StaticType] = [:]
    var isChecked = true
    var isTyped = true
    for element in elements {
      let result = check(element.value)
      isChecked = isChecked && result.isChecked
      attributes[element.key] = result.type
      if result.type == nil { isTyped = false }
    }
    return isTyped ? Typed(StaticType.record(of: attributes), isChecked: isChecked) : .failed(nil)
  }
}
