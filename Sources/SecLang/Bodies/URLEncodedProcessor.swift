/// Reads `application/x-www-form-urlencoded` bodies and query strings, in pieces of any size.
///
/// As ModSecurity 3 does: the first `=` ends the name, `+` is a space, `%` with two hexadecimal digits is a byte, any
/// other `%` stays and is counted; nothing between two separators is an argument without a name, nothing behind the
/// last one is none.
package struct URLEncodedProcessor: Sendable {
  private enum Escape: Sendable {
    /// → percent
    case none
    /// Behind `%`. → none, digit
    case percent
    /// Behind `%` and a digit, kept as it was written. → none, percent
    case digit(UInt8)
  }

  /// The arguments, in their order, duplicates kept.
  package private(set) var fields = FieldStore()
  /// `%` without two hexadecimal digits; any makes `URLENCODED_ERROR` 1.
  package private(set) var invalidEncodings = 0
  package var hasInvalidEncoding: Bool { invalidEncodings > 0 }
  /// Arguments that were not kept because of ``BodyLimits/arguments``.
  package private(set) var omittedArguments = 0
  /// Set when the body is longer than ``BodyLimits/storedBytes``: what is beyond was not read.
  package private(set) var error: BodyError?

  private let separator: UInt8
  private let limits: BodyLimits
  private var escape = Escape.none
  private var isInName = true
  /// Whether anything stands behind the last separator.
  private var isOpen = false
  private var nameStart = 0
  private var valueStart = 0
  private var consumed = 0

  /// - Parameter separator: what stands between arguments (`SecArgumentSeparator`).
  /// - Parameter store: its memory is used again, what it holds is forgotten.
  package init(
    limits: BodyLimits = BodyLimits(), separator: UInt8 = UInt8(ascii: "&"),
    reusing store: consuming FieldStore = FieldStore()
  ) {
    self.limits = limits
    self.separator = separator
    fields = store
    fields.removeAll(keepingCapacity: true)
  }

  package mutating func received(_ part: Span<UInt8>) {
    let left = limits.storedBytes &- consumed
    if part.count > left, error == nil {
      error = BodyError(.limit, "urlencoded: more than \(limits.storedBytes) bytes", offset: limits.storedBytes)
    }
    let part = part.extracting(first: max(0, left))
    guard !part.isEmpty else { return }
    consumed &+= part.count
    var store = FieldStore()
    swap(&store, &fields)
    // Decoding never makes more of a piece than it has, apart from an escape begun in the piece before.
    store.withRoom(part.count &+ 16) { start, used, _, fields in
      // invariant: positions stay below the count of the part; what is written is within the room asked for.
      part.withUnsafeBufferPointer { input in
        guard let base = input.baseAddress else { return }
        read(base, count: input.count, into: start, used: &used, fields: &fields)
      }
    }
    swap(&store, &fields)
  }

  package mutating func finished() {
    guard isOpen else { return }
    var store = FieldStore()
    swap(&store, &fields)
    store.withRoom(16) { start, used, _, fields in
      endEscape(into: start, used: &used)
      endArgument(used: used, fields: &fields)
    }
    swap(&store, &fields)
    isOpen = false
  }

  // invariant: `count` bytes can be read; the room behind `used` holds as many and 16 more.
  private mutating func read(
    _ input: UnsafePointer<UInt8>, count: Int, into output: UnsafeMutablePointer<UInt8>, used: inout Int,
    fields: inout [FieldStore.Field]
  ) {
    var position = 0
    while position < count {
      if case .none = escape {
        let plain = plainBytes(input + position, count: count &- position, to: output + used)
        position &+= plain
        used &+= plain
        if plain > 0 { isOpen = true }
        guard position < count else { return }
        if input[position] == UInt8(ascii: "%"), count &- position > 2,
          let high = HexDigit.value(input[position &+ 1]), let low = HexDigit.value(input[position &+ 2])
        {
          output[used] = high << 4 | low
          used &+= 1
          position &+= 3
          isOpen = true
          continue
        }
      }
      take(input[position], into: output, used: &used, fields: &fields)
      position &+= 1
    }
  }

  /// Copies the bytes that stand for themselves, and plus signs, which stand for spaces.
  // invariant: reads `count` bytes, writes up to 7 more than it answers, which the room allows for.
  @inline(__always)
  private func plainBytes(_ input: UnsafePointer<UInt8>, count: Int, to output: UnsafeMutablePointer<UInt8>) -> Int {
    let equals = isInName ? UInt8(ascii: "=") : separator
    var done = 0
    while done &+ 8 <= count {
      let word = UnsafeRawPointer(input + done).loadUnaligned(as: UInt64.self)
      UnsafeMutableRawPointer(output + done).storeBytes(of: ByteWord.spacesForPlus(word), as: UInt64.self)
      let stops =
        ByteWord.zeroes(word ^ ByteWord.repeating(UInt8(ascii: "%")))
        | ByteWord.zeroes(word ^ ByteWord.repeating(separator))
        | ByteWord.zeroes(word ^ ByteWord.repeating(equals))
      if stops != 0 { return done &+ ByteWord.firstMark(stops) }
      done &+= 8
    }
    while done < count {
      let byte = input[done]
      if byte == UInt8(ascii: "%") || byte == separator || byte == equals { break }
      output[done] = byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte
      done &+= 1
    }
    return done
  }

  // invariant: writes at most three bytes behind `used`.
  private mutating func take(
    _ byte: UInt8, into output: UnsafeMutablePointer<UInt8>, used: inout Int, fields: inout [FieldStore.Field]
  ) {
    switch escape {
    case .none: break
    case .percent:
      if HexDigit.value(byte) != nil {
        escape = .digit(byte)
        return
      }
      endEscape(into: output, used: &used)
    case .digit(let first):
      if let high = HexDigit.value(first), let low = HexDigit.value(byte) {
        output[used] = high << 4 | low
        used &+= 1
        escape = .none
        return
      }
      endEscape(into: output, used: &used)
    }
    switch byte {
    case separator:
      endArgument(used: used, fields: &fields)
      isOpen = false
      return
    case UInt8(ascii: "=") where isInName:
      isInName = false
      valueStart = used
    case UInt8(ascii: "%"): escape = .percent
    default:
      output[used] = byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte
      used &+= 1
    }
    isOpen = true
  }

  /// Writes an escape that is none as it stands.
  // invariant: writes at most two bytes behind `used`.
  private mutating func endEscape(into output: UnsafeMutablePointer<UInt8>, used: inout Int) {
    switch escape {
    case .none: return
    case .percent: break
    case .digit(let digit):
      output[used &+ 1] = digit
    }
    output[used] = UInt8(ascii: "%")
    if case .digit = escape { used &+= 2 } else { used &+= 1 }
    invalidEncodings &+= 1
    escape = .none
  }

  private mutating func endArgument(used: Int, fields: inout [FieldStore.Field]) {
    if isInName { valueStart = used }
    if fields.count < limits.arguments {
      fields.append(FieldStore.Field(name: nameStart..<valueStart, value: valueStart..<used))
    } else {
      omittedArguments &+= 1
    }
    nameStart = used
    isInName = true
  }
}
