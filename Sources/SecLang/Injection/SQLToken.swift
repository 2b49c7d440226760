/// What a token of SQL is. The letter of a kind stands for it in a fingerprint.
enum SQLTokenKind: UInt8, CaseIterable, Sendable {
  /// No token.
  case none = 0
  case keyword, union, group, expression, sqlType, function, bareword, number, variable, string, `operator`
  case logicOperator, comment, collate, leftParenthesis, rightParenthesis, leftBrace, rightBrace, dot, comma, colon
  case semicolon, transactSQL, unknown
  /// What can't be told apart by all databases, like a comment within a comment.
  case evil
  case backslash

  var letter: UInt8 {
    switch self {
    case .none: 0
    case .keyword: UInt8(ascii: "k")
    case .union: UInt8(ascii: "U")
    case .group: UInt8(ascii: "B")
    case .expression: UInt8(ascii: "E")
    case .sqlType: UInt8(ascii: "t")
    case .function: UInt8(ascii: "f")
    case .bareword: UInt8(ascii: "n")
    case .number: UInt8(ascii: "1")
    case .variable: UInt8(ascii: "v")
    case .string: UInt8(ascii: "s")
    case .operator: UInt8(ascii: "o")
    case .logicOperator: UInt8(ascii: "&")
    case .comment: UInt8(ascii: "c")
    case .collate: UInt8(ascii: "A")
    case .leftParenthesis: UInt8(ascii: "(")
    case .rightParenthesis: UInt8(ascii: ")")
    case .leftBrace: UInt8(ascii: "{")
    case .rightBrace: UInt8(ascii: "}")
    case .dot: UInt8(ascii: ".")
    case .comma: UInt8(ascii: ",")
    case .colon: UInt8(ascii: ":")
    case .semicolon: UInt8(ascii: ";")
    case .transactSQL: UInt8(ascii: "T")
    case .unknown: UInt8(ascii: "?")
    case .evil: UInt8(ascii: "X")
    case .backslash: UInt8(ascii: "\\")
    }
  }

  /// The kind of a letter of the data.
  init?(letter: UInt8) {
    guard let kind = Self.allCases.first(where: { $0.letter == letter && $0 != .none }) else { return nil }
    self = kind
  }
}

/// What folding wants to know of a word beyond its kind.
struct SQLWordTraits: OptionSet, Sendable {
  let rawValue: UInt8
  /// The word begins a longer phrase.
  static let startsPhrase = SQLWordTraits(rawValue: 1)
  /// A function when a parenthesis follows, a name or variable otherwise.
  static let callable = SQLWordTraits(rawValue: 2)
  /// `IN`, `NOT IN`.
  static let membership = SQLWordTraits(rawValue: 4)
  /// `LIKE`, `NOT LIKE`.
  static let likeness = SQLWordTraits(rawValue: 8)
  /// `NOT`.
  static let negation = SQLWordTraits(rawValue: 16)
  /// `USER`.
  static let user = SQLWordTraits(rawValue: 32)
  /// `INTO OUTFILE`, `INTO DUMPFILE`.
  static let export = SQLWordTraits(rawValue: 128)
  /// The token's value lies in the table of words, not in the input.
  static let inTable = SQLWordTraits(rawValue: 64)
}

/// One token: its kind and where its value stands. A value longer than 31 bytes counts as its first 31.
struct SQLToken: Sendable {
  static let maximumLength = 31

  var kind = SQLTokenKind.none
  /// Length, opening, closing and traits, a byte each from the lowest on: one word, so that copying a token never
  /// waits for bytes that were just written.
  private var details: UInt32 = 0
  /// Where the value begins, in the input or in the table of words.
  private(set) var start = 0

  init() {}

  init(_ kind: SQLTokenKind, at start: Int, length: Int = 1) {
    self.kind = kind
    details = UInt32(truncatingIfNeeded: min(max(length, 0), Self.maximumLength))
    self.start = start
  }

  /// How long the value is, 0 to 31.
  var length: Int { Int(details & 0xFF) }

  /// What opened a string or quoted name: its quote, `u`, `q`, `$`, or 0 for one that began before the input.
  var opening: UInt8 {
    get { UInt8(truncatingIfNeeded: details &>> 8) }
    set { setDetail(newValue, at: 8) }
  }

  /// What closed it, 0 when nothing did.
  var closing: UInt8 {
    get { UInt8(truncatingIfNeeded: details &>> 16) }
    set { setDetail(newValue, at: 16) }
  }

  var traits: SQLWordTraits {
    get { SQLWordTraits(rawValue: UInt8(truncatingIfNeeded: details &>> 24)) }
    set { setDetail(newValue.rawValue, at: 24) }
  }

  @inline(__always) private mutating func setDetail(_ value: UInt8, at shift: UInt32) {
    details = details & ~(0xFF &<< shift) | UInt32(value) &<< shift
  }

  /// Byte `index` of the value, 0 past its end.
  func byte(_ index: Int, of input: Span<UInt8>) -> UInt8 {
    guard index < length else { return 0 }
    if traits.contains(.inTable) { return SQLKeywords.shared.byte(at: start + index) }
    let place = start + index
    return place < input.count ? input[place] : 0
  }

  /// `+ - ! ~ !! NOT`.
  func isUnaryOperator(of input: Span<UInt8>) -> Bool {
    guard kind == .operator else { return false }
    switch length {
    case 1:
      switch byte(0, of: input) {
      case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "!"), UInt8(ascii: "~"): return true
      default: return false
      }
    case 2: return byte(0, of: input) == UInt8(ascii: "!") && byte(1, of: input) == UInt8(ascii: "!")
    case 3: return traits.contains(.negation)
    default: return false
    }
  }

  /// `* / - + %`.
  func isArithmeticOperator(of input: Span<UInt8>) -> Bool {
    guard kind == .operator, length == 1 else { return false }
    switch byte(0, of: input) {
    case UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "%"): return true
    default: return false
    }
  }
}
