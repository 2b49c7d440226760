/// Tests on eight bytes at a time, held in one integer: each answers with the high bit set in bytes that pass. Only the
/// first mark is exact; those behind it may be wrong.
enum ByteWord {
  @inline(__always)
  static func repeating(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// Bytes that are 0.
  @inline(__always)
  static func zeroes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  /// Bytes below 0x20.
  @inline(__always)
  static func controls(_ word: UInt64) -> UInt64 {
    (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
  }

  /// Bytes from 0x80 on.
  @inline(__always)
  static func highs(_ word: UInt64) -> UInt64 { word & 0x8080_8080_8080_8080 }

  /// How many bytes stand before the first mark in memory.
  @inline(__always)
  static func firstMark(_ marks: UInt64) -> Int { UInt64(littleEndian: marks).trailingZeroBitCount >> 3 }
}

enum HexDigit {
  @inline(__always)
  static func value(_ byte: UInt8) -> UInt8? {
    let digit = byte &- UInt8(ascii: "0")
    if digit < 10 { return digit }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter &+ 10 : nil
  }
}
