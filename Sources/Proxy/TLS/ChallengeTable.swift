import NIOCore
import NIOSSL
import Synchronization
import Wire

/// The answers that prove to a certificate authority that a name is the gate's (RFC 8555, 8; RFC 8737).
public final class ChallengeTable: Sendable {
  private struct Answers {
    var replies: [[UInt8]: [UInt8]] = [:]
    var contexts: [String: NIOSSLContext] = [:]
  }

  private let answers = Mutex(Answers())
  private let count = Atomic<Int>(0)

  public init() {}

  /// Answers GET requests for a path, whatever the host, until it is taken back.
  public func present(path: String, body: String) {
    change { $0.replies[Array(path.utf8)] = Array(body.utf8) }
  }

  public func retract(path: String) { change { $0.replies[Array(path.utf8)] = nil } }

  /// Shows a certificate to clients that ask for the host with the protocol `acme-tls/1` alone, until it is taken back.
  /// - Parameters: DER.
  /// - Throws: when certificate and key can't be used.
  public func present(host: String, certificate: [UInt8], key: [UInt8]) throws {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(try NIOSSLCertificate(bytes: certificate, format: .der))],
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .der)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["acme-tls/1"]
    configuration.shutdownTimeout = .seconds(1)
    let context = try NIOSSLContext(configuration: configuration)
    change { $0.contexts[host.lowercased()] = context }
  }

  public func retract(host: String) { change { $0.contexts[host.lowercased()] = nil } }

  private func change(_ body: (inout Answers) -> Void) {
    let left = answers.withLock { answers in
      body(&answers)
      return answers.replies.count + answers.contexts.count
    }
    count.store(left, ordering: .relaxed)
  }

  /// Whether any answer waits to be asked for.
  var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

  func reply(to path: ArraySlice<UInt8>) -> [UInt8]? { answers.withLock { $0.replies[Array(path)] } }

  func context(for hello: ClientHello) -> NIOSSLContext? {
    guard !isEmpty, hello.applicationProtocols == [Array("acme-tls/1".utf8)], let name = hello.serverName else {
      return nil
    }
    return answers.withLock { $0.contexts[name] }
  }
}
