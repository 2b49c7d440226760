extension Transaction {
  /// The text of a macro, in the arena.
  func expanded(_ macro: Macro) -> Slice {
    if macro.pieces.count == 1, case .tx(let slot) = macro.pieces[0] { return text(tx[slot]) }
    guard macro.isSimple else { return expandedAtLength(macro) }
    let start = arena.bytes.count
    for piece in macro.pieces {
      switch piece {
      case .literal(let literal): _ = arena.append(literal.span)
      case .tx(let slot):
        let value = tx[slot]
        switch value.kind {
        case .unset: break
        case .number: _ = arena.append(number: value.number)
        case .text: arena.append(copyOf: value.text)
        }
      case .variable(let variable, _): appendLast(variable)
      }
      if arena.bytes.count - start > EngineLimits.macroBytes { break }
    }
    return Slice(start..<min(arena.bytes.count, start + EngineLimits.macroBytes))
  }

  /// The value or the name of the last match.
  private func appendLast(_ variable: Variable) {
    guard let last = matched.last else { return }
    guard variable == .matchedVarName else { return arena.append(copyOf: last.value) }
    _ = name(last.variable, last.name)
  }

  private func expandedAtLength(_ macro: Macro) -> Slice {
    var text: [UInt8] = []
    for piece in macro.pieces {
      switch piece {
      case .literal(let literal): text += literal
      case .tx(let slot): append(tx[slot], to: &text)
      case .variable(let variable, let name): append(variable, name, to: &text)
      }
      guard text.count <= EngineLimits.macroBytes else { break }
    }
    if text.count > EngineLimits.macroBytes { text.removeLast(text.count - EngineLimits.macroBytes) }
    return arena.append(text.span)
  }

  /// The text of a macro in lower case: names compare without regard to case.
  func lowercased(_ macro: Macro) -> Slice {
    let text = expanded(macro)
    return arena.append(lowercasing: text)
  }

  private func append(_ value: TXStore.Value, to text: inout [UInt8]) {
    switch value.kind {
    case .unset: break
    case .number: text += String(value.number).utf8
    case .text: text += arena.bytes[value.text.range]
    }
  }

  private func append(_ variable: Variable, _ name: [UInt8], to text: inout [UInt8]) {
    switch variable {
    case .matchedVar: if let last = matched.last { text += arena.bytes[last.value.range] }
    case .matchedVarName:
      guard let last = matched.last else { break }
      let full = self.name(last.variable, last.name)
      text += arena.bytes[full.range]
    case .rule: text += ruleFact(name)
    case .tx: if !name.isEmpty { append(getTX(arena.append(name.span)), to: &text) }
    default:
      let target = Target(variable: variable, selector: name.isEmpty ? .all : .name(name))
      var values = workspace.takeValueList()
      defer { workspace.giveBack(&values) }
      collect(target, nil, into: &values)
      if let first = values.first { text += arena.bytes[first.value.range] }
    }
  }

  /// What `RULE:name` says of the rule at hand.
  func ruleFact(_ name: [UInt8]) -> [UInt8] {
    guard let rule = matched.rule else { return [] }
    switch String(decoding: name, as: UTF8.self) {
    case "id": return Array(String(rule.id).utf8)
    case "rev": return rule.actions.revision
    case "severity": return rule.actions.severity.map { Array(String($0).utf8) } ?? []
    case "msg": return rule.actions.message?.constant ?? []
    case "logdata": return rule.actions.logData?.constant ?? []
    case "ver": return rule.actions.version
    default: return []
    }
  }

  /// A target as `MATCHED_VAR_NAME` has it: `ARGS:q`.
  func name(_ variable: Variable, _ name: Slice) -> Slice {
    let start = arena.bytes.count
    arena.append(variable.rawValue)
    if !name.isEmpty {
      arena.append(":")
      arena.append(copyOf: name)
    }
    return Slice(start..<arena.bytes.count)
  }
}
