/// A JSON string between two pieces: unescaped and checked as it is copied.
struct JSONTextState: Sendable {
  private enum Step: Sendable {
    /// → escape, continuation
    case plain
    /// Behind `\`. → plain, unicode
    case escape
    /// Behind `\u`. → plain
    case unicode
    /// Within a character of several bytes. → plain
    case continuation
  }

  private var step = Step.plain
  /// Hexadecimal digits of `\u` so far, and what they say.
  private var digits = 0
  private var unit: UInt32 = 0
  /// The first half of a surrogate pair, waiting for the second; 0 without one.
  private var high: UInt32 = 0
  /// Bytes missing from a character, and between what the next must be.
  private var missing = 0
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xbf
  private(set) var failure: JSONFailure?

  /// Answers true behind the closing quote, false when the piece ended or the string is wrong.
  // invariant: reads below `end`; writes no more than it reads, apart from the end of an escape begun before.
  @inline(__always)
  mutating func read(_ cursor: inout JSONCursor) -> Bool {
    while cursor.position < cursor.end {
      if step == .plain, high == 0 {
        Self.copyPlain(&cursor)
        guard cursor.position < cursor.end else { return false }
        let byte = cursor.input[cursor.position]
        if byte == UInt8(ascii: "\"") {
          cursor.position &+= 1
          return true
        }
      }
      if special(cursor.input[cursor.position], &cursor) { return true }
      if failure != nil { return false }
    }
    return false
  }

  /// Copies printable ASCII other than `"` and `\`, eight bytes at a time.
  // invariant: eight bytes are read only where eight are left; the room holds what is left and more than 8 besides.
  @inline(__always)
  private static func copyPlain(_ cursor: inout JSONCursor) {
    var position = cursor.position
    var used = cursor.used
    let end = cursor.end
    while end &- position >= 8 {
      let word = UnsafeRawPointer(cursor.input + position).loadUnaligned(as: UInt64.self)
      UnsafeMutableRawPointer(cursor.output + used).storeBytes(of: word, as: UInt64.self)
      let stops =
        ByteWord.zeroes(word ^ ByteWord.repeating(UInt8(ascii: "\"")))
        | ByteWord.zeroes(word ^ ByteWord.repeating(UInt8(ascii: "\\")))
        | ByteWord.controls(word) | ByteWord.highs(word)
      if stops != 0 {
        let count = ByteWord.firstMark(stops)
        cursor.position = position &+ count
        cursor.used = used &+ count
        return
      }
      position &+= 8
      used &+= 8
    }
    while position < end {
      let byte = cursor.input[position]
      if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      cursor.output[used] = byte
      position &+= 1
      used &+= 1
    }
    cursor.position = position
    cursor.used = used
  }

  /// One byte that does not stand for itself alone. Answers true for the closing quote.
  private mutating func special(_ byte: UInt8, _ cursor: inout JSONCursor) -> Bool {
    switch step {
    case .plain: return plain(byte, &cursor)
    case .escape: escaped(byte, &cursor)
    case .unicode: hexadecimal(byte, &cursor)
    case .continuation:
      guard byte >= lowest, byte <= highest else {
        failure = .invalidUTF8
        return false
      }
      cursor.write(byte)
      missing &-= 1
      lowest = 0x80
      highest = 0xbf
      if missing == 0 { step = .plain }
    }
    if failure == nil { cursor.position &+= 1 }
    return false
  }

  private mutating func plain(_ byte: UInt8, _ cursor: inout JSONCursor) -> Bool {
    if byte == UInt8(ascii: "\\") {
      step = .escape
      cursor.position &+= 1
      return false
    }
    endHalf(&cursor)
    if byte == UInt8(ascii: "\"") {
      cursor.position &+= 1
      return true
    }
    if byte < 0x20 {
      failure = .controlInString
      return false
    }
    if byte >= 0x80 {
      guard begin(byte) else {
        failure = .invalidUTF8
        return false
      }
      step = .continuation
    }
    cursor.write(byte)
    cursor.position &+= 1
    return false
  }

  /// Writes half of a surrogate pair that stayed alone.
  private mutating func endHalf(_ cursor: inout JSONCursor) {
    guard high != 0 else { return }
    cursor.write(UInt8(ascii: "?"))
    high = 0
  }

  /// The first byte of a character of several (RFC 3629 §4).
  private mutating func begin(_ byte: UInt8) -> Bool {
    switch byte {
    case 0xc2...0xdf: missing = 1
    case 0xe0...0xef: missing = 2
    case 0xf0...0xf4: missing = 3
    default: return false
    }
    switch byte {
    case 0xe0: lowest = 0xa0
    case 0xed: highest = 0x9f
    case 0xf0: lowest = 0x90
    case 0xf4: highest = 0x8f
    default: break
    }
    return true
  }

  private mutating func escaped(_ byte: UInt8, _ cursor: inout JSONCursor) {
    step = .plain
    if byte == UInt8(ascii: "u") {
      step = .unicode
      digits = 0
      unit = 0
      return
    }
    endHalf(&cursor)
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): cursor.write(byte)
    case UInt8(ascii: "b"): cursor.write(0x08)
    case UInt8(ascii: "f"): cursor.write(0x0c)
    case UInt8(ascii: "n"): cursor.write(0x0a)
    case UInt8(ascii: "r"): cursor.write(0x0d)
    case UInt8(ascii: "t"): cursor.write(0x09)
    default: failure = .invalidEscape
    }
  }

  private mutating func hexadecimal(_ byte: UInt8, _ cursor: inout JSONCursor) {
    guard let digit = HexDigit.value(byte) else {
      failure = .invalidEscape
      return
    }
    unit = unit << 4 | UInt32(digit)
    digits &+= 1
    guard digits == 4 else { return }
    step = .plain
    if high != 0, unit >= 0xdc00, unit <= 0xdfff {
      write(0x10000 &+ ((high &- 0xd800) << 10) &+ (unit &- 0xdc00), &cursor)
      high = 0
      return
    }
    endHalf(&cursor)
    switch unit {
    case 0xd800...0xdbff: high = unit
    case 0xdc00...0xdfff: cursor.write(UInt8(ascii: "?"))
    default: write(unit, &cursor)
    }
  }

  /// Writes a character as UTF-8.
  private func write(_ scalar: UInt32, _ cursor: inout JSONCursor) {
    func byte(_ mark: UInt32, _ shift: UInt32, _ mask: UInt32) -> UInt8 {
      UInt8(truncatingIfNeeded: mark | (scalar >> shift & mask))
    }
    switch scalar {
    case ..<0x80: cursor.write(UInt8(truncatingIfNeeded: scalar))
    case ..<0x800:
      cursor.write(byte(0xc0, 6, 0x1f))
      cursor.write(byte(0x80, 0, 0x3f))
    case ..<0x10000:
      cursor.write(byte(0xe0, 12, 0x0f))
      cursor.write(byte(0x80, 6, 0x3f))
      cursor.write(byte(0x80, 0, 0x3f))
    default:
      cursor.write(byte(0xf0, 18, 0x07))
      cursor.write(byte(0x80, 12, 0x3f))
      cursor.write(byte(0x80, 6, 0x3f))
      cursor.write(byte(0x80, 0, 0x3f))
    }
  }
}
