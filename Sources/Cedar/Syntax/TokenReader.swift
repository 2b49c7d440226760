/// Reads a text token by token: what the parsers of policies and of schemas have in common.
protocol TokenReader {
  var source: SourceText { get }
  var lexer: Lexer { get set }
  /// The first token that is not yet read.
  var token: Token { get set }

  /// The error of a token where something else should be.
  func unexpected(_ wanted: String) -> SyntaxError
}

// What is not inlined keeps the frames of parsers small, which call themselves for what is nested.
extension TokenReader {
  var position: SourcePosition { source.position(of: token.range.lowerBound) }
  /// The token as it stands.
  var text: String { source.text(token.range) }

  @inline(never)
  mutating func advance() throws(SyntaxError) { token = try lexer.next() }

  func isAt(_ symbol: StaticString) -> Bool { token.kind == .symbol && isText(symbol) }
  func isAt(word: StaticString) -> Bool { token.kind == .identifier && isText(word) }

  private func isText(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { $0.elementsEqual(source.bytes[token.range]) }
  }

  mutating func take(_ symbol: StaticString) throws(SyntaxError) -> Bool {
    guard isAt(symbol) else { return false }
    try advance()
    return true
  }

  mutating func take(word: StaticString) throws(SyntaxError) -> Bool {
    guard isAt(word: word) else { return false }
    try advance()
    return true
  }

  /// - Parameter orComma: whether a `,` would be right too.
  @inline(never)
  mutating func expect(_ symbol: StaticString, orComma: Bool = false) throws(SyntaxError) {
    guard try take(symbol) else { throw unexpected(orComma ? "`,` or `\(symbol)`" : "`\(symbol)`") }
  }

  @inline(never)
  func error(_ message: String, at position: SourcePosition? = nil, hint: String? = nil) -> SyntaxError {
    SyntaxError(message, at: position ?? self.position, hint: hint)
  }

  /// The value of the string token, which is passed.
  mutating func string() throws(SyntaxError) -> String {
    let value = try StringLiteral.decode(token.range, in: source)
    try advance()
    return value
  }

  /// `@key("value")` as often as it comes, no key twice.
  mutating func annotations() throws(SyntaxError) -> [Annotation] {
    var annotations: [Annotation] = []
    var keys: Set<String> = []
    while try take("@") {
      guard token.kind == .identifier else { throw unexpected("the name of the annotation") }
      let (key, start) = (text, position)
      try advance()
      guard keys.insert(key).inserted else { throw error("the annotation `@\(key.shown)` is there twice", at: start) }
      var value: String?
      if try take("(") {
        guard token.kind == .string else { throw unexpected("the annotation's value, a string") }
        value = try string()
        try expect(")")
      }
      annotations.append(Annotation(key: key, value: value))
    }
    return annotations
  }
}
