/// Why an exchange or operation was allowed, blocked or challenged: what each guard found, in order.
///
/// `explain`, the live tap, metrics, events and the decision log all read it.
public struct DecisionTrace: Sendable, Equatable {
  public private(set) var verdict: Verdict = .allow
  public private(set) var findings: [Finding] = []
  /// What the firewall made of the exchange; nil where none looked.
  public private(set) var firewall: FirewallTotals?

  public init() {}

  /// Records what a guard found. The strictest verdict stands: block over challenge over detect over allow.
  public mutating func record(_ finding: Finding) {
    if finding.verdict.severity > verdict.severity { verdict = finding.verdict }
    if findings.count < Limits.findingsPerExchange { findings.append(finding) }
  }

  /// Records what a firewall made of the exchange. Of two in one chain, the one whose threshold was reached stands.
  public mutating func record(_ totals: FirewallTotals) {
    if firewall?.isExceeded != true { firewall = totals }
  }

  /// Forgets all findings and keeps the storage, for the next exchange on the connection.
  public mutating func reset() {
    verdict = .allow
    if firewall != nil { firewall = nil }
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
  /// Where and how much, for a rule of the firewall.
  public var match: RuleMatch?
  /// Where the rule stands, for a policy: `file:line:column`.
  public var place: String?
  /// When no policy permitted: the ones that came nearest to it, at most `Limits.nearestPolicies`.
  public var nearest: [NearPolicy]?

  public init(
    source: String, rule: String, verdict: Verdict, reason: String, matched: String? = nil, match: RuleMatch? = nil,
    place: String? = nil
  ) {
    self.source = source
    self.rule = rule
    self.verdict = verdict
    self.reason = reason
    self.matched = matched.map { $0.cut(to: Limits.matchedTextBytes) }
    self.match = match
    self.place = place
  }
}

/// A policy that would have decided otherwise, and why it did not.
public struct NearPolicy: Sendable, Hashable, Codable {
  /// As in a finding's `rule`.
  public var policy: String
  /// `file:line:column` of the policy, or of the part of it that did not hold.
  public var place: String
  /// Why it did not apply: one plain sentence, cut to `Limits.matchedTextBytes`.
  public var reason: String

  public init(policy: String, place: String, reason: String) {
    self.policy = policy
    self.place = place
    self.reason = reason.cut(to: Limits.matchedTextBytes)
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
