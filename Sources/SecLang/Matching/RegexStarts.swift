/// Finds the places in a value where a match of one pattern may begin.
///
/// PCRE2 tries every place whose byte can begin a match; where nearly any byte can, its search of long values takes
/// up to half a microsecond a byte. A small automaton over the first symbols of the pattern passes most places over.
struct RegexStarts: Sendable {
  /// The symbols that are looked at.
  private static let depth = 4
  private static let stateLimit = 2_000
  /// PCRE2 does well by itself where its first bytes are rarer than this.
  private static let firstFrequency = 0.2
  private static let startFrequency = 0.06

  private let automaton: FactorAutomaton
  private let first: ByteSet

  /// Nil where it wouldn't help or can't be had.
  init?(_ bytes: [UInt8], ignoringCase: Bool) {
    // `\G` depends on where the search began.
    for index in bytes.indices.dropFirst() where bytes[index] == UInt8(ascii: "G") && bytes[index - 1] == 0x5c {
      return nil
    }
    let node = RegexParser.parse(bytes, ignoringCase: ignoringCase)
    guard !node.isNullable, let first = node.firstBytes, ByteFrequency.sum(of: first) > Self.firstFrequency else {
      return nil
    }
    var steps = 0
    var left = Self.depth
    guard let start = Self.start(of: node, &left, &steps),
      RegexFactor.frequency(of: start, then: 1) < Self.startFrequency
    else { return nil }
    var network = FactorNetwork()
    network.add(start, number: 0)
    guard let automaton = FactorAutomaton(network, stateLimit: Self.stateLimit) else { return nil }
    self.automaton = automaton
    self.first = first
  }

  /// The first `left` symbols of a node; nil where there are too many ways to begin.
  private static func start(of node: RegexNode, _ left: inout Int, _ steps: inout Int) -> RegexNode? {
    steps += 1
    guard steps < 20_000 else { return nil }
    guard left > 0 else { return .anything }
    switch node {
    case .empty, .assertion: return node
    case .anything:
      left = 0
      return node
    case .set:
      left -= 1
      return node
    case .concatenation(let items):
      var result: [RegexNode] = []
      for item in items {
        guard left > 0 else { return .joined(result + [.anything]) }
        guard let inner = start(of: item, &left, &steps) else { return nil }
        result.append(inner)
      }
      return .joined(left > 0 ? result : result + [.anything])
    case .alternatives(let branches):
      var result: [RegexNode] = []
      var rest = 0
      for branch in branches {
        var after = left
        guard let inner = start(of: branch, &after, &steps) else { return nil }
        // A branch that has come to its end is found then and there; the others go on.
        result.append(after > 0 ? inner : .joined([inner, .anything]))
        if after > 0 { rest = rest == 0 ? after : min(rest, after) }
      }
      left = rest
      return .either(result)
    case .repeated(let inner, let minimum, let maximum):
      var result: [RegexNode] = []
      for _ in 0..<min(minimum, depth) where left > 0 {
        guard let copy = start(of: inner, &left, &steps) else { return nil }
        result.append(copy)
      }
      guard left > 0 else { return .joined(result + [.anything]) }
      guard maximum != minimum else { return .joined(result) }
      var after = left
      guard let copy = start(of: inner, &after, &steps) else { return nil }
      // What has been entered once more is enough to look at.
      result.append(.repeated(.joined([copy, .anything]), minimum: 0, maximum: 1))
      return .joined(result)
    }
  }

  /// Calls `attempt` with the places from `start` on where a match may begin, in order, until it answers something
  /// other than `noMatch`.
  // invariant: `start` is at most the count of `bytes`, which is read at indexes below its count.
  @inline(__always)
  func search(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, noMatch: Int32, _ attempt: (Int) -> Int32
  ) -> Int32 {
    let count = bytes.count
    var state = automaton.start
    if start > 0 { state = automaton.next(state, Int(bytes[start - 1])) }
    var place = start
    for index in start...count {
      state = automaton.next(state, index < count ? Int(bytes[index]) : SymbolSet.edge)
      guard state >= automaton.firstAccepting else { continue }
      place = max(place, index - Self.depth)
      while place <= index + 1, place < count {
        if first.contains(bytes[place]) {
          let result = attempt(place)
          if result != noMatch { return result }
        }
        place += 1
      }
    }
    return noMatch
  }
}

extension FactorAutomaton {
  @inline(__always)
  func next(_ state: Int, _ symbol: Int) -> Int {
    Int(table[state &<< shift | Int(classes[symbol])])
  }
}
