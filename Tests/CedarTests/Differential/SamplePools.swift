import Cedar

/// What generated values are taken from: few enough that they meet, odd enough to matter.
enum SamplePools {
  static let longs: [Int64] = [0, 1, 2, 3, 4, 5, 10, -1, -2, 42, 100, 502]
  static let extremeLongs: [Int64] = [.max, .min, .max - 1, .min + 1, 1 << 62, -(1 << 62), 3_037_000_500, 1 << 32]

  static let strings = ["", "a", "ab", "abc", "prod", "plant-7", "a*b", "ab\\c", "say \"x\"", "line\nbreak"]
  /// Texts that are equal to a reader but not to Cedar, and the like.
  static let oddStrings = [
    "é", "e\u{301}", "\u{212b}", "Å", "日本", "😀", "\0", "\t", "\u{7f}", "\u{200b}", "*", "__entity",
  ]

  static let ids = ["alice", "bob", "carol", "press-1", "7", "line 4"]
  static let oddIds = ["", "é", "e\u{301}", "a\"b", "a\\b", "x\ny", "😀", "::", "Type::\"x\"", "if"]

  static let attributes = [
    "name", "level", "owner", "limits", "since", "span", "price", "address", "active", "members", "meta", "zone",
    "kind",
    "peers", "window", "rank",
  ]
  static let oddAttributes = [
    "a b", "in", "é", "", "x-y", "type", "id", "if", "__cedar", "1st", "principal", "e\u{301}",
  ]

  static let tagKeys = ["owner", "cost center", "x", ""]

  static let decimals = [
    "0.0", "1.0", "1.5", "1.50", "-1.5", "12.3456", "-0.0001", "0.0001", "922337203685477.5807",
    "-922337203685477.5808", "00.5", "-0.0", "100.0",
  ]
  static let badDecimals = [
    "1", "1.", ".5", "1.00000", "922337203685477.5808", "1.5e3", "+1.0", "", "1.0 ", "-", "--1.0",
  ]

  static let addresses = [
    "10.0.0.1", "10.0.0.0/8", "10.1.2.3/24", "127.0.0.1", "192.168.1.7/32", "224.0.0.5", "0.0.0.0/0", "255.255.255.255",
    "::1", "fe80::1", "2001:db8::/32", "2001:db8::7", "ff02::1", "::/0", "2001:0db8:0000:0000:0000:0000:0000:0007",
    "127.0.0.0/7", "127.0.0.0/8", "::1/128", "10.0.0.1/32", "239.255.255.255/4", "ff00::/8", "FE80::A", "224.0.0.0/4",
    "224.0.0.0/3", "239.1.0.0/6", "ff00::/7", "::1/127", "127.0.0.1/8",
  ]
  static let badAddresses = [
    "10.0.0", "10.0.0.256", "10.0.0.1/33", "10.0.0.01", "::1/129", "::ffff:1.2.3.4", "1:2:3", "", "10.0.0.1/08", "g::",
    "10.0.0.1/", "/8", "10.0.0.1 ", "1::2::3", "::ffff:127.0.0.1/120", "10.0.0.1/+8", "12345::",
  ]

  static let datetimes = [
    "2024-01-01", "2024-02-29", "1970-01-01", "2024-10-15T11:35:00Z", "2024-10-15T11:35:00.000Z",
    "2024-10-15T11:35:00+0200", "2024-10-15T11:35:00.123-0730", "1969-12-31T23:59:59.999Z", "0001-01-01", "9999-12-31",
    "0000-01-01", "2024-10-15T23:59:59Z", "1969-12-31", "1969-12-30T12:00:00Z", "1900-03-01", "2000-02-29T00:00:00Z",
    "2024-10-15",
  ]
  static let badDatetimes = [
    "2023-02-29", "1900-02-29", "2100-02-29", "2024-13-01", "2024-1-1", "2024-10-15T24:00:00Z", "2024-10-15T11:35:60Z",
    "2024-10-15T11:35:00",
    "2024-10-15T11:35:00+02:00", "2024-10-15T11:35:00.1Z", "2024-10-15T11:35:00+2400", "2024-10-15T11:35:00+0060", "",
    "2024-10-15 11:35:00Z", "2024-10-15T11:35:00z", "24-10-15", "2024-00-10", "2024-04-31", "+2024-01-01",
  ]

  static let durations = [
    "0ms", "1ms", "1s", "1m", "1h", "1d", "1d2h3m4s5ms", "-1h", "90m", "-1d12h", "1500ms", "36h", "-1ms", "0d",
    "9223372036854775807ms", "-9223372036854775808ms", "106751991167d",
  ]
  static let badDurations = [
    "", "1", "1x", "1h1d", "h", "-", "1.5h", "+1h", "1h 2m", "9223372036854775808ms", "106751991168d", "--1h", "1ms1s",
    "d1", "1d1d", "1D",
  ]

  static let constructors: [(function: ExtensionFunction, good: [String], bad: [String])] = [
    (.decimal, decimals, badDecimals), (.ip, addresses, badAddresses), (.datetime, datetimes, badDatetimes),
    (.duration, durations, badDurations),
  ]

  static func texts(_ function: ExtensionFunction) -> (good: [String], bad: [String]) {
    constructors.first { $0.function == function }.map { ($0.good, $0.bad) } ?? ([], [])
  }
}

extension SeededRandom {
  mutating func long() -> Int64 { pick(chance(4) ? SamplePools.extremeLongs : SamplePools.longs) }
  mutating func string() -> String { pick(chance(15) ? SamplePools.oddStrings : SamplePools.strings) }

  /// The argument of a constructor; a wrong one rarely.
  mutating func argument(of function: ExtensionFunction, badPercent: Int = 0) -> String {
    let texts = SamplePools.texts(function)
    guard chance(badPercent) else { return pick(texts.good) }
    return chance(50) ? pick(texts.bad) : scratched(pick(chance(70) ? texts.good : texts.bad))
  }

  /// Almost the text: a character or two less, more or other.
  private mutating func scratched(_ text: String) -> String {
    var characters = Array(text)
    for _ in 0..<int(1...2) {
      let odd = pick(Array("0123456789.:/-+TZdhmsabcfFx ·٣"))
      let place = int(0...characters.count)
      switch int(0...3) {
      case 0: characters.insert(odd, at: place)
      case 1: if place < characters.count { characters.remove(at: place) }
      default: if place < characters.count { characters[place] = odd }
      }
    }
    return String(characters)
  }
}

extension Name {
  /// A name that is known to be one.
  static func sample(_ text: String) -> Name { [text].compactMap { Name($0) }[0] }
}
