/// A set of byte values, one bit each. Which bytes occur in a value tells cheaply what can't happen to it.
package struct ByteSet: Sendable, Hashable {
  /// The bits of 0–63, 64–127, 128–191 and 192–255, the lowest byte in the lowest bit.
  package private(set) var bits0: UInt64
  package private(set) var bits1: UInt64
  package private(set) var bits2: UInt64
  package private(set) var bits3: UInt64

  @inline(__always)
  package init(_ bits0: UInt64 = 0, _ bits1: UInt64 = 0, _ bits2: UInt64 = 0, _ bits3: UInt64 = 0) {
    self.bits0 = bits0
    self.bits1 = bits1
    self.bits2 = bits2
    self.bits3 = bits3
  }

  package init(_ range: ClosedRange<UInt8>) {
    self.init()
    for byte in range { insert(byte) }
  }

  package init(_ bytes: some Sequence<UInt8>) {
    self.init()
    for byte in bytes { insert(byte) }
  }

  /// The bytes that occur in `bytes`.
  package init(of bytes: Span<UInt8>) {
    self = bytes.count < 256 ? ByteSet(short: bytes) : ByteSet(long: bytes)
  }

  /// Four sets that take turns: a set in one word would wait for its own last store with every byte.
  private init(short bytes: Span<UInt8>) {
    var words = InlineArray<16, UInt64>(repeating: 0)
    // invariant: the buffer is read within the closure alone, at offsets below its count.
    bytes.withUnsafeBufferPointer { bytes in
      let count = bytes.count
      var index = 0
      while index &+ 3 < count {
        words[Int(bytes[index] >> 6)] |= 1 &<< UInt64(bytes[index])
        words[4 &+ Int(bytes[index &+ 1] >> 6)] |= 1 &<< UInt64(bytes[index &+ 1])
        words[8 &+ Int(bytes[index &+ 2] >> 6)] |= 1 &<< UInt64(bytes[index &+ 2])
        words[12 &+ Int(bytes[index &+ 3] >> 6)] |= 1 &<< UInt64(bytes[index &+ 3])
        index &+= 4
      }
      while index < count {
        words[Int(bytes[index] >> 6)] |= 1 &<< UInt64(bytes[index])
        index &+= 1
      }
    }
    self.init(
      words[0] | words[4] | words[8] | words[12], words[1] | words[5] | words[9] | words[13],
      words[2] | words[6] | words[10] | words[14], words[3] | words[7] | words[11] | words[15])
  }

  /// Notes each byte in a table and packs the table once.
  private init(long bytes: Span<UInt8>) {
    var occurs = InlineArray<256, UInt8>(repeating: 0)
    for index in bytes.indices { occurs[Int(bytes[index])] = 1 }
    @inline(__always) func pack(_ start: Int) -> UInt64 {
      var word: UInt64 = 0
      for bit in 0..<64 { word |= UInt64(occurs[start &+ bit]) &<< UInt64(bit) }
      return word
    }
    self.init(pack(0), pack(64), pack(128), pack(192))
  }

  @inline(__always)
  package var isEmpty: Bool { bits0 | bits1 | bits2 | bits3 == 0 }

  /// How many different bytes.
  package var count: Int {
    bits0.nonzeroBitCount + bits1.nonzeroBitCount + bits2.nonzeroBitCount + bits3.nonzeroBitCount
  }

  @inline(__always)
  package func contains(_ byte: UInt8) -> Bool {
    let word = byte < 128 ? (byte < 64 ? bits0 : bits1) : (byte < 192 ? bits2 : bits3)
    return word &>> UInt64(byte) & 1 != 0
  }

  @inline(__always)
  package mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 &<< UInt64(byte)
    switch byte >> 6 {
    case 0: bits0 |= bit
    case 1: bits1 |= bit
    case 2: bits2 |= bit
    default: bits3 |= bit
    }
  }

  @inline(__always)
  package mutating func formUnion(_ other: ByteSet) {
    bits0 |= other.bits0
    bits1 |= other.bits1
    bits2 |= other.bits2
    bits3 |= other.bits3
  }

  @inline(__always)
  package func union(_ other: ByteSet) -> ByteSet {
    ByteSet(bits0 | other.bits0, bits1 | other.bits1, bits2 | other.bits2, bits3 | other.bits3)
  }

  @inline(__always)
  package func intersection(_ other: ByteSet) -> ByteSet {
    ByteSet(bits0 & other.bits0, bits1 & other.bits1, bits2 & other.bits2, bits3 & other.bits3)
  }

  @inline(__always)
  package func subtracting(_ other: ByteSet) -> ByteSet {
    ByteSet(bits0 & ~other.bits0, bits1 & ~other.bits1, bits2 & ~other.bits2, bits3 & ~other.bits3)
  }

  /// With each capital made small.
  @inline(__always)
  package var lowercased: ByteSet {
    let capitals = bits1 & Self.uppercase.bits1
    return ByteSet(bits0, bits1 & ~capitals | capitals &<< 32, bits2, bits3)
  }

  @inline(__always)
  package func intersects(_ other: ByteSet) -> Bool { !intersection(other).isEmpty }

  @inline(__always)
  package func isSubset(of other: ByteSet) -> Bool {
    bits0 & ~other.bits0 | bits1 & ~other.bits1 | bits2 & ~other.bits2 | bits3 & ~other.bits3 == 0
  }
}

/// Computed from literals, so that the compiler folds them into the tests that use them.
extension ByteSet {
  /// 0x80–0xFF.
  @inline(__always)
  package static var nonASCII: ByteSet { ByteSet(0, 0, .max, .max) }

  /// `A`–`Z`.
  @inline(__always)
  package static var uppercase: ByteSet { ByteSet(0, 0x07ff_fffe) }

  /// `a`–`z`.
  @inline(__always)
  package static var lowercase: ByteSet { ByteSet(0, 0x07ff_fffe_0000_0000) }

  @inline(__always)
  package static var all: ByteSet { ByteSet(.max, .max, .max, .max) }

  /// The space alone.
  @inline(__always)
  package static var space: ByteSet { ByteSet(1 &<< 32) }

  /// What C's `isspace` says: tab, line feed, vertical tab, form feed, carriage return, space.
  @inline(__always)
  package static var whitespace: ByteSet { ByteSet(0x0000_0001_0000_3e00) }
}
