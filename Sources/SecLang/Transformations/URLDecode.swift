extension Transformation {
  /// `urlDecode`: decodes `%hh`, and `+` as a space. What is no valid escape stays. `a%3Db+%zz` becomes `a=b %zz`.
  enum URLDecode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool {
      !bytes.contains(UInt8(ascii: "%")) && !bytes.contains(UInt8(ascii: "+"))
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
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
        if byte == UInt8(ascii: "%"), EscapeDigits.hexPair(input, at: index &+ 1) != nil { return index }
      }
      return nil
    }
  }
}
