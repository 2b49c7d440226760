/// What a rule of the firewall matched, beside the finding's own words: the finding's `rule` is the rule's id, its `reason`
/// the rule's message, its `matched` the text that matched.
public struct RuleMatch: Sendable, Equatable, Codable {
  /// The processing phase of the rule language: 1 request head, 2 request body, 3 reply head, 4 reply body, 5 logging.
  public var phase: Int
  /// The variable that matched, such as `ARGS:q`, cut to `Limits.ruleTargetBytes`.
  public var target: String
  /// Where the match begins, in bytes of the variable's value as the rule saw it, after its transformations.
  public var start: Int?
  /// Where the match ends.
  public var end: Int?
  /// What the rule added to the exchange's score; 0 for a rule that adds nothing.
  public var score: Int
  /// `critical`, `error`, `warning`, `notice`, …, as the rule says; nil when it doesn't.
  public var severity: String?
  /// The paranoia level that the rule belongs to; nil outside the core rule set.
  public var paranoia: Int?
  /// The rule's tags, at most `Limits.ruleTags` of at most `Limits.ruleTagBytes` each.
  public var tags: [String]
  /// A rule that only evaluates or reports the score of others.
  public var isBookkeeping: Bool

  enum CodingKeys: String, CodingKey {
    case phase, target, start, end, score, severity, paranoia, tags
    case isBookkeeping = "bookkeeping"
  }

  public init(
    phase: Int, target: String, range: Range<Int>? = nil, score: Int = 0, severity: String? = nil,
    paranoia: Int? = nil, tags: [String] = [], isBookkeeping: Bool = false
  ) {
    self.phase = phase
    self.target = target.cut(to: Limits.ruleTargetBytes)
    start = range?.lowerBound
    end = range?.upperBound
    self.score = score
    self.severity = severity?.cut(to: Limits.ruleTagBytes)
    self.paranoia = paranoia
    self.tags = tags.prefix(Limits.ruleTags).map { $0.cut(to: Limits.ruleTagBytes) }
    self.isBookkeeping = isBookkeeping
  }

  /// The part of the target behind the colon: the name of an argument, cookie or field.
  public var selector: Substring? {
    target.firstIndex(of: ":").map { target[target.index(after: $0)...] }
  }
}

/// What a firewall made of an exchange as a whole.
public struct FirewallTotals: Sendable, Equatable, Codable {
  /// Scores that count towards a refusal, and from where on they lead to one.
  public var inboundScore: Int
  public var inboundThreshold: Int
  public var outboundScore: Int
  public var outboundThreshold: Int
  /// Time in each of the phases 1 to 5, in microseconds.
  public var phaseMicroseconds: [Int]
  /// Inspection took longer than the configuration's `latencyBudget`.
  public var isSlow: Bool

  enum CodingKeys: String, CodingKey {
    case inboundScore, inboundThreshold, outboundScore, outboundThreshold, phaseMicroseconds
    case isSlow = "slow"
  }

  public init(
    inboundScore: Int, inboundThreshold: Int, outboundScore: Int = 0, outboundThreshold: Int,
    phaseMicroseconds: [Int] = [], isSlow: Bool = false
  ) {
    self.inboundScore = inboundScore
    self.inboundThreshold = inboundThreshold
    self.outboundScore = outboundScore
    self.outboundThreshold = outboundThreshold
    self.phaseMicroseconds = Array(phaseMicroseconds.prefix(5))
    self.isSlow = isSlow
  }

  /// Whether a score has reached its threshold.
  public var isExceeded: Bool { inboundScore >= inboundThreshold || outboundScore >= outboundThreshold }
}

extension String {
  /// At most so many bytes of it, with an ellipsis when it was longer.
  func cut(to bytes: Int) -> String {
    guard utf8.count > bytes else { return self }
    return String(decoding: utf8.prefix(bytes), as: UTF8.self) + "…"
  }
}
