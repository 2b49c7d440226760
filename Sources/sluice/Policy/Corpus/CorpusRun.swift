import Dispatch
import Synchronization

/// Runs the cases of a corpus on several threads.
package enum CorpusRun {
  /// - Parameter progress: called on any thread with how many are done.
  package static func run(
    _ paths: [String], of files: CorpusFiles, jobs: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) -> CorpusReport {
    let next = Atomic<Int>(0)
    let done = Atomic<Int>(0)
    let results = Mutex<[(Int, CorpusResult)]>([])
    DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, paths.count))) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < paths.count else { return }
        let result = CorpusCase.run(paths[index], of: files)
        results.withLock { $0.append((index, result)) }
        progress(done.add(1, ordering: .relaxed).newValue)
      }
    }
    return CorpusReport(results.withLock { $0 }.sorted { $0.0 < $1.0 }.map(\.1))
  }
}

/// What came of one case.
package struct CorpusResult: Sendable, Equatable {
  /// One thing that is counted.
  package struct Check: Sendable, Equatable {
    package enum Kind: String, Sendable, Encodable {
      case validation, request
    }

    package var kind: Kind
    /// The case, and which of its requests.
    package var id: String
    /// Nil when all is as the case says.
    package var problem: String?
  }

  package var checks: [Check] = []
}

/// The results of a run, for people and as JSON.
package struct CorpusReport: Encodable, Equatable {
  package struct Failed: Encodable, Equatable {
    package var id: String
    package var problem: String
  }

  package private(set) var cases = 0
  /// Verdicts on policies against their schema.
  package private(set) var validations = 0
  package private(set) var requests = 0
  package private(set) var passed = 0
  package private(set) var failed = 0
  /// What has no verdict in the corpus is not counted at all, and nothing else is left out.
  package private(set) var skipped = 0
  package private(set) var failures: [Failed] = []

  package init(_ results: [CorpusResult]) {
    cases = results.count
    for check in results.lazy.flatMap(\.checks) {
      switch check.kind {
      case .validation: validations += 1
      case .request: requests += 1
      }
      if let problem = check.problem {
        failed += 1
        failures.append(Failed(id: check.id, problem: problem))
      } else {
        passed += 1
      }
    }
  }

  /// `N passed, N failed, N skipped`.
  package var lastLine: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }

  package var text: String {
    var lines: [String] = []
    if !failures.isEmpty { lines.append("Failed:") }
    lines += failures.map { "  \($0.id)  \($0.problem)" }
    lines.append(
      "\(cases) cases: \(validations) verdicts on policies, \(requests) requests with decision, reasons and errors")
    lines.append(lastLine)
    return lines.map(Terminal.safe).joined(separator: "\n")
  }
}
