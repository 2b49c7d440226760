extension Transaction {
  /// Whether the comparisons of a step hold. A variable that is not set can't be compared, only counted.
  func meetsConditions(_ step: PhaseProgram.Step, _ conditions: [PhaseProgram.Condition]) -> Bool {
    var isMet = false
    for index in Int(step.firstCondition)..<Int(step.firstCondition &+ step.conditionCount) {
      let condition = conditions[index]
      if !isMet { isMet = holds(condition) }
      guard condition.endsAlternatives else { continue }
      guard isMet else { return false }
      isMet = false
    }
    return true
  }

  @inline(__always)
  private func holds(_ condition: PhaseProgram.Condition) -> Bool {
    let value = tx[Int(condition.slot)]
    var left = 0
    if condition.counts {
      left = value.kind == .unset ? 0 : 1
    } else {
      guard value.kind != .unset else { return false }
      left = number(value)
    }
    let right = condition.otherSlot >= 0 ? number(tx[Int(condition.otherSlot)]) : condition.number
    return condition.comparison.holds(left, right) != condition.isNegated
  }

  /// Whether what a plain step sets to 0 is no score that was found: that would have to be told.
  @inline(__always)
  func leavesScores(_ step: PhaseProgram.Step, _ operations: [PhaseProgram.Operation]) -> Bool {
    guard step.resetsScores else { return true }
    for index in Int(step.firstOperation)..<Int(step.firstOperation &+ step.operationCount)
    where operations[index].isScore && number(tx[Int(operations[index].slot)]) != 0 { return false }
    return true
  }

  /// Does what a plain step is for, once its conditions are met.
  func perform(
    _ step: PhaseProgram.Step, _ conditions: [PhaseProgram.Condition], _ operations: [PhaseProgram.Operation]
  ) {
    noteMatch(step, conditions)
    for index in Int(step.firstOperation)..<Int(step.firstOperation &+ step.operationCount) {
      let operation = operations[index]
      let slot = Int(operation.slot)
      switch operation.kind {
      case .setNumber: tx[slot] = TXStore.Value(kind: .number, number: operation.number)
      case .addNumber: add(operation.number, to: slot)
      case .setText: tx[slot] = TXStore.Value(kind: .text, text: operation.text)
      case .copy:
        let value = tx[Int(operation.otherSlot)]
        tx[slot] = value.kind == .unset ? TXStore.Value(kind: .text) : value
      case .add: add(number(tx[Int(operation.otherSlot)]), to: slot)
      case .subtract: add(0 &- number(tx[Int(operation.otherSlot)]), to: slot)
      case .unset: tx[slot] = TXStore.Value()
      }
    }
  }

  private func add(_ amount: Int, to slot: Int) {
    tx[slot] = TXStore.Value(kind: .number, number: Self.sum(number(tx[slot]), amount))
  }

  /// `MATCHED_VAR` is what matched last. What only leads somewhere else leaves it alone.
  private func noteMatch(_ step: PhaseProgram.Step, _ conditions: [PhaseProgram.Condition]) {
    guard step.conditionCount > 0, step.operationCount > 0 else { return }
    let condition = conditions[Int(step.firstCondition)]
    let slot = Int(condition.slot)
    let value = tx[slot]
    let text = condition.counts ? arena.append(number: value.kind == .unset ? 0 : 1) : text(value)
    matched.last = MatchState.Value(
      variable: .tx, name: condition.counts ? Slice() : rules.txNameSlices[slot], value: text, start: 0,
      end: Int32(truncatingIfNeeded: text.count))
  }
}
