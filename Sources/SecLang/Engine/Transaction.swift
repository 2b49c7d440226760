/// One request and its reply on their way through the rules.
///
/// Facts go in as they arrive, then the phase is evaluated that the language names for them. A transaction belongs to one
/// thread and can be used again after ``reset(_:)``.
public final class Transaction {
  // invariant: what is `@exclusivity(unchecked)` is touched by the thread that has the transaction, and no access to it
  // lasts into another of the same property: closures that `Arena.read` calls only look at bytes, and what appends,
  // assigns or swaps is over when it returns.

  /// The rules.
  @exclusivity(unchecked) public internal(set) var rules: RuleSet
  /// What it runs with; another thread that takes it over for a time brings its own.
  @exclusivity(unchecked) public var workspace: Workspace

  @exclusivity(unchecked) var arena = Arena()
  /// The values of each source, by its number.
  @exclusivity(unchecked) var stores: [[Item]] = Array(repeating: [], count: Source.allCases.count)
  @exclusivity(unchecked) var tx = TXStore()
  @exclusivity(unchecked) var scan = ScanState()

  // What `ctl` may change.
  @exclusivity(unchecked) public internal(set) var mode = EngineMode.on
  var auditMode = AuditMode.relevantOnly
  var auditParts: [UInt8] = []
  public internal(set) var inspectsRequestBody = false
  public internal(set) var inspectsResponseBody = false
  var requestProcessor: BodyProcessorKind?
  var forcesRequestBody = false
  var parsesXMLIntoArgs = false
  /// Rules that a `ctl` took out.
  @exclusivity(unchecked) var removedRules: Set<Int> = []
  @exclusivity(unchecked) var removedTargets = TargetRemovals()

  // What the last matches were.
  @exclusivity(unchecked) var matched = MatchState()
  /// What matched so far, in order; bounded by ``EngineLimits/recordedMatches``.
  @exclusivity(unchecked) public internal(set) var matches: [RuleMatch] = []
  /// What the rules ask for; the first that is not `pass` stands.
  @exclusivity(unchecked) public internal(set) var intervention: Intervention?
  /// What they would have asked for in `DetectionOnly`.
  public internal(set) var detectedIntervention: Intervention?
  @exclusivity(unchecked) public internal(set) var highestSeverity = 255
  @exclusivity(unchecked) public internal(set) var failure: EngineFailure?
  /// Nanoseconds that each phase took, by phase from 1.
  public internal(set) var phaseNanoseconds: InlineArray<6, UInt64> = .init(repeating: 0)
  @exclusivity(unchecked) var allowedFrom = 0
  @exclusivity(unchecked) var allowedThrough = 0

  // Facts with a life of their own.
  var body = RequestBodyState()
  var reply = ReplyBodyState()
  @exclusivity(unchecked) var clock = TransactionClock()
  var environment: [(name: Slice, value: Slice)] = []
  var collections = OpenCollections()
  var urlencodedError = false
  var requestBodyError = false
  var multipartFlags = MultipartFlags()
  var remotePort = 0
  var serverPort = 0

  public init(_ rules: RuleSet, workspace: Workspace) {
    self.rules = rules
    self.workspace = workspace
    begin()
  }

  /// Forgets everything, for the next request.
  public func reset(_ rules: RuleSet) {
    self.rules = rules
    arena.removeAll()
    for index in stores.indices where !stores[index].isEmpty {
      stores[index].removeAll(keepingCapacity: stores[index].count <= 256)
    }
    if !removedRules.isEmpty { removedRules.removeAll() }
    removedTargets.removeAll()
    if !matches.isEmpty { matches.removeAll(keepingCapacity: true) }
    if !environment.isEmpty { environment.removeAll() }
    matched.reset()
    intervention = nil
    detectedIntervention = nil
    failure = nil
    highestSeverity = 255
    phaseNanoseconds = .init(repeating: 0)
    allowedFrom = 0
    allowedThrough = 0
    body.reset()
    reply.reset()
    collections.reset()
    urlencodedError = false
    requestBodyError = false
    multipartFlags = MultipartFlags()
    forcesRequestBody = false
    parsesXMLIntoArgs = false
    requestProcessor = nil
    begin()
  }

  private func begin() {
    _ = arena.append(rules.texts.bytes)
    let settings = rules.settings
    mode = settings.engine
    auditMode = settings.auditEngine
    auditParts = settings.auditParts
    inspectsRequestBody = settings.inspectsRequestBodies
    inspectsResponseBody = settings.inspectsResponseBodies
    set(.requestBodyProcessor, [UInt8]())
    tx.reset(rules.txNames.names.count)
    let now = workspace.nowNanoseconds()
    let (deadline, isOverflow) = now.addingReportingOverflow(workspace.timeBudgetNanoseconds)
    clock = TransactionClock(startNanoseconds: now, deadline: isOverflow ? .max : deadline)
  }

  // MARK: Values

  func set(_ source: Source, _ value: Slice) {
    let item = Item(name: Slice(), value: value)
    let index = Int(source.rawValue)
    if stores[index].isEmpty { stores[index].append(item) } else { stores[index][0] = item }
  }

  func set(_ source: Source, _ value: Span<UInt8>) { set(source, arena.append(value)) }

  func set(_ source: Source, _ value: [UInt8]) { set(source, arena.append(value.span)) }

  func add(_ source: Source, name: Slice, value: Slice) {
    let index = Int(source.rawValue)
    guard stores[index].count < EngineLimits.itemsPerCollection else { return }
    stores[index].append(Item(name: name, value: value))
  }

  func value(_ source: Source) -> Slice { stores[Int(source.rawValue)].first?.value ?? Slice() }

  func items(_ source: Source) -> [Item] { stores[Int(source.rawValue)] }
}

/// Fixed bounds of the engine.
public enum EngineLimits {
  /// Values of one collection.
  public static let itemsPerCollection = 1_000_000
  /// Matches that are recorded; the rules go on past it.
  public static let recordedMatches = 256
  /// Targets that are recorded of one match.
  public static let recordedTargets = 8
  /// Bytes of a value that a record keeps.
  public static let recordedValueBytes = 200
  /// Bytes of an expanded text.
  public static let macroBytes = 65_536
  /// Values that `MATCHED_VARS` keeps.
  public static let matchedValues = 4_096
}

/// What a thread needs to run transactions; one for each thread.
public final class Workspace {
  let match: MatchScratch
  let nowNanoseconds: () -> UInt64
  let wallClock: () -> WallClock
  /// How long one transaction may take in all its phases.
  public let timeBudgetNanoseconds: UInt64
  let store: CollectionStore?
  // invariant: these belong to the thread of the workspace, and are swapped out before they are used.
  @exclusivity(unchecked) var scanner = ValueScanner()
  @exclusivity(unchecked) private var scratchBuffers: [[UInt8]] = []
  @exclusivity(unchecked) private var valueLists: [[TargetValue]] = []
  var regexCache: [[UInt8]: RegularExpression] = [:]

  /// - Parameters:
  ///   - timeBudgetNanoseconds: how long one transaction may take in all its phases.
  ///   - collections: values that outlive transactions; without, each transaction starts with none.
  ///   - nowNanoseconds: monotonic time.
  ///   - wallClock: the time of day.
  public init(
    timeBudgetNanoseconds: UInt64, collections: CollectionStore? = nil,
    nowNanoseconds: @escaping () -> UInt64, wallClock: @escaping () -> WallClock
  ) {
    match = MatchScratch(nowNanoseconds: nowNanoseconds)
    store = collections
    self.timeBudgetNanoseconds = timeBudgetNanoseconds
    self.nowNanoseconds = nowNanoseconds
    self.wallClock = wallClock
  }

  func takeScratch() -> [UInt8] { scratchBuffers.popLast() ?? [] }

  func giveBack(_ buffer: inout [UInt8]) {
    guard scratchBuffers.count < 8, buffer.capacity <= 1 << 20 else { return }
    scratchBuffers.append([])
    swap(&buffer, &scratchBuffers[scratchBuffers.count - 1])
  }

  func takeValueList() -> [TargetValue] { valueLists.popLast() ?? [] }

  func giveBack(_ list: inout [TargetValue]) {
    guard valueLists.count < 8, list.capacity <= 65_536 else { return }
    list.removeAll(keepingCapacity: true)
    valueLists.append([])
    swap(&list, &valueLists[valueLists.count - 1])
  }
}

extension Workspace {
  /// For trials in which no time passes.
  static var withoutClock: Workspace {
    Workspace(
      timeBudgetNanoseconds: .max, nowNanoseconds: { 0 },
      wallClock: {
        WallClock(epochSeconds: 0, year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, weekday: 4)
      })
  }
}

/// The time of day, for `TIME` and its relatives and for the expiry of values.
public struct WallClock: Sendable {
  public var epochSeconds: Int
  public var year: Int
  public var month: Int
  public var day: Int
  public var hour: Int
  public var minute: Int
  public var second: Int
  /// From 0, Sunday.
  public var weekday: Int

  public init(
    epochSeconds: Int, year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int
  ) {
    self.epochSeconds = epochSeconds
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.weekday = weekday
  }
}

struct TransactionClock {
  var startNanoseconds: UInt64 = 0
  var deadline: UInt64 = .max
}

/// What the rules want to be done with a transaction.
public struct Intervention: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case deny
    case drop
    /// The location.
    case redirect(String)
  }

  public var kind: Kind
  /// The status of the reply.
  public var status: Int
  public var ruleID: Int
  public var phase: Int
}

/// Why the rules could not be run to their end.
public enum EngineFailure: String, Sendable {
  /// The transaction's time was used up.
  case timeBudget = "time budget"
  /// A regular expression reached its match limit.
  case matchLimit = "match limit"
}

/// A rule that matched.
public struct RuleMatch: Sendable {
  public struct Target: Sendable {
    /// As rules name it: `ARGS:q`.
    public var name: [UInt8]
    /// The value as the rule saw it, cut to ``EngineLimits/recordedValueBytes`` around what matched.
    public var value: [UInt8]
    /// Where `value` begins in the whole value.
    public var valueOffset: Int
    /// The bytes of the whole value, as the rule saw it, that matched.
    public var range: Range<Int>
  }

  public var ruleID: Int
  public var phase: Int
  public var message: [UInt8]
  public var data: [UInt8]
  public var severity: Int?
  public var targets: [Target]
  /// What it added to an anomaly score, 0 for bookkeeping.
  public var score: Int
  public var isLogged: Bool
  public var isAudited: Bool
  public var isDisruptive: Bool
  /// The number of the rule in its set, for tags and place.
  var ruleIndex: Int
}
