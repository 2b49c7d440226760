/// Where a run of the tokenizer reads and writes.
// invariant: `input` has `end` bytes and `position` never passes it; `output` has room up to `capacity`. Made and used
// within one call that holds both buffers.
struct JSONCursor {
  let input: UnsafePointer<UInt8>
  var position: Int
  let end: Int
  let output: UnsafeMutablePointer<UInt8>
  var used: Int
  let capacity: Int

  /// Bytes not yet read.
  @inline(__always)
  var rest: Int { end &- position }

  @inline(__always)
  mutating func write(_ byte: UInt8) {
    output[used] = byte
    used &+= 1
  }

  @inline(__always)
  mutating func write(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { output[used &+ index] = text.utf8Start[index] }
    used &+= text.utf8CodeUnitCount
  }

  /// Copies bytes written before.
  @inline(__always)
  mutating func copy(from start: Int, count: Int) {
    (output + used).update(from: output + start, count: count)
    used &+= count
  }
}

/// The state of JSON between two pieces. A name is written where its argument will stand: the name of the object or
/// array around it, then its own; when the value turns out to be an object or array, that name becomes the prefix of
/// what is inside.
struct JSONTokenizer: Sendable {
  enum Mode: Sendable {
    /// → string, number, literal, keyOrEnd, valueOrEnd
    case value
    /// Behind `[`. → as value, afterValue, done
    case valueOrEnd
    /// Behind `{`. → key, afterValue, done
    case keyOrEnd
    /// Behind `,` in an object. → key
    case keyStart
    /// In a name. → keyEscape, colon
    case key
    /// → value
    case colon
    /// → afterValue, done
    case string, number, literal
    /// → keyStart, value, afterValue, done
    case afterValue
    /// Only white space may follow.
    case done
  }

  /// An object or array that is open.
  struct Container: Sendable {
    var isArray: Bool
    /// Elements before the one being read.
    var index: Int
    /// Where the prefix of names in it stands.
    var prefix: Int
    var prefixCount: Int
  }

  let limits: BodyLimits
  var mode = Mode.value
  var containers: [Container] = []
  /// The argument being read; its value begins where its name ends.
  var nameStart = 0
  var valueStart = 0
  var text = JSONTextState()
  var number = JSONNumberState.start
  /// The literal being read and how many of its bytes were there.
  var literal = JSONLiteral.null
  var literalCount = 0
  var failure: JSONFailure?
  var consumed = 0

  init(limits: BodyLimits) { self.limits = limits }

  /// Room a name may need before any of it is read, beside the bytes of the piece.
  var neededRoom: Int { (containers.last?.prefixCount ?? 0) &+ 128 }

  // MARK: Running

  /// Reads until the piece ends, something is wrong, or more room is needed.
  mutating func run(_ cursor: inout JSONCursor, _ fields: inout [FieldStore.Field]) {
    while cursor.position < cursor.end {
      switch mode {
      case .key, .string:
        guard text.read(&cursor) else {
          if let reason = text.failure { return fail(reason) }
          return
        }
        if mode == .key { endKey(&cursor) } else { endValue(&cursor, &fields) }
      case .number:
        guard readNumber(&cursor, &fields) else { return }
      case .literal:
        guard readLiteral(&cursor, &fields) else { return }
      default:
        let byte = cursor.input[cursor.position]
        if byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
          cursor.position &+= 1
          continue
        }
        guard structure(byte, &cursor, &fields) else { return }
      }
    }
  }

  mutating func fail(_ reason: JSONFailure) { failure = reason }

  /// One byte between values. Answers false when it could not be taken.
  @inline(__always)
  private mutating func structure(
    _ byte: UInt8, _ cursor: inout JSONCursor, _ fields: inout [FieldStore.Field]
  ) -> Bool {
    switch mode {
    case .afterValue:
      return separator(byte, &cursor)
    case .colon:
      guard byte == UInt8(ascii: ":") else { return refuse(.expectedColon) }
      mode = .value
      cursor.position &+= 1
      return true
    case .keyOrEnd, .keyStart:
      if byte == UInt8(ascii: "\"") { return beginKey(&cursor) }
      guard byte == UInt8(ascii: "}"), mode == .keyOrEnd else { return refuse(.expectedKey) }
      return close(&cursor)
    case .valueOrEnd where byte == UInt8(ascii: "]"):
      return close(&cursor)
    case .done: return refuse(.trailingData)
    default:
      return beginValue(byte, &cursor, fields.count)
    }
  }

  private mutating func refuse(_ reason: JSONFailure) -> Bool {
    failure = reason
    return false
  }

  @inline(__always)
  private mutating func separator(_ byte: UInt8, _ cursor: inout JSONCursor) -> Bool {
    let isArray = containers[containers.count &- 1].isArray
    if byte == UInt8(ascii: ",") {
      mode = isArray ? .value : .keyStart
      cursor.position &+= 1
      return true
    }
    guard byte == (isArray ? UInt8(ascii: "]") : UInt8(ascii: "}")) else { return refuse(.expectedComma) }
    return close(&cursor)
  }

  private mutating func close(_ cursor: inout JSONCursor) -> Bool {
    containers.removeLast()
    cursor.position &+= 1
    nameStart = cursor.used
    afterValue()
    return true
  }

  @inline(__always)
  private mutating func afterValue() {
    guard !containers.isEmpty else {
      mode = .done
      return
    }
    let last = containers.count &- 1
    if containers[last].isArray { containers[last].index &+= 1 }
    mode = .afterValue
  }

  // MARK: Names

  /// Whether a prefix fits, with the rest of the piece and the 64 bytes that a name may have besides; otherwise the
  /// caller makes room and comes back.
  @inline(__always)
  private mutating func hasRoom(_ prefixCount: Int, _ cursor: JSONCursor) -> Bool {
    if cursor.used &+ prefixCount > limits.storedBytes { return refuse(.tooLong) }
    return cursor.capacity &- cursor.used >= prefixCount &+ cursor.rest &+ 64
  }

  private mutating func beginKey(_ cursor: inout JSONCursor) -> Bool {
    let container = containers[containers.count &- 1]
    guard hasRoom(container.prefixCount, cursor) else { return false }
    nameStart = cursor.used
    cursor.copy(from: container.prefix, count: container.prefixCount)
    valueStart = cursor.used
    cursor.position &+= 1
    mode = .key
    return true
  }

  @inline(__always)
  private mutating func endKey(_ cursor: inout JSONCursor) {
    if cursor.used == valueStart { cursor.write("empty-key") }
    valueStart = cursor.used
    mode = .colon
  }

  /// Writes the name of an element or of the only value.
  @inline(__always)
  private mutating func beginElement(_ cursor: inout JSONCursor) -> Bool {
    guard let container = containers.last else {
      guard hasRoom(4, cursor) else { return false }
      nameStart = cursor.used
      cursor.write("json")
      valueStart = cursor.used
      return true
    }
    guard container.isArray else { return true }
    guard hasRoom(container.prefixCount &+ 24, cursor) else { return false }
    nameStart = cursor.used
    cursor.copy(from: container.prefix, count: container.prefixCount)
    writeDecimal(container.index, &cursor)
    valueStart = cursor.used
    return true
  }

  @inline(__always)
  private func writeDecimal(_ value: Int, _ cursor: inout JSONCursor) {
    var digits = 1
    var bound = 10
    while value >= bound, digits < 18 {
      digits &+= 1
      bound &*= 10
    }
    var rest = value
    var place = cursor.used &+ digits
    while place > cursor.used {
      place &-= 1
      cursor.output[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    cursor.used &+= digits
  }

  // MARK: Values

  private mutating func beginValue(_ byte: UInt8, _ cursor: inout JSONCursor, _ count: Int) -> Bool {
    let isContainer = byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
    if !isContainer, count >= limits.arguments { return refuse(.tooManyArguments) }
    if isContainer, containers.count >= limits.jsonDepth { return refuse(.tooDeep) }
    switch byte {
    case UInt8(ascii: "\""):
      guard beginElement(&cursor) else { return false }
      mode = .string
      cursor.position &+= 1
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard beginElement(&cursor) else { return false }
      open(isArray: byte == UInt8(ascii: "["), &cursor)
      cursor.position &+= 1
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      guard beginElement(&cursor) else { return false }
      mode = .number
      number = .start
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
      guard beginElement(&cursor) else { return false }
      mode = .literal
      literal = byte == UInt8(ascii: "t") ? .true : byte == UInt8(ascii: "f") ? .false : .null
      literalCount = 0
    default: return refuse(.expectedValue)
    }
    return true
  }

  private mutating func open(isArray: Bool, _ cursor: inout JSONCursor) {
    if isArray { cursor.write(".array_") } else { cursor.write(".") }
    containers.append(
      Container(isArray: isArray, index: 0, prefix: nameStart, prefixCount: cursor.used &- nameStart))
    nameStart = cursor.used
    mode = isArray ? .valueOrEnd : .keyOrEnd
  }

  @inline(__always)
  mutating func endValue(_ cursor: inout JSONCursor, _ fields: inout [FieldStore.Field]) {
    fields.append(FieldStore.Field(name: nameStart..<valueStart, value: valueStart..<cursor.used))
    nameStart = cursor.used
    afterValue()
  }
}
