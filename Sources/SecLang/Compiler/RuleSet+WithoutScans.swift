extension RuleSet {
  /// The same rules without anything that leaves work out: each rule is tried on all its values, and PCRE2 alone says
  /// where a pattern matches. Slow; what it finds is what the rules must find.
  package func withoutScans() -> RuleSet {
    let plain = programs.map { program in
      var program = program
      program.scan = nil
      for index in program.steps.indices {
        program.steps[index].filter = -1
        program.steps[index].isPlain = false
        program.steps[index].conditionCount = 0
      }
      return program
    }
    return RuleSet(
      settings: settings, files: files, rules: rules.map(\.withPlainRegexes), programs: plain, txNames: txNames,
      constants: constants, tables: tables, notices: notices)
  }
}

extension CompiledRule {
  fileprivate var withPlainRegexes: CompiledRule {
    CompiledRule(
      id: id, phase: phase, position: position, targets: targets, comparison: comparison.withPlainRegex(argument),
      isNegated: isNegated, chain: chain, actions: actions, next: next?.withPlainRegexes, index: index,
      argument: argument)
  }
}

extension CompiledOperator {
  fileprivate func withPlainRegex(_ pattern: [UInt8]) -> CompiledOperator {
    func plain(_ made: RegularExpression) -> RegularExpression {
      guard made.findsStarts else { return made }
      return (try? RegularExpression(pattern.span, findingStarts: false)) ?? made
    }
    switch self {
    case .regex(let regex): return .regex(plain(regex))
    case .regexGlobal(let regex): return .regexGlobal(plain(regex))
    case .checksum(let kind, let regex): return .checksum(kind, plain(regex))
    default: return self
    }
  }
}
