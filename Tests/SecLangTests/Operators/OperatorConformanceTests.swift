import SecLang
import Testing

@Suite(.enabled(if: ModSecurityCase.isThere, "set SLUICE_CONFORMANCE to the conformance data"))
struct OperatorConformanceTests {
  /// Operators of other folders, which have tests of their own.
  static let others: Set<String> = ["detectSQLi", "detectXSS", "geoLookup", "rx", "rxGlobal"]

  @Test(arguments: ModSecurityCase.names("operators").filter { !others.contains($0) })
  func answersAreThoseOfModSecurity(_ name: String) throws {
    let cases = try ModSecurityCase.read("operators", name)
    #expect(!cases.isEmpty)
    for item in cases {
      let input = ModSecurityCase.bytes(item.input)
      let known: Bool? = Self.answer(name, input, item.param ?? "")
      let answer = try #require(known as Bool?, "`\(name)` is unknown")
      if answer != (item.ret == 1) { Issue.record("@\(name) \(item.param ?? "") of \(item.input): \(answer)") }
    }
  }

  /// An argument that can't be used never matches.
  private static func answer(_ name: String, _ value: [UInt8], _ parameter: String) -> Bool? {
    let argument = Array(parameter.utf8)
    let number = DecimalNumber.parse(value.span)
    let other = DecimalNumber.parse(argument.span)
    switch name {
    case "beginsWith": return TextOperators.begins(value.span, with: argument.span)
    case "contains", "strmatch": return TextOperators.contains(value.span, argument.span)
    case "containsWord": return TextOperators.containsWord(value.span, argument.span)
    case "endsWith": return TextOperators.ends(value.span, with: argument.span)
    case "streq": return TextOperators.equals(value.span, argument.span)
    case "within": return TextOperators.isWithin(value.span, argument.span)
    case "eq": return number == other
    case "ge": return number >= other
    case "gt": return number > other
    case "le": return number <= other
    case "lt": return number < other
    case "ipMatch": return (try? AddressTree(parsing: argument.span))?.contains(addressText: value.span) ?? false
    case "noMatch": return false
    case "unconditionalMatch": return true
    case "pm": return LiteralMatcher(patterns: LiteralMatcher.phrases(argument)).containsAny(in: value.span)
    // The file that the cases name holds these lines.
    case "pmFromFile":
      let lines = LiteralMatcher.lines(Array("abc\ndef\nghi\nyyy zzz\n".utf8))
      return LiteralMatcher(patterns: lines).containsAny(in: value.span)
    case "validateByteRange":
      return (try? ByteRanges.parse(argument)).map { !ByteSet(of: value.span).isSubset(of: $0) } ?? false
    case "validateUrlEncoding": return ValidateURLEncoding.isInvalid(value.span)
    case "validateUtf8Encoding": return ValidateUTF8.isInvalid(value.span)
    case "verifyCC": return matches(parameter, value) { CheckDigits.isCreditCard($0.span) }
    case "verifycpf": return matches(parameter, value) { CheckDigits.isCPF($0.span) }
    case "verifyssn": return matches(parameter, value) { CheckDigits.isSSN($0.span) }
    case "verifysvnr": return matches(parameter, value) { CheckDigits.isSVNR($0.span) }
    default: return nil
    }
  }

  private static func matches(_ pattern: String, _ value: [UInt8], _ isValid: ([UInt8]) -> Bool) -> Bool {
    guard let regex = try? Regex(pattern) else { return false }
    return String(decoding: value, as: UTF8.self).matches(of: regex).contains { isValid(Array($0.0.utf8)) }
  }
}

extension Regex.Match where Output == AnyRegexOutput {
  /// The text of the whole match.
  fileprivate var `0`: Substring { output[0].substring ?? "" }
}
