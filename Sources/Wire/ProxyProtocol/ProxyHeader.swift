/// An address and a port.
public struct ProxyEndpoint: Hashable, Sendable {
  /// The host.
  public var address: ProxyAddress
  /// The TCP or UDP port.
  public var port: UInt16

  /// An end of a connection.
  public init(_ address: ProxyAddress, _ port: UInt16) {
    self.address = address
    self.port = port
  }
}

/// What a proxy says about the connection that it passes on (the PROXY protocol of HAProxy, versions 1 and 2).
public struct ProxyHeader: Equatable, Sendable {
  /// Whose connection it is.
  public enum Origin: Equatable, Sendable {
    /// The proxy's own connection, a health check for instance: the real addresses count (version 2 alone).
    case local
    /// Somebody's connection, but the proxy doesn't say whose: the real addresses count.
    case unspecified
    case proxied(source: ProxyEndpoint, destination: ProxyEndpoint)
    /// Paths of up to 108 bytes, NULs at the end removed (version 2 alone).
    case unix(source: [UInt8], destination: [UInt8])
  }

  /// Whose connection it is.
  public var origin: Origin
  /// Whether datagrams are proxied, not a stream.
  public var isDatagram = false
  /// What version 2 says besides; empty in version 1 and behind an origin without addresses.
  public var fields = ProxyFields()

  /// A header without fields.
  public init(_ origin: Origin) { self.origin = origin }
}

/// What version 2 says besides addresses.
public struct ProxyFields: Equatable, Sendable {
  /// Another field, as it stands.
  public struct Other: Equatable, Sendable {
    /// The code of the field's type; those from 0xe0 to 0xef are for private use.
    public var type: UInt8
    /// At most 65,535 bytes, whatever they mean.
    public var value: [UInt8]

    /// A field of a type that has no property of its own.
    public init(type: UInt8, value: [UInt8]) {
      self.type = type
      self.value = value
    }
  }

  /// The application protocol that the client and the proxy agreed on, `h2` for instance (`PP2_TYPE_ALPN`).
  public var applicationProtocol: [UInt8]?
  /// The host that the client named, in lower case and without a dot at its end (`PP2_TYPE_AUTHORITY`).
  public var authority: String?
  /// Up to 128 bytes (`PP2_TYPE_UNIQUE_ID`).
  public var uniqueID: [UInt8]?
  /// The client's TLS (`PP2_TYPE_SSL`).
  public var tls: ProxyTLS?
  /// Fields of other types, in order; padding and checksum aren't among them.
  public var others: [Other] = []

  /// No field at all.
  public init() {}
}

/// The client's TLS as the proxy ended it. The texts have no control characters.
public struct ProxyTLS: Equatable, Sendable {
  /// Whether the client came by TLS (`PP2_CLIENT_SSL`).
  public var isTLS: Bool
  /// Whether the client showed a certificate on this connection (`PP2_CLIENT_CERT_CONN`).
  public var hasCertificateHere: Bool
  /// Whether it did so at least once in this session (`PP2_CLIENT_CERT_SESS`).
  public var hasCertificateInSession: Bool
  /// Zero when a certificate was shown and is good.
  public var verification: UInt32
  /// `TLSv1.3` for instance.
  public var version: String?
  /// Of the client certificate's subject.
  public var commonName: String?
  /// The cipher suite, `TLS_AES_256_GCM_SHA384` for instance.
  public var cipher: String?
  /// Of the certificate that the proxy showed, `ecdsa-with-SHA256` for instance.
  public var signatureAlgorithm: String?
  /// Of the same certificate, `EC256` for instance.
  public var keyAlgorithm: String?
  /// The group of the key exchange.
  public var group: String?

  /// Without texts; `verification` is zero only when a shown certificate is good.
  public init(
    isTLS: Bool = true, hasCertificateHere: Bool = false, hasCertificateInSession: Bool = false,
    verification: UInt32 = 1
  ) {
    self.isTLS = isTLS
    self.hasCertificateHere = hasCertificateHere
    self.hasCertificateInSession = hasCertificateInSession
    self.verification = verification
  }

  /// Whether the client proved to hold the key of a good certificate.
  public var isVerified: Bool { (hasCertificateHere || hasCertificateInSession) && verification == 0 }
}

/// Type codes of version 2.
enum ProxyFieldType {
  static let applicationProtocol: UInt8 = 0x01
  static let authority: UInt8 = 0x02
  static let checksum: UInt8 = 0x03
  static let padding: UInt8 = 0x04
  static let uniqueID: UInt8 = 0x05
  static let tls: UInt8 = 0x20
  static let tlsVersion: UInt8 = 0x21
  static let tlsCommonName: UInt8 = 0x22
  static let tlsCipher: UInt8 = 0x23
  static let tlsSignatureAlgorithm: UInt8 = 0x24
  static let tlsKeyAlgorithm: UInt8 = 0x25
  static let tlsGroup: UInt8 = 0x26
}
