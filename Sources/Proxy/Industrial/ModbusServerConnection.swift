import Industrial
import NIOCore
import SluiceModel

/// A client's Modbus/TCP connection: every request is read whole, decided, and only then encoded anew for the device.
final class ModbusServerConnection: ChannelDuplexHandler, ModbusRequester, DeadlineOwner, LoopConnection, Flow {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Requests of one client under way; past it nothing more is read.
  private static let maximumInFlight = 16

  private let loop: Loop
  let slot: ListenerSlot
  private var listener: ListenerRuntime
  private let device: ModbusDevice
  private let assetName: LogName
  let arrival: ClientArrival
  private let id: ExchangeID
  private let startNanoseconds: UInt64
  private var context: ChannelHandlerContext?
  private var decoder = ModbusFrameDecoder()
  private var inbound = ByteBuffer()
  private var inFlight = 0
  private var readHeld = false
  private var isTaking = false
  private var isClosing = false
  private var isDraining = false
  private var bytesIn: UInt64 = 0
  private var bytesOut: UInt64 = 0
  private var endReason: StaticString = "client closed"
  private var flowTrace = DecisionTrace()
  private lazy var deadline = Deadline(owner: self)

  init(loop: Loop, slot: ListenerSlot, device: ModbusDevice, assetName: LogName, arrival: ClientArrival) {
    self.loop = loop
    self.slot = slot
    listener = slot.runtime
    self.device = device
    self.assetName = assetName
    self.arrival = arrival
    startNanoseconds = loop.nowNanoseconds
    id = loop.nextID(at: startNanoseconds)
  }

  private var peer: IPAddress { arrival.peer }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    isDraining = loop.isDraining
    loop.connections[ObjectIdentifier(self)] = self
    loop.flows.insert(self, id: id)
    loop.observer.count(.connectionsAccepted)
    loop.schedule(deadline, after: listener.configuration.limits.idleTimeout)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    loop.connections[ObjectIdentifier(self)] = nil
    loop.flows.remove(id)
    deadline.invalidate()
    slot.connectionClosed(peer)
    loop.observer.count(.connectionsClosed)
    loop.observer.flowEnded(
      FlowRecord(
        status: flowStatus, durationNanoseconds: loop.nowNanoseconds &- startNanoseconds, reason: endReason),
      trace: flowTrace)
  }

  func read(context: ChannelHandlerContext) {
    if hasRoom { context.read() } else { readHeld = true }
  }

  /// Whether another request may be taken: few enough are under way, and the client takes its replies.
  private var hasRoom: Bool {
    inFlight < ModbusServerConnection.maximumInFlight && (context?.channel.isWritable ?? false)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    takeFrames()
    resumeReading()
  }

  private func resumeReading() {
    guard readHeld, hasRoom else { return }
    readHeld = false
    context?.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    var bytes = unwrapInboundIn(data)
    bytesIn += UInt64(bytes.readableBytes)
    inbound.writeBuffer(&bytes)
    listener = slot.runtime
    guard loop.devices[assetName.text] === device, listener.configuration.asset == assetName.text else {
      // A reload put another device behind the listener: the client connects anew, to that one.
      close(reason: "reconfigured")
      return
    }
    loop.schedule(deadline, after: listener.configuration.limits.idleTimeout)
    takeFrames()
  }

  /// Decides what has been received. A call from within itself returns at once: the running one goes on.
  private func takeFrames() {
    guard !isTaking else { return }
    isTaking = true
    defer { isTaking = false }
    do throws(ModbusViolation) {
      while inbound.readableBytes > 0, !isClosing, hasRoom {
        guard case .frame(let frame) = try decoder.next(inbound.readableBytesUInt8Span) else { break }
        let request: ModbusRequest
        do throws(ModbusViolation) {
          let received = inbound
          request = try ModbusRequest(
            pdu: received.readableBytesUInt8Span.extracting(frame.pdu), header: frame.header)
        } catch {
          guard error.isAnswerable else { throw error }
          answer(violation: error, frame)
          inbound.moveReaderIndex(forwardBy: frame.length)
          continue
        }
        inbound.moveReaderIndex(forwardBy: frame.length)
        decide(request, frameBytes: frame.length)
      }
    } catch {
      refuse(error)
      return
    }
    if inbound.readableBytes == 0 { inbound.clear() } else { inbound.discardReadBytes() }
  }

  // MARK: Deciding

  private func decide(_ request: ModbusRequest, frameBytes: Int) {
    let now = loop.nowNanoseconds
    let operation = OperationExchange(
      id: loop.nextID(at: now), client: peer, tls: arrival.tls, asset: assetName.text, message: .modbus(request))
    let pending = ModbusPending(
      request: request, frameBytes: frameBytes, operation: operation, startNanoseconds: now, requester: self)
    inFlight += 1
    guard recordable(pending) else { return }
    runFilters(pending, from: 0)
  }

  /// What changes the plant must leave a record, unless the operator says that availability comes first.
  private func recordable(_ pending: ModbusPending) -> Bool {
    guard pending.request.function.operationClass != .read, !loop.observer.canRecordDecisions else { return true }
    let mode = loop.runtime.snapshot.configuration.logs.decisions.onError
    let verdict: Verdict = mode == .deny ? .block : .detect
    pending.operation.record(
      Finding(source: "decisions", rule: "onError", verdict: verdict, reason: "its record can't be kept now"))
    guard mode == .deny else { return true }
    reply(.serverDeviceBusy, pending)
    return false
  }

  private func runFilters(_ pending: ModbusPending, from start: Int) {
    let filters = listener.chain.operation
    var index = start
    while index < filters.count {
      let next = index + 1
      switch filters[index].operation(pending.operation) {
      case .next: index = next
      case .reply:
        reply(.illegalFunction, pending)
        return
      case .reset:
        finish(pending, exception: nil, bytesOut: 0)
        close(reason: "closed by a filter")
        return
      case .wait:
        pending.operation.resumption = { [weak self] action in self?.resume(pending, action, next: next) }
        return
      }
    }
    device.submit(pending)
  }

  private func resume(_ pending: ModbusPending, _ action: FilterAction, next: Int) {
    guard context != nil else { return }
    switch action {
    case .next, .wait: runFilters(pending, from: next)
    case .reply: reply(.illegalFunction, pending)
    case .reset:
      finish(pending, exception: nil, bytesOut: 0)
      close(reason: "closed by a filter")
    }
  }

  // MARK: Replies

  func replied(_ response: ModbusResponse, to pending: ModbusPending) {
    loop.scratch.removeAll(keepingCapacity: true)
    response.encode(transaction: pending.request.header.transaction, into: &loop.scratch)
    let count = send()
    finish(pending, exception: response.exception, bytesOut: count)
  }

  var isConnected: Bool { context != nil && !isClosing }

  func sent(_ pending: ModbusPending) { finish(pending, exception: nil, bytesOut: 0) }

  func failed(_ exception: ModbusException, reason: String, _ pending: ModbusPending) {
    pending.operation.record(Finding(source: "device", rule: "\(exception.name)", verdict: .allow, reason: reason))
    reply(exception, pending)
  }

  private func reply(_ exception: ModbusException, _ pending: ModbusPending) {
    loop.scratch.removeAll(keepingCapacity: true)
    pending.request.encodeException(exception, into: &loop.scratch)
    let count = send()
    finish(pending, exception: exception, bytesOut: count)
  }

  /// Sends what is in the loop's scratch.
  private func send() -> Int {
    guard let context else { return 0 }
    var bytes = loop.takeBuffer()
    bytes.writeBytes(loop.scratch)
    bytesOut += UInt64(bytes.readableBytes)
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    loop.giveBack(bytes)
    return loop.scratch.count
  }

  private func finish(_ pending: ModbusPending, exception: ModbusException?, bytesOut: Int) {
    inFlight -= 1
    let request = pending.request
    let summary = ModbusSummary(request)
    let record = OperationRecord(
      id: pending.operation.id, startUnixMilliseconds: pending.operation.id.unixMilliseconds,
      durationNanoseconds: loop.nowNanoseconds &- pending.startNanoseconds, listener: listener.logName,
      asset: assetName, client: peer, protocol: "modbus", unit: Int(request.header.unit),
      function: Int(request.functionCode), functionName: request.function.name,
      operationClass: summary.operationClass, target: summary.target, values: summary.values,
      exception: exception.map { Int($0.rawValue) }, bytesIn: UInt64(pending.frameBytes),
      bytesOut: UInt64(bytesOut), tls: arrival.tls, upstreamTLS: pending.deviceTLS)
    loop.observer.operationEnded(record, trace: pending.operation.trace)
    guard !isClosing else { return }
    if isDraining, inFlight == 0 {
      close(reason: "drained")
    } else {
      takeFrames()
      resumeReading()
    }
  }

  /// A request that is sound as a frame and wrong as Modbus gets the exception a device would give.
  private func answer(violation: ModbusViolation, _ frame: ModbusFrame) {
    let received = inbound
    let bytes = received.readableBytesUInt8Span
    guard frame.pdu.lowerBound < bytes.count else { return }
    let function = bytes[frame.pdu.lowerBound] & 0x7f
    loop.scratch.removeAll(keepingCapacity: true)
    ModbusException.appendReply(
      transaction: frame.header.transaction, unit: frame.header.unit, function: function, code: violation.exception,
      into: &loop.scratch)
    let count = send()
    let now = loop.nowNanoseconds
    var trace = DecisionTrace()
    trace.record(
      Finding(source: "modbus", rule: violation.kind.rawValue, verdict: .block, reason: violation.description))
    let known = ModbusFunction(code: function)
    let exchangeID = loop.nextID(at: now)
    let record = OperationRecord(
      id: exchangeID, startUnixMilliseconds: exchangeID.unixMilliseconds, durationNanoseconds: 0,
      listener: listener.logName, asset: assetName, client: peer, protocol: "modbus", unit: Int(frame.header.unit),
      function: Int(function), functionName: known.name, operationClass: OperationClass(known.operationClass),
      target: nil, values: nil, exception: Int(violation.exception.rawValue), bytesIn: UInt64(frame.length),
      bytesOut: UInt64(count), tls: arrival.tls)
    loop.observer.operationEnded(record, trace: trace)
  }

  /// The stream can't be trusted any more: the connection closes, and nothing of it reaches the device. The device's own
  /// connection is shared with other clients and never saw a byte of it, so it stays.
  private func refuse(_ violation: ModbusViolation) {
    flowTrace.record(
      Finding(source: "modbus", rule: violation.kind.rawValue, verdict: .block, reason: violation.description))
    close(reason: "malformed frame")
  }

  // MARK: Ending

  private func close(reason: StaticString) {
    guard !isClosing else { return }
    isClosing = true
    endReason = reason
    context?.close(mode: .all, promise: nil)
  }

  package func deadlineReached() { close(reason: "idle timeout") }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.channel.close(after: error) }

  func drain() {
    isDraining = true
    if inFlight == 0 { close(reason: "drained") }
  }

  func abort(reason: StaticString) { close(reason: reason) }

  func closeFlow(reason: StaticString) { close(reason: reason) }

  var flowStatus: FlowStatus {
    FlowStatus(
      id: id, kind: .modbus, listener: listener.logName.text, target: assetName.text, client: peer.description,
      principal: arrival.tls?.peer?.principal,
      startedUnixMilliseconds: id.unixMilliseconds, bytesIn: bytesIn, bytesOut: bytesOut)
  }
}

extension ModbusViolation {
  /// The frame's boundaries are sound and a device would answer with an exception; anything else closes the connection.
  fileprivate var isAnswerable: Bool {
    switch kind {
    case .quantity, .addressRange, .value, .fileReference: true
    default: false
    }
  }
}

/// A request in the words of the log.
struct ModbusSummary {
  var operationClass: OperationClass
  var target: String?
  var values: String?

  init(_ request: ModbusRequest) {
    operationClass = OperationClass(request.function.operationClass)
    var targets: [String] = []
    var values: [String] = []
    var bytes = 0
    var cursor = ModbusOperationCursor()
    while let operation = request.nextOperation(&cursor), targets.count < 16 {
      if operation.operationClass != .read { operationClass = OperationClass(operation.operationClass) }
      if let target = operation.target { targets.append(target) }
      var index = 0
      while bytes < Limits.matchedTextBytes, let value = request.value(of: operation, at: index) {
        let text = String(value)
        values.append(text)
        bytes += text.utf8.count + 1
        index += 1
      }
    }
    target = targets.isEmpty ? nil : targets.joined(separator: ", ")
    self.values = values.isEmpty ? nil : values.joined(separator: ",")
  }
}

extension OperationClass {
  init(_ industrial: IndustrialOperationClass) { self = OperationClass(rawValue: industrial.rawValue) ?? .unknown }
}
