extension StatementReader {
  /// A setting by its documented name, its values checked; words of the language come out as they are documented.
  mutating func setting(
    _ call: DirectiveCall, _ name: String, _ form: DirectiveNames.Arguments, entries: [PlacedBytes]?
  ) -> Directive? {
    switch form {
    case .nothing:
      if let first = call.arguments.first { fail(first.position, "`\(call.name)` takes no argument") }
      return .setting(name, [])
    case .words:
      if call.arguments.isEmpty { fail(call.end, "`\(call.name)` needs an argument") }
      return .setting(name, call.arguments.compactMap { string($0) })
    case .unicodeMap: return unicodeMap(call, name)
    case .dataset: return dataset(call, name, entries)
    default:
      guard let argument = one(call, "an argument"), let text = string(argument) else { return nil }
      return value(argument, text, form, of: call.name).map { .setting(name, [$0]) }
    }
  }

  private mutating func value(
    _ argument: DirectiveArgument, _ text: String, _ form: DirectiveNames.Arguments, of name: String
  ) -> String? {
    let bytes = argument.text.bytes
    switch form {
    case .choice(let words):
      if let word = words.first(where: { RuleBytes.equal(bytes, $0) }) { return word }
      fail(
        argument.position, "`\(name)` can't be \(RuleBytes.quoted(text))",
        hint: "expected \(RuleBytes.choice(words))")
    case .number(let range):
      if let number = RuleBytes.number(bytes), range.contains(number) { return String(number) }
      fail(
        argument.position, "`\(name)` can't be \(RuleBytes.quoted(text))",
        hint: "expected a number from \(range.lowerBound) to \(range.upperBound)")
    case .off(let reason):
      if RuleBytes.equal(bytes, "Off") { return "Off" }
      fail(argument.position, "`\(name)` can only be `Off`: \(reason)")
    case .separator:
      if bytes.count == 1 { return text }
      fail(argument.position, "`\(name)` is one character, not \(RuleBytes.quoted(text))")
    case .mode:
      let isOctal = (3...5).contains(bytes.count) && bytes.allSatisfy { (0x30...0x37).contains($0) }
      if isOctal || RuleBytes.equal(bytes, "default") { return isOctal ? text : "default" }
      fail(
        argument.position, "`\(name)` can't be \(RuleBytes.quoted(text))",
        hint: "expected an octal mode such as `0600`, or `default`")
    case .auditParts:
      if Self.areAuditParts(bytes[...]) { return text.uppercased() }
      fail(
        argument.position, "`\(name)` can't be \(RuleBytes.quoted(text))",
        hint: "expected letters from `A` to `K`, and `Z`")
    case .path:
      if bytes.first != UInt8(ascii: "|") { return text }
      fail(argument.position, "`\(name)` is not supported with `|`: it would write to a program")
    case .text, .words, .nothing, .unicodeMap, .dataset: return text
    }
    return nil
  }

  static func areAuditParts(_ letters: ArraySlice<UInt8>) -> Bool {
    !letters.isEmpty && letters.allSatisfy { (0x61...0x6b).contains($0 | 0x20) || $0 | 0x20 == UInt8(ascii: "z") }
  }

  private mutating func unicodeMap(_ call: DirectiveCall, _ name: String) -> Directive? {
    guard (1...2).contains(call.arguments.count), let file = string(call.arguments[0]) else {
      fail(call.end, "`\(call.name)` needs a file and a code page", hint: "SecUnicodeMapFile unicode.mapping 20127")
      return nil
    }
    guard call.arguments.count == 2 else { return .setting(name, [file]) }
    let page = call.arguments[1]
    guard let number = RuleBytes.number(page.text.bytes) else {
      fail(page.position, "\(RuleBytes.quoted(page.text.bytes)) is no number of a code page")
      return nil
    }
    return .setting(name, [file, String(number)])
  }

  /// `SecDataset` of Coraza: the name, then each entry as an argument.
  private mutating func dataset(_ call: DirectiveCall, _ name: String, _ entries: [PlacedBytes]?) -> Directive? {
    guard let first = call.arguments.first, let dataset = string(first), !dataset.isEmpty else {
      fail(call.end, "`\(call.name)` needs a name and a list in backticks")
      return nil
    }
    var texts = entries
    if texts == nil, call.arguments.count == 2 {
      let word = call.arguments[1].text
      if word.count >= 2, word[0] == UInt8(ascii: "`"), word[word.count - 1] == UInt8(ascii: "`") {
        texts = [word.slice(1..<word.count - 1)]
      }
    } else if entries != nil, call.arguments.count > 1 {
      texts = nil
    }
    guard let texts else {
      fail(
        call.end, "`\(call.name)` needs a list in backticks", hint: "SecDataset NAME `, then an entry a line, then `")
      return nil
    }
    var values = [dataset]
    for text in texts where !text.isEmpty {
      guard let value = String(validating: text.bytes, as: UTF8.self) else {
        fail(text.position(at: 0), "\(RuleBytes.quoted(text.bytes)) is not UTF-8")
        return nil
      }
      values.append(value)
    }
    return .setting(name, values)
  }
}
