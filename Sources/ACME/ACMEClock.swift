import FoundationEssentials

/// The time of day and a way to wait, so that tests decide both.
public protocol ACMEClock: Sendable {
  /// Seconds since the Unix epoch.
  func now() -> Int64
  /// Waits. Throws `CancellationError` when the task is cancelled.
  func sleep(for duration: Duration) async throws
}

/// The system's clock.
public struct SystemACMEClock: ACMEClock {
  public init() {}

  public func now() -> Int64 { Int64(Date().timeIntervalSince1970) }

  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
