import SecLang
import Testing

@Suite struct DecimalNumberTests {
  @Test(
    arguments: [
      ("", 0), ("x", 0), ("5", 5), (" \t\n+5", 5), ("-5x", -5), ("- 5", 0), ("--5", 0), ("0x10", 0), ("007", 7),
      ("1.9", 1),
      ("9223372036854775807", .max), ("9223372036854775808", .max), ("99999999999999999999999", .max),
      ("-9223372036854775808", .min), ("-9223372036854775809", .min), ("-9223372036854775807", -.max),
    ] as [(String, Int)])
  func readsLikeAtoll(_ text: String, _ expected: Int) {
    let bytes = Array(text.utf8)
    let number = DecimalNumber.parse(bytes.span)
    #expect(number == expected)
  }
}
