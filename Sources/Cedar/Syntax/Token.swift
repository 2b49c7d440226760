/// The least part of a text of policies or of a schema.
struct Token: Equatable {
  enum Kind: UInt8, Equatable {
    case identifier
    case integer
    /// With its quotes and escapes as they stand.
    case string
    /// One of `Token.symbols`.
    case symbol
    case end
  }

  var kind: Kind
  /// Offsets into the text.
  var range: Range<Int>

  /// Longest first.
  static let symbols: [StaticString] = [
    "::", "==", "!=", "<=", ">=", "&&", "||", "(", ")", "{", "}", "[", "]", "<", ">", ",", ";", ":", ".", "@", "?", "=",
    "!", "+", "-", "*", "/", "%", "|", "&",
  ]
}

/// Cuts a text into tokens: identifiers, unsigned integers, strings and symbols; `//` begins a comment that ends with
/// its line (grammar of the language: https://docs.cedarpolicy.com/policies/syntax-grammar.html).
struct Lexer {
  let source: SourceText
  private var offset = 0

  init(_ source: SourceText) { self.source = source }

  /// - Returns: all tokens, `end` the last.
  static func tokens(_ source: SourceText) throws(SyntaxError) -> [Token] {
    var lexer = Lexer(source)
    var tokens: [Token] = []
    while true {
      let token = try lexer.next()
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  mutating func next() throws(SyntaxError) -> Token {
    skipBlanks()
    guard let byte = byte(at: offset) else { return Token(kind: .end, range: offset..<offset) }
    let start = offset
    switch byte {
    case 0x41...0x5a, 0x61...0x7a, 0x5f:
      while let next = self.byte(at: offset), Lexer.isWord(next) { offset += 1 }
      return Token(kind: .identifier, range: start..<offset)
    case 0x30...0x39:
      while let next = self.byte(at: offset), (0x30...0x39).contains(next) { offset += 1 }
      return Token(kind: .integer, range: start..<offset)
    case 0x22:
      return try string(from: start)
    default:
      for symbol in Token.symbols where hasSymbol(symbol) {
        offset += symbol.utf8CodeUnitCount
        return Token(kind: .symbol, range: start..<offset)
      }
      let scalar = String(decoding: source.bytes[start...].prefix(4), as: UTF8.self).unicodeScalars.first
      throw SyntaxError("unexpected `\(scalar.map { String($0).shown } ?? "")`", at: source.position(of: start))
    }
  }

  private mutating func string(from start: Int) throws(SyntaxError) -> Token {
    offset += 1
    while let byte = byte(at: offset) {
      offset += 1
      if byte == 0x22 { return Token(kind: .string, range: start..<offset) }
      if byte == 0x5c { offset += 1 }
    }
    throw SyntaxError("the string has no end", at: source.position(of: start), hint: "close it with `\"`")
  }

  private mutating func skipBlanks() {
    while let byte = byte(at: offset) {
      if byte == 0x2f, self.byte(at: offset + 1) == 0x2f {
        while let next = self.byte(at: offset), next != 0x0a, next != 0x0d { offset += 1 }
      } else if byte < 0x80 {
        guard byte == 0x20 || (0x09...0x0d).contains(byte) else { return }
        offset += 1
      } else {
        let scalar = String(decoding: source.bytes[offset...].prefix(4), as: UTF8.self).unicodeScalars.first
        guard let scalar, scalar.properties.isWhitespace else { return }
        offset += UTF8.width(scalar)
      }
    }
  }

  private func byte(at index: Int) -> UInt8? { index < source.bytes.count ? source.bytes[index] : nil }

  private func hasSymbol(_ symbol: StaticString) -> Bool {
    guard offset + symbol.utf8CodeUnitCount <= source.bytes.count else { return false }
    return symbol.withUTF8Buffer { $0.elementsEqual(source.bytes[offset..<(offset + $0.count)]) }
  }

  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: true
    default: false
    }
  }
}
