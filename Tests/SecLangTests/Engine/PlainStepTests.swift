import SecLang
import Testing

/// Rules that only compare and set TX variables are run without a look at the rule: nothing may come of it.
@Suite struct PlainStepTests {
  /// The texts of all messages, which show what the variables were.
  private func messages(_ rules: String, plainly: Bool = false) throws -> [String] {
    var trial = try Trial(rules)
    trial.reply = (status: 200, headers: [("Content-Type", "text/html")], body: "text")
    let transaction = plainly ? trial.run(trial.set.withoutScans()) : trial.run()
    return transaction.matches.map { "\($0.ruleID) \($0.score) \(text($0.message))" }
  }

  @Test func whatIsSetIsWhatWasWritten() throws {
    let rules = """
      SecAction "id:1,phase:1,pass,nolog,setvar:tx.a=5,setvar:'tx.b=some text',setvar:tx.c=%{tx.a},setvar:tx.d=%{tx.none}"
      SecAction "id:2,phase:1,pass,nolog,setvar:tx.a=+3,setvar:tx.c=-%{tx.a},setvar:tx.e=+%{tx.a},setvar:!tx.b"
      SecRule &TX:b "@eq 0" "id:3,phase:1,pass,nolog,setvar:tx.b=again"
      SecRule TX:a "@gt %{tx.e}" "id:4,phase:1,pass,nolog,setvar:tx.f=wrong"
      SecRule TX:a "@ge %{tx.e}" "id:5,phase:1,pass,nolog,setvar:tx.f=right"
      SecAction "id:6,phase:1,pass,log,msg:'%{tx.a} %{tx.b} %{tx.c} [%{tx.d}] %{tx.e} %{tx.f} %{MATCHED_VAR}'"
      """
    #expect(try messages(rules) == ["6 0 8 again -3 [] 8 right 8"])
  }

  @Test func scoresThatGoAreTold() throws {
    let rules = """
      SecAction "id:1,phase:1,pass,nolog,setvar:tx.anomaly_score_pl1=0,setvar:tx.x=1"
      SecAction "id:2,phase:1,pass,nolog,setvar:tx.anomaly_score_pl1=+4"
      SecAction "id:3,phase:1,pass,nolog,setvar:tx.anomaly_score_pl1=0,setvar:tx.x=2"
      SecAction "id:4,phase:1,pass,log,msg:'%{tx.x}'"
      """
    #expect(try messages(rules) == ["2 4 ", "3 -4 ", "4 0 2"])
  }

  @Test func ofSeveralTargetsOneMustCompare() throws {
    let rules = """
      SecAction "id:1,phase:1,pass,nolog,setvar:tx.b=0"
      SecRule &TX:a|TX:a "@eq 0" "id:2,phase:1,pass,nolog,skipAfter:FIRST"
      SecAction "id:3,phase:1,pass,log"
      SecMarker FIRST
      SecRule &TX:b|TX:b "@eq 0" "id:4,phase:1,pass,nolog,skipAfter:SECOND"
      SecAction "id:5,phase:1,pass,log"
      SecMarker SECOND
      SecRule &TX:b "@eq 1" "id:6,phase:1,pass,nolog,chain,skipAfter:THIRD"
        SecRule TX:b "@gt 0"
      SecAction "id:7,phase:1,pass,log"
      SecMarker THIRD
      """
    #expect(try messages(rules) == ["7 0 "])
  }

  @Test func removedTargetsAndRulesStayOut() throws {
    let rules = """
      SecAction "id:1,phase:1,pass,nolog,setvar:tx.a=1,ctl:ruleRemoveTargetById=2-3;TX:a,ctl:ruleRemoveById=4"
      SecRule TX:a "@eq 1" "id:2,phase:1,pass,nolog,setvar:tx.b=wrong"
      SecRule &TX:a "@eq 0" "id:3,phase:1,pass,nolog,setvar:tx.c=right"
      SecRule TX:a "@eq 1" "id:4,phase:1,pass,nolog,setvar:tx.d=wrong"
      SecRule TX:a "@eq 1" "id:5,phase:1,pass,nolog,setvar:tx.e=right"
      SecAction "id:6,phase:1,pass,log,msg:'%{tx.b} %{tx.c} %{tx.d} %{tx.e}'"
      """
    #expect(try messages(rules) == ["6 0  right  right"])
  }

  /// The last phase tells what came of a request, refused or not.
  @Test func allOfTheLastPhaseRunsAfterARefusal() throws {
    let rules = """
      SecAction "id:1,phase:1,deny,status:403"
      SecAction "id:2,phase:5,pass,nolog,setvar:tx.a=1"
      SecAction "id:3,phase:5,pass,log"
      SecAction "id:4,phase:5,pass,log,msg:'%{tx.a}'"
      """
    #expect(try messages(rules) == ["1 0 ", "3 0 ", "4 0 1"])
  }

  @Test func randomRulesComeToTheSame() throws {
    var random = TransformationRandom()
    for _ in 0..<150 {
      let rules = Self.rules(&random)
      #expect(try messages(rules) == messages(rules, plainly: true), "seed \(random.seed): \(rules)")
    }
  }

  private static func rules(_ random: inout TransformationRandom) -> String {
    let names = ["a", "b", "c", "anomaly_score_pl1"]
    func name() -> String { names[random.below(names.count)] }
    func argument() -> String { random.below(3) == 0 ? "%{tx.\(name())}" : "\(random.below(4))" }
    func comparison() -> String {
      let target = random.below(3) == 0 ? "&TX:\(name())" : "TX:\(name())"
      let other = random.below(4) == 0 ? "|TX:\(name())" : ""
      let operation = ["eq", "lt", "ge", "gt", "le"][random.below(5)]
      return "\(target)\(other) \"\(random.below(4) == 0 ? "!" : "")@\(operation) \(argument())\""
    }
    func assignment() -> String {
      switch random.below(6) {
      case 0: "setvar:!tx.\(name())"
      case 1: "setvar:tx.\(name())=word"
      default: "setvar:'tx.\(name())=\(["", "+", "-"][random.below(3)])\(argument())'"
      }
    }
    var lines: [String] = []
    for id in 1...25 {
      var actions = "id:\(id),phase:\(1 + random.below(2)),pass,\(random.below(4) == 0 ? "log" : "nolog")"
      actions += ",msg:'%{tx.a} %{tx.b} %{tx.c} %{tx.anomaly_score_pl1}'"
      for _ in 0..<random.below(3) { actions += ",\(assignment())" }
      if random.below(5) == 0 { actions += ",skipAfter:M\(id / 5)" }
      if random.below(12) == 0 { actions += ",ctl:ruleRemoveTargetById=\(id + 1)-\(id + 4);TX:\(name())" }
      switch random.below(4) {
      case 0: lines.append("SecAction \"\(actions)\"")
      case 1:
        lines.append("SecRule \(comparison()) \"\(actions),chain\"")
        lines.append("SecRule \(comparison()) \"\(random.below(3) == 0 ? assignment() : "t:none")\"")
      default: lines.append("SecRule \(comparison()) \"\(actions)\"")
      }
      if id % 5 == 4 { lines.append("SecMarker M\(id / 5)") }
    }
    lines.append("SecMarker M5")
    lines.append("SecAction \"id:99,phase:2,pass,log,msg:'%{tx.a} %{tx.b} %{tx.c} %{tx.anomaly_score_pl1}'\"")
    return lines.joined(separator: "\n")
  }
}

extension TransformationRandom {
  fileprivate mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}
