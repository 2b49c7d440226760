/// Folds the tokens of a value into the at most five that make its fingerprint: what a database would compute or
/// ignore, like `1+1` or `((`, becomes shorter, so that padding an injection changes nothing.
///
/// The rules and their order are libinjection's. Every fold takes a token away or changes a kind for good, so the
/// work is bounded by the number of tokens.
struct SQLFolder: Sendable {
  static let maximumTokens = 5

  private(set) var tokenizer: SQLTokenizer
  /// Five tokens, and a sixth that may tell the kind of the fifth.
  private(set) var tokens = InlineArray<6, SQLToken>(repeating: SQLToken())
  /// How many tokens are there.
  private var filled = 0
  /// How many of them no fold looks at any more.
  private var settled = 0
  private var hasMore = true
  private var lastComment = SQLToken()

  private enum Step {
    /// The tokens changed: begin again.
    case again
    /// Nothing to fold.
    case next
    case evil
  }

  init(quote: UInt8, readsMySQL: Bool) {
    tokenizer = SQLTokenizer(quote: quote, readsMySQL: readsMySQL)
  }

  /// Folds the whole value and returns how many tokens remain. It may be six when one of them is evil.
  mutating func fold(_ input: Span<UInt8>) -> Int {
    guard skipOpening(input) else { return 0 }
    filled = 1
    while true {
      if filled >= Self.maximumTokens, isPaddingOfFive() { restart() }
      if !hasMore || settled >= Self.maximumTokens {
        settled = filled
        break
      }
      fill(input, ahead: 2)
      guard filled - settled >= 2 else {
        settled = filled
        continue
      }
      switch foldPair(input) {
      case .again: continue
      case .evil: return settled + 2
      case .next: break
      }
      fill(input, ahead: 3)
      guard filled - settled >= 3 else {
        settled = filled
        continue
      }
      if case .again = foldTriple(input) { continue }
      settled += 1
    }
    if settled < Self.maximumTokens, lastComment.kind == .comment {
      tokens[settled] = lastComment
      settled += 1
    }
    return min(settled, Self.maximumTokens)
  }

  /// Leaves out comments, parentheses, types and unary operators at the beginning. False when nothing else is there.
  private mutating func skipOpening(_ input: Span<UInt8>) -> Bool {
    while tokenizer.advance(input) {
      switch tokenizer.token.kind {
      case .comment, .leftParenthesis, .sqlType: continue
      default:
        if tokenizer.token.isUnaryOperator(of: input) { continue }
        tokens[0] = tokenizer.token
        return true
      }
    }
    return false
  }

  /// Reads until `ahead` unsettled tokens are there, without comments.
  private mutating func fill(_ input: Span<UInt8>, ahead: Int) {
    while hasMore, filled <= Self.maximumTokens, filled - settled < ahead {
      hasMore = tokenizer.advance(input)
      guard hasMore else { return }
      if tokenizer.token.kind == .comment {
        lastComment = tokenizer.token
      } else {
        lastComment.kind = .none
        tokens[filled] = tokenizer.token
        filled += 1
      }
    }
  }

  /// Sequences of five that say nothing and leave room for more.
  private mutating func isPaddingOfFive() -> Bool {
    switch (tokens[0].kind, tokens[1].kind, tokens[2].kind, tokens[3].kind, tokens[4].kind) {
    case (.number, .operator, .leftParenthesis, .number, .rightParenthesis),
      (.number, .comma, .leftParenthesis, .number, .rightParenthesis),
      (.bareword, .operator, .leftParenthesis, .bareword, .rightParenthesis),
      (.bareword, .operator, .leftParenthesis, .number, .rightParenthesis),
      (.number, .rightParenthesis, .comma, .leftParenthesis, .number),
      (.bareword, .rightParenthesis, .operator, .leftParenthesis, .bareword):
      true
    default: false
    }
  }

  /// Keeps the first token, and the sixth if it was read.
  private mutating func restart() {
    if filled > Self.maximumTokens {
      tokens[1] = tokens[Self.maximumTokens]
      filled = 2
    } else {
      filled = 1
    }
    settled = 0
  }

  // MARK: two tokens

  private mutating func foldPair(_ input: Span<UInt8>) -> Step {
    let first = tokens[settled]
    let second = tokens[settled + 1]
    switch (first.kind, second.kind) {
    case (.string, .string), (.semicolon, .semicolon): return drop(1, settling: settled)
    case (.operator, .sqlType), (.logicOperator, .sqlType): return drop(1, settling: 0)
    case (.operator, .operator), (.logicOperator, .operator):
      if second.isUnaryOperator(of: input) { return drop(1, settling: 0) }
    case (.leftParenthesis, .operator):
      if second.isUnaryOperator(of: input) { return drop(1, settling: max(settled - 1, 0)) }
    default: break
    }
    if first.traits.contains(.startsPhrase), merge(first, second, input) {
      return drop(1, settling: max(settled - 1, 0))
    }
    return foldUnmergedPair(first, second, input)
  }

  /// The rules for two tokens that are no phrase together.
  private mutating func foldUnmergedPair(_ first: SQLToken, _ second: SQLToken, _ input: Span<UInt8>) -> Step {
    switch first.kind {
    case .semicolon where second.kind == .function && Self.beginsWithIf(second, input):
      // A function elsewhere, a statement in Transact-SQL.
      tokens[settled + 1].kind = .transactSQL
      return .again
    case .bareword where second.kind == .leftParenthesis, .variable where second.kind == .leftParenthesis:
      let traits = Self.traits(ofVariable: first, input)
      if traits.contains(.callable) {
        tokens[settled].traits = traits
        tokens[settled].kind = .function
        return .again
      }
    case .keyword where first.traits.contains(.membership):
      tokens[settled].kind = second.kind == .leftParenthesis ? .operator : .bareword
      return .again
    case .operator where first.traits.contains(.likeness):
      if second.kind == .leftParenthesis { tokens[settled].kind = .function }
      return .next
    case .sqlType where Self.isTyped(second.kind):
      tokens[settled] = second
      return drop(1, settling: 0)
    case .collate where second.kind == .bareword:
      // Collations are too many to list, but have an underscore.
      if Self.holdsUnderscore(second, input) {
        tokens[settled + 1].kind = .sqlType
        settled = 0
      }
      return .next
    case .backslash:
      if second.isArithmeticOperator(of: input) {
        // Transact-SQL reads `\%1` as `0 % 1`.
        tokens[settled].kind = .number
        return drop(0, settling: 0)
      }
      tokens[settled] = second
      return drop(1, settling: 0)
    case .leftParenthesis where second.kind == .leftParenthesis,
      .rightParenthesis where second.kind == .rightParenthesis:
      return drop(1, settling: 0)
    case .leftBrace where second.kind == .bareword:
      // MySQL reads ``{``.``.id}``, which nothing harmless has.
      if second.length == 0 {
        tokens[settled + 1].kind = .evil
        return .evil
      }
      return drop(2, settling: 0)
    default: break
    }
    return second.kind == .rightBrace ? drop(1, settling: 0) : .next
  }

  private mutating func drop(_ count: Int, settling place: Int) -> Step {
    filled -= count
    settled = place
    return .again
  }

  /// Makes one token of two that are a phrase, like `UNION ALL`.
  private mutating func merge(_ first: SQLToken, _ second: SQLToken, _ input: Span<UInt8>) -> Bool {
    switch first.kind {
    case .keyword, .bareword, .operator, .union, .function, .expression, .transactSQL, .sqlType: break
    default: return false
    }
    switch second.kind {
    case .keyword, .bareword, .operator, .union, .function, .expression, .transactSQL, .sqlType, .logicOperator: break
    default: return false
    }
    guard let (match, length) = SQLKeywords.shared.match(first, second, of: input) else { return false }
    tokens[settled] = SQLToken(match.kind, at: match.start, length: length)
    tokens[settled].traits = match.traits.union(.inTable)
    return true
  }

  private static func beginsWithIf(_ token: SQLToken, _ input: Span<UInt8>) -> Bool {
    token.byte(0, of: input) | 0x20 == UInt8(ascii: "i") && token.byte(1, of: input) | 0x20 == UInt8(ascii: "f")
  }

  /// A word's traits, also after an `@`.
  private static func traits(ofVariable token: SQLToken, _ input: Span<UInt8>) -> SQLWordTraits {
    guard token.kind == .variable, token.traits.isEmpty else { return token.traits }
    return SQLKeywords.shared.match(length: token.length, in: input, from: token.start)?.traits ?? []
  }

  /// What a type may stand before.
  private static func isTyped(_ kind: SQLTokenKind) -> Bool {
    switch kind {
    case .sqlType, .leftParenthesis, .function: true
    default: isOperand(kind)
    }
  }

  private static func holdsUnderscore(_ token: SQLToken, _ input: Span<UInt8>) -> Bool {
    for index in 0..<token.length {
      switch token.byte(index, of: input) {
      case UInt8(ascii: "_"): return true
      case 0: return false
      default: continue
      }
    }
    return false
  }

  // MARK: three tokens

  private mutating func foldTriple(_ input: Span<UInt8>) -> Step {
    let first = tokens[settled]
    let second = tokens[settled + 1]
    let third = tokens[settled + 2]
    switch (first.kind, second.kind, third.kind) {
    case (.number, .operator, .number),
      (.logicOperator, _, .logicOperator),
      (.variable, .operator, .variable), (.variable, .operator, .number), (.variable, .operator, .bareword),
      (.bareword, .operator, .number), (.bareword, .operator, .bareword), (.number, .operator, .bareword),
      (.bareword, .dot, .bareword):
      return drop(2, settling: 0)
    case (.operator, let kind, .operator) where kind != .leftParenthesis: return drop(2, settling: 0)
    case (.bareword, .operator, .sqlType), (.number, .operator, .sqlType), (.variable, .operator, .sqlType),
      (.string, .operator, .sqlType):
      return Self.isCast(second, input) ? drop(2, settling: 0) : .next
    case (.bareword, .comma, _), (.number, .comma, _), (.string, .comma, _), (.variable, .comma, _):
      return Self.isOperand(third.kind) ? drop(2, settling: 0) : .next
    case (.expression, .dot, .bareword): return dropMiddle(third)
    case (.keyword, .operator, _), (.expression, .operator, _), (.group, .operator, _), (.comma, .operator, _):
      return second.isUnaryOperator(of: input) ? foldUnary(first, third) : .next
    case (.function, .leftParenthesis, let kind) where kind != .rightParenthesis:
      // USER() takes nothing; with something it is a name.
      if first.traits.contains(.user) { tokens[settled].kind = .bareword }
      return .next
    default: return .next
    }
  }

  /// A unary operator between something that wants a value and that value.
  private mutating func foldUnary(_ first: SQLToken, _ third: SQLToken) -> Step {
    switch (first.kind, third.kind) {
    case (.expression, .leftParenthesis), (.group, .leftParenthesis), (.comma, .leftParenthesis), (_, .function):
      return dropMiddle(third)
    case (.comma, _) where Self.isOperand(third.kind):
      // `1,-1` becomes `1`: what stands before the comma is looked at again.
      tokens[settled + 1] = third
      return drop(3, settling: 0)
    case (_, _) where Self.isOperand(third.kind): return dropMiddle(third)
    default: return .next
    }
  }

  private mutating func dropMiddle(_ third: SQLToken) -> Step {
    tokens[settled + 1] = third
    return drop(1, settling: 0)
  }

  private static func isOperand(_ kind: SQLTokenKind) -> Bool {
    switch kind {
    case .number, .bareword, .string, .variable: true
    default: false
    }
  }

  /// `::`.
  private static func isCast(_ token: SQLToken, _ input: Span<UInt8>) -> Bool {
    token.length == 2 && token.byte(0, of: input) == UInt8(ascii: ":") && token.byte(1, of: input) == UInt8(ascii: ":")
  }

  // MARK: the result

  /// Takes an unclosed empty backtick at the end for the comment that PHP makes of it.
  mutating func markBacktickComment(count: Int) {
    guard count > 2 else { return }
    let last = tokens[count - 1]
    if last.kind == .bareword, last.opening == UInt8(ascii: "`"), last.length == 0, last.closing == 0 {
      tokens[count - 1].kind = .comment
    }
  }
}
