extension StatementReader {
  /// The variables of a rule, between `|` or, as in ModSecurity 2 and 3, commas.
  mutating func variables(_ text: PlacedBytes, at position: SourcePosition) -> [VariableSyntax] {
    var result: [VariableSyntax] = []
    var offset = 0
    while true {
      guard result.count < RuleLimits.listItems else {
        fail(text.position(at: offset), "the list has more than \(RuleLimits.listItems) variables")
        return result
      }
      skipBlanks(text, &offset)
      guard offset < text.count else {
        fail(text.isEmpty ? position : text.position(at: offset), "a variable is missing")
        return result
      }
      // Past a malformed selector nobody knows where the next variable begins.
      guard let variable = variable(text, &offset) else { return result }
      result.append(variable)
      skipBlanks(text, &offset)
      guard offset < text.count else { return result }
      guard Self.separatesVariables(text[offset]) else {
        fail(
          text.position(at: offset), "expected `|` between variables, found \(RuleBytes.quoted(text.bytes[offset...]))")
        return result
      }
      offset += 1
    }
  }

  private static func separatesVariables(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "|") || byte == UInt8(ascii: ",")
  }

  func skipBlanks(_ text: PlacedBytes, _ offset: inout Int) {
    while offset < text.count, RuleBytes.isBlank(text[offset]) { offset += 1 }
  }

  /// One variable; nil with a problem after which the list can't be read on.
  private mutating func variable(_ text: PlacedBytes, _ offset: inout Int) -> VariableSyntax? {
    let position = text.position(at: offset)
    let mark = text[offset]
    let isMarked = mark == UInt8(ascii: "!") || mark == UInt8(ascii: "&")
    if isMarked { offset += 1 }
    let start = offset
    while offset < text.count, RuleBytes.isName(text[offset]) { offset += 1 }
    let name = text.bytes[start..<offset]
    guard let variable = variable(named: name, text, start) else { return nil }
    var selector = VariableSyntax.Selector.all
    if offset < text.count, text[offset] == UInt8(ascii: ":") || text[offset] == UInt8(ascii: ".") {
      guard LanguageNames.collections.contains(variable) else {
        fail(
          text.position(at: offset), "`\(variable.rawValue)` holds one value and takes no name",
          hint: "remove what follows `\(variable.rawValue)`")
        return nil
      }
      offset += 1
      guard let read = self.selector(text, &offset, of: variable) else { return nil }
      selector = read
    }
    return VariableSyntax(
      variable: variable, selector: selector, isExcluded: isMarked && mark == UInt8(ascii: "!"),
      isCount: isMarked && mark == UInt8(ascii: "&"), position: position)
  }

  private mutating func variable(named name: ArraySlice<UInt8>, _ text: PlacedBytes, _ start: Int) -> Variable? {
    let position = text.position(at: start)
    guard !name.isEmpty else {
      let rest = text.bytes[start...]
      fail(
        position, rest.isEmpty ? "a variable is missing" : "expected a variable, found \(RuleBytes.quoted(rest))")
      return nil
    }
    let key = RuleBytes.name(name)
    if let variable = key.flatMap({ LanguageNames.variables[$0] }) { return variable }
    if let reason = key.flatMap({ LanguageNames.missingVariables[$0] }) {
      fail(position, "the variable \(RuleBytes.quoted(name)) is not supported: \(reason)")
    } else {
      fail(
        position, "unknown variable \(RuleBytes.quoted(name))",
        hint: NearestName.hint(name, in: Variable.allCases.map(\.rawValue)))
    }
    return nil
  }

  // MARK: Selectors

  private mutating func selector(
    _ text: PlacedBytes, _ offset: inout Int, of variable: Variable
  ) -> VariableSyntax.Selector? {
    let start = offset
    let isXML = variable == .xml || variable == .responseXML
    if offset < text.count, text[offset] == UInt8(ascii: "'") {
      guard let end = closingSelector(UInt8(ascii: "'"), text, from: offset + 1) else {
        fail(text.position(at: start), "`'` has no closing quote")
        return nil
      }
      let inside = text.unescaped(offset + 1..<end, quote: UInt8(ascii: "'"))
      offset = end + 1
      if isXML { return xpath(inside, at: text.position(at: start)) }
      let isPattern = inside.count >= 2 && inside[0] == UInt8(ascii: "/") && inside[inside.count - 1] == inside[0]
      guard isPattern else { return named(inside, at: text.position(at: start), variable) }
      return pattern(inside.bytes[1..<inside.count - 1], at: text.position(at: start))
    }
    if isXML {
      offset = endOfXPath(text, from: offset)
      return xpath(text.slice(start..<offset).trimmed(), at: text.position(at: start))
    }
    if offset < text.count, text[offset] == UInt8(ascii: "/") {
      guard let end = closingSelector(UInt8(ascii: "/"), text, from: offset + 1) else {
        fail(
          text.position(at: start), "the regular expression has no closing `/`",
          hint: "it ends in `/` before `|`, `,` or a space; put a name that begins with `/` into `'`")
        return nil
      }
      offset = end + 1
      return pattern(text.bytes[start + 1..<end], at: text.position(at: start))
    }
    while offset < text.count, !Self.separatesVariables(text[offset]) { offset += 1 }
    return named(text.slice(start..<offset).trimmed(), at: text.position(at: start), variable)
  }

  /// The mark that no `\` escapes and that ends a variable.
  private func closingSelector(_ mark: UInt8, _ text: PlacedBytes, from start: Int) -> Int? {
    var offset = start
    while let end = text.closingQuote(mark, from: offset) {
      let next = end + 1
      if next >= text.count || Self.separatesVariables(text[next]) || RuleBytes.isBlank(text[next]) { return end }
      offset = next
    }
    return nil
  }

  private mutating func named(
    _ name: PlacedBytes, at position: SourcePosition, _ variable: Variable
  ) -> VariableSyntax.Selector? {
    guard !name.isEmpty else {
      fail(position, "a name is missing after `\(variable.rawValue):`")
      return nil
    }
    return .name(name.bytes)
  }

  private mutating func pattern(_ bytes: ArraySlice<UInt8>, at position: SourcePosition) -> VariableSyntax.Selector? {
    guard !bytes.isEmpty else {
      fail(position, "the regular expression is empty")
      return nil
    }
    return .pattern(Array(bytes))
  }

  /// XPath ends at a `|` or a comma outside its brackets and literals.
  private func endOfXPath(_ text: PlacedBytes, from start: Int) -> Int {
    var depth = 0
    var literal: UInt8?
    for offset in start..<text.count {
      let byte = text[offset]
      if let open = literal {
        if byte == open { literal = nil }
        continue
      }
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\""): literal = byte
      case UInt8(ascii: "["), UInt8(ascii: "("): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: ")"): depth -= 1
      default: if depth <= 0, Self.separatesVariables(byte) { return offset }
      }
    }
    return text.count
  }

  private mutating func xpath(_ text: PlacedBytes, at position: SourcePosition) -> VariableSyntax.Selector? {
    guard !text.isEmpty else {
      fail(position, "an XPath expression is missing", hint: "`XML:/*` is all text, `XML://@*` all attributes")
      return nil
    }
    guard let expression = String(validating: text.bytes, as: UTF8.self) else {
      fail(position, "\(RuleBytes.quoted(text.bytes)) is not UTF-8")
      return nil
    }
    return .xpath(expression)
  }
}
