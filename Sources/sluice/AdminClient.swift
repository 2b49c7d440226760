import Control
import Foundation
package import NIOCore
package import NIOHTTP1
import NIOPosix
import SluiceConfig
package import SluiceModel

/// A small HTTP/1.1 client of the admin API, over a Unix socket or loopback TCP. One connection per request.
package struct AdminClient: Sendable {
  /// The largest reply that is kept in memory.
  static let replyBytes = 64 << 20
  /// From the request to the end of its reply; a live tap has no such limit.
  static let timeoutSeconds = 60

  package var address: BindAddress
  /// The bearer token, on an IP address.
  var token: Secret?

  package init(address: BindAddress, token: Secret? = nil) {
    self.address = address
    self.token = token
  }

  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  package struct Reply: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    /// - Throws: `Failure` when the body is not what this version of the command line expects.
    package func decode<T: Decodable>(_ type: T.Type) throws -> T {
      do {
        return try AdminJSON.decoder().decode(type, from: Data(body))
      } catch {
        throw Failure(
          "the gateway's reply can't be read", hint: "are the gateway and this command of the same version?",
          status: ExitStatus.fault)
      }
    }

    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// Sends a request and reads the whole reply.
  ///
  /// - Parameter path: with its query, encoded.
  /// - Throws: `Failure` when nobody answers, or with what the problem details say when the status is 400 or more.
  package func request(
    _ method: Method, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
  ) async throws -> Reply {
    try await withThrowingTaskGroup(of: Reply.self) { group in
      group.addTask {
        var bytes: [UInt8] = []
        let (status, fields) = try await exchange(method, path, headers: headers, body: body) { part in
          guard bytes.count + part.readableBytes <= Self.replyBytes else {
            throw Failure("the gateway's reply is too large", status: ExitStatus.fault)
          }
          bytes += part.readableBytesView
          return true
        }
        return Reply(status: status, headers: fields, body: bytes)
      }
      group.addTask {
        try await Task.sleep(for: .seconds(Self.timeoutSeconds))
        throw Failure("the gateway at `\(address)` does not answer within \(Self.timeoutSeconds) seconds")
      }
      defer { group.cancelAll() }
      guard let reply = try await group.next() else { throw CancellationError() }
      guard reply.status < 400 else { throw failure(reply) }
      return reply
    }
  }

  /// Sends a GET request and hands over its body as it comes, until `receive` returns false or the gateway ends it.
  package func stream(
    _ path: String, headers: [(String, String)] = [], receive: (ByteBuffer) async throws -> Bool
  ) async throws {
    var problem: [UInt8] = []
    var failed = false
    let (status, fields) = try await exchange(
      .get, path, headers: headers, body: nil, begin: { failed = $0 >= 400 },
      receive: { part in
        guard failed else { return try await receive(part) }
        problem += part.readableBytesView
        return problem.count < 1 << 20
      })
    if failed { throw failure(Reply(status: status, headers: fields, body: problem)) }
  }

  private func exchange(
    _ method: Method, _ path: String, headers: [(String, String)], body: [UInt8]?, begin: (Int) -> Void = { _ in },
    receive: (ByteBuffer) async throws -> Bool
  ) async throws -> (Int, HTTPHeaders) {
    let channel = try await connect()
    var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: path)
    head.headers.add(name: "Host", value: host)
    head.headers.add(name: "User-Agent", value: "sluice/\(Sluice.version)")
    head.headers.add(name: "Connection", value: "close")
    if let token { head.headers.add(name: "Authorization", value: "Bearer \(token.reveal())") }
    for (name, value) in headers { head.headers.add(name: name, value: value) }
    if let body { head.headers.add(name: "Content-Length", value: String(body.count)) }
    do {
      return try await channel.executeThenClose { inbound, outbound in
        var parts: [HTTPClientRequestPart] = [.head(head)]
        if let body { parts.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
        parts.append(.end(nil))
        try await outbound.write(contentsOf: parts)
        var reply: HTTPResponseHead?
        for try await part in inbound {
          switch part {
          case .head(let head) where head.status.code >= 200:
            reply = head
            begin(Int(head.status.code))
          case .head: break
          case .body(let bytes):
            if try await !receive(bytes) { return try finished(reply) }
          case .end: return try finished(reply)
          }
        }
        throw Failure("the gateway at `\(address)` hung up")
      }
    } catch let error as Failure {
      throw error
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw Failure("the gateway at `\(address)` hung up: \(describe(error))")
    }
  }

  private func finished(_ head: HTTPResponseHead?) throws -> (Int, HTTPHeaders) {
    guard let head else { throw Failure("the gateway at `\(address)` hung up") }
    return (Int(head.status.code), head.headers)
  }

  private var host: String {
    switch address {
    case .unix: "localhost"
    case .ip(let ip, let port): ip.isV4 ? "127.0.0.1:\(port)" : "[::1]:\(port)"
    }
  }

  private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  private func connect() async throws -> Connection {
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(5))
    let prepare: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
      }
    }
    do {
      switch address {
      case .unix(let path): return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: prepare)
      case .ip(let ip, let port):
        return try await bootstrap.connect(host: ip.description, port: port, channelInitializer: prepare)
      }
    } catch {
      throw Failure(
        "no gateway answers at `\(address)`: \(describe(error))",
        hint: "is it running (`sluice run`)? `--admin` names another address, as in the configuration's `admin.address`"
      )
    }
  }

  private func describe(_ error: any Error) -> String {
    switch error {
    case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first { return describe(first.error) }
      return "connection failed"
    case let error as ChannelError:
      if case .connectTimeout = error { return "no answer within 5 seconds" }
      return "connection lost"
    case is SocketAddressError: return "the path is too long for a socket"
    default: return "connection lost"
    }
  }

  /// What a problem reply means for the user.
  private func failure(_ reply: Reply) -> Failure {
    guard let problem = try? AdminJSON.decoder().decode(Problem.self, from: Data(reply.body)) else {
      return Failure("the gateway answers with status \(reply.status)", status: ExitStatus.fault)
    }
    var message = Terminal.safe(problem.title)
    if let issues = problem.issues, !issues.isEmpty {
      message += "\n" + issues.map(\.description).joined(separator: "\n")
    } else if let detail = problem.detail {
      message = Terminal.safe(detail)
    }
    let hint =
      problem.status == 401
      ? "give `--token-file`, the file that the configuration names as `admin.tokenFile`" : problem.hint
    let ours = problem.status >= 500 && problem.status != 503
    return Failure(message, hint: hint.map(Terminal.safe), status: ours ? ExitStatus.fault : ExitStatus.input)
  }
}
