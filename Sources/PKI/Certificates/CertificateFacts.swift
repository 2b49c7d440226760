import Crypto
public import SluiceModel

/// What one certificate says (RFC 5280), read from its DER bytes. Nothing here is verified: that is the handshake's work,
/// and `PeerVerifier`'s.
public struct CertificateFacts: Sendable, Equatable {
  /// Names, validity and fingerprint. `modbusRole` is set only when `role` is sound.
  public let identity: PeerIdentity
  public let role: PeerRole
  /// As `ECDSA P-256`, `RSA 2048`, `Ed25519`.
  public let publicKeyAlgorithm: String
  /// As `ECDSA with SHA-256`.
  public let signatureAlgorithm: String
  public let basicConstraints: BasicConstraints?
  /// Nil without the extension: any use.
  public let keyUsage: KeyUsage?
  /// Names as `serverAuth` or dotted identifiers; nil without the extension: any use.
  public let extendedKeyUsage: [String]?
  public let subjectKeyIdentifier: [UInt8]?
  public let authorityKeyIdentifier: [UInt8]?
  /// Octets without leading zeros.
  public let serial: [UInt8]
  /// The subject's DER, to compare names exactly.
  public let subjectDER: [UInt8]
  public let issuerDER: [UInt8]
  /// The SubjectPublicKeyInfo's DER.
  public let publicKeyDER: [UInt8]
  /// Dotted identifiers of critical extensions that this module doesn't know.
  public let unknownCriticalExtensions: [String]
  public let der: [UInt8]
  /// The value of the name constraints extension.
  let nameConstraintsDER: [UInt8]?
  let signed: SignedData

  /// RFC 5280, 4.2.1.9.
  public struct BasicConstraints: Sendable, Equatable {
    public var isCA: Bool
    public var pathLength: Int?
  }

  /// RFC 5280, 4.2.1.3; the raw value has bit 0 as its lowest.
  public struct KeyUsage: OptionSet, Sendable, Equatable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let digitalSignature = KeyUsage(rawValue: 1 << 0)
    public static let keyEncipherment = KeyUsage(rawValue: 1 << 2)
    public static let keyAgreement = KeyUsage(rawValue: 1 << 4)
    public static let certificateSign = KeyUsage(rawValue: 1 << 5)
    public static let revocationListSign = KeyUsage(rawValue: 1 << 6)
  }

  /// Whether it is a certificate authority's.
  public var isCA: Bool { basicConstraints?.isCA == true }

  /// Whether subject and issuer are the same.
  public var isSelfIssued: Bool { subjectDER == issuerDER }

  /// SHA-256 of the SubjectPublicKeyInfo.
  public var publicKeyHash: [UInt8] { Array(SHA256.hash(data: publicKeyDER)) }

  /// The key's pin as RFC 7469, 2.4 writes it: `sha256/` and base64.
  public var publicKeyPin: String { "sha256/" + Base64.text(publicKeyHash) }

  /// Reads one certificate. Takes some microseconds: do it once a handshake.
  ///
  /// - Parameter der: the whole certificate, at most `PKILimits.certificateBytes`.
  /// - Throws: when it isn't one well-formed certificate, has an extension twice (the role excepted, see `role`) or a name
  ///   with a control character.
  public init(der: [UInt8]) throws(PKIError) {
    guard der.count <= PKILimits.certificateBytes else {
      throw PKIError("the certificate is longer than \(PKILimits.certificateBytes) bytes")
    }
    var reader = DERReader(der)
    let signed = try SignedData(&reader, "the certificate")
    var tbs = signed.content(of: reader)
    var version = 0
    if let explicit = try tbs.nextIf(DERReader.Tag.constructed(0)) {
      var inner = tbs.inside(explicit)
      version = try inner.smallInteger("the certificate's version")
      try inner.expectEnd("the certificate's version")
      guard version <= 2 else { throw PKIError("a certificate of version \(version + 1)") }
    }
    let serial = try tbs.serialNumber()
    let algorithm = try tbs.next(DERReader.Tag.sequence, "the signature's algorithm")
    try signed.expectAlgorithm(der[algorithm.whole], der, "the certificate")
    let issuer = try tbs.next(DERReader.Tag.sequence, "the issuer")
    var validity = try tbs.enter(DERReader.Tag.sequence, "the validity")
    let notBefore = try validity.time("the beginning of the validity")
    let notAfter = try validity.time("the end of the validity")
    try validity.expectEnd("the validity")
    let subject = try tbs.next(DERReader.Tag.sequence, "the subject")
    let key = try tbs.next(DERReader.Tag.sequence, "the public key")
    _ = try tbs.nextIf(DERReader.Tag.context(1))
    _ = try tbs.nextIf(DERReader.Tag.context(2))
    var extensions = CertificateExtensions()
    if let explicit = try tbs.nextIf(DERReader.Tag.constructed(3)) {
      guard version == 2 else { throw PKIError("a certificate of version \(version + 1) with extensions") }
      try extensions.read(tbs.inside(explicit))
    }
    try tbs.expectEnd("the certificate")

    let usage = extensions.keyUsage ?? []
    let isCA = extensions.basicConstraints?.isCA == true
    let spiffe = SPIFFEID.ofLeaf(
      uris: extensions.uris, isCA: isCA, signs: !usage.isDisjoint(with: [.certificateSign, .revocationListSign]))
    let issuerText = try DistinguishedNameText.text(of: issuer, in: tbs)
    let sameName = der[issuer.whole] == der[subject.whole]
    identity = PeerIdentity(
      subject: sameName ? issuerText : try DistinguishedNameText.text(of: subject, in: tbs), issuer: issuerText,
      serialNumber: SerialNumber.text(der[serial]), dnsNames: extensions.dnsNames,
      ipAddresses: extensions.ipAddresses, uris: extensions.uris, emailAddresses: extensions.emailAddresses,
      spiffeID: spiffe?.description, fingerprint: Hexadecimal.text(Array(SHA256.hash(data: der))),
      modbusRole: extensions.role.name, notBefore: notBefore, notAfter: notAfter)
    role = extensions.role
    publicKeyAlgorithm = try AlgorithmText.publicKey(tbs.inside(key))
    signatureAlgorithm = try AlgorithmText.signature(tbs.inside(algorithm))
    basicConstraints = extensions.basicConstraints
    keyUsage = extensions.keyUsage
    extendedKeyUsage = extensions.extendedKeyUsage
    subjectKeyIdentifier = extensions.subjectKeyIdentifier
    authorityKeyIdentifier = extensions.authorityKeyIdentifier
    self.serial = Array(der[serial])
    subjectDER = Array(der[subject.whole])
    issuerDER = Array(der[issuer.whole])
    publicKeyDER = Array(der[key.whole])
    unknownCriticalExtensions = extensions.unknownCritical
    nameConstraintsDER = extensions.nameConstraints
    self.der = der
    self.signed = signed
  }

  /// The names that an authority's certificate may vouch for; nil without the extension.
  ///
  /// - Throws: when it has names of a kind that isn't supported.
  public func nameConstraints() throws(PKIError) -> NameConstraints? {
    guard let nameConstraintsDER else { return nil }
    return try NameConstraints(encoded: nameConstraintsDER)
  }

  /// Whether this certificate's signature is by the key of another.
  ///
  /// - Throws: when the algorithm isn't supported or isn't one of that key.
  public func isSigned(by issuer: CertificateFacts) throws(PKIError) -> Bool {
    try signed.isValid(der, publicKeyDER: issuer.publicKeyDER)
  }
}

/// Serial numbers as text.
public enum SerialNumber {
  /// Lowercase hexadecimal without leading zeros.
  public static func text(_ octets: some Collection<UInt8>) -> String {
    let text = Hexadecimal.text(octets)
    let short = text.drop { $0 == "0" }
    return short.isEmpty ? "0" : String(short)
  }

  /// Reads hexadecimal digits, with colons or without, as octets without leading zeros; nil for anything else.
  public static func octets(_ text: String) -> [UInt8]? {
    let digits = text.filter { $0 != ":" }
    guard (1...PKILimits.serialBytes * 2).contains(digits.utf8.count),
      let bytes = Hexadecimal.bytes(digits.utf8.count % 2 == 0 ? digits : "0" + digits)
    else { return nil }
    let octets = Array(bytes.drop { $0 == 0 })
    return octets.isEmpty ? [0] : octets
  }
}
