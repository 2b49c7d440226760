/// A `Content-Type` value as far as choosing a body processor needs it (RFC 9110 §8.3).
package struct ContentType: Sendable, Hashable {
  /// `type/subtype` in lower case, without parameters and white space; empty when there is none.
  package let mediaType: [UInt8]
  private let parameters: [UInt8]

  package init(_ field: Span<UInt8>) {
    let end = BodyBytes.index(of: UInt8(ascii: ";"), in: field, 0..<field.count) ?? field.count
    var type: [UInt8] = []
    for index in 0..<end where !BodyBytes.isSpace(field[index]) { type.append(BodyBytes.lowercase(field[index])) }
    var rest: [UInt8] = []
    rest.append(copying: field.extracting(end..<field.count))
    mediaType = type
    parameters = rest
  }

  /// Whether ModSecurity 3 reads a body of this type as arguments without being told: it begins with
  /// `application/x-www-form-urlencoded`.
  package var isURLEncodedForm: Bool { mediaType.starts(with: "application/x-www-form-urlencoded".utf8) }

  /// Whether ModSecurity 3 reads a body of this type in parts without being told: it begins with `multipart/form-data`.
  package var isMultipartForm: Bool { mediaType.starts(with: "multipart/form-data".utf8) }

  /// `application/json`, `text/json` and types that end with `+json`.
  package var isJSON: Bool {
    mediaType.elementsEqual("application/json".utf8) || mediaType.elementsEqual("text/json".utf8)
      || hasSuffix("+json")
  }

  /// `application/xml`, `text/xml` and types that end with `+xml`.
  package var isXML: Bool {
    mediaType.elementsEqual("application/xml".utf8) || mediaType.elementsEqual("text/xml".utf8) || hasSuffix("+xml")
  }

  private func hasSuffix(_ text: String) -> Bool {
    mediaType.count > text.utf8.count && mediaType.suffix(text.utf8.count).elementsEqual(text.utf8)
  }

  /// Whether a list of media types names this one, as `SecResponseBodyMimeType` does; its names are in lower case.
  package func isOneOf(_ types: [String]) -> Bool { types.contains { mediaType.elementsEqual($0.utf8) } }

  /// The value of the first parameter of this name, in lower case there, unquoted.
  package func parameter(_ name: String) -> [UInt8]? {
    let wanted = Array(name.utf8)
    let bytes = parameters
    var position = 0
    while position < bytes.count {
      position += 1
      let start = skipSpaces(position)
      var end = start
      while end < bytes.count, bytes[end] != UInt8(ascii: "="), bytes[end] != UInt8(ascii: ";") { end += 1 }
      var key = bytes[start..<end].map { BodyBytes.lowercase($0) }
      while let last = key.last, BodyBytes.isSpace(last) { key.removeLast() }
      position = end
      guard end < bytes.count, bytes[end] == UInt8(ascii: "=") else { continue }
      position = skipSpaces(end + 1)
      let value = self.value(&position)
      if key == wanted { return value }
    }
    return nil
  }

  private func skipSpaces(_ start: Int) -> Int {
    var position = start
    while position < parameters.count, BodyBytes.isSpace(parameters[position]) { position += 1 }
    return position
  }

  /// A token or quoted string; goes on to the next `;`.
  private func value(_ position: inout Int) -> [UInt8] {
    let bytes = parameters
    var value: [UInt8] = []
    let isQuoted = position < bytes.count && bytes[position] == UInt8(ascii: "\"")
    if isQuoted {
      position += 1
      while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
        if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
        value.append(bytes[position])
        position += 1
      }
    }
    while position < bytes.count, bytes[position] != UInt8(ascii: ";") {
      if !isQuoted { value.append(bytes[position]) }
      position += 1
    }
    if !isQuoted { while let last = value.last, BodyBytes.isSpace(last) { value.removeLast() } }
    return value
  }
}
