import Balancing
import NIOCore
import NIOPosix
import SluiceModel
import Wire

/// Probes the endpoints of all pools with health checks: one prober an endpoint and process, on an event loop of its own.
final class HealthProber {
  private let eventLoop: any EventLoop
  private var probes: [ObjectIdentifier: EndpointProbe] = [:]
  private var random: RandomSource

  init(eventLoop: any EventLoop, seed: UInt64) {
    self.eventLoop = eventLoop
    random = RandomSource(seed: seed)
  }

  /// Starts probes of new endpoints and stops those of gone ones. On the prober's loop.
  func update(_ snapshot: GatewaySnapshot) {
    var wanted: [ObjectIdentifier: EndpointProbe] = [:]
    for (index, (pool, states)) in zip(snapshot.configuration.pools, snapshot.endpointStates).enumerated() {
      guard let check = pool.health else {
        for state in states where !state.isHealthy { state.set(healthy: true, reason: nil) }
        continue
      }
      for state in states {
        let id = ObjectIdentifier(state)
        let probe = probes[id] ?? EndpointProbe(state, check: check, eventLoop: eventLoop, seed: random.next())
        probe.tls = snapshot.poolTLS[index]
        wanted[id] = probe
      }
    }
    for (id, probe) in probes where wanted[id] == nil { probe.stop() }
    for (id, probe) in wanted where probes[id] == nil { probe.start() }
    probes = wanted
  }

  func stop() {
    for probe in probes.values { probe.stop() }
    probes.removeAll()
  }
}

/// Probes one endpoint until it is stopped.
private final class EndpointProbe {
  private let state: EndpointState
  private let check: HealthCheckConfiguration
  private let eventLoop: any EventLoop
  var tls: UpstreamTLS?
  private var tracker: HealthTracker
  private var random: RandomSource
  private var next: Scheduled<Void>?
  private var isStopped = false

  init(_ state: EndpointState, check: HealthCheckConfiguration, eventLoop: any EventLoop, seed: UInt64) {
    self.state = state
    self.check = check
    self.eventLoop = eventLoop
    tracker = HealthTracker(unhealthyAfter: check.unhealthyAfter, healthyAfter: check.healthyAfter)
    random = RandomSource(seed: seed)
  }

  func start() { schedule() }

  func stop() {
    isStopped = true
    next?.cancel()
  }

  private func schedule() {
    guard !isStopped else { return }
    let delay = tracker.nextProbeDelay(interval: check.interval, random: random.next())
    next = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(clamping: delay.nanosecondsClamped))) {
      self.probe()
    }
  }

  private func probe() {
    guard let address = try? SocketAddress(state.address) else { return }
    let timeout = TimeAmount.nanoseconds(Int64(clamping: check.timeout.nanosecondsClamped))
    let handler = ProbeHandler(request: request(), expected: check.expectedStatuses) { outcome in self.finished(outcome)
    }
    Outbound(address, timeout: check.timeout, tls: tls).connect(on: eventLoop, handler: handler) { result in
      if case .failure = result { handler.finish(.failure(.connect)) }
    }
    eventLoop.assumeIsolated().scheduleTask(in: timeout) { handler.finish(.failure(.timeout)) }
  }

  /// The probe's request; empty when connecting is all there is to it.
  private func request() -> [UInt8] {
    guard let path = check.path else { return [] }
    let host = check.host ?? "\(state.address)"
    return Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: sluice-health\r\nConnection: close\r\n\r\n".utf8)
  }

  private func finished(_ outcome: ProbeOutcome) {
    guard !isStopped else { return }
    let now = NIODeadline.now().uptimeNanoseconds
    switch tracker.report(outcome, nowNanoseconds: now) {
    case .becameHealthy: state.set(healthy: true, reason: nil)
    case .becameUnhealthy(let failure): state.set(healthy: false, reason: "\(failure)")
    case nil: break
    }
    schedule()
  }
}

/// One probe's connection.
private final class ProbeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let request: [UInt8]
  private let expected: ClosedRange<Int>
  private var report: ((ProbeOutcome) -> Void)?
  private var received = ByteBuffer()
  private var context: ChannelHandlerContext?

  init(request: [UInt8], expected: ClosedRange<Int>, report: @escaping (ProbeOutcome) -> Void) {
    self.request = request
    self.expected = expected
    self.report = report
  }

  /// Reports once; later outcomes of the same probe don't count.
  func finish(_ outcome: ProbeOutcome) {
    guard let report else { return }
    self.report = nil
    context?.close(promise: nil)
    report(outcome)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { channelActive(context: context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    guard !request.isEmpty else {
      finish(.success)
      return
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    received.writeBuffer(&bytes)
    var head = ReplyHead()
    do {
      guard try head.parse(received.readableBytesUInt8Span, limits: HeadLimits()) else { return }
      finish(expected.contains(head.status) ? .success : .failure(.status(head.status)))
    } catch {
      finish(.failure(.malformed))
    }
  }

  func channelInactive(context: ChannelHandlerContext) { finish(.failure(.closed)) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(.failure(.closed)) }
}
