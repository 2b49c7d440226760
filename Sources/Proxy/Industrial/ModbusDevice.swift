import Industrial
import NIOCore
import NIOPosix
import SluiceModel

/// Who sent a request and gets the reply.
protocol ModbusRequester: AnyObject {
  /// False once the client's connection is gone.
  var isConnected: Bool { get }
  func replied(_ response: ModbusResponse, to pending: ModbusPending)
  /// The request is out, and the protocol gives it no reply.
  func sent(_ pending: ModbusPending)
  /// No reply will come; the exception says why.
  func failed(_ exception: ModbusException, reason: String, _ pending: ModbusPending)
}

/// A request on its way to a device. It holds its requester until it is answered, so that what reached the plant is
/// always recorded.
final class ModbusPending {
  let request: ModbusRequest
  let operation: OperationExchange
  let startNanoseconds: UInt64
  let requester: any ModbusRequester
  /// Bytes of the client's frame.
  let frameBytes: Int
  /// What the connection that it was sent on had negotiated; nil without TLS.
  var deviceTLS: TLSFacts?

  init(
    request: ModbusRequest, frameBytes: Int, operation: OperationExchange, startNanoseconds: UInt64,
    requester: any ModbusRequester
  ) {
    self.frameBytes = frameBytes
    self.request = request
    self.operation = operation
    self.startNanoseconds = startNanoseconds
    self.requester = requester
  }
}

/// A device behind the gate. It lives on its home loop: many clients share its few connections, and no more requests are
/// in flight than the device can serve.
final class ModbusDevice: DeadlineOwner {
  private(set) var configuration: AssetConfiguration
  private var tls: UpstreamTLS?
  let logName: LogName
  private unowned let loop: Loop
  private var connections: [ModbusDeviceConnection] = []
  private var connecting = 0
  private var queue = CircularBuffer<ModbusPending>()
  private var retryAtNanoseconds: UInt64 = 0
  private var failures = 0
  private(set) var lastError: String?
  private var isRetired = false
  private lazy var deadline = Deadline(owner: self)

  init(_ configuration: AssetConfiguration, tls: UpstreamTLS?, loop: Loop) {
    self.configuration = configuration
    self.tls = tls
    logName = LogName(configuration.name)
    self.loop = loop
  }

  var active: Int { connections.reduce(queue.count) { $0 + $1.inFlight } }
  var isReachable: Bool { lastError == nil }

  /// Takes over settings that don't concern open connections.
  func update(_ configuration: AssetConfiguration, tls: UpstreamTLS?) {
    let isElsewhere = configuration.address != self.configuration.address || tls !== self.tls
    self.configuration = configuration
    self.tls = tls
    if isElsewhere { closeAll() }
  }

  /// Sends a request that was permitted, at once or when its turn comes.
  func submit(_ pending: ModbusPending) {
    guard !isRetired else {
      pending.requester.failed(.gatewayPathUnavailable, reason: "the device is not configured any more", pending)
      return
    }
    guard queue.count < configuration.pendingRequests else {
      pending.requester.failed(.serverDeviceBusy, reason: "too many requests wait for the device", pending)
      return
    }
    queue.append(pending)
    serve()
  }

  /// Gives waiting requests to connections with room, and opens connections while the device may have more.
  func serve() {
    while let pending = queue.first {
      if !pending.requester.isConnected {
        queue.removeFirst()
        pending.requester.failed(.gatewayPathUnavailable, reason: "the client left before its turn", pending)
        continue
      }
      if loop.nowNanoseconds &- pending.startNanoseconds >= configuration.requestTimeout.nanosecondsClamped {
        queue.removeFirst()
        pending.requester.failed(
          .gatewayTargetFailedToRespond, reason: lastError ?? "the device was busy for too long", pending)
        continue
      }
      if let connection = connections.filter({ $0.hasRoom }).min(by: { $0.inFlight < $1.inFlight }) {
        queue.removeFirst()
        connection.send(pending)
        continue
      }
      if connections.count + connecting < configuration.connections { connect() }
      break
    }
    if !queue.isEmpty { loop.wheel.scheduleNoLater(deadline, afterNanoseconds: 100_000_000) }
  }

  package func deadlineReached() { serve() }

  private func connect() {
    guard loop.nowNanoseconds >= retryAtNanoseconds else { return }
    let target = configuration.address
    guard let address = try? SocketAddress(target) else { return }
    connecting += 1
    let connection = ModbusDeviceConnection(device: self, loop: loop)
    let tls = tls
    let start = loop.nowNanoseconds
    var outbound = Outbound(address, timeout: configuration.connectTimeout, tls: tls)
    outbound.readBuffers = ReadBuffers.industrial
    outbound.keepsAlive = true
    outbound.connect(on: loop.eventLoop, handler: connection) { [loop, logName] result in
      if tls != nil {
        loop.observer.handshakeEnded(
          HandshakeRecord(
            .device, place: logName, endpoint: nil, address: target, result,
            durationNanoseconds: loop.nowNanoseconds &- start))
      }
      self.connected(result, connection, isCurrent: target == self.configuration.address && tls === self.tls)
    }
  }

  private func connected(
    _ result: Result<TLSFacts?, any Error>, _ connection: ModbusDeviceConnection, isCurrent: Bool
  ) {
    connecting -= 1
    switch result {
    case .success where isRetired || !isCurrent:
      connection.close()
      serve()
    case .success(let facts):
      loop.observer.count(.deviceConnectionsOpened)
      failures = 0
      lastError = nil
      connections.append(connection)
      connection.opened(facts)
      serve()
    case .failure(let error):
      loop.observer.count(.upstreamConnectFailures)
      failures += 1
      let reason =
        (error as? TLSHandshakeError).map { "the device is not trusted: \($0)" } ?? "the device can't be reached"
      lastError = reason
      // A device that is down is tried again after 0.1 s to 3.2 s; requests meanwhile fail at once.
      retryAtNanoseconds = loop.nowNanoseconds &+ (100_000_000 << UInt64(min(failures - 1, 5)))
      failWaiting(reason: reason)
    }
  }

  fileprivate func closed(_ connection: ModbusDeviceConnection) {
    loop.observer.count(.deviceConnectionsClosed)
    connections.removeAll { $0 === connection }
    serve()
  }

  private func failWaiting(reason: String) {
    let waiting = Array(queue)
    queue.removeAll()
    for pending in waiting { pending.requester.failed(.gatewayPathUnavailable, reason: reason, pending) }
  }

  func closeAll() {
    for connection in connections { connection.close() }
  }

  /// The asset is gone from the configuration.
  func retire() {
    isRetired = true
    failWaiting(reason: "the device is not configured any more")
    closeAll()
  }
}

/// One connection to a device: transaction ids are its own, replies are matched to requests and checked against them.
final class ModbusDeviceConnection: ChannelInboundHandler, DeadlineOwner {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let device: ModbusDevice
  private unowned let loop: Loop
  private var context: ChannelHandlerContext?
  private var decoder = ModbusFrameDecoder()
  private var inbound = ByteBuffer()
  private var table: ModbusTransactionTable
  private var pendings: [UInt16: ModbusPending] = [:]
  private lazy var deadline = Deadline(owner: self)
  private var isOpen = false
  private var tls: TLSFacts?
  private var lastUseNanoseconds: UInt64 = 0

  init(device: ModbusDevice, loop: Loop) {
    self.device = device
    self.loop = loop
    table = ModbusTransactionTable(capacity: device.configuration.pipelining)
  }

  var inFlight: Int { table.inFlightCount }
  var hasRoom: Bool { isOpen && !table.isFull }

  func opened(_ tls: TLSFacts?) {
    isOpen = true
    self.tls = tls
    lastUseNanoseconds = loop.nowNanoseconds
    loop.schedule(deadline, after: device.configuration.idleTimeout)
  }

  func send(_ pending: ModbusPending) {
    let now = loop.nowNanoseconds
    let timeout = device.configuration.requestTimeout.nanosecondsClamped
    let remaining = timeout - min(timeout, now &- pending.startNanoseconds)
    guard let context,
      let transaction = table.begin(
        client: 0, clientTransaction: pending.request.header.transaction,
        expectation: ModbusExpectation(pending.request), now: now,
        timeoutNanoseconds: remaining)
    else {
      pending.requester.failed(.serverDeviceBusy, reason: "the device connection has no room", pending)
      return
    }
    lastUseNanoseconds = now
    pending.deviceTLS = tls
    loop.scratch.removeAll(keepingCapacity: true)
    pending.request.encode(transaction: transaction, into: &loop.scratch)
    var bytes = loop.takeBuffer()
    bytes.writeBytes(loop.scratch)
    if pending.request.expectsReply {
      pendings[transaction] = pending
      loop.wheel.scheduleNoLater(deadline, afterNanoseconds: remaining)
    } else {
      _ = table.complete(transaction)
    }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    loop.giveBack(bytes)
    if !pending.request.expectsReply { pending.requester.sent(pending) }
  }

  func close() { context?.close(promise: nil) }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    deadline.invalidate()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    inbound.writeBuffer(&bytes)
    do {
      while inbound.readableBytes > 0 {
        guard case .frame(let frame) = try decoder.next(inbound.readableBytesUInt8Span) else { break }
        try received(frame)
        inbound.moveReaderIndex(forwardBy: frame.length)
      }
    } catch {
      // Framing is lost, or the device answered something else than it was asked: neither can be mended on this
      // connection. Nothing of it reaches a client.
      failAll(.gatewayTargetFailedToRespond, reason: "the device's reply is malformed: \(error)")
      context.close(promise: nil)
      return
    }
    if inbound.readableBytes == 0 { inbound.clear() } else { inbound.discardReadBytes() }
    device.serve()
  }

  private func received(_ frame: ModbusFrame) throws(ModbusViolation) {
    switch table.complete(frame.header.transaction) {
    case .inFlight(let entry):
      guard let pending = pendings.removeValue(forKey: frame.header.transaction) else { return }
      do {
        let received = inbound
        let response = try ModbusResponse(
          pdu: received.readableBytesUInt8Span.extracting(frame.pdu), header: frame.header,
          expectation: entry.expectation)
        pending.requester.replied(response, to: pending)
      } catch {
        pending.requester.failed(
          .gatewayTargetFailedToRespond, reason: "the device's reply is malformed: \(error)", pending)
        throw error
      }
    case .late, .unknown:
      loop.observer.count(.lateRepliesDiscarded)
    }
  }

  package func deadlineReached() {
    let now = loop.nowNanoseconds
    var expired: [UInt16] = []
    table.expire(now: now) { expired.append($0.deviceTransaction) }
    for transaction in expired {
      guard let pending = pendings.removeValue(forKey: transaction) else { continue }
      pending.requester.failed(.gatewayTargetFailedToRespond, reason: "the device did not reply in time", pending)
    }
    let idle = device.configuration.idleTimeout.nanosecondsClamped
    if table.inFlightCount == 0, now &- lastUseNanoseconds >= idle {
      close()
      return
    }
    loop.schedule(deadline, after: table.inFlightCount > 0 ? .milliseconds(100) : device.configuration.idleTimeout)
    if !expired.isEmpty { device.serve() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    guard isOpen else { return }
    isOpen = false
    failAll(.gatewayTargetFailedToRespond, reason: "the device closed the connection")
    device.closed(self)
  }

  private func failAll(_ exception: ModbusException, reason: String) {
    table.removeAll { _ in }
    let all = pendings
    pendings.removeAll()
    for pending in all.values { pending.requester.failed(exception, reason: reason, pending) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.channel.close(after: error) }
}
