/// The value of a digit of the alphabet; 255 for any other byte.
@inline(__always)
private func base64Digit(_ byte: UInt8, acceptsURLDigits: Bool) -> UInt8 {
  switch byte {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte &- 0x41
  case UInt8(ascii: "a")...UInt8(ascii: "z"): byte &- 0x61 &+ 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- 0x30 &+ 52
  case UInt8(ascii: "+"): 62
  case UInt8(ascii: "/"): 63
  case UInt8(ascii: "-") where acceptsURLDigits: 62
  case UInt8(ascii: "_") where acceptsURLDigits: 63
  default: 255
  }
}

/// Groups of four digits, three bytes each; a last group of two or three makes one byte or two.
private struct Base64Reader {
  private var bits: UInt32 = 0
  private var count = 0

  @inline(__always)
  mutating func add(_ digit: UInt8, to target: inout OutputSpan<UInt8>) {
    bits = bits &<< 6 | UInt32(digit)
    count &+= 1
    guard count == 4 else { return }
    target.append(UInt8(truncatingIfNeeded: bits >> 16))
    target.append(UInt8(truncatingIfNeeded: bits >> 8))
    target.append(UInt8(truncatingIfNeeded: bits))
    count = 0
  }

  func finish(_ target: inout OutputSpan<UInt8>) {
    if count == 2 { target.append(UInt8(truncatingIfNeeded: bits >> 4)) }
    if count == 3 {
      target.append(UInt8(truncatingIfNeeded: bits >> 10))
      target.append(UInt8(truncatingIfNeeded: bits >> 2))
    }
  }
}

extension Transformation {
  /// `base64Decode`: decodes Base64 up to the first byte that is none, line ends and spaces before them left out.
  /// `VGVzdA==` becomes `Test`. As in ModSecurity 2 and Coraza, what stands before a fault counts, and so does a group
  /// without its padding: ModSecurity 3 has nothing or less of such a value.
  enum Base64Decode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { bytes.isEmpty }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard !input.isEmpty else { return false }
      output.rewrite(capacity: input.count) { target in
        var reader = Base64Reader()
        var index = 0
        while index < input.count {
          let digit = base64Digit(input[index], acceptsURLDigits: false)
          if digit < 64 {
            reader.add(digit, to: &target)
            index &+= 1
          } else if let next = lineEnd(input, at: index) {
            index = next
          } else {
            break
          }
        }
        reader.finish(&target)
      }
      return true
    }

    /// The index behind a line end and the spaces before it.
    private static func lineEnd(_ input: Span<UInt8>, at start: Int) -> Int? {
      var index = start
      while index < input.count, input[index] == 0x20 { index &+= 1 }
      guard index < input.count, input[index] == 0x0a || input[index] == 0x0d else { return nil }
      return index &+ 1
    }
  }

  /// `base64DecodeExt`: decodes Base64 and skips every byte that is none; `-` and `_` count as `+` and `/`.
  /// `P.HNjcmlwdD4=` becomes `<script>`. Padding means nothing: ModSecurity 3 has nothing of a value whose padding, or
  /// a last `9` that it takes for one, comes after the first digit of a group.
  enum Base64DecodeExt {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { bytes.isEmpty }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard !input.isEmpty else { return false }
      output.rewrite(capacity: input.count) { target in
        var reader = Base64Reader()
        for index in input.indices {
          let digit = base64Digit(input[index], acceptsURLDigits: true)
          if digit < 64 { reader.add(digit, to: &target) }
        }
        reader.finish(&target)
      }
      return true
    }
  }

  /// `base64Encode`: encodes as Base64 with padding. `Test` becomes `VGVzdA==`.
  enum Base64Encode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { bytes.isEmpty }

    @inline(__always)
    private static func digit(_ value: UInt32) -> UInt8 {
      let value = UInt8(truncatingIfNeeded: value) & 63
      return switch value {
      case 0..<26: value &+ 0x41
      case 26..<52: value &- 26 &+ 0x61
      case 52..<62: value &- 52 &+ 0x30
      case 62: UInt8(ascii: "+")
      default: UInt8(ascii: "/")
      }
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard !input.isEmpty else { return false }
      output.rewrite(capacity: (input.count + 2) / 3 * 4) { target in
        var index = 0
        while index < input.count {
          let left = input.count &- index
          let bits =
            UInt32(input[index]) << 16 | (left > 1 ? UInt32(input[index &+ 1]) << 8 : 0)
            | (left > 2 ? UInt32(input[index &+ 2]) : 0)
          target.append(digit(bits >> 18))
          target.append(digit(bits >> 12))
          target.append(left > 1 ? digit(bits >> 6) : UInt8(ascii: "="))
          target.append(left > 2 ? digit(bits) : UInt8(ascii: "="))
          index &+= 3
        }
      }
      return true
    }
  }
}
