import NIOCore
import NIOPosix
import SluiceModel
import Wire

/// A TCP connection passed on to an endpoint of a pool: a registered flow with half-close, back-pressure and an idle limit.
final class TCPRelay: Flow, DeadlineOwner, LoopConnection {
  let loop: Loop
  let slot: ListenerSlot
  private let listener: ListenerRuntime
  let arrival: ClientArrival
  /// Where the client connected to, for the PROXY header.
  private let localAddress: SocketAddress?
  private let pool: UpstreamPool?
  /// The route that chose the pool by the server name.
  private let route: LogName?
  private let id: ExchangeID
  private let startNanoseconds: UInt64
  private lazy var deadline = Deadline(owner: self)
  private var client: RelayLeg?
  private var upstream: RelayLeg?
  private var endpoint: UpstreamEndpoint?
  private var attempts = 0
  private var isStarted = false
  private var isOver = false
  private var trace = DecisionTrace()
  private var lastMoveTick: UInt64 = 0
  private var bytesIn: UInt64 = 0
  private var bytesOut: UInt64 = 0

  init(loop: Loop, slot: ListenerSlot, arrival: ClientArrival, localAddress: SocketAddress?) {
    self.loop = loop
    self.slot = slot
    listener = slot.runtime
    self.arrival = arrival
    self.localAddress = localAddress
    let route =
      listener.configuration.protocol == .tls
      ? listener.passthroughRoute(for: arrival.serverName) : nil
    self.route = route?.logName
    pool = route?.pickPool() ?? listener.pool
    startNanoseconds = loop.nowNanoseconds
    id = loop.nextID(at: startNanoseconds)
  }

  private var peer: IPAddress { arrival.peer }

  /// The handler of the client's channel.
  func makeClientLeg() -> RelayLeg {
    let leg = RelayLeg(relay: self, isClient: true)
    client = leg
    return leg
  }

  /// The client's channel stands.
  func start() {
    guard !isStarted else { return }
    isStarted = true
    loop.connections[ObjectIdentifier(self)] = self
    loop.flows.insert(self, id: id)
    loop.observer.count(.connectionsAccepted)
    connect(excluding: nil)
  }

  private func connect(excluding excluded: UpstreamEndpoint?) {
    guard let pool else {
      trace.record(
        Finding(
          source: "route", rule: "none", verdict: .block,
          reason: arrival.serverName.map { "no route for the server name `\($0)`" }
            ?? "no route without a server name"))
      return end(reason: "no route")
    }
    guard let endpoint = pool.begin(excluding: excluded),
      let address = endpoint.socketAddress
    else {
      trace.record(Finding(source: "upstream", rule: "endpoint", verdict: .allow, reason: "no healthy endpoint"))
      end(reason: "no healthy endpoint")
      return
    }
    self.endpoint = endpoint
    attempts += 1
    let leg = RelayLeg(relay: self, isClient: false)
    let start = loop.nowNanoseconds
    var outbound = Outbound(address, timeout: pool.configuration.connectTimeout, tls: pool.tls)
    outbound.allowsHalfClosure = true
    if let version = pool.configuration.proxyProtocol { outbound.preamble = proxyHeader(version) }
    outbound.connect(on: loop.eventLoop, handler: leg) { result in
      pool.recordHandshake(result, endpoint, startNanoseconds: start)
      self.connected(result, leg, endpoint, pool)
    }
  }

  /// Tells the upstream whose connection it is.
  private func proxyHeader(_ version: ProxyProtocolVersion) -> [UInt8] {
    let local = localAddress?.ip ?? IPAddress(v4: 0)
    var header = ProxyHeader(
      .proxied(
        source: ProxyEndpoint(ProxyAddress(high: peer.high, low: peer.low), arrival.port),
        destination: ProxyEndpoint(
          ProxyAddress(high: local.high, low: local.low), UInt16(truncatingIfNeeded: localAddress?.port ?? 0))))
    var out: [UInt8] = []
    if version == .v1 {
      try? header.writeLine(to: &out)
      return out
    }
    header.fields.authority = arrival.tls?.serverName ?? arrival.serverName
    header.fields.applicationProtocol = arrival.tls?.applicationProtocol.map { Array($0.utf8) }
    header.fields.uniqueID = id.text.span.withUnsafeBytes { Array($0) }
    if let tls = arrival.tls {
      var facts = ProxyTLS(hasCertificateHere: tls.peer != nil, verification: tls.peer == nil ? 1 : 0)
      facts.version = "TLSv\(tls.version)"
      facts.cipher = "\(tls.cipher)"
      facts.group = tls.group.map { "\($0)" }
      header.fields.tls = facts
    }
    try? header.writeBinary(to: &out)
    return out
  }

  private func connected(
    _ result: Result<TLSFacts?, any Error>, _ leg: RelayLeg, _ endpoint: UpstreamEndpoint, _ pool: UpstreamPool
  ) {
    switch result {
    case .success:
      loop.observer.count(.upstreamConnectionsOpened)
      guard !isOver, let client else {
        pool.ended(endpoint)
        loop.observer.count(.upstreamConnectionsClosed)
        leg.close()
        return
      }
      upstream = leg
      lastMoveTick = loop.wheel.currentTick
      loop.schedule(deadline, afterNanoseconds: listener.idleNanoseconds)
      leg.join(client)
      client.join(leg)
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

  func moved(_ count: Int, fromClient: Bool) {
    if fromClient { bytesIn &+= UInt64(count) } else { bytesOut &+= UInt64(count) }
    lastMoveTick = loop.wheel.currentTick
  }

  /// Bytes only note the tick; the deadline looks at it when it comes.
  package func deadlineReached() {
    let idle = (loop.wheel.currentTick - lastMoveTick) * DeadlineWheel.tickNanoseconds
    if idle >= listener.idleNanoseconds {
      end(reason: "idle timeout")
    } else {
      loop.schedule(deadline, afterNanoseconds: listener.idleNanoseconds - idle)
    }
  }

  /// One side will send no more. The flow is over once both have said so.
  func inputClosed(of leg: RelayLeg) {
    guard let other = leg.other else { return }
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
    if let endpoint, upstream != nil {
      pool?.ended(endpoint)
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
      client: peer.description,
      principal: arrival.tls?.peer?.principal, startedUnixMilliseconds: id.unixMilliseconds, bytesIn: bytesIn,
      bytesOut: bytesOut)
  }

  /// The client's channel is gone, whether or not it ever stood.
  func clientGone() {
    if isStarted { loop.observer.count(.connectionsClosed) }
    slot.connectionClosed(peer)
  }

  /// One side broke off: the other one gets a reset, for an orderly end would say that nothing is missing.
  func broke() {
    client?.reset()
    upstream?.reset()
  }

  func closeFlow(reason: StaticString) { end(reason: reason) }

  /// Nobody but its two sides knows when a TCP conversation is complete: a drain waits for them.
  func drain() {}

  func abort(reason: StaticString) { end(reason: reason) }
}
