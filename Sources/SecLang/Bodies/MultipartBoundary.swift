/// The boundary of a multipart body, taken from `Content-Type` as strictly as ModSecurity does:
/// `multipart/form-data`, one semicolon, `boundary=` in lower case, nothing else before it, characters of RFC 2046
/// §5.1.1. Another parameter behind it is tolerated where the boundary is not quoted.
struct MultipartBoundary: Sendable {
  static let maximumFieldBytes = 1024

  /// Without the two hyphens; empty when there is a failure.
  private(set) var bytes: [UInt8] = []
  private(set) var isQuoted = false
  private(set) var hasWhitespace = false
  private(set) var isMissingSemicolon = false
  private(set) var failure: BodyError?

  init(contentType: Span<UInt8>) {
    do throws(BodyError) {
      bytes = try read(contentType)
    } catch {
      failure = error
    }
  }

  private mutating func read(_ field: Span<UInt8>) throws(BodyError) -> [UInt8] {
    func malformed(_ what: String) -> BodyError { BodyError(.malformed, "multipart: \(what)") }
    if field.isEmpty { throw malformed("no content type") }
    if field.count > Self.maximumFieldBytes { throw malformed("content type of more than 1024 bytes") }
    guard BodyBytes.has("multipart/form-data", in: field, at: 0, ignoringCase: true) else {
      throw malformed("content type is not `multipart/form-data`")
    }
    guard BodyBytes.index(of: 0, in: field, 0..<field.count) == nil else { throw malformed("nul byte in content type") }
    if Self.countParameters(field) > 1 { throw malformed("more than one boundary in content type") }
    guard let name = Self.firstParameter(field) else {
      let isOtherCase = Self.countParameters(field) > 0
      throw malformed(isOtherCase ? "`boundary` in content type is not in lower case" : "no boundary in content type")
    }
    var seesSemicolon = false
    for index in 19..<name where !BodyBytes.isSpace(field[index]) {
      guard field[index] == UInt8(ascii: ";"), !seesSemicolon else {
        throw malformed("other text before the boundary in content type")
      }
      seesSemicolon = true
    }
    isMissingSemicolon = !seesSemicolon
    let nameEnd = name &+ 8
    guard let equals = BodyBytes.index(of: UInt8(ascii: "="), in: field, nameEnd..<field.count) else {
      throw malformed("`boundary` in content type without `=`")
    }
    for index in nameEnd..<equals {
      guard BodyBytes.isSpace(field[index]) else { throw malformed("other text behind `boundary` in content type") }
      hasWhitespace = true
    }
    return try value(field, from: equals &+ 1, malformed)
  }

  private mutating func value(
    _ field: Span<UInt8>, from start: Int, _ malformed: (String) -> BodyError
  ) throws(BodyError) -> [UInt8] {
    guard start < field.count else { throw malformed("empty boundary in content type") }
    if BodyBytes.isSpace(field[start]) { hasWhitespace = true }
    let quote = UInt8(ascii: "\"")
    let opens = field[start] == quote
    let closes = field.count &- start >= 2 && field[field.count &- 1] == quote
    guard opens == closes else { throw malformed("boundary in content type is quoted on one side") }
    isQuoted = opens
    var value: [UInt8] = []
    value.append(copying: opens ? field.extracting((start &+ 1)..<(field.count &- 1)) : field.extracting(start...))
    if Self.countParameters(value.span) > 0 { throw malformed("`boundary` within the boundary of content type") }
    if !Self.isValid(value), let semicolon = value.firstIndex(of: UInt8(ascii: ";")) {
      value.removeSubrange(semicolon...)
    }
    guard Self.isValid(value) else { throw malformed("invalid characters in boundary of content type") }
    if value.isEmpty { throw malformed("empty boundary in content type") }
    return value
  }

  /// How often the word stands with a `=` anywhere behind it.
  private static func countParameters(_ field: Span<UInt8>) -> Int {
    var count = 0
    var index = 0
    var lastEquals = -1
    for place in 0..<field.count where field[place] == UInt8(ascii: "=") { lastEquals = place }
    while index < field.count {
      if BodyBytes.has("boundary", in: field, at: index, ignoringCase: true) {
        index &+= 8
        if lastEquals >= index { count &+= 1 }
      } else {
        index &+= 1
      }
    }
    return count
  }

  private static func firstParameter(_ field: Span<UInt8>) -> Int? {
    for index in 0..<field.count where BodyBytes.has("boundary", in: field, at: index) { return index }
    return nil
  }

  /// RFC 2046 §5.1.1: `bchars`, a space not at the end.
  private static func isValid(_ boundary: [UInt8]) -> Bool {
    for byte in boundary where !BodyBytes.isAlphanumeric(byte) {
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "+"), UInt8(ascii: "_"),
        UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"),
        UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: " "):
        continue
      default: return false
      }
    }
    return boundary.last != UInt8(ascii: " ")
  }
}
