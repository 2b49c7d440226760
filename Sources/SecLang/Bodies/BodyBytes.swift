/// Classes of bytes and comparisons that body formats share.
enum BodyBytes {
  /// White space of the C locale: space, tab, line feed, vertical tab, form feed, carriage return.
  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  @inline(__always)
  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
  }

  @inline(__always)
  static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }

  /// A character of a `token` (RFC 2045 §5.1).
  static func isToken(_ byte: UInt8) -> Bool {
    guard byte > 0x20, byte < 0x7f else { return false }
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"),
      UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""),
      UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "?"), UInt8(ascii: "="):
      return false
    default: return true
    }
  }

  /// The first place of a byte within a range.
  @inline(__always)
  static func index(of byte: UInt8, in span: Span<UInt8>, _ range: Range<Int>) -> Int? {
    for index in range where span[index] == byte { return index }
    return nil
  }

  /// Whether ASCII text stands at `start`; lower case when case is ignored.
  static func has(
    _ text: StaticString, in span: Span<UInt8>, at start: Int, ignoringCase: Bool = false
  ) -> Bool {
    guard start >= 0, span.count &- start >= text.utf8CodeUnitCount else { return false }
    // invariant: a static string's bytes live as long as the program; the loop stays within its count.
    return text.withUTF8Buffer { expected in
      for offset in 0..<expected.count {
        let byte = span[start &+ offset]
        if (ignoringCase ? lowercase(byte) : byte) != expected[offset] { return false }
      }
      return true
    }
  }

  /// Whether the same bytes stand at `start`.
  static func has(_ bytes: [UInt8], in span: Span<UInt8>, at start: Int) -> Bool {
    guard start >= 0, span.count &- start >= bytes.count else { return false }
    for offset in 0..<bytes.count where span[start &+ offset] != bytes[offset] { return false }
    return true
  }
}
