import Crypto

/// A private key that signs certificates or belongs to an issued one. It prints as `<redacted>`.
public struct SigningKey: Sendable {
  /// The curves to make keys on.
  public enum Curve: String, Sendable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"
  }

  private enum Backing: Sendable {
    case p256(P256.Signing.PrivateKey)
    case p384(P384.Signing.PrivateKey)
  }

  private let backing: Backing

  /// A new key from the system's random source.
  public init(_ curve: Curve) {
    switch curve {
    case .p256: backing = .p256(P256.Signing.PrivateKey())
    case .p384: backing = .p384(P384.Signing.PrivateKey())
    }
  }

  /// - Throws: when it is no ECDSA key on P-256 or P-384.
  public init(_ file: PrivateKeyFile) throws(PKIError) {
    if let key = try? P256.Signing.PrivateKey(derRepresentation: file.der) {
      backing = .p256(key)
    } else if let key = try? P384.Signing.PrivateKey(derRepresentation: file.der) {
      backing = .p384(key)
    } else {
      throw PKIError("the key isn't an ECDSA key on P-256 or P-384")
    }
  }

  /// PKCS#8 text.
  func pem() -> [UInt8] {
    let der: [UInt8] =
      switch backing {
      case .p256(let key): Array(key.derRepresentation)
      case .p384(let key): Array(key.derRepresentation)
      }
    return Array(PEM.text(label: "PRIVATE KEY", der: der).utf8)
  }

  /// The SubjectPublicKeyInfo.
  package var publicKeyDER: [UInt8] {
    switch backing {
    case .p256(let key): Array(key.publicKey.derRepresentation)
    case .p384(let key): Array(key.publicKey.derRepresentation)
    }
  }

  /// `SEQUENCE { content, algorithm, signature }` around content that has the algorithm where it belongs.
  ///
  /// - Parameter content: makes the content from the algorithm.
  package func signed(_ content: (_ algorithm: [UInt8]) -> [UInt8]) throws(PKIError) -> [UInt8] {
    let algorithm: [UInt8]
    let body: [UInt8]
    let signature: [UInt8]
    do {
      switch backing {
      case .p256(let key):
        algorithm = DERWriter.sequence(DERWriter.identifier(OID.ecdsaPrefix + [2]))
        body = content(algorithm)
        signature = Array(try key.signature(for: SHA256.hash(data: body)).derRepresentation)
      case .p384(let key):
        algorithm = DERWriter.sequence(DERWriter.identifier(OID.ecdsaPrefix + [3]))
        body = content(algorithm)
        signature = Array(try key.signature(for: SHA384.hash(data: body)).derRepresentation)
      }
    } catch {
      throw PKIError("the key can't sign")
    }
    return DERWriter.sequence(body, algorithm, DERWriter.bits(signature))
  }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var debugDescription: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
