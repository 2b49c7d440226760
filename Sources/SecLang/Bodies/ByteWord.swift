/// Tests on eight bytes at a time, held in one integer: each answers with the high bit set in bytes that pass. Only the
/// first mark is exact; those behind it may be wrong.
enum ByteWord {
  @inline(__always)
  static func repeating(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// Bytes that are 0, and perhaps some that are 1 behind them.
  @inline(__always)
  static func zeroes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  /// Bytes that are 0 and no others.
  @inline(__always)
  static func exactZeroes(_ word: UInt64) -> UInt64 {
    ~((word & 0x7f7f_7f7f_7f7f_7f7f &+ 0x7f7f_7f7f_7f7f_7f7f) | word | 0x7f7f_7f7f_7f7f_7f7f)
  }

  /// The word with a space in place of each plus sign.
  @inline(__always)
  static func spacesForPlus(_ word: UInt64) -> UInt64 {
    let marks = exactZeroes(word ^ repeating(UInt8(ascii: "+")))
    return word ^ (marks &>> 7 &* UInt64(UInt8(ascii: "+") ^ UInt8(ascii: " ")))
  }

  /// The word with ASCII capitals made small.
  @inline(__always)
  static func lowercased(_ word: UInt64) -> UInt64 {
    let low = word & 0x7f7f_7f7f_7f7f_7f7f
    let fromA = low &+ repeating(0x80 &- UInt8(ascii: "A"))
    let aboveZ = low &+ repeating(0x7f &- UInt8(ascii: "Z"))
    let capitals = fromA & ~aboveZ & ~word & 0x8080_8080_8080_8080
    return word | capitals &>> 2
  }

  /// Spaces that follow a space, and perhaps some that follow `!`.
  /// - Parameter isAfterSpace: whether a space stands before the word.
  @inline(__always)
  static func doubledSpaces(_ word: UInt64, isAfterSpace: Bool) -> UInt64 {
    let spaces = zeroes(UInt64(littleEndian: word) ^ repeating(UInt8(ascii: " ")))
    return spaces & (spaces &<< 8 | (isAfterSpace ? 0x80 : 0))
  }

  /// Bytes below 0x20, and perhaps some behind them.
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
