public import SluiceModel

/// One line of a loop's recent ring.
public struct RecentLine: Sendable, Equatable {
  /// Grows by one with each line of the loop; a gap means that lines were overwritten in between.
  public var sequence: UInt64
  /// One JSON object without a line feed; `LogEvent` decodes it.
  public var json: String

  public init(sequence: UInt64, json: String) {
    self.sequence = sequence
    self.json = json
  }
}

/// What one event loop counted, and its newest lines, at one moment.
public struct LoopSnapshot: Sendable {
  /// Request counts and latencies of one route on one listener.
  public struct Route: Sendable {
    public var listener: String
    /// The route's name; nil when no route matched.
    public var route: String?
    public var bytesIn: UInt64
    public var bytesOut: UInt64
    public var series: [Series]
  }

  /// Requests with the same method, status and error type.
  public struct Series: Sendable {
    /// A known method in capitals, or `_OTHER`.
    public var method: String
    /// Nil when no reply was sent; `_OTHER` past `Limits.metricSeriesPerRoute`.
    public var status: String?
    public var errorType: String?
    public var histogram: Histogram
  }

  /// Operations of one class and verdict on one asset.
  public struct Operations: Sendable {
    public var `protocol`: String
    public var asset: String
    public var operationClass: String
    public var verdict: String
    public var histogram: Histogram
  }

  /// Decisions of one verdict by the guard that made them; `none` when no guard had anything to say.
  public struct Decisions: Sendable {
    public var verdict: Verdict
    public var source: String
    public var count: UInt64
  }

  /// What the firewall of one route on one listener did.
  public struct Firewall: Sendable {
    public var listener: String
    public var route: String?
    /// Exchanges in which a rule matched, by rule; `_OTHER` past `Limits.firewallRuleSeries`.
    public var rules: [String: UInt64]
    /// Time in the phases 1 to 5.
    public var phases: [Histogram]
    public var exchanges: UInt64
    /// Exchanges whose inspection was slower than the configuration's `latencyBudget`.
    public var slow: UInt64
  }

  public var counters: [LoopCounter: UInt64] = [:]
  public var firewall: [Firewall] = []
  public var routes: [Route] = []
  public var operations: [Operations] = []
  public var decisions: [Decisions] = []
  /// Flows that ended.
  public var flowsEnded: [FlowKind: UInt64] = [:]
  public var flowBytesIn: UInt64 = 0
  public var flowBytesOut: UInt64 = 0

  public var handshakes: [Handshakes] = []
  /// How long handshakes took, failed ones included.
  public var handshakeDurations: [TLSLeg: Histogram] = [:]
  /// Log lines about failed handshakes that were left out.
  public var handshakeLinesLeftOut: UInt64 = 0

  package var recentBytes: [UInt8] = []
  package var recentFirstSequence: UInt64 = 0

  package init() {}

  /// The newest lines of the loop, newest last; empty when the snapshot was made without them. Decoded at each access, so
  /// that the event loop only copies bytes.
  public var recent: [RecentLine] {
    var lines: [RecentLine] = []
    var position = 0
    var sequence = recentFirstSequence
    while position + 4 <= recentBytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(recentBytes[position + $1]) << ($1 * 8) }
      let start = position + 4
      guard start + length <= recentBytes.count else { break }
      let json = String(decoding: recentBytes[start..<start + length], as: UTF8.self)
      lines.append(RecentLine(sequence: sequence, json: json))
      sequence += 1
      position = start + length
    }
    return lines
  }
}
