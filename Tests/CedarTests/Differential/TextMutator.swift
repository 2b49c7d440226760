/// Makes texts that are almost in a language: tokens are left out, doubled, exchanged or replaced.
struct TextMutator {
  var random: SeededRandom

  /// What replaces tokens, beside other tokens of the text.
  static let policyTokens = [
    "permit", "forbid", "when", "unless", "principal", "action", "resource", "context", "in", "is", "has", "like", "if",
    "then", "else", "true", "false", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "!", "-", "+", "*", "/", "%", "=",
    "(",
    ")", "[", "]", "{", "}", ",", ";", ":", "::", ".", "@", "?principal", "?resource", "?other", "__cedar", "ip",
    "decimal",
    "contains", "isEmpty", "getTag", "hasTag", "isInRange", "0", "9223372036854775807", "9223372036854775808", "-1",
    "007",
    "\"a\"", "\"*\"", "\"\\*\"", "\"\\x7f\"", "\"\\x80\"", "\"\\u{d800}\"", "\"\\u{1F600}\"", "\"\\u{}\"", "\"\\q\"",
    "'a'",
    "\"\"", "\"", "//", "/*", "é", "_x", "A::B", "A::\"b\"", "A::B::\"c\"", "Action::\"read\"", "type", "namespace",
    "@id(\"x\")", "@id", "ip(\"::1\")", "decimal(\"1.0\")", "datetime(\"2024-01-01\")", "lessThan", "\u{feff}",
    "\u{a0}",
  ]
  static let schemaTokens = [
    "entity", "action", "type", "namespace", "appliesTo", "principal", "resource", "context", "in", "enum", "tags",
    "Set",
    "Long", "String", "Bool", "Boolean", "decimal", "ipaddr", "datetime", "duration", "__cedar", "__cedar::Long",
    "Entity",
    "Record", "Extension", "?", ":", "::", ";", ",", "{", "}", "[", "]", "<", ">", "=", "(", ")", "@doc(\"x\")", "@doc",
    "attributes", "\"a\"", "\"\"", "\"\\u{e9}\"", "Action", "Action::\"read\"", "A::B", "User", "Set<Long>", "{}", "[]",
    "//", "true", "if", "has", "is", "like", "1", "é", "action x;", "entity Q;", "type Q = Long;", "Q",
  ]
  static let jsonTokens = [
    "{", "}", "[", "]", ",", ":", "null", "true", "false", "0", "1", "-1", "1.5", "1e3", "9223372036854775807",
    "9223372036854775808", "\"\"", "\"a\"", "\"\\u0041\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"__entity\"",
    "\"__extn\"",
    "\"__expr\"", "\"fn\"", "\"arg\"", "\"type\"", "\"id\"", "\"uid\"", "\"attrs\"", "\"parents\"", "\"tags\"",
    "\"ip\"",
    "\"decimal\"", "{}", "[]", "\"Action\"", "\"User\"", "\"Long\"", "\"Set\"", "\"Record\"", "\"Entity\"", "\"name\"",
    "\"element\"", "\"attributes\"", "\"required\"", "\"additionalAttributes\"", "\"memberOf\"", "\"memberOfTypes\"",
    "\"appliesTo\"", "\"shape\"", "\"Var\"", "\"Value\"", "\"principal\"", "\"==\"", "\"in\"", "\"op\"", "\"All\"",
    "\"slot\"", "\"?principal\"", "\"entity\"", "\"is\"", "\"entity_type\"", "\"left\"", "\"right\"", "\"kind\"",
    "\"when\"",
    "\"body\"", "\"effect\"", "\"permit\"", "\"annotations\"", "\"enum\"", "\"commonTypes\"", "\"x\":1,", "\u{a0}",
  ]

  mutating func mutated(_ text: String, vocabulary: [String]) -> String {
    var tokens = Self.tokens(text)
    for _ in 0..<random.pick([1, 1, 1, 1, 2, 3]) where !tokens.isEmpty {
      if random.chance(20) {
        mutateItem(&tokens)
        continue
      }
      if random.chance(30) {
        let names = tokens.indices.filter { Self.kind(tokens[$0]) < 4 }
        guard let place = random.pickOrNone(names) else { continue }
        let words = vocabulary.filter { Self.kind($0) == Self.kind(tokens[place]) }
        if let word = random.pickOrNone(words) { tokens[place] = word }
        continue
      }
      let solid = tokens.indices.filter { !tokens[$0].allSatisfy(\.isWhitespace) }
      guard let place = random.pickOrNone(solid), let any = random.pickOrNone(solid) else { break }
      // Something of the same kind is often right where it comes to stand.
      let alike = solid.filter { Self.kind(tokens[$0]) == Self.kind(tokens[place]) }
      let other = random.chance(70) ? random.pickOrNone(alike) ?? any : any
      switch random.int(0...11) {
      case 0, 1: tokens.remove(at: place)
      case 2: tokens.insert(tokens[place], at: place)
      case 3, 10: tokens.swapAt(place, other)
      case 4, 11: tokens[place] = tokens[other]
      case 5, 6: tokens[place] = random.pick(vocabulary)
      case 7: tokens.insert(random.pick(vocabulary) + (random.chance(50) ? " " : ""), at: place)
      case 8: tokens[place] = scratched(tokens[place])
      default:
        let end = min(place + random.int(1...12), tokens.count)
        if random.chance(50) { tokens.removeSubrange(place..<end) } else { tokens += tokens[place..<end] }
      }
    }
    return tokens.joined()
  }

  /// Leaves an item of a list out, doubles it or puts it elsewhere, with the comma before it.
  private mutating func mutateItem(_ tokens: inout [String]) {
    guard let comma = random.pickOrNone(tokens.indices.filter { tokens[$0] == "," }) else { return }
    var end = comma + 1
    var depth = 0
    while end < tokens.count {
      if ["(", "[", "{"].contains(tokens[end]) { depth += 1 }
      if [")", "]", "}"].contains(tokens[end]) { depth -= 1 }
      if depth < 0 || (depth == 0 && tokens[end] == ",") { break }
      end += 1
    }
    let item = Array(tokens[comma..<end])
    switch random.int(0...3) {
    case 0, 1: tokens.removeSubrange(comma..<end)
    case 2: tokens.insert(contentsOf: item, at: comma)
    default:
      let other = random.pick(tokens.indices.filter { tokens[$0] == "," })
      tokens.insert(contentsOf: item, at: other)
    }
  }

  private static func kind(_ token: String) -> Int {
    guard let first = token.unicodeScalars.first else { return 0 }
    return first == "\"" ? 1 : first.properties.isAlphabetic ? 2 : ("0"..."9").contains(first) ? 3 : 4
  }

  /// One character less, or another one.
  private mutating func scratched(_ token: String) -> String {
    var scalars = Array(token.unicodeScalars)
    let place = random.int(0...(scalars.count - 1))
    let odd: [Unicode.Scalar] = ["\"", "\\", "*", "\0", "\u{e9}", "0", "_", ":", "{", "}", " ", "\n", "'", "\u{2028}"]
    switch random.int(0...2) {
    case 0: scalars.remove(at: place)
    case 1: scalars[place] = random.pick(odd)
    default: scalars.insert(random.pick(odd), at: place)
    }
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
  }

  /// Words, strings, operators and blanks; joined they are the text.
  static func tokens(_ text: String) -> [String] {
    var tokens: [String] = []
    var rest = text.unicodeScalars[...]
    func isWord(_ scalar: Unicode.Scalar) -> Bool {
      scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }
    while let first = rest.first {
      var end = rest.index(after: rest.startIndex)
      if first == "\"" {
        while end < rest.endIndex, rest[end] != "\"" {
          if rest[end] == "\\" { end = rest.index(after: end) }
          if end < rest.endIndex { end = rest.index(after: end) }
        }
        if end < rest.endIndex { end = rest.index(after: end) }
      } else if isWord(first) {
        while end < rest.endIndex, isWord(rest[end]) { end = rest.index(after: end) }
      } else if first.properties.isWhitespace {
        while end < rest.endIndex, rest[end].properties.isWhitespace { end = rest.index(after: end) }
      } else if end < rest.endIndex,
        ["==", "!=", "<=", ">=", "&&", "||", "::", "//"].contains(String(rest[rest.startIndex...end]))
      {
        end = rest.index(after: end)
      }
      tokens.append(String(rest[..<end]))
      rest = rest[end...]
    }
    return tokens
  }

  /// The text with as few tokens as it fails with.
  static func smallest(_ text: String, fails: (String) -> Bool) -> String {
    var tokens = tokens(text)
    var size = max(tokens.count / 2, 1)
    var budget = 2_000
    while size >= 1 {
      var start = 0
      while start < tokens.count, budget > 0 {
        var fewer = tokens
        fewer.removeSubrange(start..<min(start + size, tokens.count))
        budget -= 1
        if fails(fewer.joined()) { tokens = fewer } else { start += size }
      }
      size /= 2
    }
    return tokens.joined()
  }
}
