import SecLang
import Testing

@Suite struct TransactionTests {
  private func ids(
    _ rules: String, _ target: String = "/?a=1", _ change: (inout Trial) -> Void = { _ in }
  ) throws -> [Int] {
    var trial = try Trial(rules)
    trial.target = target
    change(&trial)
    return trial.matches()
  }

  @Test func operatorsSeeTransformedValues() throws {
    let rules = #"SecRule ARGS "@rx <script" "id:1,phase:2,pass,t:none,t:urlDecodeUni,t:lowercase""#
    #expect(try ids(rules, "/?q=%253CScRiPt") == [1])
    #expect(try ids(rules, "/?q=script") == [])
  }

  @Test func chainsNeedAllTheirRules() throws {
    let rules = """
      SecRule ARGS:a "@streq 1" "id:1,phase:2,pass,chain"
        SecRule ARGS:b "@streq 2" "chain"
        SecRule MATCHED_VARS "@rx ^[12]$" "t:none"
      """
    #expect(try ids(rules, "/?a=1&b=2") == [1])
    #expect(try ids(rules, "/?a=1&b=3") == [])
    #expect(try ids(rules, "/?b=2") == [])
  }

  @Test func skipAfterGoesOnBehindTheMarker() throws {
    let rules = """
      SecRule ARGS:a "@eq 1" "id:1,phase:2,pass,nolog,skipAfter:END"
      SecAction "id:2,phase:2,pass"
      SecMarker END
      SecAction "id:3,phase:2,pass"
      """
    #expect(try ids(rules, "/?a=1") == [3])
    #expect(try ids(rules, "/?a=2") == [2, 3])
  }

  @Test func skipPassesOverRules() throws {
    let rules = """
      SecRule ARGS:a "@eq 1" "id:1,phase:2,pass,nolog,skip:2"
      SecAction "id:2,phase:2,pass"
      SecAction "id:3,phase:2,pass"
      SecAction "id:4,phase:2,pass"
      """
    #expect(try ids(rules) == [4])
  }

  @Test func scoresAddUpOverEachMatch() throws {
    let rules = """
      SecAction "id:1,phase:1,pass,nolog,setvar:tx.weight=5"
      SecRule ARGS "@contains x" "id:2,phase:2,pass,setvar:'tx.inbound_anomaly_score_pl1=+%{tx.weight}'"
      SecRule TX:inbound_anomaly_score_pl1 "@ge 10" "id:3,phase:2,deny,status:418,msg:'%{tx.inbound_anomaly_score_pl1}'"
      """
    var trial = try Trial(rules)
    trial.target = "/?a=x&b=x&c=y"
    let transaction = trial.run()
    #expect(transaction.matches.map(\.ruleID) == [2, 3])
    #expect(transaction.matches[0].score == 10)
    #expect(transaction.matches[0].targets.map { text($0.name) } == ["ARGS:a", "ARGS:b"])
    #expect(transaction.matches[1].score == 0)
    #expect(text(transaction.matches[1].message) == "10")
    let intervention = try #require(transaction.intervention)
    #expect(intervention.kind == .deny)
    #expect([intervention.status, intervention.ruleID, intervention.phase] == [418, 3, 2])
  }

  @Test func blockDoesWhatTheDefaultActionSays() throws {
    let deny = """
      SecDefaultAction "phase:2,log,deny,status:406"
      SecRule ARGS:a "@eq 1" "id:1,phase:2,block"
      """
    var trial = try Trial(deny)
    trial.target = "/?a=1"
    #expect(trial.run().intervention?.status == 406)
    var pass = try Trial(#"SecRule ARGS:a "@eq 1" "id:1,phase:2,block""#)
    pass.target = "/?a=1"
    let transaction = pass.run()
    #expect(transaction.intervention == nil)
    #expect(transaction.matches.map(\.ruleID) == [1])
  }

  @Test func detectionOnlyTellsWhatItWouldHaveDone() throws {
    var trial = try Trial("SecRuleEngine DetectionOnly\n" + #"SecRule ARGS:a "@eq 1" "id:1,phase:2,deny,status:403""#)
    trial.target = "/?a=1"
    let transaction = trial.run()
    #expect(transaction.intervention == nil)
    #expect(transaction.detectedIntervention?.ruleID == 1)
  }

  @Test func countsAndExclusions() throws {
    #expect(try ids(#"SecRule &ARGS "@eq 2" "id:1,phase:2,pass""#, "/?a=1&b=2") == [1])
    #expect(try ids(#"SecRule &ARGS:a "@gt 1" "id:1,phase:2,pass""#, "/?a=1&A=2") == [1])
    #expect(try ids(#"SecRule &REQUEST_HEADERS:X-None "@eq 0" "id:1,phase:1,pass""#) == [1])
    let excluded = #"SecRule ARGS|!ARGS:password|!ARGS:/^csrf/ "@rx secret" "id:1,phase:2,pass""#
    #expect(try ids(excluded, "/?password=secret&csrf_token=secret") == [])
    #expect(try ids(excluded, "/?note=secret") == [1])
  }

  @Test(arguments: ["pre_", "pre_fix", "PRE_fix", "a%0apre_fix"])
  func namesAreSelectedByTheirBeginning(name: String) throws {
    #expect(try ids(#"SecRule ARGS:/^Pre_/ "@rx x" "id:1,phase:2,pass""#, "/?\(name)=x") == [1])
    #expect(try ids(#"SecRule ARGS|!ARGS:/^Pre_/ "@rx x" "id:1,phase:2,pass""#, "/?\(name)=x") == [])
  }

  @Test(arguments: ["pre", "xpre_", "a%0axpre_", ""]) func otherNamesAreNot(name: String) throws {
    #expect(try ids(#"SecRule ARGS:/^Pre_/ "@rx x" "id:1,phase:2,pass""#, "/?\(name)=x") == [])
    #expect(try ids(#"SecRule ARGS|!ARGS:/^Pre_/ "@rx x" "id:1,phase:2,pass""#, "/?\(name)=x") == [1])
  }

  /// Names are told by their length and bytes where that is enough: the answer is that of a search.
  @Test(arguments: [
    "^pre_", "fix$", "^a|b", "LEAKAGE.ERRORS", "x_types_*", "[0-9]{2}", "(?:ab|cd)-", "^$", "a.c", "\\d|_z",
  ])
  func namesAreSelectedAsBySearch(pattern: String) throws {
    let names = [
      "pre_", "Pre_fix", "suffix", "b", "leakage/errors", "X_TYPES", "x_type", "a12", "1", "AB-", "cd", "a\nc", "",
    ]
    let regex = try RegularExpression(pattern, ignoringCase: true)
    let scratch = RegexScratch()
    for name in names {
      let isMatch = regex.match(Array(name.utf8).span, scratch: scratch).isMatch
      let escaped = name.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      let rules = #"SecRule ARGS:'/\#(pattern)/' "@rx x" "id:1,phase:2,pass""#
      let found = try ids(rules, "/?\(escaped)=x") == [1]
      #expect(found == isMatch, "`\(pattern)` on `\(name)`")
    }
  }

  @Test func negationMatchesWhatDoesNotFit() throws {
    let rules = #"SecRule REQUEST_METHOD "!@within GET HEAD" "id:1,phase:1,pass""#
    #expect(try ids(rules) == [])
    #expect(try ids(rules) { $0.method = "PATCH" } == [1])
    #expect(try ids(#"SecRule ARGS:none "!@rx a" "id:1,phase:2,pass""#) == [])
  }

  @Test func capturesAreKept() throws {
    let data = "%{TX.1} %{TX.2} %{MATCHED_VAR_NAME}"
    let rules = #"SecRule ARGS "@rx (\d+)-(\w+)" "id:1,phase:2,pass,capture,logdata:'\#(data)'""#
    var trial = try Trial(rules)
    trial.target = "/?q=42-abc"
    #expect(text(try #require(trial.run().matches.first).data) == "42 abc ARGS:q")
  }

  @Test func multiMatchSeesEachStep() throws {
    let rules = #"SecRule ARGS "@rx ^%3c$|^<$" "id:1,phase:2,pass,multiMatch,t:none,t:urlDecode""#
    var trial = try Trial(rules)
    trial.target = "/?q=%253c"
    #expect(trial.run().matches.first?.targets.count == 2)
  }

  @Test func controlTakesRulesAndTargetsOut() throws {
    let rules = """
      SecRule REQUEST_FILENAME "@beginsWith /free" "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=10-19"
      SecRule REQUEST_FILENAME "@beginsWith /note" "id:2,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10;ARGS:text"
      SecRule REQUEST_FILENAME "@beginsWith /tag" "id:3,phase:1,pass,nolog,ctl:ruleRemoveTargetByTag=sql;ARGS:/^t/"
      SecRule REQUEST_FILENAME "@beginsWith /off" "id:4,phase:1,pass,nolog,ctl:ruleEngine=Off"
      SecRule ARGS "@contains bad" "id:10,phase:2,pass,tag:'attack-sql'"
      """
    #expect(try ids(rules, "/?text=bad") == [10])
    #expect(try ids(rules, "/free?text=bad") == [])
    #expect(try ids(rules, "/note?text=bad") == [])
    #expect(try ids(rules, "/note?other=bad") == [10])
    #expect(try ids(rules, "/tag?text=bad") == [])
    #expect(try ids(rules, "/off?text=bad") == [])
  }

  @Test func updatesAndRemovalsChangeRules() throws {
    let rules = """
      SecRule ARGS "@contains bad" "id:1,phase:2,pass,tag:'a'"
      SecRule ARGS "@contains bad" "id:2,phase:2,pass,msg:'second'"
      SecRule ARGS "@contains bad" "id:3,phase:2,pass"
      SecRuleUpdateTargetById 1 "!ARGS:text"
      SecRuleRemoveByMsg "^second$"
      SecRuleUpdateActionById 3 "deny,status:451"
      """
    var trial = try Trial(rules)
    trial.target = "/?text=bad"
    let transaction = trial.run()
    #expect(transaction.matches.map(\.ruleID) == [3])
    #expect(transaction.intervention?.status == 451)
  }

  @Test func allowEndsWhatItSays() throws {
    let rules = """
      SecRule REQUEST_FILENAME "@streq /a" "id:1,phase:1,nolog,allow"
      SecRule REQUEST_FILENAME "@streq /p" "id:2,phase:1,nolog,allow:phase"
      SecAction "id:3,phase:1,pass"
      SecAction "id:4,phase:2,pass"
      """
    #expect(try ids(rules, "/a") == [])
    #expect(try ids(rules, "/p") == [4])
    #expect(try ids(rules, "/x") == [3, 4])
  }

  @Test func collectionsOutliveTransactions() throws {
    var now = 1_000
    let store = CollectionStore()
    let rules = """
      SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.hits=+1,expirevar:ip.hits=60"
      SecRule IP:hits "@ge 3" "id:2,phase:1,pass"
      """
    let document = try RuleParser.parse(Array(("SecRuleEngine On\n" + rules).utf8), named: "test.conf")
    let set = try RuleSet.compile(document, data: NoData())
    let workspace = Workspace(
      timeBudgetNanoseconds: .max, collections: store, nowNanoseconds: { 0 },
      wallClock: {
        WallClock(epochSeconds: now, year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 0, weekday: 4)
      })
    func request() -> Bool {
      let transaction = Transaction(set, workspace: workspace)
      let server: [UInt8] = []
      transaction.connection(
        client: Array("192.0.2.9".utf8).span, clientPort: 1, server: server.span, serverPort: 0)
      _ = transaction.evaluateRequestHead()
      return transaction.matches.contains { $0.ruleID == 2 }
    }
    #expect([request(), request(), request()] == [false, false, true])
    now += 61
    #expect(request() == false)
  }

  @Test func repliesAreSeenInTheirPhases() throws {
    var trial = try Trial(
      """
      SecRule RESPONSE_STATUS "@rx ^5" "id:1,phase:3,pass"
      SecRule RESPONSE_BODY "@pm traceback ORA-00933" "id:2,phase:4,deny,status:502"
      """)
    trial.reply = (500, [("Content-Type", "text/html")], "<pre>Traceback (most recent call last)")
    let transaction = trial.run()
    #expect(transaction.matches.map(\.ruleID) == [1, 2])
    #expect(transaction.intervention?.phase == 4)
  }
}
