import SecLang
import Testing

@Suite struct OperatorSyntaxTests {
  private func read(_ source: String) throws -> OperatorSyntax {
    guard case .rule(_, let made, _)? = try ruleDirectives("SecRule ARGS \"\(source)\" \"id:1\"").first else {
      throw UnexpectedSyntax()
    }
    return made
  }

  @Test(arguments: [
    ("@rx ^a", OperatorName.rx, false, "^a"),
    ("!@rx ^a", .rx, true, "^a"),
    ("! @rx ^a", .rx, true, "^a"),
    ("^a b", .rx, false, "^a b"),
    ("!^a", .rx, true, "^a"),
    ("  a", .rx, false, "a"),
    // Blanks before the argument don't count, those behind it do.
    ("@rx   a  ", .rx, false, "a  "),
    ("a ", .rx, false, "a "),
    ("@streq a ", .streq, false, "a "),
    ("@streq ", .streq, false, ""),
    ("@within", .within, false, ""),
    ("@pm a  b ", .pm, false, "a  b"),
    ("@eq 0 ", .eq, false, "0"),
    ("@gt -5", .gt, false, "-5"),
    ("@lt %{tx.a}", .lt, false, "%{tx.a}"),
    ("@detectSQLi", .detectSQLi, false, ""),
    ("!@DETECTXSS ", .detectXSS, true, ""),
    ("@pmf a.data", .pmf, false, "a.data"),
    ("@ipMatchF a.data", .ipMatchF, false, "a.data"),
    ("@rx a@b", .rx, false, "a@b"),
  ]) func operators(_ source: String, _ name: OperatorName, _ isNegated: Bool, _ argument: String) throws {
    let made = try read(source)
    #expect(made.name == name)
    #expect(made.isNegated == isNegated)
    #expect(ruleText(made.argument) == argument)
  }

  @Test(arguments: OperatorName.allCases) func everyOperatorIsKnown(_ name: OperatorName) throws {
    let argument: String
    switch name {
    case .inspectFile: return
    case .detectSQLi, .detectXSS, .geoLookup, .noMatch, .unconditionalMatch, .validateUrlEncoding,
      .validateUtf8Encoding:
      argument = ""
    default: argument = " 1"
    }
    #expect(try read("@\(name.rawValue.uppercased())\(argument)").name == name)
  }

  @Test(
    arguments: [
      ("@contians a", 15, "unknown operator `@contians`", "did you mean `@contains`?"),
      ("@[a-z]+", 15, "unknown operator `@[a-z]+`", "a regular expression that begins with `@` needs `@rx` before it"),
      ("@", 15, "unknown operator `@`", ""),
      ("", 14, "an operator is missing", ""),
      ("!", 15, "an operator is missing", ""),
      ("@rx", 18, "`@rx` needs an argument", nil),
      ("@pm  ", 20, "`@pm` needs an argument", nil),
      ("@eq", 18, "`@eq` needs an argument", nil),
      ("@eq one", 19, "`@eq` compares numbers, and `one` is none", nil),
      ("@detectSQLi x", 27, "`@detectSQLi` takes no argument, found `x`", nil),
      (
        "!@inspectFile a", 16, "the operator `@inspectFile` is not supported: it would run a program for each file", nil
      ),
      (
        "@gsbLookup a", 15,
        "the operator `@gsbLookup` is not supported: it would send addresses of pages over the network", nil
      ),
      (
        "@validateDTD a", 15, "the operator `@validateDTD` is not supported: XML is not checked against a DTD here", nil
      ),
    ] as [(String, Int, String, String?)])
  func issuesOfOperators(_ source: String, _ column: Int, _ message: String, _ hint: String?) {
    let found = ruleIssues("SecRule ARGS \"\(source)\" \"id:1\"")
    #expect(found.map(\.message) == [message])
    #expect(found.first?.column == column)
    if hint != "" { #expect(found.first?.hint == hint) }
  }
}
