/// Reads a pattern in PCRE2's syntax into a ``RegexNode``.
///
/// A pattern with something that isn't understood, or that could change what a match needs (`(*ACCEPT)`, conditions,
/// recursion), becomes ``RegexNode/anything`` as a whole. What PCRE2 refuses need not be refused here.
struct RegexParser {
  private struct Flags {
    var ignoresCase: Bool
    var isMultiline = true
    var isExtended = false
  }

  /// Not understood.
  struct Unknown: Error {}

  /// PCRE2's own default bound for nested groups.
  private static let depthLimit = 250
  private static let repeatLimit = 65_535
  private static let quantifierStarts = ByteClass.of(0x2a...0x2b, 0x3f...0x3f, 0x7b...0x7b)

  var pattern: [UInt8]
  var position = 0
  private var flags: Flags
  private var depth = 0

  static func parse(_ pattern: [UInt8], ignoringCase: Bool = false) -> RegexNode {
    var parser = RegexParser(pattern: pattern, flags: Flags(ignoresCase: ignoringCase))
    do {
      let node = try parser.alternatives()
      return parser.position == pattern.count ? node : .anything
    } catch {
      return .anything
    }
  }

  private init(pattern: [UInt8], flags: Flags) {
    self.pattern = pattern
    self.flags = flags
  }

  // MARK: Reading

  func peek(_ distance: Int = 0) -> UInt8? {
    position + distance < pattern.count ? pattern[position + distance] : nil
  }

  func peek(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= pattern.count else { return false }
    // invariant: the buffer of a static string has `count` bytes.
    return text.withUTF8Buffer { $0.elementsEqual(pattern[position..<position + count]) }
  }

  mutating func take() throws(Unknown) -> UInt8 {
    guard let byte = peek() else { throw Unknown() }
    position += 1
    return byte
  }

  mutating func take(_ text: StaticString) -> Bool {
    guard peek(text) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  func folded(_ set: ByteSet) -> ByteSet { flags.ignoresCase ? ByteClass.ignoringCase(set) : set }

  private func literal(_ byte: UInt8) -> RegexNode {
    .set(folded(ByteClass.of(byte...byte)))
  }

  // MARK: Grammar

  private mutating func alternatives() throws(Unknown) -> RegexNode {
    var branches = [try concatenation()]
    while take("|") { branches.append(try concatenation()) }
    return .either(branches)
  }

  private mutating func concatenation() throws(Unknown) -> RegexNode {
    var items: [RegexNode] = []
    while let byte = peek(), byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
      if flags.isExtended, skipExtended() { continue }
      if take("\\Q") {
        items += quoted()
        continue
      }
      if take("\\E") { continue }
      items.append(try quantified(try atom()))
    }
    return .joined(items)
  }

  private mutating func skipExtended() -> Bool {
    guard let byte = peek() else { return false }
    if ByteClass.space.contains(byte) {
      position += 1
      return true
    }
    guard byte == UInt8(ascii: "#") else { return false }
    while let next = peek(), next != UInt8(ascii: "\n") {
      _ = next
      position += 1
    }
    return true
  }

  /// Literal text up to `\E`. A quantifier after it applies to its last byte.
  private mutating func quoted() -> [RegexNode] {
    var items: [RegexNode] = []
    while position < pattern.count, !peek("\\E") {
      items.append(literal(pattern[position]))
      position += 1
    }
    let isClosed = take("\\E")
    if isClosed, !items.isEmpty, let byte = peek(), Self.quantifierStarts.contains(byte) {
      items[items.count - 1] = .anything
    }
    return items
  }

  private mutating func quantified(_ atom: RegexNode) throws(Unknown) -> RegexNode {
    var node = atom
    var count = 0
    while true {
      if flags.isExtended { while skipExtended() {} }
      guard let (minimum, maximum) = try quantifier() else { return node }
      if !take("?") { _ = take("+") }
      node = .repeated(node, minimum: minimum, maximum: maximum)
      count += 1
      guard count < 8 else { throw Unknown() }
    }
  }

  private mutating func quantifier() throws(Unknown) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard peek() == UInt8(ascii: "{") else { return nil }
    let start = position
    position += 1
    let isStrange = peek() == UInt8(ascii: ",") || peek() == UInt8(ascii: " ")
    let minimum = number()
    var maximum = minimum
    if minimum != nil, take(",") { maximum = number() }
    if let minimum, take("}") {
      guard minimum <= Self.repeatLimit, maximum ?? 0 <= Self.repeatLimit, maximum ?? minimum >= minimum else {
        throw Unknown()
      }
      return (minimum, maximum)
    }
    position = start
    // `{,3}` and `{ 1 }` are literal text or quantifiers, which depends on the version of PCRE2.
    if isStrange || minimum != nil, let end = pattern[start...].firstIndex(of: UInt8(ascii: "}")),
      pattern[start + 1..<end].allSatisfy({ ByteClass.digit.contains($0) || $0 == 0x2c || $0 == 0x20 || $0 == 0x09 })
    {
      throw Unknown()
    }
    return nil
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let byte = peek(), ByteClass.digit.contains(byte) {
      value = min(1_000_000, (value ?? 0) * 10 + Int(byte - 0x30))
      position += 1
    }
    return value
  }

  private mutating func atom() throws(Unknown) -> RegexNode {
    let byte = try take()
    switch byte {
    case UInt8(ascii: "("): return try group()
    case UInt8(ascii: "["): return .set(try characterClass())
    case UInt8(ascii: "."): return .set(ByteClass.any)
    case UInt8(ascii: "^"): return .assertion(flags.isMultiline ? .lineStart : .textStart)
    case UInt8(ascii: "$"): return .assertion(.lineEnd)
    case UInt8(ascii: "\\"): return try escape()
    case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): throw Unknown()
    default: return literal(byte)
    }
  }

  // MARK: Groups

  /// A group, after its `(`.
  private mutating func group() throws(Unknown) -> RegexNode {
    guard depth < Self.depthLimit, peek() != UInt8(ascii: "*") else { throw Unknown() }
    let outer = flags
    if take("?#") {
      while try take() != UInt8(ascii: ")") {}
      if flags.isExtended { while skipExtended() {} }
      // A quantifier would belong to what stands before the comment.
      if let byte = peek(), Self.quantifierStarts.contains(byte) { throw Unknown() }
      return .empty
    }
    var isLookaround = false
    if take("?=") || take("?!") || take("?<=") || take("?<!") {
      isLookaround = true
    } else if take("?<") || take("?P<") {
      try skipName(until: UInt8(ascii: ">"))
    } else if take("?'") {
      try skipName(until: UInt8(ascii: "'"))
    } else if take("?:") || take("?>") || take("?|") {
    } else if take("?") {
      if try flagsGroup() { return .empty }
    }
    depth += 1
    let node = try alternatives()
    depth -= 1
    guard take(")") else { throw Unknown() }
    flags = outer
    return isLookaround ? .empty : node
  }

  private mutating func skipName(until end: UInt8) throws(Unknown) {
    while true {
      let byte = try take()
      if byte == end { return }
      guard ByteClass.word.contains(byte) else { throw Unknown() }
    }
  }

  /// Inline flags; true where they stand alone and hold for the rest of the group around them.
  private mutating func flagsGroup() throws(Unknown) -> Bool {
    var isOn = true
    if take("^") {
      flags.ignoresCase = false
      flags.isMultiline = false
      flags.isExtended = false
    }
    while true {
      switch try take() {
      case UInt8(ascii: "-"): isOn = false
      case UInt8(ascii: "i"): flags.ignoresCase = isOn
      case UInt8(ascii: "m"): flags.isMultiline = isOn
      case UInt8(ascii: "s"), UInt8(ascii: "J"), UInt8(ascii: "U"), UInt8(ascii: "n"): break
      case UInt8(ascii: "x"):
        guard peek() != UInt8(ascii: "x") else { throw Unknown() }
        flags.isExtended = isOn
      case UInt8(ascii: ")"): return true
      case UInt8(ascii: ":"): return false
      default: throw Unknown()
      }
    }
  }

  // MARK: Escapes outside classes

  private mutating func escape() throws(Unknown) -> RegexNode {
    let byte = try take()
    if let set = Self.shorthand(byte) { return .set(set) }
    switch byte {
    case UInt8(ascii: "b"): return .assertion(.wordBoundary)
    case UInt8(ascii: "B"): return .assertion(.notWordBoundary)
    case UInt8(ascii: "A"): return .assertion(.textStart)
    case UInt8(ascii: "z"): return .assertion(.textEnd)
    case UInt8(ascii: "Z"): return .assertion(.lineEnd)
    case UInt8(ascii: "G"), UInt8(ascii: "K"): return .empty
    case UInt8(ascii: "N"), UInt8(ascii: "C"):
      guard peek() != UInt8(ascii: "{") else { throw Unknown() }
      return .set(ByteClass.any)
    case UInt8(ascii: "R"):
      return .repeated(.set(ByteClass.of(0x0a...0x0d, 0x85...0x85)), minimum: 1, maximum: 2)
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      // Two digits are a back reference or an octal code, depending on the number of groups.
      if let next = peek(), ByteClass.digit.contains(next) { throw Unknown() }
      return .anything
    case UInt8(ascii: "k"):
      guard let open = peek(), let close = Self.closing(open) else { throw Unknown() }
      position += 1
      try skipName(until: close)
      return .anything
    default:
      return literal(try character(after: byte))
    }
  }

  private static func closing(_ open: UInt8) -> UInt8? {
    switch open {
    case UInt8(ascii: "<"): UInt8(ascii: ">")
    case UInt8(ascii: "{"): UInt8(ascii: "}")
    case UInt8(ascii: "'"): UInt8(ascii: "'")
    default: nil
    }
  }
}
