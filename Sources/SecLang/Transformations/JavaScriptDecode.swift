extension Transformation {
  /// `jsDecode`: decodes `\uhhhh` (the lower byte, full-width characters as their ASCII twins), `\xhh`, octal `\o` to
  /// `\377`, `\a\b\f\n\r\t\v`, and takes out any other backslash but a last one. `\x3cscript\u003e` becomes `<script>`.
  enum JavaScriptDecode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.contains(UInt8(ascii: "\\")) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard let first = Rewriting.firstIndex(of: UInt8(ascii: "\\"), in: input), first < input.count - 1 else {
        return false
      }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var index = first
        while index < input.count {
          if input[index] == UInt8(ascii: "\\"), index &+ 1 < input.count {
            let (byte, length) = escape(input, at: index &+ 1)
            target.append(byte)
            index &+= 1 &+ length
          } else {
            target.append(input[index])
            index &+= 1
          }
        }
      }
      return true
    }

    /// The byte that an escape stands for, and how many bytes it takes behind the backslash.
    @inline(__always)
    private static func escape(_ input: Span<UInt8>, at index: Int) -> (byte: UInt8, length: Int) {
      let kind = input[index]
      if kind == UInt8(ascii: "u") {
        guard let high = EscapeDigits.hexPair(input, at: index &+ 1),
          let low = EscapeDigits.hexPair(input, at: index &+ 3)
        else { return (kind, 1) }
        return (foldingFullWidth(high, low), 5)
      }
      if kind == UInt8(ascii: "x") {
        guard let byte = EscapeDigits.hexPair(input, at: index &+ 1) else { return (kind, 1) }
        return (byte, 3)
      }
      guard EscapeDigits.isOctal(kind) else { return (EscapeSequenceDecode.control(kind) ?? kind, 1) }
      var value = kind & 7
      var length = 1
      // Three digits only as long as they make one byte.
      while length < (kind > UInt8(ascii: "3") ? 2 : 3), index &+ length < input.count,
        EscapeDigits.isOctal(input[index &+ length])
      {
        value = value &<< 3 | input[index &+ length] & 7
        length &+= 1
      }
      return (value, length)
    }
  }
}
