extension Transaction {
  /// Does what a rule says for each of its matches.
  func runEffects(_ rule: CompiledRule) {
    for effect in rule.actions.effects { run(effect) }
  }

  private func run(_ effect: Effect) {
    switch effect {
    case .setTX(.slot(let slot), let assignment):
      let old = tx[slot]
      let new = assigned(assignment, old)
      if rules.isScore(slot) { matched.score += number(new) - number(old) }
      tx[slot] = new
    case .setTX(.macro(let macro), let assignment):
      let name = lowercased(macro)
      setTX(name, assigned(assignment, assignment.takesOld ? getTX(name) : TXStore.Value()))
    case .setPersistent(let variable, let name, let assignment):
      let name = lowercased(name)
      collections.set(variable, arena.array(name), in: self) { [self] old in
        guard case .unset = assignment else {
          let value = assigned(assignment, old.map { TXStore.Value(kind: .text, text: arena.append($0)) } ?? .init())
          let text = text(value)
          return arena.array(text)
        }
        return nil
      }
    case .setEnvironment(let name, let value):
      guard environment.count < 64 else { break }
      environment.append((expanded(name), expanded(value)))
    case .openCollection(let variable, let key): open(variable, key)
    case .expire(let variable, let name, let seconds):
      let name = lowercased(name)
      collections.expire(variable, arena.array(name), afterSeconds: number(expanded(seconds)), in: self)
    case .expireTX: break
    case .control(let control): run(control)
    }
  }

  private func open(_ variable: Variable, _ key: Macro) {
    let key = expanded(key)
    switch variable {
    case .session: set(.sessionID, key)
    case .user: set(.userID, key)
    case .resource: set(.resourceID, key)
    default: break
    }
    collections.open(variable, arena.array(key), in: self)
  }

  private func assigned(_ assignment: Assignment, _ old: TXStore.Value) -> TXStore.Value {
    switch assignment {
    case .unset: TXStore.Value()
    case .setNumber(let number): TXStore.Value(kind: .number, number: number)
    case .addNumber(let amount): TXStore.Value(kind: .number, number: Self.sum(number(old), amount))
    case .add(let macro): TXStore.Value(kind: .number, number: Self.sum(number(old), number(of: macro)))
    case .subtract(let macro): TXStore.Value(kind: .number, number: Self.sum(number(old), 0 &- number(of: macro)))
    case .set(let macro): value(of: macro)
    }
  }

  static func sum(_ left: Int, _ right: Int) -> Int {
    let (result, isOverflow) = left.addingReportingOverflow(right)
    return isOverflow ? (right > 0 ? Int.max : Int.min) : result
  }

  private func number(of macro: Macro) -> Int {
    if let slot = macro.slot { return number(tx[slot]) }
    return number(expanded(macro))
  }

  private func value(of macro: Macro) -> TXStore.Value {
    if let slot = macro.slot, tx[slot].kind != .unset { return tx[slot] }
    return TXStore.Value(kind: .text, text: expanded(macro))
  }

  // MARK: TX

  /// - Parameter name: in lower case.
  func getTX(_ name: Slice) -> TXStore.Value {
    let hash = arena.read(name) { TXStore.hash($0) }
    if let slot = rules.txIndex.slot(name, hash, arena) { return tx[slot] }
    return tx.value(name, hash, arena)
  }

  /// - Parameter name: in lower case.
  func setTX(_ name: Slice, _ value: TXStore.Value) {
    let hash = arena.read(name) { TXStore.hash($0) }
    if let slot = rules.txIndex.slot(name, hash, arena) {
      if rules.isScore(slot) { matched.score += number(value) - number(tx[slot]) }
      tx[slot] = value
    } else {
      tx.set(name, hash, value, arena)
    }
  }

  /// A value as text in the arena.
  func text(_ value: TXStore.Value) -> Slice {
    switch value.kind {
    case .unset: Slice()
    case .number: arena.append(number: value.number)
    case .text: value.text
    }
  }

  // MARK: Control

  private func run(_ control: Control) {
    switch control {
    case .ruleEngine(let mode): self.mode = mode
    case .auditEngine(let mode): auditMode = mode
    case .auditLogParts(let added, let removed, let set):
      if let set { auditParts = set }
      auditParts.removeAll { removed.contains($0) }
      auditParts += added.filter { !auditParts.contains($0) }
    case .requestBodyAccess(let isOn): inspectsRequestBody = isOn
    case .responseBodyAccess(let isOn): inspectsResponseBody = isOn
    case .requestBodyProcessor(let kind):
      requestProcessor = kind
      set(.requestBodyProcessor, Array(kind.name.utf8))
    case .responseBodyProcessor(let kind): reply.processor = kind
    case .forceRequestBodyVariable(let isOn): forcesRequestBody = isOn
    case .forceResponseBodyVariable: break
    case .removeRules(let indexes): removedRules.formUnion(indexes)
    case .removeTarget(let removal): removedTargets.append(removal)
    case .hashEnforcement: break
    case .parseXMLIntoArgs(let isOn): parsesXMLIntoArgs = isOn
    }
  }

  // MARK: The end of a match

  /// All rules of a chain matched: says so, and does what the first one wants.
  func complete(_ rule: CompiledRule) {
    matched.rule = rule
    if let severity = rule.actions.severity { highestSeverity = min(highestSeverity, severity) }
    var isDisruptive = false
    switch rule.actions.disruption {
    case nil, .pass, .block: break
    case .allow(let scope): if mode == .on { allow(scope, phase: rule.phase) }
    case .deny: isDisruptive = intervene(.deny, rule.actions.status ?? 403, rule)
    case .drop: isDisruptive = intervene(.drop, rule.actions.status ?? 403, rule)
    case .redirect(let macro):
      let text = expanded(macro)
      let location = String(decoding: arena.array(text), as: UTF8.self)
      isDisruptive = intervene(.redirect(location), rule.actions.status ?? 302, rule)
    }
    guard rule.actions.isLogged || rule.actions.isAudited || matched.score != 0,
      matches.count < EngineLimits.recordedMatches
    else { return }
    record(rule, isDisruptive: isDisruptive)
  }

  private func intervene(_ kind: Intervention.Kind, _ status: Int, _ rule: CompiledRule) -> Bool {
    let wanted = Intervention(kind: kind, status: status, ruleID: rule.id, phase: rule.phase)
    if mode == .on, rule.phase != 5 {
      if intervention == nil { intervention = wanted }
      return true
    }
    if detectedIntervention == nil { detectedIntervention = wanted }
    return false
  }

  private func allow(_ scope: AllowScope, phase: Int) {
    allowedFrom = phase
    switch scope {
    case .phase: allowedThrough = phase
    case .request: allowedThrough = max(2, phase)
    case .transaction: allowedThrough = 4
    }
  }

  private func record(_ rule: CompiledRule, isDisruptive: Bool) {
    let actions = rule.actions
    matches.append(
      RuleMatch(
        ruleID: rule.id, phase: rule.phase, message: actions.message.map { recorded(expanded($0)) } ?? [],
        data: actions.logData.map { recorded(expanded($0)) } ?? [], severity: actions.severity,
        targets: matched.values.prefix(EngineLimits.recordedTargets).map(recordedTarget), score: matched.score,
        isLogged: actions.isLogged, isAudited: actions.isAudited, isDisruptive: isDisruptive, ruleIndex: rule.index))
  }

  private func recorded(_ slice: Slice) -> [UInt8] {
    arena.array(slice.prefix(EngineLimits.recordedValueBytes * 4))
  }

  private func recordedTarget(_ value: MatchState.Value) -> RuleMatch.Target {
    let limit = EngineLimits.recordedValueBytes
    let start = Int(value.start)
    let offset = value.value.count <= limit ? 0 : max(0, min(start - limit / 4, value.value.count - limit))
    let first = Int(value.value.start) + offset
    let last = min(first + limit, Int(value.value.end))
    let name = name(value.variable, value.name)
    return RuleMatch.Target(
      name: arena.array(name), value: arena.array(Slice(first..<max(first, last))),
      valueOffset: offset, range: start..<max(start, Int(value.end)))
  }
}
