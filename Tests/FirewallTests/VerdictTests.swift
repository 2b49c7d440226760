import Testing
import sluice

/// What counts as what was expected.
@Suite struct VerdictTests {
  private func outcome(_ status: Int? = 200, _ ids: [Int] = [], refusal: Int? = nil) -> RegressionOutcome {
    var outcome = RegressionOutcome()
    outcome.status = status
    outcome.hits = ids.map { RegressionOutcome.Hit(id: $0, message: "found", data: "in ARGS:x", targets: ["ARGS:x"]) }
    outcome.refusal = refusal.map { ("bad", $0) }
    return outcome
  }

  private func isPassed(_ outcome: RegressionOutcome, _ change: (inout RegressionExpectation) -> Void) -> Bool {
    var expected = RegressionExpectation()
    change(&expected)
    return RegressionVerdict(outcome, expected: expected) == .passed
  }

  private func isRefused(_ outcome: RegressionOutcome, _ change: (inout RegressionExpectation) -> Void) -> Bool {
    var expected = RegressionExpectation()
    change(&expected)
    if case .refused = RegressionVerdict(outcome, expected: expected) { return true }
    return false
  }

  @Test func ids() {
    #expect(isPassed(outcome(200, [1, 2])) { $0.ids = [1] })
    #expect(!isPassed(outcome(200, [2])) { $0.ids = [1, 2] })
    #expect(isPassed(outcome(200, [2])) { $0.absentIDs = [1] })
    #expect(!isPassed(outcome(200, [2])) { $0.absentIDs = [1, 2] })
    #expect(
      !isPassed(outcome(200, [1, 2])) {
        $0.ids = [1]
        $0.isIsolated = true
      })
    #expect(
      isPassed(outcome(200, [1, 1])) {
        $0.ids = [1]
        $0.isIsolated = true
      })
  }

  @Test func patterns() {
    #expect(isPassed(outcome(200, [1])) { $0.logPattern = #"\[id "1"\] \[msg "f.*\[data "in ARGS:x"\]"# })
    #expect(!isPassed(outcome(200, [1])) { $0.logPattern = "nothing" })
    #expect(!isPassed(outcome(200, [])) { $0.logPattern = "" })
    #expect(!isPassed(outcome(200, [1])) { $0.absentLogPattern = "at ARGS:x" })
    #expect(isPassed(outcome(200, [1])) { $0.absentLogPattern = "nothing" })
  }

  @Test func replies() {
    #expect(isPassed(outcome(403)) { $0.statuses = [200, 403] })
    #expect(!isPassed(outcome(404)) { $0.statuses = [200, 403] })
    #expect(!isPassed(outcome(nil)) { _ in })
    #expect(isPassed(outcome(nil)) { $0.isError = true })
    #expect(!isPassed(outcome(200)) { $0.isError = true })
    #expect(isPassed(outcome(200)) { $0.isError = false })
    var full = outcome(200)
    full.response = Array("HTTP/1.1 200 \r\nA: b\r\n\r\nbody".utf8)
    #expect(isPassed(full) { $0.responseContains = "A: b" })
    #expect(!isPassed(full) { $0.responseContains = "x" })
  }

  @Test func refusalsByHTTP() {
    #expect(isPassed(outcome(400, [], refusal: 400)) { $0.statuses = [400] })
    #expect(isRefused(outcome(505, [], refusal: 505)) { $0.statuses = [400] })
    #expect(isRefused(outcome(400, [], refusal: 400)) { $0.ids = [1] })
    #expect(isPassed(outcome(400, [1], refusal: 400)) { $0.ids = [1] })
    #expect(isPassed(outcome(400, [], refusal: 400)) { $0.absentIDs = [1] })
    #expect(isRefused(outcome(400, [1], refusal: 400)) { $0.absentIDs = [1] })
    #expect(isRefused(outcome(nil, [], refusal: 400)) { $0.isError = true })
    for expected in [200, 403] {
      #expect(!isPassed(outcome(400, [], refusal: 400)) { $0.statuses = [expected] })
      #expect(!isRefused(outcome(400, [], refusal: 400)) { $0.statuses = [expected] })
    }
    #expect(!isRefused(outcome(200, [], refusal: 400)) { $0.ids = [1] })
  }
}
