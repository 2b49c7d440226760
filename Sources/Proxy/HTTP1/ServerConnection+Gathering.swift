import NIOCore
import SluiceModel
import Wire

/// Replies whose bodies filters want held: until the filters have seen the body nothing of the reply goes to the client,
/// so that each can still answer in the upstream's place.
extension ServerConnection {
  /// The reply's head has passed: begins to hold the body, or lets the reply go on.
  /// - Returns: false when the upstream connection was let go of or must wait.
  func gatherReply(_ exchange: Exchange) -> Bool {
    guard let chain = exchange.route?.chain, chain.points.contains(.replyBody), exchange.replyHasBody,
      wantsHold(exchange, chain)
    else {
      writeReplyHead(exchange)
      return true
    }
    guard exchange.reply.section.contentLength ?? 0 <= exchange.refusalLimit else {
      refuseLongReply(exchange)
      return false
    }
    exchange.forgetReply()
    replyPhase = .gathering
    silence = SilenceWatch()
    loop.schedule(deadline, after: .seconds(1))
    return true
  }

  private func wantsHold(_ exchange: Exchange, _ chain: FilterChain) -> Bool {
    let isEventStream =
      exchange.replyHeader("content-type").map { type in
        type.prefix { $0 != ";" && $0 != " " }.lowercased() == "text/event-stream"
      } ?? false
    return exchange.plan(chain.replyBody) { filter in
      let hold = filter.replyBodyHold(exchange)
      return isEventStream && hold?.includesEventStreams != true ? nil : hold
    }
  }

  private func refuseLongReply(_ exchange: Exchange) {
    exchange.forgetReply()
    refuse(
      status: 502, source: "limit", rule: "replyBuffer", reason: "the reply body is longer than a filter may hold")
  }

  /// Keeps body bytes; past the bound, the filters are called with what is there.
  /// - Returns: false when the exchange was ended or a filter waits.
  func gather(_ bytes: ByteBuffer, _ range: Range<Int>, _ exchange: Exchange) -> Bool {
    guard exchange.replyBodyBytes <= exchange.refusalLimit else {
      refuseLongReply(exchange)
      return false
    }
    exchange.bufferedReply.writeSpan(bytes.readableBytesUInt8Span.extracting(range))
    guard exchange.replyBodyBytes > exchange.holdLimit else { return true }
    return runReplyBodyFilters(from: 0, isWhole: false)
  }

  /// The reply is complete: the upstream is let go of before the filters decide.
  func gatheredAll(_ exchange: Exchange, isReusable: Bool) {
    loop.scratch.removeAll(keepingCapacity: true)
    upstream?.copyTrailer(into: &loop.scratch)
    exchange.replyTrailer = loop.scratch
    releaseUpstream(reusable: isReusable)
    _ = runReplyBodyFilters(from: 0, isWhole: true)
  }

  /// - Returns: true when the reply streams on from the upstream.
  private func runReplyBodyFilters(from start: Int, isWhole: Bool) -> Bool {
    guard let exchange, let filters = exchange.route?.chain.replyBody else { return false }
    if exchange.bufferedReply.readableBytes > Limits.quickBodyBytes { loop.flushUnsent() }
    var index = start
    while index < filters.count {
      let filter = filters[index]
      let next = index + 1
      guard let held = exchange.show(exchange.bufferedReply, to: index, isWhole: isWhole) else {
        index = next
        continue
      }
      switch held.withBytes({ filter.replyBody(exchange, $0) }) {
      case .next: index = next
      case .reply(let reply):
        send(reply)
        return false
      case .reset:
        abortExchange(errorType: "reset_by_filter", reason: "closed by `\(filter.name)`")
        return false
      case .wait:
        holdReply(filter, exchange) { [weak self] in
          self?.runReplyBodyFilters(from: next, isWhole: isWhole) ?? false
        }
        return false
      }
    }
    return releaseGathered(exchange, isWhole: isWhole)
  }

  /// Every filter has let the reply pass: what was held goes to the client.
  private func releaseGathered(_ exchange: Exchange, isWhole: Bool) -> Bool {
    let body = exchange.bufferedReply
    let trailer = exchange.replyTrailer
    exchange.forgetReply()
    writeReplyHead(exchange)
    if body.readableBytes > 0, !passReplyBody(body, 0..<body.readableBytes, exchange) { return false }
    guard isWhole else { return true }
    if replyFramesChunks {
      loop.scratch.removeAll(keepingCapacity: true)
      loop.scratch.append("0\r\n")
      loop.scratch.append(trailer.span)
      writeLastChunk()
    }
    endReply(exchange)
    return false
  }
}
