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
        for index in first..<input.count {
          let byte = input[index]
          guard marks.contains(byte) else {
            target.append(isCapital(byte) ? byte | 0x20 : byte)
            isAfterSpace = false
            continue
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
      }
      return true
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
