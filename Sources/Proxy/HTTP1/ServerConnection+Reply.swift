import NIOCore
import SluiceModel
import Wire

/// What went wrong with the upstream after it took the request.
enum UpstreamBreak {
  /// The connection closed before any byte of a reply; it had served others before.
  case closedBeforeReply(wasReused: Bool)
  case closedInReply
  case malformed(HeadError)
  case tooManyInterim
}

extension ServerConnection {
  // MARK: From the upstream

  /// The final reply head is in `exchange.reply`.
  /// - Returns: false when the upstream connection was let go of or must wait.
  func replyHeadArrived() -> Bool {
    guard let exchange else { return false }
    exchange.status = exchange.reply.status
    guard let chain = exchange.route?.chain, !chain.points.isDisjoint(with: [.replyHead, .replyBody]) else {
      writeReplyHead(exchange)
      return true
    }
    return runReplyHeadFilters(chain.replyHead, from: 0)
  }

  private func runReplyHeadFilters(_ filters: [any Filter], from start: Int) -> Bool {
    guard let exchange else { return false }
    var index = start
    while index < filters.count {
      let filter = filters[index]
      let next = index + 1
      switch filter.replyHead(exchange) {
      case .next: index = next
      case .reply(let reply):
        releaseUpstream(reusable: false)
        send(reply)
        return false
      case .reset:
        abortExchange(errorType: "reset_by_filter", reason: "closed by `\(filter.name)`")
        return false
      case .wait:
        holdReply(filter, exchange) { [weak self] in self?.runReplyHeadFilters(filters, from: next) ?? false }
        return false
      }
    }
    return gatherReply(exchange)
  }

  /// Carries out a filter's `wait` at a point of the reply; `next` goes on behind it.
  func holdReply(_ filter: any Filter, _ exchange: Exchange, next: @escaping () -> Bool) {
    replyPhase = .held
    exchange.resumption = { [weak self, weak exchange] action in
      guard let self, let exchange, self.exchange === exchange else { return }
      self.replyPhase = .none
      switch action {
      case .next, .wait: if next() { self.upstream?.continueReply() }
      case .reply(let reply):
        self.releaseUpstream(reusable: false)
        self.send(reply)
      case .reset: self.abortExchange(errorType: "reset_by_filter", reason: "closed by `\(filter.name)`")
      }
    }
  }

  func writeReplyHead(_ exchange: Exchange) {
    if phase != .complete { closesAfterReply = true }
    if isDraining || isLastExchange || exchangesServed + 1 >= limits.requestsPerConnection {
      closesAfterReply = true
    }
    let plan = ReplyWriter.plan(exchange, closes: closesAfterReply)
    closesAfterReply = plan.closes
    replyFramesChunks = plan.framesChunks
    var bytes = loop.takeBuffer()
    ReplyWriter.write(exchange, plan: plan, date: loop.date.bytes, scratch: &loop.scratch)
    bytes.writeBytes(loop.scratch)
    exchange.bytesOut += UInt64(loop.scratch.count)
    outbound = bytes
    replyPhase = .body
    isReplyWatched = false
  }

  /// Body bytes of the reply.
  /// - Returns: false when a filter ended the exchange.
  func replyBody(_ bytes: ByteBuffer, _ range: Range<Int>) -> Bool {
    guard let exchange else { return false }
    exchange.replyBodyBytes += range.count
    if replyPhase == .gathering { return gather(bytes, range, exchange) }
    return passReplyBody(bytes, range, exchange)
  }

  /// Sends body bytes through the filters that look at parts.
  /// - Returns: false when a filter ended the exchange.
  func passReplyBody(_ bytes: ByteBuffer, _ range: Range<Int>, _ exchange: Exchange) -> Bool {
    if let chain = exchange.route?.chain, chain.points.contains(.replyBodyPart) {
      for filter in chain.replyBodyPart {
        switch filter.replyBodyPart(exchange, bytes.readableBytesUInt8Span.extracting(range)) {
        case .next, .wait: continue
        case .reply, .reset:
          abortExchange(errorType: "reset_by_filter", reason: "closed by `\(filter.name)`")
          return false
        }
      }
    }
    var out = takeOutbound()
    if replyFramesChunks {
      loop.scratch.removeAll(keepingCapacity: true)
      loop.scratch.appendChunkSize(range.count)
      out.writeBytes(loop.scratch)
    }
    if range.count <= 16 << 10 {
      out.writeSpan(bytes.readableBytesUInt8Span.extracting(range))
      if replyFramesChunks { out.writeStaticString("\r\n") }
      outbound = out
    } else {
      if out.readableBytes > 0 { context?.write(wrapOutboundOut(out), promise: nil) }
      loop.giveBack(out)
      if let slice = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) {
        context?.write(wrapOutboundOut(slice), promise: nil)
      }
      var rest = loop.takeBuffer()
      if replyFramesChunks { rest.writeStaticString("\r\n") }
      outbound = rest
    }
    return true
  }

  private func takeOutbound() -> ByteBuffer {
    if let buffer = outbound {
      outbound = nil
      return buffer
    }
    return loop.takeBuffer()
  }

  /// Sends what was put together.
  func flushReply() {
    guard let out = outbound else { return }
    outbound = nil
    if out.readableBytes > 0 {
      context?.writeAndFlush(wrapOutboundOut(out), promise: nil)
    } else {
      context?.flush()
    }
    loop.giveBack(out)
    if replyPhase == .body, exchange != nil, !isReplyWatched {
      // Most replies end with the read that begins them; only the others are watched.
      isReplyWatched = true
      progress.start(at: loop.nowNanoseconds, bytes: 0)
      silence = SilenceWatch()
      loop.schedule(deadline, after: .seconds(1))
    }
  }

  /// The reply is complete.
  func replyEnded(isReusable: Bool) {
    guard let exchange else { return }
    // A server that refused to switch may still be confused about the connection.
    let keeps = isReusable && phase == .complete && !exchange.isWebSocket
    if replyPhase == .gathering {
      gatheredAll(exchange, isReusable: keeps)
      return
    }
    if replyFramesChunks {
      loop.scratch.removeAll(keepingCapacity: true)
      loop.scratch.append("0\r\n")
      upstream?.copyTrailer(into: &loop.scratch)
      writeLastChunk()
    }
    releaseUpstream(reusable: keeps)
    endReply(exchange)
  }

  /// Puts the last chunk, whose beginning is in `scratch`, behind the reply.
  func writeLastChunk() {
    var out = takeOutbound()
    loop.scratch.append("\r\n")
    out.writeBytes(loop.scratch)
    outbound = out
  }

  /// Sends what is left of the reply and ends the exchange.
  func endReply(_ exchange: Exchange) {
    exchange.status = exchange.reply.status
    guard let out = outbound else {
      finishExchange()
      return
    }
    outbound = nil
    replyPhase = .none
    if let context {
      if out.readableBytes > 0 { context.write(wrapOutboundOut(out), promise: nil) }
      loop.flushSoon(context)
    }
    loop.giveBack(out)
    finishExchange()
  }

  /// An interim reply (RFC 9110 §15.2). HTTP/1.0 clients don't know them.
  /// - Returns: false when the exchange ended.
  func interimReply() -> Bool {
    guard let exchange else { return false }
    exchange.interimReplies += 1
    guard exchange.interimReplies <= Limits.interimReplies else {
      upstreamBroke(.tooManyInterim)
      return false
    }
    if exchange.reply.status == 101 {
      guard exchange.isWebSocket, ReplyWriter.switchesToWebSocket(exchange) else {
        upstreamBroke(.malformed(HeadError(.unexpectedSwitch)))
        return false
      }
      startTunnel(exchange)
      return true
    }
    guard exchange.request.minorVersion == 1 else { return true }
    ReplyWriter.writeInterim(exchange, scratch: &loop.scratch)
    exchange.bytesOut += UInt64(loop.scratch.count)
    writeNow(loop.scratch)
    return true
  }

  /// The upstream failed this exchange.
  func upstreamBroke(_ reason: UpstreamBreak) {
    guard let exchange else { return }
    let endpoint = upstream?.endpoint
    let alert = upstream?.tlsFailure ?? ""
    releaseUpstream(reusable: false)
    let errorType: StaticString
    let text: String
    switch reason {
    case .closedBeforeReply(let wasReused):
      let mayRepeat =
        exchange.request.method.isIdempotent && (exchange.requestBodyBytes == 0 || exchange.requestHold == .whole)
      if wasReused, mayRepeat, phase == .complete, exchange.attempts <= 2 {
        // A kept connection that the upstream closed just then says nothing about the endpoint (RFC 9112 §9.3.1).
        loop.observer.count(.upstreamRetries)
        askForUpstream()
        return
      }
      errorType = "upstream_reset"
      text = "the upstream closed the connection without a reply" + alert
    case .closedInReply:
      errorType = "upstream_truncated"
      text = "the upstream closed the connection inside its reply" + alert
    case .malformed(let error):
      errorType = "upstream_malformed"
      text = "the upstream's reply is malformed: \(error.reason.rawValue)"
    case .tooManyInterim:
      errorType = "upstream_malformed"
      text = "the upstream sent too many interim replies"
    }
    exchange.errorType = errorType
    exchange.upstream = endpoint
    if replyPhase == .body {
      flushReply()
      abortExchange(errorType: errorType, reason: text)
    } else {
      exchange.resumption = nil
      replyPhase = .none
      refuse(status: 502, source: "upstream", rule: "\(errorType)", reason: text)
    }
  }

  // MARK: From the gate itself

  func refuse(_ error: HeadError) {
    refuse(status: error.requestStatus, source: "http", rule: error.reason.rawValue, reason: error.reason.rawValue)
  }

  /// Answers in the upstream's place and records why. Without an exchange, one is made for the record.
  func refuse(status: Int, source: String, rule: String, reason: String) {
    if exchange == nil {
      let made = loop.takeExchange()
      let now = loop.nowNanoseconds
      made.startNanoseconds = now
      made.id = loop.nextID(at: now)
      made.client = peer
      exchange = made
    }
    guard let exchange else { return }
    if exchange.errorType == nil { exchange.errorType = source == "upstream" ? "upstream_error" : "refused" }
    exchange.record(source, rule, source == "upstream" ? .allow : .block, reason)
    if replyPhase == .body {
      abortExchange(errorType: "refused", reason: reason)
      return
    }
    send(LocalReply(status: status, detail: RefusalText.detail(status)))
  }

  /// Answers from here. The exchange ends with it; the connection closes when the request isn't complete.
  func send(_ reply: LocalReply) {
    guard let exchange else { return }
    exchange.resumption = nil
    releaseUpstream(reusable: false)
    if replyPhase == .body {
      abortExchange(errorType: "reset_by_filter", reason: "a filter ended the reply")
      return
    }
    if phase != .complete || isDraining || isLastExchange { closesAfterReply = true }
    exchange.status = reply.status
    // What the upstream may have sent was held and goes no further.
    exchange.replyBodyBytes = 0
    ReplyWriter.writeLocal(
      reply, exchange, closes: closesAfterReply, date: loop.date.bytes, scratch: &loop.scratch)
    exchange.bytesOut += UInt64(loop.scratch.count)
    writeNow(loop.scratch)
    if self.exchange === exchange { finishExchange() }
  }

  func writeContinue() {
    writeNow(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
  }

  private func writeNow(_ bytes: [UInt8]) {
    var buffer = loop.takeBuffer()
    buffer.writeBytes(bytes)
    context?.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    loop.giveBack(buffer)
  }
}

/// What a client is told when the gate refuses.
enum RefusalText {
  static func detail(_ status: Int) -> String {
    switch status {
    case 400: "The request is malformed or can be read in more than one way."
    case 408: "The request did not arrive in time."
    case 413: "The request body is larger than allowed."
    case 414: "The request target is longer than allowed."
    case 417: "The expectation can't be met."
    case 431: "The request header section is larger than allowed."
    case 501: "The method is not supported here."
    case 502: "The upstream gave no valid reply."
    case 503: "No upstream can take the request now."
    case 504: "The upstream did not reply in time."
    case 505: "The HTTP version is not supported."
    default: "The request was refused."
    }
  }
}
