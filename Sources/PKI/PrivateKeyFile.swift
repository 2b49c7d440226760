import Crypto
import CryptoExtras

/// A private key as it was found in a file. It prints as `<redacted>`.
public struct PrivateKeyFile: Sendable {
  /// How the key is encoded; the raw value is its PEM label.
  public enum Form: String, Sendable {
    /// RFC 5958.
    case pkcs8 = "PRIVATE KEY"
    /// RFC 5915.
    case sec1 = "EC PRIVATE KEY"
    /// RFC 8017, A.1.2.
    case pkcs1 = "RSA PRIVATE KEY"
  }

  public let form: Form
  public let der: [UInt8]
  /// The line of its block.
  public let line: Int

  /// The SubjectPublicKeyInfo of its public key in DER; nil when the key is of a kind that isn't known here.
  public var publicKeyDER: [UInt8]? {
    if form != .sec1, let key = try? _RSA.Signing.PrivateKey(derRepresentation: der) {
      return Array(key.publicKey.derRepresentation)
    }
    if form == .pkcs1 { return nil }
    if let key = try? P256.Signing.PrivateKey(derRepresentation: der) {
      return Array(key.publicKey.derRepresentation)
    }
    if let key = try? P384.Signing.PrivateKey(derRepresentation: der) {
      return Array(key.publicKey.derRepresentation)
    }
    if let key = try? P521.Signing.PrivateKey(derRepresentation: der) {
      return Array(key.publicKey.derRepresentation)
    }
    return ed25519PublicKey
  }

  /// RFC 8410: the seed is an OCTET STRING in the key's OCTET STRING.
  private var ed25519PublicKey: [UInt8]? {
    let prefix: [UInt8] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
    guard der.count == 48, der.starts(with: prefix),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: der.suffix(32))
    else { return nil }
    return [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0] + Array(key.publicKey.rawRepresentation)
  }

  /// Whether it is the key of this certificate; nil when it is of a kind that isn't known here.
  public func belongs(to certificate: CertificateFacts) -> Bool? {
    publicKeyDER.map { $0 == certificate.publicKeyDER }
  }
}

extension PrivateKeyFile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var debugDescription: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
