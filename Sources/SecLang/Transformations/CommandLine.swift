extension Transformation {
  /// `cmdLine`: undoes what shells let stand in a command. It takes out `"`, `'`, `\` and `^`, makes commas, semicolons
  /// and runs of whitespace one space, takes out a space before `/` and `(`, and makes letters small. `C^OMMAND /C DIR`
  /// becomes `command/c dir`.
  enum CommandLine {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(changed) }

    /// `"`, `'`, `\`, `^`, `,`, `;`, tab, line feed, carriage return, space and capitals.
    @inline(__always)
    static var changed: ByteSet { ByteSet(0x0800_1085_0000_2600, 0x0000_0000_57ff_fffe) }

    /// Those, `/` and `(`; capitals stand apart, since they are frequent.
    @inline(__always)
    private static var marks: ByteSet { ByteSet(0x0800_9185_0000_2600, 0x0000_0000_5000_0000) }

    @inline(__always)
    private static func isCapital(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard let first = firstChange(input) else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var isAfterSpace = first > 0 && input[first &- 1] == 0x20
        var index = first
        while index < input.count {
          if let word = Rewriting.word(input, at: index), !hasMarks(word, isAfterSpace: isAfterSpace) {
            target.append(word: ByteWord.lowercased(word))
            index &+= 8
            isAfterSpace = input[index &- 1] == 0x20
            continue
          }
          for _ in 0..<min(8, input.count &- index) {
            append(input[index], to: &target, &isAfterSpace)
            index &+= 1
          }
        }
      }
      return true
    }

    /// Whether one of the bytes may be more than copied or made small. Two spaces of a row and what stands behind a space
    /// count, a space alone does not.
    @inline(__always)
    private static func hasMarks(_ word: UInt64, isAfterSpace: Bool) -> Bool {
      var found = ByteWord.controls(word) | ByteWord.doubledSpaces(word, isAfterSpace: isAfterSpace)
      found |= ByteWord.zeroes(word ^ ByteWord.repeating(0x22)) | ByteWord.zeroes(word ^ ByteWord.repeating(0x27))
      found |= ByteWord.zeroes(word ^ ByteWord.repeating(0x28)) | ByteWord.zeroes(word ^ ByteWord.repeating(0x2c))
      found |= ByteWord.zeroes(word ^ ByteWord.repeating(0x2f)) | ByteWord.zeroes(word ^ ByteWord.repeating(0x3b))
      found |= ByteWord.zeroes(word ^ ByteWord.repeating(0x5c)) | ByteWord.zeroes(word ^ ByteWord.repeating(0x5e))
      return found != 0
    }

    @inline(__always)
    private static func append(_ byte: UInt8, to target: inout OutputSpan<UInt8>, _ isAfterSpace: inout Bool) {
      guard marks.contains(byte) else {
        target.append(isCapital(byte) ? byte | 0x20 : byte)
        isAfterSpace = false
        return
      }
      switch byte {
      case 0x22, 0x27, 0x5c, 0x5e: break
      case 0x2f, 0x28:
        if isAfterSpace { target.removeLast(1) }
        target.append(byte)
        isAfterSpace = false
      default:
        if !isAfterSpace { target.append(0x20) }
        isAfterSpace = true
      }
    }

    private static func firstChange(_ input: Span<UInt8>) -> Int? {
      var isAfterSpace = false
      for index in input.indices {
        let byte = input[index]
        if marks.contains(byte) {
          switch byte {
          case 0x20:
            if isAfterSpace { return index }
            isAfterSpace = true
          case 0x2f, 0x28:
            if isAfterSpace { return index }
          default: return index
          }
        } else {
          if isCapital(byte) { return index }
          isAfterSpace = false
        }
      }
      return nil
    }
  }
}
