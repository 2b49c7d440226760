/// Finds SQL injections in a value, with the verdicts and fingerprints of libinjection 3.9.2 (Nick Galbreath), the
/// library behind `@detectSQLi`.
///
/// A value is read as SQL that continues a statement: as it is, and if it holds a quote, as if that quote was open
/// before it. Its folded token kinds are the fingerprint; it is an injection when the set of known ones holds it and
/// it does not look like prose or a number range. Nothing is allocated, and the time is linear in the value's length.
package enum SQLInjectionDetector {
  /// The fingerprint of an injection, nil for anything else.
  package static func fingerprint(of input: Span<UInt8>) -> SQLInjectionFingerprint? {
    if input.isEmpty { return nil }
    var seesDialects = false
    if let found = fingerprint(of: input, quote: 0, readsMySQL: false, &seesDialects) { return found }
    if seesDialects, let found = fingerprint(of: input, quote: 0, readsMySQL: true, &seesDialects) { return found }
    if ByteScan.firstIndex(of: UInt8(ascii: "'"), in: input) != nil {
      let quote = UInt8(ascii: "'")
      if let found = fingerprint(of: input, quote: quote, readsMySQL: false, &seesDialects) { return found }
      if seesDialects, let found = fingerprint(of: input, quote: quote, readsMySQL: true, &seesDialects) {
        return found
      }
    }
    if ByteScan.firstIndex(of: UInt8(ascii: "\""), in: input) != nil {
      return fingerprint(of: input, quote: UInt8(ascii: "\""), readsMySQL: true, &seesDialects)
    }
    return nil
  }

  /// The fingerprint of an injection that continues a statement in one way; also whether MySQL reads the value
  /// otherwise.
  private static func fingerprint(
    of input: Span<UInt8>, quote: UInt8, readsMySQL: Bool, _ seesDialects: inout Bool
  ) -> SQLInjectionFingerprint? {
    var folder = SQLFolder(quote: quote, readsMySQL: readsMySQL)
    let count = folder.fold(input)
    seesDialects = folder.tokenizer.seesDialects
    folder.markBacktickComment(count: count)
    var fingerprint = SQLInjectionFingerprint()
    var key = SQLFingerprints.Key()
    for index in 0..<count {
      let kind = folder.tokens[index].kind
      if kind == .evil { return evil() }
      fingerprint.append(kind.letter)
      key.add(kind)
    }
    guard count > 0, SQLFingerprints.shared.contains(key), !isHarmless(folder, count: count, input) else { return nil }
    return fingerprint
  }

  /// A value that databases read in different ways is an injection whatever else it holds.
  private static func evil() -> SQLInjectionFingerprint? {
    var fingerprint = SQLInjectionFingerprint()
    fingerprint.append(SQLTokenKind.evil.letter)
    return fingerprint
  }

  /// Whether a known fingerprint is more likely to be text than an injection.
  private static func isHarmless(_ folder: SQLFolder, count: Int, _ input: Span<UInt8>) -> Bool {
    if count > 1, folder.tokens[count - 1].kind == .comment, holdsAuditBypass(input) { return false }
    switch count {
    case 2: return isHarmlessPair(folder, input)
    case 3: return isHarmlessTriple(folder, input)
    default: return false
    }
  }

  /// SQL Server keeps a statement out of its log when a comment has this word.
  private static func holdsAuditBypass(_ input: Span<UInt8>) -> Bool {
    let word: StaticString = "sp_password"
    var place = 0
    while let found = ByteScan.firstIndex(of: UInt8(ascii: "_"), in: input, from: place) {
      if ByteScan.holdsExactly(word, in: input, at: found - 2) { return true }
      place = found + 1
    }
    return false
  }

  private static func isHarmlessPair(_ folder: SQLFolder, _ input: Span<UInt8>) -> Bool {
    let first = folder.tokens[0]
    let second = folder.tokens[1]
    // A number and UNION is one only with something folded away.
    if second.kind == .union { return folder.tokenizer.tokenCount == 2 }
    let lead = second.byte(0, of: input)
    if lead == UInt8(ascii: "#") { return true }
    if second.kind == .comment {
      if first.kind == .bareword, lead != UInt8(ascii: "/") { return true }
      if first.kind == .number { return lead != UInt8(ascii: "/") && !endsNumber(folder, input) }
    }
    // Text has `--` too: it is an injection at the end only.
    return second.length > 2 && lead == UInt8(ascii: "-")
  }

  /// Whether the number before the comment is one: what was folded into it, or a blank or the comment after its digits.
  private static func endsNumber(_ folder: SQLFolder, _ input: Span<UInt8>) -> Bool {
    if folder.tokenizer.tokenCount > 2 { return true }
    let place = folder.tokens[0].length
    guard place < input.count else { return true }
    let next = input[place]
    if next <= 32 || next >= 128 { return true }
    guard place + 1 < input.count else { return false }
    switch next {
    case UInt8(ascii: "/"): return input[place + 1] == UInt8(ascii: "*")
    case UInt8(ascii: "-"): return input[place + 1] == UInt8(ascii: "-")
    default: return false
    }
  }

  private static func isHarmlessTriple(_ folder: SQLFolder, _ input: Span<UInt8>) -> Bool {
    let first = folder.tokens[0]
    let second = folder.tokens[1]
    let third = folder.tokens[2]
    switch (first.kind, second.kind, third.kind) {
    case (.string, .operator, .string), (.string, .logicOperator, .string):
      // `…foo' + 'bar…`: neither string is whole, and the quotes are alike.
      return !(first.opening == 0 && third.closing == 0 && first.closing == third.opening)
    case (.string, .logicOperator, .bareword), (.bareword, .logicOperator, .number),
      (.number, .logicOperator, .number), (.number, .logicOperator, .variable), (.number, .logicOperator, .string):
      return folder.tokenizer.tokenCount == 3
    case (_, .keyword, _):
      return !second.traits.contains(.export)
    default: return false
    }
  }
}
