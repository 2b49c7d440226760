/// Lays out the text of policies anew: the same tokens and comments in the same order, lines of a width that fits, a blank
/// line between policies. What it means stays the same.
public enum PolicyFormatter {
  /// - Parameters:
  ///   - width: columns that a line has where it can be broken.
  ///   - indentation: blanks for each level.
  /// - Throws: the first error of the text, with its place.
  public static func format(_ text: String, width: Int = 80, indentation: Int = 2) throws(SyntaxError) -> String {
    let source = try SourceText(Array(text.utf8))
    var parser = try PolicyParser(source)
    _ = try parser.policies { PolicyID("policy\($0)") }
    var reader = try FormatTokenReader(source)
    var writer = LayoutWriter(width: max(width, 1), indentation: max(indentation, 0))
    while true {
      let tokens = try reader.nextPolicy()
      guard let first = tokens.first else { break }
      writer.beginPolicy(comments: first.comments, hasBlankLine: first.hasBlankLine)
      guard first.kind != .end else { break }
      var layout = PolicyLayout(tokens)
      layout.policy()
      writer.write(layout.steps, tokens)
    }
    return writer.finished()
  }
}

/// A comment on a line of its own, or after a token.
struct FormatComment {
  var text: String
  /// Whether a blank line stands before it.
  var hasBlankLine: Bool
}

/// A token with the comments that belong to it.
struct FormatToken {
  var kind: Token.Kind
  var text: String
  /// On the lines before it.
  var comments: [FormatComment]
  /// On the line where it ends.
  var lineComment: String?
  var hasBlankLine: Bool

  var hasComments: Bool { lineComment != nil || !comments.isEmpty }
}

/// Cuts a text that is known to parse into the tokens of one policy after the other.
struct FormatTokenReader {
  private let source: SourceText
  private var lexer: Lexer
  private var end = 0
  private var gap: Gap

  /// What stands between two tokens.
  private struct Gap {
    var token: Token
    var lineComment: String?
    var comments: [FormatComment] = []
    var hasBlankLine = false
  }

  init(_ source: SourceText) throws(SyntaxError) {
    self.source = source
    lexer = Lexer(source)
    gap = Gap(token: try lexer.next())
    gap = FormatTokenReader.gap(before: gap.token, from: 0, isStart: true, in: source)
  }

  /// - Returns: the tokens up to `;`; the end of the text alone where there is no more policy.
  mutating func nextPolicy() throws(SyntaxError) -> [FormatToken] {
    var tokens: [FormatToken] = []
    while true {
      let current = gap
      let text = source.text(current.token.range)
      var token = FormatToken(
        kind: current.token.kind, text: text, comments: current.comments, hasBlankLine: current.hasBlankLine)
      guard token.kind != .end else { return tokens + [token] }
      let next = try lexer.next()
      gap = FormatTokenReader.gap(before: next, from: current.token.range.upperBound, isStart: false, in: source)
      token.lineComment = gap.lineComment
      tokens.append(token)
      if text == ";" { return tokens }
    }
  }

  private static func gap(before token: Token, from start: Int, isStart: Bool, in source: SourceText) -> Gap {
    var gap = Gap(token: token)
    var breaks = isStart ? 1 : 0
    var offset = start
    while offset < token.range.lowerBound {
      let byte = source.bytes[offset]
      guard byte == 0x2f else {
        if byte == 0x0a || byte == 0x0d { breaks += 1 }
        // A carriage return counts with its line feed.
        offset += source.bytes[offset...].starts(with: [0x0d, 0x0a]) ? 2 : 1
        continue
      }
      let from = offset
      while offset < token.range.lowerBound, source.bytes[offset] != 0x0a, source.bytes[offset] != 0x0d { offset += 1 }
      var scalars = source.text(from..<offset).unicodeScalars[...]
      while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
      if breaks == 0 {
        gap.lineComment = String(scalars)
      } else {
        gap.comments.append(FormatComment(text: String(scalars), hasBlankLine: breaks > 1))
      }
      breaks = 0
    }
    gap.hasBlankLine = breaks > 1
    return gap
  }
}
