/// Words, variables and numbers.
extension SQLTokenizer {
  /// A word to the next delimiter. When what stands before one of its dots or backticks is a keyword, as in
  /// `SELECT.1` or ``SELECT`a` ``, the word ends there.
  mutating func readWord(_ input: Span<UInt8>) -> Int {
    let start = position
    var end = start
    var hash = SQLKeywords.Hash()
    while end < input.count {
      let byte = input[end]
      if !Self.isLetter(byte) {
        if Self.endsWord(byte) { break }
        if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "`"), endKeyword(input, hash, length: end - start) {
          return end
        }
      }
      hash.add(byte)
      end += 1
    }
    token = SQLToken(.bareword, at: start, length: end - start)
    if end - start <= SQLToken.maximumLength,
      let match = SQLKeywords.shared.match(hash, length: end - start, in: input, from: start)
    {
      if match.kind != .none { token.kind = match.kind }
      token.traits = match.traits
    }
    return end
  }

  /// Takes the first bytes of a word for the token when they are a keyword.
  @inline(never)
  private mutating func endKeyword(_ input: Span<UInt8>, _ hash: SQLKeywords.Hash, length: Int) -> Bool {
    guard length < SQLToken.maximumLength,
      let match = SQLKeywords.shared.match(hash, length: length, in: input, from: position),
      match.kind != .none, match.kind != .bareword
    else { return false }
    token = SQLToken(match.kind, at: position, length: length)
    token.traits = match.traits
    return true
  }

  /// `@name`, `@@name`, and either before a quoted name or string.
  mutating func readVariable(_ input: Span<UInt8>) -> Int {
    var start = position + 1
    if start < input.count, input[start] == UInt8(ascii: "@") { start += 1 }
    var end = start
    if start < input.count {
      switch input[start] {
      case UInt8(ascii: "`"): end = readQuotedName(input, at: start)
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        end = readString(input, at: start, delimiter: input[start], skipping: 1)
      default:
        while end < input.count, !Self.endsVariable(input[end]) { end += 1 }
        token = SQLToken(.variable, at: start, length: end - start)
      }
    }
    if token.kind == .none { token = SQLToken(.variable, at: start, length: 0) }
    token.kind = .variable
    return end
  }

  /// A number, with what databases allow after it: an exponent, and Oracle's `d` and `f`. `0x`, `0b` and an exponent
  /// without digits are names.
  mutating func readNumber(_ input: Span<UInt8>) -> Int {
    let start = position
    if input[start] == UInt8(ascii: "0"), start + 1 < input.count {
      switch input[start + 1] | 0x20 {
      case UInt8(ascii: "x"): return readRadixNumber(input, Self.isHexDigit)
      case UInt8(ascii: "b"): return readRadixNumber(input) { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }
      default: break
      }
    }
    var end = Self.endOfDigits(input, from: start)
    if end < input.count, input[end] == UInt8(ascii: ".") {
      end = Self.endOfDigits(input, from: end + 1)
      if end == start + 1 {
        token = SQLToken(.dot, at: start)
        return end
      }
    }
    var kind = SQLTokenKind.number
    if end < input.count, input[end] | 0x20 == UInt8(ascii: "e") {
      end += 1
      if end < input.count, input[end] == UInt8(ascii: "+") || input[end] == UInt8(ascii: "-") { end += 1 }
      let digits = end
      end = Self.endOfDigits(input, from: end)
      if end == digits { kind = .bareword }
    }
    if Self.hasSuffix(input, at: end) { end += 1 }
    token = SQLToken(kind, at: start, length: end - start)
    return end
  }

  /// `0x…` and `0b…`; NUL counts as a digit.
  @inline(__always)
  private mutating func readRadixNumber(_ input: Span<UInt8>, _ isDigit: (UInt8) -> Bool) -> Int {
    var end = position + 2
    while end < input.count, isDigit(input[end]) || input[end] == 0 { end += 1 }
    token = SQLToken(end == position + 2 ? .bareword : .number, at: position, length: end - position)
    return end
  }

  private static func endOfDigits(_ input: Span<UInt8>, from start: Int) -> Int {
    var end = start
    while end < input.count, input[end] &- UInt8(ascii: "0") < 10 { end += 1 }
    return end
  }

  /// A `d` or `f` before the end, a blank, a semicolon, or the `u` of `1fUNION`.
  private static func hasSuffix(_ input: Span<UInt8>, at place: Int) -> Bool {
    guard place < input.count else { return false }
    let suffix = input[place] | 0x20
    guard suffix == UInt8(ascii: "d") || suffix == UInt8(ascii: "f") else { return false }
    guard place + 1 < input.count else { return true }
    let next = input[place + 1]
    return isBlank(next) || next == UInt8(ascii: ";") || next | 0x20 == UInt8(ascii: "u")
  }

  @inline(__always) private static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"), 0xA0: true
    case UInt8(ascii: "`"): false
    default: endsVariable(byte)
    }
  }

  @inline(__always) private static func endsVariable(_ byte: UInt8) -> Bool {
    switch byte {
    case 0, 0x09...0x0D, UInt8(ascii: " ")...UInt8(ascii: "#"), UInt8(ascii: "%")...UInt8(ascii: "-"),
      UInt8(ascii: "/"), UInt8(ascii: ":")...UInt8(ascii: "@"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
      UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
