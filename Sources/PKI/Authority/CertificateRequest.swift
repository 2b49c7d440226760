/// A certificate signing request (RFC 2986) whose signature is right. Only its public key is taken.
public struct CertificateRequest: Sendable, Equatable {
  /// The SubjectPublicKeyInfo.
  public let publicKeyDER: [UInt8]
  /// RFC 4514 text: what was asked for, to show.
  public let subject: String
  public let publicKeyAlgorithm: String

  static let labels: Set<String> = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]

  /// - Parameter pem: a file with exactly one request.
  /// - Throws: when it isn't one, when its signature isn't by its key, or when the key is of a kind or size that isn't
  ///   certified.
  public init(pem: [UInt8]) throws(PKIError) {
    let requests = try PEM.blocks(pem, maximumBytes: 1 << 20).filter { Self.labels.contains($0.label) }
    guard let block = requests.first, requests.count == 1 else {
      throw PKIError(
        "the file has \(requests.count) certificate requests",
        hint: "it needs exactly one `-----BEGIN CERTIFICATE REQUEST-----`")
    }
    try self.init(der: block.der)
  }

  /// - Throws: as `init(pem:)`.
  public init(der: [UInt8]) throws(PKIError) {
    guard der.count <= PKILimits.certificateBytes else { throw PKIError("the request is too long") }
    var reader = DERReader(der)
    let signed = try SignedData(&reader, "the request")
    var info = signed.content(of: reader)
    guard try info.smallInteger("the request's version") == 0 else { throw PKIError("a request of another version") }
    let subject = try info.next(DERReader.Tag.sequence, "the subject")
    let key = try info.next(DERReader.Tag.sequence, "the public key")
    self.subject = try DistinguishedNameText.text(of: subject, in: info)
    publicKeyAlgorithm = try AlgorithmText.publicKey(info.inside(key))
    publicKeyDER = Array(der[key.whole])
    let isKnown = ["ECDSA P-256", "ECDSA P-384", "ECDSA P-521", "Ed25519"].contains(publicKeyAlgorithm)
    let bits = publicKeyAlgorithm.hasPrefix("RSA ") ? Int(publicKeyAlgorithm.dropFirst(4)) ?? 0 : 0
    guard isKnown || (2048...8192).contains(bits) else {
      throw PKIError(
        "a key of the kind `\(publicKeyAlgorithm)` isn't certified",
        hint: "use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA with 2048 to 8192 bits")
    }
    guard try signed.isValid(der, publicKeyDER: publicKeyDER) else {
      throw PKIError("the request isn't signed by the key in it")
    }
  }
}
