extension Transformation {
  /// `cssDecode`: decodes CSS escapes: a backslash and up to six hexadecimal digits with one whitespace behind them
  /// (the lower byte, full-width characters as their ASCII twins), takes out a backslash before a line feed with it,
  /// and any other backslash alone. `ja\vascript\3a` becomes `javascript:`. NUL bytes don't end the value, as they did
  /// in ModSecurity 3.0.9.
  enum CSSDecode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.contains(UInt8(ascii: "\\")) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard let first = Rewriting.firstIndex(of: UInt8(ascii: "\\"), in: input) else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var index = first
        while index < input.count {
          let byte = input[index]
          index &+= 1
          guard byte == UInt8(ascii: "\\") else {
            target.append(byte)
            continue
          }
          guard index < input.count else { break }
          if let (decoded, length) = hexadecimal(input, at: index) {
            target.append(decoded)
            index &+= length
          } else {
            if input[index] != UInt8(ascii: "\n") { target.append(input[index]) }
            index &+= 1
          }
        }
      }
      return true
    }

    /// The byte of an escape of digits, and its length with the whitespace behind it.
    @inline(__always)
    private static func hexadecimal(_ input: Span<UInt8>, at index: Int) -> (byte: UInt8, length: Int)? {
      var value: UInt32 = 0
      var length = 0
      while length < 6, index &+ length < input.count {
        let digit = EscapeDigits.hex(input[index &+ length])
        guard digit < 16 else { break }
        value = value &<< 4 | UInt32(digit)
        length &+= 1
      }
      guard length > 0 else { return nil }
      let isFullWidth = length > 3 && value & 0xffff_ff00 == 0xff00
      let low = UInt8(truncatingIfNeeded: value)
      if index &+ length < input.count, EscapeDigits.isSpace(input[index &+ length]) { length &+= 1 }
      return (foldingFullWidth(isFullWidth ? 0xff : 0, low), length)
    }
  }
}
