/// The id of an exchange, operation or flow: a UUID version 7 (RFC 9562 §5.7), so ids sort by time and a log segment is
/// found from the id alone.
public struct ExchangeID: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64

  /// - Parameters:
  ///   - unixMilliseconds: wall-clock time; the low 48 bits are kept.
  ///   - random: 74 bits are used: 12 from the first word, 62 from the second.
  public init(unixMilliseconds: UInt64, random: (UInt64, UInt64)) {
    high = (unixMilliseconds << 16) | 0x7000 | (random.0 & 0x0fff)
    low = 0x8000_0000_0000_0000 | (random.1 & 0x3fff_ffff_ffff_ffff)
  }

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Milliseconds since the Unix epoch at which the id was made.
  public var unixMilliseconds: UInt64 { high >> 16 }

  /// Reads the 36-character form (any case); nil for anything else.
  public init?(_ text: some StringProtocol) {
    var words: (UInt64, UInt64) = (0, 0)
    var digits = 0
    var position = 0
    for byte in text.utf8 {
      if position == 8 || position == 13 || position == 18 || position == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
      } else {
        let nibble: UInt8
        switch byte {
        case 0x30...0x39: nibble = byte &- 0x30
        case 0x41...0x46: nibble = byte &- 0x41 &+ 10
        case 0x61...0x66: nibble = byte &- 0x61 &+ 10
        default: return nil
        }
        if digits < 16 { words.0 = words.0 << 4 | UInt64(nibble) } else { words.1 = words.1 << 4 | UInt64(nibble) }
        digits += 1
      }
      position += 1
      guard position <= 36 else { return nil }
    }
    guard position == 36 else { return nil }
    high = words.0
    low = words.1
  }

  /// The 36 lower-case characters of the id.
  @inlinable
  public var text: InlineArray<36, UInt8> {
    var characters = InlineArray<36, UInt8>(repeating: 0x2d)
    var place = 0
    var index = 0
    while index < 32 {
      if index == 8 || index == 12 || index == 16 || index == 20 { place &+= 1 }
      let word = index < 16 ? high : low
      let nibble = UInt8(truncatingIfNeeded: word &>> UInt64((15 &- (index & 15)) &* 4)) & 0xf
      characters[place] = nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57
      place &+= 1
      index &+= 1
    }
    return characters
  }
}

extension ExchangeID: CustomStringConvertible {
  public var description: String {
    let text = text
    return text.span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}

extension ExchangeID: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let id = ExchangeID(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "`\(text)` is not an exchange id")
    }
    self = id
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
