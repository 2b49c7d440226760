extension IPNetwork {
  /// What `ip("…")` reads is at most that long, in bytes.
  static let longestText = 43

  /// Reads an IPv4 or IPv6 address, with `/` and a prefix or without: `10.0.0.0/8`, `fe80::1`. IPv6 addresses have no
  /// part in IPv4 form and no zone.
  /// - Throws: when the string has another form.
  public init(parsing text: String) throws(ExtensionError) {
    guard text.utf8.count <= IPNetwork.longestText else {
      throw .malformed(.ip, text, "it is longer than \(IPNetwork.longestText) bytes")
    }
    var cursor = TextCursor(text)
    if let address = IPNetwork.addressV4(&cursor) {
      self.init(address: address, isV6: false, prefix: 32)
    } else {
      cursor = TextCursor(text)
      guard let address = IPNetwork.addressV6(&cursor) else { throw .malformed(.ip, text) }
      self.init(address: address, isV6: true, prefix: 128)
    }
    if cursor.isAtEnd { return }
    guard cursor.take(0x2f) else { throw .malformed(.ip, text) }
    guard let prefix = IPNetwork.prefix(&cursor), prefix <= self.prefix else {
      throw .malformed(.ip, text, "the prefix is a number from 0 to \(self.prefix) without leading zeros")
    }
    self.prefix = prefix
  }

  /// Four numbers up to 255 without leading zeros.
  private static func addressV4(_ cursor: inout TextCursor) -> UInt128? {
    var address: UInt128 = 0
    for index in 0..<4 {
      if index > 0, !cursor.take(0x2e) { return nil }
      guard let octet = octet(&cursor) else { return nil }
      address = address << 8 | UInt128(octet)
    }
    return address
  }

  private static func octet(_ cursor: inout TextCursor) -> UInt8? {
    guard let first = cursor.digit() else { return nil }
    var value = UInt16(first)
    while let digit = cursor.digit() {
      guard value > 0 else { return nil }
      value = value * 10 + UInt16(digit)
      guard value <= 255 else { return nil }
    }
    return UInt8(value)
  }

  /// Groups of one to four hexadecimal digits, one run of zero groups left out as `::`.
  private static func addressV6(_ cursor: inout TextCursor) -> UInt128? {
    var head: UInt128 = 0
    var headCount = 0
    if cursor.take(0x3a) {
      guard cursor.take(0x3a) else { return nil }
    } else {
      repeat {
        guard let group = group(&cursor) else { return nil }
        head = head << 16 | group
        headCount += 1
        if headCount == 8 { return head }
        guard cursor.take(0x3a) else { return nil }
      } while !cursor.take(0x3a)
    }
    guard let tail = groupsAfterGap(&cursor, atMost: 7 - headCount) else { return nil }
    return head << UInt128(128 - 16 * headCount) | tail
  }

  private static func groupsAfterGap(_ cursor: inout TextCursor, atMost most: Int) -> UInt128? {
    var tail: UInt128 = 0
    for count in 0..<most {
      guard let group = group(&cursor) else { return count == 0 ? 0 : nil }
      tail = tail << 16 | group
      guard count + 1 < most, cursor.take(0x3a) else { break }
    }
    return tail
  }

  private static func group(_ cursor: inout TextCursor) -> UInt128? {
    var value: UInt128 = 0
    var count = 0
    while count < 4, let byte = cursor.rest.first, let digit = hexadecimal(byte) {
      cursor.rest.removeFirst()
      value = value << 4 | digit
      count += 1
    }
    return count > 0 ? value : nil
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt128? {
    switch byte {
    case 0x30...0x39: UInt128(byte - 0x30)
    case 0x41...0x46: UInt128(byte - 0x41 + 10)
    case 0x61...0x66: UInt128(byte - 0x61 + 10)
    default: nil
    }
  }

  private static func prefix(_ cursor: inout TextCursor) -> UInt8? {
    guard let value = octet(&cursor), cursor.isAtEnd else { return nil }
    return value
  }
}

extension IPNetwork: CustomStringConvertible {
  /// The address as RFC 5952 writes it, and the prefix where it is a range; reads back to the same value.
  public var description: String {
    let text = isV6 ? IPNetwork.textV6(address) : IPNetwork.textV4(address)
    return prefix == (isV6 ? 128 : 32) ? text : text + "/" + String(prefix)
  }

  private static func textV4(_ address: UInt128) -> String {
    [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: address >> UInt128($0))) }.joined(separator: ".")
  }

  private static func textV6(_ address: UInt128) -> String {
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: address >> UInt128(112 - 16 * $0)) }
    let gap = longestZeros(groups)
    let words = groups.map { String($0, radix: 16) }
    guard gap.count > 1 else { return words.joined(separator: ":") }
    return words[..<gap.lowerBound].joined(separator: ":") + "::" + words[gap.upperBound...].joined(separator: ":")
  }

  /// The first of the longest runs of zeros.
  private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    for index in 0...groups.count where index == groups.count || groups[index] != 0 {
      if index - start > best.count { best = start..<index }
      start = index + 1
    }
    return best
  }
}

extension IPNetwork {
  /// Whether it is of IPv4.
  public var isV4: Bool { !isV6 }

  /// Whether all its addresses are in 127.0.0.0/8, or it is ::1.
  public var isLoopback: Bool {
    isV6 ? address == 1 && prefix == 128 : address >> 24 == 127 && prefix >= 8
  }

  /// Whether all its addresses are in 224.0.0.0/4 or ff00::/8.
  public var isMulticast: Bool {
    isV6 ? address >> 120 == 0xff && prefix >= 8 : address >> 28 == 0xe && prefix >= 4
  }

  /// Whether the other range has all addresses of this one. Ranges of different families have none in common.
  public func isInRange(_ other: IPNetwork) -> Bool {
    guard isV6 == other.isV6, other.prefix <= prefix else { return false }
    // A shift by the whole width gives zero, so a prefix of 0 has everything.
    return (address ^ other.address) >> UInt128((isV6 ? 128 : 32) - other.prefix) == 0
  }
}
