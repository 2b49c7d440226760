/// Appending without intermediate values.
extension [UInt8] {
  @inlinable
  public mutating func append(_ literal: StaticString) {
    literal.withUTF8Buffer { append(contentsOf: $0) }
  }

  @inlinable
  public mutating func append(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
  }

  @inlinable
  public mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    append(bytes.extracting(range))
  }

  @inlinable
  public mutating func appendDecimal(_ value: Int) {
    guard value >= 10 else {
      if value < 0 { append(0x30) } else { append(0x30 &+ UInt8(truncatingIfNeeded: value)) }
      return
    }
    let start = count
    var rest = value
    while rest > 0 {
      append(0x30 &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    }
    self[start...].reverse()
  }

  /// The size line of a chunk (RFC 9112 §7.1).
  @inlinable
  public mutating func appendChunkSize(_ size: Int) {
    var shift = 60
    while shift > 0, size &>> shift == 0 { shift &-= 4 }
    while shift >= 0 {
      let nibble = UInt8(truncatingIfNeeded: size &>> shift) & 15
      append(nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57)
      shift &-= 4
    }
    append(0x0d)
    append(0x0a)
  }
}
