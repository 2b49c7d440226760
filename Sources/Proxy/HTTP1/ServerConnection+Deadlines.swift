import NIOCore
import SluiceModel

/// How fast a body moves: bytes are counted over windows of the grace period, so that a slow start or a short stall costs
/// nothing, but a trickle does.
struct ProgressWatch {
  private var windowStart: UInt64 = 0
  private var windowBytes = 0
  private(set) var lastProgress: UInt64 = 0
  private var lastBytes = 0

  mutating func start(at now: UInt64, bytes: Int) {
    windowStart = now
    windowBytes = bytes
    lastProgress = now
    lastBytes = bytes
  }

  /// Notes how many bytes have moved in all.
  /// - Parameters:
  ///   - rate: bytes per second wanted; 0 wants none.
  ///   - isHeld: the gate itself holds the body up, which is not the peer's fault.
  /// - Returns: false when a whole window was slower than the rate.
  mutating func note(bytes: Int, at now: UInt64, rate: Int, graceNanoseconds: UInt64, isHeld: Bool) -> Bool {
    if bytes != lastBytes || isHeld {
      lastBytes = bytes
      lastProgress = now
    }
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

extension ServerConnection: DeadlineOwner {
  func deadlineReached() {
    switch phase {
    case .idle: close()
    case .head:
      refuse(status: 408, source: "limit", rule: "headerTimeout", reason: "the request head did not arrive in time")
    case .tunnel: endTunnel(reason: "idle timeout")
    case .closing:
      close()
    case .body, .complete: checkExchange()
    }
  }

  private func checkExchange() {
    guard let exchange else { return }
    guard exchange.resumption == nil else {
      loop.schedule(deadline, after: .seconds(1))
      return
    }
    switch replyPhase {
    case .body: checkReply(exchange)
    case .none, .held: phase == .body ? checkRequestBody(exchange) : waitedTooLong(exchange)
    }
  }

  /// The request body comes in: fast enough?
  private func checkRequestBody(_ exchange: Exchange) {
    let now = loop.nowNanoseconds
    let isFast = progress.note(
      bytes: exchange.requestBodyBytes, at: now, rate: limits.minimumBodyRate,
      graceNanoseconds: limits.rateGrace.nanosecondsClamped, isHeld: readHeld)
    if !isFast {
      refuse(
        status: 408, source: "limit", rule: "minimumBodyRate",
        reason: "the request body came slower than \(limits.minimumBodyRate) bytes per second")
      return
    }
    let idle = exchange.route?.configuration.idleTimeout ?? .seconds(60)
    if !readHeld, now &- progress.lastProgress > idle.nanosecondsClamped {
      refuse(status: 408, source: "limit", rule: "idleTimeout", reason: "the request body stalled")
      return
    }
    loop.schedule(deadline, after: .seconds(1))
  }

  /// The request is complete and no reply has come.
  private func waitedTooLong(_ exchange: Exchange) {
    exchange.errorType = "timeout"
    refuse(
      status: 504, source: "upstream", rule: "requestTimeout",
      reason: waitingPool == nil ? "the upstream did not reply in time" : "no upstream connection in time")
  }

  /// The reply goes out: does the upstream send, and does the client take it?
  private func checkReply(_ exchange: Exchange) {
    let now = loop.nowNanoseconds
    let pending = pendingWriteBytes
    let sent = exchange.replyBodyBytes - pending
    // Without pending bytes the client has taken all there was: the reply waits for the upstream.
    let isFast = progress.note(
      bytes: sent, at: now, rate: limits.minimumReplyRate,
      graceNanoseconds: limits.rateGrace.nanosecondsClamped, isHeld: pending == 0)
    if !isFast {
      exchange.record(
        "limit", "minimumReplyRate", .block,
        "the client took the reply slower than \(limits.minimumReplyRate) bytes per second")
      abortExchange(errorType: "slow_reader", reason: "the client is too slow")
      return
    }
    if pending == 0 {
      let idle = exchange.route?.configuration.idleTimeout ?? .seconds(60)
      if upstreamSilence.note(exchange.replyBodyBytes, at: now) > idle.nanosecondsClamped {
        abortExchange(errorType: "upstream_stalled", reason: "the upstream stalled inside its reply")
        return
      }
    }
    loop.schedule(deadline, after: .seconds(1))
  }
}

/// How long a count has stood still.
struct SilenceWatch {
  private var count = -1
  private var since: UInt64 = 0

  /// - Returns: nanoseconds since the count last changed.
  mutating func note(_ count: Int, at now: UInt64) -> UInt64 {
    if count != self.count {
      self.count = count
      since = now
    }
    return now &- since
  }
}
