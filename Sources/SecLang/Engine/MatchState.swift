/// What the rule at hand has matched so far.
struct MatchState {
  struct Value {
    var variable: Variable
    var name: Slice
    var value: Slice
    var start: Int32
    var end: Int32
  }

  /// The last value that matched, of any rule: `MATCHED_VAR`.
  var last: Value?
  /// The values that the current chain matched: `MATCHED_VARS`.
  var values: [Value] = []
  /// The rule being evaluated, for `RULE`.
  // invariant: it is a rule of the rule set that the transaction holds, and `reset` forgets it when that set goes.
  unowned(unsafe) var rule: CompiledRule?
  /// What the current chain added to an anomaly score.
  var score = 0
  /// Rules whose regular expression reached a limit.
  var failedRule = 0
  var limitsExceeded = false
  var regexFailed = false

  mutating func reset() {
    last = nil
    values.removeAll(keepingCapacity: true)
    rule = nil
    score = 0
    failedRule = 0
    limitsExceeded = false
    regexFailed = false
  }

  mutating func beginRule(_ rule: CompiledRule) {
    if !values.isEmpty { values.removeAll(keepingCapacity: true) }
    score = 0
    self.rule = rule
  }

  mutating func beginChained(_ rule: CompiledRule) { self.rule = rule }
}

extension Transaction {
  /// Whether a value matches, after the transformations. What a match brings with it is done.
  func match(_ rule: CompiledRule, _ variable: Variable, _ name: Slice, _ value: Slice) -> Bool {
    var start = 0
    var end = value.count
    var groups = 0
    var isMatch = false
    switch rule.comparison {
    case .regex(let regex): isMatch = search(regex, rule, value, &start, &end, &groups)
    case .regexGlobal(let regex): return matchGlobally(regex, rule, variable, name, value)
    case .regexMacro(let macro):
      guard let regex = regex(macro) else { break }
      isMatch = search(regex, rule, value, &start, &end, &groups)
    case .literals(let matcher):
      if let found = arena.read(value, { matcher.firstMatch(in: $0) }) {
        isMatch = true
        end = found.end
        start = max(0, end - matcher.patterns[found.pattern].count)
        groups = rule.actions.captures ? -1 : 0
      }
    case .sqlInjection:
      if let print = arena.read(value, { SQLInjectionDetector.fingerprint(of: $0) }) {
        isMatch = true
        if rule.actions.captures, !rule.isNegated { capture(Array(print.text.utf8)) }
      }
    case .crossSiteScripting: isMatch = arena.read(value) { XSSDetector.isAttack($0) }
    case .checksum(let kind, let regex): isMatch = findNumber(kind, regex, rule, value, &start, &end)
    default: isMatch = compares(rule.comparison, value)
    }
    guard isMatch != rule.isNegated else { return false }
    if rule.isNegated {
      start = 0
      end = value.count
      groups = 0
    }
    if rule.actions.captures, groups != 0 { capture(groups, value, start, end) }
    found(
      rule,
      MatchState.Value(
        variable: variable, name: name, value: value, start: Int32(start), end: Int32(end)))
    return true
  }

  /// Notes a match and does what the rule says for each.
  private func found(_ rule: CompiledRule, _ value: MatchState.Value) {
    matched.last = value
    if matched.values.count < EngineLimits.matchedValues { matched.values.append(value) }
    runEffects(rule)
  }

  private func search(
    _ regex: RegularExpression, _ rule: CompiledRule, _ value: Slice, _ start: inout Int, _ end: inout Int,
    _ groups: inout Int
  ) -> Bool {
    let scratch = workspace.match.regex
    switch arena.read(value, { regex.match($0, scratch: scratch) }) {
    case .noMatch: return false
    case .match(let count):
      groups = count
      if let range = scratch.range(of: 0) {
        start = range.lowerBound
        end = range.upperBound
      }
      return true
    case .limitExceeded, .failed:
      regexGaveUp(rule)
      return false
    }
  }

  /// A search that ended at a limit is not a "no": the transaction fails, and says so to the rules.
  private func regexGaveUp(_ rule: CompiledRule) {
    matched.limitsExceeded = true
    matched.regexFailed = true
    matched.failedRule = rule.id
    setTX(arena.append(Array("msc_pcre_limits_exceeded".utf8)), TXStore.Value(kind: .number, number: 1))
    fail(.matchLimit)
  }

  private func matchGlobally(
    _ regex: RegularExpression, _ rule: CompiledRule, _ variable: Variable, _ name: Slice, _ value: Slice
  ) -> Bool {
    let scratch = workspace.match.regex
    var position = 0
    var isMatch = false
    var captured = 0
    while position <= value.count {
      let outcome = matchOnce(regex, value, from: position)
      guard case .match(let groups) = outcome, let range = scratch.range(of: 0) else {
        if outcome != .noMatch { regexGaveUp(rule) }
        break
      }
      // Nothing, found behind something, is no match of its own.
      if range.isEmpty, isMatch {
        position = range.upperBound + 1
        continue
      }
      if rule.actions.captures, !rule.isNegated {
        for group in 0..<groups where captured < 10 {
          if let found = scratch.range(of: group) { setCapture(captured, value, found) }
          captured += 1
        }
      }
      if !rule.isNegated {
        found(
          rule,
          MatchState.Value(
            variable: variable, name: name, value: value, start: Int32(range.lowerBound),
            end: Int32(range.upperBound)))
      }
      isMatch = true
      position = max(range.upperBound, position + 1)
    }
    guard rule.isNegated else { return isMatch }
    if isMatch { return false }
    found(rule, MatchState.Value(variable: variable, name: name, value: value, start: 0, end: Int32(value.count)))
    return true
  }

  /// One of many searches of a value, which end with the time.
  private func matchOnce(_ regex: RegularExpression, _ value: Slice, from position: Int) -> RegexOutcome {
    let scratch = workspace.match.regex
    if position > 0, scratch.isOverTime { return .limitExceeded }
    return arena.read(value) { regex.match($0, from: position, scratch: scratch) }
  }

  private func findNumber(
    _ kind: NumberChecksum, _ regex: RegularExpression, _ rule: CompiledRule, _ value: Slice, _ start: inout Int,
    _ end: inout Int
  ) -> Bool {
    let scratch = workspace.match.regex
    var position = 0
    while position < value.count {
      let outcome = matchOnce(regex, value, from: position)
      guard outcome.isMatch, let range = scratch.range(of: 0) else {
        if outcome != .noMatch { regexGaveUp(rule) }
        return false
      }
      let absolute = (Int(value.start) + range.lowerBound)..<(Int(value.start) + range.upperBound)
      if arena.read(Slice(absolute), { kind.isValid($0) }) {
        start = range.lowerBound
        end = range.upperBound
        return true
      }
      position = max(range.lowerBound + 1, position + 1)
    }
    return false
  }

  // MARK: Captures

  private func capture(_ groups: Int, _ value: Slice, _ start: Int, _ end: Int) {
    tx.clearCaptures()
    if groups < 0 {
      setCapture(0, value, start..<end)
      return
    }
    let scratch = workspace.match.regex
    for group in 0..<min(groups, 10) {
      if let range = scratch.range(of: group) { setCapture(group, value, range) }
    }
  }

  private func capture(_ text: [UInt8]) {
    tx.clearCaptures()
    tx[0] = TXStore.Value(kind: .text, text: arena.append(text.span))
  }

  private func setCapture(_ group: Int, _ value: Slice, _ range: Range<Int>) {
    let start = Int(value.start) + range.lowerBound
    tx[group] = TXStore.Value(kind: .text, text: Slice(start..<(start + range.count)))
  }
}
