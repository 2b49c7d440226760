/// How fast a body moves: bytes are counted over windows of the grace period, so that a slow start or a short stall costs
/// nothing, but a trickle does.
package struct ProgressWatch {
  private var windowStart: UInt64 = 0
  private var windowBytes = 0

  package init() {}

  package mutating func start(at now: UInt64, bytes: Int) {
    windowStart = now
    windowBytes = bytes
  }

  /// Notes how many bytes have moved in all.
  /// - Parameters:
  ///   - rate: bytes per second wanted; 0 wants none.
  ///   - isHeld: the gate itself holds the body up, which is not the peer's fault.
  /// - Returns: false when a whole window was slower than the rate.
  package mutating func note(bytes: Int, at now: UInt64, rate: Int, graceNanoseconds: UInt64, isHeld: Bool) -> Bool {
    if isHeld {
      windowStart = now
      windowBytes = bytes
      return true
    }
    let elapsed = now &- windowStart
    guard rate > 0, elapsed >= max(graceNanoseconds, 1_000_000_000) else { return true }
    let wanted = Double(rate) * Double(elapsed) / 1e9
    let isFast = Double(bytes - windowBytes) >= wanted
    windowStart = now
    windowBytes = bytes
    return isFast
  }
}

/// How long a count has stood still.
package struct SilenceWatch {
  private var count = -1
  private var since: UInt64 = 0

  package init() {}

  /// - Returns: nanoseconds since the count last changed.
  package mutating func note(_ count: Int, at now: UInt64) -> UInt64 {
    if count != self.count {
      self.count = count
      since = now
    }
    return now &- since
  }
}
