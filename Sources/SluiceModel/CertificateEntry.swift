/// A certificate that the gate uses or trusts, for the ledger: no key material, only what the certificate says in public.
public struct CertificateEntry: Sendable, Codable, Equatable {
  public var leg: TLSLeg
  /// The listener, pool or asset that it is configured for.
  public var place: String
  /// RFC 4514 text.
  public var subject: String
  /// RFC 4514 text.
  public var issuer: String
  /// Lowercase hexadecimal, without leading zeros.
  public var serialNumber: String
  /// DNS names, addresses and URIs that it is for.
  public var names: [String]
  /// Such as `RSA 2048`, `P-256` or `ML-DSA-65`.
  public var keyAlgorithm: String
  /// Such as `ECDSA with SHA-256`.
  public var signatureAlgorithm: String
  /// Seconds since the Unix epoch.
  public var notBefore: Int64
  /// Seconds since the Unix epoch.
  public var notAfter: Int64
  /// SHA-256 of the certificate, lowercase hexadecimal.
  public var fingerprint: String
  /// The file that it was read from; nil when it is from none.
  public var file: String?

  public init(
    leg: TLSLeg, place: String, subject: String, issuer: String, serialNumber: String, names: [String] = [],
    keyAlgorithm: String, signatureAlgorithm: String, notBefore: Int64, notAfter: Int64, fingerprint: String,
    file: String? = nil
  ) {
    self.leg = leg
    self.place = place
    self.subject = subject
    self.issuer = issuer
    self.serialNumber = serialNumber
    self.names = names
    self.keyAlgorithm = keyAlgorithm
    self.signatureAlgorithm = signatureAlgorithm
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.fingerprint = fingerprint
    self.file = file
  }
}
