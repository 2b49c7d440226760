import NIOCore
import SluiceModel
import Wire

extension ServerConnection: DeadlineOwner {
  package func deadlineReached() {
    switch phase {
    case .idle: pendingWriteBytes == 0 ? close() : closeAfterWrites()
    case .head:
      refuse(status: 408, source: "limit", rule: "headerTimeout", reason: "the request head did not arrive in time")
    case .tunnel: endTunnel(reason: "idle timeout")
    case .closing: checkClosing()
    case .body, .complete: checkExchange()
    }
  }

  /// The last reply goes out as slowly as any other reply may; then the client has a moment to close first.
  private func checkClosing() {
    let pending = pendingWriteBytes
    if pending == 0 {
      guard !isLingering else {
        close()
        return
      }
      isLingering = true
      loop.schedule(deadline, after: .seconds(2))
      return
    }
    if !isReplyWatched {
      isReplyWatched = true
      progress.start(at: loop.nowNanoseconds, bytes: -unacknowledgedBytes)
    }
    let isFast = progress.note(
      bytes: -unacknowledgedBytes, at: loop.nowNanoseconds, rate: limits.minimumReplyRate,
      graceNanoseconds: limits.rateGrace.nanosecondsClamped, isHeld: false)
    if isFast {
      loop.schedule(deadline, after: .seconds(1))
    } else {
      context?.channel.reset()
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
    case .gathering: checkGathering(exchange)
    case .none, .held: phase == .body ? checkRequestBody(exchange) : waitedTooLong(exchange)
    }
  }

  /// The request body comes in: fast enough? Time that the gate or the upstream takes is not the client's.
  private func checkRequestBody(_ exchange: Exchange) {
    let now = loop.nowNanoseconds
    let route = exchange.route?.configuration ?? RouteConfiguration()
    let waitsForContinue =
      exchange.request.expectsContinue && exchange.requestBodyBytes == 0 && exchange.interimReplies == 0
    if waitingPool != nil || (waitsForContinue && upstream != nil) {
      guard now &- exchange.startNanoseconds < route.requestTimeout.nanosecondsClamped else {
        waitedTooLong(exchange)
        return
      }
      progress.start(at: now, bytes: exchange.requestBodyBytes)
      loop.schedule(deadline, after: .seconds(1))
      return
    }
    let isHeld = readHeld || !(upstream?.isWritable ?? true)
    let isFast = progress.note(
      bytes: exchange.requestBodyBytes, at: now, rate: limits.minimumBodyRate,
      graceNanoseconds: limits.rateGrace.nanosecondsClamped, isHeld: isHeld)
    guard isFast else {
      refuse(
        status: 408, source: "limit", rule: "minimumBodyRate",
        reason: "the request body came slower than \(limits.minimumBodyRate) bytes per second")
      return
    }
    let moved = exchange.requestBodyBytes - (upstream?.pendingWriteBytes ?? 0)
    if silence.note(moved, at: now) > route.idleTimeout.nanosecondsClamped {
      exchange.errorType = isHeld ? "upstream_stalled" : "timeout"
      if isHeld {
        refuse(status: 504, source: "upstream", rule: "idleTimeout", reason: "the upstream takes no more of the body")
      } else {
        refuse(status: 408, source: "limit", rule: "idleTimeout", reason: "the request body stalled")
      }
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

  /// The reply is being held for filters, so that only the upstream can be late.
  private func checkGathering(_ exchange: Exchange) {
    let idle = exchange.route?.configuration.idleTimeout ?? .seconds(60)
    guard silence.note(exchange.replyBodyBytes, at: loop.nowNanoseconds) <= idle.nanosecondsClamped else {
      exchange.errorType = "upstream_stalled"
      refuse(status: 504, source: "upstream", rule: "idleTimeout", reason: "the upstream stalled inside its reply")
      return
    }
    loop.schedule(deadline, after: .seconds(1))
  }

  /// A reset frees what the kernel holds for the client; an orderly end would keep it until the client has taken it.
  private func abandonSlowReader(reason: String) {
    let channel = context?.channel
    channel?.resetOnClose()
    abortExchange(errorType: "slow_reader", reason: reason)
    channel?.reset()
  }

  /// The reply goes out: does the upstream send, and does the client take it?
  private func checkReply(_ exchange: Exchange) {
    let now = loop.nowNanoseconds
    let waiting = unacknowledgedBytes
    let taken = exchange.replyBodyBytes - waiting
    // With nothing waiting the client has taken all there was: the reply waits for the upstream.
    let isFast = progress.note(
      bytes: taken, at: now, rate: limits.minimumReplyRate,
      graceNanoseconds: limits.rateGrace.nanosecondsClamped, isHeld: waiting == 0)
    guard isFast else {
      exchange.record(
        "limit", "minimumReplyRate", .block,
        "the client took the reply slower than \(limits.minimumReplyRate) bytes per second")
      abandonSlowReader(reason: "the client is too slow")
      return
    }
    let idle = exchange.route?.configuration.idleTimeout ?? .seconds(60)
    if silence.note(taken, at: now) > idle.nanosecondsClamped {
      if waiting == 0 {
        abortExchange(errorType: "upstream_stalled", reason: "the upstream stalled inside its reply")
      } else {
        abandonSlowReader(reason: "the client takes no more of the reply")
      }
      return
    }
    loop.schedule(deadline, after: .seconds(1))
  }
}
