package import SluiceModel

/// Addresses as text, without allocation where there is room.
package enum AddressText {
  /// Appends what `description` says: RFC 5952 for IPv6.
  package static func append(_ address: IPAddress, to bytes: inout [UInt8]) {
    if address.isV4 {
      for index in 0..<4 {
        if index > 0 { bytes.append(0x2e) }
        appendDecimal(UInt8(truncatingIfNeeded: address.low >> UInt64(24 - index * 8)), to: &bytes)
      }
      return
    }
    let gap = longestGap(address)
    var index = 0
    while index < 8 {
      if index == gap.lowerBound, !gap.isEmpty {
        bytes.append(0x3a)
        bytes.append(0x3a)
        index = gap.upperBound
        continue
      }
      if index > 0, index != gap.upperBound || gap.isEmpty { bytes.append(0x3a) }
      appendHexadecimal(group(address, index), to: &bytes)
      index += 1
    }
  }

  private static func group(_ address: IPAddress, _ index: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: (index < 4 ? address.high : address.low) >> UInt64(48 - (index & 3) * 16))
  }

  /// The first of the longest runs of two zero groups or more.
  private static func longestGap(_ address: IPAddress) -> Range<Int> {
    var longest = 0..<0
    var index = 0
    while index < 8 {
      var end = index
      while end < 8, group(address, end) == 0 { end += 1 }
      if end - index > longest.count, end - index > 1 { longest = index..<end }
      index = max(end, index + 1)
    }
    return longest
  }

  private static func appendDecimal(_ number: UInt8, to bytes: inout [UInt8]) {
    if number >= 100 { bytes.append(0x30 &+ number / 100) }
    if number >= 10 { bytes.append(0x30 &+ number / 10 % 10) }
    bytes.append(0x30 &+ number % 10)
  }

  private static func appendHexadecimal(_ number: UInt16, to bytes: inout [UInt8]) {
    var hasBegun = false
    for place in 0..<4 {
      let digit = UInt8(truncatingIfNeeded: number >> UInt16(12 - place * 4) & 15)
      guard digit > 0 || hasBegun || place == 3 else { continue }
      hasBegun = true
      bytes.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
    }
  }
}
