/// What a scan found: for each rule, the values that may match.
struct ScanState {
  struct Hit {
    var part: Int16
    var item: Int32
    /// The value in the form that the rule wants.
    var content: Slice
    var next: Int32 = -1
  }

  var hits: [Hit] = []
  /// The first hit of each rule, -1 without one.
  var firstHit: [Int32] = []
  private var lastHit: [Int32] = []

  mutating func begin(rules: Int) {
    hits.removeAll(keepingCapacity: true)
    if firstHit.count >= rules {
      for index in 0..<rules { firstHit[index] = -1 }
    } else {
      firstHit = Array(repeating: -1, count: rules)
      lastHit = Array(repeating: -1, count: rules)
    }
  }

  mutating func add(_ rule: Int, _ hit: Hit, oncePerItem: Bool) {
    let index = Int32(truncatingIfNeeded: hits.count)
    if firstHit[rule] < 0 {
      firstHit[rule] = index
    } else {
      let last = Int(lastHit[rule])
      if oncePerItem, hits[last].part == hit.part, hits[last].item == hit.item { return }
      hits[last].next = index
    }
    lastHit[rule] = index
    hits.append(hit)
  }
}

/// Looks through values. It has the transaction's bytes for the time of a scan, and buffers that are used again.
struct ValueScanner: ~Copyable {
  /// A form of a value; the first is the value itself.
  private struct Form {
    var bytes: [UInt8] = []
    /// No other bytes occur in it; nil while that isn't known.
    var occurring: ByteSet?
    /// The transformations that leave it as it is, as far as `isKnown`.
    var unchanged: UInt64 = 0
    /// Whether all that can be told of that from the bytes that occur is known.
    var isKnown = false
  }

  /// What a transformation made of a form.
  private struct Step {
    let form: Int
    let bit: UInt64
    let result: Int
  }

  fileprivate var arena = Arena()
  fileprivate var state = ScanState()
  private var forms: [Form] = []
  private var formCount = 1
  /// The transformations done on the value at hand that changed something.
  private var steps: [Step] = []
  /// The form that each node leads to.
  private var formOfNode: [Int] = []
  /// The rules that want each form, in words.
  private var wanted: [UInt64] = []
  private var candidates = CandidateSet(capacity: 0)
  /// The rules that want the form at hand.
  private var formRules = CandidateSet(capacity: 0)
  /// Whether the value is one word, in which there is no SQL.
  private var isWord = false
  private var cache = ScanCache()
  private var findings = ScanFindings()

  fileprivate mutating func prepare(_ plan: ScanPlan) {
    let rules = plan.rules.count
    if forms.isEmpty { forms.append(Form()) }
    if candidates.capacity < rules {
      candidates = CandidateSet(capacity: rules)
      formRules = CandidateSet(capacity: rules)
    }
    // Larger plans may have left bits behind the last of this one.
    formRules.removeAll()
    if formOfNode.count < plan.nodes.count { formOfNode = Array(repeating: 0, count: plan.nodes.count) }
    let words = (plan.nodes.count + 1) * ((rules + 63) / 64)
    if wanted.count < words { wanted = Array(repeating: 0, count: words) }
    state.begin(rules: rules)
  }

  /// Large buffers don't outlive the transaction that needed them.
  fileprivate mutating func finish() {
    for index in forms.indices where forms[index].bytes.capacity > 1 << 16 { forms[index].bytes = [] }
  }

  /// Looks through one value, unless it is known from before.
  fileprivate mutating func look(
    _ value: Slice, _ plan: ScanPlan, _ group: ScanPlan.Group, _ hit: ScanState.Hit, _ scratch: MatchScratch,
    _ tables: borrowing TransformationTables
  ) {
    guard value.count <= ScanCache.longestValue else { return scan(value, plan, group, hit, scratch, tables) }
    let hash = arena.read(value) { cache.hash($0, group.number) }
    if let place = arena.read(value, { cache.find($0, hash, group.number) }) {
      recall(place, plan, hit)
      return
    }
    findings = ScanFindings()
    scan(value, plan, group, hit, scratch, tables)
    if !findings.isTooMuch {
      let found = findings
      let form = forms[found.form].bytes
      guard form.count <= ScanCache.longestForm else { return }
      arena.read(value) { cache.remember($0, hash, group.number, found, form: form.span) }
    }
  }

  /// Notes what was found in the same value before.
  private mutating func recall(_ place: Int, _ plan: ScanPlan, _ hit: ScanState.Hit) {
    let count = cache.count(place)
    if count == 0 { return }
    var hit = hit
    let plainCount = cache.plainCount(place)
    for index in 0..<count {
      if index == plainCount { hit.content = cache.form(place, in: &arena) }
      let rule = cache.rule(place, index)
      state.add(rule, hit, oncePerItem: plan.multiMatch.contains(rule))
    }
  }

  /// From so many bytes on the clock is looked at for each form of a value.
  fileprivate static let longValue = 4_096

  private mutating func scan(
    _ value: Slice, _ plan: ScanPlan, _ group: ScanPlan.Group, _ hit: ScanState.Hit, _ scratch: MatchScratch,
    _ tables: borrowing TransformationTables
  ) {
    let bytes = arena.read(value) { ByteSet(of: $0) }
    let unchanged = Transformation.leftUnchanged(bytes)
    if group.mask & ~unchanged == 0 {
      search(value, bytes, plan, group.members, scratch)
      isWord = Self.isWord(bytes)
      note(group.rules, of: group.width, plan, hit, 0, scratch)
      return
    }
    isWord = false
    forms[0].occurring = bytes
    makeForms(value, plan, group, unchanged, tables)
    let width = group.width
    for form in 0..<formCount {
      var any: UInt64 = 0
      for word in 0..<width { any |= wanted[form * width + word] }
      if any == 0 { continue }
      if value.count > Self.longValue, scratch.regex.isOverTime { return }
      for word in 0..<width { formRules.words[word] = wanted[form * width + word] }
      if form == 0 {
        search(value, bytes, plan, formRules, scratch)
      } else {
        let content = forms[form].bytes
        plan.prefilter.candidates(
          of: content.span, occurring: forms[form].occurring ?? .all, among: formRules, scratch: scratch,
          into: &candidates)
      }
      for word in 0..<width {
        note(candidates.words[word] & wanted[form * width + word], word, plan, hit, form, scratch)
      }
    }
  }

  private mutating func search(
    _ value: Slice, _ occurring: ByteSet, _ plan: ScanPlan, _ rules: CandidateSet, _ scratch: MatchScratch
  ) {
    var found = CandidateSet(capacity: 0)
    swap(&found, &candidates)
    arena.read(value) {
      plan.prefilter.candidates(of: $0, occurring: occurring, among: rules, scratch: scratch, into: &found)
    }
    swap(&found, &candidates)
  }

  /// Letters, digits and underscores.
  private static let wordBytes = ByteSet(Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz".utf8))

  private static func isWord(_ bytes: ByteSet) -> Bool { bytes.isSubset(of: wordBytes) }

  // invariant: `rules` has `width` words.
  private mutating func note(
    _ rules: UnsafeMutablePointer<UInt64>, of width: Int, _ plan: ScanPlan, _ hit: ScanState.Hit, _ form: Int,
    _ scratch: MatchScratch
  ) {
    for word in 0..<width { note(candidates.words[word] & rules[word], word, plan, hit, form, scratch) }
  }

  /// Keeps those rules of one word of bits that match; whether they do is the operator's business alone here.
  @inline(__always)
  private mutating func note(
    _ bits: UInt64, _ word: Int, _ plan: ScanPlan, _ hit: ScanState.Hit, _ form: Int, _ scratch: MatchScratch
  ) {
    var bits = bits
    if isWord { bits &= ~plan.sqlRules.words[word] }
    guard bits != 0 else { return }
    var hit = hit
    var isKept = form == 0
    while bits != 0 {
      let rule = word << 6 + bits.trailingZeroBitCount
      bits &= bits &- 1
      guard mayMatch(plan.comparisons[rule], hit.content, form, scratch) else { continue }
      if !isKept {
        hit.content = arena.append(forms[form].bytes)
        isKept = true
      }
      state.add(rule, hit, oncePerItem: plan.multiMatch.contains(rule))
      findings.add(rule, form: form)
    }
  }

  /// False when the operator certainly does not match.
  private func mayMatch(
    _ comparison: CompiledOperator, _ value: Slice, _ form: Int, _ scratch: MatchScratch
  ) -> Bool {
    if form == 0 { return arena.read(value) { Self.mayMatch(comparison, $0, scratch) } }
    let content = forms[form].bytes
    return Self.mayMatch(comparison, content.span, scratch)
  }

  private static func mayMatch(
    _ comparison: CompiledOperator, _ value: Span<UInt8>, _ scratch: MatchScratch
  ) -> Bool {
    switch comparison {
    case .regex(let regex), .regexGlobal(let regex), .checksum(_, let regex):
      regex.match(value, scratch: scratch.regex) != .noMatch
    case .literals(let matcher): matcher.containsAny(in: value)
    case .sqlInjection: SQLInjectionDetector.fingerprint(of: value) != nil
    case .crossSiteScripting: XSSDetector.isAttack(value)
    default: true
    }
  }

  /// Brings a value into the forms that the rules of a group want; equal forms are one.
  // invariant: `group.nodes` has `count` elements, `group.wanting` has `(1 + count) * width`.
  private mutating func makeForms(
    _ value: Slice, _ plan: ScanPlan, _ group: ScanPlan.Group, _ unchanged: UInt64,
    _ tables: borrowing TransformationTables
  ) {
    let width = group.width
    formCount = 1
    steps.removeAll(keepingCapacity: true)
    forms[0].unchanged = unchanged
    forms[0].isKnown = true
    for word in 0..<width { wanted[word] = group.wanting[word] }
    for position in 0..<group.count {
      let index = Int(group.nodes[position])
      let node = plan.nodes[index]
      let parent = node.parent < 0 ? 0 : formOfNode[node.parent]
      let form = form(of: parent, value, node, width, tables)
      formOfNode[index] = form
      for word in 0..<width { wanted[form * width + word] |= group.wanting[(1 + position) * width + word] }
    }
  }

  /// The form that a step makes of another; chains that part and then do the same share what comes of it.
  private mutating func form(
    of parent: Int, _ value: Slice, _ node: ScanPlan.Node, _ width: Int, _ tables: borrowing TransformationTables
  ) -> Int {
    if !forms[parent].isKnown {
      let bytes = forms[parent].bytes
      let occurring = forms[parent].occurring ?? ByteSet(of: bytes.span)
      forms[parent].occurring = occurring
      forms[parent].unchanged |= Transformation.leftUnchanged(occurring)
      forms[parent].isKnown = true
    }
    if forms[parent].unchanged & node.bit != 0 { return parent }
    for step in steps where step.form == parent && step.bit == node.bit { return step.result }
    let result = makeForm(of: parent, value, node.transformation, width, tables)
    if result != parent { steps.append(Step(form: parent, bit: node.bit, result: result)) }
    return result
  }

  private mutating func makeForm(
    of parent: Int, _ value: Slice, _ transformation: Transformation, _ width: Int,
    _ tables: borrowing TransformationTables
  ) -> Int {
    let index = formCount
    while forms.count <= index { forms.append(Form()) }
    var output: [UInt8] = []
    swap(&output, &forms[index].bytes)
    defer { swap(&output, &forms[index].bytes) }
    let isChanged: Bool
    if parent == 0 {
      isChanged = arena.read(value) { transformation.apply($0, into: &output, tables: tables) }
    } else {
      let source = forms[parent].bytes
      isChanged = transformation.apply(source.span, into: &output, tables: tables)
    }
    guard isChanged else {
      forms[parent].unchanged |= transformation.bit
      return parent
    }
    var same = 1
    while same < index {
      if forms[same].bytes == output { return same }
      same += 1
    }
    if arena.read(value, { TextOperators.equals($0, output.span) }) { return 0 }
    forms[index].occurring = forms[parent].occurring.flatMap { transformation.occurring(after: $0) }
    forms[index].unchanged = 0
    forms[index].isKnown = false
    formCount = index + 1
    for word in 0..<width { wanted[index * width + word] = 0 }
    return index
  }
}

extension Transaction {
  /// Looks through all values of the phase for rules that may match.
  func scanValues(_ plan: ScanPlan) {
    var scanner = ValueScanner()
    swap(&scanner, &workspace.scanner)
    swap(&scanner.arena, &arena)
    swap(&scanner.state, &scan)
    scanner.prepare(plan)
    var counter = 0
    let match = workspace.match
    let tables = rules.tables
    sources: for place in plan.sources.indices {
      let part = plan.sources[place].part
      if stores[Int(part.source.rawValue)].isEmpty { continue }
      let items = stores[Int(part.source.rawValue)]
      for index in items.indices {
        counter += 1
        if counter & 63 == 0, isOverBudget() { break sources }
        let item = items[index]
        var number = plan.sources[place].general
        if let named = scanner.arena.read(item.name, { plan.sources[place].named.group($0) }) { number = named }
        guard number >= 0 else { continue }
        let value = part.isNames ? item.name : item.value
        let hit = ScanState.Hit(part: Int16(part.index), item: Int32(index), content: value)
        // invariant: as of `ScanPlan.groupReferences`.
        plan.groupReferences[number]._withUnsafeGuaranteedRef { scanner.look(value, plan, $0, hit, match, tables) }
        // A scan that the clock cut short must not pass for one that found nothing.
        if value.count > ValueScanner.longValue, isOverBudget() { break sources }
      }
    }
    scanner.finish()
    swap(&scanner.arena, &arena)
    swap(&scanner.state, &scan)
    swap(&scanner, &workspace.scanner)
  }
}
