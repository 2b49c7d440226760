/// What a revocation list says about a certificate.
public enum RevocationStatus: Sendable, Equatable {
  case good
  /// When (seconds since the Unix epoch) and why.
  case revoked(at: Int64, RevocationReason)
  /// The list's next update was due then: nothing can be said.
  case stale(since: Int64)
  /// The list begins to count then: nothing can be said.
  case notYetValid(from: Int64)
}

/// A certificate revocation list (RFC 5280, 5), complete for its issuer. Reading it doesn't verify it: see
/// `isSigned(by:)` and `RevocationSet`.
public struct RevocationList: Sendable, Equatable {
  /// RFC 4514 text.
  public let issuer: String
  /// The issuer's DER, to compare names exactly.
  public let issuerDER: [UInt8]
  public let authorityKeyIdentifier: [UInt8]?
  /// The CRL number's octets, without leading zeros; nil when there is none.
  public let number: [UInt8]?
  /// Seconds since the Unix epoch.
  public let thisUpdate: Int64
  /// Seconds since the Unix epoch.
  public let nextUpdate: Int64
  public let signatureAlgorithm: String
  private let serials: RevokedSerials
  private let signed: SignedData
  private let der: [UInt8]

  /// How many serial numbers are revoked.
  public var count: Int { serials.entries.count }

  /// Reads one list.
  ///
  /// - Parameter der: the whole list, at most `PKILimits.revocationListBytes`.
  /// - Throws: when it isn't well-formed, and when it is one that can't stand alone: a delta, an indirect list or one for
  ///   part of the issuer's certificates, one without a next update, or one with a critical extension that isn't known.
  public init(der: [UInt8]) throws(PKIError) {
    guard der.count <= PKILimits.revocationListBytes else {
      throw PKIError("the revocation list is longer than \(PKILimits.revocationListBytes) bytes")
    }
    var reader = DERReader(der)
    let signed = try SignedData(&reader, "the revocation list")
    var list = signed.content(of: reader)
    var version = 0
    if list.nextTag == DERReader.Tag.integer {
      version = try list.smallInteger("the revocation list's version")
      guard version == 1 else { throw PKIError("a revocation list of version \(version + 1)") }
    }
    let algorithm = try list.next(DERReader.Tag.sequence, "the signature's algorithm")
    try signed.expectAlgorithm(der[algorithm.whole], der, "the revocation list")
    let issuer = try list.next(DERReader.Tag.sequence, "the issuer")
    let thisUpdate = try list.time("the time of this update")
    guard [DERReader.Tag.utcTime, DERReader.Tag.generalizedTime].contains(list.nextTag) else {
      throw PKIError("a revocation list without its next update")
    }
    nextUpdate = try list.time("the time of the next update")
    var serials = RevokedSerials()
    if let revoked = try list.nextIf(DERReader.Tag.sequence) {
      try Self.readEntries(list.inside(revoked), version: version, into: &serials)
    }
    var extensions = ListExtensions()
    if let explicit = try list.nextIf(DERReader.Tag.constructed(0)) {
      guard version == 1 else { throw PKIError("a revocation list of version 1 with extensions") }
      try extensions.read(list.inside(explicit))
    }
    try list.expectEnd("the revocation list")
    self.issuer = try DistinguishedNameText.text(of: issuer, in: list)
    issuerDER = Array(der[issuer.whole])
    authorityKeyIdentifier = extensions.authorityKeyIdentifier
    number = extensions.number
    self.thisUpdate = thisUpdate
    signatureAlgorithm = try signed.algorithmText(der)
    self.serials = serials
    self.signed = signed
    self.der = der
  }

  private static func readEntries(
    _ reader: DERReader, version: Int, into serials: inout RevokedSerials
  ) throws(PKIError) {
    var entries = reader
    while !entries.isAtEnd {
      guard serials.entries.count < PKILimits.revokedCertificates else {
        throw PKIError("more than \(PKILimits.revokedCertificates) entries in the revocation list")
      }
      var entry = try entries.enter(DERReader.Tag.sequence, "an entry of the revocation list")
      let serial = try entry.serialNumber()
      let date = try entry.time("the time of a revocation")
      var reason = RevocationReason.unspecified
      if !entry.isAtEnd {
        guard version == 1 else { throw PKIError("an entry with extensions in a revocation list of version 1") }
        var list = try entry.enter(DERReader.Tag.sequence, "the extensions of an entry")
        reason = try Self.reason(&list)
        try entry.expectEnd("an entry of the revocation list")
      }
      guard let key = RevokedSerials.Key(entry.bytes[serial]) else { throw PKIError("a serial number too long") }
      serials.append(RevokedSerials.Entry(key: key, reason: reason, date: date))
    }
    serials.finish()
  }

  private static func reason(_ list: inout DERReader) throws(PKIError) -> RevocationReason {
    var reason = RevocationReason.unspecified
    for field in try CertificateExtensions.all(&list) {
      switch field.standard {
      case 0x15:
        var value = field.value
        let element = try value.next(DERReader.Tag.enumerated, "the reason of a revocation")
        try value.expectEnd("the reason of a revocation")
        guard element.content.count == 1, let code = value.bytes[element.content].first,
          let known = RevocationReason(rawValue: code)
        else { throw PKIError("a revocation for a reason that can't be in a complete list") }
        reason = known
      case 0x1d: throw PKIError("an indirect revocation list, with entries of other issuers, isn't supported")
      default:
        if field.isCritical {
          throw PKIError(
            "an entry with the critical extension \(OID.dotted(field.identifier) ?? "of no name"), which isn't known")
        }
      }
    }
    return reason
  }

  /// What the list says about a serial number of its issuer, in O(log n). A revoked certificate stays revoked when the
  /// list is stale.
  ///
  /// - Parameters:
  ///   - serial: octets, as `CertificateFacts.serial`.
  ///   - now: seconds since the Unix epoch.
  public func status(of serial: [UInt8], at now: Int64) -> RevocationStatus {
    if let entry = serials.entry(of: serial[...]) { return .revoked(at: entry.date, entry.reason) }
    if now > nextUpdate { return .stale(since: nextUpdate) }
    return now < thisUpdate ? .notYetValid(from: thisUpdate) : .good
  }

  /// Whether a certificate's key signed the list, and may: its name is the issuer's, and its key usage, if it has one,
  /// includes signing lists (RFC 5280, 6.3.3 f).
  ///
  /// - Throws: when the algorithm isn't supported or isn't one of that key.
  public func isSigned(by certificate: CertificateFacts) throws(PKIError) -> Bool {
    guard certificate.subjectDER == issuerDER else { return false }
    if let usage = certificate.keyUsage, !usage.contains(.revocationListSign) { return false }
    return try signed.isValid(der, publicKeyDER: certificate.publicKeyDER)
  }

  /// Whether the list speaks for a certificate: same issuer, and the same key of it where both name one.
  public func covers(_ certificate: CertificateFacts) -> Bool {
    guard certificate.issuerDER == issuerDER else { return false }
    guard let ours = authorityKeyIdentifier, let theirs = certificate.authorityKeyIdentifier else { return true }
    return ours == theirs
  }
}

/// The extensions of a revocation list (RFC 5280, 5.2).
private struct ListExtensions {
  var authorityKeyIdentifier: [UInt8]?
  var number: [UInt8]?

  mutating func read(_ reader: DERReader) throws(PKIError) {
    var seen: [ArraySlice<UInt8>] = []
    for field in try CertificateExtensions.fields(reader) {
      guard !seen.contains(field.identifier) else {
        throw PKIError("the extension \(OID.dotted(field.identifier) ?? "of no name") twice")
      }
      seen.append(field.identifier)
      var value = field.value
      switch field.standard {
      case 0x14: number = value.copy(try value.serialNumber())
      case 0x23: authorityKeyIdentifier = try CertificateExtensions.keyIdentifier(&value)
      case 0x1b: throw PKIError("a delta revocation list isn't supported", hint: "use the complete list")
      case 0x1c: try Self.checkDistributionPoint(&value)
      default:
        if field.isCritical {
          throw PKIError(
            "a revocation list with the critical extension \(OID.dotted(field.identifier) ?? "of no name"), "
              + "which isn't known")
        }
      }
    }
  }

  /// IssuingDistributionPoint (RFC 5280, 5.2.5): whatever it says, the list is for some of the certificates only.
  private static func checkDistributionPoint(_ value: inout DERReader) throws(PKIError) {
    var fields = try value.enter(DERReader.Tag.sequence, "the issuing distribution point")
    while !fields.isAtEnd {
      if try fields.next().tag == DERReader.Tag.context(4) {
        throw PKIError("an indirect revocation list, with entries of other issuers, isn't supported")
      }
      throw PKIError(
        "a revocation list for part of its issuer's certificates (issuing distribution point) isn't supported",
        hint: "use the complete list")
    }
  }
}
