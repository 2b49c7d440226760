import SluiceModel

extension LogLine {
  /// A handshake that failed. Times are those of its beginning, as on every line.
  ///
  /// - Parameter leftOut: lines about failed handshakes that were not written since the one before.
  static func handshake(
    _ record: borrowing HandshakeRecord, failure: StaticString, id: ExchangeID, leftOut: UInt64,
    to line: inout LineWriter, date: inout DateText
  ) {
    begin(&line, date: &date, unixMilliseconds: id.unixMilliseconds, id: id, kind: "handshake")
    line.raw(",\"leg\":\"")
    switch record.leg {
    case .client: line.raw("client\",\"listener\":\"")
    case .upstream: line.raw("upstream\",\"pool\":\"")
    case .device: line.raw("device\",\"asset\":\"")
    }
    line.name(record.place)
    if record.leg == .client {
      line.raw("\",\"client\":\"")
      line.address(record.peer)
    } else {
      line.raw("\",\"upstream\":\"")
      if let endpoint = record.endpoint { line.name(endpoint) } else { line.address(record.peer) }
    }
    line.raw("\",\"failure\":\"")
    line.escaped(failure)
    if let detail = record.detail {
      line.raw("\",\"detail\":\"")
      line.escaped(Redactor.redact(detail), limit: Limits.matchedTextBytes)
    }
    line.raw("\",\"durationMs\":")
    line.milliseconds(fromNanoseconds: record.durationNanoseconds)
    // 0 is no version: the handshake ended before one was chosen.
    if let facts = record.facts, facts.version.rawValue != 0 {
      if record.leg == .client { clientTLS(facts, to: &line) } else { upstreamTLS(facts, to: &line) }
    } else {
      hello(
        serverName: record.serverName ?? record.facts?.serverName, ja4: record.ja4 ?? record.facts?.ja4, to: &line)
    }
    if leftOut > 0 {
      line.raw(",\"leftOut\":")
      line.decimal(leftOut)
    }
    end(&line, date: &date, unixMilliseconds: id.unixMilliseconds, id: id, kind: "handshake")
  }

  /// What is known of a client that did not come far.
  private static func hello(serverName: String?, ja4: String?, to line: inout LineWriter) {
    guard serverName != nil || ja4 != nil else { return }
    line.raw(",\"tls\":{")
    if let ja4 {
      line.raw("\"ja4\":\"")
      line.escaped(ja4, limit: 64)
      line.byte(0x22)
    }
    if let serverName {
      line.raw(ja4 == nil ? "\"sni\":\"" : ",\"sni\":\"")
      line.escaped(serverName, limit: hostBytes)
      line.byte(0x22)
    }
    line.byte(0x7d)
  }

  @inline(__always)
  static func clientTLS(_ facts: TLSFacts, to line: inout LineWriter) {
    line.raw(",\"tls\":{")
    line.escapedAlready(facts.logFields, count: facts.logFields.count)
  }

  @inline(__always)
  static func upstreamTLS(_ facts: TLSFacts, to line: inout LineWriter) {
    line.raw(",\"upstreamTls\":{")
    line.escapedAlready(facts.logFields, count: facts.negotiatedLogBytes)
    line.byte(0x7d)
  }
}
