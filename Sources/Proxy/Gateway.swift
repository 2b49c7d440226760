import CLinux
import NIOCore
import NIOPosix
public import SluiceModel

/// Why the gateway can't start or take a configuration.
public struct GatewayError: Error, CustomStringConvertible, Sendable {
  public let description: String
}

/// A listener and the address its sockets got.
public struct BoundListener: Sendable, Equatable {
  public var name: String
  public var address: BindAddress
  public var `protocol`: ListenerProtocol
  public var connections: Int
}

/// The data path as a whole: event loops, listeners, and the configuration at work on them.
public actor Gateway {
  /// What the gateway is given by whoever runs it.
  public struct Environment: Sendable {
    /// Makes the observer of an event loop; called on that loop.
    public var makeObserver: @Sendable (_ isIndustrial: Bool) -> any LoopObserver
    public var makeFilter: FilterFactory
    /// Milliseconds since the Unix epoch.
    public var wallClock: @Sendable () -> UInt64
    public var random: @Sendable () -> UInt64

    public init(
      makeObserver: @escaping @Sendable (_ isIndustrial: Bool) -> any LoopObserver,
      makeFilter: @escaping FilterFactory, wallClock: @escaping @Sendable () -> UInt64,
      random: @escaping @Sendable () -> UInt64
    ) {
      self.makeObserver = makeObserver
      self.makeFilter = makeFilter
      self.wallClock = wallClock
      self.random = random
    }
  }

  private struct Sockets {
    var name: String
    let gauge: ConnectionGauge
    var address: BindAddress
    var `protocol`: ListenerProtocol
    var parts: [(loop: Int, acceptor: NIOLoopBound<Acceptor>, channel: any Channel)]
  }

  private let environment: Environment
  private var snapshot: GatewaySnapshot
  private var groups: [MultiThreadedEventLoopGroup] = []
  private var loops: [NIOLoopBound<Loop>] = []
  private var eventLoops: [any EventLoop] = []
  private var webLoopCount = 0
  private var industrialLoopCount = 0
  private var prober: NIOLoopBound<HealthProber>?
  private var proberLoop: (any EventLoop)?
  private var sockets: [SocketKey: Sockets] = [:]
  private var isDraining = false
  private var hasYielded = false
  private var issued: [String: OrderedCertificate]
  private let challenges: ChallengeTable
  private let workers: WorkerPool

  /// - Parameters:
  ///   - issued: the certificates that listeners take from `acme`, real ones or some until those are there.
  ///   - challenges: what proves to certificate authorities that names are the gate's.
  /// - Throws: `GatewayError` when certificates, keys or authorities can't be used.
  public init(
    _ configuration: Configuration, issued: [OrderedCertificate] = [],
    challenges: ChallengeTable = ChallengeTable(), environment: Environment
  ) throws {
    self.environment = environment
    self.challenges = challenges
    self.issued = Dictionary(issued.map { ($0.name, $0) }) { $1 }
    snapshot = try GatewaySnapshot(configuration, issued: self.issued, previous: nil)
    workers = WorkerPool(
      threads: configuration.runtime.workers ?? EventLoopCount.web(configured: configuration.runtime.loops),
      queue: Limits.waitingWork)
  }

  public var configuration: Configuration { snapshot.configuration }

  // MARK: Life

  /// Starts the event loops and binds every listener.
  /// - Throws: `GatewayError` when an address can't be bound.
  public func start() async throws {
    let runtime = snapshot.configuration.runtime
    webLoopCount = EventLoopCount.web(configured: runtime.loops)
    industrialLoopCount = max(1, runtime.industrialLoops)
    let web = MultiThreadedEventLoopGroup(numberOfThreads: webLoopCount)
    let industrial = MultiThreadedEventLoopGroup(numberOfThreads: industrialLoopCount)
    let probing = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    groups = [web, industrial, probing]
    for _ in 0..<webLoopCount { try await addLoop(web.next(), isIndustrial: false) }
    for _ in 0..<industrialLoopCount { try await addLoop(industrial.next(), isIndustrial: true) }
    let probeLoop = probing.next()
    proberLoop = probeLoop
    let seed = environment.random()
    let snapshot = snapshot
    prober = try await probeLoop.submit {
      let prober = HealthProber(eventLoop: probeLoop, seed: seed)
      prober.update(snapshot)
      return NIOLoopBound(prober, eventLoop: probeLoop)
    }.get()
    yieldToIndustry(snapshot)
    try await bindMissing(snapshot, runtimes: nil)
  }

  /// With a plant behind the gate, the web loops' threads step back behind the industrial ones: on a machine with few
  /// CPUs a web flood would otherwise make every operation wait for its turn. They don't step forward again.
  private func yieldToIndustry(_ snapshot: GatewaySnapshot) {
    guard !hasYielded, snapshot.configuration.listeners.contains(where: { $0.protocol == .modbus }) else { return }
    hasYielded = true
    for eventLoop in eventLoops.prefix(webLoopCount) {
      eventLoop.execute { _ = clinux_lower_thread_priority(Gateway.yieldSteps) }
    }
    workers.stepBack(by: Gateway.yieldSteps)
  }

  private static let yieldSteps: Int32 = 10

  private func addLoop(_ eventLoop: any EventLoop, isIndustrial: Bool) async throws {
    let index = loops.count
    let environment = environment
    let snapshot = snapshot
    let seed = (environment.random(), environment.random())
    let challenges = challenges
    let workers = workers
    let loop = try await eventLoop.submit {
      let loop = Loop(
        index: index, eventLoop: eventLoop, observer: environment.makeObserver(isIndustrial), snapshot: snapshot,
        challenges: challenges, workers: workers, makeFilter: environment.makeFilter,
        wallClockMilliseconds: environment.wallClock(),
        seed: seed)
      loop.start()
      return NIOLoopBound(loop, eventLoop: eventLoop)
    }.get()
    loops.append(loop)
    eventLoops.append(eventLoop)
  }

  /// Puts a configuration in force: new exchanges follow it, those in flight finish under the one they began with.
  /// - Throws: `GatewayError` when a new address can't be bound; the configuration before stays in force then.
  public func apply(_ configuration: Configuration) async throws {
    guard !isDraining else { throw GatewayError(description: "the gateway is draining") }
    let next = try GatewaySnapshot(configuration, issued: issued, previous: snapshot)
    let makeFilter = environment.makeFilter
    var runtimes: [NIOLoopBound<LoopRuntime>] = []
    for (bound, eventLoop) in zip(loops, eventLoops) {
      runtimes.append(
        try await eventLoop.submit {
          let loop = bound.value
          return NIOLoopBound(
            LoopRuntime(next, loop: loop, previous: loop.runtime, makeFilter: makeFilter), eventLoop: eventLoop)
        }.get())
    }
    try await bindMissing(next, runtimes: runtimes)
    for tls in next.listenerTLS { tls?.commit() }
    let wanted = Set(next.configuration.listeners.map { key(of: $0) })
    for (bound, runtime) in zip(loops, runtimes) {
      try await bound.eventLoop.submit { bound.value.adopt(runtime.value) }.get()
    }
    for listener in next.configuration.listeners {
      let key = key(of: listener)
      guard var found = sockets[key] else { continue }
      found.name = listener.name
      found.protocol = listener.protocol
      sockets[key] = found
      for part in found.parts {
        let runtime = runtimes[part.loop]
        try await eventLoops[part.loop].submit {
          guard let listenerRuntime = runtime.value.listeners[listener.name] else { return }
          part.acceptor.value.slot.runtime = listenerRuntime
          part.acceptor.value.reviewConnections()
        }.get()
      }
    }
    for (key, gone) in sockets where !wanted.contains(key) {
      sockets[key] = nil
      for part in gone.parts {
        part.channel.close(promise: nil)
        try await eventLoops[part.loop].submit { part.acceptor.value.retire() }.get()
      }
    }
    snapshot = next
    yieldToIndustry(next)
    if let prober, let proberLoop { try await proberLoop.submit { prober.value.update(next) }.get() }
  }

  /// Shows certificates that were ordered from now on. Those of names that were not known before wait for a reload.
  /// - Throws: `GatewayError` when they can't be used; the ones before are shown further then.
  public func install(_ certificates: [OrderedCertificate]) throws {
    var next = issued
    for certificate in certificates { next[certificate.name] = certificate }
    for tls in snapshot.listenerTLS {
      guard let tls else { continue }
      try TLSMaterialError.naming("listener `\(tls.name)`") { try tls.update(next) }
    }
    issued = next
  }

  /// Every certificate that the gate shows, and where.
  public var certificates: [CertificateEntry] {
    var entries: [CertificateEntry] = []
    for tls in snapshot.listenerTLS {
      guard let tls else { continue }
      entries += tls.store.current.all.map { CertificateEntry($0, .client, place: tls.name) }
    }
    for (pool, tls) in zip(snapshot.configuration.pools, snapshot.poolTLS) {
      if let identity = tls?.identity { entries.append(CertificateEntry(identity, .upstream, place: pool.name)) }
    }
    for (asset, tls) in zip(snapshot.configuration.assets, snapshot.assetTLS) {
      if let identity = tls?.identity { entries.append(CertificateEntry(identity, .device, place: asset.name)) }
    }
    return entries
  }

  private func key(of listener: ListenerConfiguration) -> SocketKey {
    // Listeners on a port that the system chooses are told apart by their names.
    var name: String?
    if case .ip(_, port: 0) = listener.address { name = listener.name }
    guard listener.protocol == .modbus else {
      return SocketKey(address: listener.address, name: name, isIndustrial: false, homeLoop: nil)
    }
    return SocketKey(
      address: listener.address, name: name, isIndustrial: true, homeLoop: homeLoop(of: listener.asset ?? ""))
  }

  /// The event loop where everything of an asset happens: by its name, so that it stays over reloads.
  private func homeLoop(of asset: String) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in asset.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return webLoopCount + Int(hash % UInt64(industrialLoopCount))
  }

  /// Binds the listeners that have no sockets yet; when one fails, none of the new ones stays.
  private func bindMissing(_ snapshot: GatewaySnapshot, runtimes: [NIOLoopBound<LoopRuntime>]?) async throws {
    var added: [SocketKey: Sockets] = [:]
    do {
      for listener in snapshot.configuration.listeners where sockets[key(of: listener)] == nil {
        added[key(of: listener)] = try await bind(listener, runtimes: runtimes)
      }
    } catch {
      for sockets in added.values {
        for part in sockets.parts { part.channel.close(promise: nil) }
      }
      throw error
    }
    for (key, value) in added {
      sockets[key] = value
      for part in value.parts {
        try await part.channel.setOption(.autoRead, value: true).get()
        part.channel.read()
      }
    }
  }

  private func bind(
    _ listener: ListenerConfiguration, runtimes: [NIOLoopBound<LoopRuntime>]?
  ) async throws -> Sockets {
    let indices = loopIndices(of: listener)
    let gauge = ConnectionGauge()
    var result = Sockets(
      name: listener.name, gauge: gauge, address: listener.address, protocol: listener.protocol, parts: [])
    do {
      var address = try SocketAddress(listener.address)
      if indices.count > 1 { try await refuseIfTaken(address, on: eventLoops[indices[0]]) }
      for index in indices {
        let bound = loops[index]
        let runtime = runtimes?[index]
        let target = address
        let (acceptor, future) = try await eventLoops[index].submit {
          guard let listenerRuntime = (runtime?.value ?? bound.value.runtime).listeners[listener.name] else {
            throw GatewayError(description: "the listener is not in the configuration")
          }
          let acceptor = Acceptor(loop: bound.value, slot: ListenerSlot(listenerRuntime, gauge: gauge))
          return (
            NIOLoopBound(acceptor, eventLoop: bound.eventLoop), acceptor.bind(target, sharesPort: indices.count > 1)
          )
        }.get()
        let channel = try await future.get()
        if let local = channel.localAddress, let port = local.port, case .ip(let ip, _) = listener.address {
          result.address = .ip(ip, port: port)
          address = try SocketAddress(result.address)
        }
        result.parts.append((index, acceptor, channel))
      }
    } catch {
      for part in result.parts { part.channel.close(promise: nil) }
      throw GatewayError(
        description: "listener `\(listener.name)` can't listen on `\(listener.address)`: \(describe(error))")
    }
    return result
  }

  /// The event loops that a listener's connections are taken on. Unix sockets can't be shared between loops.
  private func loopIndices(of listener: ListenerConfiguration) -> [Int] {
    if listener.protocol == .modbus { return [homeLoop(of: listener.asset ?? "")] }
    if case .unix = listener.address { return [0] }
    return Array(0..<webLoopCount)
  }

  /// Sockets that share a port would also share it with another process; a plain bind first tells.
  private func refuseIfTaken(_ address: SocketAddress, on eventLoop: any EventLoop) async throws {
    let channel = try await ServerBootstrap(group: eventLoop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .bind(to: address).get()
    try await channel.close().get()
  }

  private func describe(_ error: any Error) -> String {
    if let error = error as? IOError {
      switch error.errnoCode {
      case EADDRINUSE: return "the address is in use"
      case EACCES: return "permission denied; ports below 1024 want CAP_NET_BIND_SERVICE"
      case EADDRNOTAVAIL: return "this machine does not have the address"
      default: return error.description
      }
    }
    return "\(error)"
  }

  /// Stops accepting, lets exchanges in flight finish, and closes what is left after `timeout`.
  public func drain(timeout: Duration) async {
    guard !isDraining else { return }
    isDraining = true
    for socket in sockets.values {
      for part in socket.parts { part.channel.close(promise: nil) }
    }
    for loop in loops { loop.eventLoop.execute { loop.value.drain() } }
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: timeout)
    while clock.now < end, await openConnections() > 0 { try? await clock.sleep(for: .milliseconds(25)) }
    for loop in loops {
      try? await loop.eventLoop.submit {
        for connection in Array(loop.value.connections.values) { connection.abort(reason: "drain timeout") }
      }.get()
    }
  }

  private func openConnections() async -> Int {
    var count = 0
    for loop in loops { count += (try? await loop.eventLoop.submit { loop.value.connections.count }.get()) ?? 0 }
    return count
  }

  /// Ends the event loops. Call after `drain`.
  public func stop() async {
    if let prober, let proberLoop { try? await proberLoop.submit { prober.value.stop() }.get() }
    // Before the loops, which the workers call back.
    workers.stop()
    for loop in loops { try? await loop.eventLoop.submit { loop.value.stop() }.get() }
    for group in groups { try? await group.shutdownGracefully() }
    groups = []
  }

  // MARK: Questions

  public var listeners: [BoundListener] {
    sockets.values.map {
      BoundListener(name: $0.name, address: $0.address, protocol: $0.protocol, connections: $0.gauge.connections)
    }.sorted { $0.name < $1.name }
  }

  /// Every endpoint of every pool and every asset's device.
  public func endpoints() async -> [EndpointStatus] {
    var statuses: [EndpointStatus] = []
    for (pool, states) in zip(snapshot.configuration.pools, snapshot.endpointStates) {
      for (endpoint, state) in zip(pool.endpoints, states) {
        statuses.append(
          EndpointStatus(
            pool: pool.name, address: endpoint.address.description, weight: endpoint.weight,
            healthy: state.isHealthy, lastError: state.lastError,
            active: await active(pool: pool.name, address: endpoint.address)))
      }
    }
    for asset in snapshot.configuration.assets {
      let home = loops[homeLoop(of: asset.name)]
      let device = try? await home.eventLoop.submit { () -> (Int, String?)? in
        home.value.devices[asset.name].map { ($0.active, $0.lastError) }
      }.get()
      statuses.append(
        EndpointStatus(
          pool: asset.name, address: asset.address.description, weight: 1, healthy: (device ?? nil)?.1 == nil,
          lastError: (device ?? nil)?.1, active: (device ?? nil)?.0 ?? 0))
    }
    return statuses
  }

  private func active(pool: String, address: BindAddress) async -> Int {
    var count = 0
    for loop in loops {
      count +=
        (try? await loop.eventLoop.submit {
          loop.value.runtime.pools[pool]?.endpoints.first { $0.address == address }?.active ?? 0
        }.get()) ?? 0
    }
    return count
  }

  public func flows() async -> [FlowStatus] {
    var all: [FlowStatus] = []
    for loop in loops { all += (try? await loop.eventLoop.submit { loop.value.flows.statuses }.get()) ?? [] }
    return all.sorted { $0.startedUnixMilliseconds < $1.startedUnixMilliseconds }
  }

  /// - Returns: false when there is no flow with this id.
  public func closeFlow(_ id: ExchangeID) async -> Bool {
    for loop in loops {
      let isFound = try? await loop.eventLoop.submit { loop.value.flows.close(id, reason: "closed by operator") }.get()
      if isFound == true { return true }
    }
    return false
  }

  /// Calls `body` with the observer of each event loop, on that loop.
  public func observers<Value: Sendable>(_ body: @escaping @Sendable (any LoopObserver) -> Value) async -> [Value] {
    var values: [Value] = []
    for loop in loops {
      if let value = try? await loop.eventLoop.submit({ body(loop.value.observer) }).get() { values.append(value) }
    }
    return values
  }
}
