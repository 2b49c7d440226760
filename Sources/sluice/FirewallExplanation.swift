import SluiceModel
import Telemetry

/// What `sluice explain` says of a firewall: which rules scored and on what, and how to leave them out where they are wrong.
enum FirewallExplanation {
  /// Exclusions that are proposed at once.
  private static let proposals = 5

  /// Where a rule matched, and what it added.
  static func evidence(_ match: RuleMatch) -> String {
    var parts = ["in \(match.target)"]
    if let start = match.start, let end = match.end { parts.append("bytes \(start)–\(end)") }
    if match.score > 0 { parts.append("score +\(match.score)") }
    if let severity = match.severity { parts.append(severity) }
    if let paranoia = match.paranoia { parts.append("paranoia \(paranoia)") }
    return parts.joined(separator: ", ")
  }

  /// The scores against their thresholds, and the time that it took.
  static func summary(_ event: LogEvent) -> [String] {
    var lines: [String] = []
    if let totals = event.firewall {
      var parts = [score("inbound", totals.inboundScore, totals.inboundThreshold)]
      if totals.outboundScore > 0 { parts.append(score("outbound", totals.outboundScore, totals.outboundThreshold)) }
      let times = totals.phaseMicroseconds.enumerated().filter { $0.element > 0 }
      if !times.isEmpty {
        let names = ["request head", "request body", "reply head", "reply body", "logging"]
        let all = times.prefix(5).map { "\(names[$0.offset % names.count]) \(milliseconds($0.element))" }
        let total = times.reduce(0) { $0 &+ $1.element }
        parts.append("inspected in \(milliseconds(total)) ms (\(all.joined(separator: ", ")))")
      }
      lines.append(
        "firewall: " + parts.joined(separator: "; ") + (totals.isSlow ? ", slower than `latencyBudget`" : ""))
    }
    let bookkeeping = (event.trace ?? []).filter { $0.match?.isBookkeeping == true }
    if !bookkeeping.isEmpty {
      lines.append("bookkeeping rules: " + bookkeeping.map(\.rule).joined(separator: ", "))
    }
    return lines
  }

  private static func score(_ name: String, _ score: Int, _ threshold: Int) -> String {
    "\(name) score \(score), threshold \(threshold)"
  }

  /// Three digits behind the point.
  private static func milliseconds(_ microseconds: Int) -> String {
    let rest = String(microseconds % 1_000)
    return "\(microseconds / 1_000)." + String(repeating: "0", count: max(0, 3 - rest.count)) + rest
  }

  /// How to leave out the rules that scored, for this path and what they matched alone.
  static func advice(_ decisive: Finding, _ event: LogEvent, place: String) -> [String] {
    var seen: Set<String> = []
    let scored = (event.trace ?? []).filter { finding in
      guard finding.source == decisive.source, let match = finding.match, !match.isBookkeeping else { return false }
      return seen.insert("\(finding.rule) \(match.target)").inserted
    }
    guard !scored.isEmpty else {
      return ["It was decided by `\(decisive.source)`, rule `\(decisive.rule)`, on \(place)."]
    }
    let known = scored.prefix(proposals).compactMap { Exclusion($0, path: event.path) }
    guard !known.isEmpty else {
      return ["What the rules matched has a name that no exclusion can hold: look at the request before anything else."]
    }
    var lines = [
      "If this is a false alarm, leave the rule out for this field alone, in the firewall filter of \(place):", "",
      "exclusions:",
    ]
    lines += known.map { "  - \($0.configuration)" }
    lines += ["", "or in the rule language, in `customRules`:", ""]
    lines += known.enumerated().flatMap { $1.rule(id: 10_001 + $0) }
    if scored.count > known.count { lines += ["", "\(scored.count - known.count) more matched."] }
    return lines + [""]
  }

  /// One rule left out for one target, below one path.
  private struct Exclusion {
    let rule: Int
    let path: String
    let target: String

    /// Nil where a name comes from somebody who may want to be pasted into a configuration.
    init?(_ finding: Finding, path: String?) {
      guard let match = finding.match, let rule = Int(finding.rule), rule > 0 else { return nil }
      let path = path ?? "/"
      guard path.hasPrefix("/"), path.utf8.count <= 512, Exclusion.isPlain(path),
        Exclusion.isPlain(match.target), !match.target.hasSuffix("…")
      else { return nil }
      self.rule = rule
      self.path = path
      target = match.target
    }

    /// Printable ASCII without what ends a text, a list or an action in either language.
    private static func isPlain(_ text: String) -> Bool {
      !text.isEmpty
        && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"\"'\\,;|`{}$%#&!".utf8.contains($0) }
    }

    var configuration: String {
      "{ rule: \(rule), path: { prefix: \"\(path)\" }, target: \"\(target)\" }"
    }

    func rule(id: Int) -> [String] {
      [
        "SecRule REQUEST_FILENAME \"@beginsWith \(path)\" \\",
        "  \"id:\(id),phase:1,pass,nolog,t:none,ctl:ruleRemoveTargetById=\(rule);\(target)\"",
      ]
    }
  }
}
