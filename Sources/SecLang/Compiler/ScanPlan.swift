import Synchronization

/// What one pass over the values of a phase looks for, so that only rules that may match are run.
///
/// Each value is brought into the forms that the rules want, and each form that differs is searched once for all rules.
final class ScanPlan: Sendable {
  private static let numbers = Atomic<UInt64>(0)

  /// A step of a chain of transformations; chains that begin alike share their steps.
  struct Node: Sendable {
    var parent: Int
    var transformation: Transformation
    var bit: UInt64
  }

  /// The rules that look at some values, by the form that they want. Sets of rules are words of bits.
  // invariant: the memory is written by init alone and freed by deinit, so threads may share it.
  final class Group: @unchecked Sendable {
    /// A number that no other group has had.
    let number = ScanPlan.numbers.wrappingAdd(1, ordering: .relaxed).newValue
    /// Words of each set.
    let width: Int
    /// The number of nodes.
    let count: Int
    /// The chain steps needed, each after the one it builds on.
    // invariant: `count` elements, each below the number of nodes of the plan.
    let nodes: UnsafeMutablePointer<Int32>
    /// Rules that want the value as it came, then for each of the nodes those that want the form after it.
    // invariant: `(1 + count) * width` words.
    let wanting: UnsafeMutablePointer<UInt64>
    /// All rules of the group.
    let members: CandidateSet
    /// The same.
    // invariant: `width` words.
    let rules: UnsafeMutablePointer<UInt64>
    /// The transformations that occur, one bit each.
    let mask: UInt64

    // invariant: what is allocated here is initialized here, to the counts stated at the properties.
    init(
      rules members: CandidateSet, plain: CandidateSet, nodes order: [Int], wanting sets: [CandidateSet], mask: UInt64
    ) {
      self.members = members
      width = members.words.count
      count = order.count
      self.mask = mask
      nodes = .allocate(capacity: max(1, order.count))
      for (index, node) in order.enumerated() { (nodes + index).initialize(to: Int32(node)) }
      rules = .allocate(capacity: max(1, width))
      wanting = .allocate(capacity: max(1, (1 + order.count) * width))
      for word in 0..<width {
        (rules + word).initialize(to: members.words[word])
        (wanting + word).initialize(to: plain.words[word])
        for index in 0..<order.count { (wanting + (1 + index) * width + word).initialize(to: sets[index].words[word]) }
      }
    }

    deinit {
      nodes.deallocate()
      rules.deallocate()
      wanting.deallocate()
    }
  }

  struct SourceScan: Sendable {
    var part: SourcePart
    /// The group of values with no group of their own; -1 when there is none.
    var general: Int
    /// Groups by the value's name.
    var named: NamedGroups
  }

  /// Groups of values with certain names.
  struct NamedGroups: Sendable {
    private struct Entry: Sendable {
      /// In lower case.
      var name: [UInt8]
      var group: Int
    }

    /// By length of the name.
    private var entries: [Entry] = []
    /// A bit for each length that occurs, the last for all longer ones.
    private var lengths: UInt64 = 0

    init(_ groups: [[UInt8]: Int]) {
      entries = groups.map { Entry(name: $0.key, group: $0.value) }.sorted { $0.name.count < $1.name.count }
      for entry in entries { lengths |= Self.bit(entry.name.count) }
    }

    private static func bit(_ length: Int) -> UInt64 { 1 &<< UInt64(min(length, 63)) }

    /// The group of a name in any letter case.
    func group(_ name: Span<UInt8>) -> Int? {
      guard lengths & Self.bit(name.count) != 0 else { return nil }
      for index in entries.indices where entries[index].name.count == name.count {
        let wanted = entries[index].name
        if ASCII.equal(name, wanted.span) { return entries[index].group }
      }
      return nil
    }
  }

  let prefilter: Prefilter
  /// The rules by their numbers in the scan, as places in `RuleSet.rules`.
  let rules: [Int]
  /// What each rule compares with.
  let comparisons: [CompiledOperator]
  /// Rules that look for SQL, in words: a word alone is none.
  let sqlRules: CandidateSet
  /// Rules that are tried after each step of their chain.
  let multiMatch: CandidateSet
  let nodes: [Node]
  let groups: [Group]
  // invariant: those of `groups`, which live as long as this object; scans count no references to them.
  let groupReferences: [Unmanaged<Group>]
  let sources: [SourceScan]

  init(
    prefilter: Prefilter, rules: [Int], comparisons: [CompiledOperator], sqlRules: CandidateSet,
    multiMatch: CandidateSet, nodes: [Node], groups: [Group], sources: [SourceScan]
  ) {
    self.prefilter = prefilter
    self.rules = rules
    self.comparisons = comparisons
    self.sqlRules = sqlRules
    self.multiMatch = multiMatch
    self.nodes = nodes
    self.groups = groups
    // invariant: as stated there.
    groupReferences = groups.map { Unmanaged.passUnretained($0) }
    self.sources = sources
  }
}

/// Builds a scan plan.
struct ScanPlanner {
  private var nodes: [ScanPlan.Node] = []
  private var nodeIndexes: [[Transformation]: Int] = [:]
  private var groups: [ScanPlan.Group] = []
  private var groupIndexes: [CandidateSet: Int] = [:]
  private let rules: [CompiledRule]
  private let numbers: [Int]

  /// - Parameter rules: the rules to scan for, all of them `isScannable`.
  static func plan(_ rules: [CompiledRule]) -> ScanPlan? {
    guard !rules.isEmpty else { return nil }
    var planner = ScanPlanner(rules)
    return planner.make()
  }

  private init(_ rules: [CompiledRule]) {
    self.rules = rules
    numbers = rules.map(\.index)
  }

  private mutating func make() -> ScanPlan {
    var sources: [ScanPlan.SourceScan] = []
    for source in Source.allCases {
      for isNames in [false, true] {
        if let scan = scan(SourcePart(source, names: isNames)) { sources.append(scan) }
      }
    }
    var multiMatch = CandidateSet(capacity: rules.count)
    for index in rules.indices where rules[index].actions.matchesEachStep { multiMatch.insert(index) }
    var sqlRules = CandidateSet(capacity: rules.count)
    for index in rules.indices {
      if case .sqlInjection = rules[index].comparison { sqlRules.insert(index) }
    }
    let prefilter = Prefilter(rules.map(\.prefilterPattern))
    return ScanPlan(
      prefilter: prefilter, rules: numbers, comparisons: rules.map(\.comparison), sqlRules: sqlRules,
      multiMatch: multiMatch, nodes: nodes, groups: groups, sources: sources)
  }

  private mutating func scan(_ part: SourcePart) -> ScanPlan.SourceScan? {
    var general = CandidateSet(capacity: rules.count)
    var named: [[UInt8]: CandidateSet] = [:]
    for (index, rule) in rules.enumerated() {
      for target in rule.targets where target.parts.contains(part) {
        if case .name(let name) = target.selector {
          named[name, default: CandidateSet(capacity: rules.count)].insert(index)
        } else {
          general.insert(index)
        }
      }
    }
    guard !general.isEmpty || !named.isEmpty else { return nil }
    return ScanPlan.SourceScan(
      part: part, general: general.isEmpty ? -1 : group(general),
      named: ScanPlan.NamedGroups(
        named.mapValues { rules in
          var all = general
          all.formUnion(rules)
          return group(all)
        }))
  }

  private mutating func group(_ members: CandidateSet) -> Int {
    if let index = groupIndexes[members] { return index }
    var plain = CandidateSet(capacity: rules.count)
    var wanting: [Int: CandidateSet] = [:]
    var mask: UInt64 = 0
    var next = members.next(from: 0)
    while let index = next {
      next = members.next(from: index + 1)
      let rule = rules[index]
      let steps = rule.chain.steps
      if steps.isEmpty || rule.actions.matchesEachStep { plain.insert(index) }
      for length in 1..<(steps.count + 1) {
        let node = node(Array(steps.prefix(length)))
        let wants = length == steps.count || rule.actions.matchesEachStep
        if wanting[node] == nil { wanting[node] = CandidateSet(capacity: rules.count) }
        if wants { wanting[node]?.insert(index) }
        mask |= nodes[node].bit
      }
    }
    let order = wanting.keys.sorted()
    groups.append(
      ScanPlan.Group(
        rules: members, plain: plain, nodes: order,
        wanting: order.map { wanting[$0] ?? CandidateSet(capacity: rules.count) }, mask: mask))
    groupIndexes[members] = groups.count - 1
    return groups.count - 1
  }

  /// The node of a chain; nodes are made after the ones they build on.
  private mutating func node(_ steps: [Transformation]) -> Int {
    if let index = nodeIndexes[steps] { return index }
    guard let last = steps.last else { return -1 }
    let parent = steps.count > 1 ? node(Array(steps.dropLast())) : -1
    nodes.append(ScanPlan.Node(parent: parent, transformation: last, bit: last.bit))
    nodeIndexes[steps] = nodes.count - 1
    return nodes.count - 1
  }
}

extension Transformation {
  /// A bit of its own for each.
  var bit: UInt64 { 1 << UInt64(rawValue & 63) }
}

extension CandidateSet: Hashable {
  package func hash(into hasher: inout Hasher) {
    hasher.combine(words)
  }

  mutating func formUnion(_ other: CandidateSet) {
    for index in words.indices where index < other.words.count { words[index] |= other.words[index] }
  }

  mutating func formIntersection(_ other: CandidateSet) {
    for index in words.indices { words[index] &= index < other.words.count ? other.words[index] : 0 }
  }
}

extension CompiledOperator {
  /// Whether a scan can tell which values may match.
  var isScannable: Bool {
    switch self {
    case .regex, .regexGlobal, .checksum, .literals, .byteRange, .sqlInjection, .crossSiteScripting: true
    default: false
    }
  }
}

extension CompiledRule {
  /// Whether a scan of its values finds all that may match.
  var isScannable: Bool {
    !isNegated && comparison.isScannable && !targets.isEmpty
      && targets.allSatisfy { !$0.isCount && !$0.parts.isEmpty }
  }

  /// What the scan looks for.
  var prefilterPattern: PrefilterPattern {
    switch comparison {
    case .regex, .regexGlobal, .checksum: .regex(argument)
    case .literals(let matcher): .literals(matcher.patterns)
    case .byteRange(let allowed): .regex(Self.outside(allowed))
    // What the detectors need to find anything: more than one word, or a tag or an attribute.
    case .sqlInjection: .regex(Array("[^0-9A-Za-z_]".utf8))
    case .crossSiteScripting: .regex(Array("[=<]".utf8))
    default: .always
    }
  }

  /// A pattern for any byte that is not in the set.
  private static func outside(_ allowed: ByteSet) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var pattern: [UInt8] = [0x5b]
    for byte in UInt8.min...UInt8.max where !allowed.contains(byte) {
      pattern += [0x5c, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    // An empty class is no pattern: this one never matches.
    return pattern.count == 1 ? Array("(?!)".utf8) : pattern + [0x5d]
  }
}
