/// The `Content-Disposition` of a part (RFC 7578 §4.2), read as strictly as ModSecurity does: `form-data`, then `name`,
/// `filename` and `filename*` once each and nothing else. What was read before an error stays.
struct ContentDisposition: Sendable {
  private(set) var name: [UInt8] = []
  private(set) var filename: [UInt8] = []
  /// `filename*` (RFC 5987), percent-decoded.
  private(set) var extendedFilename: [UInt8] = []
  private(set) var hasInvalidQuoting = false
  /// What is wrong.
  private(set) var failure: String?

  init(_ value: Span<UInt8>) {
    do throws(Failure) {
      try read(value)
    } catch {
      failure = error.text
    }
  }

  private struct Failure: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private mutating func read(_ value: Span<UInt8>) throws(Failure) {
    guard BodyBytes.has("form-data", in: value, at: 0) else { throw Failure("not `form-data`") }
    var position = Self.skipBlanks(value, 9)
    guard position < value.count else { return }
    guard value[position] == UInt8(ascii: ";") else { throw Failure("no `;` behind `form-data`") }
    position &+= 1
    while position < value.count {
      try readParameter(value, &position)
    }
    if !extendedFilename.isEmpty, filename.isEmpty { throw Failure("`filename*` without `filename`") }
  }

  private static func skipBlanks(_ value: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < value.count, BodyBytes.isBlank(value[position]) { position &+= 1 }
    return position
  }

  private mutating func readParameter(_ value: Span<UInt8>, _ position: inout Int) throws(Failure) {
    let start = Self.skipBlanks(value, position)
    var end = start
    while end < value.count, value[end] != UInt8(ascii: "="), !BodyBytes.isBlank(value[end]) { end &+= 1 }
    let equals = Self.skipBlanks(value, end)
    guard equals < value.count, value[equals] == UInt8(ascii: "=") else { throw Failure("parameter without `=`") }
    position = Self.skipBlanks(value, equals &+ 1)
    guard position < value.count else { throw Failure("parameter without a value") }
    let parameter = value.extracting(start..<end)
    if parameter.count == 9, BodyBytes.has("filename*", in: parameter, at: 0) {
      try readExtended(value, &position)
    } else {
      var quote: UInt8?
      var problem: Failure?
      let text = Self.text(value, &position, &quote, &problem)
      if let quote { hasInvalidQuoting = hasInvalidQuoting || quote == UInt8(ascii: "'") }
      if quote != UInt8(ascii: "\""), text.contains(UInt8(ascii: "'")) { hasInvalidQuoting = true }
      if parameter.count == 4, BodyBytes.has("name", in: parameter, at: 0) {
        guard name.isEmpty else { throw Failure("two names") }
        name = text
      } else if parameter.count == 8, BodyBytes.has("filename", in: parameter, at: 0) {
        guard filename.isEmpty else { throw Failure("two filenames") }
        filename = text
        // Simpler readers look for just this text: what they miss and this finds is not let through.
        guard equals == end else { throw Failure("white space before `=` of the filename") }
      } else {
        throw Failure("unknown parameter")
      }
      if let problem { throw problem }
    }
    try endParameter(value, &position)
  }

  /// A value, quoted or a token.
  private static func text(
    _ value: Span<UInt8>, _ position: inout Int, _ quote: inout UInt8?, _ problem: inout Failure?
  ) -> [UInt8] {
    var text: [UInt8] = []
    let first = value[position]
    guard first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") else {
      while position < value.count, BodyBytes.isToken(value[position]) {
        text.append(value[position])
        position &+= 1
      }
      return text
    }
    quote = first
    position &+= 1
    while position < value.count, value[position] != first {
      if value[position] == UInt8(ascii: "\\") {
        guard position &+ 1 < value.count else {
          problem = Failure("`\\` at the end")
          return text
        }
        let escaped = value[position &+ 1]
        // Any other backslash stays: browsers sent whole paths.
        if escaped == first || escaped == UInt8(ascii: "\\") { position &+= 1 }
      }
      text.append(value[position])
      position &+= 1
    }
    if position < value.count { position &+= 1 } else { problem = Failure("quote without an end") }
    return text
  }

  /// `charset'language'text` with percent escapes.
  private mutating func readExtended(_ value: Span<UInt8>, _ position: inout Int) throws(Failure) {
    guard extendedFilename.isEmpty else { throw Failure("two `filename*`") }
    let start = position
    while position < value.count, Self.isCharset(value[position]) { position &+= 1 }
    let apostrophe = UInt8(ascii: "'")
    guard position > start, position < value.count, value[position] == apostrophe else {
      throw Failure("`filename*` without a character set")
    }
    guard let end = BodyBytes.index(of: apostrophe, in: value, (position &+ 1)..<value.count) else {
      throw Failure("`filename*` without a language")
    }
    position = end &+ 1
    while position < value.count, value[position] != UInt8(ascii: ";") {
      let byte = value[position]
      if byte == UInt8(ascii: "%") {
        guard value.count &- position > 2, let high = HexDigit.value(value[position &+ 1]),
          let low = HexDigit.value(value[position &+ 2])
        else { throw Failure("invalid escape in `filename*`") }
        extendedFilename.append(high << 4 | low)
        position &+= 3
      } else {
        guard Self.isAttribute(byte) else { throw Failure("invalid character in `filename*`") }
        extendedFilename.append(byte)
        position &+= 1
      }
    }
  }

  private mutating func endParameter(_ value: Span<UInt8>, _ position: inout Int) throws(Failure) {
    position = Self.skipBlanks(value, position)
    guard position < value.count else { return }
    guard value[position] == UInt8(ascii: ";") else {
      let before = value[position &- 1]
      if before == UInt8(ascii: "'") || before == UInt8(ascii: "\"") { hasInvalidQuoting = true }
      throw Failure("other text behind a value")
    }
    position &+= 1
  }

  /// `mime-charsetc` of RFC 5987 §3.2.1.
  private static func isCharset(_ byte: UInt8) -> Bool {
    if BodyBytes.isAlphanumeric(byte) { return true }
    switch byte {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
      UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "~"):
      return true
    default: return false
    }
  }

  /// `attr-char` of RFC 5987 §3.2.1.
  private static func isAttribute(_ byte: UInt8) -> Bool {
    if BodyBytes.isAlphanumeric(byte) { return true }
    switch byte {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
      UInt8(ascii: "|"), UInt8(ascii: "~"):
      return true
    default: return false
    }
  }
}
