extension RuleCompiler {
  mutating func actions(_ draft: RuleDraft, _ chain: DraftChain, isFirst: Bool) -> RuleActions {
    var result = RuleActions()
    if isFirst {
      for action in draft.defaults[chain.phase] ?? [] { applyDefault(action, to: &result) }
    } else {
      result.disruption = nil
    }
    for action in draft.actions { apply(action, to: &result) }
    if result.disruption == nil { result.disruption = isFirst ? .pass : nil }
    if let name = draft.value(.skipAfter) { result.skipTarget = skipTarget(name, draft.position, chain) }
    if case .block? = result.disruption { result.disruption = blockMeaning(draft, chain, &result) }
    return result
  }

  /// What `block` does: the disruptive action of the phase's `SecDefaultAction`, and `pass` without one.
  private mutating func blockMeaning(
    _ draft: RuleDraft, _ chain: DraftChain, _ result: inout RuleActions
  ) -> Disruption? {
    var inherited = RuleActions()
    for action in draft.defaults[chain.phase] ?? [] { apply(action, to: &inherited) }
    if result.status == nil { result.status = inherited.status }
    if case .block? = inherited.disruption { return .pass }
    return inherited.disruption ?? .pass
  }

  /// The step behind the next marker of this name, in the chain's phase.
  private mutating func skipTarget(_ name: [UInt8], _ position: SourcePosition, _ chain: DraftChain) -> Int {
    let text = String(decoding: name, as: UTF8.self)
    guard let marker = markers.first(where: { $0.order > chain.order && $0.name == text }) else {
      note(position, "no marker `\(text)` follows: `skipAfter` passes over all rules of the phase")
      return Int.max
    }
    return chains.count { $0.phase == chain.phase && $0.order < marker.order }
  }

  private mutating func applyDefault(_ action: ActionSyntax, to result: inout RuleActions) {
    switch action.name {
    case .t, .phase, .pass, .block, .deny, .drop, .allow, .redirect, .status: break
    default: apply(action, to: &result)
    }
  }

  private mutating func apply(_ action: ActionSyntax, to result: inout RuleActions) {
    let value = action.value ?? []
    let position = action.position
    switch action.name {
    case .id, .phase, .t, .chain, .accuracy, .maturity: break
    case .pass: result.disruption = .pass
    case .block: result.disruption = .block
    case .deny: result.disruption = .deny
    case .drop: result.disruption = .drop
    case .allow: result.disruption = .allow(allowScope(value, position))
    case .redirect: result.disruption = .redirect(macro(value, position))
    case .status: result.status = Int(String(decoding: value, as: UTF8.self))
    case .log:
      result.isLogged = true
      result.isAudited = true
    case .nolog:
      result.isLogged = false
      result.isAudited = false
    case .auditlog: result.isAudited = true
    case .noauditlog: result.isAudited = false
    case .msg: result.message = macro(value, position)
    case .logdata: result.logData = macro(value, position)
    case .tag: result.tags.append(String(decoding: value, as: UTF8.self))
    case .rev: result.revision = value
    case .ver: result.version = value
    case .severity: result.severity = severity(value, position)
    case .capture: result.captures = true
    case .multiMatch: result.matchesEachStep = true
    case .skip: result.skipCount = Int(String(decoding: value, as: UTF8.self)) ?? 0
    case .skipAfter: break
    case .setvar: addSetVar(value, position, to: &result)
    case .expirevar: addExpire(value, position, to: &result)
    case .initcol: addInitCol(value, position, to: &result)
    case .setsid: result.effects.append(.openCollection(.session, macro(value, position)))
    case .setuid: result.effects.append(.openCollection(.user, macro(value, position)))
    case .setrsc: result.effects.append(.openCollection(.resource, macro(value, position)))
    case .setenv:
      let (name, text) = Self.split(value)
      result.effects.append(.setEnvironment(macro(name, position), macro(text ?? [], position)))
    case .ctl: addControl(value, position, to: &result)
    case .append, .prepend, .pause, .proxy, .exec, .deprecatevar, .sanitiseArg, .sanitiseMatched,
      .sanitiseMatchedBytes, .sanitiseRequestHeader, .sanitiseResponseHeader, .xmlns:
      issues.add(position, "the action `\(action.name.rawValue)` is not supported")
    }
  }

  private mutating func allowScope(_ value: [UInt8], _ position: SourcePosition) -> AllowScope {
    switch String(decoding: value, as: UTF8.self).lowercased() {
    case "": return .transaction
    case "phase": return .phase
    case "request": return .request
    case let other:
      issues.add(position, "`allow:\(other)` is unknown", "`allow`, `allow:phase` or `allow:request`")
      return .transaction
    }
  }

  private mutating func severity(_ value: [UInt8], _ position: SourcePosition) -> Int? {
    let names = ["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"]
    let text = String(decoding: value, as: UTF8.self).uppercased()
    if let number = Int(text) ?? names.firstIndex(of: text), names.indices.contains(number) { return number }
    issues.add(position, "there is no severity `\(text)`", "0 to 7, or \(names.joined(separator: ", "))")
    return nil
  }

  /// The bytes before and after the first `=`.
  static func split(_ value: [UInt8]) -> ([UInt8], [UInt8]?) {
    guard let equals = value.firstIndex(of: 0x3d) else { return (value, nil) }
    return (Array(value[..<equals]), Array(value[(equals + 1)...]))
  }

  /// `tx.score` as collection and name.
  private mutating func place(_ text: [UInt8], _ position: SourcePosition) -> (Variable, [UInt8])? {
    guard let dot = text.firstIndex(where: { $0 == 0x2e || $0 == 0x3a }) else {
      issues.add(position, "`\(String(decoding: text, as: UTF8.self))` names no variable of a collection")
      return nil
    }
    let name = String(decoding: text[..<dot], as: UTF8.self).uppercased()
    guard let variable = Variable(rawValue: name), variable == .tx || Sources.isPersistent(variable) else {
      issues.add(position, "`\(name)` is no collection that rules can write", "tx, ip, global, session, user, resource")
      return nil
    }
    return (variable, Array(text[(dot + 1)...]))
  }

  private mutating func txName(_ name: [UInt8], _ position: SourcePosition) -> TXName {
    let macro = macro(name, position)
    guard let constant = macro.constant else { return .macro(macro) }
    return .slot(names.slot(ASCII.lowercased(constant)))
  }

  private mutating func addSetVar(_ value: [UInt8], _ position: SourcePosition, to result: inout RuleActions) {
    var text = value
    let isRemoved = text.first == 0x21
    if isRemoved { text.removeFirst() }
    let (left, right) = Self.split(text)
    guard let (variable, name) = place(left, position) else { return }
    let assignment = isRemoved ? .unset : assignment(right, position)
    if variable == .tx {
      result.effects.append(.setTX(txName(name, position), assignment))
    } else {
      result.effects.append(.setPersistent(variable, macro(name, position), assignment))
    }
  }

  private mutating func assignment(_ text: [UInt8]?, _ position: SourcePosition) -> Assignment {
    guard let text else { return .setNumber(1) }
    let sign = text.first
    if sign == 0x2b || sign == 0x2d {
      let amount = macro(Array(text.dropFirst()), position)
      guard let constant = amount.constant else { return sign == 0x2b ? .add(amount) : .subtract(amount) }
      let number = DecimalNumber.parse(constant.span)
      return .addNumber(sign == 0x2b ? number : 0 &- number)
    }
    let macro = macro(text, position)
    if let constant = macro.constant, let number = Int(String(decoding: constant, as: UTF8.self)),
      Array(String(number).utf8) == constant
    {
      return .setNumber(number)
    }
    return .set(macro)
  }

  private mutating func addExpire(_ value: [UInt8], _ position: SourcePosition, to result: inout RuleActions) {
    let (left, right) = Self.split(value)
    guard let (variable, name) = place(left, position), let right else { return }
    let seconds = macro(right, position)
    if variable == .tx {
      result.effects.append(.expireTX(txName(name, position), seconds: seconds))
    } else {
      result.effects.append(.expire(variable, macro(name, position), seconds: seconds))
    }
  }

  private mutating func addInitCol(_ value: [UInt8], _ position: SourcePosition, to result: inout RuleActions) {
    let (left, right) = Self.split(value)
    let name = String(decoding: left, as: UTF8.self).uppercased()
    guard let variable = Variable(rawValue: name), Sources.isPersistent(variable), let right else {
      issues.add(position, "`initcol` opens ip, global, session, user or resource", "initcol:ip=%{REMOTE_ADDR}")
      return
    }
    result.effects.append(.openCollection(variable, macro(right, position)))
  }
}
