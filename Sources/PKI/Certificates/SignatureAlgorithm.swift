import Crypto
import CryptoExtras

/// A signature algorithm that this module can verify: ECDSA, RSA (PKCS#1 v1.5 and PSS) with SHA-2, and Ed25519.
enum SignatureAlgorithm: Equatable, CustomStringConvertible {
  enum Hash: Int {
    case sha256 = 256
    case sha384 = 384
    case sha512 = 512

    /// The last octet of a hash identifier below `OID.sha2Prefix`.
    init?(lastOctet: UInt8?) {
      switch lastOctet {
      case 1: self = .sha256
      case 2: self = .sha384
      case 3: self = .sha512
      default: return nil
      }
    }
  }

  case ecdsa(Hash)
  case rsa(Hash)
  case rsaPSS(Hash)
  case ed25519

  var description: String {
    switch self {
    case .ecdsa(let hash): "ECDSA with SHA-\(hash.rawValue)"
    case .rsa(let hash): "RSA with SHA-\(hash.rawValue)"
    case .rsaPSS(let hash): "RSA-PSS with SHA-\(hash.rawValue)"
    case .ed25519: "Ed25519"
    }
  }

  /// - Parameter identifier: the content of an AlgorithmIdentifier.
  /// - Throws: when the algorithm, or what its parameters say, can't be verified here.
  init(_ identifier: DERReader) throws(PKIError) {
    var reader = identifier
    let type = reader.bytes[try reader.next(DERReader.Tag.objectIdentifier, "the signature's algorithm").content]
    let found: SignatureAlgorithm?
    if type.count == 8, type.starts(with: OID.ecdsaPrefix) {
      found = Hash(lastOctet: type.last.map { $0 &- 1 }).map { .ecdsa($0) }
    } else if type.count == 9, type.starts(with: OID.rsaPrefix), type.last == 0x0a {
      self = .rsaPSS(try Self.pssHash(reader))
      return
    } else if type.count == 9, type.starts(with: OID.rsaPrefix) {
      found = Hash(lastOctet: type.last.map { $0 &- 0x0a }).map { .rsa($0) }
      if try reader.nextIf(DERReader.Tag.null) != nil { try reader.expectEnd("the signature's algorithm") }
    } else {
      found = type.elementsEqual(OID.ed25519) ? .ed25519 : nil
    }
    guard let found else {
      throw PKIError("a signature algorithm that isn't supported: \(OID.dotted(type) ?? "unknown")")
    }
    try reader.expectEnd("the signature's algorithm")
    self = found
  }

  /// RSASSA-PSS-params (RFC 4055, 3.1): one hash for both uses, and a salt as long as it.
  private static func pssHash(_ reader: DERReader) throws(PKIError) -> Hash {
    let unsupported = PKIError("RSA-PSS with parameters that aren't supported: one SHA-2 for all, salt as long as it")
    var reader = reader
    guard !reader.isAtEnd else { throw unsupported }
    var parameters = try reader.enter(DERReader.Tag.sequence, "the RSA-PSS parameters")
    try reader.expectEnd("the signature's algorithm")
    guard var outer = try parameters.nextIf(DERReader.Tag.constructed(0)).map({ parameters.inside($0) }),
      var generator = try parameters.nextIf(DERReader.Tag.constructed(1)).map({ parameters.inside($0) }),
      var salt = try parameters.nextIf(DERReader.Tag.constructed(2)).map({ parameters.inside($0) })
    else { throw unsupported }
    guard let hash = try sha2(&outer) else { throw unsupported }
    var mask = try generator.enter(DERReader.Tag.sequence, "the mask generation of RSA-PSS")
    let function = mask.bytes[try mask.next(DERReader.Tag.objectIdentifier, "the mask generation").content]
    guard function.elementsEqual(OID.rsaPrefix + [8]), try sha2(&mask) == hash,
      try salt.smallInteger("the salt's length") * 8 == hash.rawValue
    else { throw unsupported }
    return hash
  }

  private static func sha2(_ reader: inout DERReader) throws(PKIError) -> Hash? {
    var algorithm = try reader.enter(DERReader.Tag.sequence, "a hash algorithm")
    let type = algorithm.bytes[try algorithm.next(DERReader.Tag.objectIdentifier, "a hash algorithm").content]
    return type.count == 9 && type.starts(with: OID.sha2Prefix) ? Hash(lastOctet: type.last) : nil
  }

  /// What comes before the 32 octets of a key (RFC 8410, 4).
  private static let ed25519Prefix: [UInt8] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0]

  /// Whether a signature is right.
  ///
  /// - Parameter publicKeyDER: the signer's SubjectPublicKeyInfo.
  /// - Throws: when the key isn't of the algorithm's kind or can't be used.
  func isValid(
    signature: ArraySlice<UInt8>, of message: ArraySlice<UInt8>, publicKeyDER: [UInt8]
  ) throws(PKIError) -> Bool {
    switch self {
    case .ecdsa(.sha256): return try ecdsa(signature, SHA256.hash(data: message), publicKeyDER)
    case .ecdsa(.sha384): return try ecdsa(signature, SHA384.hash(data: message), publicKeyDER)
    case .ecdsa(.sha512): return try ecdsa(signature, SHA512.hash(data: message), publicKeyDER)
    case .rsa(let hash): return try rsa(signature, message, hash, .insecurePKCS1v1_5, publicKeyDER)
    case .rsaPSS(let hash): return try rsa(signature, message, hash, .PSS, publicKeyDER)
    case .ed25519:
      guard publicKeyDER.count == 44, publicKeyDER.starts(with: Self.ed25519Prefix),
        let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKeyDER.suffix(32))
      else { throw wrongKey }
      return key.isValidSignature(Array(signature), for: Array(message))
    }
  }

  private var wrongKey: PKIError { PKIError("the issuer's key isn't one for \(self)") }

  private func ecdsa(
    _ signature: ArraySlice<UInt8>, _ digest: some Digest, _ key: [UInt8]
  ) throws(PKIError) -> Bool {
    if let key = try? P256.Signing.PublicKey(derRepresentation: key) {
      return (try? P256.Signing.ECDSASignature(derRepresentation: signature))
        .map { key.isValidSignature($0, for: digest) } ?? false
    }
    if let key = try? P384.Signing.PublicKey(derRepresentation: key) {
      return (try? P384.Signing.ECDSASignature(derRepresentation: signature))
        .map { key.isValidSignature($0, for: digest) } ?? false
    }
    if let key = try? P521.Signing.PublicKey(derRepresentation: key) {
      return (try? P521.Signing.ECDSASignature(derRepresentation: signature))
        .map { key.isValidSignature($0, for: digest) } ?? false
    }
    throw wrongKey
  }

  private func rsa(
    _ signature: ArraySlice<UInt8>, _ message: ArraySlice<UInt8>, _ hash: Hash, _ padding: _RSA.Signing.Padding,
    _ key: [UInt8]
  ) throws(PKIError) -> Bool {
    guard let key = try? _RSA.Signing.PublicKey(derRepresentation: key) else { throw wrongKey }
    let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
    switch hash {
    case .sha256: return key.isValidSignature(signature, for: SHA256.hash(data: message), padding: padding)
    case .sha384: return key.isValidSignature(signature, for: SHA384.hash(data: message), padding: padding)
    case .sha512: return key.isValidSignature(signature, for: SHA512.hash(data: message), padding: padding)
    }
  }
}
