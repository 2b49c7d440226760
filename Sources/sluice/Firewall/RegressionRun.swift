import Dispatch
import Firewall
package import SecLang
import Synchronization

/// What came of a test.
package struct RegressionResult: Sendable {
  package enum Verdict: String, Sendable, Encodable {
    case passed, refused, failed, skipped
  }

  package var test: RegressionTest
  package var verdict: Verdict
  /// Why it failed or was refused.
  package var reason: String?
  /// Ids of the rules that matched in the stage that decided, in order.
  package var matched: [Int] = []
}

/// Runs tests on several threads.
package enum RegressionRun {
  /// Runs tests through rules in this process.
  ///
  /// - Parameter progress: called on any thread with how many are done.
  package static func run(
    _ tests: [RegressionTest], rules: RuleSet, jobs: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async -> [RegressionResult] {
    await onThreads(tests.count, jobs: jobs, progress: progress) {
      let trial = RuleTrial(rules)
      return { index in run(tests[index]) { trial.run($0) } }
    }
  }

  /// Runs a test's stages.
  package static func run(
    _ test: RegressionTest, exchange: ([UInt8]) -> RegressionOutcome
  ) -> RegressionResult {
    guard test.isEnabled else { return RegressionResult(test: test, verdict: .skipped, reason: "its file says so") }
    var session = RegressionSession()
    var result = RegressionResult(test: test, verdict: .passed)
    for (index, stage) in test.stages.enumerated() {
      guard let request = session.request(stage.input) else {
        return RegressionResult(test: test, verdict: .failed, reason: "the reply before points nowhere")
      }
      var outcome = exchange(request)
      var verdict = RegressionVerdict(outcome, expected: stage.output)
      if case .failed = verdict, stage.output.retriesOnce {
        outcome = exchange(request)
        verdict = RegressionVerdict(outcome, expected: stage.output)
      }
      session.received(outcome, for: stage.input)
      result.matched = outcome.hits.map(\.id)
      switch verdict {
      case .passed: break
      case .refused(let why):
        result.verdict = .refused
        result.reason = why
      case .failed(let why):
        result.verdict = .failed
        result.reason = (test.stages.count > 1 ? "stage \(index + 1): " : "") + why
        return result
      }
    }
    return result
  }

  /// Calls work for each index on so many threads; what a thread needs is made on it.
  package static func onThreads<Result: Sendable>(
    _ count: Int, jobs: Int, progress: @escaping @Sendable (Int) -> Void,
    _ prepare: @escaping @Sendable () -> (Int) -> Result
  ) async -> [Result] {
    let work = SharedWork<Result>(count: count, progress: progress)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, min(jobs, count)) {
        group.addTask {
          await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
              work.takePart(prepare())
              continuation.resume()
            }
          }
        }
      }
    }
    return work.results
  }
}

/// Numbers that threads take one by one, and what came of them.
private final class SharedWork<Result: Sendable>: Sendable {
  private let count: Int
  private let progress: @Sendable (Int) -> Void
  private let next = Atomic<Int>(0)
  private let done = Atomic<Int>(0)
  private let parts = Mutex<[(Int, Result)]>([])

  init(count: Int, progress: @escaping @Sendable (Int) -> Void) {
    self.count = count
    self.progress = progress
  }

  func takePart(_ work: (Int) -> Result) {
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      let result = work(index)
      parts.withLock { $0.append((index, result)) }
      progress(done.add(1, ordering: .relaxed).newValue)
    }
  }

  /// In the order of the numbers.
  var results: [Result] { parts.withLock { $0 }.sorted { $0.0 < $1.0 }.map(\.1) }
}
