/// An HTTP/1.1 message as it stood on the wire: no normalisation, so that tests can look at what was really sent.
struct HTTPMessage: Sendable {
  var startLine: String
  /// Field lines in order, names as written.
  var fields: [(name: String, value: String)] = []
  var body = ""
  var trailers: [(name: String, value: String)] = []

  /// The status of a reply, 0 for a request.
  var status: Int { startLine.hasPrefix("HTTP/1.") ? Int(target) ?? 0 : 0 }
  /// The target of a request: the second word.
  var target: String { String(startLine.split(separator: " ").dropFirst().first ?? "") }

  /// The values of all lines of a field.
  func all(_ name: String) -> [String] { fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value) }
  subscript(name: String) -> String? { all(name).first }
}

extension RawConnection {
  /// Reads one message with its body (RFC 9112 §6.3).
  ///
  /// - Parameter hasBody: false for the reply to HEAD.
  func readMessage(hasBody: Bool = true) throws -> HTTPMessage {
    var message = try readHead()
    let status = message.status
    guard hasBody, status != 204, status != 304, !(100..<200).contains(status) else { return message }
    if let coding = message["Transfer-Encoding"] {
      guard coding == "chunked" else { throw PeerFailure("unexpected transfer coding `\(coding)`") }
      while true {
        let line = try read(until: "\r\n").dropLast(1)
        guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else { throw PeerFailure("bad chunk `\(line)`") }
        if size == 0 { break }
        message.body += String(decoding: try read(exactly: size), as: UTF8.self)
        guard try read(exactly: 2) == [13, 10] else { throw PeerFailure("a chunk without an end") }
      }
      message.trailers = try readFields()
    } else if let length = message["Content-Length"].flatMap({ Int($0) }) {
      message.body = String(decoding: try read(exactly: length), as: UTF8.self)
    } else if message.status > 0 {
      message.body = try readToEnd()
    }
    return message
  }

  /// Reads a head, and nothing of what follows.
  func readHead() throws -> HTTPMessage {
    let line = try read(until: "\r\n")
    return HTTPMessage(startLine: String(line.dropLast(1)), fields: try readFields())
  }

  private func readFields() throws -> [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = []
    while true {
      // "\r\n" is one Character.
      let line = try read(until: "\r\n").dropLast(1)
      if line.isEmpty { return fields }
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw PeerFailure("bad field line `\(line)`") }
      fields.append((String(parts[0]), String(parts[1].drop { $0 == " " })))
    }
  }
}
