import Glibc

/// The time that writers see: wall clock for names and retention, monotonic for waiting.
package struct TelemetryClock: Sendable {
  var unixMilliseconds: @Sendable () -> UInt64
  var monotonicMilliseconds: @Sendable () -> UInt64

  package init(
    unixMilliseconds: @escaping @Sendable () -> UInt64, monotonicMilliseconds: @escaping @Sendable () -> UInt64
  ) {
    self.unixMilliseconds = unixMilliseconds
    self.monotonicMilliseconds = monotonicMilliseconds
  }

  static let system = TelemetryClock(
    unixMilliseconds: { read(CLOCK_REALTIME) }, monotonicMilliseconds: { read(CLOCK_MONOTONIC) })

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(max(0, time.tv_sec)) &* 1000 &+ UInt64(max(0, time.tv_nsec) / 1_000_000)
  }
}

/// Waits between attempts on a failing disk: 100 ms, doubled up to 5 s.
struct BackOff {
  private(set) var failures = 0
  private var retryAt: UInt64 = 0

  var isFailing: Bool { failures > 0 }

  mutating func failed(at now: UInt64) {
    failures = min(failures + 1, 16)
    retryAt = now + min(5000, 50 << UInt64(failures))
  }

  mutating func succeeded() { failures = 0 }

  mutating func retryNow() { retryAt = 0 }

  /// Milliseconds to wait; 0 when an attempt is due.
  func remaining(at now: UInt64) -> Int { isFailing && retryAt > now ? Int(retryAt - now) : 0 }
}
