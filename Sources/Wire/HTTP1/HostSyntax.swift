/// `uri-host [ ":" port ]` (RFC 9110 §7.2).
enum HostSyntax {
  /// - Returns: the range of the host without its port.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HeadError) -> Range<Int> {
    guard !range.isEmpty, range.count <= 264 else { throw HeadError(.malformedHost) }
    var position = range.lowerBound
    if bytes[position] == 0x5b {
      while position < range.upperBound, bytes[position] != 0x5d { position &+= 1 }
      guard position < range.upperBound, isIPv6(bytes, (range.lowerBound &+ 1)..<position) else {
        throw HeadError(.malformedHost)
      }
      position &+= 1
    } else {
      while position < range.upperBound, HTTPSyntax.regName.contains(bytes[position]) { position &+= 1 }
      guard position > range.lowerBound else { throw HeadError(.malformedHost) }
    }
    let hostEnd = position
    if position < range.upperBound {
      guard bytes[position] == 0x3a, range.upperBound &- position <= 6 else { throw HeadError(.malformedHost) }
      position &+= 1
      var port = 0
      while position < range.upperBound {
        guard HTTPSyntax.isDigit(bytes[position]) else { throw HeadError(.malformedHost) }
        port = port &* 10 &+ Int(bytes[position] &- 0x30)
        position &+= 1
      }
      guard port <= 65_535 else { throw HeadError(.malformedHost) }
    }
    return range.lowerBound..<hostEnd
  }

  /// `IPv6address` (RFC 3986 §3.2.2), without a zone.
  private static func isIPv6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let end = range.upperBound
    var position = range.lowerBound
    var groups = 0
    var isCompressed = false
    while position < end {
      if bytes[position] == 0x3a {
        guard !isCompressed, position &+ 1 < end, bytes[position &+ 1] == 0x3a else { return false }
        isCompressed = true
        position &+= 2
        continue
      }
      let start = position
      while position < end, position &- start < 5, HTTPSyntax.hexValue(bytes[position]) != 255 { position &+= 1 }
      if position < end, bytes[position] == 0x2e {
        guard isIPv4(bytes, start..<end) else { return false }
        groups &+= 2
        break
      }
      guard position > start, position &- start <= 4 else { return false }
      groups &+= 1
      guard position < end else { break }
      guard bytes[position] == 0x3a, position &+ 1 < end else { return false }
      if bytes[position &+ 1] != 0x3a { position &+= 1 }
    }
    return isCompressed ? groups <= 7 : groups == 8
  }

  /// `IPv4address` (RFC 3986 §3.2.2): four octets without leading zeros.
  private static func isIPv4(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var octets = 0
    var position = range.lowerBound
    while true {
      let start = position
      var value = 0
      while position < range.upperBound, position &- start < 3, HTTPSyntax.isDigit(bytes[position]) {
        value = value &* 10 &+ Int(bytes[position] &- 0x30)
        position &+= 1
      }
      guard position > start, value <= 255, position &- start == 1 || bytes[start] != 0x30 else { return false }
      octets &+= 1
      guard position < range.upperBound else { return octets == 4 }
      guard bytes[position] == 0x2e else { return false }
      position &+= 1
    }
  }
}
