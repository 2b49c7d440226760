/// A deterministic automaton that finds which factors occur in a value, reading each byte once.
struct FactorAutomaton: Sendable {
  /// The class of each byte; the class of the edge comes after them, at index 256.
  private(set) var classes = [UInt8](repeating: 0, count: 257)
  /// A row of `1 << shift` next states for each state.
  private(set) var table: [UInt16] = []
  private(set) var shift = 0
  /// The state before the first byte.
  private(set) var start = 0
  /// States from here on mean that factors were found.
  private(set) var firstAccepting = 0
  /// For each accepting state, the numbers of the factors that were found.
  private(set) var accepted: [[Int]] = []

  var stateCount: Int { table.count >> shift }

  /// Nil where it would take more than `stateLimit` states, and where a factor may be empty.
  init?(_ network: FactorNetwork, stateLimit: Int) {
    var builder = Builder(network)
    guard builder.build(stateLimit: min(stateLimit, 65_000)) else { return nil }
    classes = builder.classes
    let count = builder.accepts.count
    // Accepting states move to the end; the others keep their order, the shallow ones first.
    var order: [Int] = (0..<count).filter { builder.accepts[$0].isEmpty }
    firstAccepting = order.count
    order += (0..<count).filter { !builder.accepts[$0].isEmpty }
    var place = [UInt16](repeating: 0, count: count)
    for (index, state) in order.enumerated() { place[state] = UInt16(index) }
    while 1 << shift < builder.classCount { shift += 1 }
    table = [UInt16](repeating: 0, count: count << shift)
    for (index, state) in order.enumerated() {
      for column in 0..<builder.classCount {
        table[index << shift + column] = place[Int(builder.table[state * builder.classCount + column])]
      }
    }
    start = Int(place[builder.start])
    accepted = order[firstAccepting...].map { builder.accepts[$0] }
  }
}

/// The subset construction. A state's set leaves out the states that are always active, the starts of the factors.
private struct Builder {
  private(set) var table: [Int32] = []
  private(set) var accepts: [[Int]] = []
  private(set) var classes = [UInt8](repeating: 0, count: 257)
  private(set) var classCount = 0
  private(set) var start = 0

  private let network: FactorNetwork
  /// The closures of what follows the symbol states, one after the other, where each begins, and the classes it takes.
  private var follow: [Int32] = []
  private var followStarts: [Int32] = []
  private var takes: [ByteSet]
  private var isAlwaysActive: [Bool]
  private var always: [Int32] = []
  private var marks: [Int32]
  private var mark: Int32 = 0

  /// The sets of all states, one after the other, and where each begins; one more than there are states.
  private var members: [Int32] = []
  private var starts: [Int] = [0]
  /// A hash table of states; zero is an empty place.
  private var places = [Int32](repeating: 0, count: 1 << 12)

  private var stateCount: Int { starts.count - 1 }

  init(_ network: FactorNetwork) {
    self.network = network
    let count = network.states.count
    takes = [ByteSet](repeating: ByteSet(), count: count)
    isAlwaysActive = [Bool](repeating: false, count: count)
    marks = [Int32](repeating: 0, count: count)
    makeClasses()
    guard classCount <= 256 else { return }
    var representatives = [Int](repeating: 0, count: classCount)
    for symbol in 0...256 { representatives[Int(classes[symbol])] = symbol }
    for (index, state) in network.states.enumerated() {
      followStarts.append(Int32(follow.count))
      guard case .symbol(let set, let next) = state else { continue }
      for (column, symbol) in representatives.enumerated() where set.contains(symbol) {
        takes[index].insert(UInt8(truncatingIfNeeded: column))
      }
      follow += closure(of: [next])
    }
    followStarts.append(Int32(follow.count))
    always = closure(of: network.starts)
    for state in always { isAlwaysActive[Int(state)] = true }
  }

  /// Symbols that no state tells apart share a class.
  private mutating func makeClasses() {
    var sets: Set<SymbolSet> = []
    for case .symbol(let set, _) in network.states { sets.insert(set) }
    var classOf = [Int](repeating: 0, count: 257)
    var count = 1
    for set in sets.sorted(by: { $0.bytes.precedes($1.bytes) }) {
      var hasIn = [Bool](repeating: false, count: count)
      var hasOut = hasIn
      for symbol in 0...256 {
        if set.contains(symbol) { hasIn[classOf[symbol]] = true } else { hasOut[classOf[symbol]] = true }
      }
      var renamed = [Int](repeating: -1, count: count)
      for symbol in 0...256 where set.contains(symbol) {
        let old = classOf[symbol]
        guard hasIn[old], hasOut[old] else { continue }
        if renamed[old] < 0 {
          renamed[old] = count
          count += 1
        }
        classOf[symbol] = renamed[old]
      }
    }
    classCount = count
    classes = classOf.map { UInt8(truncatingIfNeeded: $0) }
  }

  private mutating func closure(of states: [Int]) -> [Int32] {
    mark += 1
    var result: [Int32] = []
    var pending = states
    while let state = pending.popLast() {
      guard marks[state] != mark else { continue }
      marks[state] = mark
      if case .split(let targets) = network.states[state] {
        pending += targets
      } else {
        result.append(Int32(state))
      }
    }
    return result.sorted()
  }

  private static func hash(_ set: ArraySlice<Int32>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for member in set { hash = (hash ^ UInt64(UInt32(bitPattern: member))) &* 0x9e37_79b9_7f4a_7c15 }
    return Int(truncatingIfNeeded: hash >> 20)
  }

  private mutating func state(for set: [Int32]) -> Int32 {
    var place = Self.hash(set[...]) & (places.count - 1)
    while places[place] != 0 {
      let state = Int(places[place]) - 1
      if members[starts[state]..<starts[state + 1]].elementsEqual(set) { return Int32(state) }
      place = (place + 1) & (places.count - 1)
    }
    let state = Int32(stateCount)
    members += set
    starts.append(members.count)
    var found: [Int] = []
    for member in set { if case .accept(let number) = network.states[Int(member)] { found.append(number) } }
    accepts.append(found.sorted())
    places[place] = state + 1
    if stateCount * 2 > places.count { growPlaces() }
    return state
  }

  private mutating func growPlaces() {
    places = [Int32](repeating: 0, count: places.count * 2)
    for state in 0..<stateCount {
      var place = Self.hash(members[starts[state]..<starts[state + 1]]) & (places.count - 1)
      while places[place] != 0 { place = (place + 1) & (places.count - 1) }
      places[place] = Int32(state + 1)
    }
  }

  /// False where there would be too many states.
  mutating func build(stateLimit: Int) -> Bool {
    for state in always { if case .accept = network.states[Int(state)] { return false } }
    // All 257 symbols told apart don't fit a byte.
    guard classCount <= 256 else { return false }
    var fresh: [[Int32]] = []
    for column in 0..<classCount { fresh.append(target(of: always, from: [], column)) }
    let freshStates = fresh.map { state(for: $0) }
    start = Int(freshStates[Int(classes[SymbolSet.edge])])
    var next = 0
    while next < stateCount {
      guard stateCount <= stateLimit else { return false }
      let set = Array(members[starts[next]..<starts[next + 1]])
      var taken = ByteSet()
      for member in set { taken.formUnion(takes[Int(member)]) }
      for column in 0..<classCount {
        if taken.contains(UInt8(truncatingIfNeeded: column)) {
          table.append(state(for: target(of: set, from: fresh[column], column)))
        } else {
          table.append(freshStates[column])
        }
      }
      next += 1
    }
    return true
  }

  /// What follows `set` by a class, joined with `base`.
  private mutating func target(of set: [Int32], from base: [Int32], _ column: Int) -> [Int32] {
    mark &+= 1
    let mark = mark
    let column = UInt8(truncatingIfNeeded: column)
    var result = base
    for member in base { marks[Int(member)] = mark }
    for member in set where takes[Int(member)].contains(column) {
      for place in Int(followStarts[Int(member)])..<Int(followStarts[Int(member) + 1]) {
        let next = Int(follow[place])
        guard marks[next] != mark, !isAlwaysActive[next] else { continue }
        marks[next] = mark
        result.append(Int32(next))
      }
    }
    if result.count > base.count { result.sort() }
    return result
  }
}
