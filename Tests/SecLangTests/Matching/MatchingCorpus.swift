import Foundation

/// Patterns and values of the public rule sets and their tests, read without the engine's own parser.
enum MatchingCorpus {
  /// The conformance data; `SLUICE_CONFORMANCE` names its folder.
  static let folder: String? = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
    let path =
      ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"]
      ?? repository.appending(path: "../shared/conformance").standardized.path
    return FileManager.default.fileExists(atPath: path + "/crs-v4/rules") ? path : nil
  }()

  static let installedRules = "/usr/share/modsecurity-crs/rules"

  /// How many random mutations to try; `SLUICE_MATCHING_MUTATIONS` sets it.
  static let mutations = ProcessInfo.processInfo.environment["SLUICE_MATCHING_MUTATIONS"].flatMap { Int($0) } ?? 20_000

  static let seed: UInt64 =
    ProcessInfo.processInfo.environment["SLUICE_MATCHING_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)

  /// The different patterns of all `@rx`.
  static let patterns: [[UInt8]] = {
    var seen: Set<[UInt8]> = []
    var result: [[UInt8]] = []
    for directory in [(folder ?? "") + "/crs-v4/rules", installedRules] {
      for file in files(directory, suffix: ".conf") {
        for pattern in patterns(of: file) where seen.insert(pattern).inserted { result.append(pattern) }
      }
    }
    return result
  }()

  /// Texts of the tests: what stands after a key, as it is, decoded, and in parts.
  static let values: [[UInt8]] = {
    var seen: Set<[UInt8]> = []
    guard let folder else { return [] }
    for file in files(folder + "/crs-v4/tests", suffix: ".yaml") {
      for line in file.split(separator: 0x0a) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
        addParts(of: trimmed(line[(colon + 1)...]), to: &seen)
      }
    }
    for file in files(folder + "/seclang", suffix: ".json") {
      guard let cases = try? JSONSerialization.jsonObject(with: Data(file)) as? [[String: Any]] else { continue }
      for object in cases {
        for key in ["input", "output", "param"] {
          if let text = object[key] as? String { addParts(of: Array(text.utf8), to: &seen) }
        }
      }
    }
    return seen.sorted { $0.lexicographicallyPrecedes($1) }
  }()

  private static func addParts(of text: [UInt8], to values: inout Set<[UInt8]>) {
    for part in [text] + text.split(whereSeparator: { [0x26, 0x3f, 0x3d].contains($0) }).map({ Array($0) }) {
      guard !part.isEmpty, part.count <= 10_000 else { continue }
      values.insert(part)
      let decoded = decoded(part)
      values.insert(decoded)
      values.insert(decoded.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 })
    }
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var text = text.drop { $0 == 0x20 }
    if text.count > 1, let first = text.first, [0x22, 0x27].contains(first), text.last == first {
      text = text.dropFirst().dropLast()
    }
    return Array(text)
  }

  /// `%xx` and `+`.
  private static func decoded(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < text.count {
      let digits = String(decoding: text[min(index + 1, text.count)..<min(index + 3, text.count)], as: UTF8.self)
      if text[index] == 0x25, digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) {
        result.append(byte)
        index += 3
      } else {
        result.append(text[index] == 0x2b ? 0x20 : text[index])
        index += 1
      }
    }
    return result
  }

  private static func files(_ directory: String, suffix: String) -> [[UInt8]] {
    guard let names = FileManager.default.enumerator(atPath: directory) else { return [] }
    return names.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) }.sorted().compactMap {
      FileManager.default.contents(atPath: directory + "/" + $0).map { Array($0) }
    }
  }

  /// What stands in `"@rx …"` and `"!@rx …"` of a file.
  private static func patterns(of file: [UInt8]) -> [[UInt8]] {
    var text: [UInt8] = []
    for line in file.split(separator: 0x0a, omittingEmptySubsequences: false) where line.first != UInt8(ascii: "#") {
      if line.last == 0x5c { text += line.dropLast().drop { $0 == 0x20 } } else { text += line + [0x0a] }
    }
    var result: [[UInt8]] = []
    for mark in ["\"@rx ", "\"!@rx "].map({ Array($0.utf8) }) {
      var index = 0
      while index + mark.count < text.count {
        guard text[index] == 0x22, text[index..<index + mark.count].elementsEqual(mark) else {
          index += 1
          continue
        }
        index += mark.count
        var pattern: [UInt8] = []
        while index < text.count, text[index] != 0x22 {
          if text[index] == 0x5c, index + 1 < text.count {
            if text[index + 1] != 0x22 { pattern.append(0x5c) }
            index += 1
          }
          pattern.append(text[index])
          index += 1
        }
        result.append(pattern)
      }
    }
    return result
  }
}

/// Makes new values of old ones.
struct ValueMutator {
  private let values: [[UInt8]]
  private var random: SeededGenerator

  init(values: [[UInt8]], seed: UInt64) {
    self.values = values
    random = SeededGenerator(seed: seed)
  }

  private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &random) }

  private mutating func value() -> [UInt8] { values.isEmpty ? [0x61] : values[pick(values.count)] }

  mutating func next() -> [UInt8] {
    var result = value()
    for _ in 0...pick(3) { mutate(&result) }
    // Now and then a value as long as those that Hyperscan sees, with the attack anywhere.
    if pick(8) == 0 {
      var before = [UInt8](repeating: UInt8(ascii: "x"), count: pick(900))
      for index in before.indices where pick(6) == 0 { before[index] = 0x20 }
      result = before + result + [UInt8](repeating: 0x20, count: pick(200))
    }
    return Array(result.prefix(2000))
  }

  private mutating func mutate(_ value: inout [UInt8]) {
    let special = Array("\0\n\r\t\u{0b} \"'`\\;|&$(){}[]<>=/*%#@!?^~.,:-_".utf8) + [0x80, 0x85, 0xa0, 0xbc, 0xbe, 0xff]
    let place = pick(value.count)
    switch pick(9) {
    case 0 where !value.isEmpty: value[place] = UInt8(truncatingIfNeeded: pick(256))
    case 1 where !value.isEmpty: value[place] = special[pick(special.count)]
    case 2: value.insert(special[pick(special.count)], at: place)
    case 3 where !value.isEmpty: value.remove(at: place)
    case 4 where !value.isEmpty: value[place] ^= 0x20
    case 5: value = Array(value.prefix(place)) + self.value().suffix(pick(40))
    case 6: value = self.value() + [special[pick(special.count)]] + value
    case 7: value = value.map { (0x61...0x7a).contains($0) && pick(2) == 0 ? $0 & 0xdf : $0 }
    default: value = Array(value[place...]) + value[..<place]
    }
  }
}
