/// A TLS protocol version, by its code point (RFC 8446, 4.2.1).
public struct TLSVersion: RawRepresentable, Hashable, Sendable, Comparable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let tls12 = TLSVersion(rawValue: 0x0303)
  public static let tls13 = TLSVersion(rawValue: 0x0304)

  public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}

extension TLSVersion: CustomStringConvertible {
  /// `1.3`, or the code point in hexadecimal when it has no name here.
  public var description: String {
    switch rawValue {
    case 0x0301: "1.0"
    case 0x0302: "1.1"
    case 0x0303: "1.2"
    case 0x0304: "1.3"
    default: "0x" + String(rawValue, radix: 16)
    }
  }
}

/// A key exchange group, by its code point in the IANA registry of TLS supported groups.
public struct TLSGroup: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let p256 = TLSGroup(rawValue: 0x0017)
  public static let p384 = TLSGroup(rawValue: 0x0018)
  public static let p521 = TLSGroup(rawValue: 0x0019)
  public static let x25519 = TLSGroup(rawValue: 0x001d)
  /// The hybrid of ML-KEM-768 and X25519 (draft-ietf-tls-ecdhe-mlkem).
  public static let x25519MLKEM768 = TLSGroup(rawValue: 0x11ec)

  /// Groups that the gate can use itself, in order of preference, with their names in the configuration.
  public static let supported: [(name: String, group: TLSGroup)] = [
    ("X25519MLKEM768", .x25519MLKEM768), ("X25519", .x25519), ("P-256", .p256), ("P-384", .p384),
  ]

  /// Whether an attacker with a quantum computer can't undo the exchange: it has an ML-KEM part.
  public var isPostQuantum: Bool {
    switch rawValue {
    case 0x11eb, 0x11ec, 0x11ed, 0x0200, 0x0201, 0x0202: true
    default: false
    }
  }
}

extension TLSGroup: CustomStringConvertible {
  /// Its registered name, or the code point in hexadecimal.
  public var description: String {
    switch rawValue {
    case 0x0017: "P-256"
    case 0x0018: "P-384"
    case 0x0019: "P-521"
    case 0x001d: "X25519"
    case 0x001e: "X448"
    case 0x0100: "ffdhe2048"
    case 0x0101: "ffdhe3072"
    case 0x0102: "ffdhe4096"
    case 0x0200: "MLKEM512"
    case 0x0201: "MLKEM768"
    case 0x0202: "MLKEM1024"
    case 0x11eb: "SecP256r1MLKEM768"
    case 0x11ec: "X25519MLKEM768"
    case 0x11ed: "SecP384r1MLKEM1024"
    case 0x6399: "X25519Kyber768Draft00"
    default: "0x" + String(rawValue, radix: 16)
    }
  }
}

/// A cipher suite, by its code point in the IANA registry of TLS cipher suites.
public struct TLSCipherSuite: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }
}

extension TLSCipherSuite: CustomStringConvertible {
  /// Its registered name, or the code point in hexadecimal.
  public var description: String {
    switch rawValue {
    case 0x1301: "TLS_AES_128_GCM_SHA256"
    case 0x1302: "TLS_AES_256_GCM_SHA384"
    case 0x1303: "TLS_CHACHA20_POLY1305_SHA256"
    case 0xc02b: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    case 0xc02c: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    case 0xc02f: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    case 0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    case 0xcca8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
    case 0xcca9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    default: "0x" + String(rawValue, radix: 16)
    }
  }
}
