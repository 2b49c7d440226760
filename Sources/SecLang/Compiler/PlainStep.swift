// Rules that compare TX variables with numbers and set TX variables are most of what a request passes: they are run
// from a few numbers, without a look at the rule.

extension PhaseProgram {
  /// A comparison of one TX variable, or of whether it is there, with a number.
  struct Condition: Sendable {
    var slot: Int32
    /// The TX variable that it is compared with, -1 for `number`.
    var otherSlot: Int32 = -1
    var number = 0
    var comparison: NumberComparison
    var counts: Bool
    var isNegated: Bool
    /// Of the conditions up to one that ends alternatives, one must hold.
    var endsAlternatives = false
  }

  /// What sets one TX variable.
  struct Operation: Sendable {
    enum Kind: Sendable {
      case setNumber, addNumber, setText, copy, add, subtract, unset
    }

    var kind: Kind
    var slot: Int32
    /// The TX variable that is copied, added or subtracted.
    var otherSlot: Int32 = -1
    /// Whether the variable holds a score, whose changes are told.
    var isScore = false
    var number = 0
    /// In the texts that every arena begins with.
    var text = Slice()
  }

  /// The step of a rule.
  /// - Parameter texts: the texts that every arena begins with, which constants of the rule join.
  mutating func add(_ rule: CompiledRule, _ names: TXNames, texts: inout ArenaTexts) {
    var step = Step(rule: Int32(rule.index))
    step.firstCondition = Int32(conditions.count)
    step.firstOperation = Int32(operations.count)
    if var found = Self.alternatives(of: rule) {
      let isSilent = addLinks(behind: rule, to: &found)
      conditions += found
      step.isPlain = isSilent && rule.isQuiet && addEffects(of: rule, names, &texts)
    } else if case .always = rule.comparison, rule.targets.isEmpty, rule.next == nil {
      step.isPlain = rule.isQuiet && addEffects(of: rule, names, &texts)
    }
    step.conditionCount = Int32(conditions.count) - step.firstCondition
    step.operationCount = Int32(operations.count) - step.firstOperation
    step.resetsScores = operations[Int(step.firstOperation)...].contains { $0.isScore }
    // What does nothing at all is still what matched last.
    if step.operationCount == 0, rule.actions.skipTarget == nil { step.isPlain = false }
    step.skipCount = Int32(clamping: rule.actions.skipCount)
    step.skipTarget = rule.actions.skipTarget.map { Int32(clamping: $0) } ?? -1
    steps.append(step)
  }

  /// Adds the conditions of the chained rules, where they have nothing else.
  /// - Returns: whether the conditions stand for the whole chain.
  private func addLinks(behind rule: CompiledRule, to found: inout [Condition]) -> Bool {
    var links: [Condition] = []
    var next = rule.next
    while let link = next {
      guard link.actions.effects.isEmpty, let more = Self.alternatives(of: link) else { return false }
      links += more
      next = link.next
    }
    // What each of several matches sets, it sets several times.
    guard rule.actions.effects.isEmpty || rule.next == nil && found.count == 1 else { return false }
    found += links
    return true
  }

  /// The comparisons that a rule is made of, nil when it has others.
  private static func alternatives(of rule: CompiledRule) -> [Condition]? {
    guard rule.chain.steps.isEmpty, !rule.targets.isEmpty else { return nil }
    var found: [Condition] = []
    for target in rule.targets {
      guard target.variable == .tx, case .slot(let slot) = target.selector, target.exclusions.isEmpty else {
        return nil
      }
      var condition = Condition(
        slot: Int32(slot), comparison: .equal, counts: target.isCount, isNegated: rule.isNegated)
      switch rule.comparison {
      case .number(let comparison, let number):
        condition.comparison = comparison
        condition.number = number
      case .numberMacro(let comparison, let macro):
        guard let other = macro.slot else { return nil }
        condition.comparison = comparison
        condition.otherSlot = Int32(other)
      default: return nil
      }
      found.append(condition)
    }
    found[found.count - 1].endsAlternatives = true
    return found
  }

  /// Adds what a rule sets.
  /// - Returns: false, with nothing added, when there is more to it.
  private mutating func addEffects(
    of rule: CompiledRule, _ names: TXNames, _ texts: inout ArenaTexts
  ) -> Bool {
    var found: [Operation] = []
    for effect in rule.actions.effects {
      guard case .setTX(.slot(let slot), let assignment) = effect else { return false }
      var operation = Operation(kind: .unset, slot: Int32(slot))
      switch assignment {
      case .unset: break
      case .setNumber(let number):
        operation.kind = .setNumber
        operation.number = number
      case .addNumber(let number):
        operation.kind = .addNumber
        operation.number = number
      case .add(let macro), .subtract(let macro):
        guard let other = macro.slot else { return false }
        operation.otherSlot = Int32(other)
        if case .add = assignment { operation.kind = .add } else { operation.kind = .subtract }
      case .set(let macro):
        if let other = macro.slot {
          operation.kind = .copy
          operation.otherSlot = Int32(other)
        } else if let text = macro.constant {
          operation.kind = .setText
          operation.text = texts.add(text)
        } else {
          return false
        }
      }
      operation.isScore = RuleSet.isScore(names.names[slot])
      if operation.isScore, operation.kind != .setNumber || operation.number != 0 { return false }
      found.append(operation)
    }
    operations += found
    return true
  }
}

extension CompiledRule {
  /// Whether a match is neither told nor acted upon, but for what it sets and where it goes on.
  fileprivate var isQuiet: Bool {
    guard !actions.isLogged, !actions.isAudited, actions.severity == nil else { return false }
    switch actions.disruption {
    case nil, .pass, .block: return true
    case .allow, .deny, .drop, .redirect: return false
    }
  }
}

/// Texts that every transaction has from its beginning, so that variables can be set to them without a copy.
struct ArenaTexts: Sendable {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ text: [UInt8]) -> Slice {
    let start = bytes.count
    bytes += text
    return Slice(start..<bytes.count)
  }
}
