/// A set of the 256 bytes and the edge: the symbol that stands before the first and after the last byte of a value.
struct SymbolSet: Hashable, Sendable {
  var bytes = ByteSet()
  var hasEdge = false

  static let edge = 256

  func contains(_ symbol: Int) -> Bool {
    symbol == Self.edge ? hasEdge : bytes.contains(UInt8(truncatingIfNeeded: symbol))
  }
}

/// The nondeterministic automaton of a set of factors. What a factor demands of the byte before or after it is a
/// symbol of its own: a word boundary before `cat` is a byte that is no word character, or the edge.
struct FactorNetwork {
  enum State {
    case symbol(SymbolSet, next: Int)
    case split([Int])
    /// A factor is found; its number.
    case accept(Int)
  }

  private(set) var states: [State] = []
  private(set) var starts: [Int] = []

  mutating func add(_ factor: RegexNode, number: Int) {
    let accept = append(.accept(number))
    starts.append(emit(factor, accept, accept: accept, atLeft: true, atRight: true))
  }

  private mutating func append(_ state: State) -> Int {
    states.append(state)
    return states.count - 1
  }

  private mutating func emit(_ node: RegexNode, _ next: Int, accept: Int, atLeft: Bool, atRight: Bool) -> Int {
    switch node {
    case .empty, .assertion: return next
    case .anything: return accept
    case .set(let set): return append(.symbol(SymbolSet(bytes: set), next: next))
    case .alternatives(let branches):
      return append(
        .split(
          branches.map { branch in
            // A branch is a list of its own, so that an assertion at its edge is seen.
            let items: [RegexNode] = if case .concatenation(let inner) = branch { inner } else { [branch] }
            return emit(items, next, accept: accept, atLeft: atLeft, atRight: atRight)
          }))
    case .concatenation(let items):
      return emit(items, next, accept: accept, atLeft: atLeft, atRight: atRight)
    case .repeated(let inner, _, let maximum):
      // Factors have no other loops than `?` and `*`.
      if maximum != nil {
        return append(.split([emit(inner, next, accept: accept, atLeft: false, atRight: false), next]))
      }
      let loop = append(.split([]))
      states[loop] = .split([emit(inner, loop, accept: accept, atLeft: false, atRight: false), next])
      return loop
    }
  }

  private mutating func emit(
    _ items: [RegexNode], _ next: Int, accept: Int, atLeft: Bool, atRight: Bool
  ) -> Int {
    var content = items[...]
    var entry = next
    var left: SymbolSet?
    var isLeft = atLeft
    if atLeft, case .assertion(let assertion)? = content.first {
      content.removeFirst()
      left = Self.before(assertion, following: RegexNode.firstBytes(of: content))
      isLeft = false
    }
    var isRight = atRight
    if atRight, content.count > 1, case .assertion(let assertion)? = content.last {
      content.removeLast()
      if let right = Self.after(assertion, preceding: RegexNode.lastBytes(of: content)) {
        entry = append(.symbol(right, next: entry))
      }
      isRight = false
    }
    for index in content.indices.reversed() {
      entry = emit(
        content[index], entry, accept: accept, atLeft: isLeft && index == content.startIndex,
        atRight: isRight && index == content.endIndex - 1)
    }
    if let left { entry = append(.symbol(left, next: entry)) }
    return entry
  }

  private static let lineEdge = SymbolSet(bytes: ByteClass.of(0x0a...0x0a), hasEdge: true)
  private static let notWord = SymbolSet(bytes: ByteClass.not(ByteClass.word), hasEdge: true)
  private static let word = SymbolSet(bytes: ByteClass.word)

  /// What stands before an assertion, where that is known.
  private static func before(_ assertion: RegexAssertion, following: ByteSet?) -> SymbolSet? {
    switch assertion {
    case .textStart: SymbolSet(hasEdge: true)
    case .lineStart: lineEdge
    case .textEnd, .lineEnd: nil
    case .wordBoundary, .notWordBoundary: boundary(assertion, beside: following)
    }
  }

  private static func after(_ assertion: RegexAssertion, preceding: ByteSet?) -> SymbolSet? {
    switch assertion {
    case .textStart, .lineStart: nil
    case .textEnd: SymbolSet(hasEdge: true)
    case .lineEnd: lineEdge
    case .wordBoundary, .notWordBoundary: boundary(assertion, beside: preceding)
    }
  }

  private static func boundary(_ assertion: RegexAssertion, beside set: ByteSet?) -> SymbolSet? {
    guard let set else { return nil }
    let isBoundary = assertion == .wordBoundary
    if set.isSubset(of: ByteClass.word) { return isBoundary ? notWord : word }
    if !set.intersects(ByteClass.word) { return isBoundary ? word : notWord }
    return nil
  }
}
