/// A rule or action as the engine runs it.
final class CompiledRule: Sendable {
  let id: Int
  let phase: Int
  let position: SourcePosition
  let targets: [Target]
  // invariant: those of `targets`, which live as long as this object; to run a rule counts no references to them.
  let targetReferences: [Unmanaged<Target>]
  let comparison: CompiledOperator
  let isNegated: Bool
  let chain: TransformationChain
  let actions: RuleActions
  /// The rule that must match as well.
  let next: CompiledRule?
  /// The rule's number in its set.
  let index: Int
  /// The operator's argument as written.
  let argument: [UInt8]

  init(
    id: Int, phase: Int, position: SourcePosition, targets: [Target], comparison: CompiledOperator, isNegated: Bool,
    chain: TransformationChain, actions: RuleActions, next: CompiledRule?, index: Int, argument: [UInt8]
  ) {
    self.id = id
    self.phase = phase
    self.position = position
    self.targets = targets
    // invariant: as stated there.
    targetReferences = targets.map { Unmanaged.passUnretained($0) }
    self.comparison = comparison
    self.isNegated = isNegated
    self.chain = chain
    self.actions = actions
    self.next = next
    self.index = index
    self.argument = argument
  }
}

/// What a rule looks at.
final class Target: Sendable {
  let variable: Variable
  let selector: TargetSelector
  let isCount: Bool
  /// What of it the rule leaves out.
  let exclusions: [TargetSelector]
  /// The stored values that it is made of; empty for what is worked out when asked for.
  let parts: [SourcePart]
  /// Whether it takes any name.
  let takesAll: Bool
  /// The name in lower case that it takes alone, and its length; -1 when it is chosen in another way.
  let name: [UInt8]
  let nameLength: Int

  init(variable: Variable, selector: TargetSelector, isCount: Bool = false, exclusions: [TargetSelector] = []) {
    self.variable = variable
    self.isCount = isCount
    self.exclusions = exclusions
    var selector = selector
    if case .xpath(let path) = selector {
      let part = path.wholeDocument
      if part != nil { selector = .all }
      parts = part.map { [$0] } ?? []
    } else {
      parts = Sources.parts(variable)
    }
    self.selector = selector
    if case .name(let name) = selector {
      self.name = name
      nameLength = name.count
    } else {
      name = []
      nameLength = -1
    }
    if case .all = selector { takesAll = exclusions.isEmpty } else { takesAll = false }
  }
}

enum TargetSelector: Sendable {
  case all
  /// In lower case: names compare without regard to case.
  case name([UInt8])
  /// A TX variable by its slot.
  case slot(Int)
  case pattern(RegularExpression)
  case xpath(XPathSubset)
}

/// What a rule compares with.
enum CompiledOperator: Sendable {
  case regex(RegularExpression)
  /// `@rxGlobal`: every match in a value, not the first alone.
  case regexGlobal(RegularExpression)
  case regexMacro(Macro)
  case literals(LiteralMatcher)
  case sqlInjection
  case crossSiteScripting
  case number(NumberComparison, Int)
  case numberMacro(NumberComparison, Macro)
  case text(TextComparison, [UInt8])
  case textMacro(TextComparison, Macro)
  case byteRange(ByteSet)
  case addresses(AddressTree)
  case addressesMacro(Macro)
  case utf8
  case urlEncoding
  case checksum(NumberChecksum, RegularExpression)
  case always
  case never
}

enum NumberComparison: Sendable {
  case equal, greater, greaterOrEqual, less, lessOrEqual

  @inline(__always) func holds(_ left: Int, _ right: Int) -> Bool {
    switch self {
    case .equal: left == right
    case .greater: left > right
    case .greaterOrEqual: left >= right
    case .less: left < right
    case .lessOrEqual: left <= right
    }
  }
}

enum TextComparison: Sendable {
  case equal, contains, containsWord, beginsWith, endsWith, within, stringMatch
}

/// Numbers that carry a check digit.
enum NumberChecksum: Sendable {
  case creditCard, cpf, ssn, svnr
}

/// Transformations in order.
struct TransformationChain: Sendable, Hashable {
  var steps: [Transformation] = []
}

/// What a rule does when it matches.
struct RuleActions: Sendable {
  var disruption: Disruption?
  var status: Int?
  var isLogged = true
  var isAudited = true
  var message: Macro?
  var logData: Macro?
  var tags: [String] = []
  var severity: Int?
  var revision: [UInt8] = []
  var version: [UInt8] = []
  var captures = false
  var matchesEachStep = false
  var effects: [Effect] = []
  /// Rules to pass over when this one matches.
  var skipCount = 0
  /// The step behind the marker to go on at.
  var skipTarget: Int?
}

enum Disruption: Sendable {
  case pass
  /// What the phase's default action says.
  case block
  case deny
  case drop
  case allow(AllowScope)
  case redirect(Macro)
}

enum AllowScope: Sendable {
  case transaction, phase, request
}

/// What a match changes.
enum Effect: Sendable {
  case setTX(TXName, Assignment)
  case setPersistent(Variable, Macro, Assignment)
  case setEnvironment(Macro, Macro)
  case openCollection(Variable, Macro)
  case expire(Variable, Macro, seconds: Macro)
  case expireTX(TXName, seconds: Macro)
  case control(Control)
}

enum TXName: Sendable {
  case slot(Int)
  case macro(Macro)
}

enum Assignment: Sendable {
  case set(Macro)
  case setNumber(Int)
  case add(Macro)
  case addNumber(Int)
  case subtract(Macro)
  case unset

  /// Whether what comes of it depends on what was there.
  var takesOld: Bool {
    switch self {
    case .add, .addNumber, .subtract: true
    case .set, .setNumber, .unset: false
    }
  }
}

/// A `ctl` action.
enum Control: Sendable {
  case ruleEngine(EngineMode)
  case auditEngine(AuditMode)
  case auditLogParts(added: [UInt8], removed: [UInt8], set: [UInt8]?)
  case requestBodyAccess(Bool)
  case responseBodyAccess(Bool)
  case requestBodyProcessor(BodyProcessorKind)
  case responseBodyProcessor(BodyProcessorKind)
  case forceRequestBodyVariable(Bool)
  case forceResponseBodyVariable(Bool)
  /// Rules that no longer run, by their numbers in the set.
  case removeRules([Int])
  /// Targets that these rules no longer look at.
  case removeTarget(TargetRemoval)
  case hashEnforcement
  case parseXMLIntoArgs(Bool)
}

public enum EngineMode: Sendable {
  case on, detectionOnly, off
}

enum AuditMode: Sendable {
  case on, off, relevantOnly
}

enum BodyProcessorKind: Sendable {
  case urlencoded, multipart, json, xml, none
}
