extension RuleCompiler {
  /// The steps of a phase, in the order of the rules.
  func program(_ phase: Int, _ rules: [CompiledRule]) -> PhaseProgram {
    var program = PhaseProgram(phase: phase)
    for rule in rules where rule.phase == phase { program.steps.append(step(rule)) }
    return program
  }

  private func step(_ rule: CompiledRule) -> PhaseProgram.Step {
    var step = PhaseProgram.Step(rule: Int32(rule.index))
    let actions = rule.actions
    guard rule.chain.steps.isEmpty, rule.targets.count == 1, case .number(let comparison, let number) = rule.comparison,
      case .slot(let slot) = rule.targets[0].selector, rule.targets[0].exclusions.isEmpty
    else { return step }
    step.gateSlot = Int32(slot)
    step.gateCounts = rule.targets[0].isCount
    step.gateIsNegated = rule.isNegated
    step.gateComparison = comparison
    step.gateNumber = number
    let isSilent = rule.next == nil && actions.effects.isEmpty && !actions.isLogged && !actions.isAudited
    if isSilent, !actions.captures, actions.skipCount == 0, case .pass? = actions.disruption,
      let target = actions.skipTarget
    {
      step.gateTarget = Int32(clamping: target)
    }
    return step
  }
}

extension RuleSet {
  /// The same rules with scans for those that a usual request reaches: rules that the paranoia level or another gate
  /// passes over need none. What is reached all the same is run without.
  ///
  /// - Parameter workspace: runs an empty request to find out.
  func withScans(_ workspace: Workspace) -> RuleSet {
    let trial = Transaction(self, workspace: workspace)
    let reached = trial.reachedSteps()
    var programs = programs
    for phase in programs.indices {
      var scanned: [CompiledRule] = []
      for index in programs[phase].steps.indices where reached[phase].contains(index) {
        let rule = rules[Int(programs[phase].steps[index].rule)]
        guard rule.isScannable else { continue }
        programs[phase].steps[index].filter = Int32(scanned.count)
        scanned.append(rule)
      }
      programs[phase].scan = ScanPlanner.plan(scanned)
    }
    return RuleSet(
      settings: settings, files: files, rules: rules, programs: programs, txNames: txNames, tables: tables,
      notices: notices)
  }
}

extension Transaction {
  /// The steps of each phase that an empty request comes by.
  fileprivate func reachedSteps() -> [Set<Int>] {
    mode = .detectionOnly
    requestLine(method: [0x47, 0x45, 0x54].span, target: [0x2f].span, version: Array("HTTP/1.1".utf8).span)
    var reached: [Set<Int>] = []
    for program in rules.programs {
      var steps: Set<Int> = []
      var index = 0
      while index < program.steps.count {
        steps.insert(index)
        let step = program.steps[index]
        index += 1
        let rule = rules.rules[Int(step.rule)]
        let isMatch = evaluate(rule, filter: -1)
        guard isMatch, rule.isGate || rule.comparison.isAlways else { continue }
        if let skip = rule.actions.skipTarget { index = max(index, min(skip, program.steps.count)) }
      }
      reached.append(steps)
    }
    return reached
  }
}

extension CompiledRule {
  /// Whether it looks at TX alone, as the gates of paranoia levels do.
  fileprivate var isGate: Bool { !targets.isEmpty && targets.allSatisfy { $0.variable == .tx } }
}

extension CompiledOperator {
  fileprivate var isAlways: Bool {
    if case .always = self { true } else { false }
  }
}
