/// Algorithms of keys and signatures, as people name them.
enum AlgorithmText {
  /// - Parameter info: the SubjectPublicKeyInfo.
  /// - Returns: `ECDSA P-256`, `RSA 2048`, `Ed25519`, or the dotted identifier.
  static func publicKey(_ info: DERReader) throws(PKIError) -> String {
    var info = info
    var algorithm = try info.enter(DERReader.Tag.sequence, "the algorithm of the public key")
    let type = try algorithm.next(DERReader.Tag.objectIdentifier, "the algorithm of the public key").content
    let parameters = algorithm.isAtEnd ? nil : try algorithm.next()
    try algorithm.expectEnd("the algorithm of the public key")
    let key = try info.octetsOfBits("the public key")
    try info.expectEnd("the public key")
    let bytes = info.bytes[type]
    if bytes.elementsEqual(OID.ecPublicKey) {
      guard let curve = parameters, curve.tag == DERReader.Tag.objectIdentifier else { return "ECDSA" }
      if info.equals(curve.content, OID.p256) { return "ECDSA P-256" }
      if info.equals(curve.content, OID.p384) { return "ECDSA P-384" }
      if info.equals(curve.content, OID.p521) { return "ECDSA P-521" }
      return "ECDSA " + (OID.dotted(info.bytes[curve.content]) ?? "of an unknown curve")
    }
    if bytes.starts(with: OID.rsaPrefix), bytes.count == 9, bytes.last == 1 || bytes.last == 0x0a {
      return "RSA \(try modulusBits(Array(info.bytes[key])))"
    }
    if bytes.elementsEqual(OID.ed25519) { return "Ed25519" }
    if bytes.elementsEqual(OID.ed448) { return "Ed448" }
    return OID.dotted(bytes) ?? "unknown"
  }

  private static func modulusBits(_ key: [UInt8]) throws(PKIError) -> Int {
    var reader = DERReader(key)
    var numbers = try reader.enter(DERReader.Tag.sequence, "the RSA key")
    let modulus = numbers.bytes[try numbers.integer("the RSA modulus")].drop { $0 == 0 }
    return modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
  }

  /// - Parameter algorithm: an AlgorithmIdentifier.
  static func signature(_ algorithm: DERReader) throws(PKIError) -> String {
    if let known = try? SignatureAlgorithm(algorithm) { return known.description }
    var reader = algorithm
    let type = reader.bytes[try reader.next(DERReader.Tag.objectIdentifier, "the signature's algorithm").content]
    if type.starts(with: OID.rsaPrefix), type.count == 9 {
      switch type.last {
      case 4: return "RSA with MD5"
      case 5: return "RSA with SHA-1"
      case 0x0a: return "RSA-PSS"
      default: break
      }
    }
    if type.elementsEqual(OID.ecdsaSHA1) { return "ECDSA with SHA-1" }
    if type.elementsEqual(OID.ed448) { return "Ed448" }
    return OID.dotted(type) ?? "unknown"
  }
}
