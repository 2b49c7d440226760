import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The network: HTTP/1.1 over TLS with certificates verified, no redirects, no proxy, no compression, bounded replies.
package struct HTTPTransport: ACMETransport {
  private let client: HTTPClient
  private let group: MultiThreadedEventLoopGroup
  /// From the request to the end of the reply.
  private let timeout: Duration

  /// - Parameter ca: PEM file with the roots to trust instead of the system's.
  package init(ca: String?, timeout: Duration = .seconds(30)) throws(ACMEError) {
    self.init(tls: try Self.tls(ca: ca), timeout: timeout)
  }

  /// What is trusted.
  static func tls(ca: String?) throws(ACMEError) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    guard let ca else { return tls }
    let roots: [NIOSSLCertificate]
    do { roots = try NIOSSLCertificate.fromPEMFile(ca) } catch {
      throw ACMEError(.configuration, "`acme.ca`: `\(ca)` can't be read as certificates in PEM: \(error)")
    }
    guard !roots.isEmpty else { throw ACMEError(.configuration, "`acme.ca`: `\(ca)` has no certificate in PEM") }
    tls.trustRoots = .certificates(roots)
    return tls
  }

  init(tls: TLSConfiguration, timeout: Duration = .seconds(30)) {
    self.timeout = timeout
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(10), read: .seconds(20)), decompression: .disabled)
    configuration.httpVersion = .http1Only
    configuration.connectionPool.idleTimeout = .seconds(10)
    configuration.connectionPool.retryConnectionEstablishment = false
    // A loop of its own, so that nothing of this runs on a loop of the data path.
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
  }

  package func send(_ request: ACMERequest) async throws(ACMEError) -> ACMEReply {
    do {
      return try await withThrowingTaskGroup(of: ACMEReply?.self) { tasks in
        defer { tasks.cancelAll() }
        tasks.addTask { try await exchange(request) }
        // The client's own deadline ends with the reply's head.
        tasks.addTask {
          try await Task.sleep(for: timeout)
          return nil
        }
        guard let reply = try await tasks.next(), let reply else {
          throw ACMEError(.transport, "the reply of `\(cleaned(request.url))` did not come within \(timeout)")
        }
        return reply
      }
    } catch let error as ACMEError {
      throw error
    } catch is NIOTooManyBytesError {
      throw ACMEError(
        .transport, "the reply of `\(cleaned(request.url))` is longer than \(ACMELimits.replyBytes) bytes")
    } catch {
      throw ACMEError(.transport, "`\(cleaned(request.url))` was not reached: \(cleaned(String(describing: error)))")
    }
  }

  private func exchange(_ request: ACMERequest) async throws -> ACMEReply {
    var sent = HTTPClientRequest(url: request.url)
    sent.method = .init(rawValue: request.method.rawValue)
    sent.headers.add(name: "User-Agent", value: "sluice")
    sent.headers.add(name: "Accept-Language", value: "en")
    if let accept = request.accept { sent.headers.add(name: "Accept", value: accept) }
    if request.method == .post {
      sent.headers.add(name: "Content-Type", value: "application/jose+json")
      sent.body = .bytes(ByteBuffer(bytes: request.body))
    }
    let reply = try await client.execute(sent, timeout: .nanoseconds(Int64(timeout / .nanoseconds(1))))
    var fields: [String: String] = [:]
    for field in reply.headers where fields[field.name.lowercased()] == nil {
      fields[field.name.lowercased()] = field.value
    }
    let body = try await reply.body.collect(upTo: ACMELimits.replyBytes)
    return ACMEReply(status: Int(reply.status.code), fields: fields, body: Array(body.readableBytesView))
  }

  package func shutdown() async {
    try? await client.shutdown()
    try? await group.shutdownGracefully()
  }
}

extension HTTPMethod {
  fileprivate init(rawValue: String) {
    switch rawValue {
    case "HEAD": self = .HEAD
    case "POST": self = .POST
    default: self = .GET
    }
  }
}
