import SluiceModel

/// The extensions of a certificate that matter here.
struct CertificateExtensions {
  var dnsNames: [String] = []
  var ipAddresses: [IPAddress] = []
  var uris: [String] = []
  var emailAddresses: [String] = []
  var role = PeerRole.none
  var basicConstraints: CertificateFacts.BasicConstraints?
  var keyUsage: CertificateFacts.KeyUsage?
  var extendedKeyUsage: [String]?
  var subjectKeyIdentifier: [UInt8]?
  var authorityKeyIdentifier: [UInt8]?
  /// The value of the name constraints.
  var nameConstraints: [UInt8]?
  var unknownCritical: [String] = []

  /// One extension in its place.
  struct Field {
    var identifier: ArraySlice<UInt8>
    var isCritical: Bool
    /// The content of its OCTET STRING.
    var value: DERReader

    /// The last octet of an identifier below 2.5.29.
    var standard: UInt8? {
      identifier.count == 3 && identifier.starts(with: OID.extensionPrefix) ? identifier.last : nil
    }
  }

  /// The fields of an `Extensions` sequence; the reader holds it and nothing else.
  static func fields(_ reader: DERReader) throws(PKIError) -> [Field] {
    var reader = reader
    var list = try reader.enter(DERReader.Tag.sequence, "the extensions")
    try reader.expectEnd("the extensions")
    return try all(&list)
  }

  /// The fields of the content of an `Extensions` sequence.
  static func all(_ list: inout DERReader) throws(PKIError) -> [Field] {
    var fields: [Field] = []
    while !list.isAtEnd {
      guard fields.count < PKILimits.extensions else {
        throw PKIError("more than \(PKILimits.extensions) extensions")
      }
      var item = try list.enter(DERReader.Tag.sequence, "an extension")
      let identifier = try item.next(DERReader.Tag.objectIdentifier, "an extension's identifier")
      let isCritical = item.nextTag == DERReader.Tag.boolean ? try item.boolean() : false
      let value = try item.enter(DERReader.Tag.octetString, "an extension's value")
      try item.expectEnd("an extension")
      fields.append(Field(identifier: item.bytes[identifier.content], isCritical: isCritical, value: value))
    }
    return fields
  }

  mutating func read(_ reader: DERReader) throws(PKIError) {
    let fields = try Self.fields(reader)
    for (index, field) in fields.enumerated() {
      if fields[..<index].contains(where: { $0.identifier == field.identifier }) {
        guard field.identifier.elementsEqual(OID.modbusRole) else {
          throw PKIError("the extension \(OID.dotted(field.identifier) ?? "of no name") twice")
        }
        role = .invalid(.duplicate)
        continue
      }
      try read(field)
    }
  }

  private mutating func read(_ field: Field) throws(PKIError) {
    var value = field.value
    switch field.standard {
    case 0x0e:
      subjectKeyIdentifier = value.copy(try value.next(DERReader.Tag.octetString, "the subject key identifier").content)
    case 0x0f: keyUsage = .init(rawValue: try value.namedBits("the key usage"))
    case 0x11: try readNames(&value)
    case 0x13: basicConstraints = try Self.constraints(&value)
    case 0x1e: nameConstraints = value.copy(try value.next(DERReader.Tag.sequence, "the name constraints").whole)
    case 0x23: authorityKeyIdentifier = try Self.keyIdentifier(&value)
    case 0x25: extendedKeyUsage = try Self.usages(&value)
    default:
      if field.identifier.elementsEqual(OID.modbusRole) {
        role = PeerRole(extensionValue: value.bytes[value.position..<value.end])
      } else if field.isCritical {
        unknownCritical.append(OID.dotted(field.identifier) ?? "of no name")
      }
      return
    }
    try value.expectEnd("an extension")
  }

  /// GeneralNames (RFC 5280, 4.2.1.6).
  private mutating func readNames(_ value: inout DERReader) throws(PKIError) {
    var names = try value.enter(DERReader.Tag.sequence, "the alternative names")
    var count = 0
    while !names.isAtEnd {
      count += 1
      guard count <= PKILimits.alternativeNames else {
        throw PKIError("more than \(PKILimits.alternativeNames) alternative names")
      }
      let name = try names.next()
      switch name.tag {
      case DERReader.Tag.context(1): emailAddresses.append(try Self.text(name, names, "an e-mail address"))
      case DERReader.Tag.context(2): dnsNames.append(try Self.text(name, names, "a DNS name").lowercased())
      case DERReader.Tag.context(6): uris.append(try Self.text(name, names, "a URI"))
      case DERReader.Tag.context(7):
        guard let address = Self.address(names.bytes[name.content]) else {
          throw PKIError("an alternative name with an address of \(name.content.count) bytes")
        }
        ipAddresses.append(address)
      // otherName, x400Address, directoryName, ediPartyName, registeredID
      case 0xa0, 0xa3, 0xa4, 0xa5, 0x88: break
      default: throw PKIError("an alternative name of a kind that can't be")
      }
    }
  }

  /// A NUL or a line feed in a name deceives whoever compares or shows it.
  private static func text(
    _ element: DERReader.Element, _ reader: DERReader, _ what: String
  ) throws(PKIError) -> String {
    let bytes = reader.bytes[element.content]
    guard !bytes.isEmpty, bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else {
      throw PKIError("an alternative name, \(what), that is empty or has other than plain ASCII characters")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func address(_ bytes: ArraySlice<UInt8>) -> IPAddress? {
    switch bytes.count {
    case 4: return IPAddress(v4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    case 16:
      return IPAddress(
        high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
        low: bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) })
    default: return nil
    }
  }

  private static func constraints(
    _ value: inout DERReader
  ) throws(PKIError) -> CertificateFacts.BasicConstraints {
    var fields = try value.enter(DERReader.Tag.sequence, "the basic constraints")
    let isCA = fields.nextTag == DERReader.Tag.boolean ? try fields.boolean() : false
    let length = fields.isAtEnd ? nil : try fields.smallInteger("the path length")
    try fields.expectEnd("the basic constraints")
    return .init(isCA: isCA, pathLength: length)
  }

  /// The key identifier of an AuthorityKeyIdentifier; nil when it names only issuer and serial.
  static func keyIdentifier(_ value: inout DERReader) throws(PKIError) -> [UInt8]? {
    var fields = try value.enter(DERReader.Tag.sequence, "the authority key identifier")
    return try fields.nextIf(DERReader.Tag.context(0)).map { fields.copy($0.content) }
  }

  private static func usages(_ value: inout DERReader) throws(PKIError) -> [String] {
    var list = try value.enter(DERReader.Tag.sequence, "the extended key usage")
    var usages: [String] = []
    while !list.isAtEnd, usages.count < PKILimits.extensions {
      let content = list.bytes[try list.next(DERReader.Tag.objectIdentifier, "an extended key usage").content]
      usages.append(usageName(content))
    }
    return usages
  }

  private static func usageName(_ content: ArraySlice<UInt8>) -> String {
    if content.elementsEqual(OID.anyUsage) { return "any" }
    if content.count == 8, content.starts(with: OID.usagePrefix) {
      switch content.last {
      case 1: return "serverAuth"
      case 2: return "clientAuth"
      case 3: return "codeSigning"
      case 4: return "emailProtection"
      case 8: return "timeStamping"
      case 9: return "OCSPSigning"
      default: break
      }
    }
    return OID.dotted(content) ?? "unknown"
  }
}
