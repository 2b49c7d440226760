import SecLang
import Testing

/// Transformations that read eight bytes at a time, beside ones that read byte by byte.
@Suite struct TransformationReferenceTests {
  @Test func agreeWithBytewiseOnes() {
    var random = TransformationRandom(part: 77)
    let alphabets = ["  ab", " ,;/(\"'^\\aB\t\n!", "%+2a4f*,#$&", "abcdefghijk lmno,ABC"].map { Array($0.utf8) }
    for round in 0..<40_000 {
      var input = random.value(limit: round % 10 == 0 ? 300 : 40)
      let alphabet = alphabets[round % alphabets.count]
      if round % 5 != 0 { input = input.map { alphabet[Int($0) % alphabet.count] } }
      for (transformation, reference) in Self.references {
        let result = transformation.result(input)
        #expect(result == reference(input), "seed \(random.seed): \(transformation) of \(input)")
      }
    }
  }

  private static let references: [(Transformation, @Sendable ([UInt8]) -> [UInt8])] = [
    (.cmdLine, commandLine), (.compressWhitespace, compressWhitespace), (.urlDecode, urlDecode),
    (.urlDecodeUni, urlDecodeUni),
  ]

  @Sendable private static func commandLine(_ input: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    for byte in input {
      switch Character(UnicodeScalar(byte)) {
      case "\"", "'", "\\", "^": continue
      case ",", ";", " ", "\t", "\n", "\r": if output.last != 0x20 { output.append(0x20) }
      case "/", "(":
        if output.last == 0x20 { output.removeLast() }
        output.append(byte)
      case "A"..."Z": output.append(byte | 0x20)
      default: output.append(byte)
      }
    }
    return output
  }

  @Sendable private static func compressWhitespace(_ input: [UInt8]) -> [UInt8] {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
    var output: [UInt8] = []
    for (index, byte) in input.enumerated() {
      if !isSpace(byte) { output.append(byte) } else if index == 0 || !isSpace(input[index - 1]) { output.append(0x20) }
    }
    return output
  }

  private static func digits(_ input: [UInt8], at index: Int, _ count: Int) -> UInt16? {
    guard index + count <= input.count else { return nil }
    let digits = input[index..<index + count].compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return digits.count == count ? digits.reduce(0) { $0 << 4 | UInt16($1) } : nil
  }

  @Sendable private static func urlDecode(_ input: [UInt8]) -> [UInt8] { decoded(input, takesUnicode: false) }

  @Sendable private static func urlDecodeUni(_ input: [UInt8]) -> [UInt8] { decoded(input, takesUnicode: true) }

  private static func decoded(_ input: [UInt8], takesUnicode: Bool) -> [UInt8] {
    var output: [UInt8] = []
    var index = 0
    while index < input.count {
      let byte = input[index]
      if byte == UInt8(ascii: "%"), let value = digits(input, at: index + 1, 2) {
        output.append(UInt8(value))
        index += 3
      } else if takesUnicode, byte == UInt8(ascii: "%"), index + 1 < input.count,
        input[index + 1] | 0x20 == UInt8(ascii: "u"), let value = digits(input, at: index + 2, 4)
      {
        let isFullWidth = (0xff01...0xff5e).contains(value)
        output.append(UInt8(truncatingIfNeeded: isFullWidth ? value & 0xff + 0x20 : value))
        index += 6
      } else {
        output.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
        index += 1
      }
    }
    return output
  }
}
