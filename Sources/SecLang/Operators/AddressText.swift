/// An IPv4 or IPv6 address as a number.
package enum AddressNumber: Sendable, Hashable {
  case v4(UInt32)
  case v6(UInt128)

  /// Reads what `inet_pton` reads: four decimal numbers without leading zeros, or IPv6 as in RFC 4291, section 2.2,
  /// with or without `::` and a last part in IPv4's form. Nil for any other text.
  package init?(_ text: Span<UInt8>) {
    var hasColon = false
    for index in 0..<min(text.count, 5) where text[index] == UInt8(ascii: ":") { hasColon = true }
    if hasColon {
      guard let address = Self.v6(text) else { return nil }
      self = .v6(address)
    } else {
      guard let address = Self.v4(text, from: 0) else { return nil }
      self = .v4(address)
    }
  }

  /// Dotted decimal up to the end of the text.
  private static func v4(_ text: Span<UInt8>, from start: Int) -> UInt32? {
    var address: UInt32 = 0
    var part: UInt32 = 0
    var digits = 0
    var dots = 0
    for index in start..<text.count {
      let digit = text[index] &- 0x30
      if digit < 10 {
        // No leading zeros, which some read as octal.
        guard digits < 3, digits == 0 || part > 0 else { return nil }
        part = part &* 10 &+ UInt32(digit)
        digits &+= 1
        guard part < 256 else { return nil }
      } else {
        guard text[index] == UInt8(ascii: "."), digits > 0, dots < 3 else { return nil }
        address = address &<< 8 | part
        (part, digits) = (0, 0)
        dots &+= 1
      }
    }
    guard dots == 3, digits > 0 else { return nil }
    return address &<< 8 | part
  }

  private static func v6(_ text: Span<UInt8>) -> UInt128? {
    var groups = InlineArray<8, UInt16>(repeating: 0)
    var count = 0
    // How many groups stand before `::`.
    var gap: Int?
    var index = 0
    if text.count >= 2, text[0] == UInt8(ascii: ":"), text[1] == UInt8(ascii: ":") {
      gap = 0
      index = 2
    }
    while index < text.count {
      guard count < 8 else { return nil }
      let start = index
      var group: UInt32 = 0
      while index < text.count, EscapeDigits.hex(text[index]) < 16 {
        guard index &- start < 4 else { return nil }
        group = group &<< 4 | UInt32(EscapeDigits.hex(text[index]))
        index &+= 1
      }
      guard index > start else { return nil }
      if index < text.count, text[index] == UInt8(ascii: ".") {
        guard count <= 6, let tail = v4(text, from: start) else { return nil }
        groups[count] = UInt16(truncatingIfNeeded: tail >> 16)
        groups[count &+ 1] = UInt16(truncatingIfNeeded: tail)
        count &+= 2
        break
      }
      groups[count] = UInt16(truncatingIfNeeded: group)
      count &+= 1
      guard index < text.count else { break }
      guard text[index] == UInt8(ascii: ":") else { return nil }
      index &+= 1
      guard index < text.count else { return nil }
      if text[index] == UInt8(ascii: ":") {
        guard gap == nil else { return nil }
        gap = count
        index &+= 1
      }
    }
    guard gap == nil ? count == 8 : count < 8 else { return nil }
    let before = gap ?? count
    var address: UInt128 = 0
    for position in 0..<8 {
      let source = position < before ? position : position &- (8 &- count)
      let group: UInt16 = source >= before || position < before ? groups[source] : 0
      address = address << 16 | UInt128(group)
    }
    return address
  }
}
