import Foundation

/// The backend that regression tests expect behind the rules: 200 without a body to anything, and to `POST /reflect`
/// the reply that the request's JSON describes. It behaves as albedo, the backend of the core rule set's own runs.
package struct ReflectingBackend: Sendable {
  package struct Reply: Sendable {
    package var status = 200
    package var fields: [RegressionField] = []
    package var body: [UInt8] = []
  }

  private struct Description: Decodable {
    var status: Int?
    var headers: [String: String]?
    var body: String?
    var encodedBody: String?
    var logMessage: String?
  }

  package init() {}

  package func reply(method: String, target: String, body: [UInt8]) -> Reply {
    let path = target.prefix { $0 != "?" && $0 != "#" }
    guard method == "POST", path == "/reflect" || path.hasPrefix("/reflect/") else { return Reply() }
    guard let description = try? JSONDecoder().decode(Description.self, from: Data(body)) else {
      return Self.refusal("Invalid JSON in request body")
    }
    let status = description.status ?? 0
    guard status == 0 || (100..<600).contains(status) else { return Self.refusal("Invalid status code: \(status)") }
    var reply = Reply(status: status == 0 ? 200 : status)
    reply.fields = (description.headers ?? [:]).sorted { $0.key < $1.key }
      .filter { Self.isField($0.key, $0.value) }.map { RegressionField(name: $0.key, value: $0.value) }
    if let body = description.body, !body.isEmpty {
      reply.body = Array(body.utf8)
    } else if let encoded = description.encodedBody, !encoded.isEmpty {
      guard let data = Data(base64Encoded: encoded, options: .ignoreUnknownCharacters) else {
        return Self.refusal("invalid base64 encoding of response body")
      }
      reply.body = Array(data)
    }
    let isTyped = reply.fields.contains { ["content-type", "content-encoding"].contains($0.name.lowercased()) }
    if !isTyped, !reply.body.isEmpty {
      reply.fields.append(RegressionField(name: "Content-Type", value: Self.mediaType(reply.body)))
    }
    return reply
  }

  private static func refusal(_ text: String) -> Reply {
    Reply(
      status: 400, fields: [RegressionField(name: "Content-Type", value: "text/plain; charset=utf-8")],
      body: Array(text.utf8))
  }

  /// Fields that HTTP has no place for are left out.
  private static func isField(_ name: String, _ value: String) -> Bool {
    let marks = Set("!#$%&'*+-.^_`|~".utf8)
    let isName = name.utf8.allSatisfy {
      marks.contains($0) || (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
    }
    return isName && !name.isEmpty && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
  }

  /// What a Go server takes a body for that has no type (WHATWG MIME sniffing, its text and its commonest signatures).
  static func mediaType(_ body: [UInt8]) -> String {
    let head = body.prefix(512)
    let text = head.drop { [0x09, 0x0a, 0x0c, 0x0d, 0x20].contains($0) }
    if tags.contains(where: { begins(text, with: $0) }) || text.starts(with: Array("<!--".utf8)) {
      return "text/html; charset=utf-8"
    }
    if text.starts(with: Array("<?xml".utf8)) { return "text/xml; charset=utf-8" }
    for (signature, type) in signatures where head.starts(with: signature) { return type }
    let isBinary = text.contains { byte in
      byte <= 0x08 || byte == 0x0b || (0x0e...0x1a).contains(byte) || (0x1c...0x1f).contains(byte)
    }
    return isBinary ? "application/octet-stream" : "text/plain; charset=utf-8"
  }

  private static let tags = [
    "<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table", "<a", "<style",
    "<title", "<b", "<body", "<br", "<p",
  ].map { Array($0.utf8) }

  private static func begins(_ text: ArraySlice<UInt8>, with tag: [UInt8]) -> Bool {
    guard text.count > tag.count else { return false }
    let end = text[text.startIndex + tag.count]
    guard end == 0x20 || end == 0x3e else { return false }
    return zip(text, tag).allSatisfy { ($0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0) == $1 }
  }

  private static let signatures: [([UInt8], String)] = [
    (Array("%PDF-".utf8), "application/pdf"), (Array("%!PS-Adobe-".utf8), "application/postscript"),
    ([0xfe, 0xff], "text/plain; charset=utf-16be"), ([0xff, 0xfe], "text/plain; charset=utf-16le"),
    ([0xef, 0xbb, 0xbf], "text/plain; charset=utf-8"), (Array("BM".utf8), "image/bmp"),
    (Array("GIF87a".utf8), "image/gif"), (Array("GIF89a".utf8), "image/gif"),
    ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "image/png"), ([0xff, 0xd8, 0xff], "image/jpeg"),
    (Array("OggS\u{0}".utf8), "application/ogg"), (Array("ID3".utf8), "audio/mpeg"),
    ([0x1f, 0x8b, 0x08], "application/x-gzip"), (Array("PK\u{3}\u{4}".utf8), "application/zip"),
    (Array("Rar!\u{1a}\u{7}".utf8), "application/x-rar-compressed"), ([0x00, 0x61, 0x73, 0x6d], "application/wasm"),
  ]
}
