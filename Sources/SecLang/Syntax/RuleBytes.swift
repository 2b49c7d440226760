/// What bytes of rules are, and how they look in a message.
enum RuleBytes {
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) && byte != 0x0a }

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }

  /// Bytes of the names of the language.
  static func isName(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") }

  /// In lower case, for look-up; nil for what is no name.
  static func name(_ bytes: some Collection<UInt8>) -> String? {
    guard !bytes.isEmpty, bytes.count <= RuleLimits.nameBytes, bytes.allSatisfy(isName) else { return nil }
    return String(decoding: bytes.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// Whether bytes are this word in whatever case.
  static func equal(_ bytes: some Collection<UInt8>, _ word: String) -> Bool {
    bytes.count == word.utf8.count
      && zip(bytes, word.utf8).allSatisfy { left, right in
        left == right || isLetter(left) && left ^ right == 0x20
      }
  }

  /// A number of up to 18 decimal digits.
  static func number(_ bytes: some Collection<UInt8>) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 18, bytes.allSatisfy(isDigit) else { return nil }
    return bytes.reduce(0) { $0 * 10 + Int($1 & 0x0f) }
  }

  /// Whether a macro stands in it, so that what it means is known only when it runs.
  static func holdsMacro(_ bytes: some Collection<UInt8>) -> Bool {
    var before: UInt8 = 0
    for byte in bytes {
      if before == UInt8(ascii: "%"), byte == UInt8(ascii: "{") { return true }
      before = byte
    }
    return false
  }

  /// User input for a message: one line, bounded, in backticks.
  static func quoted(_ bytes: some Collection<UInt8>) -> String {
    var result = "`"
    let text = String(decoding: bytes.prefix(400), as: UTF8.self)
    for (index, scalar) in text.unicodeScalars.enumerated() {
      guard index < 80 else {
        result += "…"
        break
      }
      switch scalar.value {
      case 0x0a: result += "\\n"
      case 0x0d: result += "\\r"
      case 0x09: result += "\\t"
      case 0..<0x20, 0x7f..<0xa0, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "`"
  }

  static func quoted(_ text: String) -> String { quoted(Array(text.utf8)) }

  /// Words in backticks as a sentence has them: `a`, `b` or `c`.
  static func choice(_ words: [String]) -> String {
    let marked = words.map { "`\($0)`" }
    guard let last = marked.last, marked.count > 1 else { return marked.first ?? "" }
    return marked.dropLast().joined(separator: ", ") + " or " + last
  }
}

/// The known name that a mistyped one most likely means.
enum NearestName {
  /// `did you mean …?`, nil when none is near.
  static func hint(_ word: some Collection<UInt8>, in known: some Collection<String>, prefix: String = "") -> String? {
    guard (2...RuleLimits.nameBytes).contains(word.count) else { return nil }
    let typed = word.map(lower)
    var best: (name: String, distance: Int)?
    for name in known {
      let candidate = name.utf8.map(lower)
      let allowed = max(1, min(3, min(typed.count, candidate.count) / 3))
      guard abs(typed.count - candidate.count) <= allowed else { continue }
      let distance = distance(typed, candidate)
      if distance <= allowed, best.map({ (distance, name) < ($0.distance, $0.name) }) ?? true {
        best = (name, distance)
      }
    }
    return best.map { "did you mean `\(prefix)\($0.name)`?" }
  }

  private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  /// Insertions, deletions, replacements and swaps of neighbours.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var before: [Int] = []
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var next = [i + 1]
      next.reserveCapacity(right.count + 1)
      for (j, b) in right.enumerated() {
        var cost = min(row[j + 1] + 1, next[j] + 1, row[j] + (a == b ? 0 : 1))
        if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { cost = min(cost, before[j - 1] + 1) }
        next.append(cost)
      }
      before = row
      row = next
    }
    return row[right.count]
  }
}
