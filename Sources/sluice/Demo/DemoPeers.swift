import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// The plant that the peers of one demo share; time comes from the monotonic clock.
final class SharedPLC: Sendable {
  private let plc = Mutex(SimulatedPLC())
  private let start = ContinuousClock.now

  /// Runs `body` on the device, its process moved to now.
  func now<T: Sendable>(_ body: (inout SimulatedPLC) -> T) -> T {
    let elapsed = ContinuousClock.now - start
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    return plc.withLock { plc in
      plc.plant.advance(to: seconds)
      return body(&plc)
    }
  }
}

/// Starts the loopback peers of the demo. Every one is an ordinary server that knows nothing of the gate.
struct DemoPeers: Sendable {
  let group: MultiThreadedEventLoopGroup
  let plc: SharedPLC

  /// Serves a web peer with a WebSocket echo on `/ws`.
  func startSite(_ site: DemoSite, port: Int) async throws -> any Channel {
    let plc = plc
    return try await bootstrap().childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let upgrader = NIOWebSocketServerUpgrader(
          shouldUpgrade: { channel, head in
            channel.eventLoop.makeSucceededFuture(head.uri == "/ws" ? HTTPHeaders() : nil)
          },
          upgradePipelineHandler: { channel, _ in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(WebSocketEcho()) }
          })
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
          withServerUpgrade: (
            upgraders: [upgrader],
            completionHandler: { $0.pipeline.removeHandler(name: "site", promise: nil) }
          ))
        try pipeline.addHandler(SiteHandler(site: site, plc: plc), name: "site")
      }
    }.bind(host: "127.0.0.1", port: port).get()
  }

  /// Serves the simulated PLC.
  func startPLC(port: Int, log: PLCLog?) async throws -> any Channel {
    let plc = plc
    return try await bootstrap().childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(PLCHandler(plc: plc, log: log))
      }
    }.bind(host: "127.0.0.1", port: port).get()
  }

  /// Serves the plant's values as lines of text over plain TCP, one a second.
  func startFeed(port: Int) async throws -> any Channel {
    let plc = plc
    return try await bootstrap().childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(FeedHandler(plc: plc)) }
    }.bind(host: "127.0.0.1", port: port).get()
  }

  private func bootstrap() -> ServerBootstrap {
    ServerBootstrap(group: group)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
  }
}

/// One HTTP connection of a web peer.
final class SiteHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Bytes of a request body that a peer takes.
  private static let bodyLimit = 64 << 10

  private let site: DemoSite
  private let plc: SharedPLC
  private var request = DemoRequest()
  private var keepAlive = false
  private var tooLarge = false
  private var events: RepeatedTask?

  init(site: DemoSite, plc: SharedPLC) {
    self.site = site
    self.plc = plc
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      let path = head.uri.prefix { $0 != "?" }
      request = DemoRequest(method: head.method.rawValue, path: String(path))
      keepAlive = head.isKeepAlive
      tooLarge = false
    case .body(let buffer):
      tooLarge = tooLarge || request.body.count + buffer.readableBytes > SiteHandler.bodyLimit
      if !tooLarge { request.body += buffer.readableBytesView }
    case .end:
      let request = request
      let site = site
      var reply = plc.now { site.reply(to: request, plant: &$0.plant) }
      if tooLarge { reply = DemoReply(status: 413, body: "the body is too large\n") }
      send(reply, context)
    }
  }

  private func send(_ reply: DemoReply, _ context: ChannelHandlerContext) {
    var headers = HTTPHeaders([("Content-Type", reply.contentType), ("Cache-Control", "no-store")])
    if case .web(let edition) = site { headers.add(name: "X-Edition", value: edition) }
    if let allow = reply.allow { headers.add(name: "Allow", value: allow) }
    if !keepAlive { headers.add(name: "Connection", value: "close") }
    let streams = reply.streamsEvents && request.method != "HEAD"
    if !reply.streamsEvents { headers.add(name: "Content-Length", value: String(reply.body.utf8.count)) }
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if streams {
      context.flush()
      streamEvents(to: context.channel)
      return
    }
    if request.method != "HEAD" {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: reply.body)))), promise: nil)
    }
    let channel = context.channel
    let close = !keepAlive
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in if close { channel.close(promise: nil) } }
  }

  private func streamEvents(to channel: any Channel) {
    let plc = plc
    events = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { _ in
      guard channel.isWritable else { return }
      let event = plc.now { "data: \(DemoSite.valuesJSON($0.plant))\n\n" }
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: event))), promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    events?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Sends every data frame back, answers pings and closes.
final class WebSocketEcho: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .text, .binary, .continuation:
      let echo = WebSocketFrame(fin: frame.fin, opcode: frame.opcode, data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(echo), promise: nil)
    case .ping:
      let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
    case .connectionClose:
      let channel = context.channel
      let close = WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(close)).whenComplete { _ in channel.close(promise: nil) }
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// One client of the simulated PLC.
final class PLCHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let plc: SharedPLC
  private let log: PLCLog?
  private var deframer = ModbusDeframer()

  init(plc: SharedPLC, log: PLCLog?) {
    self.plc = plc
    self.log = log
  }

  func channelActive(context: ChannelHandlerContext) {
    log?.write("connected", client: context.remoteAddress)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {
      for frame in try deframer.received(unwrapInboundIn(data).readableBytesView) {
        let reply = plc.now { $0.reply(to: frame.pdu, unit: frame.unit) }
        log?.write(frame: frame, reply: reply, client: context.remoteAddress)
        let answer = ModbusFrame(transaction: frame.transaction, unit: frame.unit, pdu: reply)
        context.write(wrapOutboundOut(ByteBuffer(bytes: answer.bytes)), promise: nil)
      }
      context.flush()
    } catch {
      log?.write("malformed", client: context.remoteAddress)
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// One listener of the plain TCP feed.
final class FeedHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let plc: SharedPLC
  private var lines: RepeatedTask?

  init(plc: SharedPLC) { self.plc = plc }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    let plc = plc
    lines = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { _ in
      guard channel.isWritable else { return }
      channel.writeAndFlush(ByteBuffer(string: plc.now { DemoSite.valuesJSON($0.plant) } + "\n"), promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { lines?.cancel() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
