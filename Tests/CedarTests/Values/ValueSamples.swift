import Cedar

/// Values of any kind, with what is hard to write among them.
struct ValueSamples {
  var random: SeededRandom

  static let texts = [
    "", "a", "press-1", "\"", "\\", "\n\r\t\0", "é", "e\u{301}", "\u{301}", "\u{200b}", "\u{7f}", "\u{85}", "\u{2028}",
    "\u{1f600}", "\u{10ffff}", "'", "*", "\u{fffd}", "__entity", "type", "fn", "a b", "if",
  ]
  private static let numbers: [Int64] = [.min, .min + 1, -1, 0, 1, 9, 10, .max - 1, .max, 253_402_300_800_000]

  mutating func text() -> String {
    random.chance(80) ? random.pick(Self.texts) : random.pick(Self.texts) + random.pick(Self.texts)
  }

  mutating func number() -> Int64 {
    random.chance(50) ? random.pick(Self.numbers) : Int64(truncatingIfNeeded: random.next()) >> random.int(0...60)
  }

  private static let types = ["A", "Plant::Asset", "_x", "permit"].compactMap { Name($0) }

  mutating func uid() -> EntityUID { EntityUID(type: random.pick(Self.types), id: text()) }

  mutating func network() -> IPNetwork {
    let bits = UInt128(random.next()) << 64 | UInt128(random.next())
    let isV6 = random.chance(50)
    // Runs of zeros, for what `::` stands for.
    let holes: UInt128 = random.chance(50) ? .max : UInt128(random.next() & random.next()) << 48
    let address = isV6 ? bits & holes : bits & 0xffff_ffff
    return IPNetwork(address: address, isV6: isV6, prefix: UInt8(random.int(0...(isV6 ? 128 : 32))))
  }

  mutating func value(depth: Int = 0) -> Value {
    switch random.int(0...(depth < 4 ? 12 : 7)) {
    case 0: return .bool(random.chance(50))
    case 1: return .long(number())
    case 2: return .string(text())
    case 3: return .entity(uid())
    case 4: return .decimal(Decimal(tenThousandths: number()))
    case 5: return .ip(network())
    case 6: return .datetime(Datetime(milliseconds: number()))
    case 7: return .duration(TimeSpan(milliseconds: number()))
    case 8...10: return .set(Set((0..<random.int(0...4)).map { _ in value(depth: depth + 1) }))
    default: return .record(record(depth: depth + 1))
    }
  }

  /// Without the keys that JSON keeps for other things.
  mutating func record(depth: Int) -> [String: Value] {
    var record: [String: Value] = [:]
    for _ in 0..<random.int(0...4) {
      let key = text()
      if !key.hasPrefix("__") { record[key] = value(depth: depth) }
    }
    return record
  }
}
