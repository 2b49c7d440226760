/// Places PCRE2 callouts in patterns, before each item that reads on and that one attempt may come to often.
///
/// PCRE2's compiled code counts turns, not bytes: a turn that ends with `[^/]*` reads to the end of the value for the
/// price of one, and so may a lazy `\s*?`. Where nothing before it in the pattern gives it more than one place to
/// begin, it reads once for each attempt; elsewhere the callout before it lets the matcher's owner count what it reads.
struct RegexCallouts {
  private static let callout = Array("(?C)".utf8)
  /// A repetition that reads so many bytes at most is short.
  private static let shortRepetition = 64

  private struct Token {
    enum Kind { case item, reference, open, close, bar }

    var kind: Kind
    var start: Int
    var repetition = Repetition.once
  }

  private enum Repetition {
    case once
    /// More than once. It `varies` where it may end at several places, and `reads` where it may read far.
    case times(varies: Bool, reads: Bool)
  }

  private struct Unknown: Error {}

  private let pattern: [UInt8]
  private var position = 0
  private var tokens: [Token] = []

  /// - Returns: nil where the pattern has something that isn't understood.
  static func placed(in pattern: [UInt8]) -> [UInt8]? {
    var reader = RegexCallouts(pattern: pattern)
    do {
      while reader.position < pattern.count { try reader.readToken() }
      return try reader.written()
    } catch {
      return nil
    }
  }

  private init(pattern: [UInt8]) { self.pattern = pattern }

  // MARK: Writing

  private func written() throws(Unknown) -> [UInt8] {
    let repeated = try repeatedGroups()
    var result: [UInt8] = []
    result.reserveCapacity(pattern.count + 64)
    // Whether an attempt may have come here from more than one place: in the alternative before, in the one read.
    var groups = [(entry: false, branches: false)]
    var isRevisited = false
    var copied = 0
    for (index, token) in tokens.enumerated() {
      switch token.kind {
      case .open:
        if repeated.contains(index) { isRevisited = true }
        groups.append((isRevisited, false))
      case .bar:
        groups[groups.count - 1].branches = groups[groups.count - 1].branches || isRevisited
        isRevisited = groups[groups.count - 1].entry
      case .close:
        guard let group = groups.popLast(), !groups.isEmpty else { throw Unknown() }
        isRevisited = isRevisited || group.branches
        if case .times = token.repetition { isRevisited = true }
      case .item, .reference:
        var reads = token.kind == .reference
        var varies = false
        if case .times(let itVaries, let itReads) = token.repetition {
          varies = itVaries
          reads = reads || itReads
        }
        if reads, isRevisited {
          result += pattern[copied..<token.start] + Self.callout
          copied = token.start
        }
        isRevisited = isRevisited || varies
      }
    }
    return result + pattern[copied...]
  }

  /// The tokens that open a group that may be passed more than once.
  private func repeatedGroups() throws(Unknown) -> Set<Int> {
    var result: Set<Int> = []
    var open: [Int] = []
    for (index, token) in tokens.enumerated() {
      if token.kind == .open { open.append(index) }
      guard token.kind == .close else { continue }
      guard let start = open.popLast() else { throw Unknown() }
      if case .times = token.repetition { result.insert(start) }
    }
    guard open.isEmpty else { throw Unknown() }
    return result
  }

  // MARK: Reading

  private func peek(_ distance: Int = 0) -> UInt8? {
    position + distance < pattern.count ? pattern[position + distance] : nil
  }

  private mutating func take() throws(Unknown) -> UInt8 {
    guard let byte = peek() else { throw Unknown() }
    position += 1
    return byte
  }

  private mutating func take(_ byte: Character) -> Bool {
    guard peek() == byte.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func readToken() throws(Unknown) {
    var token = Token(kind: .item, start: position)
    switch try take() {
    case UInt8(ascii: "|"): token.kind = .bar
    case UInt8(ascii: "("): token.kind = try readOpening()
    case UInt8(ascii: ")"):
      token.kind = .close
      token.repetition = try readRepetition()
    case UInt8(ascii: "["):
      try readClass()
      token.repetition = try readRepetition()
    case UInt8(ascii: "\\"):
      if try readEscape() { token.kind = .reference }
      token.repetition = try readRepetition()
    default: token.repetition = try readRepetition()
    }
    tokens.append(token)
  }

  /// Behind `(`. Options that stand alone are an item.
  private mutating func readOpening() throws(Unknown) -> Token.Kind {
    guard peek() != UInt8(ascii: "*") else { throw Unknown() }
    guard take("?") else { return .open }
    switch try take() {
    case UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: ">"), UInt8(ascii: "|"): return .open
    case UInt8(ascii: "P"):
      guard take("<") else { throw Unknown() }
      try skip(through: UInt8(ascii: ">"))
      return .open
    case UInt8(ascii: "<"):
      if peek() != UInt8(ascii: "="), peek() != UInt8(ascii: "!") { try skip(through: UInt8(ascii: ">")) }
      return .open
    case UInt8(ascii: "'"):
      try skip(through: UInt8(ascii: "'"))
      return .open
    case let first: return try readOptions(first)
    }
  }

  private mutating func readOptions(_ first: UInt8) throws(Unknown) -> Token.Kind {
    var option = first
    while true {
      switch option {
      case UInt8(ascii: "i"), UInt8(ascii: "m"), UInt8(ascii: "s"), UInt8(ascii: "-"): break
      case UInt8(ascii: ")"): return .item
      case UInt8(ascii: ":"): return .open
      default: throw Unknown()
      }
      option = try take()
    }
  }

  private mutating func skip(through end: UInt8) throws(Unknown) {
    while try take() != end {}
  }

  /// Behind `\`.
  ///
  /// - Returns: whether it refers to a group.
  private mutating func readEscape() throws(Unknown) -> Bool {
    switch try take() {
    case UInt8(ascii: "Q"), UInt8(ascii: "E"), UInt8(ascii: "k"), UInt8(ascii: "K"), UInt8(ascii: "G"): throw Unknown()
    case UInt8(ascii: "c"): _ = try take()
    case UInt8(ascii: "g"):
      guard take("{") else { throw Unknown() }
      try skip(through: UInt8(ascii: "}"))
      return true
    case UInt8(ascii: "x"), UInt8(ascii: "o"), UInt8(ascii: "p"), UInt8(ascii: "P"), UInt8(ascii: "N"):
      if take("{") {
        try skip(through: UInt8(ascii: "}"))
      } else {
        // More than the item at worst, which only places the callout earlier.
        skip(upTo: 2, of: ByteClass.word)
      }
    case UInt8(ascii: "0"): skip(upTo: 2, of: ByteClass.digit)
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      skip(upTo: .max, of: ByteClass.digit)
      return true
    default: break
    }
    return false
  }

  private mutating func skip(upTo count: Int, of set: ByteSet) {
    var left = count
    while left > 0, let byte = peek(), set.contains(byte) {
      position += 1
      left -= 1
    }
  }

  /// Behind `[`.
  private mutating func readClass() throws(Unknown) {
    _ = take("^")
    _ = take("]")
    while true {
      switch try take() {
      case UInt8(ascii: "]"): return
      case UInt8(ascii: "\\"):
        if [UInt8(ascii: "Q"), UInt8(ascii: "E"), UInt8(ascii: "c")].contains(try take()) { throw Unknown() }
      case UInt8(ascii: "["):
        if let kind = peek(), [UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "=")].contains(kind) {
          skipNamedClass(kind)
        }
      default: break
      }
    }
  }

  /// Behind `[` in a class, where `[:alpha:]` may stand.
  private mutating func skipNamedClass(_ kind: UInt8) {
    var end = position + 1
    while end + 1 < pattern.count, pattern[end] != UInt8(ascii: "]"), pattern[end] != UInt8(ascii: "\\") {
      if pattern[end] == kind, pattern[end + 1] == UInt8(ascii: "]") {
        position = end + 2
        return
      }
      end += 1
    }
  }

  private mutating func readRepetition() throws(Unknown) -> Repetition {
    var minimum = 1
    var maximum: Int? = 1
    switch peek() {
    case UInt8(ascii: "*"): (minimum, maximum) = (0, nil)
    case UInt8(ascii: "+"): maximum = nil
    case UInt8(ascii: "?"): minimum = 0
    case UInt8(ascii: "{"):
      guard let counts = try readCounts() else { return .once }
      (minimum, maximum) = counts
      position -= 1
    default: return .once
    }
    position += 1
    if !take("?") { _ = take("+") }
    guard maximum.map({ $0 > 1 }) ?? true else { return .once }
    let isLong = maximum.map { $0 > Self.shortRepetition } ?? true
    return .times(varies: maximum != minimum, reads: isLong)
  }

  /// Reads `{2}`, `{2,}` and `{2,3}`; what else begins with a brace is literal.
  private mutating func readCounts() throws(Unknown) -> (Int, Int?)? {
    let start = position
    position += 1
    let minimum = try readNumber()
    if let minimum, take("}") { return (minimum, minimum) }
    // Later releases read `{,3}` and `{ 2 , 3 }` as counts too.
    if peek() == UInt8(ascii: " ") || minimum == nil && peek() == UInt8(ascii: ",") { throw Unknown() }
    if let minimum, take(",") {
      let maximum = try readNumber()
      if take("}") { return (minimum, maximum) }
      if peek() == UInt8(ascii: " ") { throw Unknown() }
    }
    position = start
    return nil
  }

  private mutating func readNumber() throws(Unknown) -> Int? {
    var number: Int?
    while let byte = peek(), ByteClass.digit.contains(byte) {
      position += 1
      number = (number ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
      if number ?? 0 > 65_535 { throw Unknown() }
    }
    return number
  }
}
