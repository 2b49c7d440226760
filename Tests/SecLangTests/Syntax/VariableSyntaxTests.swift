import SecLang
import Testing

@Suite struct VariableSyntaxTests {
  private func variables(_ list: String) throws -> [VariableSyntax] {
    guard case .rule(let variables, _, _)? = try ruleDirectives("SecRule \(list) \"@rx a\" \"id:1\"").first else {
      throw UnexpectedSyntax()
    }
    return variables
  }

  private func one(_ list: String) throws -> VariableSyntax {
    let found = try variables(list)
    guard let first = found.first, found.count == 1 else { throw UnexpectedSyntax() }
    return first
  }

  private func name(_ text: String) -> VariableSyntax.Selector { .name(Array(text.utf8)) }
  private func pattern(_ text: String) -> VariableSyntax.Selector { .pattern(Array(text.utf8)) }

  @Test(arguments: Variable.allCases) func everyVariableIsKnown(_ variable: Variable) throws {
    #expect(try one(variable.rawValue).variable == variable)
    #expect(try one(variable.rawValue.lowercased()).variable == variable)
  }

  @Test func otherSpellings() throws {
    #expect(try one("MULTIPART_SEMICOLON_MISSING").variable == .multipartMissingSemicolon)
    #expect(
      try one("REQUEST_XML:/*")
        == VariableSyntax(
          variable: .xml, selector: .xpath("/*"), position: SourcePosition(file: 0, line: 1, column: 9)))
    #expect(try one("STATUS").variable == .responseStatus)
  }

  @Test func lists() throws {
    let found = try variables("ARGS|!ARGS:password|&TX:score|REQUEST_HEADERS:User-Agent")
    #expect(found.map(\.variable) == [.args, .args, .tx, .requestHeaders])
    #expect(found.map(\.selector) == [.all, name("password"), name("score"), name("User-Agent")])
    #expect(found.map(\.isExcluded) == [false, true, false, false])
    #expect(found.map(\.isCount) == [false, false, true, false])
    #expect(found.map(\.position.column) == [9, 14, 29, 39])
    #expect(try variables("ARGS:a,ARGS:b").count == 2)
    #expect(try variables("\" ARGS:a | ARGS:b \"").map(\.selector) == [name("a"), name("b")])
  }

  @Test func names() throws {
    #expect(try one("ARGS:ids[0][b]").selector == name("ids[0][b]"))
    #expect(try one("ARGS:a:b").selector == name("a:b"))
    #expect(try one("TX:0").selector == name("0"))
    #expect(try one("tx.score").selector == name("score"))
    #expect(try one("RULE:id").selector == name("id"))
    #expect(try one("ENV:PATH").selector == name("PATH"))
    #expect(try one("\"ARGS:'a|b, c'\"").selector == name("a|b, c"))
    #expect(try one(#"ARGS:'it\'s'"#).selector == name("it's"))
    #expect(try one("ARGS:'/path'").selector == name("/path"))
    #expect(try one("REQUEST_COOKIES:a'b").selector == name("a'b"))
  }

  @Test func patterns() throws {
    #expect(try one("TX:/^MSC_/").selector == pattern("^MSC_"))
    #expect(try one("REQUEST_COOKIES:/^_ga(?:_\\w+)?$/").selector == pattern("^_ga(?:_\\w+)?$"))
    #expect(try one("ARGS:'/a|b/'").selector == pattern("a|b"))
    #expect(try one("ARGS:/a|b/").selector == pattern("a|b"))
    #expect(try one("ARGS:/a/b,c{1,2}/").selector == pattern("a/b,c{1,2}"))
    #expect(try one(#"ARGS:/a\/b/"#).selector == pattern(#"a\/b"#))
    #expect(try variables("ARGS:/a/|!ARGS:/b/|ARGS_NAMES").map(\.selector) == [pattern("a"), pattern("b"), .all])
  }

  @Test func xpath() throws {
    #expect(try variables("XML:/*|XML://@*|ARGS").map(\.selector) == [.xpath("/*"), .xpath("//@*"), .all])
    #expect(try one("XML").selector == .all)
    #expect(try one("&XML:/*").isCount)
    #expect(
      try one("\"XML:/a[b='x|y' or contains(., 'z, w')]/text()\"").selector
        == .xpath("/a[b='x|y' or contains(., 'z, w')]/text()"))
    #expect(try one("XML:'/a | /b'".replacing(" ", with: "")).selector == .xpath("/a|/b"))
  }

  /// What is wrong, at which column, with which hint.
  @Test(
    arguments: [
      ("ARG", 9, "unknown variable `ARG`", "did you mean `ARGS`?"),
      ("ARGS|REQEST_URI", 14, "unknown variable `REQEST_URI`", "did you mean `REQUEST_URI`?"),
      ("NOTHING_LIKE_IT", 9, "unknown variable `NOTHING_LIKE_IT`", nil),
      ("ARGS|", 14, "a variable is missing", nil),
      ("ARGS||TX", 14, "expected a variable, found `|TX`", nil),
      ("!", 10, "a variable is missing", nil),
      ("&!ARGS", 10, "expected a variable, found `!ARGS`", nil),
      ("ARGS:", 14, "a name is missing after `ARGS:`", nil),
      ("ARGS://", 14, "the regular expression is empty", nil),
      ("ARGS:/a", 14, "the regular expression has no closing `/`", ""),
      ("ARGS:'a", 14, "`'` has no closing quote", nil),
      ("XML:", 13, "an XPath expression is missing", ""),
      ("REQUEST_METHOD:GET", 23, "`REQUEST_METHOD` holds one value and takes no name", ""),
      ("ARGS;TX", 13, "expected `|` between variables, found `;TX`", nil),
      ("PERF_ALL", 9, "the variable `PERF_ALL` is not supported: times are in the metrics", nil),
      ("!ARGS:a", 9, "the rule only leaves out variables and so looks at none", nil),
    ] as [(String, Int, String, String?)])
  func issuesOfVariables(_ list: String, _ column: Int, _ message: String, _ hint: String?) {
    let found = ruleIssues("SecRule \(list) \"@rx a\" \"id:1\"")
    #expect(found.map(\.message) == [message])
    #expect(found.first?.column == column)
    if hint != "" { #expect(found.first?.hint == hint) }
  }

  @Test func variablesOfControls() {
    let position = SourcePosition(file: 3, line: 4, column: 5)
    let found = RuleParser.variables(Array("ARGS:'a,b'|REQUEST_COOKIES:/^x/".utf8), at: position)
    #expect(found?.map(\.selector) == [name("a,b"), pattern("^x")])
    #expect(found?.last?.position == SourcePosition(file: 3, line: 4, column: 16))
    #expect(RuleParser.variables(Array("ARGS:".utf8), at: position) == nil)
    #expect(RuleParser.variables([], at: position) == nil)
    #expect(RuleParser.ruleIDs(Array("942100-942199".utf8)) == 942100...942199)
    #expect(RuleParser.ruleIDs(Array("7".utf8)) == 7...7)
    for text in ["", "-", "1-", "2-1", "0", "a", "1-2-3", "9999999999999999999"] {
      #expect(RuleParser.ruleIDs(Array(text.utf8)) == nil, "\(text)")
    }
  }
}
