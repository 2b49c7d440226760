/// Why an exchange or operation was allowed, blocked or challenged: what each guard found, in order.
///
/// `explain`, the live tap, metrics, events and the decision log all read it.
public struct DecisionTrace: Sendable, Equatable {
  public private(set) var verdict: Verdict = .allow
  public private(set) var findings: [Finding] = []

  public init() {}

  /// Records what a guard found. The strictest verdict stands: block over challenge over detect over allow.
  public mutating func record(_ finding: Finding) {
    if finding.verdict.severity > verdict.severity { verdict = finding.verdict }
    if findings.count < Limits.findingsPerExchange { findings.append(finding) }
  }

  /// Forgets all findings and keeps the storage, for the next exchange on the connection.
  public mutating func reset() {
    verdict = .allow
    findings.removeAll(keepingCapacity: true)
  }
}

/// What one guard found.
public struct Finding: Sendable, Equatable, Codable {
  /// The guard: a filter's name, `http`, `route`, `limit`, `upstream`, `modbus`.
  public var source: String
  /// The rule, policy or limit within it, such as `allow[1].addresses` or `headerTimeout`.
  public var rule: String
  public var verdict: Verdict
  /// One plain sentence for a person, without secrets.
  public var reason: String
  /// What matched, redacted and cut to `Limits.matchedTextBytes`.
  public var matched: String?

  public init(source: String, rule: String, verdict: Verdict, reason: String, matched: String? = nil) {
    self.source = source
    self.rule = rule
    self.verdict = verdict
    self.reason = reason
    self.matched = matched.map { Finding.bounded($0) }
  }

  private static func bounded(_ text: String) -> String {
    guard text.utf8.count > Limits.matchedTextBytes else { return text }
    return String(decoding: text.utf8.prefix(Limits.matchedTextBytes), as: UTF8.self) + "…"
  }
}

extension Verdict {
  fileprivate var severity: Int {
    switch self {
    case .allow: 0
    case .detect: 1
    case .challenge: 2
    case .block: 3
    }
  }
}
