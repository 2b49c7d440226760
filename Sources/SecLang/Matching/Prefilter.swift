import Synchronization

/// What a prefilter knows of one operator.
package enum PrefilterPattern: Sendable, Hashable {
  /// A regular expression that must match somewhere in the value.
  case regex([UInt8])
  /// Any of these must occur in the value, letter case ignored (`@pm`, `@pmFromFile`).
  case literals([[UInt8]])
  /// A condition that can't be filtered.
  case always
}

/// Finds, in one pass over a value, the few patterns of a set that may match it. It never misses one: what it leaves
/// out can't match.
package final class Prefilter: Sendable {
  /// The number of patterns.
  package let count: Int
  /// How the filter is built, for reports.
  package let statistics: PrefilterStatistics

  private let sources: [PrefilterPattern]
  private let database = AtomicLazyReference<HyperscanDatabase>()
  private let scanner: FactorScanner
  /// The pattern of each condition.
  private let patterns: [Int32]
  private let wordCount: Int
  /// Of each pattern two sets of which one byte each must occur.
  private let needs: [(ByteSet, ByteSet)]
  /// For each four clauses and each combination of them, the conditions that it leaves; `wordCount` words each.
  private let clauseRows: [UInt64]
  /// For each length below its last row, and for all longer values, the conditions that it leaves.
  private let lengthRows: [UInt64]
  /// For each factor layer, the conditions that have no factor in it.
  private let unmarked: [UInt64]

  /// From this length on, Hyperscan tries the candidates that it has a database of.
  private static let longLength = 256
  private static let fewPatterns = 16
  private static let clauseLimit = 64
  private static let lengthLimit = 64
  private static let layers = PatternCondition.factorLimit

  package init(_ sources: [PrefilterPattern]) {
    self.sources = sources
    count = sources.count
    var conditions: [PatternCondition] = []
    var needs: [(ByteSet, ByteSet)] = []
    for (index, source) in sources.enumerated() {
      let node = RegexNode(source)
      conditions += PatternCondition.all(of: source, node, pattern: index)
      let sets = node.map { PatternCondition.shared(by: $0) } ?? []
      needs.append((sets.first ?? .all, sets.dropFirst().first ?? .all))
    }
    self.needs = needs
    patterns = conditions.map { Int32($0.pattern) }
    wordCount = (conditions.count + 63) / 64

    let clauses = Self.usefulClauses(of: conditions)
    clauseRows = Self.clauseRows(conditions, clauses, wordCount)
    lengthRows = Self.lengthRows(conditions, wordCount)
    var presence = [UInt64](repeating: 0, count: 256)
    for byte in UInt8.min...UInt8.max {
      for (bit, clause) in clauses.enumerated() where clause.contains(byte) { presence[Int(byte)] |= 1 &<< UInt64(bit) }
    }

    var plan = FactorPlan(conditions, wordCount: wordCount)
    plan.build()
    unmarked = plan.unmarked
    let marks = plan.marks
    scanner = FactorScanner(plan.automata, presence: presence) { marks[$0] }
    statistics = PrefilterStatistics(
      conditions: conditions.count, clauses: clauses.count, states: plan.automata.map(\.stateCount),
      tableBytes: plan.automata.reduce(0) { $0 + $1.table.count * 2 }, droppedFactors: plan.dropped)
  }

  /// Replaces the content of `set`, whose capacity is ``count``, by the patterns that may match `value`.
  package func candidates(of value: Span<UInt8>, scratch: MatchScratch, into set: inout CandidateSet) {
    filter(value, scratch, &set)
    if value.count >= Self.longLength { refine(value, .all, scratch, &set) }
  }

  /// The same for the patterns in `wanted` alone, which saves time with long values.
  /// - Parameter occurring: bytes beyond which none occur in the value.
  package func candidates(
    of value: Span<UInt8>, occurring: ByteSet = .all, among wanted: CandidateSet, scratch: MatchScratch,
    into set: inout CandidateSet
  ) {
    if value.count >= Self.longLength, areFew(wanted) {
      for word in set.words.indices { set.words[word] = word < wanted.words.count ? wanted.words[word] : 0 }
      refine(value, occurring, scratch, &set)
      return
    }
    filter(value, scratch, &set)
    for word in 0..<min(set.words.count, wanted.words.count) { set.words[word] &= wanted.words[word] }
    if value.count >= Self.longLength { refine(value, occurring, scratch, &set) }
  }

  private func filter(_ value: Span<UInt8>, _ scratch: MatchScratch, _ set: inout CandidateSet) {
    set.removeAll()
    let words = wordCount
    // invariant: the scratch gives at least the words asked for; indexes below stay under `layers * words`.
    let found = scratch.words(Self.layers * words)
    for index in unmarked.indices { found[index] = unmarked[index] }
    let mask = scanner.scan(value, found)
    let lengthRow = min(value.count, Self.lengthLimit - 1) &* words
    for word in 0..<words {
      var left = lengthRows[lengthRow &+ word]
      for layer in 0..<Self.layers { left &= found[layer &* words &+ word] }
      if left == 0 { continue }
      for group in 0..<Self.clauseLimit / 4 {
        let combination = Int(truncatingIfNeeded: mask &>> UInt64(group &* 4) & 15)
        left &= clauseRows[(group &* 16 &+ combination) &* words &+ word]
      }
      while left != 0 {
        set.insert(Int(patterns[word &* 64 &+ left.trailingZeroBitCount]))
        left &= left &- 1
      }
    }
  }

  // MARK: Long values

  /// The name under which to keep the saved database of this prefilter.
  package var databaseKey: String { HyperscanDatabase.cacheKey(for: sources) }

  /// Makes the database for long values: from what `serialized` gave earlier, or by compiling, which may take
  /// seconds. It isn't used before it is attached.
  package func makeDatabase(from saved: [UInt8]? = nil) throws(HyperscanError) -> HyperscanDatabase {
    if let saved, let database = try? HyperscanDatabase(serialized: saved, patterns: sources) { return database }
    return try HyperscanDatabase(compiling: sources)
  }

  /// Uses a database of this prefilter from now on, on all threads. Only the first one counts.
  package func attach(_ database: HyperscanDatabase) {
    guard database.patternCount == count else { return }
    _ = self.database.storeIfNil(database)
  }

  /// Whether so few patterns are wanted that the database alone is faster than the automata, which look for all.
  private func areFew(_ wanted: CandidateSet) -> Bool {
    guard let database = database.load(), wanted.count <= Self.fewPatterns else { return false }
    return wanted.isSubset(of: database.compiled)
  }

  private func refine(
    _ value: Span<UInt8>, _ occurring: ByteSet, _ scratch: MatchScratch, _ set: inout CandidateSet
  ) {
    let database = database.load()
    let memory = database.flatMap { scratch.hyperscan(for: $0) }
    for word in set.words.indices {
      var rest = set.words[word]
      while rest != 0 {
        let bit = rest & (~rest &+ 1)
        rest &= ~bit
        let pattern = word &* 64 &+ bit.trailingZeroBitCount
        let (first, second) = needs[pattern]
        guard first.intersects(occurring), second.intersects(occurring) else {
          set.words[word] &= ~bit
          continue
        }
        if let database, let memory, !database.mayMatch(pattern, value, memory) { set.words[word] &= ~bit }
      }
    }
  }

  // MARK: Building

  private static func usefulClauses(of conditions: [PatternCondition]) -> [ByteSet] {
    var uses: [ByteSet: Int] = [:]
    for condition in conditions { for clause in condition.clauses { uses[clause, default: 0] += 1 } }
    let ranked = uses.map { clause, count in
      // What the clause filters of values of some twenty bytes.
      var absent = 1.0
      for _ in 0..<20 { absent *= 1 - ByteFrequency.sum(of: clause) }
      return (clause: clause, worth: Double(count) * absent)
    }
    let sorted = ranked.sorted { $0.worth == $1.worth ? $0.clause.precedes($1.clause) : $0.worth > $1.worth }
    return sorted.prefix(clauseLimit).map(\.clause)
  }

  private static func clauseRows(_ conditions: [PatternCondition], _ clauses: [ByteSet], _ words: Int) -> [UInt64] {
    var place: [ByteSet: Int] = [:]
    for (index, clause) in clauses.enumerated() { place[clause] = index }
    var rows = [UInt64](repeating: 0, count: clauseLimit / 4 * 16 * words)
    for (index, condition) in conditions.enumerated() {
      var needs: UInt64 = 0
      for clause in condition.clauses { if let bit = place[clause] { needs |= 1 &<< UInt64(bit) } }
      for group in 0..<clauseLimit / 4 {
        let need = Int(truncatingIfNeeded: needs &>> UInt64(group * 4) & 15)
        for combination in 0..<16 where combination & need == need {
          rows[(group * 16 + combination) * words + index >> 6] |= 1 &<< UInt64(index & 63)
        }
      }
    }
    return rows
  }

  private static func lengthRows(_ conditions: [PatternCondition], _ words: Int) -> [UInt64] {
    var rows = [UInt64](repeating: 0, count: lengthLimit * words)
    for (index, condition) in conditions.enumerated() {
      for length in min(condition.minimumLength, lengthLimit - 1)..<lengthLimit {
        rows[length * words + index >> 6] |= 1 &<< UInt64(index & 63)
      }
    }
    return rows
  }
}

/// The size of a prefilter.
package struct PrefilterStatistics: Sendable {
  package let conditions: Int
  package let clauses: Int
  /// The states of each automaton.
  package let states: [Int]
  package let tableBytes: Int
  /// Factors that would have taken too many states.
  package let droppedFactors: Int
}
