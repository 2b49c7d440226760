public import SluiceModel

/// One log line: an access line or a decision record. What a line doesn't have is nil.
public struct LogEvent: Codable, Sendable, Equatable {
  /// When it began: RFC 3339 with milliseconds, UTC.
  public var time: String
  public var id: ExchangeID
  /// `exchange`, `operation`, `flow`, `handshake` for one that failed, or `loss` for a count of decision records that could
  /// not be kept.
  public var kind: String
  public var listener: String?
  public var route: String?
  public var client: String?
  public var principal: String?
  public var method: String?
  public var host: String?
  /// The target without its query.
  public var path: String?
  /// True when the target had a query; the query itself is never logged.
  public var query: Bool?
  public var status: Int?
  public var verdict: Verdict?
  public var durationMs: Double?
  public var upstream: String?
  public var bytesIn: UInt64?
  public var bytesOut: UInt64?
  /// `error.type` of the semantic conventions.
  public var error: String?
  public var `protocol`: String?
  public var asset: String?
  public var unit: Int?
  public var function: Int?
  public var functionName: String?
  public var `class`: OperationClass?
  public var target: String?
  public var values: String?
  public var exception: Int?
  /// The kind of a flow.
  public var flow: FlowKind?
  /// Why a flow ended.
  public var reason: String?
  /// What the client's connection negotiated.
  public var tls: TLSEvent?
  /// What the connection to the endpoint or device negotiated.
  public var upstreamTls: TLSEvent?
  /// The leg of a handshake.
  public var leg: TLSLeg?
  /// The pool of a handshake.
  public var pool: String?
  /// Why a handshake failed.
  public var failure: String?
  /// More about the failure.
  public var detail: String?
  /// Lines about failed handshakes that were left out before this one.
  public var leftOut: UInt64?
  /// Decision records lost since the last record of this kind.
  public var lost: Int?
  /// True when a field was cut.
  public var truncated: Bool?
  /// What the firewall made of it.
  public var firewall: FirewallTotals?
  /// What the guards found.
  public var trace: [Finding]?

  /// An event with nothing but its identity.
  public init(time: String, id: ExchangeID, kind: String) {
    self.time = time
    self.id = id
    self.kind = kind
  }
}

/// What one TLS connection negotiated, in a log line. What isn't known is nil.
public struct TLSEvent: Codable, Sendable, Equatable {
  /// Such as `1.3`.
  public var version: String?
  /// The key exchange group.
  public var group: String?
  /// The cipher suite.
  public var cipher: String?
  public var resumed: Bool?
  /// The client's JA4 fingerprint.
  public var ja4: String?
  /// The name that the client asked for.
  public var sni: String?
}
