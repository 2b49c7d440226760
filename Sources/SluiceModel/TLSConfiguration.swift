/// A file that the configuration names, as it was when the configuration was read.
public struct FileContent: Sendable, Hashable {
  public var path: String
  public var bytes: [UInt8]

  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }
}

extension FileContent: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { path }
  public var debugDescription: String { path }
  public var customMirror: Mirror { Mirror(self, children: ["path": path]) }
}

/// Where a certificate and its private key come from.
public enum CertificateSource: Sendable, Hashable {
  /// PEM: the chain with the leaf first, and the key.
  case files(chain: FileContent, key: FileContent)
  /// The certificate of the `acme` section with this first name.
  case acme(String)
}

/// Which key exchange groups are used, in order of preference.
public enum TLSGroupPolicy: Sendable, Hashable {
  /// Post-quantum with everyone who can, classic with the others.
  case hybridPreferred
  /// Post-quantum or nothing.
  case hybridRequired
  case list([TLSGroup])

  public var groups: [TLSGroup] {
    switch self {
    case .hybridPreferred: TLSGroup.supported.map(\.group)
    case .hybridRequired: TLSGroup.supported.map(\.group).filter(\.isPostQuantum)
    case .list(let groups): groups
    }
  }
}

public enum ClientVerification: String, Sendable, Codable, CaseIterable {
  case off, optional, required
}

/// What is asked of clients' certificates.
public struct ClientCertificateConfiguration: Sendable, Hashable {
  public var verify: ClientVerification = .off
  /// PEM: the authorities whose certificates are taken.
  public var ca: FileContent?
  /// PEM: revocation lists of those authorities, one after another.
  public var crl: FileContent?

  public init() {}
}

/// How TLS is spoken with clients of some server names.
public struct TLSPolicy: Sendable, Hashable {
  public var minimumVersion: TLSVersion = .tls12
  public var groups: TLSGroupPolicy = .hybridPreferred
  public var clients = ClientCertificateConfiguration()

  public init() {}
}

/// A policy for some of a listener's server names.
public struct NamedTLSPolicy: Sendable, Hashable {
  /// An exact name, or `*.` and a suffix for one label more.
  public var host = ""
  public var policy = TLSPolicy()

  public init() {}
}

/// What happens with a server name that no certificate is for.
public enum UnknownServerName: String, Sendable, Codable, CaseIterable {
  /// The first certificate is shown.
  case allow
  /// The handshake ends with the alert unrecognized_name.
  case refuse
}

/// TLS on a listener.
public struct ListenerTLSConfiguration: Sendable, Hashable {
  /// Chosen by the server name; the first is the default.
  public var certificates: [CertificateSource] = []
  public var policy = TLSPolicy()
  public var names: [NamedTLSPolicy] = []
  public var unknownNames: UnknownServerName = .allow
  /// From the start of the connection to the end of the handshake.
  public var handshakeTimeout: Duration = .seconds(10)
  /// Handshakes under way at once, of all clients.
  public var concurrentHandshakes = 4_096
  /// Handshakes that one address may begin in a second; `Int.max` for no bound.
  public var handshakesPerSecond = Int.max

  public init() {}
}

/// What of an upstream's certificate is verified.
public enum UpstreamVerification: String, Sendable, Codable, CaseIterable {
  /// The chain, and that it is for the server's name or address.
  case full
  /// The chain alone.
  case chain
  /// Only that it is one of the pinned ones.
  case pins
}

/// TLS towards the endpoints of a pool, or towards an asset.
public struct UpstreamTLSConfiguration: Sendable, Hashable {
  /// PEM: the authorities that are believed; nil for the system's.
  public var ca: FileContent?
  /// The name that is asked for and verified; nil verifies the address.
  public var serverName: String?
  public var verify: UpstreamVerification = .full
  /// SHA-256 of public keys (SubjectPublicKeyInfo), of which the certificate's must be one.
  public var pins: [String] = []
  /// The gate's own certificate for this upstream.
  public var certificate: CertificateSource?
  public var minimumVersion: TLSVersion = .tls12
  public var groups: TLSGroupPolicy = .hybridPreferred

  public init() {}
}

public enum ProxyProtocolVersion: String, Sendable, Codable, CaseIterable {
  case v1, v2
}
