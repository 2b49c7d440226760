extension Transaction {
  /// Runs the rules of a phase.
  /// - Returns: what they ask for, nil to go on.
  func run(phase: Int) -> Intervention? {
    guard mode != .off, intervention == nil || phase == 5, !isExhausted || phase == 5 else { return intervention }
    if allowedFrom > 0, (allowedFrom...allowedThrough).contains(phase), phase != 5 { return nil }
    let start = workspace.nowNanoseconds()
    defer { phaseNanoseconds[phase] &+= workspace.nowNanoseconds() &- start }
    workspace.match.regex.deadlineNanoseconds = clock.deadline
    let rules = rules
    let plan = rules.programs[phase - 1].scan
    if let plan { scanValues(plan) }
    let isScanned = plan != nil
    let steps = rules.programs[phase - 1].steps
    let conditions = rules.programs[phase - 1].conditions
    let operations = rules.programs[phase - 1].operations
    var index = 0
    let count = steps.count
    while index < count {
      let step = steps[index]
      index += 1
      if step.filter >= 0, isScanned, scan.firstHit[Int(step.filter)] < 0 { continue }
      let isWhole = !removedTargets.concerns(Int(step.rule))
      if step.conditionCount > 0, isWhole {
        guard meetsConditions(step, conditions) else { continue }
      }
      if step.isPlain, removedRules.isEmpty, isWhole, leavesScores(step, operations) {
        perform(step, conditions, operations)
        if step.skipTarget >= 0 { index = min(Int(step.skipTarget), count) }
        index = min(index + Int(step.skipCount), count)
        continue
      }
      if !removedRules.isEmpty, removedRules.contains(Int(step.rule)) { continue }
      if step.filter >= 0, isOverBudget() { break }
      // invariant: as of `RuleSet.references`.
      let isMatch = rules.references[Int(step.rule)]._withUnsafeGuaranteedRef { rule in
        guard evaluate(rule, filter: isScanned ? Int(step.filter) : -1) else { return false }
        if let skip = rule.actions.skipTarget { index = min(skip, count) }
        index = min(index + rule.actions.skipCount, count)
        return true
      }
      guard isMatch else {
        if isExhausted { break }
        continue
      }
      if intervention != nil && phase != 5 || mode == .off { break }
      if allowedFrom > 0, (allowedFrom...allowedThrough).contains(phase) { break }
    }
    return intervention
  }

  /// Whether the transaction has used up its time; it fails when it has.
  func isOverBudget() -> Bool {
    guard workspace.nowNanoseconds() > clock.deadline else { return false }
    fail(.timeBudget)
    return true
  }

  /// Whether the rules stop here. A match limit stops one search alone.
  var isExhausted: Bool { failure == .timeBudget }

  func fail(_ reason: EngineFailure) {
    if reason == .timeBudget { failure = reason }
    if failure == nil { failure = reason }
  }

  /// Evaluates a rule and those chained to it.
  /// - Parameter filter: its number in the scan, -1 to look at all its values.
  /// - Returns: whether all of them matched.
  func evaluate(_ rule: CompiledRule, filter: Int) -> Bool {
    matched.beginRule(rule)
    guard filter >= 0 ? matchHits(rule, filter) : matchAll(rule) else { return false }
    var next = rule.next
    while let chained = next {
      matched.beginChained(chained)
      guard matchAll(chained) else { return false }
      next = chained.next
    }
    complete(rule)
    return true
  }

  /// Tries the values that the scan found for a rule.
  private func matchHits(_ rule: CompiledRule, _ filter: Int) -> Bool {
    var isMatch = false
    var hit = Int(scan.firstHit[filter])
    while hit >= 0 {
      let found = scan.hits[hit]
      hit = Int(found.next)
      let part = SourcePart(index: Int(found.part))
      let item = stores[Int(part.source.rawValue)][Int(found.item)]
      guard let target = target(of: rule, part, item.name) else { continue }
      if removedTargets.concerns(rule.index), isRemoved(rule, target.variable, item.name) { continue }
      let original = part.isNames ? item.name : item.value
      if rule.actions.matchesEachStep {
        if matchSteps(rule, target.variable, item.name, original) { isMatch = true }
      } else if match(rule, target.variable, item.name, found.content) {
        isMatch = true
      }
      if isExhausted { return false }
    }
    return isMatch
  }

  /// The target of a rule that a value belongs to.
  private func target(of rule: CompiledRule, _ part: SourcePart, _ name: Slice) -> Target? {
    if rule.targets.count == 1 {
      let target = rule.targets[0]
      return accepts(target, name) ? target : nil
    }
    for index in rule.targets.indices where rule.targets[index].parts.contains(part) {
      if accepts(rule.targets[index], name) { return rule.targets[index] }
    }
    return nil
  }

  /// Tries all values of a rule's targets.
  private func matchAll(_ rule: CompiledRule) -> Bool {
    if case .always = rule.comparison, rule.targets.isEmpty {
      runEffects(rule)
      return true
    }
    var isMatch = false
    for index in rule.targetReferences.indices {
      // invariant: as of `CompiledRule.targetReferences`.
      if rule.targetReferences[index]._withUnsafeGuaranteedRef({ matchValues(rule, $0) }) { isMatch = true }
      if isExhausted { return false }
    }
    return isMatch
  }

  /// Tries the values of one target.
  private func matchValues(_ rule: CompiledRule, _ target: Target) -> Bool {
    if target.isCount { return countMatches(rule, target) == false ? false : matchCollected(rule, target) }
    if case .slot(let slot) = target.selector { return matchTX(rule, target, slot) }
    guard !target.parts.isEmpty else { return matchCollected(rule, target) }
    var isMatch = false
    for index in target.parts.indices where matchStored(rule, target, target.parts[index]) { isMatch = true }
    return isMatch
  }

  /// Tries a TX variable.
  private func matchTX(_ rule: CompiledRule, _ target: Target, _ slot: Int) -> Bool {
    let value = tx[slot]
    guard value.kind != .unset else { return false }
    let name = rules.txNameSlices[slot]
    if removedTargets.concerns(rule.index), isRemoved(rule, target.variable, name) { return false }
    return matchAny(rule, .tx, name, text(value))
  }

  /// Tries the values of a stored collection, in their place.
  private func matchStored(_ rule: CompiledRule, _ target: Target, _ part: SourcePart) -> Bool {
    let index = Int(part.source.rawValue)
    var isMatch = false
    for position in 0..<stores[index].count {
      let item = stores[index][position]
      guard accepts(target, item.name) else { continue }
      if removedTargets.concerns(rule.index), isRemoved(rule, target.variable, item.name) { continue }
      if position & 63 == 63, isOverBudget() { return false }
      if matchAny(rule, target.variable, item.name, part.isNames ? item.name : item.value) { isMatch = true }
      if isExhausted { return false }
    }
    return isMatch
  }

  /// Whether a count compares as the rule wants, where that can be told without making a value of it.
  private func countMatches(_ rule: CompiledRule, _ target: Target) -> Bool? {
    guard case .number(let comparison, let number) = rule.comparison, !target.parts.isEmpty,
      !removedTargets.concerns(rule.index),
      rule.chain.steps.isEmpty
    else { return nil }
    var count = 0
    for part in target.parts {
      let index = Int(part.source.rawValue)
      if case .all = target.selector, target.exclusions.isEmpty {
        count += stores[index].count
        continue
      }
      for position in 0..<stores[index].count where accepts(target, stores[index][position].name) { count += 1 }
    }
    return comparison.holds(count, number) != rule.isNegated
  }

  private func matchCollected(_ rule: CompiledRule, _ target: Target) -> Bool {
    var values = workspace.takeValueList()
    defer { workspace.giveBack(&values) }
    collect(target, rule, into: &values)
    var isMatch = false
    for value in values {
      if matchAny(rule, value.variable, value.name, value.value) { isMatch = true }
      if isExhausted { return false }
    }
    return isMatch
  }

  private func matchAny(_ rule: CompiledRule, _ variable: Variable, _ name: Slice, _ value: Slice) -> Bool {
    if rule.actions.matchesEachStep { return matchSteps(rule, variable, name, value) }
    return match(rule, variable, name, transformed(value, rule.chain.steps))
  }

  /// A value after a chain of transformations.
  func transformed(_ value: Slice, _ steps: [Transformation]) -> Slice {
    guard !steps.isEmpty else { return value }
    var current = value
    for step in steps { current = applied(step, current) }
    return current
  }

  /// A value after one transformation.
  func applied(_ step: Transformation, _ value: Slice) -> Slice {
    var output = workspace.takeScratch()
    defer { workspace.giveBack(&output) }
    guard arena.read(value, { step.apply($0, into: &output, tables: rules.tables) }) else {
      return value
    }
    return arena.append(output.span)
  }

  /// `multiMatch`: the operator sees the value as it came and after each transformation that changes it.
  private func matchSteps(_ rule: CompiledRule, _ variable: Variable, _ name: Slice, _ value: Slice) -> Bool {
    var isMatch = match(rule, variable, name, value)
    var current = value
    for step in rule.chain.steps where !isExhausted {
      let next = applied(step, current)
      if next == current { continue }
      current = next
      if match(rule, variable, name, current) { isMatch = true }
    }
    return isMatch
  }

  func accepts(_ target: Target, _ name: Slice) -> Bool {
    if target.takesAll { return true }
    if target.nameLength >= 0 {
      guard target.nameLength == name.count, isNamed(name, target.name) else { return false }
    } else {
      guard selects(target.selector, name) else { return false }
    }
    if target.exclusions.isEmpty { return true }
    return !target.exclusions.contains { selects($0, name) }
  }

  func isNamed(_ name: Slice, _ wanted: [UInt8]) -> Bool {
    arena.read(name) { ASCII.equal($0, wanted.span) }
  }

  func selects(_ selector: TargetSelector, _ name: Slice) -> Bool {
    switch selector {
    case .all: true
    case .name(let wanted): isNamed(name, wanted)
    case .pattern(let pattern):
      arena.read(name) { pattern.selects($0, scratch: workspace.match.regex) }
    case .slot, .xpath: false
    }
  }

  func isRemoved(_ rule: CompiledRule, _ variable: Variable, _ name: Slice) -> Bool {
    removedTargets.list.contains { removed in
      guard removed.concerns(rule.index), Sources.overlap(removed.variable, variable) else { return false }
      if case .slot(let slot) = removed.selector {
        return isNamed(name, rules.txNames.names[slot])
      }
      return selects(removed.selector, name)
    }
  }
}
