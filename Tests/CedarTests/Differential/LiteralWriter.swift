import Cedar

/// Writes tokens as people and programs write them: blanks, comments and escapes vary.
struct LiteralWriter {
  var random: SeededRandom
  /// Whether blanks, comments and escapes vary at all.
  var varies: Bool

  mutating func blank() -> String {
    guard varies, random.chance(10) else { return " " }
    return random.pick(["  ", "\n", "\t", " // remark `\"'\n", "\n\n  ", "\r\n", "//\n"])
  }

  /// Perhaps a blank, where none is needed.
  mutating func gap() -> String { varies && random.chance(8) ? blank() : "" }

  mutating func string(_ text: String) -> String {
    "\"" + text.unicodeScalars.map { scalar($0, isPattern: false) }.joined() + "\""
  }

  mutating func pattern(_ pattern: Pattern) -> String {
    let parts = pattern.elements.map { element in
      switch element {
      case .wildcard: "*"
      case .scalar(let scalar): self.scalar(scalar, isPattern: true)
      }
    }
    return "\"" + parts.joined() + "\""
  }

  private mutating func scalar(_ scalar: Unicode.Scalar, isPattern: Bool) -> String {
    if varies, random.chance(3) {
      let digits = String(scalar.value, radix: 16, uppercase: random.chance(50))
      if scalar.value < 0x80, random.chance(40) { return "\\x" + (digits.count < 2 ? "0" : "") + digits }
      return "\\u{" + digits + "}"
    }
    switch scalar {
    case "\"": return "\\\""
    case "\\": return "\\\\"
    case "\n": return varies && random.chance(50) ? "\n" : "\\n"
    case "\r": return "\\r"
    case "\t": return varies && random.chance(50) ? "\t" : "\\t"
    case "\0": return "\\0"
    case "'": return varies && random.chance(50) ? "\\'" : "'"
    case "*": return isPattern ? "\\*" : "*"
    default: return String(Character(scalar))
    }
  }

  static let words: Set<String> = ["true", "false", "if", "then", "else", "in", "like", "has", "is", "__cedar"]

  static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first), !words.contains(text) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: true
      default: false
      }
    }
  }

  /// The key of a record or an attribute: bare where that is possible.
  mutating func key(_ text: String) -> String {
    Self.isIdentifier(text) && !(varies && random.chance(15)) ? text : string(text)
  }

  mutating func entity(_ uid: EntityUID) -> String { uid.type.text + "::" + string(uid.id) }
}

extension String {
  /// As a string of JSON.
  var json: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
