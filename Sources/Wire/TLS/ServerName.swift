/// A host name as clients and load balancers name it: in the `server_name` extension (RFC 6066 §3) and in the authority
/// of a PROXY header.
enum ServerName: Equatable {
  /// In lower case, without a dot at its end.
  case name(String)
  /// An address, which RFC 6066 §3 forbids and some clients send all the same.
  case address

  static let maximumBytes = 253

  /// Letters, digits, hyphens inside a label and underscores; labels of 63 bytes, 253 in all.
  /// - Returns: nil when it's none. A name whose last label is a number is none: some read it as an address.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> ServerName? {
    if AddressText.parse(bytes, range) != nil { return .address }
    if range.count > 2, bytes[range.lowerBound] == 0x5b, bytes[range.upperBound &- 1] == 0x5d,
      AddressText.parse(bytes, (range.lowerBound &+ 1)..<(range.upperBound &- 1)) != nil
    {
      return .address
    }
    var end = range.upperBound
    if end > range.lowerBound, bytes[end &- 1] == 0x2e { end &-= 1 }
    guard end > range.lowerBound, end &- range.lowerBound <= maximumBytes else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(end &- range.lowerBound)
    var labelStart = range.lowerBound
    var isNumber = true
    for position in range.lowerBound..<end {
      let byte = HTTPSyntax.lowercased(bytes[position])
      if byte == 0x2e {
        guard isLabel(bytes, labelStart..<position) else { return nil }
        labelStart = position &+ 1
        isNumber = true
      } else {
        guard byte &- 0x61 < 26 || HTTPSyntax.isDigit(byte) || byte == 0x2d || byte == 0x5f else { return nil }
        isNumber = isNumber && HTTPSyntax.isDigit(byte)
      }
      out.append(byte)
    }
    guard isLabel(bytes, labelStart..<end), !isNumber else { return nil }
    return .name(String(decoding: out, as: UTF8.self))
  }

  private static func isLabel(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty, range.count <= 63 else { return false }
    return bytes[range.lowerBound] != 0x2d && bytes[range.upperBound &- 1] != 0x2d
  }
}
