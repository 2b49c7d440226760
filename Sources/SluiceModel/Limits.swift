/// Fixed bounds of the gate's own tables and queues. What an operator may tune is in the configuration instead.
public enum Limits {
  /// Findings kept in one decision trace; the verdict counts them all.
  public static let findingsPerExchange = 64
  /// Bytes of matched text kept in a finding.
  public static let matchedTextBytes = 256
  /// Policies that are named of those that decided one question, and of those that nearly applied.
  public static let decidingPolicies = 8
  public static let nearestPolicies = 5
  /// Bytes of the name of what a firewall rule matched.
  public static let ruleTargetBytes = 256
  /// Tags of a firewall rule kept in a finding, and bytes of each.
  public static let ruleTags = 8
  public static let ruleTagBytes = 64
  /// Different (route, rule) pairs counted per event loop; past it they count as `_OTHER`.
  public static let firewallRuleSeries = 2_048
  /// Bytes of one line of the audit log.
  public static let auditLineBytes = 1 << 20
  /// Bytes of audit log lines waiting for the disk before lines are dropped and counted.
  public static let auditLogBacklogBytes = 32 << 20
  /// Recent exchanges kept for `explain`, `tap` and the admin API, in bytes of log lines per event loop.
  public static let recentExchangesBytes = 1 << 20
  /// Bytes of access log lines waiting for the disk before lines are dropped and counted.
  public static let accessLogBacklogBytes = 8 << 20
  /// Bytes of decision records waiting for the disk before `logs.decisions.onError` applies.
  public static let decisionLogBacklogBytes = 8 << 20
  /// Different (method, status) pairs counted per route; past it they count as `_OTHER`.
  public static let metricSeriesPerRoute = 64
  /// Finished exchange objects that an event loop keeps for the next requests, at about 3 KiB each.
  public static let pooledExchanges = 4_096
  /// Buffers for what is written that one event loop keeps for its next writes.
  public static let pooledBuffers = 64
  /// Connections that may wait in one turn of an event loop until what was written for them is sent.
  public static let unsentConnections = 16
  /// Bytes of the longest body that is inspected without sending first what other connections have written.
  public static let quickBodyBytes = 4 << 10
  /// Interim (1xx) replies an upstream may send before its final one.
  public static let interimReplies = 16
  /// Bytes of a reply head from an upstream.
  public static let replyHeadBytes = 64 << 10
  /// Fields of a reply head from an upstream.
  public static let replyHeaderFields = 200
  /// Bytes of one trailer section.
  public static let trailerBytes = 8 << 10
  /// Bytes of one chunk-size line with its extensions.
  public static let chunkLineBytes = 4 << 10
  /// Pieces of filters' work that wait for a worker thread; past it the filter decides what happens.
  public static let waitingWork = 1_024
  /// Client addresses tracked for `connectionsPerAddress`; past it new addresses are not counted.
  public static let trackedAddresses = 65_536
}
