import NIOCore
import NIOPosix
import PKI
import SluiceModel

/// What a listener's sockets are told apart by: while these stay the same, a reload keeps the sockets.
struct SocketKey: Hashable, Sendable {
  let address: BindAddress
  /// Told apart by name only where the system chooses the port.
  let name: String?
  let isIndustrial: Bool
  /// The home loop of an industrial listener.
  let homeLoop: Int?
}

/// Takes connections for a listener on one event loop.
final class Acceptor {
  private struct Refused: Error {}

  private unowned let loop: Loop
  let slot: ListenerSlot
  private var isRetired = false

  init(loop: Loop, slot: ListenerSlot) {
    self.loop = loop
    self.slot = slot
  }

  /// Builds the pipeline of an accepted channel.
  /// - Throws: when a limit on connections refuses it; the channel is closed then.
  func accept(_ channel: any Channel) throws {
    let configuration = slot.runtime.configuration
    if let options = channel.syncOptions {
      try options.setOption(.maxMessagesPerRead, value: 1)
      try options.setOption(.allowRemoteHalfClosure, value: configuration.protocol != .modbus)
      try options.setOption(.recvAllocator, value: ReadBuffers.client)
    }
    let peer = channel.remoteAddress?.ip ?? IPAddress(v4: 0)
    guard !isRetired, slot.gauge.enter(peer, limits: configuration.limits) else {
      loop.observer.count(.connectionsRefused)
      throw Refused()
    }
    let arrival = ClientArrival(peer: peer, port: UInt16(truncatingIfNeeded: channel.remoteAddress?.port ?? 0))
    guard configuration.proxyProtocol || configuration.protocol == .tls || slot.runtime.tls != nil else {
      do {
        return try add(to: channel, arrival)
      } catch {
        slot.gauge.leave(peer)
        throw error
      }
    }
    try channel.pipeline.syncOperations.addHandler(
      ConnectionIntake(loop: loop, slot: slot, arrival: arrival) { try self.add(to: $0, $1) })
  }

  /// Puts the handler of the listener's protocol on a channel; what TLS there is has been dealt with.
  private func add(to channel: any Channel, _ arrival: ClientArrival) throws {
    guard !isRetired else { throw Refused() }
    let configuration = slot.runtime.configuration
    let pipeline = channel.pipeline.syncOperations
    switch configuration.protocol {
    case .http, .https: try pipeline.addHandler(ServerConnection(loop: loop, slot: slot, arrival: arrival))
    case .tcp, .tls:
      let relay = TCPRelay(loop: loop, slot: slot, arrival: arrival, localAddress: channel.localAddress)
      try pipeline.addHandler(relay.makeClientLeg())
    case .modbus:
      guard let asset = configuration.asset, let device = loop.devices[asset] else { throw Refused() }
      try pipeline.addHandler(
        ModbusServerConnection(
          loop: loop, slot: slot, device: device, assetName: device.logName, arrival: arrival))
    }
  }

  /// The listener's TLS may have another configuration now: a connection whose client would not be let in any more ends,
  /// at once when its certificate is refused, else after what is under way.
  func reviewConnections() {
    let tls = slot.runtime.tls
    for connection in Array(loop.connections.values) where connection.slot === slot && connection.hasArrived {
      guard let tls, connection.arrival.tls != nil else {
        if (tls != nil) != (connection.arrival.tls != nil) { connection.drain() }
        continue
      }
      guard let before = connection.arrival.policy, let facts = connection.arrival.tls else { continue }
      let now = tls.policy(for: facts.serverName)
      guard now !== before else { continue }
      if let certificate = connection.arrival.proof?.certificate,
        let refusal = now.verifier.refusal(of: certificate, now: loop.unixSeconds)
      {
        connection.abort(reason: refusal.phrase)
      } else if !now.admits(before) {
        connection.drain()
      }
    }
  }

  /// The listener is gone from the configuration: its connections finish what is under way.
  func retire() {
    isRetired = true
    for connection in Array(loop.connections.values) where connection.slot === slot { connection.drain() }
  }

  /// Binds a listening socket on the loop. It accepts nothing until reading is turned on.
  /// - Parameter sharesPort: several loops listen on the address (SO_REUSEPORT).
  func bind(_ address: SocketAddress, sharesPort: Bool) -> EventLoopFuture<any Channel> {
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    var bootstrap = ServerBootstrap(group: loop.eventLoop)
      .serverChannelOption(.backlog, value: 4_096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .serverChannelOption(.maxMessagesPerRead, value: 256)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try bound.value.accept(channel) }
      }
    if case .unixDomainSocket = address {
    } else {
      // Linux gives an accepted socket the options of the one that listens: two system calls fewer for each connection.
      bootstrap = bootstrap.serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .serverChannelOption(NotSentLowWater.option, value: NotSentLowWater.bytes)
    }
    if sharesPort { bootstrap = bootstrap.serverChannelOption(ReusePort.option, value: 1) }
    return bootstrap.bind(to: address)
  }
}
