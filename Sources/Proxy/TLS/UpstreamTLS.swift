import NIOCore
import NIOSSL
import PKI
import SluiceModel

/// TLS towards the endpoints of a pool or a device, shared by all event loops.
final class UpstreamTLS: Sendable {
  let configuration: UpstreamTLSConfiguration
  /// The gate's own certificate there.
  let identity: TLSIdentity?
  private let context: NIOSSLContext
  private let pins: [CertificatePin]

  /// - Returns: the one before when nothing changed.
  static func make(
    _ configuration: UpstreamTLSConfiguration?, issued: [String: OrderedCertificate], previous: UpstreamTLS?
  ) throws -> UpstreamTLS? {
    guard let configuration else { return nil }
    let identity = try configuration.certificate.map { try TLSIdentity($0, issued) }
    if let previous, previous.configuration == configuration, previous.identity?.facts.der == identity?.facts.der {
      return previous
    }
    return try UpstreamTLS(configuration, identity)
  }

  private init(_ configuration: UpstreamTLSConfiguration, _ identity: TLSIdentity?) throws {
    self.configuration = configuration
    self.identity = identity
    pins = try configuration.pins.map { try CertificatePin($0) }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = configuration.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
    tls.cipherSuiteValues = (TLSContextFactory.suites12(isRSA: false) + TLSContextFactory.suites12(isRSA: true))
      .map { NIOTLSCipher(rawValue: $0) }
    tls.curves = configuration.groups.groups.map { NIOTLSCurve(rawValue: $0.rawValue) }
    tls.verifySignatureAlgorithms = TLSContextFactory.signatureAlgorithms
    tls.renegotiationSupport = .none
    tls.shutdownTimeout = .seconds(1)
    tls.certificateVerification =
      switch configuration.verify {
      case .full: .fullVerification
      case .chain: .noHostnameVerification
      case .pins: .none
      }
    if let ca = configuration.ca { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(ca.bytes)) }
    if let identity {
      tls.certificateChain = identity.handshake.certificateChain ?? []
      tls.privateKey = identity.handshake.privateKey
    }
    context = try NIOSSLContext(configuration: tls)
  }

  func makeHandler() throws -> NIOSSLClientHandler {
    try NIOSSLClientHandler(context: context, serverHostname: configuration.serverName)
  }

  /// What is checked beyond the chain and the name.
  /// - Throws: `TLSHandshakeError` when the certificate is none of the pinned ones.
  func identity(of peer: NIOSSLCertificate?) throws -> PeerIdentity? {
    guard let peer else {
      guard pins.isEmpty else { throw TLSHandshakeError(phrase: "no certificate", detail: nil) }
      return nil
    }
    let facts = try CertificateFacts(der: peer.toDERBytes())
    guard pins.isEmpty || pins.contains(where: { $0.matches(facts) }) else {
      throw TLSHandshakeError(phrase: "fingerprint not pinned", detail: "its key is \(facts.publicKeyPin)")
    }
    return facts.identity
  }
}

/// Why a handshake with a server failed.
struct TLSHandshakeError: Error, CustomStringConvertible {
  let phrase: StaticString
  let detail: String?

  var description: String { "TLS: \(phrase)" + (detail.map { " (\($0))" } ?? "") }
}
