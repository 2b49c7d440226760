extension Transformation {
  /// `escapeSeqDecode`: decodes the escapes of ANSI C: `\a\b\f\n\r\t\v`, `\xhh`, octal `\ooo` (the lower byte), and
  /// takes out any other backslash but a last one. `\x3c\163cript` becomes `<script`.
  enum EscapeSequenceDecode {
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
      if kind | 0x20 == UInt8(ascii: "x"), let byte = EscapeDigits.hexPair(input, at: index &+ 1) { return (byte, 3) }
      guard EscapeDigits.isOctal(kind) else { return (control(kind) ?? kind, 1) }
      var value = kind & 7
      var length = 1
      while length < 3, index &+ length < input.count, EscapeDigits.isOctal(input[index &+ length]) {
        value = value &<< 3 | input[index &+ length] & 7
        length &+= 1
      }
      return (value, length)
    }

    /// The control character that a letter behind a backslash names.
    @inline(__always)
    static func control(_ letter: UInt8) -> UInt8? {
      switch letter {
      case UInt8(ascii: "a"): 0x07
      case UInt8(ascii: "b"): 0x08
      case UInt8(ascii: "t"): 0x09
      case UInt8(ascii: "n"): 0x0a
      case UInt8(ascii: "v"): 0x0b
      case UInt8(ascii: "f"): 0x0c
      case UInt8(ascii: "r"): 0x0d
      default: nil
      }
    }
  }
}
