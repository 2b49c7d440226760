extension Transformation {
  /// `htmlEntityDecode`: decodes `&#x3c;`, `&#60;` and `&quot;`, `&amp;`, `&lt;`, `&gt;`, `&nbsp;` (0xA0), each to one
  /// byte and with or without the semicolon; a number's lowest byte counts. `&#x3c;b&gt` becomes `<b>`.
  enum HTMLEntityDecode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.contains(UInt8(ascii: "&")) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      var place = Rewriting.firstIndex(of: UInt8(ascii: "&"), in: input)
      while let index = place, entity(input, after: index &+ 1) == nil {
        place = Rewriting.firstIndex(of: UInt8(ascii: "&"), in: input, from: index &+ 1)
      }
      guard let first = place else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var index = first
        while index < input.count {
          if input[index] == UInt8(ascii: "&"), let (byte, end) = entity(input, after: index &+ 1) {
            target.append(byte)
            index = end < input.count && input[end] == UInt8(ascii: ";") ? end &+ 1 : end
          } else {
            target.append(input[index])
            index &+= 1
          }
        }
      }
      return true
    }

    /// The byte that an entity stands for, and the index behind its last digit or letter.
    @inline(__always)
    private static func entity(_ input: Span<UInt8>, after start: Int) -> (byte: UInt8, end: Int)? {
      guard start < input.count else { return nil }
      guard input[start] == UInt8(ascii: "#") else { return named(input, start) }
      guard start &+ 1 < input.count, input[start &+ 1] | 0x20 == UInt8(ascii: "x") else {
        return number(input, start &+ 1, base: 10)
      }
      return number(input, start &+ 2, base: 16)
    }

    private static func number(_ input: Span<UInt8>, _ start: Int, base: UInt64) -> (byte: UInt8, end: Int)? {
      var value: UInt64 = 0
      var index = start
      while index < input.count {
        let digit = EscapeDigits.hex(input[index])
        guard digit < base else { break }
        // What strtol can't hold is its largest value, and stays so.
        let (product, overflows) = value.multipliedReportingOverflow(by: base)
        let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(digit))
        value = overflows || overflowsToo || value >= 1 << 63 ? 1 << 63 : sum
        index &+= 1
      }
      guard index > start else { return nil }
      return (value < 1 << 63 ? UInt8(truncatingIfNeeded: value) : 0xff, index)
    }

    private static func named(_ input: Span<UInt8>, _ start: Int) -> (byte: UInt8, end: Int)? {
      var end = start
      var letters: UInt32 = 0
      while end < input.count, EscapeDigits.isAlphanumeric(input[end]) {
        guard end &- start < 4 else { return nil }
        letters = letters &<< 8 | UInt32(input[end] | 0x20)
        end &+= 1
      }
      switch letters {
      case 0x7175_6f74: return (UInt8(ascii: "\""), end)
      case 0x0061_6d70: return (UInt8(ascii: "&"), end)
      case 0x0000_6c74: return (UInt8(ascii: "<"), end)
      case 0x0000_6774: return (UInt8(ascii: ">"), end)
      case 0x6e62_7370: return (0xa0, end)
      default: return nil
      }
    }
  }
}
