extension EntityUID {
  /// Reads `Plant::Asset::"press-1"`, without blanks but those in the quotes.
  /// - Throws: when the text has another form, with the place in it.
  public init(parsing text: String) throws(SyntaxError) {
    let source = try SourceText(Array(text.utf8))
    var lexer = Lexer(source)
    var end = 0
    var type = ""
    while true {
      let token = try lexer.next()
      guard token.range.lowerBound == end, token.kind != .end else { throw EntityUID.unexpected(token, in: source) }
      end = token.range.upperBound
      let isAfterName = !type.isEmpty
      if isAfterName, token.kind == .string {
        guard let name = Name(type) else {
          throw SyntaxError(
            "`\(type.shortened)` is no name of a type", at: source.position(of: 0), hint: EntityUID.form)
        }
        self.init(type: name, id: try StringLiteral.decode(token.range, in: source))
        guard end == source.bytes.count else { throw EntityUID.unexpected(try lexer.next(), in: source) }
        return
      }
      guard token.kind == .identifier else { throw EntityUID.unexpected(token, in: source) }
      type += (isAfterName ? "::" : "") + source.text(token.range)
      let separator = try lexer.next()
      guard separator.range.lowerBound == end, source.text(separator.range) == "::" else {
        throw EntityUID.unexpected(separator, in: source)
      }
      end = separator.range.upperBound
    }
  }

  private static let form = "expected an entity such as `User::\"alice\"`"

  private static func unexpected(_ token: Token, in source: SourceText) -> SyntaxError {
    let place = source.position(of: token.range.lowerBound)
    guard token.kind != .end else { return SyntaxError("the text of the entity ends too early", at: place, hint: form) }
    return SyntaxError(
      "unexpected `\(source.text(token.range).shortened)` in the text of an entity", at: place, hint: form)
  }
}
