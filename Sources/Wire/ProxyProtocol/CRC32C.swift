/// The checksum of RFC 9260, appendix A (Castagnoli's polynomial).
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 != 0 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
  }

  /// - Parameter zeroed: bytes that count as zero, where the checksum itself stands.
  static func checksum(of bytes: Span<UInt8>, _ range: Range<Int>, zeroing zeroed: Range<Int>) -> UInt32 {
    var value = UInt32.max
    for position in range {
      let byte = zeroed.contains(position) ? 0 : bytes[position]
      value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 255)]
    }
    return ~value
  }
}
