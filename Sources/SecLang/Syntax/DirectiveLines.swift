/// A directive as it stands in a file: its lines put together.
struct DirectiveText {
  /// Without comments, continuation marks and blanks around each line.
  var text: PlacedBytes
  /// The lines between the backticks of a `SecDataset`.
  var entries: [PlacedBytes]?
  var problems: [RuleProblem] = []
}

/// Cuts a file into directives.
///
/// A line ends at LF; blanks around it, a CR among them, don't count. `\` at its end takes in the next line, as in
/// Apache's configuration, without the blanks that begin it, as in ModSecurity 3 and Coraza. Inside a continued
/// directive comment lines are left out, as in Coraza, and an empty line ends it. A commented-out directive goes on
/// over `\` as in ModSecurity 3; other comments end with their line.
struct DirectiveLines {
  private struct Line {
    var range: Range<Int>
    var number: Int
    var column: Int
  }

  private let bytes: [UInt8]
  private let file: Int32
  private var offset = 0
  private var number = 0

  init(_ bytes: [UInt8], file: Int32) {
    self.bytes = bytes
    self.file = file
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
  }

  /// The next line without its blanks.
  private mutating func line() -> Line? {
    guard offset < bytes.count else { return nil }
    let start = offset
    let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
    offset = end < bytes.count ? end + 1 : end
    number += 1
    var low = start
    var high = end
    while low < high, RuleBytes.isBlank(bytes[low]) { low += 1 }
    while low < high, RuleBytes.isBlank(bytes[high - 1]) { high -= 1 }
    return Line(range: low..<high, number: number, column: low - start + 1)
  }

  private func position(_ line: Line) -> SourcePosition {
    SourcePosition(file: file, line: Int32(clamping: line.number), column: Int32(clamping: line.column))
  }

  private func isComment(_ line: Line) -> Bool {
    !line.range.isEmpty && bytes[line.range.lowerBound] == UInt8(ascii: "#")
  }

  private func continues(_ line: Line) -> Bool {
    !line.range.isEmpty && bytes[line.range.upperBound - 1] == UInt8(ascii: "\\")
  }

  /// Whether the text in a range begins with a directive.
  private func isDirective(_ range: Range<Int>) -> Bool {
    let word = bytes[range].drop { RuleBytes.isBlank($0) || $0 == UInt8(ascii: "#") }.prefix { !RuleBytes.isBlank($0) }
    return RuleBytes.name(word).map { DirectiveNames.known[$0] != nil } ?? false
  }

  /// The next directive, nil at the end of the file.
  mutating func next() -> DirectiveText? {
    while let line = line() {
      if line.range.isEmpty { continue }
      if isComment(line) {
        if let problem = skipComment(line) {
          var text = PlacedBytes(file: file)
          text.append(bytes[line.range], line: line.number, column: line.column)
          return DirectiveText(text: text, problems: [problem])
        }
        continue
      }
      return directive(from: line)
    }
    return nil
  }

  /// Leaves out a comment; a commented-out directive with all its lines, unless a line of them looks alive.
  private mutating func skipComment(_ first: Line) -> RuleProblem? {
    guard isDirective(first.range), continues(first) else { return nil }
    var last = first
    while continues(last) {
      let resume = (offset, number)
      guard let line = line(), !line.range.isEmpty else { return nil }
      if isDirective(line.range), !isComment(line) {
        (offset, number) = resume
        return RuleProblem(
          at: position(last), "the comment ends in `\\` and would take in the directive on line \(line.number)",
          hint: "remove the `\\` or put `#` before the next line")
      }
      last = line
    }
    return nil
  }

  /// A directive that begins on a line.
  private mutating func directive(from first: Line) -> DirectiveText {
    var result = DirectiveText(text: PlacedBytes(file: file))
    var current = first
    var isTooLong = false
    while true {
      let goesOn = continues(current)
      let range = goesOn ? current.range.lowerBound..<current.range.upperBound - 1 : current.range
      if result.text.count + range.count > RuleLimits.statementBytes { isTooLong = true }
      if !isTooLong { result.text.append(bytes[range], line: current.number, column: current.column) }
      guard goesOn, let next = continuation() else { break }
      current = next
    }
    if isTooLong {
      result.problems.append(
        RuleProblem(at: position(first), "the directive is longer than \(RuleLimits.statementBytes) bytes"))
    }
    if let zero = result.text.bytes.firstIndex(of: 0) {
      result.problems.append(RuleProblem(at: result.text.position(at: zero), "the line holds a NUL byte"))
    }
    if opensDataset(result.text) {
      result.text.removeLast()
      readEntries(of: &result)
    }
    return result
  }

  /// The line that goes on after a `\`, nil at an empty one and at the end of the file.
  private mutating func continuation() -> Line? {
    while let line = line() {
      if line.range.isEmpty { return nil }
      if !isComment(line) { return line }
    }
    return nil
  }

  /// Whether it is a ``SecDataset name ` ``, whose entries stand on the lines up to one that begins with a backtick.
  private func opensDataset(_ text: PlacedBytes) -> Bool {
    guard text.bytes.last == UInt8(ascii: "`") else { return false }
    guard RuleBytes.equal(text.bytes.prefix { !RuleBytes.isBlank($0) }, "SecDataset") else { return false }
    return text.bytes.firstIndex(of: UInt8(ascii: "`")) == text.count - 1
  }

  private mutating func readEntries(of result: inout DirectiveText) {
    var entries: [PlacedBytes] = []
    var total = 0
    var isTooLong = false
    while let line = line() {
      if line.range.isEmpty || isComment(line) { continue }
      if bytes[line.range.lowerBound] == UInt8(ascii: "`") {
        if line.range.count > 1 {
          result.problems.append(RuleProblem(at: position(line), "text follows the backtick that ends the list"))
        }
        result.entries = entries
        return
      }
      if isTooLong { continue }
      total += line.range.count
      if entries.count == RuleLimits.datasetEntries || total > RuleLimits.statementBytes {
        isTooLong = true
        result.problems.append(
          RuleProblem(
            at: position(line),
            "the list is longer than \(RuleLimits.datasetEntries) entries or \(RuleLimits.statementBytes) bytes"))
        continue
      }
      var entry = PlacedBytes(file: file)
      entry.append(bytes[line.range], line: line.number, column: line.column)
      entries.append(entry)
    }
    result.problems.append(
      RuleProblem(
        at: result.text.position(at: result.text.count), "the list has no end",
        hint: "end it with a backtick on a line of its own"))
  }
}

/// One argument of a directive.
struct DirectiveArgument {
  /// Without its quotes.
  var text: PlacedBytes
  var isQuoted: Bool
  /// Where it begins, its quote included.
  var position: SourcePosition
}

extension PlacedBytes {
  /// The words of a directive, its name among them. A word in `"` or `'` goes on to the next such quote that no `\`
  /// escapes; `\` before the quote goes, every other one stays, so that regular expressions need no second escape.
  func arguments() throws(RuleProblem) -> [DirectiveArgument] {
    var result: [DirectiveArgument] = []
    var offset = 0
    while true {
      while offset < count, RuleBytes.isBlank(self[offset]) { offset += 1 }
      guard offset < count else { return result }
      guard result.count <= RuleLimits.listItems else {
        throw RuleProblem(at: position(at: offset), "the directive has more than \(RuleLimits.listItems) arguments")
      }
      let first = self[offset]
      if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
        let begin = position(at: offset)
        let text = try quoted(&offset)
        result.append(DirectiveArgument(text: text, isQuoted: true, position: begin))
      } else {
        let start = offset
        while offset < count, !RuleBytes.isBlank(self[offset]) { offset += 1 }
        result.append(
          DirectiveArgument(text: slice(start..<offset), isQuoted: false, position: position(at: start)))
      }
    }
  }

  /// A quoted word; the offset moves behind it.
  private func quoted(_ offset: inout Int) throws(RuleProblem) -> PlacedBytes {
    let quote = self[offset]
    let mark = quote == UInt8(ascii: "'") ? "'" : "\""
    guard let end = closingQuote(quote, from: offset + 1) else {
      throw RuleProblem(
        at: position(at: offset), "`\(mark)` has no closing quote",
        hint: "a directive that goes on needs `\\` at the end of each line but the last")
    }
    if end + 1 < count, !RuleBytes.isBlank(self[end + 1]) {
      throw RuleProblem(
        at: position(at: end + 1), "text follows the closing quote",
        hint: "write `\\\(mark)` for a quote inside the argument, or a space between two arguments")
    }
    let text = unescaped(offset + 1..<end, quote: quote)
    offset = end + 1
    return text
  }

  /// The next quote that no `\` escapes.
  func closingQuote(_ quote: UInt8, from start: Int) -> Int? {
    var offset = start
    while offset < count {
      if self[offset] == quote { return offset }
      offset += self[offset] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  /// A part without the `\` before each quote.
  func unescaped(_ range: Range<Int>, quote: UInt8) -> PlacedBytes {
    var result = PlacedBytes(file: file)
    var start = range.lowerBound
    var offset = start
    while offset < range.upperBound {
      if self[offset] == UInt8(ascii: "\\"), offset + 1 < range.upperBound {
        if self[offset + 1] == quote {
          if start < offset { result.append(self, start..<offset) }
          start = offset + 1
        }
        offset += 2
      } else {
        offset += 1
      }
    }
    result.append(self, start..<range.upperBound)
    return result
  }
}
