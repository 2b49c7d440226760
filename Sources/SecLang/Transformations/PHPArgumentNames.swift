extension Transformation {
  /// `phpArgsNames`: writes the name of an argument as PHP does: spaces before it go, spaces and dots in it become
  /// underscores, and so does a bracket that is never closed; what follows the brackets of an array goes, and a name
  /// that begins with `[` or `=` goes as a whole. `a.b[x]y` becomes `a_b[x]`.
  enum PHPArgumentNames {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(changed) }

    /// `[`, `=`, space and `.`
    @inline(__always)
    static var changed: ByteSet { ByteSet(0x2000_4001_0000_0000, 0x0000_0000_0800_0000) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard changes(input) else { return false }
      output.rewrite(capacity: input.count) { target in
        guard input[0] != UInt8(ascii: "["), input[0] != UInt8(ascii: "=") else { return }
        var index = 0
        while index < input.count, input[index] == 0x20 { index &+= 1 }
        var hasOpenBracket = false
        while index < input.count {
          let byte = input[index]
          if byte == UInt8(ascii: "["), !hasOpenBracket {
            guard closingBracket(input, from: index) == nil else { break }
            hasOpenBracket = true
            target.append(UInt8(ascii: "_"))
          } else {
            target.append(!hasOpenBracket && isReplaced(byte) ? UInt8(ascii: "_") : byte)
          }
          index &+= 1
        }
        while index < input.count, input[index] == UInt8(ascii: "["), let end = closingBracket(input, from: index) {
          if isBlank(input, from: index, to: end) {
            target.append(UInt8(ascii: "["))
            index = end
          }
          target.append(input, from: index, to: end &+ 1)
          index = end &+ 1
        }
      }
      return true
    }

    private static func changes(_ input: Span<UInt8>) -> Bool {
      guard !input.isEmpty else { return false }
      guard input[0] != UInt8(ascii: "["), input[0] != UInt8(ascii: "=") else { return true }
      var index = 0
      while index < input.count, input[index] != UInt8(ascii: "[") {
        if isReplaced(input[index]) { return true }
        index &+= 1
      }
      while index < input.count {
        guard input[index] == UInt8(ascii: "["), let end = closingBracket(input, from: index) else { return true }
        if isBlank(input, from: index, to: end) { return true }
        index = end &+ 1
      }
      return false
    }

    @inline(__always)
    private static func isReplaced(_ byte: UInt8) -> Bool { byte == 0x20 || byte == UInt8(ascii: ".") }

    /// `[ ]`, which is written `[]`.
    private static func isBlank(_ input: Span<UInt8>, from start: Int, to end: Int) -> Bool {
      end &- start == 2 && input[start &+ 1] == 0x20
    }

    /// The next closing bracket, unless a NUL byte comes first.
    private static func closingBracket(_ input: Span<UInt8>, from start: Int) -> Int? {
      var index = start
      while index < input.count, input[index] != 0 {
        if input[index] == UInt8(ascii: "]") { return index }
        index &+= 1
      }
      return nil
    }
  }
}
