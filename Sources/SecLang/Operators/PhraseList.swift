/// The phrases of `@pm` and `@pmFromFile`.
extension LiteralMatcher {
  /// The argument of `@pm`: phrases with whitespace between them, in double quotes or not. As in Snort's `content`,
  /// `|41 42|` stands for bytes, and a backslash goes before `:`, `;`, `\` and `"`. An argument that doesn't follow
  /// these rules is taken as it stands, as ModSecurity does.
  package static func phrases(_ argument: [UInt8]) -> [[UInt8]] {
    var text = argument[...].drop(while: EscapeDigits.isSpace)
    if text.count > 1, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"") {
      text = text.dropFirst().dropLast()
    }
    return decoded(text)
      ?? argument.split(whereSeparator: EscapeDigits.isSpace).map(Array.init)
  }

  /// A file of `@pmFromFile`: a phrase on each line, with the blanks in it and around it. Empty lines and lines whose
  /// first byte but blanks is `#` are none; a carriage return before a line's end is no part of it.
  package static func lines(_ text: [UInt8]) -> [[UInt8]] {
    text.split(separator: 0x0a).compactMap { line in
      let line = line.last == 0x0d ? line.dropLast() : line
      guard let first = line.first(where: { !EscapeDigits.isSpace($0) }), first != UInt8(ascii: "#") else { return nil }
      return Array(line)
    }
  }

  private static func decoded(_ text: ArraySlice<UInt8>) -> [[UInt8]]? {
    var phrases: [[UInt8]] = []
    var phrase: [UInt8] = []
    var isInBytes = false
    var isEscaped = false
    var high: UInt8?
    for byte in text {
      if isEscaped {
        guard [UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "\\"), UInt8(ascii: "\"")].contains(byte) else {
          return nil
        }
        phrase.append(byte)
        isEscaped = false
      } else if byte == UInt8(ascii: "|") {
        guard high == nil else { return nil }
        isInBytes.toggle()
      } else if isInBytes {
        if byte == 0x20 { continue }
        let digit = EscapeDigits.hex(byte)
        guard digit < 16 else { return nil }
        if let known = high {
          phrase.append(known << 4 | digit)
          high = nil
        } else {
          high = digit
        }
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if EscapeDigits.isSpace(byte) {
        if !phrase.isEmpty { phrases.append(phrase) }
        phrase = []
      } else {
        phrase.append(byte)
      }
    }
    guard !isInBytes, !isEscaped else { return nil }
    if !phrase.isEmpty { phrases.append(phrase) }
    return phrases
  }
}
