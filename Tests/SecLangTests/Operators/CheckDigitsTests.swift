import SecLang
import Testing

@Suite struct CheckDigitsTests {
  @Test(arguments: [("4111 1111-1111 1111", true), ("4111111111111112", false), ("0", true), ("", false), ("x", false)])
  func creditCards(_ text: String, _ expected: Bool) {
    let bytes = Array(text.utf8)
    let answer = CheckDigits.isCreditCard(bytes.span)
    #expect(answer == expected)
  }

  @Test(arguments: [
    ("010.817.514-60", true), ("010.817.514-61", false), ("11111111111", false), ("01234567890", false),
    ("0108175146", false),
    ("", false),
  ])
  func cpf(_ text: String, _ expected: Bool) {
    let bytes = Array(text.utf8)
    let answer = CheckDigits.isCPF(bytes.span)
    #expect(answer == expected)
  }

  @Test(arguments: [
    ("219-09-9998", true), ("800-57-8065", false), ("666-12-3456", false), ("000-12-3456", false),
    ("219-00-3456", false),
    ("219-09-0000", false), ("123-45-6789", false), ("222-22-2222", false), ("345-67-8901", true),
    ("219-09-99981", false),
    ("", false),
  ])
  func ssn(_ text: String, _ expected: Bool) {
    let bytes = Array(text.utf8)
    let answer = CheckDigits.isSSN(bytes.span)
    #expect(answer == expected)
  }

  @Test(arguments: [
    ("1237 010180", true), ("1238 010180", false), ("8888888888", false), ("1234567890", false), ("12370", false),
    ("", false),
  ])
  func svnr(_ text: String, _ expected: Bool) {
    let bytes = Array(text.utf8)
    let answer = CheckDigits.isSVNR(bytes.span)
    #expect(answer == expected)
  }
}
