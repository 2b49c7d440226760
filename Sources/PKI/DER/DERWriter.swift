/// Writes DER (X.690) elements.
package enum DERWriter {
  /// An element around content.
  package static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    var result = [tag]
    if content.count < 0x80 {
      result.append(UInt8(content.count))
    } else {
      let octets = bigEndian(UInt64(content.count))
      result.append(0x80 | UInt8(octets.count))
      result += octets
    }
    return result + content
  }

  package static func sequence(_ parts: [UInt8]...) -> [UInt8] {
    element(DERReader.Tag.sequence, parts.flatMap { $0 })
  }

  package static func identifier(_ content: [UInt8]) -> [UInt8] {
    element(DERReader.Tag.objectIdentifier, content)
  }

  /// A number that isn't negative, from its big-endian octets.
  package static func integer(_ octets: some Collection<UInt8>) -> [UInt8] {
    let short = Array(octets.drop { $0 == 0 })
    let needsZero = (short.first ?? 0x80) >= 0x80
    return element(DERReader.Tag.integer, (needsZero ? [0] : []) + short)
  }

  package static func integer(_ value: UInt64) -> [UInt8] { integer(bigEndian(value)) }

  package static func octets(_ content: [UInt8]) -> [UInt8] { element(DERReader.Tag.octetString, content) }

  package static func bits(_ content: [UInt8]) -> [UInt8] { element(DERReader.Tag.bitString, [0] + content) }

  /// Named bits, bit 0 as the lowest, in the fewest octets.
  package static func namedBits(_ value: UInt16) -> [UInt8] {
    var content: [UInt8] = [0, 0]
    for bit in 0..<16 where value & (1 << UInt16(bit)) != 0 { content[bit / 8] |= 0x80 >> UInt8(bit % 8) }
    while content.last == 0 { content.removeLast() }
    return element(DERReader.Tag.bitString, [UInt8(content.last?.trailingZeroBitCount ?? 0)] + content)
  }

  package static func utf8(_ text: String) -> [UInt8] { element(DERReader.Tag.utf8String, Array(text.utf8)) }

  /// RFC 5280, 4.1.2.5: UTCTime until 2049, GeneralizedTime after.
  package static func time(_ seconds: Int64) -> [UInt8] {
    let digits = CivilTime.text(seconds).utf8.filter { (0x30...0x39).contains($0) }
    let year = CivilTime.fields(of: seconds).year
    let zone = [UInt8(ascii: "Z")]
    return (1950...2049).contains(year)
      ? element(DERReader.Tag.utcTime, digits.dropFirst(2) + zone)
      : element(DERReader.Tag.generalizedTime, digits + zone)
  }

  private static func bigEndian(_ value: UInt64) -> [UInt8] {
    let octets = (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - $0 * 8)) }
    return Array(octets.drop { $0 == 0 })
  }
}
