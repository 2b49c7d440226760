import SluiceConfig
import SluiceModel
import Testing

@Suite struct FirewallSectionTests {
  private func configuration(_ keys: String) -> String { route("pool: p, filters: [{ firewall: { \(keys) } }]") }

  private func filter(_ keys: String) throws -> FirewallFilterConfiguration {
    var found: FirewallFilterConfiguration?
    if case .firewall(let filter)? = try load(configuration(keys)).configuration.routes.first?.filters.first {
      found = filter
    }
    return try #require(found)
  }

  @Test func everyKeyHasASafeDefault() throws {
    #expect(try filter("") == FirewallFilterConfiguration())
    #expect(try filter("rules: crs").rules == [.installed])
  }

  @Test func everyKeyIsRead() throws {
    var expected = FirewallFilterConfiguration()
    expected.rules = [.installed, .path("rules/own.conf")]
    expected.mode = .detect
    expected.paranoia = 2
    expected.detectionParanoia = 3
    expected.inboundThreshold = 10
    expected.outboundThreshold = 8
    expected.requestBody.limitBytes = 1 << 20
    expected.requestBody.fieldsLimitBytes = 64 << 10
    expected.requestBody.overLimit = .partial
    expected.requestBody.memoryBytes = 16 << 20
    expected.responseBody.inspect = true
    expected.responseBody.types = ["text/html"]
    expected.responseBody.limitBytes = 256 << 10
    expected.responseBody.overLimit = .reject
    expected.webSocketMessages.inspect = true
    expected.webSocketMessages.limitBytes = 4 << 10
    expected.set = [FirewallSetting(name: "allowed_methods", value: "GET POST")]
    expected.customRules = "SecAction \"id:1,pass\"\n"
    expected.rulesAfter = "SecRuleRemoveById 920350"
    expected.exclusions = [
      FirewallExclusion(.rules(942100...942199), path: .prefix("/blog"), target: "ARGS:comment", comment: "prose"),
      FirewallExclusion(.tag("attack-rce"), path: .exact("/run")), FirewallExclusion(.rules(920350...920350)),
    ]
    expected.onError = .allow
    expected.timeBudget = .milliseconds(50)
    expected.latencyBudget = .milliseconds(2)
    expected.blockPage = FileContent(path: "blocked.html", bytes: Array("<p>{{id}}</p>".utf8))
    expected.blockStatus = 406
    let text = configuration(
      """
      rules: [crs, rules/own.conf], mode: detect, paranoia: 2, detectionParanoia: 3,
            thresholds: { inbound: 10, outbound: 8 },
            requestBody: { limit: 1MiB, fieldsLimit: 64KiB, overLimit: partial, memory: 16MiB },
            responseBody: { inspect: true, types: [Text/HTML], limit: 256KiB, overLimit: reject },
            webSocketMessages: { inspect: true, limit: 4KiB }, set: { ALLOWED_METHODS: GET POST },
            customRules: "SecAction \\"id:1,pass\\"\\n", rulesAfter: "file:after.conf",
            exclusions: [{ rule: 942100-942199, path: { prefix: /blog }, target: "ARGS:comment", comment: prose },
              { tag: attack-rce, path: { exact: /run } }, { rule: 920350 }],
            onError: allow, timeBudget: 50ms, latencyBudget: 2ms, blockPage: blocked.html, blockStatus: 406
      """)
    let files = ["after.conf": "SecRuleRemoveById 920350\n", "blocked.html": "<p>{{id}}</p>"]
    let loaded = try load(text, files: files)
    #expect(loaded.configuration.routes.first?.filters == [.firewall(expected)])
    #expect(loaded.files == ["sluice.yaml", "after.conf", "blocked.html"])
    // What is rendered reads as it was.
    let rendered = ConfigurationRendering.json(loaded.configuration)
    #expect(try load(rendered, files: files).configuration == loaded.configuration)
  }

  @Test(arguments: [
    ("paranoia: 5", "`5` is out of range"),
    ("paranoia: 3, detectionParanoia: 2", "`detectionParanoia` 2 is lower than `paranoia` 3"),
    ("mode: blok", "unknown value `blok`"),
    ("rules: []", "an empty list"),
    ("exclusions: [{ path: { prefix: / } }]", "an exclusion needs one of `rule` or `tag`"),
    ("exclusions: [{ rule: 1, tag: x }]", "`tag` can't stand beside `rule`"),
    ("exclusions: [{ rule: 1, target: \"args:q\" }]", "`args:q` is no target"),
    ("exclusions: [{ rule: 1, target: \"ARGS:a'b\" }]", "is no target"),
    ("set: { paranoia_level: 2 }", "`paranoia_level` has a key of its own"),
    ("set: { a: x, A: y }", "`a` is set twice"),
    ("set: { \"a b\": x }", "is no name of a variable"),
    ("responseBody: { types: [\"text/html; charset=utf-8\"] }", "is no media type"),
    ("requestBody: { limit: 8MiB, memory: 1MiB }", "`memory` 1MiB holds no body of `limit` 8MiB"),
    ("onError: detect", "unknown value `detect`"), ("blockStatus: 200", "400 to 599"),
    ("blockPage: missing.html", "can't read `missing.html`: no such file"), ("treshold: 5", "unknown key `treshold`"),
  ])
  func mistakesHaveAPlace(keys: String, message: String) throws {
    let found = errors(configuration(keys))
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
    #expect(found.first?.hasPrefix("sluice.yaml:4:") == true)
  }

  @Test func theRulesAreCheckedWhereTheyStand() throws {
    var source = ConfigurationSource.memory()
    source.checkRules = { filter in
      guard filter.customRules.contains("@rxx") else { return RuleCheck(digest: Array(filter.customRules.utf8)) }
      return RuleCheck(problems: [
        RuleCheck.Problem("line 1: unknown operator `@rxx`", hint: "did you mean `@rx`?", key: "customRules"),
        RuleCheck.Problem("no rule has this id", key: "exclusions[0]", isWarning: true),
      ])
    }
    let load = { (rules: String) throws(ConfigurationErrors) in
      try ConfigurationLoader.load(
        bytes: Array(configuration("customRules: \"\(rules)\", exclusions: [{ rule: 1 }]").utf8),
        fileName: "sluice.yaml", source: source)
    }
    do throws(ConfigurationErrors) {
      _ = try load("SecRule ARGS @rxx x")
      Issue.record("the mistake is not found")
    } catch {
      #expect(
        error.issues.map(\.description) == [
          "sluice.yaml:4:62: line 1: unknown operator `@rxx`\n  hint: did you mean `@rx`?"
        ])
      #expect(error.warnings.map(\.message) == ["no rule has this id"])
    }
    _ = try load("SecRule ARGS @rx x")
  }

  @Test func aChangedRuleFileChangesTheHash() throws {
    var hashes: Set<String> = []
    for digest in [[1], [2]] as [[UInt8]] {
      var source = ConfigurationSource.memory()
      source.checkRules = { _ in RuleCheck(digest: digest) }
      let bytes = Array(configuration("rules: own.conf").utf8)
      hashes.insert(try ConfigurationLoader.load(bytes: bytes, fileName: "sluice.yaml", source: source).hash)
    }
    #expect(hashes.count == 2)
  }

  @Test func theDiffNamesTheKeys() throws {
    let old = try load(configuration("rules: crs, paranoia: 1")).configuration
    let new = try load(configuration("rules: crs, paranoia: 2, thresholds: { inbound: 7 }")).configuration
    #expect(
      ConfigurationDiff.text(ConfigurationDiff.between(old, new)) == """
        ~ routes r
            filters[0].firewall.paranoia: 1 → 2
            filters[0].firewall.thresholds.inbound: 5 → 7
        """)
  }

  @Test func theAuditLogIsConfigured() throws {
    let rest = listener("limits: {}")
    #expect(try load(rest).configuration.logs.audit.target == .off)
    #expect(try load("logs: { audit: off }\n" + rest).configuration.logs.audit == AuditLogConfiguration())
    let audit = try load(
      "logs: { audit: { path: logs/audit.jsonl, parts: [requestHead, requestBody], record: all } }\n" + rest
    ).configuration.logs.audit
    #expect(audit.target == .file(path: "logs/audit.jsonl"))
    #expect(audit.parts == [.requestHead, .requestBody] && audit.record == .all)
    #expect(errors("logs: { audit: stdout }\n" + rest).first?.contains("write `off` or `{ path: FILE }`") == true)
  }
}
