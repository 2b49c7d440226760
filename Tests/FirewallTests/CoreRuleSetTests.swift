import Firewall
import Foundation
import SluiceModel
import Testing
import sluice

/// Where the core rule set and its tests are: `SLUICE_CONFORMANCE`, or beside the package.
private enum CoreRuleSet {
  static let rules: String = {
    let folder =
      ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"].map { URL(filePath: $0) }
      ?? URL(filePath: #filePath).appending(path: "../../../../shared/conformance").standardizedFileURL
    return folder.appending(path: "crs-v4").path
  }()

  static let tests = rules + "/tests"

  static var isThere: Bool { FileManager.default.fileExists(atPath: tests) }
}

/// The core rule set's own regression tests, in this process.
@Suite(.enabled(if: CoreRuleSet.isThere, "no data at `\(CoreRuleSet.tests)`; set SLUICE_CONFORMANCE to its folder"))
struct CoreRuleSetTests {
  /// Tests that fail here, and why that is right.
  private static let exceptions: [String: String] = [
    "920100-4": "it wants 200 for a CONNECT; a gate in front of servers opens no tunnels and answers 501",
    "920181-1": "it wants 200 for Content-Length with Transfer-Encoding; RFC 9112 6.1 lets us refuse that, and we do",
  ]

  @Test(.timeLimit(.minutes(5))) func regressionTestsPass() async throws {
    let set = try FirewallLoader.load([.path(CoreRuleSet.rules)], options: RegressionSetup.options).set
    let tests = try RegressionFile.find(CoreRuleSet.tests).flatMap(RegressionFile.read)
    let results = await RegressionRun.run(tests, rules: set, jobs: ProcessInfo.processInfo.activeProcessorCount)
    let report = RegressionReport(results)
    #expect(results.count == tests.count && report.count(.skipped) == 0)
    #expect(report.passed * 1_000 >= results.count * 995, "\(report.lastLine)")
    let failed = results.filter { $0.verdict == .failed }
    for result in failed where Self.exceptions[result.test.id] == nil {
      Issue.record("\(result.test.id): \(result.reason ?? ""); matched \(result.matched)")
    }
    for id in Self.exceptions.keys.sorted() {
      #expect(failed.contains { $0.test.id == id }, "\(id) passes now: take it off the list")
    }
  }

  /// What HTTP refuses is no excuse for many.
  @Test func fewTestsAreRefusedByHTTP() async throws {
    let set = try FirewallLoader.load([.path(CoreRuleSet.rules)], options: RegressionSetup.options).set
    let tests = try RegressionFile.find(CoreRuleSet.tests + "/REQUEST-920-PROTOCOL-ENFORCEMENT").flatMap(
      RegressionFile.read)
    let results = await RegressionRun.run(tests, rules: set, jobs: 2)
    let refused = Set(results.filter { $0.verdict == .refused }.map(\.test.id))
    #expect(refused == ["920100-5", "920280-3", "920430-3"])
  }

  @Test func everyTestHasItsOwnID() throws {
    let tests = try RegressionFile.find(CoreRuleSet.tests).flatMap(RegressionFile.read)
    #expect(tests.count > 3_000)
    #expect(Set(tests.map(\.id)).count == tests.count)
  }
}
