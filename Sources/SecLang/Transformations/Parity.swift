/// The parity of the eight bits of a byte: 1 when an odd number of them is set.
@inline(__always)
private func parity(_ byte: UInt8) -> UInt8 {
  let half = byte ^ byte >> 4
  return UInt8(truncatingIfNeeded: 0x6996 &>> UInt32(half & 15) & 1)
}

extension Transformation {
  /// `parityEven7bit`: sets the highest bit where an odd number of bits is set, clears it elsewhere. `a` (0x61) becomes
  /// 0xE1.
  enum ParityEven7Bit {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(changed) }

    /// Those with a highest bit other than their parity.
    @inline(__always)
    static var changed: ByteSet {
      ByteSet(0x6996_9669_9669_6996, 0x9669_6996_6996_9669, 0x6996_9669_9669_6996, 0x9669_6996_6996_9669)
    }

    @inline(__always)
    private static func result(_ byte: UInt8) -> UInt8 { byte & 0x7f | parity(byte) << 7 }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(in: input, where: { result($0) != $0 }) != nil else { return false }
      Rewriting.map(input, into: &output, result)
      return true
    }
  }

  /// `parityOdd7bit`: sets the highest bit where an even number of bits is set, clears it elsewhere. `c` (0x63) becomes
  /// 0xE3.
  enum ParityOdd7Bit {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(changed) }

    @inline(__always)
    static var changed: ByteSet {
      ByteSet(0x9669_6996_6996_9669, 0x6996_9669_9669_6996, 0x9669_6996_6996_9669, 0x6996_9669_9669_6996)
    }

    @inline(__always)
    private static func result(_ byte: UInt8) -> UInt8 { byte & 0x7f | (parity(byte) ^ 1) << 7 }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(in: input, where: { result($0) != $0 }) != nil else { return false }
      Rewriting.map(input, into: &output, result)
      return true
    }
  }

  /// `parityZero7bit`: clears the highest bit. 0xE1 becomes `a`.
  enum ParityZero7Bit {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(.nonASCII) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(in: input, where: { $0 >= 0x80 }) != nil else { return false }
      Rewriting.map(input, into: &output) { $0 & 0x7f }
      return true
    }
  }
}
