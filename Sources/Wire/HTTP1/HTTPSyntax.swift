/// Character classes of RFC 9110 and RFC 3986, as bit sets over ASCII.
@usableFromInline
enum HTTPSyntax {
  @usableFromInline
  struct CharacterSet {
    @usableFromInline let low: UInt64
    @usableFromInline let high: UInt64

    @inlinable @inline(__always)
    init(low: UInt64, high: UInt64) {
      self.low = low
      self.high = high
    }

    @inlinable @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
      if byte < 64 { return (low &>> UInt64(byte)) & 1 != 0 }
      return byte < 128 && (high &>> UInt64(byte & 63)) & 1 != 0
    }
  }

  /// `token` characters (RFC 9110 §5.6.2): ``!#$%&'*+-.^_`|~`` and alphanumerics.
  @inlinable @inline(__always)
  static var token: CharacterSet { CharacterSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }

  /// Characters of a `uri-host` without brackets (RFC 3986 §3.2.2): unreserved, sub-delims but the comma. No percent:
  /// an escaped host is one that the next hop may read as another.
  @inlinable @inline(__always)
  static var regName: CharacterSet { CharacterSet(low: 0x2bff_6fd2_0000_0000, high: 0x47ff_fffe_87ff_fffe) }

  @inlinable @inline(__always)
  static func lowercased(_ byte: UInt8) -> UInt8 { (byte &- 0x41) < 26 ? byte | 0x20 : byte }

  @inlinable @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The value of a hexadecimal digit, or 255.
  @inlinable @inline(__always)
  static func hexValue(_ byte: UInt8) -> UInt8 {
    if byte &- 0x30 < 10 { return byte &- 0x30 }
    let letter = byte | 0x20
    return letter &- 0x61 < 6 ? letter &- 0x57 : 255
  }

  /// Field content (RFC 9110 §5.5): visible ASCII, obs-text, space and tab; never a control character.
  @inlinable @inline(__always)
  static func isFieldByte(_ byte: UInt8) -> Bool { (byte >= 0x20 && byte != 0x7f) || byte == 0x09 }
}

extension Span where Element == UInt8 {
  /// The first byte from `start` on that is a control character (tab and DEL are), or `count`; eight at a time.
  func firstControl(from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    var position = start
    let raw = bytes
    while position &+ 8 <= count {
      let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
      let folded = word ^ (ones &* 0x7f)
      let found = ((word &- ones &* 0x20) & ~word | (folded &- ones) & ~folded) & tops
      if found != 0 { return position &+ found.trailingZeroBitCount &>> 3 }
      position &+= 8
    }
    while position < count, self[position] >= 0x20, self[position] != 0x7f { position &+= 1 }
    return position
  }

  /// The first byte from `start` on that isn't field content (RFC 9110 §5.5), or `count`.
  @inline(__always)
  func fieldContentEnd(from start: Int) -> Int {
    var position = firstControl(from: start)
    while position < count, self[position] == 0x09 { position = firstControl(from: position &+ 1) }
    return position
  }

  /// Whether the bytes from `offset` on are the literal to the byte.
  @inline(__always)
  func matches(_ literal: StaticString, at offset: Int) -> Bool {
    let length = literal.utf8CodeUnitCount
    guard offset >= 0, offset &+ length <= count else { return false }
    return literal.withUTF8Buffer { wanted in
      var index = 0
      while index < length {
        if self[offset &+ index] != wanted[index] { return false }
        index &+= 1
      }
      return true
    }
  }

  /// Whether `self[offset ..< offset + length]` equals a lower-case ASCII literal, letter case aside.
  @inlinable
  package func equals(_ literal: StaticString, at offset: Int, length: Int) -> Bool {
    guard length == literal.utf8CodeUnitCount, offset >= 0, offset &+ length <= count else { return false }
    return literal.withUTF8Buffer { wanted in
      var index = 0
      while index < length {
        if HTTPSyntax.lowercased(self[offset &+ index]) != wanted[index] { return false }
        index &+= 1
      }
      return true
    }
  }

  /// Whether two runs are the same, letter case aside.
  @inlinable
  package func equalsIgnoringCase(_ offset: Int, _ other: Span<UInt8>, _ otherOffset: Int, length: Int) -> Bool {
    guard offset >= 0, otherOffset >= 0, offset &+ length <= count, otherOffset &+ length <= other.count else {
      return false
    }
    var index = 0
    while index < length {
      if HTTPSyntax.lowercased(self[offset &+ index]) != HTTPSyntax.lowercased(other[otherOffset &+ index]) {
        return false
      }
      index &+= 1
    }
    return true
  }
}
