extension Transformation {
  /// `length`: the number of bytes in decimal. `abc` becomes `3`.
  enum Length {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { false }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      // `1` is the only value that is its own length.
      if input.count == 1, input[0] == UInt8(ascii: "1") { return false }
      var digits = InlineArray<20, UInt8>(repeating: 0)
      var start = 20
      var left = input.count
      repeat {
        start &-= 1
        digits[start] = UInt8(truncatingIfNeeded: left % 10) &+ 0x30
        left /= 10
      } while left > 0 && start > 0
      output.rewrite(capacity: 20) { target in
        for index in start..<20 { target.append(digits[index]) }
      }
      return true
    }
  }
}
