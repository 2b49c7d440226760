extension StatementReader {
  private enum Need {
    case none
    case optional
    case value
  }

  private static func need(_ name: ActionName) -> Need {
    switch name {
    case .auditlog, .block, .capture, .chain, .deny, .drop, .log, .multiMatch, .noauditlog, .nolog, .pass,
      .sanitiseMatched:
      .none
    case .allow, .sanitiseMatchedBytes: .optional
    default: .value
    }
  }

  /// Whether the value of an action has the right shape.
  mutating func check(
    _ name: ActionName, _ value: PlacedBytes?, at position: SourcePosition, of list: ActionList
  ) {
    switch (Self.need(name), value) {
    case (.none, let value?):
      fail(position, "the action `\(name.rawValue)` takes no value, found \(RuleBytes.quoted(value.bytes))")
      return
    case (.value, nil):
      fail(position, "the action `\(name.rawValue)` needs a value", hint: "`\(name.rawValue):…`")
      return
    default: break
    }
    switch (list, name) {
    case (.defaults, .id), (.defaults, .chain), (.defaults, .skip), (.defaults, .skipAfter):
      fail(position, "`\(name.rawValue)` belongs to one rule, not to the defaults")
    case (.defaults, .t):
      if let value, RuleBytes.equal(value.bytes, "none") {
        fail(value.position(at: 0), "`t:none` has no defaults before it that it could remove")
      }
    case (.update, .id), (.update, .phase), (.update, .chain):
      fail(position, "`\(name.rawValue)` of a rule can't be changed")
    default: break
    }
    if let value { check(name, value) }
  }

  private mutating func check(_ name: ActionName, _ value: PlacedBytes) {
    let bytes = value.bytes
    switch name {
    case .id:
      if RuleBytes.number(bytes) ?? 0 < 1 { refuse(name, value, "a number from 1 on") }
    case .phase:
      let words = ["1", "2", "3", "4", "5", "request", "response", "logging"]
      if !words.contains(where: { RuleBytes.equal(bytes, $0) }) {
        refuse(name, value, "a number from 1 to 5, `request`, `response` or `logging`")
      }
    case .status: number(name, value, 100...599)
    case .skip: number(name, value, 1...RuleLimits.statements)
    case .accuracy, .maturity: number(name, value, 0...9)
    case .pause: if !RuleBytes.holdsMacro(bytes) { number(name, value, 0...1 << 40) }
    case .severity:
      let isName = RuleBytes.name(bytes).map { LanguageNames.severities.contains($0) } ?? false
      if !isName, RuleBytes.number(bytes).map({ $0 > 7 }) ?? true {
        refuse(name, value, "a number from 0 to 7 or a name such as `CRITICAL`")
      }
    case .allow:
      if !["phase", "request"].contains(where: { RuleBytes.equal(bytes, $0) }) {
        refuse(name, value, "`phase` or `request`")
      }
    case .sanitiseMatchedBytes: matchedBytes(value)
    case .t: transformation(value)
    case .ctl: control(value)
    case .setvar: setVariable(value)
    case .expirevar: expiry(value)
    case .deprecatevar: decay(value)
    case .initcol: collection(value)
    case .setenv: environment(value)
    case .xmlns:
      guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0, equals + 1 < bytes.count else {
        return refuse(name, value, "`prefix=address`")
      }
    case .skipAfter, .proxy, .redirect, .setuid, .setsid, .setrsc, .sanitiseArg, .sanitiseRequestHeader,
      .sanitiseResponseHeader, .append, .prepend:
      if bytes.isEmpty { fail(value.position(at: 0), "the value of `\(name.rawValue)` is empty") }
    case .auditlog, .block, .capture, .chain, .deny, .drop, .exec, .log, .logdata, .msg, .multiMatch, .noauditlog,
      .nolog, .pass, .rev, .sanitiseMatched, .tag, .ver:
      break
    }
  }

  mutating func refuse(_ name: ActionName, _ value: PlacedBytes, _ expected: String) {
    fail(
      value.position(at: 0), "`\(name.rawValue)` can't be \(RuleBytes.quoted(value.bytes))",
      hint: "expected \(expected)")
  }

  private mutating func number(_ name: ActionName, _ value: PlacedBytes, _ range: ClosedRange<Int>) {
    if !(RuleBytes.number(value.bytes).map { range.contains($0) } ?? false) {
      refuse(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  private mutating func matchedBytes(_ value: PlacedBytes) {
    let parts = value.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if parts.count != 2 || parts.contains(where: { RuleBytes.number($0) == nil }) {
      refuse(.sanitiseMatchedBytes, value, "how many bytes stay at the start and at the end, `1/4`")
    }
  }

  private mutating func transformation(_ value: PlacedBytes) {
    guard !(RuleBytes.name(value.bytes).map { LanguageNames.transformations.contains($0) } ?? false) else { return }
    fail(
      value.position(at: 0), "unknown transformation \(RuleBytes.quoted(value.bytes))",
      hint: NearestName.hint(value.bytes, in: LanguageNames.transformationSpellings, prefix: "t:"))
  }

  // MARK: Collections

  /// `collection.name`, then what stands behind `=`. The name may hold macros.
  private struct Assignment {
    var value: Range<Int>?
  }

  /// Reads `collection.name[=value]` from an offset; nil with a problem.
  private mutating func assignment(_ name: ActionName, _ text: PlacedBytes, from start: Int) -> Assignment? {
    var offset = start
    while offset < text.count, RuleBytes.isLetter(text[offset]) { offset += 1 }
    let word = text.bytes[start..<offset]
    guard offset < text.count, text[offset] == UInt8(ascii: ".") || text[offset] == UInt8(ascii: ":") else {
      refuse(name, text, "`collection.name`, such as `tx.score`")
      return nil
    }
    guard LanguageNames.writable.contains(where: { RuleBytes.equal(word, $0) }) else {
      fail(
        text.position(at: start), "\(RuleBytes.quoted(word)) is no collection that rules can write to",
        hint: "expected \(RuleBytes.choice(LanguageNames.writable))")
      return nil
    }
    offset += 1
    let nameStart = offset
    let lastMacro = text.bytes.lastIndex(of: UInt8(ascii: "}")) ?? 0
    while offset < text.count, text[offset] != UInt8(ascii: "=") {
      // A macro is a whole, whatever stands in it.
      if offset < lastMacro, text[offset] == UInt8(ascii: "%"), text[offset + 1] == UInt8(ascii: "{") {
        offset = text.bytes[offset...].firstIndex(of: UInt8(ascii: "}")) ?? offset
      }
      offset += 1
    }
    guard offset > nameStart else {
      fail(text.position(at: nameStart), "a name is missing in \(RuleBytes.quoted(text.bytes))")
      return nil
    }
    return Assignment(value: offset < text.count ? offset + 1..<text.count : nil)
  }

  /// `[!]collection.name[=[+|-]value]`.
  private mutating func setVariable(_ value: PlacedBytes) {
    let isRemoval = value.bytes.first == UInt8(ascii: "!")
    guard let assignment = assignment(.setvar, value, from: isRemoval ? 1 : 0) else { return }
    if isRemoval, let range = assignment.value {
      fail(value.position(at: range.lowerBound), "`setvar:!…` removes a variable and takes no value")
    }
  }

  /// `collection.name=seconds`.
  private mutating func expiry(_ value: PlacedBytes) {
    guard let assignment = assignment(.expirevar, value, from: 0) else { return }
    let seconds = assignment.value.map { value.bytes[$0] } ?? []
    if RuleBytes.number(seconds) == nil, !RuleBytes.holdsMacro(seconds) {
      refuse(.expirevar, value, "`collection.name=seconds`")
    }
  }

  /// `collection.name=amount/seconds`.
  private mutating func decay(_ value: PlacedBytes) {
    guard let assignment = assignment(.deprecatevar, value, from: 0) else { return }
    let rate = assignment.value.map { value.bytes[$0] } ?? []
    let parts = rate.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isRate = parts.count == 2 && parts.allSatisfy { RuleBytes.number($0) != nil }
    if !isRate, !RuleBytes.holdsMacro(rate) { refuse(.deprecatevar, value, "`collection.name=amount/seconds`") }
  }

  /// `collection=key`.
  private mutating func collection(_ value: PlacedBytes) {
    let names = LanguageNames.writable.filter { $0 != "tx" }
    guard let equals = value.bytes.firstIndex(of: UInt8(ascii: "=")), equals + 1 < value.count,
      names.contains(where: { RuleBytes.equal(value.bytes[..<equals], $0) })
    else { return refuse(.initcol, value, "`collection=key` with \(RuleBytes.choice(names))") }
  }

  /// `[!]name[=value]`.
  private mutating func environment(_ value: PlacedBytes) {
    let isRemoval = value.bytes.first == UInt8(ascii: "!")
    let rest = isRemoval ? value.bytes.dropFirst() : value.bytes[...]
    let name = rest.prefix { $0 != UInt8(ascii: "=") }
    if name.isEmpty || name.count == rest.count && !isRemoval { refuse(.setenv, value, "`name=value`") }
  }

  // MARK: ctl

  /// `option=value`.
  private mutating func control(_ value: PlacedBytes) {
    guard let equals = value.bytes.firstIndex(of: UInt8(ascii: "=")) else {
      return refuse(.ctl, value, "`option=value`")
    }
    let word = value.bytes[..<equals]
    let argument = value.slice(equals + 1..<value.count).trimmed()
    guard let (name, form) = LanguageNames.controls.first(where: { RuleBytes.equal(word, $0.0) }) else {
      return fail(
        value.position(at: 0), "unknown option \(RuleBytes.quoted(word)) of `ctl`",
        hint: NearestName.hint(word, in: LanguageNames.controls.map(\.0)))
    }
    if case .refused(let reason) = form {
      return fail(value.position(at: 0), "`ctl:\(name)` is not supported: \(reason)")
    }
    guard !argument.isEmpty else {
      return fail(value.position(at: equals), "`ctl:\(name)` needs a value")
    }
    control(name, argument, form)
  }

  private mutating func control(_ name: String, _ argument: PlacedBytes, _ form: LanguageNames.Control) {
    let bytes = argument.bytes
    var expected = ""
    switch form {
    case .choice(let words):
      if words.contains(where: { RuleBytes.equal(bytes, $0) }) { return }
      expected = RuleBytes.choice(words)
    case .number(let range):
      if let number = RuleBytes.number(bytes), range.contains(number) { return }
      expected = "a number from \(range.lowerBound) to \(range.upperBound)"
    case .auditParts:
      let isSigned = bytes.first == UInt8(ascii: "+") || bytes.first == UInt8(ascii: "-")
      if Self.areAuditParts(isSigned ? bytes.dropFirst() : bytes[...]) { return }
      expected = "`+` or `-` and letters from `A` to `K`"
    case .ids:
      _ = idRange(argument)
      return
    case .text, .refused: return
    case .targetsOfIDs, .targetsOfText: return targets(name, argument, form)
    }
    fail(argument.position(at: 0), "`ctl:\(name)` can't be \(RuleBytes.quoted(bytes))", hint: "expected \(expected)")
  }

  private mutating func targets(_ name: String, _ argument: PlacedBytes, _ form: LanguageNames.Control) {
    guard let semicolon = argument.bytes.firstIndex(of: UInt8(ascii: ";")), semicolon > 0 else {
      return fail(
        argument.position(at: 0), "`ctl:\(name)` needs rules, `;` and a variable",
        hint: "\(name)=\(name == "ruleRemoveTargetById" ? "942100" : "attack-sqli");ARGS:comment")
    }
    if case .targetsOfIDs = form { _ = idRange(argument.slice(0..<semicolon).trimmed()) }
    let list = argument.slice(semicolon + 1..<argument.count)
    for variable in variables(list, at: argument.position(at: semicolon)) where variable.isExcluded || variable.isCount
    {
      fail(variable.position, "a variable of `ctl:\(name)` takes neither `!` nor `&`")
    }
  }
}
