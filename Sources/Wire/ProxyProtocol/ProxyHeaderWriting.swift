extension ProxyHeader {
  /// Appends the header as a line of version 1; what it can't say, fields above all, is left out.
  /// - Throws: `notRepresentable` for Unix paths and datagrams; then nothing was appended.
  public func writeLine(to out: inout [UInt8]) throws(ProxyProtocolError) {
    guard !isDatagram else { throw ProxyProtocolError(.notRepresentable) }
    switch origin {
    case .unix: throw ProxyProtocolError(.notRepresentable)
    case .local, .unspecified: out.append("PROXY UNKNOWN\r\n")
    case .proxied(let source, let destination):
      let isV4 = source.address.isV4 && destination.address.isV4
      out.append(isV4 ? "PROXY TCP4 " : "PROXY TCP6 ")
      for end in [source, destination] {
        if isV4 {
          AddressText.appendV4(UInt32(truncatingIfNeeded: end.address.low), to: &out)
        } else {
          AddressText.appendV6(end.address, to: &out)
        }
        out.append(0x20)
      }
      out.appendDecimal(Int(source.port))
      out.append(0x20)
      out.appendDecimal(Int(destination.port))
      out.append("\r\n")
    }
  }

  /// Appends the header in the binary form of version 2. Behind a local or an unspecified origin no fields are written.
  /// - Parameter checksum: whether a CRC-32C follows the fields.
  /// - Throws: `notRepresentable` when a field or the whole is longer than the form allows; then nothing was appended.
  public func writeBinary(to out: inout [UInt8], checksum: Bool = false) throws(ProxyProtocolError) {
    var body: [UInt8] = []
    var family: UInt8 = isDatagram ? 2 : 1
    switch origin {
    case .local, .unspecified: family = 0
    case .proxied(let source, let destination):
      let isV4 = source.address.isV4 && destination.address.isV4
      family |= isV4 ? 0x10 : 0x20
      for end in [source, destination] {
        if !isV4 { body.appendNumber(end.address.high, bytes: 8) }
        body.appendNumber(end.address.low, bytes: isV4 ? 4 : 8)
      }
      for end in [source, destination] { body.appendNumber(UInt64(end.port), bytes: 2) }
    case .unix(let source, let destination):
      family |= 0x30
      for path in [source, destination] {
        guard path.count <= ProxyHeader.unixPathBytes else { throw ProxyProtocolError(.notRepresentable) }
        body.append(contentsOf: path)
        for _ in path.count..<ProxyHeader.unixPathBytes { body.append(0) }
      }
    }
    if family != 0 {
      try fields.write(to: &body)
      if checksum { try body.appendField(ProxyFieldType.checksum, [0, 0, 0, 0]) }
    }
    guard body.count <= 0xffff else { throw ProxyProtocolError(.notRepresentable) }
    let start = out.count
    out.append(contentsOf: ProxyHeader.signature)
    out.append(origin == .local ? 0x20 : 0x21)
    out.append(family)
    out.appendNumber(UInt64(body.count), bytes: 2)
    out.append(contentsOf: body)
    guard checksum, family != 0 else { return }
    let sum = CRC32C.checksum(of: out.span, start..<out.count, zeroing: 0..<0)
    out.removeLast(4)
    out.appendNumber(UInt64(sum), bytes: 4)
  }
}

extension ProxyFields {
  fileprivate func write(to out: inout [UInt8]) throws(ProxyProtocolError) {
    if let applicationProtocol { try out.appendField(ProxyFieldType.applicationProtocol, applicationProtocol) }
    if let authority { try out.appendField(ProxyFieldType.authority, Array(authority.utf8)) }
    if let uniqueID {
      guard uniqueID.count <= 128 else { throw ProxyProtocolError(.notRepresentable) }
      try out.appendField(ProxyFieldType.uniqueID, uniqueID)
    }
    if let tls {
      var value: [UInt8] = []
      try tls.write(to: &value)
      try out.appendField(ProxyFieldType.tls, value)
    }
    for other in others { try out.appendField(other.type, other.value) }
  }
}

extension ProxyTLS {
  fileprivate func write(to out: inout [UInt8]) throws(ProxyProtocolError) {
    out.append((isTLS ? 1 : 0) | (hasCertificateHere ? 2 : 0) | (hasCertificateInSession ? 4 : 0))
    out.appendNumber(UInt64(verification), bytes: 4)
    let texts: [(UInt8, String?)] = [
      (ProxyFieldType.tlsVersion, version), (ProxyFieldType.tlsCommonName, commonName),
      (ProxyFieldType.tlsCipher, cipher), (ProxyFieldType.tlsSignatureAlgorithm, signatureAlgorithm),
      (ProxyFieldType.tlsKeyAlgorithm, keyAlgorithm), (ProxyFieldType.tlsGroup, group),
    ]
    for (type, text) in texts {
      if let text { try out.appendField(type, Array(text.utf8)) }
    }
  }
}

extension [UInt8] {
  /// The number's last bytes, most significant first.
  fileprivate mutating func appendNumber(_ number: UInt64, bytes: Int) {
    for index in stride(from: bytes &- 1, through: 0, by: -1) {
      append(UInt8(truncatingIfNeeded: number >> UInt64(index &* 8)))
    }
  }

  fileprivate mutating func appendField(_ type: UInt8, _ value: [UInt8]) throws(ProxyProtocolError) {
    guard value.count <= 0xffff else { throw ProxyProtocolError(.notRepresentable) }
    append(type)
    appendNumber(UInt64(value.count), bytes: 2)
    append(contentsOf: value)
  }
}
