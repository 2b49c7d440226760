extension Transformation {
  /// `removeWhitespace`: takes out what C's `isspace` says, and the bytes 0xA0 and 0xC2 of no-break spaces in Latin-1
  /// and UTF-8. `a  b⇥c` becomes `abc`.
  enum RemoveWhitespace {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(.whitespace.union(others)) }

    /// 0xA0 and 0xC2.
    @inline(__always)
    static var others: ByteSet { ByteSet(0, 0, 0x0000_0001_0000_0000, 0x0000_0000_0000_0004) }

    @inline(__always)
    private static func isRemoved(_ byte: UInt8) -> Bool {
      EscapeDigits.isSpace(byte) || byte == 0xa0 || byte == 0xc2
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(in: input, where: isRemoved) != nil else { return false }
      Rewriting.filter(input, into: &output) { !isRemoved($0) }
      return true
    }
  }

  /// `compressWhitespace`: makes each run of whitespace one space. `a ⇥ b` becomes `a b`.
  enum CompressWhitespace {
    /// One space alone would stay; how many there are is not in the set.
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(.whitespace) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard let first = firstChange(input) else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var isInSpace = first > 0 && EscapeDigits.isSpace(input[first &- 1])
        for index in first..<input.count {
          let byte = input[index]
          let isSpace = EscapeDigits.isSpace(byte)
          if !isSpace {
            target.append(byte)
          } else if !isInSpace {
            target.append(0x20)
          }
          isInSpace = isSpace
        }
      }
      return true
    }

    private static func firstChange(_ input: Span<UInt8>) -> Int? {
      var before: UInt8 = 0
      var index = 0
      while index < input.count {
        if let word = Rewriting.word(input, at: index),
          ByteWord.controls(word) | ByteWord.doubledSpaces(word, isAfterSpace: before == 0x20) == 0
        {
          index &+= 8
          before = input[index &- 1]
          continue
        }
        for _ in 0..<min(8, input.count &- index) {
          let byte = input[index]
          if byte <= 0x20, byte == 0x20 ? before == 0x20 : EscapeDigits.isSpace(byte) { return index }
          before = byte
          index &+= 1
        }
      }
      return nil
    }
  }

  /// `trim`, `trimLeft`, `trimRight`: take whitespace away from both ends, the beginning or the end. `␠a b␠` becomes
  /// `a b`.
  enum Trim {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(.whitespace) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8], left: Bool, right: Bool) -> Bool {
      var start = 0
      var end = input.count
      if right { while end > 0, EscapeDigits.isSpace(input[end &- 1]) { end &-= 1 } }
      if left { while start < end, EscapeDigits.isSpace(input[start]) { start &+= 1 } }
      guard end &- start < input.count else { return false }
      output.rewrite(capacity: end &- start) { $0.append(input, from: start, to: end) }
      return true
    }
  }
}
