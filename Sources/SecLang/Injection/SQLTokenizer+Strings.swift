/// Strings and quoted names.
extension SQLTokenizer {
  /// A string from `start + skipping` to an unescaped delimiter. A delimiter is escaped by an odd number of backslashes
  /// before it or by being doubled. Without `skipping` the opening quote stands before the value.
  mutating func readString(_ input: Span<UInt8>, at start: Int, delimiter: UInt8, skipping: Int) -> Int {
    let begin = start + skipping
    var place = begin
    var end = input.count
    var closes = false
    while let found = ByteScan.firstIndex(of: delimiter, in: input, from: place) {
      if Self.isEscaped(input, found, from: begin) {
        place = found + 1
      } else if found + 1 < input.count, input[found + 1] == delimiter {
        place = found + 2
      } else {
        end = found
        closes = true
        break
      }
    }
    token = SQLToken(.string, at: begin, length: end - begin)
    token.opening = skipping > 0 ? delimiter : 0
    token.closing = closes ? delimiter : 0
    return closes ? end + 1 : input.count
  }

  private static func isEscaped(_ input: Span<UInt8>, _ place: Int, from begin: Int) -> Bool {
    var first = place
    while first > begin, input[first - 1] == UInt8(ascii: "\\") { first -= 1 }
    return (place - first) & 1 != 0
  }

  /// A string between two tags, which may be missing at the end.
  private mutating func readTagged(
    _ input: Span<UInt8>, from begin: Int, to close: Int?, tag: UInt8, closingLength: Int
  )
    -> Int
  {
    let end = close ?? input.count
    token = SQLToken(.string, at: begin, length: end - begin)
    token.opening = tag
    token.closing = close == nil ? 0 : tag
    return close.map { $0 + closingLength } ?? input.count
  }

  /// MySQL's backticks: a function of that name, or a name.
  mutating func readQuotedName(_ input: Span<UInt8>, at start: Int) -> Int {
    let next = readString(input, at: start, delimiter: UInt8(ascii: "`"), skipping: 1)
    let match = SQLKeywords.shared.match(length: token.length, in: input, from: token.start)
    token.kind = match?.kind == .function ? .function : .bareword
    token.traits = match?.traits ?? []
    return next
  }

  /// SQL Server's `[name]`.
  mutating func readBracketedWord(_ input: Span<UInt8>) -> Int {
    let end = ByteScan.firstIndex(of: UInt8(ascii: "]"), in: input, from: position).map { $0 + 1 } ?? input.count
    token = SQLToken(.bareword, at: position, length: end - position)
    return end
  }

  /// A word, or a string that a letter introduces: `b'…'`, `e'…'`, `n'…'`, `nq'…'`, `q'…'`, `u&'…'`, `x'…'`.
  mutating func readPrefixedWord(_ input: Span<UInt8>, _ byte: UInt8) -> Int {
    guard position + 2 < input.count else { return readWord(input) }
    let next = input[position + 1]
    switch byte | 0x20 {
    case UInt8(ascii: "b") where next == UInt8(ascii: "'"):
      return readDigitString(input) { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }
    case UInt8(ascii: "x") where next == UInt8(ascii: "'"):
      return readDigitString(input, Self.isHexDigit)
    case UInt8(ascii: "e") where next == UInt8(ascii: "'"), UInt8(ascii: "n") where next == UInt8(ascii: "'"):
      return readString(input, at: position, delimiter: next, skipping: 2)
    case UInt8(ascii: "n"): return readOracleString(input, at: position + 1)
    case UInt8(ascii: "q"): return readOracleString(input, at: position)
    case UInt8(ascii: "u") where next == UInt8(ascii: "&") && input[position + 2] == UInt8(ascii: "'"):
      let end = readString(input, at: position + 2, delimiter: UInt8(ascii: "'"), skipping: 1)
      token.opening = UInt8(ascii: "u")
      if token.closing != 0 { token.closing = UInt8(ascii: "u") }
      return end
    default: return readWord(input)
    }
  }

  /// A number in quotes; NUL counts as a digit.
  @inline(__always)
  private mutating func readDigitString(_ input: Span<UInt8>, _ isDigit: (UInt8) -> Bool) -> Int {
    var end = position + 2
    while end < input.count, isDigit(input[end]) || input[end] == 0 { end += 1 }
    guard end < input.count, input[end] == UInt8(ascii: "'") else { return readWord(input) }
    token = SQLToken(.number, at: position, length: end + 1 - position)
    return end + 1
  }

  /// Oracle's `q'[…]'`, whose delimiter is any printable ASCII byte and a bracket ends with its counterpart.
  private mutating func readOracleString(_ input: Span<UInt8>, at start: Int) -> Int {
    guard start + 2 < input.count, input[start] | 0x20 == UInt8(ascii: "q"), input[start + 1] == UInt8(ascii: "'")
    else {
      return readWord(input)
    }
    var delimiter = input[start + 2]
    switch delimiter {
    case UInt8(ascii: "("): delimiter = UInt8(ascii: ")")
    case UInt8(ascii: "["): delimiter = UInt8(ascii: "]")
    case UInt8(ascii: "{"): delimiter = UInt8(ascii: "}")
    case UInt8(ascii: "<"): delimiter = UInt8(ascii: ">")
    case 0..<33, 128...: return readWord(input)
    default: break
    }
    let close = ByteScan.firstIndex(of: delimiter, UInt8(ascii: "'"), in: input, from: start + 3, to: input.count)
    return readTagged(input, from: start + 3, to: close, tag: UInt8(ascii: "q"), closingLength: 2)
  }

  /// What `$` begins: an amount, PostgreSQL's `$$…$$` and `$tag$…$tag$`, or a name.
  mutating func readMoney(_ input: Span<UInt8>) -> Int {
    guard position + 1 < input.count else { return readSingleName() }
    var end = position + 1
    while end < input.count, Self.isAmountByte(input[end]) { end += 1 }
    if end == position + 2, input[position + 1] == UInt8(ascii: ".") { return readWord(input) }
    if end > position + 1 {
      token = SQLToken(.number, at: position, length: end - position)
      return end
    }
    if input[end] == UInt8(ascii: "$") {
      let dollar = UInt8(ascii: "$")
      let close = ByteScan.firstIndex(of: dollar, dollar, in: input, from: end + 1, to: input.count)
      return readTagged(input, from: end + 1, to: close, tag: dollar, closingLength: 2)
    }
    while end < input.count, Self.isLetter(input[end]) || input[end] == 0 { end += 1 }
    guard end > position + 1, end < input.count, input[end] == UInt8(ascii: "$") else { return readSingleName() }
    let tagLength = end + 1 - position
    let close = closingTag(input, length: tagLength)
    return readTagged(
      input, from: position + tagLength, to: close, tag: UInt8(ascii: "$"), closingLength: tagLength)
  }

  /// Where the tag at `position` stands again. It has its dollars at the ends only, so no byte is compared twice.
  private func closingTag(_ input: Span<UInt8>, length: Int) -> Int? {
    var place = position + length
    while let found = ByteScan.firstIndex(of: UInt8(ascii: "$"), in: input, from: place), found + length <= input.count
    {
      var matched = 1
      while matched < length, input[found + matched] == input[position + matched] { matched += 1 }
      if matched == length { return found }
      place = found + 1
    }
    return nil
  }

  private mutating func readSingleName() -> Int {
    token = SQLToken(.bareword, at: position)
    return position + 1
  }

  /// Digits, their separators and NUL.
  @inline(__always) private static func isAmountByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0, UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  @inline(__always) static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26
  }

  @inline(__always) static func isHexDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6
  }
}
