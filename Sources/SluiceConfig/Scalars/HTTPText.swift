/// What HTTP allows in names, values, hosts and paths.
enum HTTPText {
  static let tokenPattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
  static let hostPattern = "^(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$"

  /// Fields that say where a message ends, where it goes or how the connection lives on: the gate's alone.
  private static let reserved: Set<String> = [
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade", "content-length",
    "host", "expect", "http2-settings",
  ]

  static func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains($0) }
  }

  /// A field name (RFC 9110 §5.1).
  static func fieldName(_ text: String) throws(ScalarProblem) -> String {
    guard isToken(text), text.utf8.count <= 256 else {
      throw ScalarProblem(
        "\(quoted(text)) is no header name", hint: "use letters, digits and hyphens, such as `X-Plant`")
    }
    return text
  }

  /// A field name that a filter may change.
  static func changeableFieldName(_ text: String) throws(ScalarProblem) -> String {
    let name = try fieldName(text)
    guard !reserved.contains(name.lowercased()) else {
      throw ScalarProblem(
        "header \(quoted(name)) belongs to the gate and can't be changed",
        hint: name.lowercased() == "host" ? "use the route's `rewrite: { host: … }`" : nil)
    }
    return name
  }

  /// A field value (RFC 9110 §5.5): no control characters but the tab, no space at either end.
  static func fieldValue(_ text: String) throws(ScalarProblem) -> String {
    guard text.utf8.count <= 8 << 10 else {
      throw ScalarProblem("a header value of more than 8KiB")
    }
    guard text.utf8.allSatisfy({ $0 == 9 || $0 >= 0x20 && $0 != 0x7f }) else {
      throw ScalarProblem("header value \(quoted(text)) has a line break or another control character")
    }
    guard text.utf8.first.map({ $0 != 9 && $0 != 32 }) ?? true, text.utf8.last.map({ $0 != 9 && $0 != 32 }) ?? true
    else { throw ScalarProblem("header value \(quoted(text)) begins or ends with space") }
    return text
  }

  static func method(_ text: String) throws(ScalarProblem) -> String {
    guard isToken(text), text.utf8.count <= 32 else {
      throw ScalarProblem("\(quoted(text)) is no method", hint: "write one such as `GET`")
    }
    guard text == text.uppercased() else {
      throw ScalarProblem("methods are in capitals, found \(quoted(text))", hint: "write `\(text.uppercased())`")
    }
    return text
  }

  /// A host name in lower case without a port; with `wildcard`, `*.` may stand before it.
  static func host(_ text: String, wildcard: Bool) throws(ScalarProblem) -> String {
    var name = text[...]
    if text.hasPrefix("*.") {
      guard wildcard else { throw ScalarProblem("\(quoted(text)) is no host", hint: "`*.` can't stand here") }
      name = name.dropFirst(2)
    }
    guard !text.contains(":") else {
      throw ScalarProblem("host \(quoted(text)) has a port", hint: "write the name alone")
    }
    guard text == text.lowercased() else {
      throw ScalarProblem("host \(quoted(text)) is not in lower case", hint: "write `\(printable(text.lowercased()))`")
    }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253, labels.allSatisfy(isLabel) else {
      throw ScalarProblem(
        "\(quoted(text)) is no host name",
        hint: wildcard ? "write `app.example.org` or `*.example.org`" : "write one such as `app.example.org`")
    }
    return text
  }

  /// A path from its `/`, with a query when that is allowed.
  static func path(_ text: String, query: Bool = false) throws(ScalarProblem) -> String {
    guard text.hasPrefix("/") else {
      throw ScalarProblem("path \(quoted(text)) does not begin with `/`", hint: "write `/\(printable(text))`")
    }
    guard text.utf8.count <= 4 << 10 else { throw ScalarProblem("a path of more than 4KiB") }
    guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") })
    else {
      throw ScalarProblem(
        "path \(quoted(text)) has characters that must be percent-encoded", hint: "write `%20` for a space")
    }
    guard query || !text.contains("?") else {
      throw ScalarProblem("path \(quoted(text)) has a query", hint: "write the path alone")
    }
    return text
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
      && label.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }
}
