/// Compiled rules, ready to run; immutable, shared by all threads.
public final class RuleSet: Sendable {
  public let settings: RuleSettings
  /// The files that the rules came from, as positions name them.
  public let files: [String]
  let rules: [CompiledRule]
  // invariant: those of `rules`, which live as long as this object; runs of a phase count no references to them.
  let references: [Unmanaged<CompiledRule>]
  let programs: [PhaseProgram]
  let txNames: TXNames
  let txIndex: TXIndex
  let tables: TransformationTables
  /// What every arena begins with.
  let texts: ArenaTexts
  /// The names of the TX variables, in those texts.
  let txNameSlices: [Slice]
  /// The constants of the rules, in those texts.
  let constants: ArenaTexts
  /// Files and operators that have no data here: such rules never match.
  public let notices: [RuleIssue]

  init(
    settings: RuleSettings, files: [String], rules: [CompiledRule], programs: [PhaseProgram], txNames: TXNames,
    constants: ArenaTexts, tables: TransformationTables, notices: [RuleIssue]
  ) {
    self.settings = settings
    self.files = files
    self.rules = rules
    // invariant: as stated there.
    references = rules.map { Unmanaged.passUnretained($0) }
    self.programs = programs
    self.txNames = txNames
    txIndex = TXIndex(txNames)
    self.constants = constants
    var texts = constants
    txNameSlices = txNames.names.map { texts.add($0) }
    self.texts = texts
    self.tables = tables
    self.notices = notices
    scoreSlots = txNames.names.map { Self.isScore($0) }
    patternSlots = Self.patternSlots(rules, txNames)
  }

  private static func patternSlots(_ rules: [CompiledRule], _ names: TXNames) -> [ObjectIdentifier: [Int]] {
    let scratch = RegexScratch()
    var slots: [ObjectIdentifier: [Int]] = [:]
    for first in rules {
      var rule: CompiledRule? = first
      while let current = rule {
        for target in current.targets where target.variable == .tx {
          guard case .pattern(let pattern) = target.selector else { continue }
          slots[ObjectIdentifier(pattern)] = names.names.indices.filter {
            let name = names.names[$0]
            return pattern.match(name.span, scratch: scratch).isMatch
          }
        }
        rule = current.next
      }
    }
    return slots
  }

  /// `inbound_anomaly_score_pl1` and the like.
  static func isScore(_ name: [UInt8]) -> Bool {
    name.firstRange(of: Array("anomaly_score_pl".utf8)) != nil
  }

  /// TX variables that hold the anomaly score of a paranoia level: what rules add to them is what the rules found.
  private let scoreSlots: [Bool]

  /// The slots that each pattern over TX names selects.
  private let patternSlots: [ObjectIdentifier: [Int]]

  func slots(of pattern: RegularExpression) -> [Int] { patternSlots[ObjectIdentifier(pattern)] ?? [] }

  func isScore(_ slot: Int) -> Bool { scoreSlots[slot] }

  /// How many rules there are; a chain counts once.
  public var ruleCount: Int { programs.reduce(0) { $0 + $1.steps.count } }
}

/// What reads the data files that operators name (`@pmFromFile`, `@ipMatchFromFile`, `SecUnicodeMapFile`).
public protocol RuleDataSource {
  /// The bytes of a file, named relative to the rule file that wants it; nil where there is none.
  func data(_ name: String, relativeTo ruleFile: String) -> [UInt8]?
}

/// The rules of one phase in their order.
struct PhaseProgram: Sendable {
  struct Step: Sendable {
    /// The rule's place in `RuleSet.rules`.
    var rule: Int32
    /// Its number in the phase's scan, -1 for a rule that always runs.
    var filter: Int32 = -1
    /// Whether conditions and operations are all there is to it.
    var isPlain = false
    /// Whether some of the operations set scores to 0.
    var resetsScores = false
    /// Comparisons of TX variables: what does not meet them does nothing.
    var firstCondition: Int32 = 0
    var conditionCount: Int32 = 0
    var firstOperation: Int32 = 0
    var operationCount: Int32 = 0
    /// Where a match goes on: so many steps on, or at the step behind a marker unless that is -1.
    var skipCount: Int32 = 0
    var skipTarget: Int32 = -1
  }

  let phase: Int
  var steps: [Step] = []
  var conditions: [Condition] = []
  var operations: [Operation] = []
  var scan: ScanPlan?

  init(phase: Int) { self.phase = phase }
}
