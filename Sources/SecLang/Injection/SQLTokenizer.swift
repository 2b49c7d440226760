/// Cuts a value into tokens of SQL, as a database that began to read before the value would.
///
/// Every byte is read a bounded number of times: a token that turns out to be another kind is read once more, no
/// token is left by going back. The dialects of several databases are taken together, as libinjection 3.9.2 does.
struct SQLTokenizer: Sendable {
  /// The quote that was open before the value, 0 for none.
  let quote: UInt8
  /// Whether `#` begins a comment and `--` needs a blank after it, as in MySQL.
  let readsMySQL: Bool

  var position = 0
  /// The token that `advance` found.
  var token = SQLToken()
  private(set) var tokenCount = 0
  /// Whether MySQL would read the value otherwise: a `#`, or `--` before something else than a blank.
  private(set) var seesDialects = false

  init(quote: UInt8, readsMySQL: Bool) {
    self.quote = quote
    self.readsMySQL = readsMySQL
  }

  /// Goes to the next token. False at the end, with `token.kind` none.
  mutating func advance(_ input: Span<UInt8>) -> Bool {
    token = SQLToken()
    if position == 0, quote != 0, !input.isEmpty {
      position = readString(input, at: 0, delimiter: quote, skipping: 0)
      tokenCount &+= 1
      return true
    }
    while position < input.count {
      let byte = input[position]
      if Self.isSkipped(byte) {
        position += 1
        continue
      }
      position = read(input, byte)
      tokenCount &+= 1
      return true
    }
    return false
  }

  /// Reads the token at `position` and returns where the next may begin.
  private mutating func read(_ input: Span<UInt8>, _ byte: UInt8) -> Int {
    switch byte {
    case UInt8(ascii: "!"), UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: ":"), UInt8(ascii: "<"),
      UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "|"):
      return readOperator(input, byte)
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      return readString(input, at: position, delimiter: byte, skipping: 1)
    case UInt8(ascii: "#"): return readHash(input)
    case UInt8(ascii: "$"): return readMoney(input)
    case UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "~"): return readSingle(.operator)
    case UInt8(ascii: "("): return readSingle(.leftParenthesis)
    case UInt8(ascii: ")"): return readSingle(.rightParenthesis)
    case UInt8(ascii: ","): return readSingle(.comma)
    case UInt8(ascii: ";"): return readSingle(.semicolon)
    case UInt8(ascii: "{"): return readSingle(.leftBrace)
    case UInt8(ascii: "}"): return readSingle(.rightBrace)
    case UInt8(ascii: "?"), UInt8(ascii: "]"): return readSingle(.unknown)
    case UInt8(ascii: "-"): return readDash(input)
    case UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"): return readNumber(input)
    case UInt8(ascii: "/"): return readSlash(input)
    case UInt8(ascii: "@"): return readVariable(input)
    case UInt8(ascii: "["): return readBracketedWord(input)
    case UInt8(ascii: "\\"): return readBackslash(input)
    case UInt8(ascii: "`"): return readQuotedName(input, at: position)
    default: return readPrefixedWord(input, byte)
    }
  }

  /// Blanks, control bytes and the no-break space of Latin 1, all of which stand for nothing.
  @inline(__always) private static func isSkipped(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == 0x7F || byte == 0xA0
  }

  /// What ends `--` and the suffix of a number.
  @inline(__always) static func isBlank(_ byte: UInt8) -> Bool {
    switch byte {
    case 0, 0x09...0x0D, 0x20, 0xA0: true
    default: false
    }
  }

  private mutating func readSingle(_ kind: SQLTokenKind) -> Int {
    token = SQLToken(kind, at: position)
    return position + 1
  }

  private mutating func readOperator(_ input: Span<UInt8>, _ byte: UInt8) -> Int {
    guard position + 1 < input.count else { return readSingle(.operator) }
    if position + 2 < input.count, byte == UInt8(ascii: "<"), input[position + 1] == UInt8(ascii: "="),
      input[position + 2] == UInt8(ascii: ">")
    {
      token = SQLToken(.operator, at: position, length: 3)
      return position + 3
    }
    if let match = SQLKeywords.shared.match(length: 2, in: input, from: position), match.kind != .none {
      token = SQLToken(match.kind, at: position, length: 2)
      return position + 2
    }
    return readSingle(byte == UInt8(ascii: ":") ? .colon : .operator)
  }

  // MARK: comments

  private mutating func readLineComment(_ input: Span<UInt8>) -> Int {
    let end = ByteScan.firstIndex(of: UInt8(ascii: "\n"), in: input, from: position)
    token = SQLToken(.comment, at: position, length: (end ?? input.count) - position)
    return end.map { $0 + 1 } ?? input.count
  }

  private mutating func readHash(_ input: Span<UInt8>) -> Int {
    seesDialects = true
    return readsMySQL ? readLineComment(input) : readSingle(.operator)
  }

  private mutating func readDash(_ input: Span<UInt8>) -> Int {
    guard position + 1 < input.count, input[position + 1] == UInt8(ascii: "-") else { return readSingle(.operator) }
    if position + 2 == input.count || Self.isBlank(input[position + 2]) { return readLineComment(input) }
    guard !readsMySQL else { return readSingle(.operator) }
    seesDialects = true
    return readLineComment(input)
  }

  /// `/* … */`. One that holds another, which PostgreSQL nests, and MySQL's `/*! … */`, which runs, are evil.
  private mutating func readSlash(_ input: Span<UInt8>) -> Int {
    guard position + 1 < input.count, input[position + 1] == UInt8(ascii: "*") else { return readSingle(.operator) }
    let inner = position + 2
    var place = inner
    var nests = false
    while place + 1 < input.count {
      switch (input[place], input[place + 1]) {
      case (UInt8(ascii: "*"), UInt8(ascii: "/")):
        return endComment(input, inner: inner, at: place + 2, isEvil: nests)
      case (UInt8(ascii: "/"), UInt8(ascii: "*")): nests = true
      default: break
      }
      place += 1
    }
    return endComment(input, inner: inner, at: input.count, isEvil: false)
  }

  private mutating func endComment(_ input: Span<UInt8>, inner: Int, at end: Int, isEvil: Bool) -> Int {
    let runs = inner < input.count && input[inner] == UInt8(ascii: "!")
    token = SQLToken(isEvil || runs ? .evil : .comment, at: position, length: end - position)
    return end
  }

  /// `\N` is MySQL's null.
  private mutating func readBackslash(_ input: Span<UInt8>) -> Int {
    guard position + 1 < input.count, input[position + 1] == UInt8(ascii: "N") else { return readSingle(.backslash) }
    token = SQLToken(.number, at: position, length: 2)
    return position + 2
  }
}
