/// Finds cross-site scripting in a value, with the verdicts of libinjection 3.9.2 (Nick Galbreath), the library behind
/// `@detectXSS`.
///
/// A value is read as HTML that continues a page in five ways: in text, in a tag, and in an attribute's value in each
/// kind of quotes. Nothing is allocated, and the time is linear in the value's length.
package enum XSSDetector {
  /// Whether the value may run a script.
  package static func isAttack(_ input: Span<UInt8>) -> Bool {
    // Only a tag, a comment or the value of an attribute can be one, and those have these bytes.
    let holdsTag = holdsTag(input)
    guard holdsTag || ByteScan.firstIndex(of: UInt8(ascii: "="), in: input) != nil else { return false }
    if holdsTag, isAttack(input, in: .text) { return true }
    return isAttack(input, in: .tag) || isAttack(input, after: UInt8(ascii: "'"))
      || isAttack(input, after: UInt8(ascii: "\"")) || isAttack(input, after: UInt8(ascii: "`"))
  }

  /// Whether a `<` stands before something that makes it more than text.
  private static func holdsTag(_ input: Span<UInt8>) -> Bool {
    var place = 0
    while let found = ByteScan.firstIndex(of: UInt8(ascii: "<"), in: input, from: place), found + 1 < input.count {
      switch input[found + 1] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0, UInt8(ascii: "!"),
        UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "%"):
        return true
      default: place = found + 1
      }
    }
    return false
  }

  /// Whether a value that first ends an attribute's value in these quotes is an attack. Without the quote it is all
  /// value.
  private static func isAttack(_ input: Span<UInt8>, after quote: UInt8) -> Bool {
    ByteScan.firstIndex(of: quote, in: input) != nil && isAttack(input, in: .value(quote: quote))
  }

  private static func isAttack(_ input: Span<UInt8>, in context: HTMLTokenizer.Context) -> Bool {
    var tokenizer = HTMLTokenizer(context)
    while let part = tokenizer.next(input) {
      switch part {
      case .doctype: return true
      case .tagName: if MarkupDenyList.holdsTag(input, tokenizer.range) { return true }
      case .comment: if isActiveComment(input, tokenizer.range) { return true }
      case .attributeValue: if isActiveAttribute(input, tokenizer.name, tokenizer.range) { return true }
      }
    }
    return false
  }

  private static func isActiveAttribute(_ input: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>) -> Bool {
    switch MarkupDenyList.attribute(input, name) {
    case nil: false
    case .script: true
    case .address: MarkupDenyList.holdsScriptAddress(input, value)
    case .attributeName: MarkupDenyList.attribute(input, value) != nil
    }
  }

  /// Internet Explorer ends a comment at a backtick, reads conditions in it, and some declarations as well.
  private static func isActiveComment(_ input: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let tick = UInt8(ascii: "`")
    if ByteScan.firstIndex(of: tick, in: input, from: range.lowerBound, to: range.upperBound) != nil { return true }
    if range.count > 3 {
      if ByteScan.holds("[IF", in: input, at: range.lowerBound) { return true }
      if ByteScan.holds("XML", in: input, at: range.lowerBound) { return true }
    }
    return range.count > 5
      && (ByteScan.holds("IMPORT", in: input, at: range.lowerBound)
        || ByteScan.holds("ENTITY", in: input, at: range.lowerBound))
  }
}
