import Firewall
import Proxy
import SecLang
import SluiceModel

extension FirewallFilter {
  /// Records what the rules found, and what it came to.
  func report(_ exchange: Exchange, _ inspection: Inspection) {
    let transaction = inspection.transaction
    if !transaction.matches.isEmpty { record(exchange, transaction) }
    if let intervention = transaction.intervention { recordLimit(exchange, intervention) }
    if let problem = inspection.outcome {
      let verdict: Verdict = configuration.mode == .block && configuration.onError == .deny ? .block : .detect
      exchange.record(Finding(source: name, rule: problem.rawValue, verdict: verdict, reason: problem.reason))
    }
    exchange.record(totals(transaction))
  }

  /// A refusal that no recorded rule accounts for: a body past its limit, or a rule that does not log.
  private func recordLimit(_ exchange: Exchange, _ intervention: Intervention) {
    guard exchange.trace.verdict != .block else { return }
    let rule: String
    let reason: String
    switch intervention.ruleID {
    case 0 where intervention.phase == 4:
      (rule, reason) = ("responseBody.limit", "the reply body is longer than what is inspected")
    case 0: (rule, reason) = ("requestBody.limit", "the request body is longer than what is inspected")
    default: (rule, reason) = ("\(intervention.ruleID)", "a rule has refused the exchange")
    }
    exchange.record(Finding(source: name, rule: rule, verdict: .block, reason: reason))
  }

  /// Those that scored or decided come first: the trace is bounded.
  func record(_ exchange: Exchange, _ transaction: Transaction) {
    let verdicts = MatchVerdicts(transaction, paranoia: configuration.paranoia)
    var bookkeeping: [Finding] = []
    for match in transaction.matches where match.isLogged || match.score != 0 {
      let finding = finding(match, transaction, verdicts)
      if finding.match?.isBookkeeping == true {
        bookkeeping.append(finding)
      } else {
        exchange.record(finding)
      }
    }
    for finding in bookkeeping { exchange.record(finding) }
  }

  private func finding(
    _ match: SecLang.RuleMatch, _ transaction: Transaction, _ verdicts: MatchVerdicts
  ) -> Finding {
    let tags = transaction.tags(of: match)
    let level = Self.paranoia(tags)
    let isBookkeeping = Self.isBookkeeping(match)
    // Of a chain the last value is the one that made it match.
    let target = match.targets.last
    let message = String(decoding: match.message, as: UTF8.self)
    return Finding(
      source: name, rule: "\(match.ruleID)", verdict: verdicts.verdict(match, isBookkeeping, level),
      reason: message.isEmpty ? "the rule matched" : message,
      matched: target.map { String(decoding: Self.matched($0), as: UTF8.self) },
      match: SluiceModel.RuleMatch(
        phase: match.phase, target: target.map { String(decoding: $0.name, as: UTF8.self) } ?? "",
        range: target.flatMap { transaction.receivedRange(of: $0) }, score: match.score,
        severity: match.severity.flatMap { Self.severities.indices.contains($0) ? Self.severities[$0] : nil },
        paranoia: level, tags: tags, isBookkeeping: isBookkeeping))
  }

  static let severities = ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"]

  /// The part of a recorded value that matched.
  private static func matched(_ target: SecLang.RuleMatch.Target) -> ArraySlice<UInt8> {
    let start = min(max(0, target.range.lowerBound - target.valueOffset), target.value.count)
    let end = min(max(start, target.range.upperBound - target.valueOffset), target.value.count)
    return target.value[start..<end]
  }

  private static func paranoia(_ tags: [String]) -> Int? {
    for tag in tags where tag.hasPrefix("paranoia-level/") { return Int(tag.dropFirst(15)) }
    return nil
  }

  /// Rules that evaluate or report scores: by what they look at, and by the numbers that the core rule set has for them.
  static func isBookkeeping(_ match: SecLang.RuleMatch) -> Bool {
    guard match.score == 0 else { return false }
    switch match.ruleID {
    case 949_000...949_999, 959_000...959_999, 980_000...980_999: return true
    default:
      return match.targets.contains { target in
        let name = String(decoding: target.name, as: UTF8.self).lowercased()
        return name.hasPrefix("tx:") && name.hasSuffix("anomaly_score")
      }
    }
  }

  private func totals(_ transaction: Transaction) -> FirewallTotals {
    func first(_ variables: [TXVariable]) -> Int {
      for variable in variables {
        if let number = transaction.number(variable) { return number }
      }
      return 0
    }
    var microseconds: [Int] = []
    var total: UInt64 = 0
    microseconds.reserveCapacity(5)
    for phase in 1...5 {
      let time = transaction.phaseNanoseconds[phase]
      total &+= time
      microseconds.append(Int(min(time / 1_000, 1 << 40)))
    }
    let isSlow = configuration.latencyBudget.map { total > $0.wholeNanoseconds } ?? false
    return FirewallTotals(
      inboundScore: first(variables.inbound),
      inboundThreshold: variables.inboundThreshold.flatMap { transaction.number($0) } ?? configuration.inboundThreshold,
      outboundScore: first(variables.outbound),
      outboundThreshold: variables.outboundThreshold.flatMap { transaction.number($0) }
        ?? configuration.outboundThreshold,
      phaseMicroseconds: microseconds, isSlow: isSlow)
  }
}

/// What each match meant for the exchange.
private struct MatchVerdicts {
  private let decision: (verdict: Verdict, ruleID: Int, isReply: Bool)?
  private let decidesByScore: Bool
  private let paranoia: Int

  init(_ transaction: Transaction, paranoia: Int) {
    self.paranoia = paranoia
    if let done = transaction.intervention {
      decision = (.block, done.ruleID, done.phase > 2)
    } else if let wanted = transaction.detectedIntervention {
      decision = (.detect, wanted.ruleID, wanted.phase > 2)
    } else {
      decision = nil
    }
    let decisive = decision?.ruleID
    let match = transaction.matches.first { $0.ruleID == decisive }
    decidesByScore = match.map(FirewallFilter.isBookkeeping) ?? false
  }

  /// The rule that decided; and where that was one that evaluates the score, those that made the score.
  func verdict(_ match: SecLang.RuleMatch, _ isBookkeeping: Bool, _ level: Int?) -> Verdict {
    guard let decision else { return .allow }
    if match.ruleID == decision.ruleID { return decision.verdict }
    guard decidesByScore, !isBookkeeping, match.score > 0, (match.phase > 2) == decision.isReply,
      level ?? 1 <= paranoia
    else { return .allow }
    return decision.verdict
  }
}
