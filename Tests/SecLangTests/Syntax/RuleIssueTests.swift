import SecLang
import Testing

/// Places, words and number of the issues of whole files.
@Suite struct RuleIssueTests {
  @Test func placesInContinuedLines() {
    let source = """
      # first
      SecRule ARGS|\\
          TYPO "@rx a" \\
          "id:1,\\
          phase:9,\\
          msg:'ok, \\
          ok',deny,\\
            wrong"
      SecMarker
      """
    let found = ruleIssues(source)
    #expect(found.map { "\($0.line):\($0.column)" } == ["3:5", "5:11", "8:7", "9:10"])
    #expect(found.allSatisfy { $0.file == "rules.conf" })
    #expect(found.last?.message == "`SecMarker` needs a name")
  }

  @Test func placesInCRLFFiles() {
    let found = ruleIssues("SecMarker A\r\n\r\n\tSecAction \"id:1,\\\r\n\t\tnope\"\r\n")
    #expect(found.map { "\($0.line):\($0.column)" } == ["4:3"])
  }

  @Test func placesBehindEscapes() {
    let found = ruleIssues(#"SecAction "id:1,msg:'a \"b\" \'c\'',ctl:ruleEngine=no""#)
    #expect(found.map(\.column) == [52])
  }

  @Test(
    arguments: [
      ("SecRuel ARGS", 1, "unknown directive `SecRuel`", "did you mean `SecRule`?"),
      ("SecRulEngine On", 1, "unknown directive `SecRulEngine`", "did you mean `SecRuleEngine`?"),
      ("modsecurity on;", 1, "unknown directive `modsecurity`", nil),
      (
        "<IfModule security2_module>", 1, "`<IfModule` is a section of Apache's configuration, not a part of the rules",
        ""
      ),
      ("  \"id:1\"", 3, "expected a directive, found `\"id:1\"`", ""),
      ("SecRule", 8, "`SecRule` needs variables and an operator", ""),
      ("SecRule ARGS", 13, "`SecRule` needs an operator", ""),
      ("SecRule ARGS a id:1 b", 21, "`SecRule` takes variables, an operator and actions, found a fourth argument", ""),
      ("SecAction", 10, "`SecAction` needs a list of actions", nil),
      ("SecAction id:1, pass", 17, "`SecAction` takes one argument, found 2", ""),
      ("SecMarker \"\"", 11, "`SecMarker` needs a name, found an empty text", nil),
      ("SecMarker \"A", 11, "`\"` has no closing quote", ""),
      ("SecRule ARGS \"@rx a\"b\" id:1", 21, "text follows the closing quote", ""),
      ("SecRuleEngine Maybe", 15, "`SecRuleEngine` can't be `Maybe`", "expected `On`, `Off` or `DetectionOnly`"),
      ("SecRuleEngine On Off", 18, "`SecRuleEngine` takes one argument, found 2", ""),
      ("SecRuleEngine", 14, "`SecRuleEngine` needs an argument", nil),
      ("SecRequestBodyLimit 1m", 21, "`SecRequestBodyLimit` can't be `1m`", ""),
      ("SecRequestBodyLimit -1", 21, "`SecRequestBodyLimit` can't be `-1`", ""),
      ("SecRequestBodyLimit 99999999999999999999", 21, "`SecRequestBodyLimit` can't be `99999999999999999999`", ""),
      ("SecDebugLogLevel 10", 18, "`SecDebugLogLevel` can't be `10`", "expected a number from 0 to 9"),
      ("SecArgumentSeparator &&", 22, "`SecArgumentSeparator` is one character, not `&&`", nil),
      ("SecAuditLogParts ABX", 18, "`SecAuditLogParts` can't be `ABX`", ""),
      ("SecAuditLogFileMode 0888", 21, "`SecAuditLogFileMode` can't be `0888`", ""),
      (
        "SecAuditLog \"|/bin/mlogc a\"", 13, "`SecAuditLog` is not supported with `|`: it would write to a program", nil
      ),
      ("SecUnicodeMapFile a b", 21, "`b` is no number of a code page", nil),
      ("SecUnicodeMapFile", 18, "`SecUnicodeMapFile` needs a file and a code page", ""),
      ("SecResponseBodyMimeType", 24, "`SecResponseBodyMimeType` needs an argument", nil),
      ("SecResponseBodyMimeTypesClear x", 31, "`SecResponseBodyMimeTypesClear` takes no argument", nil),
      ("SecRuleScript a.lua", 1, "`SecRuleScript` is not supported: it would run a script", nil),
      (
        "secremoterules k https://a/", 1, "`SecRemoteRules` is not supported: it would load rules over the network", nil
      ),
      ("SecGuardianLog |/bin/a", 1, "`SecGuardianLog` is not supported: it would write to a program", nil),
      ("SecConnEngine On", 15, "`SecConnEngine` can only be `Off`: limits on connections belong to the listener", nil),
      (
        "SecXmlExternalEntity On", 22,
        "`SecXmlExternalEntity` can only be `Off`: external entities would read files or the network",
        nil
      ),
      ("SecRuleRemoveById", 18, "`SecRuleRemoveById` needs the ids of rules", nil),
      ("SecRuleRemoveById 1 x-2", 21, "`x-2` is no rule id and no range of them", ""),
      ("SecRuleRemoveById 5-2", 19, "the range `5-2` ends before it begins", nil),
      ("SecRuleRemoveByTag a b", 22, "`SecRuleRemoveByTag` takes one argument, found 2", ""),
      ("SecRuleUpdateTargetById 1", 26, "`SecRuleUpdateTargetById` needs the id of a rule and variables", nil),
      ("SecRuleUpdateActionById x pass", 25, "`x` is no rule id", ""),
      ("Include", 8, "`Include` needs a path", nil),
      ("Include a.conf", 9, "can't read `a.conf`: rules given inline can't include files", nil),
    ] as [(String, Int, String, String?)])
  func issuesOfDirectives(_ source: String, _ column: Int, _ message: String, _ hint: String?) {
    let found = ruleIssues(source)
    #expect(found.map(\.message) == [message])
    #expect(found.first?.line == 1)
    #expect(found.first?.column == column)
    if hint != "" { #expect(found.first?.hint == hint) }
  }

  @Test func readingGoesOnAfterAnIssue() {
    let found = ruleIssues("SecRuel a\nSecAction \"id:1\nSecRuleEngine On\nSecMarker\n")
    #expect(found.map(\.line) == [1, 2, 4])
  }

  @Test func onlySoManyAreTold() throws {
    let source = String(repeating: "Nope\n", count: 60) + "SecAction \"\(String(repeating: "x,", count: 40))y\"\n"
    do {
      _ = try RuleParser.parse(Array(source.utf8), named: "a.conf")
      Issue.record("no issue")
    } catch {
      #expect(error.issues.count == RuleLimits.issues)
      #expect(error.omitted == 51)
      #expect(error.description.hasSuffix("and 51 more"))
    }
  }

  @Test func issuesPrint() {
    let found = ruleIssues("\n SecRuel")
    #expect(found.first?.description == "rules.conf:2:2: unknown directive `SecRuel`\n  did you mean `SecRule`?")
    #expect(ruleIssues("a\tb\u{1}").first?.description == "rules.conf:1:1: unknown directive `a`")
    #expect(ruleIssues("a\u{1b}[31m").first?.message == "unknown directive `a\\u{1b}[31m`")
    let long = ruleIssues(String(repeating: "a", count: 500)).first?.message ?? ""
    #expect(long.count < 120)
    #expect(long.hasSuffix("…`"))
  }
}
