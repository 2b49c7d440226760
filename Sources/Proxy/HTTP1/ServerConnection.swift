import NIOCore
import SluiceModel
import Wire

/// A client's HTTP/1.1 connection: reads requests, takes each through the filters to an upstream, and carries the reply back.
///
/// The request's half lives in `ServerConnection+Request`, the reply's in `ServerConnection+Reply`, upgraded connections in
/// `ServerConnection+Tunnel`, everything that waits for time in `ServerConnection+Deadlines`.
final class ServerConnection: ChannelDuplexHandler, LoopConnection {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Where the connection stands with what the client sends.
  enum Phase {
    /// Between exchanges, no byte of the next one. → head, closing
    case idle
    /// Part of a head is there. → body, complete, closing
    case head
    /// The request body comes in. → complete, closing
    case body
    /// The request is complete; what follows waits for the reply to end. → idle, tunnel, closing
    case complete
    /// Upgraded: bytes pass both ways. → closing
    case tunnel
    /// The last reply is on its way; what the client still sends is discarded. → (closed)
    case closing
  }

  /// Where the connection stands with the reply.
  enum ReplyPhase {
    case none
    /// The head has come, and filters have the body's beginning held until they have seen it. → held, body
    case gathering
    /// A filter holds the reply.
    case held
    /// The head has gone to the client.
    case body
  }

  let loop: Loop
  let slot: ListenerSlot
  /// The configuration of the exchange under way; a reload takes effect with the next one.
  var listener: ListenerRuntime
  var context: ChannelHandlerContext?
  var phase = Phase.idle
  var replyPhase = ReplyPhase.none
  var exchange: Exchange?
  var upstream: UpstreamConnection?
  /// The pool that is asked for a connection.
  var waitingPool: UpstreamPool?
  var requestDecoder = BodyDecoder(.none)
  var scanner = HeadScanner()
  /// Bytes received and not used yet.
  var inbound: ByteBuffer?
  /// The reply's bytes on their way into one write.
  var outbound: ByteBuffer?
  var replyFramesChunks = false
  var isReplyWatched = false
  var closesAfterReply = false
  var isWritable = true
  var isInputClosed = false
  var isDraining = false
  /// The last reply is out; what the client still sends is awaited for a moment.
  var isLingering = false
  var readHeld = false
  var isAdvancing = false
  var exchangesServed = 0
  var tunnel: Tunnel?
  let deadline = Deadline()
  var progress = ProgressWatch()
  var silence = SilenceWatch()
  let arrival: ClientArrival
  let peerFields: PeerFields

  init(loop: Loop, slot: ListenerSlot, arrival: ClientArrival) {
    self.loop = loop
    self.slot = slot
    listener = slot.runtime
    self.arrival = arrival
    peerFields = PeerFields(arrival.peer, isEncrypted: arrival.tls != nil)
  }

  var peer: IPAddress { arrival.peer }

  var limits: ListenerLimits { listener.configuration.limits }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    deadline.owner = self
    isDraining = loop.isDraining
    loop.connections[ObjectIdentifier(self)] = self
    loop.observer.count(.connectionsAccepted)
    loop.schedule(deadline, afterNanoseconds: listener.headerNanoseconds)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    loop.connections[ObjectIdentifier(self)] = nil
    deadline.invalidate()
    slot.connectionClosed(peer)
    loop.observer.count(.connectionsClosed)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    switch phase {
    case .tunnel:
      tunnelFromClient(bytes)
      return
    case .closing: return
    default: break
    }
    if inbound != nil {
      inbound?.writeBuffer(&bytes)
    } else {
      inbound = bytes
    }
    advance()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if phase == .tunnel { upstream?.flush() }
  }

  func read(context: ChannelHandlerContext) {
    if holdsReads {
      readHeld = true
    } else {
      context.read()
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelEvent, event == .inputClosed else { return }
    isInputClosed = true
    switch phase {
    case .idle, .head, .body: advance()
    case .complete: break
    case .tunnel: tunnelClientClosed()
    case .closing: if pendingWriteBytes == 0 { close() }
    }
  }

  /// The client has closed its side and all it sent has been used: what can't be completed any more ends.
  private func endOfInput() {
    switch phase {
    case .idle: closeAfterWrites()
    case .head:
      refuse(status: 400, source: "http", rule: "truncated", reason: "the client closed inside a request head")
    case .body:
      guard inbound == nil else { return }
      abortExchange(errorType: "client_closed", reason: "the client closed inside the request body")
    case .complete, .tunnel, .closing: break
    }
  }

  /// Nothing more will come from the client after what is under way.
  var isLastExchange: Bool { isInputClosed && inbound == nil }

  func channelInactive(context: ChannelHandlerContext) {
    if tunnel != nil {
      endTunnel(reason: "client closed")
    } else if exchange != nil {
      abortExchange(errorType: "client_closed", reason: "the client closed before the reply ended")
    }
    phase = .closing
    inbound = nil
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    guard isWritable else { return }
    upstream?.resumeReading()
    advance()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.channel.close(after: error) }

  // MARK: Reading

  /// Back-pressure: nothing is read while bytes wait already or the upstream can't take more.
  private var holdsReads: Bool {
    switch phase {
    case .complete: return inbound != nil
    case .body:
      guard exchange?.resumption == nil else { return true }
      if exchange?.requestHold == .filling { return false }
      guard let upstream else { return inbound != nil }
      return !upstream.isWritable || inbound != nil
    case .tunnel: return !(upstream?.isWritable ?? false)
    case .idle, .head: return !isWritable
    case .closing: return false
    }
  }

  func resumeReading() {
    guard readHeld, !holdsReads else { return }
    readHeld = false
    context?.read()
  }

  /// Takes what the received bytes allow. A call from within itself returns at once: the running one goes on.
  func advance() {
    guard !isAdvancing else { return }
    isAdvancing = true
    var goesOn = true
    while goesOn {
      switch phase {
      case .idle where !isWritable: goesOn = false
      case .idle, .head: goesOn = readHead()
      case .body: goesOn = pumpRequestBody()
      case .complete, .tunnel, .closing: goesOn = false
      }
    }
    isAdvancing = false
    if let inbound, inbound.readableBytes == 0 { self.inbound = nil }
    if isInputClosed, phase != .idle || inbound == nil { endOfInput() }
    resumeReading()
  }

  // MARK: Ending

  /// The exchange is over: it is recorded, and the connection goes on with the next one or closes.
  func finishExchange() {
    guard let exchange else { return }
    self.exchange = nil
    recordEnd(exchange)
    let requestIsComplete = phase == .complete
    exchangesServed += 1
    replyPhase = .none
    replyFramesChunks = false
    let closes =
      closesAfterReply || !requestIsComplete || isDraining || isLastExchange
      || exchangesServed >= limits.requestsPerConnection
    loop.recycle(exchange)
    if closes {
      closeAfterWrites()
      return
    }
    phase = .idle
    loop.schedule(deadline, afterNanoseconds: listener.keepAliveNanoseconds)
    if inbound != nil { advance() } else { resumeReading() }
  }

  /// Closes once what was written has gone; what the client still sends is read and discarded for a while, because a
  /// close with unread bytes would reset the connection and could destroy the reply on its way (RFC 9112 §9.6).
  func closeAfterWrites() {
    phase = .closing
    inbound = nil
    guard let context else { return }
    isReplyWatched = false
    isLingering = false
    loop.schedule(deadline, after: .seconds(1))
    if isInputClosed {
      // With both directions closed the channel closes at once, so the last write has to be out first.
      guard pendingWriteBytes > 0 else { return close() }
      context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in self.close() }
      return
    }
    context.flush()
    context.close(mode: .output, promise: nil)
    if readHeld {
      readHeld = false
      context.read()
    }
  }

  func close() {
    phase = .closing
    context?.flush()
    context?.close(mode: .all, promise: nil)
  }

  /// Ends the exchange without (more of) a reply.
  func abortExchange(errorType: StaticString, reason: String) {
    guard let exchange else {
      close()
      return
    }
    exchange.resumption = nil
    if exchange.errorType == nil { exchange.errorType = errorType }
    exchange.record("http", String(describing: errorType), exchange.trace.verdict, reason)
    releaseUpstream(reusable: false)
    self.exchange = nil
    if replyPhase == .body, !replyFramesChunks, exchange.reply.section.contentLength == nil {
      // Only the end of the connection ends this body: a reset says that it isn't whole.
      recordEnd(exchange)
      loop.recycle(exchange)
      phase = .closing
      context?.channel.reset()
      return
    }
    recordEnd(exchange)
    loop.recycle(exchange)
    close()
  }

  /// Lets go of the upstream connection, or of the wish for one.
  func releaseUpstream(reusable: Bool) {
    if let pool = waitingPool {
      waitingPool = nil
      pool.cancel(self)
    }
    guard let connection = upstream else { return }
    upstream = nil
    connection.detach()
    connection.pool.release(connection, reusable: reusable)
  }

  func recordEnd(_ exchange: Exchange) {
    if let chain = exchange.route?.chain, chain.points.contains(.ended) {
      for filter in chain.ended { filter.ended(exchange) }
    }
    let now = loop.nowNanoseconds
    let record = ExchangeRecord(
      id: exchange.id, startUnixMilliseconds: exchange.id.unixMilliseconds,
      durationNanoseconds: now &- exchange.startNanoseconds, listener: listener.logName,
      route: exchange.route?.logName, upstream: exchange.upstream?.logName, client: exchange.client,
      status: exchange.status, bytesIn: exchange.bytesIn &+ UInt64(exchange.requestBodyBytes),
      bytesOut: exchange.bytesOut &+ UInt64(exchange.replyBodyBytes), errorType: exchange.errorType,
      tls: arrival.tls, upstreamTLS: exchange.upstreamTLS)
    let received = exchange.requestBytes
    let bytes = received.span
    let method = bytes.extracting(0..<min(exchange.request.methodLength, bytes.count))
    let host = bytes.extracting(exchange.request.authorityRange.clamped(to: 0..<bytes.count))
    let path = bytes.extracting(exchange.request.targetRange.clamped(to: 0..<bytes.count))
    loop.observer.exchangeEnded(record, trace: exchange.trace, method: method, host: host, path: path)
  }

  func drain() {
    isDraining = true
    if phase == .idle { closeAfterWrites() }
  }

  func abort(reason: StaticString) {
    if tunnel != nil {
      endTunnel(reason: reason)
    } else if exchange != nil {
      abortExchange(errorType: "drain_timeout", reason: "\(reason)")
    } else {
      close()
    }
  }

  /// Bytes written that the client has not acknowledged: those not yet taken by the socket, and those in its queue.
  var unacknowledgedBytes: Int { pendingWriteBytes + (context?.channel.socketQueueBytes ?? 0) }

  /// Bytes written and not yet taken by the socket.
  var pendingWriteBytes: Int { context?.channel.pendingWriteBytes ?? 0 }
}
