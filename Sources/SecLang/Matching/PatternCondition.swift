/// What a value needs for one pattern, or one branch of it, to match.
struct PatternCondition: Sendable {
  /// The index of the pattern.
  let pattern: Int
  let minimumLength: Int
  /// One byte of each set must occur.
  let clauses: [ByteSet]
  /// All of them must be found.
  let factors: [RegexFactor]

  static let factorLimit = 2
  private static let branchLimit = 24

  private init(_ node: RegexNode, pattern: Int) {
    self.pattern = pattern
    minimumLength = node.minimumLength()
    clauses = RegexClauses.of(node)
    factors = RegexFactor.all(of: node, limit: Self.factorLimit)
  }

  private init(always pattern: Int) {
    self.pattern = pattern
    minimumLength = 0
    clauses = []
    factors = []
  }

  /// Sets of which one byte each must occur, whichever condition holds; the rarest first.
  static func shared(by node: RegexNode) -> [ByteSet] {
    RegexClauses.of(node).sorted { ByteFrequency.sum(of: $0) < ByteFrequency.sum(of: $1) }
  }

  /// The conditions of a pattern, of which one must hold.
  /// - Parameter node: what ``RegexNode/init(_:)`` makes of it.
  static func all(of source: PrefilterPattern, _ node: RegexNode?, pattern: Int) -> [PatternCondition] {
    guard let node else { return [PatternCondition(always: pattern)] }
    switch source {
    case .literals(let literals) where literals.isEmpty: return []
    case .regex:
      guard case .alternatives(let branches) = node, branches.count <= branchLimit else { break }
      return branches.map { PatternCondition($0, pattern: pattern) }
    case .literals, .always: break
    }
    return [PatternCondition(node, pattern: pattern)]
  }
}

extension RegexNode {
  /// What a pattern looks for; nil for one that can't be filtered.
  init?(_ source: PrefilterPattern) {
    switch source {
    case .always: return nil
    case .regex(let bytes): self = RegexParser.parse(bytes)
    case .literals(let literals):
      if literals.contains(where: \.isEmpty) { return nil }
      self.init(anyOf: literals)
    }
  }

  /// Any of some texts that aren't empty, letter case ignored, with common beginnings joined.
  init(anyOf literals: [[UInt8]]) {
    let folded = Set(literals.map { $0.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 } })
    self = Self.trie(folded.sorted { $0.lexicographicallyPrecedes($1) }[...], depth: 0)
  }

  private static let literalLimit = 24

  /// `literals` are sorted and share their first `depth` bytes.
  private static func trie(_ literals: ArraySlice<[UInt8]>, depth: Int) -> RegexNode {
    guard let first = literals.first, first.count > depth else { return .empty }
    guard depth < literalLimit else { return .anything }
    var branches: [RegexNode] = []
    var rest = literals
    while let literal = rest.first {
      let byte = literal[depth]
      let end = rest.firstIndex { $0[depth] != byte } ?? rest.endIndex
      let set = ByteClass.ignoringCase(ByteClass.of(byte...byte))
      branches.append(.joined([.set(set), trie(rest[rest.startIndex..<end], depth: depth + 1)]))
      rest = rest[end...]
    }
    return .either(branches)
  }
}
