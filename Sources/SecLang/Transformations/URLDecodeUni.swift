extension Transformation {
  /// `urlDecodeUni`: like `urlDecode`, and decodes `%uhhhh` to one byte: what the table of `SecUnicodeMapFile` says,
  /// the ASCII twin of a full-width character (U+FF01–U+FF5E), or the lower byte. `%uff1cscript%3E` becomes `<script>`.
  enum URLDecodeUni {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { URLDecode.leavesUnchanged(bytes) }

    static func apply(
      _ input: Span<UInt8>, into output: inout [UInt8], tables: borrowing TransformationTables
    ) -> Bool {
      guard let first = firstChange(input) else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var index = first
        while true {
          index = target.appendUntilPercent(input, from: index)
          guard index < input.count else { break }
          index &+= 1
          if let decoded = EscapeDigits.hexPair(input, at: index) {
            target.append(decoded)
            index &+= 2
          } else if let (high, low) = unicode(input, at: index) {
            target.append(tables.byte(high, low) ?? foldingFullWidth(high, low))
            index &+= 5
          } else {
            target.append(UInt8(ascii: "%"))
          }
        }
      }
      return true
    }

    private static func firstChange(_ input: Span<UInt8>) -> Int? {
      for index in input.indices {
        let byte = input[index]
        if byte == UInt8(ascii: "+") { return index }
        guard byte == UInt8(ascii: "%") else { continue }
        if EscapeDigits.hexPair(input, at: index &+ 1) != nil || unicode(input, at: index &+ 1) != nil { return index }
      }
      return nil
    }

    /// The two bytes of `uhhhh` at an index.
    @inline(__always)
    private static func unicode(_ input: Span<UInt8>, at index: Int) -> (high: UInt8, low: UInt8)? {
      guard index &+ 4 < input.count, input[index] | 0x20 == UInt8(ascii: "u"),
        let high = EscapeDigits.hexPair(input, at: index &+ 1), let low = EscapeDigits.hexPair(input, at: index &+ 3)
      else { return nil }
      return (high, low)
    }
  }

  /// The ASCII twin of a full-width character, the lower byte of any other.
  @inline(__always)
  static func foldingFullWidth(_ high: UInt8, _ low: UInt8) -> UInt8 {
    high == 0xff && low > 0 && low < 0x5f ? low &+ 0x20 : low
  }
}
