/// Distinguished names as text (RFC 4514).
enum DistinguishedNameText {
  /// - Parameter name: an element with the content of a `Name`, RDNs from the root on.
  /// - Returns: the RDNs from the leaf on, as RFC 4514 writes them.
  static func text(of name: DERReader.Element, in reader: DERReader) throws(PKIError) -> String {
    var rdns = reader.inside(name)
    var parts: [String] = []
    var attributes = 0
    while !rdns.isAtEnd {
      var set = try rdns.enter(DERReader.Tag.set, "a relative distinguished name")
      guard !set.isAtEnd else { throw PKIError("an empty relative distinguished name") }
      var part = ""
      while !set.isAtEnd {
        attributes += 1
        guard attributes <= PKILimits.nameAttributes else {
          throw PKIError("a name of more than \(PKILimits.nameAttributes) attributes")
        }
        var pair = try set.enter(DERReader.Tag.sequence, "an attribute of a name")
        let type = try pair.next(DERReader.Tag.objectIdentifier, "the type of a name's attribute")
        let value = try pair.next()
        try pair.expectEnd("an attribute of a name")
        if !part.isEmpty { part += "+" }
        part += try attribute(type, value, pair)
      }
      parts.append(part)
    }
    return parts.reversed().joined(separator: ",")
  }

  private static func attribute(
    _ type: DERReader.Element, _ value: DERReader.Element, _ reader: DERReader
  ) throws(PKIError) -> String {
    let identifier = reader.bytes[type.content]
    if let name = keyword(identifier), let string = string(value, reader) { return name + "=" + escaped(string) }
    guard let dotted = OID.dotted(identifier) else { throw PKIError("a name's attribute of a type that can't be") }
    return (keyword(identifier) ?? dotted) + "=#" + Hexadecimal.text(reader.bytes[value.whole])
  }

  /// The short names of RFC 4514, 3 and RFC 4519, and `emailAddress`, which certificates use much.
  private static func keyword(_ type: ArraySlice<UInt8>) -> String? {
    if type.count == 3, type.starts(with: [0x55, 4]), let last = type.last {
      switch last {
      case 3: return "CN"
      case 4: return "sn"
      case 5: return "serialNumber"
      case 6: return "C"
      case 7: return "L"
      case 8: return "ST"
      case 9: return "STREET"
      case 10: return "O"
      case 11: return "OU"
      case 12: return "title"
      case 42: return "givenName"
      default: return nil
      }
    }
    if type.elementsEqual(OID.domainComponent) { return "DC" }
    if type.elementsEqual(OID.userID) { return "UID" }
    if type.elementsEqual(OID.emailAddress) { return "emailAddress" }
    return nil
  }

  /// The text of a string type; nil when it isn't one or isn't well-formed.
  private static func string(_ value: DERReader.Element, _ reader: DERReader) -> String? {
    let bytes = reader.bytes[value.content]
    switch value.tag {
    case DERReader.Tag.utf8String: return String(validating: bytes, as: UTF8.self)
    // NumericString, PrintableString, IA5String, VisibleString
    case 0x12, 0x13, 0x16, 0x1a:
      return bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
    // TeletexString, as Latin-1
    case 0x14: return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    // BMPString
    case 0x1e:
      guard bytes.count % 2 == 0 else { return nil }
      let start = bytes.startIndex
      let units = stride(from: 0, to: bytes.count, by: 2).map {
        UInt16(bytes[start + $0]) << 8 | UInt16(bytes[start + $0 + 1])
      }
      return String(validating: units, as: UTF16.self)
    default: return nil
    }
  }

  /// RFC 4514, 2.4, and control characters as `\` with two hexadecimal digits a byte.
  static func escaped(_ text: String) -> String {
    var result = ""
    let scalars = text.unicodeScalars
    for (offset, index) in scalars.indices.enumerated() {
      let scalar = scalars[index]
      let isFirst = offset == 0
      let isLast = scalars.index(after: index) == scalars.endIndex
      switch scalar {
      case "\"", "+", ",", ";", "<", ">", "\\": result += "\\"
      case "#" where isFirst: result += "\\"
      case " " where isFirst || isLast: result += "\\"
      case _ where scalar.properties.generalCategory == .control:
        for byte in String(scalar).utf8 { result += "\\" + Hexadecimal.text([byte]) }
        continue
      default: break
      }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}
