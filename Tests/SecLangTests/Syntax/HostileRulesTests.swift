import Foundation
import SecLang
import Testing

/// Rules that nobody meant: reading ends, soon, with rules or with issues.
@Suite struct HostileRulesTests {
  /// Reads whatever it is; says how many issues there are.
  @discardableResult
  private func read(_ bytes: [UInt8]) -> Int {
    do throws(RuleIssues) {
      let document = try RuleParser.parse(bytes, named: "hostile.conf")
      var twice = document
      twice.append(document)
      #expect(twice.statements.count == 2 * document.statements.count)
      return 0
    } catch {
      #expect(!error.issues.isEmpty)
      #expect(error.issues.count <= RuleLimits.issues)
      for issue in error.issues {
        #expect(issue.line >= 1 && issue.column >= 1)
        #expect(issue.message.utf8.count < 2_000)
      }
      return error.issues.count + error.omitted
    }
  }

  @discardableResult
  private func read(_ text: String) -> Int { read(Array(text.utf8)) }

  @Test func nulBytes() {
    #expect(ruleIssues("SecMarker A\u{0}B").first?.message == "the line holds a NUL byte")
    #expect(ruleIssues("SecAction \\\n \"id:1\u{0}\"").map { "\($0.line):\($0.column)" } == ["2:7"])
    read([UInt8](repeating: 0, count: 1 << 20))
  }

  /// A long run of each, in every place of a rule that has a syntax of its own.
  @Test(arguments: [
    "a", ",", "|", "'", "\"", "\\", "\\\n", "/", "%{", "}", "='", ":'", "(", "[", "a,", "a|", "ARGS|", "ARGS:/a", "!",
    "&", "@", " ", "\t", "\n", "#", "#SecRule\\\n", "`", "pass,", "t:none,", "ctl:a=b,", "msg:'a',", "msg:'", "1 ",
    "1,", "-", "=", ".", ";", "\r", "é", "SecMarker A\n", "Nope\n", "Include a\n", "IncludeOptional a\n",
    "SecRule\n", "SecDataset a `\n",
  ]) func manyOf(_ piece: String) {
    let many = String(repeating: piece, count: (1 << 17) / piece.utf8.count)
    let clock = ContinuousClock()
    let elapsed = clock.measure {
      for before in [
        "", "SecRule ", "SecRule \"", "SecRule ARGS:", "SecRule ARGS:'", "SecRule \"XML:", "SecRule ARGS \"",
        "SecRule ARGS \"@rx ", "SecRule ARGS a \"", "SecAction msg:", "SecAction \"msg:'", "SecAction \"setvar:tx.",
        "SecAction ctl:ruleRemoveTargetById=1;", "SecRuleRemoveById ", "SecRuleRemoveById \"", "SecDataset a `\n",
        "SecMarker A\\\n",
      ] {
        read(before + many)
        read(before + many + "\"")
      }
    }
    // Far beyond what it takes on a busy machine, far below what anything quadratic would.
    #expect(elapsed < .seconds(30), "\(elapsed)")
  }

  @Test func longDirectives() {
    let fitting = "SecMarker " + String(repeating: "a", count: RuleLimits.statementBytes - 10)
    #expect(read(fitting) == 0)
    #expect(ruleIssues(fitting + "a").first?.message == "the directive is longer than 1048576 bytes")
    let continued = "SecMarker " + String(repeating: "a\\\n", count: RuleLimits.statementBytes) + "\n\nSecMarker"
    #expect(ruleIssues(continued).map(\.line) == [1, RuleLimits.statementBytes + 3])
  }

  @Test func longLists() {
    let limit = RuleLimits.listItems
    func rule(_ count: Int) -> String {
      "SecRule \(repeatElement("ARGS", count: count).joined(separator: "|")) \"@rx a\" id:1"
    }
    #expect(read(rule(limit)) == 0)
    #expect(ruleIssues(rule(limit + 1)).first?.message == "the list has more than 1000 variables")
    #expect(read("SecAction \"\(repeatElement("tag:a", count: limit).joined(separator: ","))\"") == 0)
    #expect(
      ruleIssues("SecAction \"\(repeatElement("tag:a", count: limit + 1).joined(separator: ","))\"").first?.message
        == "the list has more than 1000 actions")
    #expect(read("SecResponseBodyMimeType" + String(repeating: " a", count: limit + 2)) == 1)
    #expect(
      ruleIssues("SecRuleRemoveById \"\(String(repeating: "1 ", count: limit + 1))\"").first?.message
        == "`SecRuleRemoveById` names more than 1000 ids")
  }

  @Test func manyDirectives() {
    let limit = RuleLimits.statements
    #expect(read(String(repeating: "SecMarker A\n", count: limit)) == 0)
    let found = ruleIssues(String(repeating: "SecMarker A\n", count: limit + 5))
    #expect(found.map(\.line) == [limit + 1])
    #expect(read(String(repeating: "IncludeOptional a\n", count: 2 * limit)) > 0)
  }

  @Test func datasetsAreBounded() {
    let limit = RuleLimits.datasetEntries
    #expect(read("SecDataset a `\n" + String(repeating: "a\n", count: limit) + "`") == 0)
    #expect(read("SecDataset a `\n" + String(repeating: "a\n", count: limit + 1) + "`\nSecMarker A") == 1)
    #expect(
      read("SecDataset a `\n" + String(repeating: String(repeating: "a", count: 1000) + "\n", count: 1100) + "`") == 1)
  }

  // MARK: Random changes

  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }

  private static let seed: UInt64 = {
    ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap { UInt64($0) } ?? 20_240_611
  }()

  private static let sample = """
    SecRule "ARGS|!ARGS:'a b'|&TX:/^x{1,2}/|XML:/*|REQUEST_HEADERS:User-Agent" "!@rx (?i)a\\"b\\\\[^'\\d]" \\
        "id:942100,\\
        phase:request,\\
        t:none,t:urlDecodeUni,\\
        msg:'it\\'s, %{TX.0}',\\
        ctl:ruleRemoveTargetById=1-5;ARGS:'x,y',\\
        setvar:'tx.score=+%{tx.critical}',expirevar:ip.a=60,\\
        severity:'CRITICAL',skipAfter:END"
    SecDefaultAction "phase:1,log,auditlog,deny,status:403"
    SecRuleUpdateTargetById 942100 "!REQUEST_COOKIES:/^_ga/"
    SecDataset names `
    one
    `
    SecUnicodeMapFile unicode.mapping 20127
    #SecAction \\
        "id:1"
    SecMarker END

    """

  private static let pieces: [[UInt8]] =
    [
      "\"", "'", "\\", "\\\n", "\n", "|", ",", ":", "!", "&", "@", "/", "%{", "}", "`", "#", "=", " ", "\r\n", "\0",
      ";", ".",
      "ARGS", "XML:", "SecRule ", "@rx ", "id:1", "t:none", "ctl:ruleRemoveTargetById=1;ARGS", "SecDataset x `\n",
    ].map { Array($0.utf8) } + [[0xff], [0xc3]]

  private func mutate(_ bytes: inout [UInt8], _ random: inout Random) {
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let offset = Int.random(in: 0...bytes.count, using: &random)
      let length = min(Int.random(in: 0...12, using: &random), bytes.count - offset)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.removeSubrange(offset..<offset + length)
      case 1: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: offset)
      case 2:
        bytes.insert(contentsOf: bytes[offset..<offset + length], at: Int.random(in: 0...bytes.count, using: &random))
      case 3: if offset < bytes.count { bytes[offset] = UInt8.random(in: 0...255, using: &random) }
      default: bytes.removeSubrange(offset..<min(bytes.count, offset + length * 40))
      }
    }
  }

  @Test func changedRulesNeverTrap() {
    var random = Random(state: Self.seed)
    let sample = Array(Self.sample.utf8)
    #expect(read(sample) == 0, "seed \(Self.seed)")
    for _ in 0..<20_000 {
      var bytes = sample
      mutate(&bytes, &random)
      read(bytes)
    }
    for length in 0..<sample.count { read(Array(sample.prefix(length))) }
  }

  @Test func pureNoiseNeverTraps() {
    var random = Random(state: Self.seed &+ 1)
    for _ in 0..<3_000 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 0..<60, using: &random) {
        bytes += Self.pieces.randomElement(using: &random) ?? []
      }
      read(bytes)
    }
  }

  @Test(.enabled(if: PublicRules.exists(PublicRules.coreRuleSet))) func changedPublicRulesNeverTrap() throws {
    var random = Random(state: Self.seed &+ 2)
    let folder = PublicRules.coreRuleSet + "/rules"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".conf") }.sorted()
    #expect(!names.isEmpty)
    for name in names {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder + "/" + name)))
      #expect(read(bytes) == 0, "\(name)")
      for _ in 0..<max(2, 2_000_000 / max(1, bytes.count * 4)) {
        var changed = bytes
        for _ in 0..<8 { mutate(&changed, &random) }
        read(changed)
      }
    }
  }
}
