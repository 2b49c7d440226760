/// A reply of a gate, as far as a test asks about it.
package struct GateReply {
  package private(set) var status = 0
  package private(set) var fields: [(name: String, value: String)] = []
  /// The final reply with its body.
  package private(set) var bytes: [UInt8] = []
  package private(set) var isComplete = false

  /// Nil when there is no head. Interim replies are passed over.
  package init?(_ received: [UInt8], isHead: Bool) {
    var rest = received[...]
    while true {
      guard let end = Self.end(rest, of: [0x0d, 0x0a, 0x0d, 0x0a]) else { return nil }
      let lines = String(decoding: rest[..<end], as: UTF8.self).split(separator: "\r\n")
      let parts = lines.first?.split(separator: " ", maxSplits: 2) ?? []
      guard parts.count >= 2, parts[0].hasPrefix("HTTP/"), let status = Int(parts[1]) else { return nil }
      if (100..<200).contains(status), status != 101 {
        rest = rest[end...]
        continue
      }
      self.status = status
      fields = lines.dropFirst().compactMap { line in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        return (line[..<colon].lowercased(), String(value))
      }
      bytes = Array(rest)
      isComplete = isHead || status == 204 || status == 304 || hasWholeBody(rest[end...])
      return
    }
  }

  package func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  private func hasWholeBody(_ body: ArraySlice<UInt8>) -> Bool {
    if values("transfer-encoding").contains(where: { $0.lowercased().contains("chunked") }) {
      let last = Array("0\r\n\r\n".utf8)
      return body.count == last.count ? body.elementsEqual(last) : body.suffix(7).elementsEqual([0x0d, 0x0a] + last)
    }
    return values("content-length").first.flatMap { Int($0) }.map { body.count >= $0 } ?? false
  }

  private static func end(_ bytes: ArraySlice<UInt8>, of mark: [UInt8]) -> Int? {
    bytes.firstRange(of: mark)?.upperBound
  }
}
