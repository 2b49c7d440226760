/// Bytes as text and back.
enum Hexadecimal {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Lowercase, two digits a byte.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
      var index = 0
      for byte in bytes {
        buffer[index] = digits[Int(byte >> 4)]
        buffer[index + 1] = digits[Int(byte & 15)]
        index += 2
      }
      return index
    }
  }

  /// Reads digits of either case; nil for anything else.
  static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    guard text.utf8.count % 2 == 0 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count / 2)
    var high: UInt8?
    for character in text.utf8 {
      guard let value = digit(character) else { return nil }
      if let first = high {
        result.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return result
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x41 + 10
    case 0x61...0x66: character - 0x61 + 10
    default: nil
    }
  }
}

/// Base64 (RFC 4648, 4), strict: no other characters, right padding, no bits left over.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 0xff, count: 256)
    for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
    return table
  }()

  /// Bytes that come in pieces, as the lines of a PEM block do.
  struct Decoder {
    private(set) var bytes: [UInt8] = []
    private var bits: UInt32 = 0
    private var count = 0
    private var padding = 0

    /// False when the text isn't base64.
    mutating func append(_ text: ArraySlice<UInt8>) -> Bool {
      let values = Base64.values
      var (bits, count, padding) = (bits, count, padding)
      defer { (self.bits, self.count, self.padding) = (bits, count, padding) }
      for character in text {
        if character == UInt8(ascii: "=") {
          padding += 1
          guard padding <= 2 else { return false }
          continue
        }
        let value = values[Int(character)]
        guard value != 0xff, padding == 0 else { return false }
        bits = bits << 6 | UInt32(value)
        count += 1
        if count == 4 {
          bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
          bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
          bytes.append(UInt8(truncatingIfNeeded: bits))
          bits = 0
          count = 0
        }
      }
      return true
    }

    /// False when the text ended too soon.
    mutating func finish() -> Bool {
      switch (count, padding) {
      case (0, 0): return true
      case (2, 2):
        guard bits & 0xf == 0 else { return false }
        bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
        return true
      case (3, 1):
        guard bits & 0x3 == 0 else { return false }
        bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
        return true
      default: return false
      }
    }
  }

  static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    var decoder = Decoder()
    guard decoder.append(Array(text.utf8)[...]), decoder.finish() else { return nil }
    return decoder.bytes
  }

  static func text(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in group { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32((3 - group.count) * 8)
      for index in 0..<4 {
        let value = Int(bits >> UInt32((3 - index) * 6) & 63)
        result.append(index <= group.count ? alphabet[value] : UInt8(ascii: "="))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
