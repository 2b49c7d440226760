extension StatementReader {
  /// What the argument of an operator is.
  private enum Form {
    case nothing
    /// Text to compare with, which may be empty; blanks at its end count.
    case text
    /// A regular expression; blanks at its end count.
    case pattern
    /// A number, or a macro that will be one.
    case number
    /// Words: phrases, addresses, files, ranges.
    case words
  }

  private static func form(_ name: OperatorName) -> Form {
    switch name {
    case .detectSQLi, .detectXSS, .geoLookup, .noMatch, .unconditionalMatch, .validateUrlEncoding,
      .validateUtf8Encoding:
      .nothing
    case .beginsWith, .contains, .containsWord, .endsWith, .streq, .strmatch, .within: .text
    case .rx, .rxGlobal, .rsub, .verifyCC, .verifyCPF, .verifySSN, .verifySVNR, .validateNid, .validateHash: .pattern
    case .eq, .ge, .gt, .le, .lt: .number
    case .inspectFile, .ipMatch, .ipMatchF, .ipMatchFromFile, .ipMatchFromDataset, .pm, .pmf, .pmFromFile,
      .pmFromDataset, .rbl, .validateByteRange:
      .words
    }
  }

  /// `@name argument`, `!@name argument`, `regular expression`, `!regular expression`. Blanks before the argument don't
  /// count; behind it they do where it is text or a regular expression, as in ModSecurity 2 and 3.
  mutating func `operator`(_ text: PlacedBytes, at position: SourcePosition) -> OperatorSyntax? {
    var offset = 0
    skipBlanks(text, &offset)
    let start = text.isEmpty ? position : text.position(at: offset)
    var isNegated = false
    if offset < text.count, text[offset] == UInt8(ascii: "!") {
      isNegated = true
      offset += 1
      skipBlanks(text, &offset)
    }
    guard offset < text.count else {
      fail(start, "an operator is missing", hint: "`@unconditionalMatch` matches always")
      return nil
    }
    guard text[offset] == UInt8(ascii: "@") else {
      return OperatorSyntax(
        name: .rx, isNegated: isNegated, argument: Array(text.bytes[offset...]), position: start)
    }
    let nameStart = offset + 1
    offset = nameStart
    while offset < text.count, !RuleBytes.isBlank(text[offset]) { offset += 1 }
    guard let name = operatorName(text.bytes[nameStart..<offset], at: text.position(at: nameStart - 1)) else {
      return nil
    }
    skipBlanks(text, &offset)
    guard let argument = argument(text, from: offset, of: name) else { return nil }
    return OperatorSyntax(name: name, isNegated: isNegated, argument: argument, position: start)
  }

  private mutating func operatorName(_ word: ArraySlice<UInt8>, at position: SourcePosition) -> OperatorName? {
    let key = RuleBytes.name(word)
    if let reason = key.flatMap({ LanguageNames.missingOperators[$0] }) {
      fail(position, "the operator \(RuleBytes.quoted([UInt8(ascii: "@")] + word)) is not supported: \(reason)")
      return nil
    }
    if let name = key.flatMap({ LanguageNames.operators[$0] }) { return name }
    fail(
      position, "unknown operator \(RuleBytes.quoted([UInt8(ascii: "@")] + word))",
      hint: NearestName.hint(word, in: OperatorName.allCases.map(\.rawValue), prefix: "@")
        ?? "a regular expression that begins with `@` needs `@rx` before it")
    return nil
  }

  private mutating func argument(_ text: PlacedBytes, from offset: Int, of name: OperatorName) -> [UInt8]? {
    let position = text.position(at: offset)
    let range = text.trimmedRange(offset..<text.count)
    switch Self.form(name) {
    case .nothing:
      guard !range.isEmpty else { return [] }
      fail(position, "`@\(name.rawValue)` takes no argument, found \(RuleBytes.quoted(text.bytes[range]))")
      return nil
    case .text: return Array(text.bytes[offset...])
    case .pattern:
      if offset < text.count { return Array(text.bytes[offset...]) }
    case .words:
      if !range.isEmpty { return Array(text.bytes[range]) }
    case .number:
      let bytes = text.bytes[range]
      let digits = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") ? bytes.dropFirst() : bytes
      if RuleBytes.holdsMacro(bytes) || RuleBytes.number(digits) != nil { return Array(bytes) }
      if !range.isEmpty {
        fail(position, "`@\(name.rawValue)` compares numbers, and \(RuleBytes.quoted(bytes)) is none")
        return nil
      }
    }
    fail(position, "`@\(name.rawValue)` needs an argument")
    return nil
  }
}
