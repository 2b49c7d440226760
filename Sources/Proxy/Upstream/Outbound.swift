import NIOCore
import NIOPosix
import NIOSSL
import SluiceModel
import Wire

/// A connection that the gate opens: TCP, a PROXY header where one is sent, TLS where it is spoken, then the
/// application's handler.
struct Outbound {
  var address: SocketAddress
  var timeout: Duration
  var tls: UpstreamTLS?
  /// Sent before anything else.
  var preamble: [UInt8] = []
  var readBuffers: any RecvByteBufferAllocator = ReadBuffers.upstream
  var allowsHalfClosure = false
  var keepsAlive = false

  init(_ address: SocketAddress, timeout: Duration, tls: UpstreamTLS?) {
    self.address = address
    self.timeout = timeout
    self.tls = tls
  }

  /// Opens the connection. On the event loop.
  /// - Parameters:
  ///   - handler: the application's; with TLS it joins the channel when the handshake is through.
  ///   - done: called once, with what was negotiated.
  func connect(
    on eventLoop: any EventLoop, handler: some ChannelHandler, done: @escaping (Result<TLSFacts?, any Error>) -> Void
  ) {
    let start = NIODeadline.now()
    let limit = TimeAmount.nanoseconds(Int64(clamping: timeout.nanosecondsClamped))
    let handshake = tls.map { OutboundHandshake($0, handler: handler, done: done) }
    let parts = NIOLoopBound((handshake, handler, preamble), eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(limit)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: keepsAlive ? 1 : 0)
      .channelOption(.recvAllocator, value: readBuffers)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.allowRemoteHalfClosure, value: allowsHalfClosure)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let (handshake, handler, preamble) = parts.value
          let pipeline = channel.pipeline.syncOperations
          if !preamble.isEmpty { try pipeline.addHandler(Preamble(preamble)) }
          if let handshake {
            try handshake.install(pipeline)
          } else {
            try pipeline.addHandler(handler)
          }
        }
      }
      .connect(to: address)
      .assumeIsolated()
      .whenComplete { result in
        switch result {
        case .failure(let error): handshake?.finish(.failure(error)) ?? done(.failure(error))
        case .success(let channel):
          guard let handshake else { return done(.success(nil)) }
          handshake.expect(channel, by: start + limit)
        }
      }
  }
}

/// Sends bytes as soon as the connection stands, before a handshake begins behind it. Writes may come before the channel
/// says that it is active: the bytes go out before those too.
private final class Preamble: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var bytes: [UInt8]?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func channelActive(context: ChannelHandlerContext) {
    send(context)
    context.flush()
    context.fireChannelActive()
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    send(context)
    context.write(data, promise: promise)
  }

  private func send(_ context: ChannelHandlerContext) {
    guard let bytes else { return }
    self.bytes = nil
    context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
  }
}

/// Brings a handshake with a server to its end.
private final class OutboundHandshake {
  private let tls: UpstreamTLS
  private let handler: any ChannelHandler
  private var done: ((Result<TLSFacts?, any Error>) -> Void)?
  private let hello = ServerHelloWatch()
  private var timer: Scheduled<Void>?
  private var channel: (any Channel)?

  init(_ tls: UpstreamTLS, handler: any ChannelHandler, done: @escaping (Result<TLSFacts?, any Error>) -> Void) {
    self.tls = tls
    self.handler = handler
    self.done = done
  }

  func install(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
    let handler = try tls.makeHandler()
    try pipeline.addHandler(hello)
    try pipeline.addHandler(handler)
    try pipeline.addHandler(
      HandshakeEnd(
        completed: { name in self.completed(handler, pipeline, applicationProtocol: name) },
        failed: { error in
          let (phrase, detail) = HandshakeFailure.describe(error)
          self.finish(.failure(TLSHandshakeError(phrase: phrase, detail: detail)))
        }))
  }

  /// TCP stands; the handshake has until `end`.
  func expect(_ channel: any Channel, by end: NIODeadline) {
    guard done != nil else { return }
    self.channel = channel
    timer = channel.eventLoop.assumeIsolated().scheduleTask(deadline: end) {
      guard self.done != nil else { return }
      self.finish(.failure(ChannelError.connectTimeout(.zero)))
      channel.close(promise: nil)
    }
  }

  private func completed(
    _ handler: NIOSSLClientHandler, _ pipeline: ChannelPipeline.SynchronousOperations, applicationProtocol: String?
  ) {
    do {
      let identity = try tls.identity(of: handler.peerCertificate)
      try pipeline.addHandler(self.handler)
      finish(
        .success(
          TLSFacts(
            hello.tap.negotiated, serverName: tls.configuration.serverName, applicationProtocol: applicationProtocol,
            ja4: nil, peer: identity)))
    } catch {
      let channel = channel
      finish(.failure(error))
      channel?.close(promise: nil)
    }
  }

  func finish(_ result: Result<TLSFacts?, any Error>) {
    timer?.cancel()
    timer = nil
    channel = nil
    guard let done else { return }
    self.done = nil
    done(result)
  }
}

/// Reads the server's side of the handshake as it passes, and leaves once nothing more can be learnt.
private final class ServerHelloWatch: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private(set) var tap = ServerHelloTap()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    tap.read(bytes.readableBytesUInt8Span)
    context.fireChannelRead(data)
    if tap.isDone { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
  }
}

extension HandshakeRecord {
  init(
    _ leg: TLSLeg, place: LogName, endpoint: LogName?, address: BindAddress, _ result: Result<TLSFacts?, any Error>,
    durationNanoseconds: UInt64
  ) {
    var peer = IPAddress(v4: 0)
    if case .ip(let ip, _) = address { peer = ip }
    var facts: TLSFacts?
    var failure: StaticString?
    var detail: String?
    switch result {
    case .success(let negotiated): facts = negotiated
    case .failure(let error as TLSHandshakeError):
      failure = error.phrase
      detail = error.detail.map { String($0.prefix(Limits.matchedTextBytes)) }
    case .failure: failure = "connecting failed"
    }
    self.init(
      leg: leg, place: place, endpoint: endpoint, peer: peer, facts: facts, failure: failure, detail: detail,
      durationNanoseconds: durationNanoseconds)
  }
}
