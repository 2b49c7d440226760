/// An IPv4 or IPv6 address as 128 bits; IPv4 is held in its mapped form (RFC 4291 §2.5.5.2).
public struct ProxyAddress: Hashable, Sendable {
  /// The first eight bytes, most significant first.
  public let high: UInt64
  /// The last eight.
  public let low: UInt64

  /// An address from its two halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// An IPv4 address from its 32 bits in host order.
  public init(v4 bits: UInt32) {
    high = 0
    low = 0xffff_0000_0000 | UInt64(bits)
  }

  /// Whether it is an IPv4 address, a mapped one too.
  public var isV4: Bool { high == 0 && low >> 32 == 0xffff }
}

/// Addresses as text.
enum AddressText {
  /// Either family; nil when it's neither.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> ProxyAddress? {
    if let bits = parseV4(bytes, range) { return ProxyAddress(v4: bits) }
    return parseV6(bytes, range)
  }

  /// Four numbers without leading zeros.
  static func parseV4(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    var bits: UInt32 = 0
    var octets = 0
    var position = range.lowerBound
    while octets < 4 {
      let start = position
      var value = 0
      while position < range.upperBound, position &- start < 3, HTTPSyntax.isDigit(bytes[position]) {
        value = value &* 10 &+ Int(bytes[position] &- 0x30)
        position &+= 1
      }
      guard position > start, value <= 255, position &- start == 1 || bytes[start] != 0x30 else { return nil }
      bits = bits << 8 | UInt32(value)
      octets &+= 1
      guard octets < 4 else { break }
      guard position < range.upperBound, bytes[position] == 0x2e else { return nil }
      position &+= 1
    }
    return position == range.upperBound ? bits : nil
  }

  /// RFC 4291 §2.2, without a zone.
  static func parseV6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> ProxyAddress? {
    guard (2...45).contains(range.count) else { return nil }
    let end = range.upperBound
    var position = range.lowerBound
    var groups: [UInt16] = []
    var gap: Int?
    var mayEnd = false
    while position < end {
      guard groups.count <= 8 else { return nil }
      if bytes[position] == 0x3a {
        guard gap == nil, position &+ 1 < end, bytes[position &+ 1] == 0x3a else { return nil }
        gap = groups.count
        mayEnd = true
        position &+= 2
        continue
      }
      let start = position
      var value: UInt16 = 0
      while position < end, position &- start < 4, HTTPSyntax.hexValue(bytes[position]) != 255 {
        value = value << 4 | UInt16(HTTPSyntax.hexValue(bytes[position]))
        position &+= 1
      }
      if position < end, bytes[position] == 0x2e {
        guard let bits = parseV4(bytes, start..<end) else { return nil }
        groups.append(UInt16(truncatingIfNeeded: bits >> 16))
        groups.append(UInt16(truncatingIfNeeded: bits))
        mayEnd = true
        break
      }
      guard position > start else { return nil }
      groups.append(value)
      mayEnd = position == end
      guard !mayEnd else { break }
      guard bytes[position] == 0x3a, position &+ 1 < end else { return nil }
      if bytes[position &+ 1] != 0x3a { position &+= 1 }
    }
    guard mayEnd, gap == nil ? groups.count == 8 : groups.count <= 7 else { return nil }
    if let gap { groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap) }
    let words = groups.map(UInt64.init)
    return ProxyAddress(
      high: words[..<4].reduce(0) { $0 << 16 | $1 }, low: words[4...].reduce(0) { $0 << 16 | $1 })
  }

  static func appendV4(_ bits: UInt32, to out: inout [UInt8]) {
    for shift: UInt32 in [24, 16, 8, 0] {
      out.appendDecimal(Int(bits >> shift & 255))
      if shift > 0 { out.append(0x2e) }
    }
  }

  /// Eight groups in lower case, none left out; a mapped IPv4 address likewise.
  static func appendV6(_ address: ProxyAddress, to out: inout [UInt8]) {
    for word in [address.high, address.low] {
      for shift: UInt64 in [48, 32, 16, 0] {
        let group = word >> shift & 0xffff
        var digits: UInt64 = 12
        while digits > 0, group >> digits == 0 { digits &-= 4 }
        while true {
          let nibble = UInt8(truncatingIfNeeded: group >> digits) & 15
          out.append(nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57)
          if digits == 0 { break }
          digits &-= 4
        }
        out.append(0x3a)
      }
    }
    out.removeLast()
  }
}
