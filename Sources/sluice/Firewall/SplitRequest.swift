import Wire

/// The bytes of a request taken apart without judging them, for the rules: tests send much that breaks HTTP. Whether
/// HTTP itself refuses them is said beside.
package struct SplitRequest {
  package struct Field {
    package var name: ArraySlice<UInt8>
    package var value: ArraySlice<UInt8>
  }

  package private(set) var method: ArraySlice<UInt8> = []
  package private(set) var target: ArraySlice<UInt8> = []
  package private(set) var version: ArraySlice<UInt8> = []
  package private(set) var fields: [Field] = []
  package private(set) var body: [UInt8] = []
  /// Why a gate refuses the request before any rule sees it, and the status that says so.
  package let refusal: (reason: String, status: Int)?

  package init(_ bytes: [UInt8]) {
    refusal = Self.refusal(bytes)
    var position = 0
    takeLine(Self.line(bytes, &position) ?? [])
    while let line = Self.line(bytes, &position), !line.isEmpty {
      guard let colon = line.firstIndex(of: 0x3a) else { continue }
      fields.append(Field(name: line[..<colon], value: Self.trimmed(line[(colon + 1)...])))
    }
    takeBody(bytes[position...])
  }

  /// The next line up to CRLF.
  private static func line(_ bytes: [UInt8], _ position: inout Int) -> ArraySlice<UInt8>? {
    guard position < bytes.count else { return nil }
    let start = position
    var end = start
    while end + 1 < bytes.count, !(bytes[end] == 0x0d && bytes[end + 1] == 0x0a) { end += 1 }
    guard end + 1 < bytes.count else {
      position = bytes.count
      return bytes[start...]
    }
    position = end + 2
    return bytes[start..<end]
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return bytes
  }

  private mutating func takeLine(_ line: ArraySlice<UInt8>) {
    let line = Self.trimmed(line)
    guard let first = line.firstIndex(of: 0x20) else {
      method = line
      return
    }
    method = line[..<first]
    let rest = line[(first + 1)...]
    guard let last = rest.lastIndex(of: 0x20) else {
      target = rest
      return
    }
    target = rest[..<last]
    version = rest[(last + 1)...]
  }

  package func values(_ name: String) -> [String] {
    let name = name.lowercased()
    return fields.filter { String(decoding: $0.name, as: UTF8.self).lowercased() == name }
      .map { String(decoding: $0.value, as: UTF8.self) }
  }

  private mutating func takeBody(_ rest: ArraySlice<UInt8>) {
    if values("transfer-encoding").contains(where: { $0.lowercased().contains("chunked") }) {
      body = Self.unchunked(rest)
    } else if let text = values("content-length").first, let length = Int(text), length > 0 {
      body = Array(rest.prefix(length))
    }
  }

  /// The data of chunks, as far as they can be told apart.
  private static func unchunked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let bytes = Array(bytes)
    var result: [UInt8] = []
    var position = 0
    while let line = line(bytes, &position) {
      let digits = line.prefix { $0 != 0x3b }
      guard let size = Int(String(decoding: trimmed(digits), as: UTF8.self), radix: 16), size > 0 else { break }
      result += bytes[position...].prefix(size)
      position = min(bytes.count, position + min(size, bytes.count) + 2)
    }
    return result
  }

  private static func refusal(_ bytes: [UInt8]) -> (reason: String, status: Int)? {
    var head = RequestHead()
    do throws(HeadError) {
      guard try head.parse(bytes.span, limits: HeadLimits()) else { return ("the head has no end", 400) }
      guard head.framing == .chunked else { return nil }
      var decoder = BodyDecoder(.chunked)
      var position = head.length
      while true {
        switch try decoder.next(bytes.span, from: position) {
        case .data(let range): position = range.upperBound
        case .needMore, .end: return nil
        }
      }
    } catch {
      return (error.reason.rawValue, error.requestStatus)
    }
  }
}
