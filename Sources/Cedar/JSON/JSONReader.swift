/// Reads JSON text (RFC 8259). A key that comes twice in one object, a lone surrogate and anything past
/// `CedarLimits.jsonDepth` are errors.
package struct JSONReader {
  private let source: SourceText
  private var offset = 0

  private let depthLimit: Int

  private init(_ source: SourceText, depth: Int) {
    self.source = source
    depthLimit = depth
  }

  package static func read(_ bytes: [UInt8], depth: Int = CedarLimits.jsonDepth) throws(SyntaxError) -> JSONNode {
    var reader = JSONReader(try SourceText(bytes), depth: depth)
    let node = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.byte == nil else { throw reader.error("there is more after the end of the JSON value") }
    return node
  }

  /// Whether a text is meant as JSON: Cedar's own texts never begin with a brace or a bracket.
  package static func isMeant(by bytes: [UInt8]) -> Bool {
    let first = bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d }
    return first == 0x7b || first == 0x5b
  }

  private var byte: UInt8? { offset < source.bytes.count ? source.bytes[offset] : nil }

  private func error(_ message: String, at offset: Int? = nil) -> SyntaxError {
    SyntaxError(message, at: source.position(of: offset ?? self.offset))
  }

  private func unexpected(_ wanted: String) -> SyntaxError {
    let found = String(decoding: source.bytes[min(offset, source.bytes.count)...].prefix(4), as: UTF8.self)
    guard let scalar = found.unicodeScalars.first else { return error("the JSON ends where \(wanted) should be") }
    return error("unexpected `\(scalar)` where \(wanted) should be")
  }

  private mutating func skipBlanks() {
    while let byte, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
  }

  private mutating func take(_ wanted: UInt8) -> Bool {
    guard byte == wanted else { return false }
    offset += 1
    return true
  }

  private mutating func value(depth: Int) throws(SyntaxError) -> JSONNode {
    skipBlanks()
    let position = source.position(of: offset)
    guard depth < depthLimit else {
      throw error("the JSON is nested deeper than \(depthLimit) levels")
    }
    switch byte {
    case 0x7b: return JSONNode(.object(try members(depth: depth)), at: position)
    case 0x5b: return JSONNode(.array(try elements(depth: depth)), at: position)
    case 0x22: return JSONNode(.string(try string()), at: position)
    case .some(0x2d), .some(0x30...0x39): return JSONNode(try number(), at: position)
    default:
      if word("true") { return JSONNode(.bool(true), at: position) }
      if word("false") { return JSONNode(.bool(false), at: position) }
      if word("null") { return JSONNode(.null, at: position) }
      throw unexpected("a value")
    }
  }

  private mutating func word(_ text: StaticString) -> Bool {
    let end = offset + text.utf8CodeUnitCount
    guard end <= source.bytes.count, text.withUTF8Buffer({ $0.elementsEqual(source.bytes[offset..<end]) }) else {
      return false
    }
    offset = end
    return true
  }

  private mutating func members(depth: Int) throws(SyntaxError) -> [JSONMember] {
    offset += 1
    var members: [JSONMember] = []
    var keys: Set<String> = []
    skipBlanks()
    if take(0x7d) { return members }
    while true {
      skipBlanks()
      let start = offset
      guard byte == 0x22 else { throw unexpected("a key") }
      let key = try string()
      guard keys.insert(key).inserted else { throw error("the key `\(key)` is there twice", at: start) }
      skipBlanks()
      guard take(0x3a) else { throw unexpected("`:`") }
      members.append(
        JSONMember(key: key, value: try value(depth: depth + 1), position: source.position(of: start)))
      skipBlanks()
      if take(0x7d) { return members }
      guard take(0x2c) else { throw unexpected("`,` or `}`") }
    }
  }

  private mutating func elements(depth: Int) throws(SyntaxError) -> [JSONNode] {
    offset += 1
    var elements: [JSONNode] = []
    skipBlanks()
    if take(0x5d) { return elements }
    while true {
      elements.append(try value(depth: depth + 1))
      skipBlanks()
      if take(0x5d) { return elements }
      guard take(0x2c) else { throw unexpected("`,` or `]`") }
    }
  }

  private mutating func number() throws(SyntaxError) -> JSONNode.Kind {
    let start = offset
    _ = take(0x2d)
    let firstDigit = offset
    digits()
    guard offset > firstDigit else { throw unexpected("a digit") }
    guard source.bytes[firstDigit] != 0x30 || offset == firstDigit + 1 else {
      throw error("a number begins with no more than one `0`", at: firstDigit)
    }
    var isInteger = true
    if take(0x2e) {
      isInteger = false
      try someDigits()
    }
    if byte == 0x65 || byte == 0x45 {
      isInteger = false
      offset += 1
      if byte == 0x2b || byte == 0x2d { offset += 1 }
      try someDigits()
    }
    let text = source.text(start..<offset)
    // The reference takes a zero with a sign for a number with a fraction.
    if isInteger, text != "-0", let value = Int64(text) { return .integer(value) }
    return .number(text)
  }

  private mutating func digits() {
    while let byte, (0x30...0x39).contains(byte) { offset += 1 }
  }

  private mutating func someDigits() throws(SyntaxError) {
    let start = offset
    digits()
    guard offset > start else { throw unexpected("a digit") }
  }

  private mutating func string() throws(SyntaxError) -> String {
    let start = offset
    offset += 1
    var bytes: [UInt8] = []
    while let byte {
      offset += 1
      switch byte {
      case 0x22: return String(decoding: bytes, as: UTF8.self)
      case 0x5c: bytes += Array(String(try escape()).utf8)
      case 0..<0x20: throw error("a control character stands in a string without an escape", at: offset - 1)
      default: bytes.append(byte)
      }
    }
    throw error("the string has no end", at: start)
  }

  private mutating func escape() throws(SyntaxError) -> Unicode.Scalar {
    let start = offset - 1
    defer { offset = min(offset, source.bytes.count) }
    let kind = byte
    offset += 1
    switch kind {
    case 0x22: return "\""
    case 0x5c: return "\\"
    case 0x2f: return "/"
    case 0x62: return "\u{8}"
    case 0x66: return "\u{c}"
    case 0x6e: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75:
      guard let unit = fourDigits() else { throw error("`\\u` wants four hexadecimal digits", at: start) }
      if let scalar = Unicode.Scalar(unit) { return scalar }
      guard (0xd800...0xdbff).contains(unit), take(0x5c), take(0x75), let low = fourDigits(),
        (0xdc00...0xdfff).contains(low), let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
      else { throw error("the escape is half of a pair", at: start) }
      return scalar
    default: throw error("the string has an unknown escape", at: start)
    }
  }

  private mutating func fourDigits() -> UInt32? {
    guard offset + 4 <= source.bytes.count else { return nil }
    var value: UInt32 = 0
    for byte in source.bytes[offset..<(offset + 4)] {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
      default: return nil
      }
    }
    offset += 4
    return value
  }
}
