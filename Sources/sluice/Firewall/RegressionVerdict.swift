/// What came of a request.
package struct RegressionOutcome: Sendable {
  /// A rule that matched and is logged.
  package struct Hit: Sendable {
    package var id: Int
    package var message = ""
    package var data = ""
    package var severity: String?
    /// Names of what matched.
    package var targets: [String] = []

    package init(id: Int, message: String = "", data: String = "", severity: String? = nil, targets: [String] = []) {
      self.id = id
      self.message = message
      self.data = data
      self.severity = severity
      self.targets = targets
    }

    /// As ModSecurity writes it to the error log.
    package var line: String {
      var line = "ModSecurity: Warning. Match"
      if let first = targets.first { line += " at \(first)" }
      line += ". [id \"\(id)\"] [msg \"\(message)\"]"
      if !data.isEmpty { line += " [data \"\(data)\"]" }
      if let severity { line += " [severity \"\(severity)\"]" }
      return line
    }
  }

  /// Nil when there was no reply.
  package var status: Int?
  /// The whole reply.
  package var response: [UInt8] = []
  package var hits: [Hit] = []
  /// Why HTTP refuses the request, and the status that says so.
  package var refusal: (reason: String, status: Int)?
  /// What `Set-Cookie` said.
  package var cookies: [String] = []
  /// What `Location` said.
  package var location: String?

  package init() {}
}

/// Whether an outcome is what a stage expects.
package enum RegressionVerdict: Sendable, Equatable {
  case passed
  /// The gate refuses the bytes as bad HTTP, so that no rule can say anything about them; the reason.
  case refused(String)
  case failed(String)

  package init(_ outcome: RegressionOutcome, expected: RegressionExpectation) {
    if let refusal = outcome.refusal {
      self = Self.judge(refusal, outcome, expected)
    } else if let problem = Self.replyProblem(outcome, expected) ?? Self.logProblem(outcome, expected) {
      self = .failed(problem)
    } else {
      self = .passed
    }
  }

  /// Refused bytes: a refusal is what was expected as `status: 400`, whichever status says so; nothing is logged by
  /// rules, and what they should have found did not come through.
  private static func judge(
    _ refusal: (reason: String, status: Int), _ outcome: RegressionOutcome, _ expected: RegressionExpectation
  ) -> RegressionVerdict {
    let why = "status \(refusal.status): \(refusal.reason)"
    if let status = outcome.status, !(400..<600).contains(status) {
      return .failed("status \(status), but HTTP refuses the request (\(refusal.reason))")
    }
    let accepted = expected.statuses.isEmpty || expected.statuses.contains { $0 == 400 || $0 == refusal.status }
    guard accepted else {
      return .failed("status \(list(expected.statuses)) expected, but HTTP refuses it with \(why)")
    }
    if expected.statuses.contains(refusal.status), logProblem(outcome, expected) == nil { return .passed }
    if expected.statuses.isEmpty, expected.isError == nil, logProblem(outcome, expected) == nil { return .passed }
    return .refused(why)
  }

  private static func replyProblem(_ outcome: RegressionOutcome, _ expected: RegressionExpectation) -> String? {
    if let isError = expected.isError, isError != (outcome.status == nil) {
      return isError ? "a reply came, none was expected" : "no reply came"
    }
    guard let status = outcome.status else { return expected.isError == true ? nil : "no reply came" }
    if !expected.statuses.isEmpty, !expected.statuses.contains(status) {
      return "status \(list(expected.statuses)) expected, got \(status)"
    }
    if let text = expected.responseContains, !text.isEmpty,
      !String(decoding: outcome.response, as: UTF8.self).contains(text)
    {
      return "the reply does not contain `\(text)`"
    }
    return nil
  }

  private static func logProblem(_ outcome: RegressionOutcome, _ expected: RegressionExpectation) -> String? {
    let found = Set(outcome.hits.map(\.id))
    if let pattern = expected.logPattern, !matches(pattern, outcome) {
      return "no line of the log matches `\(pattern)`"
    }
    let missing = expected.ids.filter { !found.contains($0) }
    if !missing.isEmpty { return "\(list(missing)) expected" }
    if expected.isIsolated, found.count != 1 { return "only \(list(expected.ids)) expected" }
    if let pattern = expected.absentLogPattern, matches(pattern, outcome) {
      return "a line of the log matches `\(pattern)`"
    }
    let present = expected.absentIDs.filter { found.contains($0) }
    return present.isEmpty ? nil : "\(list(present)) not expected"
  }

  private static func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }

  /// A pattern that can't be read is found as it stands.
  private static func matches(_ pattern: String, _ outcome: RegressionOutcome) -> Bool {
    guard let regex = try? Regex(pattern) else { return outcome.hits.contains { $0.line.contains(pattern) } }
    return outcome.hits.contains { $0.line.firstMatch(of: regex) != nil }
  }
}
