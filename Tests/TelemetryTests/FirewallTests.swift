import Foundation
import SluiceModel
import Telemetry
import Testing

/// What a firewall found, on its way into lines, metrics and the audit log.
struct FirewallTests {
  private let scratch = Scratch()

  private func scored(
    _ rule: String = "942100", target: String = "ARGS:q", matched: String = "1' or '1'='1", isSlow: Bool = false
  ) -> DecisionTrace {
    var trace = DecisionTrace()
    trace.record(
      Finding(
        source: "firewall", rule: rule, verdict: .block, reason: "SQL injection", matched: matched,
        match: RuleMatch(
          phase: 2, target: target, range: 3..<15, score: 5, severity: "critical", paranoia: 1,
          tags: ["attack-sqli", "OWASP_CRS"])))
    trace.record(
      Finding(
        source: "firewall", rule: "949110", verdict: .block, reason: "the inbound score is 5",
        match: RuleMatch(phase: 2, target: "TX:ANOMALY_SCORE", isBookkeeping: true)))
    trace.record(
      FirewallTotals(
        inboundScore: 5, inboundThreshold: 5, outboundThreshold: 4, phaseMicroseconds: [100, 900, 0, 0, 0],
        isSlow: isSlow))
    return trace
  }

  private func recorder() throws -> (TelemetryHub, LoopRecorder) {
    var logs = scratch.configuration(access: false)
    logs.audit.target = .file(path: scratch.path + "/logs/audit.jsonl")
    let hub = try TelemetryHub(logs, version: "1.2.3")
    return (hub, hub.makeRecorder(industrial: false))
  }

  @Test func theLineHasWhatMatchedAndTheTotals() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    recorder.exchangeEnded(exchange(makeID(1), status: 403), scored())
    let parsed = try event(recorder.lastLine)
    #expect(parsed.trace == scored().findings)
    #expect(parsed.firewall == scored().firewall)
    #expect(recorder.lastLine.contains("\"target\":\"ARGS:q\",\"start\":3,\"end\":15,\"score\":5"))
    recorder.tick(nowUnixMilliseconds: 0)
    hub.flush()
    #expect(try hub.decision(id: makeID(1)).map { try event($0).firewall } == scored().firewall)
  }

  @Test(arguments: [
    ("ARGS:password", "hunter2 or 1=1"), ("REQUEST_COOKIES:theme", "0123abcd"),
    ("REQUEST_HEADERS:Authorization", "Basic aHVudGVyMg=="), ("ARGS:q", "password=hunter2"),
  ])
  func secretsAreTakenOut(target: String, matched: String) throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    recorder.exchangeEnded(exchange(makeID(1)), scored(target: target, matched: matched))
    let parsed = try event(recorder.lastLine)
    #expect(parsed.trace?.first?.matched?.contains("<redacted>") == true)
    #expect(!recorder.lastLine.contains("hunter2") && !recorder.lastLine.contains("0123abcd"))
  }

  @Test func everythingIsBounded() throws {
    let long = String(repeating: "é\u{1}", count: 4_000)
    let match = RuleMatch(
      phase: 2, target: long, severity: long, tags: Array(repeating: long, count: 100))
    #expect(match.target.utf8.count <= Limits.ruleTargetBytes + 6)
    #expect(match.tags.count == Limits.ruleTags)
    #expect(match.tags.allSatisfy { $0.utf8.count <= Limits.ruleTagBytes + 6 })
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    var trace = DecisionTrace()
    for index in 0..<100 {
      trace.record(
        Finding(source: "firewall", rule: "\(index)", verdict: .block, reason: long, matched: long, match: match))
    }
    recorder.exchangeEnded(exchange(makeID(1)), trace)
    #expect(try event(recorder.lastLine).truncated == true)
    var totals = FirewallTotals(inboundScore: .max, inboundThreshold: .min, outboundThreshold: 0)
    totals.phaseMicroseconds = Array(repeating: .max, count: 50)
    trace.record(totals)
    recorder.exchangeEnded(exchange(makeID(2)), trace)
    #expect(try event(recorder.lastLine).firewall?.phaseMicroseconds.count == 5)
  }

  @Test func metricsAreByRuleRouteAndPhase() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    let other = hub.makeRecorder(industrial: false)
    recorder.exchangeEnded(exchange(makeID(1)), scored(isSlow: true))
    other.exchangeEnded(exchange(makeID(2)), scored())
    other.exchangeEnded(exchange(makeID(3)))
    let text = PrometheusText.render(
      loops: [recorder, other].map { $0.snapshot(recent: false) }, endpoints: [], flows: 0, telemetry: hub.state,
      process: ProcessStatus.read(), extra: [])
    let place = "listener=\"web\",http_route=\"historian-api\""
    #expect(text.contains("sluice_firewall_exchanges_total{\(place)} 2\n"))
    #expect(text.contains("sluice_firewall_slow_total{\(place)} 1\n"))
    #expect(text.contains("sluice_firewall_rule_matches_total{\(place),rule=\"942100\"} 2\n"))
    #expect(!text.contains("949110"))
    #expect(text.contains("sluice_firewall_phase_duration_seconds_count{\(place),phase=\"2\"} 2\n"))
  }

  @Test func rulesPastTheBoundCountTogether() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    for rule in 0..<(Limits.firewallRuleSeries + 10) {
      recorder.exchangeEnded(exchange(makeID(rule)), scored("\(rule)"))
    }
    let firewall = try #require(recorder.snapshot(recent: false).firewall.first)
    #expect(firewall.rules.count == Limits.firewallRuleSeries + 1)
    #expect(firewall.rules["_OTHER"] == 10)
  }

  @Test func theAuditLogTakesLines() throws {
    let (hub, recorder) = try recorder()
    let path = scratch.path + "/logs/audit.jsonl"
    recorder.audit(Array("{\"a\":1}".utf8).span)
    recorder.audit([UInt8](repeating: 0x20, count: Limits.auditLineBytes + 1).span)
    recorder.tick(nowUnixMilliseconds: 0)
    hub.flush()
    #expect(scratch.lines(path) == ["{\"a\":1}"])
    #expect(hub.state.auditLinesDropped == 1 && hub.state.auditBytesWritten == 8)
    // Rotation: the file is renamed and opened anew.
    try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
    hub.reopen()
    hub.flush()
    recorder.audit(Array("{\"a\":2}".utf8).span)
    recorder.tick(nowUnixMilliseconds: 0)
    hub.flush()
    #expect(scratch.lines(path) == ["{\"a\":2}"])
    var logs = scratch.configuration(access: false)
    logs.audit = AuditLogConfiguration()
    try hub.reconfigure(logs)
    recorder.audit(Array("{\"a\":3}".utf8).span)
    recorder.tick(nowUnixMilliseconds: 0)
    hub.shutdown()
    #expect(scratch.lines(path) == ["{\"a\":2}"])
  }
}
