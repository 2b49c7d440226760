import ACME
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// Answers challenges on two loopback ports, as the gate does on its data path.
final class ChallengeListener: ChallengeResponder, Sendable {
  private let http: any Channel
  private let tls: any Channel
  private let table: Table

  final class Table: Sendable {
    private let shown = Mutex<[Challenge]>([])

    func add(_ challenge: Challenge) { shown.withLock { $0.append(challenge) } }
    func remove(_ challenge: Challenge) { shown.withLock { $0.removeAll { $0 == challenge } } }
    var isEmpty: Bool { shown.withLock { $0.isEmpty } }

    /// The body for a path.
    func answer(host: String, path: String) -> String? {
      shown.withLock { shown in
        for case .http01(host, _, let proof) in shown.filter({ $0.path == path }) { return proof }
        return nil
      }
    }

    /// The context for a name.
    func context(host: String) throws -> NIOSSLContext? {
      guard let challenge = shown.withLock({ $0.first { $0.host == host } }),
        case .tlsALPN01(_, let certificate, let key) = challenge
      else { return nil }
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: [.certificate(try NIOSSLCertificate(bytes: certificate, format: .der))],
        privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .der)))
      configuration.applicationProtocols = [Challenge.applicationProtocol]
      return try NIOSSLContext(configuration: configuration)
    }
  }

  init() async throws {
    let table = Table()
    self.table = table
    http = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(ProofHandler(table: table))
        }
      }.bind(host: "127.0.0.1", port: 0).get()
    tls = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let names = SNIHandler { result in
            channel.eventLoop.makeCompletedFuture {
              guard case .hostname(let host) = result, let context = try table.context(host: host) else {
                throw ChannelError.inappropriateOperationForState
              }
              try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
            }.flatMapError { error in
              channel.close(promise: nil)
              return channel.eventLoop.makeFailedFuture(error)
            }
          }
          try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(names))
        }
      }.bind(host: "127.0.0.1", port: 0).get()
  }

  var httpPort: Int { http.localAddress?.port ?? 0 }
  var tlsPort: Int { tls.localAddress?.port ?? 0 }
  /// Whether everything that was shown was taken back.
  var isEmpty: Bool { table.isEmpty }

  func present(_ challenge: Challenge) async { table.add(challenge) }
  func retract(_ challenge: Challenge) async { table.remove(challenge) }

  func close() async {
    try? await http.close()
    try? await tls.close()
  }

  private final class ProofHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let table: Table

    init(table: Table) { self.table = table }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .head(let head) = unwrapInboundIn(data) else { return }
      let host = String((head.headers.first(name: "Host") ?? "").prefix { $0 != ":" })
      let body = table.answer(host: host, path: head.uri)
      let fields: HTTPHeaders = [
        "Content-Type": "application/octet-stream", "Content-Length": String(body?.utf8.count ?? 0),
        "Connection": "close",
      ]
      let reply = HTTPResponseHead(version: .http1_1, status: body == nil ? .notFound : .ok, headers: fields)
      context.write(wrapOutboundOut(.head(reply)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body ?? "")))), promise: nil)
      let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
      context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in loopBound.value.close(promise: nil) }
    }
  }
}
