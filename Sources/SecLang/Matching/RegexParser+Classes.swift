/// Character classes and the escapes that stand for one character.
extension RegexParser {
  /// The set of `\d`, `\s`, `\w`, `\h`, `\v` and their opposites.
  static func shorthand(_ letter: UInt8) -> ByteSet? {
    switch letter {
    case UInt8(ascii: "d"): ByteClass.digit
    case UInt8(ascii: "D"): ByteClass.not(ByteClass.digit)
    case UInt8(ascii: "s"): ByteClass.space
    case UInt8(ascii: "S"): ByteClass.not(ByteClass.space)
    case UInt8(ascii: "w"): ByteClass.word
    case UInt8(ascii: "W"): ByteClass.not(ByteClass.word)
    case UInt8(ascii: "h"): ByteClass.of(0x09...0x09, 0x20...0x20, 0xa0...0xa0)
    case UInt8(ascii: "H"): ByteClass.not(ByteClass.of(0x09...0x09, 0x20...0x20, 0xa0...0xa0))
    case UInt8(ascii: "v"): ByteClass.of(0x0a...0x0d, 0x85...0x85)
    case UInt8(ascii: "V"): ByteClass.not(ByteClass.of(0x0a...0x0d, 0x85...0x85))
    default: nil
    }
  }

  /// The character of an escape whose letter, after the backslash, has been taken.
  mutating func character(after letter: UInt8) throws(Unknown) -> UInt8 {
    switch letter {
    case UInt8(ascii: "a"): return 0x07
    case UInt8(ascii: "e"): return 0x1b
    case UInt8(ascii: "f"): return 0x0c
    case UInt8(ascii: "n"): return 0x0a
    case UInt8(ascii: "r"): return 0x0d
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "x"):
      return take("{") ? try digits(radix: 16, until: UInt8(ascii: "}")) : try digits(radix: 16, limit: 2)
    case UInt8(ascii: "o"):
      guard take("{") else { throw Unknown() }
      return try digits(radix: 8, until: UInt8(ascii: "}"))
    case UInt8(ascii: "0"): return try digits(radix: 8, limit: 2)
    case UInt8(ascii: "c"):
      let byte = try take()
      guard (0x20...0x7e).contains(byte) else { throw Unknown() }
      return ((0x61...0x7a).contains(byte) ? byte & 0xdf : byte) ^ 0x40
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: throw Unknown()
    default: return letter
    }
  }

  private mutating func digits(radix: Int, limit: Int) throws(Unknown) -> UInt8 {
    var value = 0
    for _ in 0..<limit {
      guard let byte = peek(), let digit = Self.digit(byte, radix: radix) else { break }
      value = value * radix + digit
      position += 1
    }
    guard let byte = UInt8(exactly: value) else { throw Unknown() }
    return byte
  }

  private mutating func digits(radix: Int, until end: UInt8) throws(Unknown) -> UInt8 {
    var value = 0
    var count = 0
    while true {
      let byte = try take()
      if byte == end { break }
      guard let digit = Self.digit(byte, radix: radix), value < 1 << 16 else { throw Unknown() }
      value = value * radix + digit
      count += 1
    }
    guard count > 0, let byte = UInt8(exactly: value) else { throw Unknown() }
    return byte
  }

  private static func digit(_ byte: UInt8, radix: Int) -> Int? {
    let value: Int
    switch byte {
    case 0x30...0x39: value = Int(byte) - 0x30
    case 0x41...0x46: value = Int(byte) - 0x37
    case 0x61...0x66: value = Int(byte) - 0x57
    default: return nil
    }
    return value < radix ? value : nil
  }

  /// A class, after its `[`.
  mutating func characterClass() throws(Unknown) -> ByteSet {
    let isNegated = take("^")
    var set = ByteSet()
    var isFirst = true
    while true {
      if peek() == UInt8(ascii: "]"), !isFirst {
        position += 1
        break
      }
      isFirst = false
      if peek("[:") {
        if let named = try namedClass() {
          set.formUnion(named)
          continue
        }
      } else if peek("[.") || peek("[=") || peek("\\Q") || peek("\\E") {
        throw Unknown()
      }
      guard let low = try classMember(into: &set) else {
        // `[\d-a]`: the hyphen is a member, too.
        if peek() == UInt8(ascii: "-") {
          guard peek(1) != UInt8(ascii: "-") else { throw Unknown() }
          set.insert(UInt8(ascii: "-"))
          position += 1
        }
        continue
      }
      guard peek() == UInt8(ascii: "-"), let next = peek(1), next != UInt8(ascii: "]") else {
        set.insert(low)
        continue
      }
      position += 1
      if peek("\\Q") || peek("\\E") || peek("[:") || peek("[.") || peek("[=") { throw Unknown() }
      guard let high = try classMember(into: &set) else {
        // `[a-\d]`: the hyphen is a member.
        set.insert(low)
        set.insert(UInt8(ascii: "-"))
        continue
      }
      guard low <= high else { throw Unknown() }
      for byte in low...high { set.insert(byte) }
    }
    let members = folded(set)
    return isNegated ? ByteClass.not(members) : members
  }

  /// One character, which is returned, or a shorthand, which goes into `set`.
  private mutating func classMember(into set: inout ByteSet) throws(Unknown) -> UInt8? {
    let byte = try take()
    guard byte == UInt8(ascii: "\\") else { return byte }
    let letter = try take()
    if let shorthand = Self.shorthand(letter) {
      set.formUnion(shorthand)
      return nil
    }
    switch letter {
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "1")...UInt8(ascii: "7"):
      position -= 1
      return try digits(radix: 8, limit: 3)
    default: return try character(after: letter)
    }
  }

  /// `[:name:]`, or nil where the bracket is only a member.
  private mutating func namedClass() throws(Unknown) -> ByteSet? {
    var end = position + 2
    while end < pattern.count, pattern[end] != UInt8(ascii: ":"), pattern[end] != UInt8(ascii: "]") { end += 1 }
    guard end + 1 < pattern.count, pattern[end] == UInt8(ascii: ":"), pattern[end + 1] == UInt8(ascii: "]") else {
      return nil
    }
    let text = String(decoding: pattern[position + 2..<end], as: UTF8.self)
    let isNegated = text.hasPrefix("^")
    guard let set = Self.posix(isNegated ? String(text.dropFirst()) : text) else { throw Unknown() }
    position = end + 2
    // PCRE2 widens `[:upper:]` and `[:lower:]` before it negates them.
    return isNegated ? ByteClass.not(folded(set)) : set
  }

  private static func posix(_ name: String) -> ByteSet? {
    switch name {
    case "alnum": ByteClass.of(0x30...0x39, 0x41...0x5a, 0x61...0x7a)
    case "alpha": ByteClass.of(0x41...0x5a, 0x61...0x7a)
    case "ascii": ByteClass.of(0x00...0x7f)
    case "blank": ByteClass.of(0x09...0x09, 0x20...0x20)
    case "cntrl": ByteClass.of(0x00...0x1f, 0x7f...0x7f)
    case "digit": ByteClass.digit
    case "graph": ByteClass.of(0x21...0x7e)
    case "lower": ByteClass.of(0x61...0x7a)
    case "print": ByteClass.of(0x20...0x7e)
    case "punct": ByteClass.of(0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e)
    case "space": ByteClass.space
    case "upper": ByteClass.of(0x41...0x5a)
    case "word": ByteClass.word
    case "xdigit": ByteClass.of(0x30...0x39, 0x41...0x46, 0x61...0x66)
    default: nil
    }
  }
}
