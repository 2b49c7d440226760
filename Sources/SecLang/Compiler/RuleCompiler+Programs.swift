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
      settings: settings, files: files, rules: rules, programs: programs, txNames: txNames, constants: constants,
      tables: tables, notices: notices)
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
