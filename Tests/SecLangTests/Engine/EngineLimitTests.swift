import SecLang
import Testing

@Suite struct EngineLimitTests {
  @Test func timeBudgetEndsTheInspection() throws {
    var now: UInt64 = 0
    let rules = (1...200).map { #"SecRule ARGS "!@rx ^b\#($0)$" "id:\#($0),phase:2,pass,nolog""# }
    var trial = try Trial(
      rules.joined(separator: "\n"), budget: 1_000,
      now: {
        now += 1; return now
      })
    trial.target = "/?" + (0..<500).map { "a\($0)=x" }.joined(separator: "&")
    let transaction = Transaction(trial.set, workspace: trial.workspace)
    transaction.requestLine(
      method: Array("GET".utf8).span, target: Array(trial.target.utf8).span, version: Array("HTTP/1.1".utf8).span)
    _ = transaction.evaluateRequestHead()
    _ = transaction.evaluateRequestBody()
    #expect(transaction.failure == .timeBudget)
  }

  @Test func aMatchLimitIsNoAnswer() throws {
    let rules = """
      SecRule ARGS:q "@rx ^(a+)+$" "id:1,phase:2,pass"
      SecRule TX:/^MSC_/ "!@streq 0" "id:2,phase:2,deny"
      """
    let trial = try Trial(rules)
    // With scans the pattern is not even tried: its value does not end with what it must end with.
    let transaction = Transaction(trial.set.withoutScans(), workspace: trial.workspace)
    let target = "/?q=" + String(repeating: "a", count: 5_000) + "b"
    transaction.requestLine(
      method: Array("GET".utf8).span, target: Array(target.utf8).span, version: Array("HTTP/1.1".utf8).span)
    _ = transaction.evaluateRequestHead()
    _ = transaction.evaluateRequestBody()
    #expect(transaction.failure == .matchLimit)
    #expect(transaction.intervention?.ruleID == 2)
  }

  @Test func hugeMacrosAreCut() throws {
    let rules = """
      SecAction "id:1,phase:1,pass,nolog,setvar:'tx.a=%{REQUEST_URI}%{REQUEST_URI}%{REQUEST_URI}%{REQUEST_URI}'"
      SecAction "id:2,phase:1,pass,nolog,setvar:'tx.a=%{tx.a}%{tx.a}%{tx.a}%{tx.a}'"
      SecAction "id:3,phase:1,pass,nolog,setvar:'tx.a=%{tx.a}%{tx.a}%{tx.a}%{tx.a}'"
      SecAction "id:4,phase:1,pass,setvar:'tx.a=%{tx.a}%{tx.a}%{tx.a}%{tx.a}'"
      """
    var trial = try Trial(rules)
    trial.target = "/" + String(repeating: "x", count: 8_000)
    #expect(trial.matches() == [4])
  }

  @Test func namesMadeByClientsAreBounded() throws {
    let rules = #"SecRule ARGS_NAMES "@rx ." "id:1,phase:2,pass,setvar:'tx.seen_%{MATCHED_VAR}=+1'""#
    var trial = try Trial("SecArgumentsLimit 100000\n" + rules)
    trial.target = "/?" + (0..<20_000).map { "n\($0)=1" }.joined(separator: "&")
    #expect(trial.matches() == [1])
  }

  @Test func whatCanNotBeCompiledIsSaidWithItsPlace() throws {
    func issues(_ rules: String) -> [String] {
      do {
        _ = try Trial(rules)
        return []
      } catch let issues as RuleIssues {
        return issues.issues.map(\.description)
      } catch {
        return ["\(error)"]
      }
    }
    let line = Trial.prelude.split(separator: "\n", omittingEmptySubsequences: false).count
    #expect(issues(#"SecRule ARGS "@rx (" "id:1,phase:2,pass""#).first?.hasPrefix("test.conf:\(line):") == true)
    #expect(issues(#"SecRule ARGS "@rx a" "phase:2,pass""#).first?.contains("no `id`") == true)
    #expect(issues("SecAction \"id:1,pass\"\nSecAction \"id:1,pass\"").first?.contains("second time") == true)
    #expect(issues(#"SecRule ARGS "@pmFromFile none.data" "id:1,phase:2,pass""#).first?.contains("none.data") == true)
    #expect(issues(#"SecRule ARGS "@rx a" "id:1,phase:2,pass,chain""#).first?.contains("chain") == true)
  }
}
