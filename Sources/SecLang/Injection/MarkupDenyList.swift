// NOTICE: the lists in this file are libinjection's, under the license in Generated/SQLKeywordData.swift.

/// The tags, attributes and addresses that can run a script, as libinjection 3.9.2 lists them.
enum MarkupDenyList {
  /// What an attribute's value means.
  enum Attribute: Sendable {
    /// A script or style: any value is an attack.
    case script
    /// An address, which may be a script's.
    case address
    /// The name of another attribute, in SVG.
    case attributeName
  }

  // MARK: tags

  private static let tags: [UInt128] = [
    "APPLET", "BASE", "COMMENT", "EMBED", "FRAME", "FRAMESET", "HANDLER", "IFRAME", "IMPORT", "ISINDEX", "LINK",
    "LISTENER",
    "META", "NOSCRIPT", "OBJECT", "SCRIPT", "STYLE", "VMLFRAME", "XML", "XSS",
  ].map(packed)

  static func holdsTag(_ input: Span<UInt8>, _ name: Range<Int>) -> Bool {
    guard name.count >= 3 else { return false }
    if let key = packed(input, name), tags.contains(key) { return true }
    return ByteScan.holds("SVG", in: input, at: name.lowerBound)
      || ByteScan.holds("XSL", in: input, at: name.lowerBound)
  }

  // MARK: attributes

  private static let scripts: [UInt128] = ["DATAFORMATAS", "DATASRC", "FILTER", "STYLE"].map(packed)
  private static let addresses: [UInt128] = [
    "ACTION", "BACKGROUND", "BY", "DYNSRC", "FOLDER", "FORMACTION", "FROM", "HANDLER", "HREF", "LOWSRC", "POSTER",
    "SRC",
    "TO", "VALUES", "XLINK:HREF",
  ].map(packed)
  private static let attributeName = packed("ATTRIBUTENAME")

  /// What an attribute of this name does, nil for a harmless one.
  static func attribute(_ input: Span<UInt8>, _ name: Range<Int>) -> Attribute? {
    guard name.count >= 2 else { return nil }
    if name.count >= 5 {
      if ByteScan.holds("ON", in: input, at: name.lowerBound) { return .script }
      if ByteScan.holds("XMLNS", in: input, at: name.lowerBound) { return .script }
      if ByteScan.holds("XLINK", in: input, at: name.lowerBound) { return .script }
    }
    guard let key = packed(input, name) else { return nil }
    if addresses.contains(key) { return .address }
    if scripts.contains(key) { return .script }
    return key == attributeName ? .attributeName : nil
  }

  /// A name of at most 16 bytes as one number.
  private static func packed(_ name: String) -> UInt128 {
    var key: UInt128 = 0
    for byte in name.utf8.reversed() { key = key &<< 8 | UInt128(byte) }
    return key
  }

  /// A name in upper case and without its NULs, which old browsers ignore; nil when it is longer than any listed.
  private static func packed(_ input: Span<UInt8>, _ range: Range<Int>) -> UInt128? {
    var key: UInt128 = 0
    var shift: UInt128 = 0
    for index in range {
      let byte = input[index]
      if byte == 0 { continue }
      if shift == 128 { return nil }
      key |= UInt128(ByteScan.uppercased(byte)) &<< shift
      shift &+= 8
    }
    return key
  }

  // MARK: addresses

  private static let schemes: [UInt128] = ["DATA", "VIEW-SOURCE", "JAVA", "VBSCRIPT"].map(packed)

  /// Whether an address begins with a scheme that holds or shows a script, behind blanks, control bytes and non-ASCII
  /// ones.
  static func holdsScriptAddress(_ input: Span<UInt8>, _ value: Range<Int>) -> Bool {
    var start = value.lowerBound
    while start < value.upperBound, input[start] &- 33 >= 94 { start += 1 }
    for scheme in schemes where begins(with: scheme, input, start..<value.upperBound) { return true }
    return false
  }

  /// Whether the decoded value begins with a text, its NULs and line feeds and its leading blanks ignored.
  private static func begins(with text: UInt128, _ input: Span<UInt8>, _ value: Range<Int>) -> Bool {
    var rest = text
    var place = value.lowerBound
    var isLeading = true
    while place < value.upperBound, rest != 0 {
      let character = decoded(input, place..<value.upperBound)
      place += character.length
      if isLeading, character.code <= 32 { continue }
      isLeading = false
      if character.code == 0 || character.code == 10 { continue }
      // Of a character beyond one byte the lowest byte counts, but a small letter only when it is one.
      var byte = UInt8(truncatingIfNeeded: character.code)
      if character.code < 128 { byte = ByteScan.uppercased(byte) }
      guard byte == UInt8(truncatingIfNeeded: rest) else { return false }
      rest &>>= 8
    }
    return rest == 0
  }

  /// The character at the range's beginning, which may be a numeric reference.
  private static func decoded(_ input: Span<UInt8>, _ range: Range<Int>) -> (code: UInt32, length: Int) {
    let first = input[range.lowerBound]
    let plain = (UInt32(first), 1)
    guard first == UInt8(ascii: "&"), range.count > 2, input[range.lowerBound + 1] == UInt8(ascii: "#") else {
      return plain
    }
    var place = range.lowerBound + 2
    var radix: UInt32 = 10
    if input[place] | 0x20 == UInt8(ascii: "x") {
      place += 1
      radix = 16
    }
    let digits = place
    var code: UInt32 = 0
    while place < range.upperBound, let digit = digit(input[place], radix: radix) {
      code = code &* radix &+ digit
      if code > 0x10_00FF { return plain }
      place += 1
    }
    if place == digits { return plain }
    if place < range.upperBound, input[place] == UInt8(ascii: ";") { place += 1 }
    return (code, place - range.lowerBound)
  }

  private static func digit(_ byte: UInt8, radix: UInt32) -> UInt32? {
    let decimal = byte &- UInt8(ascii: "0")
    if decimal < 10 { return UInt32(decimal) }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return radix == 16 && letter < 6 ? UInt32(letter) + 10 : nil
  }
}
