import ArgumentParser
import SluiceModel
package import Telemetry

/// `sluice explain`: why an exchange was allowed, blocked or challenged.
struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Why an exchange, an operation or a flow was allowed, blocked or challenged.",
    discussion: """
      The id is in the reply's `X-Request-Id`, in the access log, and at the end of each line of `sluice tap`. Recent ones \
      are explained from memory, older ones from the decision log, also after a restart.

      Example:
        sluice explain 019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b
      """)

  @Argument(help: "The id: 36 characters.")
  var id: String

  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    guard let id = ExchangeID(id) else {
      throw Failure(
        "`\(Terminal.safe(String(id.prefix(80))))` is not an id",
        hint: "an id has 36 characters, like the one in `X-Request-Id`")
    }
    let reply = try await gateway.client().request(.get, "/v1/exchanges/\(id)")
    Terminal.print(output.json ? reply.text : Explanation.text(try reply.decode(LogEvent.self)))
  }
}

/// A log line as an answer for a person: the verdict, who and what, the findings in order, and what to do next.
package enum Explanation {
  package static func text(_ event: LogEvent) -> String {
    var lines = [headline(event), ""]
    for (name, value) in facts(event) {
      lines.append("  " + name + String(repeating: " ", count: max(1, 10 - name.count)) + Terminal.safe(value))
    }
    lines += ["", "Why"]
    let findings = event.trace ?? []
    if let failure = event.failure {
      lines.append("  " + Terminal.safe([failure, event.detail].compactMap { $0 }.joined(separator: ": ")))
    } else if findings.isEmpty {
      lines.append("  No guard had anything to say against it.")
    }
    let told = findings.filter { $0.match?.isBookkeeping != true }
    for (index, finding) in told.enumerated() {
      lines.append("  \(index + 1). \(finding.verdict.rawValue): " + Terminal.safe("\(finding.source) \(finding.rule)"))
      lines.append("     " + Terminal.safe(finding.reason))
      if let matched = finding.matched { lines.append("     matched: " + Terminal.safe(matched)) }
      if let place = finding.place { lines.append("     at " + Terminal.safe(place)) }
      lines += AccessExplanation.nearest(finding).map { "     " + Terminal.safe($0) }
      if let match = finding.match { lines.append("     " + Terminal.safe(FirewallExplanation.evidence(match))) }
    }
    lines += FirewallExplanation.summary(event).map { "  " + Terminal.safe($0) }
    let advice = next(event)
    if !advice.isEmpty { lines += ["", "Next"] + advice.map { "  " + Terminal.safe($0) } }
    return lines.joined(separator: "\n")
  }

  private static func headline(_ event: LogEvent) -> String {
    let subject = Terminal.safe(TapLine.subject(event))
    return switch event.verdict {
    case .allow?: event.error == nil ? "ALLOWED  \(subject)" : "ALLOWED, BUT FAILED  \(subject)"
    case .block?: "BLOCKED  \(subject)"
    case .challenge?: "CHALLENGED  \(subject)"
    case .detect?: "ALLOWED, WOULD BE BLOCKED (detect mode)  \(subject)"
    case nil: "RECORDED  \(subject)"
    }
  }

  private static func facts(_ event: LogEvent) -> [(String, String)] {
    var facts: [(String, String)] = [("id", "\(event.id)"), ("when", event.time)]
    if let milliseconds = event.durationMs { facts.append(("took", "\(milliseconds) ms")) }
    let who = [event.client, event.principal.map { "as " + $0 }].compactMap { $0 }
    if !who.isEmpty { facts.append(("who", who.joined(separator: " "))) }
    var place = event.listener.map { ["listener `\($0)`"] } ?? []
    if let route = event.route { place.append("route `\(route)`") }
    if event.kind == "exchange", event.route == nil { place.append("no route") }
    if let asset = event.asset { place.append("asset `\(asset)`") }
    if let pool = event.pool { place.append("pool `\(pool)`") }
    if let upstream = event.upstream { place.append("upstream \(upstream)") }
    if !place.isEmpty { facts.append(("where", place.joined(separator: ", "))) }
    for (name, tls) in [("tls", event.tls), ("tls to it", event.upstreamTls)] {
      let parts = [tls?.version, tls?.group, tls?.cipher, tls?.sni.map { "for " + $0 }, tls?.ja4]
      let text = parts.compactMap { $0 }.joined(separator: ", ")
      if !text.isEmpty { facts.append((name, text)) }
    }
    if event.kind == "operation" {
      let parts = [event.protocol, event.class.map { $0.rawValue }, event.function.map { "function \($0)" }]
      facts.append(("operation", parts.compactMap { $0 }.joined(separator: ", ")))
    }
    if let exception = event.exception { facts.append(("answer", "exception \(exception)")) }
    if let status = event.status { facts.append(("answer", "status \(status)")) }
    if event.kind == "exchange", event.status == nil { facts.append(("answer", "none was sent")) }
    if let error = event.error { facts.append(("error", error)) }
    if let bytesIn = event.bytesIn, let bytesOut = event.bytesOut {
      facts.append(("bytes", "\(bytesIn) in, \(bytesOut) out"))
    }
    if event.truncated == true { facts.append(("note", "a field was too long and is cut")) }
    return facts
  }

  /// What a person can do about the finding that decided.
  private static func next(_ event: LogEvent) -> [String] {
    guard let decisive = event.trace?.first(where: { $0.verdict == event.verdict && $0.verdict != .allow }) else {
      return event.error == nil ? [] : upstreamAdvice()
    }
    var advice = advice(decisive, event)
    var similar = "sluice tap --recent 20 --verdict \(decisive.verdict.rawValue)"
    if let route = event.route {
      similar += " --route \(route)"
    } else if let listener = event.listener {
      similar += " --listener \(listener)"
    }
    advice.append("Others like it: \(similar)")
    return advice
  }

  private static func advice(_ finding: Finding, _ event: LogEvent) -> [String] {
    let listener = event.listener.map { "listener `\($0)`" } ?? "its listener"
    let place = event.route.map { "route `\($0)`" } ?? listener
    switch finding.source {
    case "http":
      return ["The message breaks the rules of HTTP (RFC 9112), and the gate does not guess: mend the client."]
    case "route":
      return ["No route takes this host, path and method: look at `matches` of the routes on \(listener)."]
    case "limit":
      return ["If the client is right to do this, raise `limits.\(finding.rule)` of \(listener)."]
    case "upstream": return upstreamAdvice()
    case "operations", "modbus":
      var line = "If the client may do this, add to `operations.allow` of \(listener): { "
      var parts: [String] = []
      if let unit = event.unit { parts.append("units: [\(unit)]") }
      if let function = event.function { parts.append("functions: [\(function)]") }
      line += parts.joined(separator: ", ") + " }"
      return [line, "and bound its `addresses` and `values`. Try it first: sluice diff -c sluice.yaml"]
    case "addresses", "bodyLimits", "contentDigest", "concurrency", "headers":
      return [
        "If the client is right to do this, change the filter `\(finding.source)` of \(place), at `\(finding.rule)`."
      ]
    case "firewall": return FirewallExplanation.advice(finding, event, place: place)
    case "access": return AccessExplanation.advice(finding)
    default: return ["It was decided by `\(finding.source)`, rule `\(finding.rule)`, on \(place)."]
    }
  }

  private static func upstreamAdvice() -> [String] { ["The other side failed: look at `sluice endpoints`."] }
}
