import SluiceModel

/// The kinds of log lines, each one JSON object and a line feed.
enum LogLine {
  /// Longest method, host and path in bytes before escaping.
  static let methodBytes = 32
  static let hostBytes = 255
  static let pathBytes = 2 << 10
  /// What one finding may take at most: four strings whose bytes all need six, and the keys.
  private static let findingBytes = 4 * 6 * LineWriter.nameBytes + 256
  /// What a rule's match adds to it at most.
  private static let matchBytes = 6 * (matchedNameBytes + (Limits.ruleTags + 1) * 2 * Limits.ruleTagBytes) + 512
  /// What a policy that nearly applied adds to it at most.
  private static let nearBytes = 3 * 6 * LineWriter.nameBytes + 64
  /// Longest name of what a rule matched, with what redaction may add.
  private static let matchedNameBytes = 2 * Limits.ruleTargetBytes

  /// A line's time, id and kind come first: readers of a segment rely on it.
  static func begin(
    _ line: inout LineWriter, date: inout DateText, unixMilliseconds: UInt64, id: ExchangeID, kind: StaticString
  ) {
    line.clear()
    line.raw("{\"time\":\"")
    date.write(unixMilliseconds, to: &line)
    line.raw("\",\"id\":\"")
    line.id(id)
    line.raw("\",\"kind\":\"")
    line.raw(kind)
    line.byte(0x22)
  }

  /// Closes the object; a line that didn't fit is replaced by its beginning.
  static func end(
    _ line: inout LineWriter, date: inout DateText, unixMilliseconds: UInt64, id: ExchangeID, kind: StaticString
  ) {
    if line.truncated { line.raw(",\"truncated\":true") }
    line.raw("}\n")
    guard line.overflowed else { return }
    begin(&line, date: &date, unixMilliseconds: unixMilliseconds, id: id, kind: kind)
    line.raw(",\"truncated\":true}\n")
  }

  static func exchange(
    _ record: borrowing ExchangeRecord, _ trace: borrowing DecisionTrace, method: Span<UInt8>, host: Span<UInt8>,
    path: Span<UInt8>, to line: inout LineWriter, date: inout DateText
  ) {
    begin(&line, date: &date, unixMilliseconds: record.startUnixMilliseconds, id: record.id, kind: "exchange")
    line.raw(",\"listener\":\"")
    line.name(record.listener)
    if let route = record.route {
      line.raw("\",\"route\":\"")
      line.name(route)
    }
    line.raw("\",\"client\":\"")
    line.address(record.client)
    line.raw("\",\"method\":\"")
    line.escaped(method, limit: methodBytes)
    line.raw("\",\"host\":\"")
    line.escaped(host, limit: hostBytes)
    line.raw("\",\"path\":\"")
    let hasQuery = target(path, to: &line)
    line.byte(0x22)
    if hasQuery { line.raw(",\"query\":true") }
    if record.status > 0 {
      line.raw(",\"status\":")
      line.decimal(record.status)
    }
    verdict(trace.verdict, nanoseconds: record.durationNanoseconds, to: &line)
    if let upstream = record.upstream {
      line.raw(",\"upstream\":\"")
      line.name(upstream)
      line.byte(0x22)
    }
    bytes(record.bytesIn, record.bytesOut, to: &line)
    if let error = record.errorType {
      line.raw(",\"error\":\"")
      line.escaped(error)
      line.byte(0x22)
    }
    if let tls = record.tls { clientTLS(tls, to: &line) }
    if let tls = record.upstreamTLS { upstreamTLS(tls, to: &line) }
    findings(trace, to: &line)
    end(&line, date: &date, unixMilliseconds: record.startUnixMilliseconds, id: record.id, kind: "exchange")
  }

  static func operation(
    _ record: borrowing OperationRecord, _ trace: borrowing DecisionTrace, to line: inout LineWriter,
    date: inout DateText
  ) {
    begin(&line, date: &date, unixMilliseconds: record.startUnixMilliseconds, id: record.id, kind: "operation")
    line.raw(",\"listener\":\"")
    line.name(record.listener)
    line.raw("\",\"client\":\"")
    line.address(record.client)
    line.raw("\",\"protocol\":\"")
    line.escaped(record.protocol)
    line.raw("\",\"asset\":\"")
    line.name(record.asset)
    line.raw("\",\"unit\":")
    line.decimal(record.unit)
    line.raw(",\"function\":")
    line.decimal(record.function)
    line.raw(",\"functionName\":\"")
    line.escaped(record.functionName)
    line.raw("\",\"class\":\"")
    line.raw(record.operationClass.staticName)
    line.byte(0x22)
    if let target = record.target {
      line.raw(",\"target\":\"")
      line.escaped(target)
      line.byte(0x22)
    }
    if let values = record.values {
      line.raw(",\"values\":\"")
      line.escaped(Redactor.redact(values))
      line.byte(0x22)
    }
    if let exception = record.exception {
      line.raw(",\"exception\":")
      line.decimal(exception)
    }
    verdict(trace.verdict, nanoseconds: record.durationNanoseconds, to: &line)
    bytes(record.bytesIn, record.bytesOut, to: &line)
    if let tls = record.tls { clientTLS(tls, to: &line) }
    if let tls = record.upstreamTLS { upstreamTLS(tls, to: &line) }
    findings(trace, to: &line)
    end(&line, date: &date, unixMilliseconds: record.startUnixMilliseconds, id: record.id, kind: "operation")
  }

  static func flow(
    _ record: borrowing FlowRecord, _ trace: borrowing DecisionTrace, to line: inout LineWriter, date: inout DateText
  ) {
    let started = record.status.startedUnixMilliseconds
    begin(&line, date: &date, unixMilliseconds: started, id: record.status.id, kind: "flow")
    line.raw(",\"flow\":\"")
    line.raw(record.status.kind.staticName)
    line.raw("\",\"listener\":\"")
    line.escaped(record.status.listener)
    line.raw("\",\"target\":\"")
    line.escaped(record.status.target)
    line.raw("\",\"client\":\"")
    line.escaped(record.status.client)
    if let principal = record.status.principal {
      line.raw("\",\"principal\":\"")
      line.escaped(principal)
    }
    line.raw("\",\"reason\":\"")
    line.escaped(record.reason)
    line.byte(0x22)
    verdict(trace.verdict, nanoseconds: record.durationNanoseconds, to: &line)
    bytes(record.status.bytesIn, record.status.bytesOut, to: &line)
    findings(trace, to: &line)
    end(&line, date: &date, unixMilliseconds: started, id: record.status.id, kind: "flow")
  }

  /// How many decision records were lost since the last such line.
  static func loss(_ lost: Int, id: ExchangeID, to line: inout LineWriter, date: inout DateText) {
    begin(&line, date: &date, unixMilliseconds: id.unixMilliseconds, id: id, kind: "loss")
    line.raw(",\"lost\":")
    line.decimal(lost)
    end(&line, date: &date, unixMilliseconds: id.unixMilliseconds, id: id, kind: "loss")
  }

  /// Writes the path of a request target, without query, fragment and, in absolute form, authority. Returns whether there
  /// was a query.
  // invariant: the pointer is used inside the closure only, and `start <= end <= bytes.count`.
  private static func target(_ target: Span<UInt8>, to line: inout LineWriter) -> Bool {
    target.withUnsafeBufferPointer { bytes in
      var start = 0
      if let first = bytes.first, first != 0x2f, let colon = bytes.prefix(16).firstIndex(of: 0x3a),
        bytes[colon...].starts(with: [0x3a, 0x2f, 0x2f])
      {
        start = bytes[(colon + 3)...].firstIndex { $0 == 0x2f || $0 == 0x3f || $0 == 0x23 } ?? bytes.count
      }
      var end = start
      while end < bytes.count, bytes[end] != 0x3f, bytes[end] != 0x23 { end &+= 1 }
      line.escaped(UnsafeBufferPointer(rebasing: bytes[start..<end]), limit: pathBytes)
      return end < bytes.count && bytes[end] == 0x3f
    }
  }

  @inline(__always)
  private static func verdict(_ verdict: Verdict, nanoseconds: UInt64, to line: inout LineWriter) {
    line.raw(",\"verdict\":\"")
    line.raw(verdict.staticName)
    line.raw("\",\"durationMs\":")
    line.milliseconds(fromNanoseconds: nanoseconds)
  }

  @inline(__always)
  private static func bytes(_ bytesIn: UInt64, _ bytesOut: UInt64, to line: inout LineWriter) {
    line.raw(",\"bytesIn\":")
    line.decimal(bytesIn)
    line.raw(",\"bytesOut\":")
    line.decimal(bytesOut)
  }

  @inline(__always)
  private static func findings(_ trace: borrowing DecisionTrace, to line: inout LineWriter) {
    if let totals = trace.firewall { write(totals, to: &line) }
    guard !trace.findings.isEmpty else { return }
    write(trace.findings, to: &line)
  }

  private static func write(_ totals: FirewallTotals, to line: inout LineWriter) {
    line.raw(",\"firewall\":{\"inboundScore\":")
    line.decimal(totals.inboundScore)
    line.raw(",\"inboundThreshold\":")
    line.decimal(totals.inboundThreshold)
    line.raw(",\"outboundScore\":")
    line.decimal(totals.outboundScore)
    line.raw(",\"outboundThreshold\":")
    line.decimal(totals.outboundThreshold)
    line.raw(",\"phaseMicroseconds\":[")
    for (index, time) in totals.phaseMicroseconds.prefix(5).enumerated() {
      if index > 0 { line.byte(0x2c) }
      line.decimal(time)
    }
    line.raw(totals.isSlow ? "],\"slow\":true}" : "],\"slow\":false}")
  }

  private static func write(_ findings: [Finding], to line: inout LineWriter) {
    line.raw(",\"trace\":[")
    var first = true
    for finding in findings {
      let room =
        findingBytes + (finding.match == nil ? 0 : matchBytes) + (finding.place == nil ? 0 : 6 * LineWriter.nameBytes)
      guard line.free > room else {
        line.markTruncated()
        break
      }
      line.raw(first ? "{\"source\":\"" : ",{\"source\":\"")
      first = false
      line.escaped(finding.source)
      line.raw("\",\"rule\":\"")
      line.escaped(finding.rule)
      line.raw("\",\"verdict\":\"")
      line.raw(finding.verdict.staticName)
      line.raw("\",\"reason\":\"")
      line.escaped(Redactor.redact(finding.reason))
      if let matched = finding.matched {
        line.raw("\",\"matched\":\"")
        line.escaped(redacted(matched, finding.match))
      }
      line.byte(0x22)
      if let match = finding.match { write(match, to: &line) }
      if let place = finding.place {
        line.raw(",\"place\":\"")
        line.escaped(place)
        line.byte(0x22)
      }
      if let nearest = finding.nearest { write(nearest, to: &line) }
      line.byte(0x7d)
    }
    line.byte(0x5d)
  }

  private static func write(_ nearest: [NearPolicy], to line: inout LineWriter) {
    line.raw(",\"nearest\":[")
    var first = true
    for near in nearest {
      guard line.free > nearBytes else {
        line.markTruncated()
        break
      }
      line.raw(first ? "{\"policy\":\"" : ",{\"policy\":\"")
      first = false
      line.escaped(near.policy)
      line.raw("\",\"place\":\"")
      line.escaped(near.place)
      line.raw("\",\"reason\":\"")
      line.escaped(Redactor.redact(near.reason))
      line.raw("\"}")
    }
    line.byte(0x5d)
  }

  /// The value of an argument, cookie or field whose name says that it's a secret is one, whatever it looks like.
  private static func redacted(_ matched: String, _ match: RuleMatch?) -> String {
    guard let match else { return Redactor.redact(matched) }
    if match.target.hasPrefix("REQUEST_COOKIES:") { return Redactor.mark }
    return Redactor.value(matched, of: match.selector ?? "")
  }

  private static func write(_ match: RuleMatch, to line: inout LineWriter) {
    line.raw(",\"match\":{\"phase\":")
    line.decimal(match.phase)
    line.raw(",\"target\":\"")
    line.escaped(Redactor.redact(match.target), limit: matchedNameBytes)
    line.byte(0x22)
    if let start = match.start, let end = match.end {
      line.raw(",\"start\":")
      line.decimal(start)
      line.raw(",\"end\":")
      line.decimal(end)
    }
    line.raw(",\"score\":")
    line.decimal(match.score)
    if let severity = match.severity {
      line.raw(",\"severity\":\"")
      line.escaped(severity, limit: 2 * Limits.ruleTagBytes)
      line.byte(0x22)
    }
    if let paranoia = match.paranoia {
      line.raw(",\"paranoia\":")
      line.decimal(paranoia)
    }
    line.raw(",\"tags\":[")
    for (index, tag) in match.tags.prefix(Limits.ruleTags).enumerated() {
      line.raw(index > 0 ? ",\"" : "\"")
      line.escaped(tag, limit: 2 * Limits.ruleTagBytes)
      line.byte(0x22)
    }
    line.raw(match.isBookkeeping ? "],\"bookkeeping\":true}" : "],\"bookkeeping\":false}")
  }
}

extension Verdict {
  var staticName: StaticString {
    switch self {
    case .allow: "allow"
    case .block: "block"
    case .challenge: "challenge"
    case .detect: "detect"
    }
  }
}

extension FlowKind {
  var staticName: StaticString {
    switch self {
    case .tcp: "tcp"
    case .websocket: "websocket"
    case .upgrade: "upgrade"
    case .modbus: "modbus"
    }
  }
}

extension OperationClass {
  var staticName: StaticString {
    switch self {
    case .read: "read"
    case .write: "write"
    case .control: "control"
    case .program: "program"
    case .config: "config"
    case .diagnostic: "diagnostic"
    case .discovery: "discovery"
    case .session: "session"
    case .file: "file"
    case .event: "event"
    case .unknown: "unknown"
    }
  }
}
