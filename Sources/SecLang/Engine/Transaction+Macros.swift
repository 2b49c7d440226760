extension Transaction {
  /// The text of a macro, in the arena.
  func expanded(_ macro: Macro) -> Slice {
    if let slot = macro.slot { return text(tx[slot]) }
    guard let copies = macro.copies else { return expandedAtLength(macro) }
    let literals = macro.literals
    let start = arena.count
    for index in copies.indices {
      switch copies[index] {
      case .literal(let range): _ = arena.append(literals.span.extracting(range))
      case .tx(let slot):
        let value = tx[slot]
        switch value.kind {
        case .unset: break
        case .number: _ = arena.append(number: value.number)
        case .text: arena.append(copyOf: value.text)
        }
      case .lastValue: if let last = matched.last { arena.append(copyOf: last.value) }
      case .lastName: if let last = matched.last { _ = name(last.variable, last.name) }
      }
      if arena.count - start > EngineLimits.macroBytes { break }
    }
    return Slice(start..<min(arena.count, start + EngineLimits.macroBytes))
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
    case .text: arena.read(value.text) { text.append(copying: $0) }
    }
  }

  private func append(_ variable: Variable, _ name: [UInt8], to text: inout [UInt8]) {
    switch variable {
    case .matchedVar: if let last = matched.last { arena.read(last.value) { text.append(copying: $0) } }
    case .matchedVarName:
      guard let last = matched.last else { break }
      let full = self.name(last.variable, last.name)
      arena.read(full) { text.append(copying: $0) }
    case .rule: text += ruleFact(name)
    case .tx: if !name.isEmpty { append(getTX(arena.append(name.span)), to: &text) }
    default:
      let target = Target(variable: variable, selector: name.isEmpty ? .all : .name(name))
      var values = workspace.takeValueList()
      defer { workspace.giveBack(&values) }
      collect(target, nil, into: &values)
      if let first = values.first { arena.read(first.value) { text.append(copying: $0) } }
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
    let start = arena.count
    arena.append(variable.rawValue)
    if !name.isEmpty {
      arena.append(":")
      arena.append(copyOf: name)
    }
    return Slice(start..<arena.count)
  }
}
