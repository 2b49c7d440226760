extension StatementReader {
  /// What a list of actions belongs to.
  enum ActionList {
    case rule
    case defaults
    case update
  }

  /// `name`, `name:value` and `name:'value'` between commas.
  mutating func actions(_ text: PlacedBytes, of list: ActionList) -> [ActionSyntax] {
    var result: [ActionSyntax] = []
    var offset = 0
    while true {
      skipBlanks(text, &offset)
      guard offset < text.count, text[offset] != UInt8(ascii: ",") else {
        fail(text.position(at: offset), "an action is missing", hint: "remove the comma, or name an action beside it")
        guard offset < text.count else { return result }
        offset += 1
        continue
      }
      guard result.count < RuleLimits.listItems else {
        fail(text.position(at: offset), "the list has more than \(RuleLimits.listItems) actions")
        return result
      }
      guard let action = action(text, &offset, of: list) else {
        guard let comma = text.bytes[offset...].firstIndex(of: UInt8(ascii: ",")) else { return result }
        offset = comma + 1
        continue
      }
      result.append(action)
      skipBlanks(text, &offset)
      guard offset < text.count else { return result }
      guard text[offset] == UInt8(ascii: ",") else {
        fail(
          text.position(at: offset),
          "expected a comma after `\(action.name.rawValue)`, found \(RuleBytes.quoted(text.bytes[offset...]))",
          hint: "write `\\'` for a quote inside a value in quotes")
        return result
      }
      offset += 1
    }
  }

  /// One action; nil with a problem, the offset where reading can go on after the next comma.
  private mutating func action(_ text: PlacedBytes, _ offset: inout Int, of list: ActionList) -> ActionSyntax? {
    let start = offset
    let position = text.position(at: start)
    while offset < text.count, RuleBytes.isName(text[offset]) { offset += 1 }
    let word = text.bytes[start..<offset]
    skipBlanks(text, &offset)
    var value: PlacedBytes?
    if offset < text.count, text[offset] == UInt8(ascii: ":"), !word.isEmpty {
      offset += 1
      guard let read = self.value(text, &offset) else {
        offset = text.count
        return nil
      }
      value = read
    }
    guard !word.isEmpty else {
      fail(position, "expected an action, found \(RuleBytes.quoted(text.bytes[start...]))")
      return nil
    }
    guard let name = actionName(word, at: position) else { return nil }
    check(name, value, at: position, of: list)
    return ActionSyntax(name: name, value: value?.bytes, position: position)
  }

  private mutating func actionName(_ word: ArraySlice<UInt8>, at position: SourcePosition) -> ActionName? {
    let key = RuleBytes.name(word)
    if let name = key.flatMap({ LanguageNames.actions[$0] }) { return name }
    if let reason = key.flatMap({ LanguageNames.missingActions[$0] }) {
      fail(position, "the action \(RuleBytes.quoted(word)) is not supported: \(reason)")
    } else {
      fail(
        position, "unknown action \(RuleBytes.quoted(word))",
        hint: NearestName.hint(word, in: ActionName.allCases.map(\.rawValue)))
    }
    return nil
  }

  /// What follows the colon of an action, up to the comma; nil with a problem.
  private mutating func value(_ text: PlacedBytes, _ offset: inout Int) -> PlacedBytes? {
    let quote = UInt8(ascii: "'")
    skipBlanks(text, &offset)
    if offset < text.count, text[offset] == quote {
      guard let end = text.closingQuote(quote, from: offset + 1) else {
        fail(text.position(at: offset), "`'` has no closing quote", hint: "write `\\'` for a quote inside the value")
        return nil
      }
      let value = text.unescaped(offset + 1..<end, quote: quote)
      offset = end + 1
      return value
    }
    let start = offset
    while offset < text.count, text[offset] != UInt8(ascii: ",") {
      if text[offset] == quote, let end = innerQuote(text, from: offset, start: start) { offset = end }
      offset += 1
    }
    return text.slice(start..<offset).trimmed()
  }

  /// Where a quoted part inside a value ends: `ctl:ruleRemoveTargetById=1;ARGS:'a,b'`. It begins after `=`, `:` or `;`
  /// and ends before a comma or the end; any other `'` is an apostrophe.
  private func innerQuote(_ text: PlacedBytes, from offset: Int, start: Int) -> Int? {
    guard offset > start, [UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ";")].contains(text[offset - 1]),
      let end = text.closingQuote(text[offset], from: offset + 1)
    else { return nil }
    var next = end + 1
    skipBlanks(text, &next)
    return next >= text.count || text[next] == UInt8(ascii: ",") ? end : nil
  }

  // MARK: Lists with rules of their own

  /// `SecDefaultAction` names a phase and what happens there, and nothing that belongs to one rule.
  mutating func defaultActions(_ text: PlacedBytes, at position: SourcePosition) -> [ActionSyntax] {
    let known = problemCount
    let result = actions(text, of: .defaults)
    guard problemCount == known else { return result }
    if !result.contains(where: { $0.name == .phase }) {
      fail(position, "`SecDefaultAction` names no phase", hint: "SecDefaultAction \"phase:1,log,pass\"")
    }
    let disruptive: Set<ActionName> = [.allow, .deny, .drop, .pass, .proxy, .redirect]
    if !result.contains(where: { disruptive.contains($0.name) }) {
      fail(
        position, "`SecDefaultAction` does not say what happens to the request",
        hint: "add \(RuleBytes.choice(disruptive.map(\.rawValue).sorted()))")
    }
    return result
  }
}
