import NIOCore
import NIOPosix
import SluiceModel

/// What a listener's sockets are told apart by: while these stay the same, a reload keeps the sockets.
struct SocketKey: Hashable, Sendable {
  let address: BindAddress
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
    let peer = channel.remoteAddress?.ip ?? IPAddress(v4: 0)
    guard !isRetired, slot.gauge.enter(peer, limits: configuration.limits) else {
      loop.observer.count(.connectionsRefused)
      throw Refused()
    }
    let pipeline = channel.pipeline.syncOperations
    switch configuration.protocol {
    case .http: try pipeline.addHandler(ServerConnection(loop: loop, slot: slot, peer: peer))
    case .tcp:
      let relay = TCPRelay(loop: loop, slot: slot, peer: peer)
      try pipeline.addHandler(relay.makeClientLeg())
    case .modbus:
      guard let asset = configuration.asset, let device = loop.devices[asset] else {
        slot.gauge.leave(peer)
        throw Refused()
      }
      try pipeline.addHandler(
        ModbusServerConnection(
          loop: loop, slot: slot, device: device, assetName: device.logName, peer: peer))
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
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: slot.runtime.configuration.protocol != .modbus)
      .childChannelOption(.recvAllocator, value: ReadBuffers.client)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try bound.value.accept(channel) }
      }
    if case .unixDomainSocket = address {
    } else {
      bootstrap = bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(NotSentLowWater.option, value: NotSentLowWater.bytes)
    }
    if sharesPort { bootstrap = bootstrap.serverChannelOption(ReusePort.option, value: 1) }
    return bootstrap.bind(to: address)
  }
}
