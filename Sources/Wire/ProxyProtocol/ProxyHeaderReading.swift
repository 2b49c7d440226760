extension ProxyHeader {
  /// What version 2 begins with.
  static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
  static let lineBytes = 107
  static let unixPathBytes = 108

  /// Reads the header at the start of a connection, over any number of segments.
  /// - Parameter bytes: everything that the sender sent, from its first byte on.
  /// - Returns: the header and how many bytes it takes up; nil when it needs more bytes.
  /// - Throws: as soon as the bytes can't become a header: at the first byte that no version begins with.
  public static func read(
    _ bytes: Span<UInt8>, limits: ProxyProtocolLimits = ProxyProtocolLimits()
  ) throws(ProxyProtocolError) -> (header: ProxyHeader, length: Int)? {
    guard bytes.count > 0 else { return nil }
    if bytes[0] == 0x50 { return try readLine(bytes) }
    for (index, expected) in signature.enumerated() {
      guard index < bytes.count else { return nil }
      guard bytes[index] == expected else { throw ProxyProtocolError(.notProxyHeader) }
    }
    return try readBinary(bytes, limits)
  }

  // MARK: Version 1

  private static func readLine(
    _ bytes: Span<UInt8>
  ) throws(ProxyProtocolError) -> (header: ProxyHeader, length: Int)? {
    let prefix: StaticString = "PROXY "
    guard bytes.extracting(first: prefix.utf8CodeUnitCount).matchesPrefix(of: prefix) else {
      throw ProxyProtocolError(.notProxyHeader)
    }
    guard let end = try lineEnd(bytes) else { return nil }
    if bytes.matches("UNKNOWN", at: 6), end == 13 || bytes[13] == 0x20 {
      return (ProxyHeader(.unspecified), end &+ 2)
    }
    var rest = ByteCursor(bytes, 6..<end)
    let family = rest.word(bytes, isLast: false)
    let isV4 = family?.count == 4 && bytes.matches("TCP4", at: 6)
    guard isV4 || (family?.count == 4 && bytes.matches("TCP6", at: 6)), let source = rest.word(bytes, isLast: false),
      let destination = rest.word(bytes, isLast: false), let sourcePort = rest.word(bytes, isLast: false),
      let destinationPort = rest.word(bytes, isLast: true)
    else { throw ProxyProtocolError(.malformedLine) }
    func address(_ range: Range<Int>) -> ProxyAddress? {
      isV4 ? AddressText.parseV4(bytes, range).map(ProxyAddress.init(v4:)) : AddressText.parseV6(bytes, range)
    }
    guard let from = address(source), let to = address(destination) else { throw ProxyProtocolError(.malformedAddress) }
    guard let fromPort = port(bytes, sourcePort), let toPort = port(bytes, destinationPort) else {
      throw ProxyProtocolError(.malformedPort)
    }
    let origin = Origin.proxied(source: ProxyEndpoint(from, fromPort), destination: ProxyEndpoint(to, toPort))
    return (ProxyHeader(origin), end &+ 2)
  }

  /// Where the line's carriage return is, once its line feed is there too.
  private static func lineEnd(_ bytes: Span<UInt8>) throws(ProxyProtocolError) -> Int? {
    for position in 6..<max(6, min(bytes.count, lineBytes)) {
      let byte = bytes[position]
      if byte == 0x0d {
        guard position &+ 1 < lineBytes else { break }
        guard position &+ 1 < bytes.count else { return nil }
        guard bytes[position &+ 1] == 0x0a else { throw ProxyProtocolError(.malformedLine) }
        return position
      }
      guard byte >= 0x20, byte < 0x7f else { throw ProxyProtocolError(.malformedLine) }
    }
    guard bytes.count < lineBytes else { throw ProxyProtocolError(.lineTooLong) }
    return nil
  }

  /// A decimal number without leading zeros.
  private static func port(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt16? {
    guard (1...5).contains(range.count), range.count == 1 || bytes[range.lowerBound] != 0x30 else { return nil }
    var value = 0
    for position in range {
      guard HTTPSyntax.isDigit(bytes[position]) else { return nil }
      value = value &* 10 &+ Int(bytes[position] &- 0x30)
    }
    return UInt16(exactly: value)
  }

  // MARK: Version 2

  private static func readBinary(
    _ bytes: Span<UInt8>, _ limits: ProxyProtocolLimits
  ) throws(ProxyProtocolError) -> (header: ProxyHeader, length: Int)? {
    guard bytes.count > 12 else { return nil }
    guard bytes[12] >> 4 == 2 else { throw ProxyProtocolError(.unsupportedVersion) }
    let command = bytes[12] & 15
    guard command <= 1 else { throw ProxyProtocolError(.unsupportedCommand) }
    guard bytes.count > 13 else { return nil }
    let family = bytes[13]
    guard bytes.count >= 16 else { return nil }
    let length = 16 &+ (Int(bytes[14]) << 8 | Int(bytes[15]))
    guard length <= limits.headerBytes else { throw ProxyProtocolError(.headerTooLarge) }
    // Whatever stands behind a local command is left out, its family too.
    if command == 0 { return bytes.count < length ? nil : (ProxyHeader(.local), length) }
    let addressBytes: Int
    switch family {
    case 0x00: addressBytes = 0
    case 0x11, 0x12: addressBytes = 12
    case 0x21, 0x22: addressBytes = 36
    case 0x31, 0x32: addressBytes = 2 &* unixPathBytes
    default: throw ProxyProtocolError(.unsupportedFamily)
    }
    guard length >= 16 &+ addressBytes else { throw ProxyProtocolError(.headerTooShort) }
    guard bytes.count >= length else { return nil }
    guard family != 0 else { return (ProxyHeader(.unspecified), length) }
    var header = ProxyHeader(origin(bytes, family))
    header.isDatagram = family & 15 == 2
    try header.fields.read(bytes, (16 &+ addressBytes)..<length, limits)
    return (header, length)
  }

  /// The caller knows that the addresses are there whole.
  private static func origin(_ bytes: Span<UInt8>, _ family: UInt8) -> Origin {
    func number(_ start: Int, _ count: Int) -> UInt64 {
      (start..<(start &+ count)).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }
    func port(_ start: Int) -> UInt16 { UInt16(truncatingIfNeeded: number(start, 2)) }
    func path(_ start: Int) -> [UInt8] {
      var path = ByteCursor(bytes, start..<(start &+ unixPathBytes)).copy(bytes)
      while path.last == 0 { path.removeLast() }
      return path
    }
    switch family >> 4 {
    case 1:
      return .proxied(
        source: ProxyEndpoint(ProxyAddress(v4: UInt32(truncatingIfNeeded: number(16, 4))), port(24)),
        destination: ProxyEndpoint(ProxyAddress(v4: UInt32(truncatingIfNeeded: number(20, 4))), port(26)))
    case 2:
      return .proxied(
        source: ProxyEndpoint(ProxyAddress(high: number(16, 8), low: number(24, 8)), port(48)),
        destination: ProxyEndpoint(ProxyAddress(high: number(32, 8), low: number(40, 8)), port(50)))
    default: return .unix(source: path(16), destination: path(16 &+ unixPathBytes))
    }
  }
}

extension ProxyFields {
  /// Reads type-length-value fields that fill the range.
  fileprivate mutating func read(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ limits: ProxyProtocolLimits
  ) throws(ProxyProtocolError) {
    var rest = ByteCursor(bytes, range)
    var seen = FieldTypes()
    while !rest.isEmpty {
      guard let type = rest.byte(bytes), let value = rest.longRun(bytes) else {
        throw ProxyProtocolError(.malformedField)
      }
      try seen.note(type, limits)
      switch type {
      case ProxyFieldType.applicationProtocol:
        guard (1...255).contains(value.count) else { throw ProxyProtocolError(.malformedField) }
        applicationProtocol = value.copy(bytes)
      case ProxyFieldType.authority:
        switch ServerName.parse(bytes, value.range) {
        case .name(let name): authority = name
        case .address: break
        case nil: throw ProxyProtocolError(.malformedField)
        }
      case ProxyFieldType.checksum:
        guard value.count == 4 else { throw ProxyProtocolError(.malformedField) }
        let sum = value.range.reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[$1]) }
        guard CRC32C.checksum(of: bytes, 0..<range.upperBound, zeroing: value.range) == sum else {
          throw ProxyProtocolError(.wrongChecksum)
        }
      case ProxyFieldType.padding: break
      case ProxyFieldType.uniqueID:
        guard value.count <= 128 else { throw ProxyProtocolError(.malformedField) }
        uniqueID = value.copy(bytes)
      case ProxyFieldType.tls: tls = try ProxyTLS(bytes, value, limits)
      default: others.append(Other(type: type, value: value.copy(bytes)))
      }
    }
  }
}

/// The types met so far. Types of this protocol stand once; private ones and padding any number of times.
private struct FieldTypes {
  private var types: [UInt8] = []

  mutating func note(_ type: UInt8, _ limits: ProxyProtocolLimits) throws(ProxyProtocolError) {
    guard types.count < limits.fields else { throw ProxyProtocolError(.tooManyFields) }
    let isOfProtocol = type != ProxyFieldType.padding && type <= ProxyFieldType.tlsGroup
    guard !isOfProtocol || !types.contains(type) else { throw ProxyProtocolError(.duplicateField) }
    types.append(type)
  }
}

extension ProxyTLS {
  fileprivate init(
    _ bytes: Span<UInt8>, _ value: ByteCursor, _ limits: ProxyProtocolLimits
  ) throws(ProxyProtocolError) {
    var rest = value
    guard let flags = rest.byte(bytes), let high = rest.word(bytes), let low = rest.word(bytes) else {
      throw ProxyProtocolError(.malformedField)
    }
    self.init(
      isTLS: flags & 1 != 0, hasCertificateHere: flags & 2 != 0, hasCertificateInSession: flags & 4 != 0,
      verification: UInt32(high) << 16 | UInt32(low))
    var seen = FieldTypes()
    while !rest.isEmpty {
      guard let type = rest.byte(bytes), let run = rest.longRun(bytes) else {
        throw ProxyProtocolError(.malformedField)
      }
      try seen.note(type, limits)
      switch type {
      case ProxyFieldType.tlsVersion: version = try ProxyTLS.text(run, bytes)
      case ProxyFieldType.tlsCommonName: commonName = try ProxyTLS.text(run, bytes)
      case ProxyFieldType.tlsCipher: cipher = try ProxyTLS.text(run, bytes)
      case ProxyFieldType.tlsSignatureAlgorithm: signatureAlgorithm = try ProxyTLS.text(run, bytes)
      case ProxyFieldType.tlsKeyAlgorithm: keyAlgorithm = try ProxyTLS.text(run, bytes)
      case ProxyFieldType.tlsGroup: group = try ProxyTLS.text(run, bytes)
      default: break
      }
    }
  }

  private static func text(_ run: ByteCursor, _ bytes: Span<UInt8>) throws(ProxyProtocolError) -> String {
    let raw = run.copy(bytes)
    guard !raw.isEmpty, raw.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }), let text = String(validating: raw, as: UTF8.self)
    else { throw ProxyProtocolError(.malformedField) }
    return text
  }
}

extension ByteCursor {
  /// The bytes up to the next space, which must be there but behind the last word.
  fileprivate mutating func word(_ bytes: Span<UInt8>, isLast: Bool) -> Range<Int>? {
    let start = position
    while let byte = byte(bytes) {
      if byte == 0x20 { return isLast || position &- 1 == start ? nil : start..<(position &- 1) }
    }
    return isLast && position > start ? start..<position : nil
  }
}

extension Span where Element == UInt8 {
  /// Whether these bytes are how the literal begins.
  fileprivate func matchesPrefix(of literal: StaticString) -> Bool {
    guard count <= literal.utf8CodeUnitCount else { return false }
    return literal.withUTF8Buffer { wanted in
      var index = 0
      while index < count {
        if self[index] != wanted[index] { return false }
        index &+= 1
      }
      return true
    }
  }
}
