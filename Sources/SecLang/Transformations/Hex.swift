extension Transformation {
  /// `hexEncode`: writes each byte as two lower-case digits. `AB` becomes `4142`.
  enum HexEncode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { bytes.isEmpty }

    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 0x30 : value &+ 0x57 }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard !input.isEmpty else { return false }
      output.rewrite(capacity: input.count * 2) { target in
        for index in input.indices {
          target.append(digit(input[index] >> 4))
          target.append(digit(input[index] & 15))
        }
      }
      return true
    }
  }

  /// `hexDecode`: makes one byte of every two, whatever they are; a last odd one is lost. What is no digit counts as
  /// ModSecurity computes it: as a letter from `A` on, or by its distance from `0`. `4142` becomes `AB`.
  enum HexDecode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { bytes.isEmpty }

    @inline(__always)
    private static func value(_ byte: UInt8) -> UInt8 {
      byte >= UInt8(ascii: "A") ? byte & 0xdf &- UInt8(ascii: "A") &+ 10 : byte &- UInt8(ascii: "0")
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard !input.isEmpty else { return false }
      output.rewrite(capacity: input.count / 2) { target in
        var index = 1
        while index < input.count {
          target.append(value(input[index &- 1]) &* 16 &+ value(input[index]))
          index &+= 2
        }
      }
      return true
    }
  }

  /// `sqlHexDecode`: decodes hexadecimal strings of SQL, `0x` and pairs of digits. `0x414243` becomes `ABC`. As in
  /// ModSecurity from 3.0.13 on, NUL bytes don't end the value.
  enum SQLHexDecode {
    /// Without `0`, or without `x` and `X`.
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool {
      !bytes.contains(UInt8(ascii: "0"))
        || !bytes.contains(UInt8(ascii: "x")) && !bytes.contains(UInt8(ascii: "X"))
    }

    @inline(__always)
    private static func begins(_ input: Span<UInt8>, at index: Int) -> Bool {
      input[index] == UInt8(ascii: "0") && index &+ 3 < input.count && input[index &+ 1] | 0x20 == UInt8(ascii: "x")
        && EscapeDigits.hexPair(input, at: index &+ 2) != nil
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      var first = 0
      while first < input.count, !begins(input, at: first) { first &+= 1 }
      guard first < input.count else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var index = first
        while index < input.count {
          guard begins(input, at: index) else {
            target.append(input[index])
            index &+= 1
            continue
          }
          index &+= 2
          while let decoded = EscapeDigits.hexPair(input, at: index) {
            target.append(decoded)
            index &+= 2
          }
        }
      }
      return true
    }
  }
}
