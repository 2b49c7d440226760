/// Where a number is (RFC 8259 §6).
enum JSONNumberState: Sendable {
  case start, minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits

  /// Whether the number may end here.
  var isComplete: Bool {
    switch self {
    case .zero, .integer, .fraction, .exponentDigits: true
    default: false
    }
  }

  /// The state behind a byte; nil when the byte does not belong to the number.
  @inline(__always)
  func next(_ byte: UInt8) -> JSONNumberState? {
    let isDigit = BodyBytes.isDigit(byte)
    switch self {
    case .start where byte == UInt8(ascii: "-"): return .minus
    case .start, .minus:
      guard isDigit else { return nil }
      return byte == UInt8(ascii: "0") ? .zero : .integer
    case .zero, .integer:
      if isDigit { return self == .integer ? .integer : nil }
      if byte == UInt8(ascii: ".") { return .point }
      return byte | 0x20 == UInt8(ascii: "e") ? .exponent : nil
    case .point: return isDigit ? .fraction : nil
    case .fraction:
      if isDigit { return .fraction }
      return byte | 0x20 == UInt8(ascii: "e") ? .exponent : nil
    case .exponent:
      if isDigit { return .exponentDigits }
      return byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") ? .exponentSign : nil
    case .exponentSign, .exponentDigits: return isDigit ? .exponentDigits : nil
    }
  }
}

enum JSONLiteral: Sendable {
  case `true`, `false`, null

  var text: StaticString {
    switch self {
    case .true: "true"
    case .false: "false"
    case .null: "null"
    }
  }
}

extension JSONTokenizer {
  /// Answers false when the piece ended within the number or the number is wrong.
  // invariant: reads below `end`; writes a byte for a byte read.
  @inline(__always)
  mutating func readNumber(_ cursor: inout JSONCursor, _ fields: inout [FieldStore.Field]) -> Bool {
    var state = number
    while cursor.position < cursor.end {
      let byte = cursor.input[cursor.position]
      guard let next = state.next(byte) else {
        guard state.isComplete else {
          failure = .invalidNumber
          return false
        }
        endValue(&cursor, &fields)
        return true
      }
      state = next
      cursor.write(byte)
      cursor.position &+= 1
    }
    number = state
    return false
  }

  /// Answers false when the piece ended within the literal or it is none.
  @inline(__always)
  mutating func readLiteral(_ cursor: inout JSONCursor, _ fields: inout [FieldStore.Field]) -> Bool {
    let expected = literal.text
    while cursor.position < cursor.end {
      // invariant: `literalCount` is below the length of the literal, which ends the loop.
      guard cursor.input[cursor.position] == expected.utf8Start[literalCount] else {
        failure = .invalidLiteral
        return false
      }
      cursor.position &+= 1
      literalCount &+= 1
      guard literalCount == expected.utf8CodeUnitCount else { continue }
      if literal != .null { cursor.write(expected) }
      endValue(&cursor, &fields)
      return true
    }
    return false
  }

  /// Ends the body. Answers whether it was one whole value, or empty.
  mutating func finish(_ store: inout FieldStore) -> Bool {
    if mode == .number, number.isComplete {
      store.append(storedName: nameStart..<valueStart, value: valueStart..<store.bytes.count)
      nameStart = store.bytes.count
      mode = containers.isEmpty ? .done : .afterValue
    }
    if mode == .done || consumed == 0 { return true }
    endOpenArgument(&store)
    return false
  }

  /// Makes an argument of what is there of a name or value, so that what a body begins with is seen however it ends.
  mutating func endOpenArgument(_ store: inout FieldStore) {
    guard store.count < limits.arguments else { return }
    switch mode {
    case .key: valueStart = store.bytes.count
    case .string, .number, .literal, .colon: break
    case .value where containers.last?.isArray == false: break
    default: return
    }
    guard nameStart <= valueStart, valueStart <= store.bytes.count else { return }
    store.append(storedName: nameStart..<valueStart, value: valueStart..<store.bytes.count)
  }
}
