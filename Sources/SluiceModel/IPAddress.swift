/// An IPv4 or IPv6 address as 128 bits; IPv4 is held in its mapped form (RFC 4291 §2.5.5.2), so both compare alike.
public struct IPAddress: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// An IPv4 address from its 32 bits in host order.
  public init(v4 bits: UInt32) {
    high = 0
    low = 0xffff_0000_0000 | UInt64(bits)
  }

  public var isV4: Bool { high == 0 && low >> 32 == 0xffff }

  /// Reads dotted-quad IPv4 (no leading zeros) or RFC 4291 IPv6 text; nil for anything else, zones included.
  public init?(_ text: some StringProtocol) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let words = IPAddress.parseV6(text) else { return nil }
      self = words
    } else {
      guard let bits = IPAddress.parseV4(text) else { return nil }
      self.init(v4: bits)
    }
  }

  private static func parseV4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part.utf8.count == 1 || part.utf8.first != 0x30, let value = UInt8(part)
      else { return nil }
      bits = bits << 8 | UInt32(value)
    }
    return bits
  }

  private static func parseV6(_ text: some StringProtocol) -> IPAddress? {
    guard text.utf8.count <= 45 else { return nil }
    let gap = text.range(of: "::")
    func groups(_ part: Substring, mayEndInV4: Bool) -> [UInt16]? {
      if part.isEmpty { return [] }
      var result: [UInt16] = []
      let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
      for (index, piece) in pieces.enumerated() {
        if piece.utf8.contains(UInt8(ascii: ".")) {
          guard mayEndInV4, index == pieces.count - 1, let bits = parseV4(piece) else { return nil }
          result.append(UInt16(truncatingIfNeeded: bits >> 16))
          result.append(UInt16(truncatingIfNeeded: bits))
        } else {
          guard (1...4).contains(piece.utf8.count), !piece.hasPrefix("+"), !piece.hasPrefix("-"),
            let value = UInt16(piece, radix: 16)
          else { return nil }
          result.append(value)
        }
      }
      return result
    }
    let all: [UInt16]
    if let gap {
      guard let head = groups(Substring(text[..<gap.lowerBound]), mayEndInV4: false),
        let tail = groups(Substring(text[gap.upperBound...]), mayEndInV4: true),
        head.count + tail.count <= 7
      else { return nil }
      all = head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    } else {
      guard let head = groups(Substring(text), mayEndInV4: true), head.count == 8 else { return nil }
      all = head
    }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for value in all.prefix(4) { high = high << 16 | UInt64(value) }
    for value in all.suffix(4) { low = low << 16 | UInt64(value) }
    return IPAddress(high: high, low: low)
  }
}

extension StringProtocol {
  fileprivate func range(of needle: String) -> Range<Index>? {
    var start = startIndex
    while start != endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}

/// An address as text, without allocation.
public struct IPAddressText: Sendable {
  /// The first `count` of them are the text.
  public private(set) var bytes = InlineArray<39, UInt8>(repeating: 0)
  public private(set) var count = 0

  mutating func append(_ byte: UInt8) {
    guard count < 39 else { return }
    bytes[count] = byte
    count &+= 1
  }

  fileprivate mutating func append(decimal value: UInt8) {
    if value >= 100 { append(0x30 &+ value / 100) }
    if value >= 10 { append(0x30 &+ value / 10 % 10) }
    append(0x30 &+ value % 10)
  }

  fileprivate mutating func append(hexadecimal value: UInt64) {
    var shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0
    while shift >= 0 {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0xf
      append(nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57)
      shift &-= 4
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// Canonical text (RFC 5952 for IPv6).
  public var text: IPAddressText {
    var text = IPAddressText()
    guard !isV4 else {
      for shift: UInt64 in [24, 16, 8, 0] {
        text.append(decimal: UInt8(truncatingIfNeeded: low >> shift))
        if shift > 0 { text.append(0x2e) }
      }
      return text
    }
    let gap = longestZeros
    var index = 0
    while index < 8 {
      if index == gap.lowerBound, !gap.isEmpty {
        text.append(0x3a)
        text.append(0x3a)
        index = gap.upperBound
        continue
      }
      if index > 0, gap.isEmpty || index != gap.upperBound { text.append(0x3a) }
      text.append(hexadecimal: group(index))
      index &+= 1
    }
    return text
  }

  /// The same as a string.
  public var description: String {
    let text = text
    return String(decoding: (0..<text.count).lazy.map { text.bytes[$0] }, as: UTF8.self)
  }

  /// The first of the longest runs of groups that are zero, of two at least.
  private var longestZeros: Range<Int> {
    var longest = 0..<0
    var index = 0
    while index < 8 {
      var end = index
      while end < 8, group(end) == 0 { end &+= 1 }
      if end &- index > longest.count, end &- index > 1 { longest = index..<end }
      index = max(end, index &+ 1)
    }
    return longest
  }

  private func group(_ index: Int) -> UInt64 {
    (index < 4 ? high : low) >> UInt64(48 &- (index & 3) &* 16) & 0xffff
  }
}

/// A CIDR block (RFC 4632), for trusted proxies and address lists.
public struct AddressRange: Hashable, Sendable {
  public let base: IPAddress
  /// Bits of the 128-bit form that must match.
  public let prefixBits: Int
  private let maskHigh: UInt64
  private let maskLow: UInt64

  /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; nil when malformed or when host bits are set.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = IPAddress(first) else { return nil }
    let width = address.isV4 ? 32 : 128
    var bits = width
    if parts.count == 2 {
      guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(parts[1]),
        value <= width
      else { return nil }
      bits = value
    }
    prefixBits = bits + (128 - width)
    maskHigh = prefixBits >= 64 ? .max : (prefixBits == 0 ? 0 : ~(UInt64.max >> UInt64(prefixBits)))
    maskLow = prefixBits <= 64 ? 0 : (prefixBits == 128 ? .max : ~(UInt64.max >> UInt64(prefixBits - 64)))
    guard address.high & ~maskHigh == 0, address.low & ~maskLow == 0 else { return nil }
    base = address
  }

  public func contains(_ address: IPAddress) -> Bool {
    address.high & maskHigh == base.high && address.low & maskLow == base.low
  }
}

extension AddressRange: CustomStringConvertible {
  public var description: String { "\(base)/\(base.isV4 ? prefixBits - 96 : prefixBits)" }
}
