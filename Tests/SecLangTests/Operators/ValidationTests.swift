import SecLang
import Testing

@Suite struct ValidationTests {
  @Test func byteRanges() throws {
    let set = try ByteRanges.parse(Array("32-126, 9,10 ,255".utf8))
    #expect(set == ByteSet(32...126).union(ByteSet([9, 10, 255])))
    #expect(try ByteRanges.parse(Array("0-255".utf8)) == ByteSet(0...255))
  }

  @Test(arguments: ["", "x", "1,", "256", "1-256", "-1", "1-", "1-2-3", "9-8", "1 2", "0001", "9999999999999999999"])
  func faultyByteRanges(_ argument: String) {
    let error = #expect(throws: OperatorArgumentError.self) { try ByteRanges.parse(Array(argument.utf8)) }
    #expect(error?.message.contains("`") == true)
  }

  @Test(arguments: [
    ("", false), ("%41", false), ("a%4", true), ("%", true), ("%%41", true), ("%4g", true), ("%41%42%", true),
  ])
  func urlEncoding(_ value: String, _ isInvalid: Bool) {
    let bytes = Array(value.utf8)
    let answer = ValidateURLEncoding.isInvalid(bytes.span)
    #expect(answer == isInvalid)
  }

  /// Beside the standard library's own decoder.
  @Test func utf8() {
    var random = TransformationRandom()
    for _ in 0..<20_000 {
      var value = Array("aé€😀\u{d7ff}\u{e000}\u{10ffff}".utf8.shuffled(using: &random).prefix(6))
      if Bool.random(using: &random) { value = Array("é€😀\u{10ffff}".utf8) }
      if Bool.random(using: &random) {
        value[Int.random(in: 0..<value.count, using: &random)] = UInt8.random(in: 0x80...0xff, using: &random)
      }
      let isValid = String(validating: value, as: UTF8.self) != nil
      if ValidateUTF8.isInvalid(value.span) == isValid { Issue.record("seed \(random.seed): \(value)") }
    }
  }
}
