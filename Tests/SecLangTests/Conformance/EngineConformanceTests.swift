import Foundation
import SecLang
import Testing

/// The public cases of operators and transformations as rules: parsed, compiled and run by the engine.
@Suite(.enabled(if: ModSecurityCase.isThere, "set SLUICE_CONFORMANCE to the conformance data"))
struct EngineConformanceTests {
  /// Operators with no data source here, and why.
  static let skipped: [String: String] = ["geoLookup": "the data has no database of places"]

  /// Arguments that ModSecurity takes and the parser refuses, so that nobody relies on what becomes of them.
  static let refused: [String: Set<String>] = [
    "eq": ["xxx"], "ge": ["xxx"], "gt": ["xxx"], "le": ["xxx"], "lt": ["xxx"], "rx": [""], "rxGlobal": [""],
    "noMatch": ["TestCase"], "unconditionalMatch": ["TestCase"],
  ]

  /// Operators whose rules are refused for an argument with which ModSecurity never matches.
  static let strict: Set<String> = ["ipMatch", "validateByteRange"]

  /// What the file that the cases of `@pmFromFile` name holds.
  static let phrases = "abc\ndef\nghi\nyyy zzz\n"

  @Test(arguments: ModSecurityCase.names("operators").filter { skipped[$0] == nil })
  func operatorsAnswerInRules(_ name: String) throws {
    var rules: [String: RuleOnTrial] = [:]
    for item in try ConformanceCase.read("operators", name) {
      let argument = item.param ?? ""
      let place = "@\(name) \(argument) of \(item.input)"
      let groups = item.groups.map { "," + Self.capture($0.count) } ?? ""
      let isWritten = Self.refused[name]?.contains(argument) != true && argument.utf8.allSatisfy { $0 >= 0x20 }
      do {
        if rules[argument + groups] == nil {
          rules[argument + groups] = try RuleOnTrial(
            operator: name, argument, actions: "t:none" + groups, files: [argument: Self.phrases],
            isWritten: isWritten)
        }
      } catch let error as RuleIssues {
        if !Self.strict.contains(name) || item.ret != 0 { Issue.record("\(place): \(error)") }
        continue
      }
      for answer in try #require(rules[argument + groups]).answers(to: ModSecurityCase.bytes(item.input)) {
        if (answer != nil) != (item.ret == 1) { Issue.record("\(place): \(answer == nil ? "no match" : "a match")") }
        if let groups = item.groups, let answer {
          let expected = groups.map { "<\($0)>" }.joined()
          #expect(String(decoding: answer, as: UTF8.self) == expected, "\(place)")
        }
      }
    }
  }

  /// What is said to be refused is.
  @Test(arguments: refused.keys.sorted())
  func parserRefuses(_ name: String) throws {
    for argument in try #require(Self.refused[name]) {
      #expect(throws: RuleIssues.self, "@\(name) \(argument)") {
        try RuleOnTrial(operator: name, argument, actions: "t:none")
      }
    }
  }

  /// Writes the groups, each in angle brackets.
  private static func capture(_ count: Int) -> String {
    "capture,logdata:'" + (0..<min(count, 10)).map { "<%{TX.\($0)}>" }.joined() + "'"
  }

  /// A rule that is tried on all values, one that a scan finds values for, and one that sees each step.
  @Test(
    arguments: ModSecurityCase.names("transformations"),
    [("unconditionalMatch", ""), ("rx", "^[\\s\\S]*$"), ("rx", "(?s)^.*$")])
  func transformationsWorkInRules(_ name: String, _ comparison: (String, String)) throws {
    let rule = try RuleOnTrial(
      operator: comparison.0, comparison.1, actions: "t:none,t:\(name),logdata:'%{MATCHED_VAR}'")
    let length = try RuleOnTrial(
      operator: comparison.0, comparison.1, actions: "t:none,t:\(name),t:length,logdata:'%{MATCHED_VAR}'")
    let cases = try ConformanceCase.read("transformations", name)
    #expect(!cases.isEmpty)
    for item in cases {
      let input = ModSecurityCase.bytes(item.input)
      let expected = ModSecurityCase.bytes(item.output ?? "")
      // Records are cut to their limit.
      let limit = EngineLimits.recordedValueBytes * 4
      for answer in rule.answers(to: input) {
        #expect(answer == Array(expected.prefix(limit)), "t:\(name) of \(input.prefix(120))")
      }
      for answer in length.answers(to: input) {
        #expect(answer == Array(String(expected.count).utf8), "t:\(name),t:length of \(input.prefix(120))")
      }
    }
  }
}
