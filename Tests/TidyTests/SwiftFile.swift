/// A Swift file as tokens, without comments and without what stands in string literals.
struct SwiftFile: Sendable {
  struct Token: Sendable, Equatable {
    enum Kind: Sendable { case identifier, number, string, symbol }

    var kind: Kind
    /// Empty for a string; one character for a symbol.
    var text: String
    var line: Int
    /// Whether nothing stands between this token and the one before.
    var isGlued: Bool
  }

  let path: String
  let lines: [Substring]
  private(set) var tokens: [Token] = []
  /// The text of comments by line.
  private(set) var comments: [Int: String] = [:]

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var reader = Reader(bytes: Array(text.utf8))
    reader.readCode(untilClosingParenthesis: false)
    tokens = reader.tokens
    comments = reader.comments
  }

  /// Whether the line, or the comment that stands above it, says `invariant:`.
  func statesInvariant(line: Int) -> Bool {
    if comments[line]?.contains("invariant:") == true { return true }
    var above = line - 1
    while above > 0 {
      let text = lines[above - 1].drop { $0 == " " }
      if text.hasPrefix("/"), let comment = comments[above] {
        if comment.contains("invariant:") { return true }
      } else if !text.hasPrefix("@") {
        return false
      }
      above -= 1
    }
    return false
  }

  /// Whether the tokens from an index on read like this; each element is one identifier or one symbol.
  func matches(_ texts: [String], at index: Int) -> Bool {
    guard index + texts.count <= tokens.count else { return false }
    return zip(tokens[index...], texts).allSatisfy { $0.text == $1 && $0.kind != .string }
  }

  /// Names of the modules that the file imports, with the line of each.
  var imports: [(module: String, line: Int)] {
    let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return tokens.indices.compactMap { index in
      guard tokens[index].text == "import", tokens[index].kind == .identifier, index + 1 < tokens.count else {
        return nil
      }
      let name = kinds.contains(tokens[index + 1].text) && index + 2 < tokens.count ? index + 2 : index + 1
      return (tokens[name].text, tokens[name].line)
    }
  }
}

/// Cuts bytes of Swift into tokens. Knows nested comments, raw and multi-line strings, and interpolation.
private struct Reader {
  let bytes: [UInt8]
  var position = 0
  var line = 1
  var isGlued = false
  var tokens: [SwiftFile.Token] = []
  var comments: [Int: String] = [:]

  init(bytes: [UInt8]) { self.bytes = bytes }

  private func byte(_ offset: Int = 0) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  private func character(_ offset: Int = 0) -> Character? { byte(offset).map { Character(Unicode.Scalar($0)) } }

  private mutating func advance() {
    if byte() == 10 { line += 1 }
    position += 1
  }

  private mutating func add(_ kind: SwiftFile.Token.Kind, _ text: String, line: Int) {
    tokens.append(SwiftFile.Token(kind: kind, text: text, line: line, isGlued: isGlued))
    isGlued = true
  }

  mutating func readCode(untilClosingParenthesis: Bool) {
    var depth = 0
    while let next = character() {
      switch next {
      case " ", "\t", "\r", "\n":
        isGlued = false
        advance()
      case "/" where character(1) == "/": readLineComment()
      case "/" where character(1) == "*": readBlockComment()
      case "\"": readString(hashes: 0)
      case "#" where hashesBeforeQuote > 0: readString(hashes: hashesBeforeQuote)
      case "`": advance()
      default:
        if isIdentifier(next) { readWord() } else { readSymbol(next, depth: &depth) }
        if untilClosingParenthesis, depth < 0 { return }
      }
    }
  }

  private func isIdentifier(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_" || character == "$" || !character.isASCII
  }

  private mutating func readWord() {
    let start = position
    while let next = character(), isIdentifier(next) { advance() }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    add(text.first?.isNumber == true ? .number : .identifier, text, line: line)
  }

  private mutating func readSymbol(_ symbol: Character, depth: inout Int) {
    if symbol == "(" { depth += 1 }
    if symbol == ")" { depth -= 1 }
    add(.symbol, String(symbol), line: line)
    advance()
  }

  private mutating func note(from start: Int, line: Int) {
    comments[line, default: ""] += String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func readLineComment() {
    let start = position
    while let next = byte(), next != 10 { position += 1 }
    note(from: start, line: line)
    isGlued = false
  }

  private mutating func readBlockComment() {
    var depth = 0
    var start = position
    repeat {
      if character() == "/", character(1) == "*" {
        depth += 1
        position += 2
      } else if character() == "*", character(1) == "/" {
        depth -= 1
        position += 2
      } else {
        if byte() == 10 {
          note(from: start, line: line)
          start = position + 1
        }
        advance()
      }
    } while depth > 0 && position < bytes.count
    note(from: start, line: line)
    isGlued = false
  }

  /// How many `#` begin a raw string here; 0 when none does.
  private var hashesBeforeQuote: Int {
    var count = 0
    while character(count) == "#" { count += 1 }
    return character(count) == "\"" ? count : 0
  }

  private func stands(_ text: String) -> Bool {
    text.utf8.enumerated().allSatisfy { byte($0.offset) == $0.element }
  }

  private mutating func readString(hashes: Int) {
    let first = line
    let wasGlued = isGlued
    position += hashes
    let isMultiline = stands("\"\"\"")
    let quotes = isMultiline ? "\"\"\"" : "\""
    position += quotes.utf8.count
    let close = quotes + String(repeating: "#", count: hashes)
    let escape = "\\" + String(repeating: "#", count: hashes)
    while let next = character(), !stands(close), isMultiline || next != "\n" {
      if stands(escape + "(") {
        position += escape.utf8.count + 1
        add(.symbol, "(", line: line)
        readCode(untilClosingParenthesis: true)
      } else if stands(escape) {
        position += escape.utf8.count
        advance()
      } else {
        advance()
      }
    }
    if stands(close) { position += close.utf8.count }
    isGlued = wasGlued
    add(.string, "", line: first)
  }
}
