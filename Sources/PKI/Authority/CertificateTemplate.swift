import Crypto

/// What a certificate is issued for.
public enum CertificatePurpose: String, Sendable, Codable, CaseIterable {
  case server
  case client
}

/// A certificate to sign, with everything in it.
package struct CertificateTemplate {
  var serial: [UInt8]
  /// The `Name` of the issuer.
  var issuerDER: [UInt8]
  var subjectDER: [UInt8]
  var notBefore: Int64
  var notAfter: Int64
  var publicKeyDER: [UInt8]
  /// Extensions in order.
  var extensions: [[UInt8]]

  package init(
    serial: [UInt8], issuerDER: [UInt8], subjectDER: [UInt8], notBefore: Int64, notAfter: Int64,
    publicKeyDER: [UInt8], extensions: [[UInt8]]
  ) {
    self.serial = serial
    self.issuerDER = issuerDER
    self.subjectDER = subjectDER
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.publicKeyDER = publicKeyDER
    self.extensions = extensions
  }

  package func signed(by key: SigningKey) throws(PKIError) -> [UInt8] {
    try key.signed { algorithm in
      DERWriter.sequence(
        DERWriter.element(DERReader.Tag.constructed(0), DERWriter.integer(2)), DERWriter.integer(serial), algorithm,
        issuerDER, DERWriter.sequence(DERWriter.time(notBefore), DERWriter.time(notAfter)), subjectDER, publicKeyDER,
        DERWriter.element(
          DERReader.Tag.constructed(3), DERWriter.element(DERReader.Tag.sequence, extensions.flatMap { $0 })))
    }
  }

  // MARK: Parts

  /// A name with a common name and, above it, an organisation.
  package static func name(_ commonName: String, organization: String? = nil) -> [UInt8] {
    func attribute(_ type: UInt8, _ value: String) -> [UInt8] {
      DERWriter.element(
        DERReader.Tag.set, DERWriter.sequence(DERWriter.identifier([0x55, 4, type]), DERWriter.utf8(value)))
    }
    return DERWriter.sequence(organization.map { attribute(10, $0) } ?? [], attribute(3, commonName))
  }

  static func field(_ identifier: [UInt8], isCritical: Bool = false, _ value: [UInt8]) -> [UInt8] {
    DERWriter.sequence(
      DERWriter.identifier(identifier), isCritical ? DERWriter.element(DERReader.Tag.boolean, [0xff]) : [],
      DERWriter.octets(value))
  }

  package static func standard(_ number: UInt8, isCritical: Bool = false, _ value: [UInt8]) -> [UInt8] {
    field(OID.extensionPrefix + [number], isCritical: isCritical, value)
  }

  /// The first 160 bits of the SHA-256 of the key (RFC 7093, 2, method 1).
  static func keyIdentifier(_ publicKeyDER: [UInt8]) -> [UInt8] {
    var reader = DERReader(publicKeyDER)
    guard var info = try? reader.enter(DERReader.Tag.sequence, "the key"), (try? info.next()) != nil,
      let bits = try? info.octetsOfBits("the key")
    else { return Array(SHA256.hash(data: publicKeyDER).prefix(20)) }
    return Array(SHA256.hash(data: info.bytes[bits]).prefix(20))
  }

  static func subjectKey(_ identifier: [UInt8]) -> [UInt8] { standard(0x0e, DERWriter.octets(identifier)) }

  package static func authorityKey(_ identifier: [UInt8]) -> [UInt8] {
    standard(0x23, DERWriter.sequence(DERWriter.element(DERReader.Tag.context(0), identifier)))
  }

  static func keyUsage(_ usage: CertificateFacts.KeyUsage) -> [UInt8] {
    standard(0x0f, isCritical: true, DERWriter.namedBits(usage.rawValue))
  }

  static func extendedUsage(server: Bool, client: Bool) -> [UInt8] {
    let usages =
      (server ? DERWriter.identifier(OID.usagePrefix + [1]) : [])
      + (client ? DERWriter.identifier(OID.usagePrefix + [2]) : [])
    return standard(0x25, DERWriter.element(DERReader.Tag.sequence, usages))
  }
}

/// A revocation list to sign.
struct RevocationTemplate {
  var issuerDER: [UInt8]
  var authorityKeyIdentifier: [UInt8]
  var number: UInt64
  var thisUpdate: Int64
  var nextUpdate: Int64
  var revoked: [(serial: [UInt8], at: Int64, reason: RevocationReason)]

  func signed(by key: SigningKey) throws(PKIError) -> [UInt8] {
    var entries: [UInt8] = []
    for entry in revoked {
      let reason = CertificateTemplate.standard(
        0x15, DERWriter.element(DERReader.Tag.enumerated, [entry.reason.rawValue]))
      entries += DERWriter.sequence(
        DERWriter.integer(entry.serial), DERWriter.time(entry.at),
        entry.reason == .unspecified ? [] : DERWriter.sequence(reason))
    }
    let list = entries.isEmpty ? [] : DERWriter.element(DERReader.Tag.sequence, entries)
    let extensions = DERWriter.sequence(
      CertificateTemplate.authorityKey(authorityKeyIdentifier),
      CertificateTemplate.standard(0x14, DERWriter.integer(number)))
    return try key.signed { algorithm in
      DERWriter.sequence(
        DERWriter.integer(1), algorithm, issuerDER, DERWriter.time(thisUpdate), DERWriter.time(nextUpdate), list,
        DERWriter.element(DERReader.Tag.constructed(0), extensions))
    }
  }
}
