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
  static func shared(by source: PrefilterPattern) -> [ByteSet] {
    let clauses: [ByteSet]
    switch source {
    case .always: clauses = []
    case .regex(let bytes): clauses = RegexClauses.of(RegexParser.parse(bytes))
    case .literals(let literals):
      let isNothing = literals.isEmpty || literals.contains(where: \.isEmpty)
      clauses = isNothing ? [] : RegexClauses.of(RegexNode(anyOf: literals))
    }
    return clauses.sorted { ByteFrequency.sum(of: $0) < ByteFrequency.sum(of: $1) }
  }

  /// The conditions of a pattern, of which one must hold.
  static func all(of source: PrefilterPattern, pattern: Int) -> [PatternCondition] {
    switch source {
    case .always: return [PatternCondition(always: pattern)]
    case .regex(let bytes):
      let node = RegexParser.parse(bytes)
      guard case .alternatives(let branches) = node, branches.count <= branchLimit else {
        return [PatternCondition(node, pattern: pattern)]
      }
      return branches.map { PatternCondition($0, pattern: pattern) }
    case .literals(let literals):
      guard !literals.contains(where: \.isEmpty) else { return [PatternCondition(always: pattern)] }
      return literals.isEmpty ? [] : [PatternCondition(RegexNode(anyOf: literals), pattern: pattern)]
    }
  }
}

extension RegexNode {
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
