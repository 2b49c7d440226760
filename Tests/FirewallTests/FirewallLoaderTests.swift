import Firewall
import Foundation
import SecLang
import SluiceModel
import Testing

/// Rule sets are put together from files and options.
@Suite struct FirewallLoaderTests {
  /// A folder of files that goes away with the test.
  final class Folder {
    let url: URL
    var path: String { String(url.path().dropLast(url.path().hasSuffix("/") ? 1 : 0)) }

    init(_ files: [String: String]) throws {
      url = FileManager.default.temporaryDirectory.appending(path: "rules-\(UUID().uuidString)")
      for (name, text) in files {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
    }

    deinit { try? FileManager.default.removeItem(at: url) }
  }

  private func rule(_ id: Int, _ variable: String = "ARGS:a", _ test: String = "@rx ^x$", _ more: String = "") -> String
  {
    "SecRule \(variable) \"\(test)\" \"id:\(id),phase:1,pass,log,t:none\(more)\"\n"
  }

  /// Ids that a request matches, in order.
  private func matches(_ loaded: LoadedRules, _ target: String = "/?a=x") -> [Int] {
    let transaction = Transaction(loaded.set, workspace: .system(timeBudgetNanoseconds: .max))
    transaction.requestLine(
      method: Array("GET".utf8).span, target: Array(target.utf8).span, version: Array("HTTP/1.1".utf8).span)
    _ = transaction.evaluateRequestHead()
    return transaction.matches.map(\.ruleID)
  }

  @Test func aReleaseIsLoadedInItsOrder() throws {
    let folder = try Folder([
      "crs-setup.conf.example": rule(1), "plugins/b-config.conf": rule(3), "plugins/a-config.conf": rule(2),
      "plugins/a-before.conf": rule(5), "plugins/a-after.conf": rule(9), "rules/B.conf": rule(7),
      "rules/A.conf": rule(6), "rules/Z.conf.example": "nonsense", "plugins/README.md": "nonsense",
    ])
    var options = FirewallOptions()
    options.customRules = rule(4)
    options.rulesAfter = rule(10)
    let loaded = try FirewallLoader.load([.path(folder.path)], options: options)
    #expect(matches(loaded) == [1, 2, 3, 4, 5, 6, 7, 9, 10])
    #expect(loaded.files.count == 7 && loaded.digest.count == 64)
    let other = try Folder(["crs-setup.conf": rule(11), "crs-setup.conf.example": rule(12), "rules/A.conf": rule(13)])
    #expect(matches(try FirewallLoader.load([.path(other.path + "/")], options: FirewallOptions())) == [11, 13])
  }

  @Test func optionsWinOverTheSetup() throws {
    let set = "SecAction \"id:1,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=1,setvar:tx.arg_length=5\"\n"
    let folder = try Folder([
      "crs-setup.conf": set,
      "rules/A.conf": rule(2, "TX:blocking_paranoia_level", "@eq 3") + rule(3, "TX:detection_paranoia_level", "@eq 4")
        + rule(4, "TX:arg_length", "@streq it's \\\"9\\\"") + rule(5, "TX:inbound_anomaly_score_threshold", "@eq 7"),
    ])
    var options = FirewallOptions()
    options.paranoia = 3
    options.detectionParanoia = 4
    options.inboundThreshold = 7
    options.set = [FirewallSetting(name: "arg_length", value: "it's \"9\"")]
    #expect(matches(try FirewallLoader.load([.path(folder.path)], options: options)) == [2, 3, 4, 5])
    for (name, value) in [("a b", "1"), ("", "1"), ("a", "\n"), ("a", "\\"), ("a", "\\'")] {
      options.set = [FirewallSetting(name: name, value: value)]
      #expect(throws: RuleIssues.self) { try FirewallLoader.load([.path(folder.path)], options: options) }
    }
  }

  @Test func theModeIsTheOptions() throws {
    let folder = try Folder(["a.conf": "SecRuleEngine Off\n" + rule(1)])
    var options = FirewallOptions()
    options.engine = .detectionOnly
    let loaded = try FirewallLoader.load([.path(folder.path + "/a.conf")], options: options)
    #expect(matches(loaded) == [1])
    #expect(loaded.set.settings.inspectsRequestBodies && !loaded.set.settings.inspectsResponseBodies)
  }

  @Test func exclusionsHold() throws {
    let tagged = ",tag:'attack.x'"
    let folder = try Folder(["a.conf": rule(1) + rule(2) + rule(3, "ARGS", "@rx ^x$", tagged)])
    func load(_ exclusions: FirewallExclusion...) throws -> LoadedRules {
      var options = FirewallOptions()
      options.exclusions = exclusions
      return try FirewallLoader.load([.path(folder.path + "/a.conf")], options: options)
    }
    #expect(matches(try load()) == [1, 2, 3])
    #expect(matches(try load(FirewallExclusion(.rules(1...2)))) == [3])
    #expect(matches(try load(FirewallExclusion(.tag("attack.x")))) == [1, 2])
    #expect(matches(try load(FirewallExclusion(.tag("attackxx")))) == [1, 2, 3])
    #expect(matches(try load(FirewallExclusion(.rules(3...3), target: "ARGS:a"))) == [1, 2])
    #expect(matches(try load(FirewallExclusion(.rules(3...3), target: "ARGS:b"))) == [1, 2, 3])
    let scoped = try load(FirewallExclusion(.tag("attack.x"), path: .prefix("/api"), target: "ARGS:a"))
    for target in ["/api?a=x", "/api/v1?a=x", "/x/../api?a=x", "/%61pi?a=x"] {
      #expect(matches(scoped, target) == [1, 2], "\(target)")
    }
    for target in ["/?a=x", "/apis?a=x", "/api/../?a=x", "/v1/api?a=x", "/api/%2e%2e/x?a=x"] {
      #expect(matches(scoped, target) == [1, 2, 3], "\(target)")
    }
    let exact = try load(FirewallExclusion(.rules(1...3), path: .exact("/a.b")))
    #expect(matches(exact, "/a.b?a=x").isEmpty && matches(exact, "/aXb?a=x") == [1, 2, 3])
    #expect(matches(exact, "/a.b/c?a=x") == [1, 2, 3])
  }

  @Test func dataIsBesideTheRuleFile() throws {
    let folder = try Folder([
      "crs-setup.conf": "", "rules/A.conf": "Include more/*.inc\n",
      "rules/more/b.inc": rule(1, "ARGS", "@pmFromFile w.data"),
      "rules/more/w.data": "x\n",
    ])
    let loaded = try FirewallLoader.load([.path(folder.path)], options: FirewallOptions())
    #expect(matches(loaded) == [1])
    #expect(loaded.files.last?.hasSuffix("/rules/more/w.data") == true)
    try Data("y\n".utf8).write(to: folder.url.appending(path: "rules/more/w.data"))
    let changed = try FirewallLoader.load([.path(folder.path)], options: FirewallOptions())
    #expect(changed.digest != loaded.digest && matches(changed).isEmpty)
  }

  @Test func whatIsMissingIsSaid() throws {
    let folder = try Folder([
      "none/x": "", "bare/rules/A.conf": rule(1), "bad/a.conf": "SecRule\n", "bad/b.conf": "Nope\n",
    ])
    for (path, part) in [
      ("/nowhere", "no file or folder"), ("/none", "no folder of the core rule set"), ("/bare", "crs-setup.conf"),
    ] {
      let issues = #expect(throws: RuleIssues.self) {
        try FirewallLoader.load([.path(folder.path + path)], options: FirewallOptions())
      }
      #expect(issues?.issues.first?.message.contains(part) == true, "\(path)")
    }
    let both = #expect(throws: RuleIssues.self) {
      try FirewallLoader.load(
        [.path(folder.path + "/bad/a.conf"), .path(folder.path + "/bad/b.conf")], options: FirewallOptions())
    }
    #expect(both?.issues.count == 2)
    #expect(both?.issues.allSatisfy { $0.line == 1 } == true)
  }

  @Test func rulesAreCounted() throws {
    let folder = try Folder([
      "a.conf": """
      SecRule ARGS "@rx a" "id:1,phase:2,pass,chain,tag:'paranoia-level/2'"
      SecRule ARGS "@rx b"
      SecAction "id:2,phase:5,pass"
      SecRule ARGS "@rx a" "id:3,phase:1,pass,tag:'paranoia-level/2'"

      """
    ])
    let counts = try FirewallLoader.load([.path(folder.path + "/a.conf")], options: FirewallOptions()).counts
    #expect(counts.rules == 3)
    #expect(counts.phases == [1: 1, 2: 1, 5: 1])
    #expect(counts.paranoiaLevels == [2: 2])
  }
}
