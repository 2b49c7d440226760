/// Cuts a value into the parts of HTML that may run a script, beginning in text or within a tag.
///
/// The states are those of the HTML tokenizer, with what old browsers did beyond them, as in libinjection 3.9.2: NUL
/// and vertical tab are blanks, backticks quote, `<%` begins a comment. Each byte is read once.
struct HTMLTokenizer: Sendable {
  /// Where the value begins in the page.
  enum Context {
    case text
    /// Among the attributes of a tag.
    case tag
    /// Within a value in these quotes.
    case value(quote: UInt8)
  }

  enum Part {
    case doctype, tagName, attributeValue, comment
  }

  private enum State {
    case text, tagOpen, endTagOpen, tagName, markupDeclaration
    case beforeAttributeName, attributeName, afterAttributeName, beforeAttributeValue
    case quotedValue, unquotedValue, afterQuotedValue, selfClosing, tagEnd
    case end
  }

  /// What a state came to.
  private enum Step {
    case found, again, end
  }

  private var state: State
  private var position = 0
  private var isEndTag = false
  private var quote: UInt8 = 0
  private var part = Part.doctype
  /// Where the part is that `next` found.
  private(set) var range = 0..<0
  /// The name of the attribute whose value that is, empty for a value that began before the input.
  private(set) var name = 0..<0

  init(_ context: Context) {
    switch context {
    case .text: state = .text
    case .tag: state = .beforeAttributeName
    case .value(let quote):
      state = .quotedValue
      self.quote = quote
    }
  }

  /// The next part, nil at the end.
  mutating func next(_ input: Span<UInt8>) -> Part? {
    while true {
      switch step(input) {
      case .found: return part
      case .again: continue
      case .end: return nil
      }
    }
  }

  private mutating func step(_ input: Span<UInt8>) -> Step {
    switch state {
    case .text:
      guard let place = ByteScan.firstIndex(of: UInt8(ascii: "<"), in: input, from: position) else { return .end }
      return go(.tagOpen, at: place + 1)
    case .tagOpen: return openTag(input)
    case .endTagOpen: return openEndTag(input)
    case .tagName: return readTagName(input)
    case .markupDeclaration: return openDeclaration(input)
    case .beforeAttributeName: return findAttribute(input)
    case .attributeName: return readAttributeName(input)
    case .afterAttributeName: return findEquals(input)
    case .beforeAttributeValue: return findValue(input)
    case .quotedValue: return readQuotedValue(input)
    case .unquotedValue: return readUnquotedValue(input)
    case .afterQuotedValue: return leaveQuotedValue(input)
    case .selfClosing: return closeTag(input)
    case .tagEnd:
      isEndTag = false
      return go(.text, at: position + 1)
    case .end: return .end
    }
  }

  private mutating func go(_ next: State, at place: Int) -> Step {
    state = next
    position = place
    return .again
  }

  /// Gives out a part and goes on behind it.
  private mutating func give(_ part: Part, _ range: Range<Int>, then next: State, at place: Int) -> Step {
    self.part = part
    self.range = range
    state = next
    position = place
    return .found
  }

  // MARK: tags

  private mutating func openTag(_ input: Span<UInt8>) -> Step {
    guard position < input.count else { return .end }
    switch input[position] {
    case UInt8(ascii: "!"): return go(.markupDeclaration, at: position + 1)
    case UInt8(ascii: "/"):
      isEndTag = true
      return go(.endTagOpen, at: position + 1)
    case UInt8(ascii: "?"): return readBogusComment(input, from: position + 1)
    case UInt8(ascii: "%"): return readPercentComment(input, from: position + 1)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0:
      return go(.tagName, at: position)
    default: return go(.text, at: position)
    }
  }

  private mutating func openEndTag(_ input: Span<UInt8>) -> Step {
    guard position < input.count else { return .end }
    switch input[position] {
    case UInt8(ascii: ">"): return go(.text, at: position)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      return go(.tagName, at: position)
    default:
      isEndTag = false
      return readBogusComment(input, from: position)
    }
  }

  private mutating func readTagName(_ input: Span<UInt8>) -> Step {
    let start = position
    var place = start
    while place < input.count {
      switch input[place] {
      case 0x09...0x0D, 0x20: return give(.tagName, start..<place, then: .beforeAttributeName, at: place + 1)
      case UInt8(ascii: "/"): return give(.tagName, start..<place, then: .selfClosing, at: place + 1)
      case UInt8(ascii: ">"):
        guard isEndTag else { return give(.tagName, start..<place, then: .tagEnd, at: place) }
        isEndTag = false
        return go(.text, at: place + 1)
      default: place += 1
      }
    }
    return give(.tagName, start..<input.count, then: .end, at: input.count)
  }

  private mutating func closeTag(_ input: Span<UInt8>) -> Step {
    guard position < input.count else { return .end }
    if input[position] == UInt8(ascii: ">") { return go(.text, at: position + 1) }
    return go(.beforeAttributeName, at: position)
  }

  // MARK: attributes

  /// The byte after blanks, nil at the end. 0xFF counts as the end.
  private mutating func skipBlanks(_ input: Span<UInt8>) -> UInt8? {
    while position < input.count {
      switch input[position] {
      case 0, 0x09...0x0D, 0x20: position += 1
      case 0xFF: return nil
      case let byte: return byte
      }
    }
    return nil
  }

  private mutating func findAttribute(_ input: Span<UInt8>) -> Step {
    switch skipBlanks(input) {
    case nil: return .end
    case UInt8(ascii: "/"): return go(.selfClosing, at: position + 1)
    case UInt8(ascii: ">"): return go(.text, at: position + 1)
    default: return go(.attributeName, at: position)
    }
  }

  private mutating func readAttributeName(_ input: Span<UInt8>) -> Step {
    let start = position
    var place = start + 1
    while place < input.count {
      switch input[place] {
      case 0, 0x09...0x0D, 0x20:
        name = start..<place
        return go(.afterAttributeName, at: place + 1)
      case UInt8(ascii: "/"): return go(.selfClosing, at: place + 1)
      case UInt8(ascii: "="):
        name = start..<place
        return go(.beforeAttributeValue, at: place + 1)
      case UInt8(ascii: ">"): return go(.tagEnd, at: place)
      default: place += 1
      }
    }
    return .end
  }

  private mutating func findEquals(_ input: Span<UInt8>) -> Step {
    switch skipBlanks(input) {
    case nil: return .end
    case UInt8(ascii: "/"): return go(.selfClosing, at: position + 1)
    case UInt8(ascii: "="): return go(.beforeAttributeValue, at: position + 1)
    case UInt8(ascii: ">"): return go(.tagEnd, at: position)
    default: return go(.attributeName, at: position)
    }
  }

  private mutating func findValue(_ input: Span<UInt8>) -> Step {
    switch skipBlanks(input) {
    case nil: return .end
    case let byte? where byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`"):
      quote = byte
      return go(.quotedValue, at: position + 1)
    default: return go(.unquotedValue, at: position)
    }
  }

  private mutating func readQuotedValue(_ input: Span<UInt8>) -> Step {
    let start = position
    let close = ByteScan.firstIndex(of: quote, in: input, from: start)
    guard let close else { return give(.attributeValue, start..<input.count, then: .end, at: input.count) }
    return give(.attributeValue, start..<close, then: .afterQuotedValue, at: close + 1)
  }

  private mutating func readUnquotedValue(_ input: Span<UInt8>) -> Step {
    let start = position
    var place = start
    while place < input.count {
      switch input[place] {
      case 0, 0x09...0x0D, 0x20:
        return give(.attributeValue, start..<place, then: .beforeAttributeName, at: place + 1)
      case UInt8(ascii: ">"): return give(.attributeValue, start..<place, then: .tagEnd, at: place)
      default: place += 1
      }
    }
    return give(.attributeValue, start..<place, then: .end, at: place)
  }

  private mutating func leaveQuotedValue(_ input: Span<UInt8>) -> Step {
    guard position < input.count else { return .end }
    switch input[position] {
    case UInt8(ascii: "/"): return go(.selfClosing, at: position + 1)
    case UInt8(ascii: ">"): return go(.text, at: position + 1)
    default: return go(.beforeAttributeName, at: position)
    }
  }

  // MARK: declarations and comments

  private mutating func openDeclaration(_ input: Span<UInt8>) -> Step {
    if ByteScan.holds("DOCTYPE", in: input, at: position) {
      let close = ByteScan.firstIndex(of: UInt8(ascii: ">"), in: input, from: position)
      let end = close ?? input.count
      return give(.doctype, position..<end, then: close == nil ? .end : .text, at: end + 1)
    }
    if ByteScan.holdsExactly("[CDATA[", in: input, at: position) { return skipCharacterData(input, from: position + 7) }
    if ByteScan.holdsExactly("--", in: input, at: position) { return readComment(input, from: position + 2) }
    return readBogusComment(input, from: position)
  }

  /// To the next `>`.
  private mutating func readBogusComment(_ input: Span<UInt8>, from start: Int) -> Step {
    guard let close = ByteScan.firstIndex(of: UInt8(ascii: ">"), in: input, from: start) else {
      return give(.comment, start..<input.count, then: .end, at: input.count)
    }
    return give(.comment, start..<close, then: .text, at: close + 1)
  }

  /// `<% … %>` of old Internet Explorer and Safari.
  private mutating func readPercentComment(_ input: Span<UInt8>, from start: Int) -> Step {
    let close = ByteScan.firstIndex(of: UInt8(ascii: "%"), UInt8(ascii: ">"), in: input, from: start, to: input.count)
    guard let close else { return give(.comment, start..<input.count, then: .end, at: input.count) }
    return give(.comment, start..<close, then: .text, at: close + 2)
  }

  /// To `-->` or `-!>`, with any number of NULs after the first dash.
  private mutating func readComment(_ input: Span<UInt8>, from start: Int) -> Step {
    var place = start
    while let dash = ByteScan.firstIndex(of: UInt8(ascii: "-"), in: input, from: place), dash + 3 <= input.count {
      var next = dash + 1
      while next < input.count, input[next] == 0 { next += 1 }
      guard next + 1 < input.count else { break }
      if input[next] == UInt8(ascii: "-") || input[next] == UInt8(ascii: "!"), input[next + 1] == UInt8(ascii: ">") {
        return give(.comment, start..<dash, then: .text, at: next + 2)
      }
      place = dash + 1
    }
    return give(.comment, start..<input.count, then: .end, at: input.count)
  }

  /// To `]]>`.
  private mutating func skipCharacterData(_ input: Span<UInt8>, from start: Int) -> Step {
    var place = start
    while let found = ByteScan.firstIndex(of: UInt8(ascii: "]"), in: input, from: place), found + 3 <= input.count {
      if input[found + 1] == UInt8(ascii: "]"), input[found + 2] == UInt8(ascii: ">") {
        return go(.text, at: found + 3)
      }
      place = found + 1
    }
    return .end
  }
}
