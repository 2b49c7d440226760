/// Distributes the factors of a prefilter over automata of bounded size.
struct FactorPlan {
  private struct Entry {
    let number: Int
    let node: RegexNode
  }

  /// The bits of each factor number.
  private(set) var marks: [FactorScanner.Mark] = []
  /// For each layer and word, the conditions that have no factor there.
  private(set) var unmarked: [UInt64]
  private(set) var automata: [FactorAutomaton] = []
  private(set) var dropped = 0
  private var entries: [Entry] = []

  private static let stateLimit = 16_000
  private static let automatonLimit = 6

  init(_ conditions: [PatternCondition], wordCount: Int) {
    unmarked = [UInt64](repeating: ~0, count: PatternCondition.factorLimit * wordCount)
    for (index, condition) in conditions.enumerated() {
      for (layer, factor) in condition.factors.enumerated() {
        let mark = FactorScanner.Mark(word: layer * wordCount + index >> 6, bits: 1 &<< UInt64(index & 63))
        entries.append(Entry(number: marks.count, node: factor.node))
        marks.append(mark)
        unmarked[mark.word] &= ~mark.bits
      }
    }
  }

  mutating func build() {
    // Loops that stay open side by side multiply states, so factors with loops keep to themselves,
    // and those over the same bytes together.
    var loops: [(entry: Entry, bytes: ByteSet)] = []
    var lines: [Entry] = []
    for entry in entries {
      let bytes = entry.node.loopedBytes
      if bytes == ByteSet() { lines.append(entry) } else { loops.append((entry, bytes)) }
    }
    loops.sort { $0.bytes.precedes($1.bytes) }
    if !lines.isEmpty { build(lines[...]) }
    if !loops.isEmpty { build(loops.map(\.entry)[...]) }
  }

  private mutating func build(_ part: ArraySlice<Entry>) {
    var network = FactorNetwork()
    for entry in part { network.add(entry.node, number: entry.number) }
    if automata.count < Self.automatonLimit, let automaton = FactorAutomaton(network, stateLimit: Self.stateLimit) {
      automata.append(automaton)
    } else if part.count == 1 || automata.count >= Self.automatonLimit {
      for entry in part {
        unmarked[marks[entry.number].word] |= marks[entry.number].bits
        dropped += 1
      }
    } else {
      let middle = part.startIndex + part.count / 2
      build(part[..<middle])
      build(part[middle...])
    }
  }
}

extension RegexNode {
  /// The bytes of all loops without an end.
  var loopedBytes: ByteSet {
    switch self {
    case .empty, .set, .assertion, .anything: ByteSet()
    case .concatenation(let items), .alternatives(let items):
      items.reduce(into: ByteSet()) { $0.formUnion($1.loopedBytes) }
    case .repeated(let inner, _, let maximum): maximum == nil ? inner.allBytes : inner.loopedBytes
    }
  }

  private var allBytes: ByteSet {
    switch self {
    case .empty, .assertion, .anything: ByteSet()
    case .set(let set): set
    case .concatenation(let items), .alternatives(let items):
      items.reduce(into: ByteSet()) { $0.formUnion($1.allBytes) }
    case .repeated(let inner, _, _): inner.allBytes
    }
  }
}
