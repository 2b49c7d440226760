import Foundation

/// The results of a run, for people and as JSON.
package struct RegressionReport {
  package let results: [RegressionResult]

  package init(_ results: [RegressionResult]) { self.results = results }

  package func count(_ verdict: RegressionResult.Verdict) -> Int { results.count { $0.verdict == verdict } }

  /// Tests whose request HTTP refuses count as passed: what they send does not come through.
  package var passed: Int { count(.passed) + count(.refused) }
  package var failed: Int { count(.failed) }

  /// `N passed, N failed, N skipped`.
  package var lastLine: String { "\(passed) passed, \(failed) failed, \(count(.skipped)) skipped" }

  package func text(verbose: Bool) -> String {
    var lines: [String] = []
    if verbose {
      lines += results.map { result in
        let rules = result.matched.isEmpty ? "" : "  rules \(Self.list(result.matched))"
        return "\(result.verdict.rawValue)  \(result.test.id)" + (result.reason.map { "  " + $0 } ?? "") + rules
      }
    }
    let failures = results.filter { $0.verdict == .failed }
    if !failures.isEmpty {
      lines.append("Failed:")
      for result in failures { lines += Self.failure(result) }
    }
    let refused = results.filter { $0.verdict == .refused }
    if !refused.isEmpty {
      lines.append("Refused by HTTP, before any rule (\(refused.count), counted as passed):")
      lines += refused.map { "  \($0.test.id)  \($0.reason ?? "")" }
    }
    lines.append(lastLine)
    return lines.map(Terminal.safe).joined(separator: "\n")
  }

  private static func failure(_ result: RegressionResult) -> [String] {
    var lines = ["  \(result.test.id)  \(result.reason ?? "")"]
    let matched = result.matched.isEmpty ? "no rule matched" : "matched \(list(result.matched))"
    lines.append("    \(matched); \(result.test.file)")
    return lines
  }

  private static func list(_ ids: [Int]) -> String { ids.map(String.init).joined(separator: ", ") }

  private struct Test: Encodable {
    var id: String
    var result: RegressionResult.Verdict
    var reason: String?
    var matched: [Int]
    var file: String
  }

  private struct Summary: Encodable {
    var passed: Int
    var failed: Int
    var skipped: Int
    var refusedByHTTP: Int
    var tests: [Test]
  }

  package func json() throws -> String {
    let summary = Summary(
      passed: passed, failed: failed, skipped: count(.skipped), refusedByHTTP: count(.refused),
      tests: results.map {
        Test(
          id: $0.test.id, result: $0.verdict, reason: $0.reason, matched: $0.matched, file: $0.test.file)
      })
    return try FirewallCommand.json(summary)
  }
}
