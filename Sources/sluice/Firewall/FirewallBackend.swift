import ArgumentParser
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import SluiceModel

/// `sluice firewall backend`: the backend for `sluice firewall test --through`.
struct FirewallBackend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backend",
    abstract: "Serve the backend that regression tests expect behind a gate.",
    discussion: """
      It answers 200 without a body to anything, and to `POST /reflect` the reply that the request's JSON describes: \
      `status`, `headers`, `body`, `encodedBody`. One JSON line {"event":"ready",…} tells when it serves.
      """,
    shouldDisplay: false)

  @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "address"))
  var listen = "127.0.0.1:0"

  func validate() throws {
    guard address != nil else {
      throw ValidationError("`\(Terminal.safe(listen))` is no address; write `127.0.0.1:PORT`")
    }
  }

  private var address: (host: String, port: Int)? {
    guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
      (0...65_535).contains(port), let ip = IPAddress(listen[..<colon])
    else { return nil }
    return ("\(ip)", port)
  }

  func run() async throws {
    guard let address else { throw ExitCode(ExitStatus.usage) }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var stops = StopSignals().stream.makeAsyncIterator()
    let channel: any Channel
    do {
      channel = try await Self.serve(host: address.host, port: address.port, on: group)
    } catch let error as IOError {
      try await group.shutdownGracefully()
      throw Failure(
        "can't listen on `\(Terminal.safe(listen))`: \(String(cString: strerror(error.errnoCode)).lowercased())")
    }
    say(#"{"event":"ready","address":"\#(address.host):\#(channel.localAddress?.port ?? 0)"}"#)
    _ = await stops.next()
    try await channel.close()
    try await group.shutdownGracefully()
  }

  static func serve(host: String, port: Int, on group: MultiThreadedEventLoopGroup) async throws -> any Channel {
    try await ServerBootstrap(group: group)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(ReflectingHandler())
        }
      }.bind(host: host, port: port).get()
  }
}

/// One connection of the backend.
final class ReflectingHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Bytes of a request body that are kept.
  private static let bodyLimit = 8 << 20

  private let backend = ReflectingBackend()
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.removeAll()
    case .body(let buffer):
      if body.count + buffer.readableBytes <= Self.bodyLimit { body += buffer.readableBytesView }
    case .end:
      guard let head else { return }
      send(backend.reply(method: head.method.rawValue, target: head.uri, body: body), to: head, context)
    }
  }

  private func send(_ reply: ReflectingBackend.Reply, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var fields = HTTPHeaders(reply.fields.map { ($0.name, $0.value) })
    for name in ["Content-Length", "Transfer-Encoding", "Connection"] { fields.remove(name: name) }
    let status = HTTPResponseStatus(statusCode: reply.status)
    if status.mayHaveResponseBody { fields.add(name: "Content-Length", value: String(reply.body.count)) }
    if !request.isKeepAlive { fields.add(name: "Connection", value: "close") }
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: fields))), promise: nil)
    if request.method != .HEAD, status.mayHaveResponseBody {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
    }
    let channel = context.channel
    let closes = !request.isKeepAlive
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in if closes { channel.close(promise: nil) } }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
