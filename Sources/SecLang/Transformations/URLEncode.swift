extension Transformation {
  /// `urlEncode`: writes all but letters, digits and `*` as `%hh`, and a space as `+`. `a b=ü` becomes `a+b%3d%c3%bc`.
  enum URLEncode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { bytes.isSubset(of: kept) }

    /// Letters, digits and `*`.
    @inline(__always)
    static var kept: ByteSet { ByteSet(0x03ff_0400_0000_0000, 0x07ff_fffe_07ff_fffe) }

    @inline(__always)
    private static func isKept(_ byte: UInt8) -> Bool {
      EscapeDigits.isAlphanumeric(byte) || byte == UInt8(ascii: "*")
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard let first = Rewriting.firstIndex(in: input, where: { !isKept($0) }) else { return false }
      output.rewrite(capacity: first + (input.count - first) * 3) { target in
        target.append(input, to: first)
        for index in first..<input.count {
          let byte = input[index]
          if isKept(byte) {
            target.append(byte)
          } else if byte == 0x20 {
            target.append(UInt8(ascii: "+"))
          } else {
            target.append(UInt8(ascii: "%"))
            target.append(HexEncode.digit(byte >> 4))
            target.append(HexEncode.digit(byte & 15))
          }
        }
      }
      return true
    }
  }
}
