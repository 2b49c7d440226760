/// Whether an endpoint may get requests.
public enum HealthStatus: Sendable, Hashable {
  /// To `unhealthy` after `unhealthyAfter` failures in a row.
  case healthy
  /// To `healthy` after `healthyAfter` successes in a row.
  case unhealthy
}

/// Why a probe failed.
public enum ProbeFailure: Sendable, Hashable {
  /// No connection: refused, unreachable, or the name did not resolve.
  case connect
  /// No connection or no reply in time.
  case timeout
  /// A reply with a status that is not expected.
  case status(Int)
  /// The connection ended before the reply did.
  case closed
  /// The reply was not well formed.
  case malformed
}

extension ProbeFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .connect: "could not connect"
    case .timeout: "timed out"
    case .status(let code): "unexpected status \(code)"
    case .closed: "connection closed early"
    case .malformed: "malformed reply"
    }
  }
}

/// The result of one probe.
public enum ProbeOutcome: Sendable, Hashable {
  case success
  case failure(ProbeFailure)
}

/// A change of status, for the event stream.
public enum HealthTransition: Sendable, Hashable {
  /// The endpoint is back after `downNanoseconds`.
  case becameHealthy(downNanoseconds: UInt64)
  /// The endpoint leaves the rotation; the failure is the last of the row.
  case becameUnhealthy(ProbeFailure)
}

/// Turns the results of probes into a status: so many in a row of the other kind change it. A struct without clock,
/// timer or I/O; whoever probes reports here.
public struct HealthTracker: Sendable {
  /// The shortest pause between probes, whatever the interval.
  public static let minimumProbeDelay: Duration = .milliseconds(10)

  /// Failures in a row until the endpoint leaves the rotation; at least 1.
  public let unhealthyAfter: Int
  /// Successes in a row until it comes back; at least 1.
  public let healthyAfter: Int
  /// What the endpoint is now.
  public private(set) var status: HealthStatus
  /// The failure that was reported last, until a success follows it.
  public private(set) var lastFailure: ProbeFailure?
  /// Monotonic time of the last change of status; nil before the first.
  public private(set) var changedAtNanoseconds: UInt64?
  /// Results in a row that speak against the present status.
  private var streak = 0
  private var firstReportAtNanoseconds: UInt64?

  /// - Parameter initial: The status until probes prove otherwise. `unhealthy` keeps requests away until
  ///   `healthyAfter` probes have succeeded.
  public init(unhealthyAfter: Int = 3, healthyAfter: Int = 2, initial: HealthStatus = .healthy) {
    self.unhealthyAfter = max(unhealthyAfter, 1)
    self.healthyAfter = max(healthyAfter, 1)
    status = initial
  }

  /// Takes the result of one probe.
  ///
  /// - Parameter nowNanoseconds: Monotonic time, from any start.
  /// - Returns: The change of status that this result brings, if any.
  public mutating func report(_ outcome: ProbeOutcome, nowNanoseconds: UInt64) -> HealthTransition? {
    let since = changedAtNanoseconds ?? firstReportAtNanoseconds ?? nowNanoseconds
    if firstReportAtNanoseconds == nil { firstReportAtNanoseconds = nowNanoseconds }
    switch (outcome, status) {
    case (.success, .healthy):
      lastFailure = nil
      streak = 0
      return nil
    case (.failure(let failure), .unhealthy):
      lastFailure = failure
      streak = 0
      return nil
    case (.failure(let failure), .healthy):
      lastFailure = failure
      guard isEnough(unhealthyAfter) else { return nil }
      change(to: .unhealthy, at: nowNanoseconds)
      return .becameUnhealthy(failure)
    case (.success, .unhealthy):
      lastFailure = nil
      guard isEnough(healthyAfter) else { return nil }
      change(to: .healthy, at: nowNanoseconds)
      return .becameHealthy(downNanoseconds: nowNanoseconds > since ? nowNanoseconds - since : 0)
    }
  }

  /// The pause before the next probe.
  ///
  /// Before the first result it is spread over the whole interval, so that a start with many endpoints does not probe
  /// them at once; after that it is the interval give or take a tenth, so that many gates do not fall into step.
  ///
  /// - Parameter random: 64 random bits.
  public func nextProbeDelay(interval: Duration, random: UInt64) -> Duration {
    let fraction = Double(random >> 11) / Double(1 << 53)
    if firstReportAtNanoseconds == nil { return max(interval, .zero) * fraction }
    return max(interval * (0.9 + 0.2 * fraction), Self.minimumProbeDelay)
  }

  private mutating func isEnough(_ threshold: Int) -> Bool {
    streak += 1
    return streak >= threshold
  }

  private mutating func change(to new: HealthStatus, at nowNanoseconds: UInt64) {
    status = new
    streak = 0
    changedAtNanoseconds = nowNanoseconds
  }
}
