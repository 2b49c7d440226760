import NIOCore
import NIOPosix
import SluiceModel

/// A TCP connection passed on to an endpoint of a pool: a registered flow with half-close, back-pressure and an idle limit.
final class TCPRelay: Flow, DeadlineOwner, LoopConnection {
  let loop: Loop
  let slot: ListenerSlot
  private let listener: ListenerRuntime
  private let peer: IPAddress
  private let id: ExchangeID
  private let startNanoseconds: UInt64
  private lazy var deadline = Deadline(owner: self)
  private var client: RelayLeg?
  private var upstream: RelayLeg?
  private var endpoint: UpstreamEndpoint?
  private var attempts = 0
  private var isOver = false
  private var trace = DecisionTrace()
  fileprivate var bytesIn: UInt64 = 0
  fileprivate var bytesOut: UInt64 = 0

  init(loop: Loop, slot: ListenerSlot, peer: IPAddress) {
    self.loop = loop
    self.slot = slot
    listener = slot.runtime
    self.peer = peer
    startNanoseconds = loop.nowNanoseconds
    id = loop.nextID(at: startNanoseconds)
  }

  /// The handler of the client's channel.
  func makeClientLeg() -> RelayLeg {
    let leg = RelayLeg(relay: self, isClient: true)
    client = leg
    return leg
  }

  func start() {
    loop.connections[ObjectIdentifier(self)] = self
    loop.flows.insert(self, id: id)
    loop.observer.count(.connectionsAccepted)
    connect(excluding: nil)
  }

  private func connect(excluding excluded: UpstreamEndpoint?) {
    guard let pool = listener.pool, let endpoint = pool.begin(excluding: excluded),
      let address = endpoint.socketAddress
    else {
      trace.record(Finding(source: "upstream", rule: "endpoint", verdict: .allow, reason: "no healthy endpoint"))
      end(reason: "no healthy endpoint")
      return
    }
    self.endpoint = endpoint
    attempts += 1
    let leg = RelayLeg(relay: self, isClient: false)
    let bound = NIOLoopBound(leg, eventLoop: loop.eventLoop)
    ClientBootstrap(group: loop.eventLoop)
      .connectTimeout(.nanoseconds(Int64(clamping: pool.configuration.connectTimeout.nanosecondsClamped)))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.recvAllocator, value: ReadBuffers.upstream)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
      }
      .connect(to: address)
      .assumeIsolated()
      .whenComplete { result in self.connected(result.map { _ in }, leg, endpoint, pool) }
  }

  private func connected(
    _ result: Result<Void, any Error>, _ leg: RelayLeg, _ endpoint: UpstreamEndpoint, _ pool: UpstreamPool
  ) {
    switch result {
    case .success:
      loop.observer.count(.upstreamConnectionsOpened)
      guard !isOver else {
        pool.ended(endpoint)
        leg.close()
        return
      }
      upstream = leg
      client?.other = leg
      leg.other = client
      loop.schedule(deadline, after: listener.configuration.limits.idleTimeout)
      client?.resumeReading()
      leg.resumeReading()
    case .failure:
      loop.observer.count(.upstreamConnectFailures)
      pool.ended(endpoint)
      self.endpoint = nil
      if attempts < 2, pool.endpoints.count > 1, !isOver {
        loop.observer.count(.upstreamRetries)
        connect(excluding: endpoint)
      } else {
        trace.record(Finding(source: "upstream", rule: "connect", verdict: .allow, reason: "connecting failed"))
        end(reason: "upstream connect failed")
      }
    }
  }

  fileprivate func moved(_ count: Int, fromClient: Bool) {
    if fromClient { bytesIn &+= UInt64(count) } else { bytesOut &+= UInt64(count) }
    loop.schedule(deadline, after: listener.configuration.limits.idleTimeout)
  }

  func deadlineReached() { end(reason: "idle timeout") }

  /// One side will send no more. The flow is over once both have said so.
  fileprivate func inputClosed(of leg: RelayLeg) {
    guard let other = leg.other else {
      end(reason: leg.isClient ? "client closed" : "upstream closed")
      return
    }
    if other.isInputClosed {
      end(reason: "closed by both sides")
    } else {
      other.closeOutput()
    }
  }

  /// Closes both sides; what was written goes out first when both have finished sending.
  func end(reason: StaticString) {
    guard !isOver else { return }
    isOver = true
    deadline.invalidate()
    loop.connections[ObjectIdentifier(self)] = nil
    loop.flows.remove(id)
    loop.observer.count(.connectionsClosed)
    slot.connectionClosed(peer)
    if let endpoint, upstream != nil {
      listener.pool?.ended(endpoint)
      loop.observer.count(.upstreamConnectionsClosed)
    }
    loop.observer.flowEnded(
      FlowRecord(status: flowStatus, durationNanoseconds: loop.nowNanoseconds &- startNanoseconds, reason: reason),
      trace: trace)
    client?.closeAfterWrites()
    upstream?.closeAfterWrites()
    client?.other = nil
    upstream?.other = nil
    client = nil
    upstream = nil
  }

  var flowStatus: FlowStatus {
    FlowStatus(
      id: id, kind: .tcp, listener: listener.logName.text, target: endpoint?.logName.text ?? "",
      client: peer.description, startedUnixMilliseconds: id.unixMilliseconds, bytesIn: bytesIn, bytesOut: bytesOut)
  }

  func closeFlow(reason: StaticString) { end(reason: reason) }

  /// Nobody but its two sides knows when a TCP conversation is complete: a drain waits for them.
  func drain() {}

  func abort(reason: StaticString) { end(reason: reason) }
}

/// One side of a relay: what it receives, the other side sends.
final class RelayLeg: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let isClient: Bool
  fileprivate var other: RelayLeg?
  fileprivate private(set) var isInputClosed = false
  private let relay: TCPRelay
  private var context: ChannelHandlerContext?
  private var readHeld = false
  private var isOutputClosed = false

  init(relay: TCPRelay, isClient: Bool) {
    self.relay = relay
    self.isClient = isClient
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    other = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard let other else { return }
    relay.moved(bytes.readableBytes, fromClient: isClient)
    other.context?.write(other.wrapOutboundOut(bytes), promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) { other?.context?.flush() }

  func read(context: ChannelHandlerContext) {
    if let target = other?.context, target.channel.isWritable { context.read() } else { readHeld = true }
  }

  fileprivate func resumeReading() {
    guard readHeld, let context else { return }
    readHeld = false
    context.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { other?.resumeReading() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelEvent, event == .inputClosed else { return }
    isInputClosed = true
    relay.inputClosed(of: self)
  }

  func channelInactive(context: ChannelHandlerContext) {
    relay.end(reason: isClient ? "client closed" : "upstream closed")
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  fileprivate func closeOutput() {
    guard !isOutputClosed else { return }
    isOutputClosed = true
    context?.close(mode: .output, promise: nil)
  }

  /// Ends the channel: what was written goes out first, for a few seconds at most.
  fileprivate func closeAfterWrites() {
    guard let context else { return }
    if !context.channel.isActive { return }
    let pending = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    guard pending > 0 else {
      close()
      return
    }
    let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in self.close() }
    context.eventLoop.scheduleTask(in: .seconds(5)) { loopBound.value.close() }
  }

  fileprivate func close() { context?.close(mode: .all, promise: nil) }
}
