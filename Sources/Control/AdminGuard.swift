package import HTTPTypes
import Hummingbird
package import SluiceModel

/// Who may speak to the admin API: checks of every request before it reaches an endpoint.
///
/// On a Unix socket the file's mode decides. On an IP address the token does, and `Host`, `Origin` and `Sec-Fetch-Site`
/// keep web pages out: a name that a hostile site rebinds to loopback, and requests across sites.
package struct AdminGuard: Sendable {
  /// The port on loopback; nil on a Unix socket.
  var port: Int?
  /// The bearer token; nil on a Unix socket.
  var token: Secret?

  package init(port: Int? = nil, token: Secret? = nil) {
    self.port = port
    self.token = token
  }

  private static let hosts: Set<String> = ["localhost", "127.0.0.1", "[::1]"]
  private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")
  private static let hostField = HTTPField.Name("Host")

  /// - Parameter authenticated: whether the endpoint wants the token.
  /// - Throws: `Problem` when the request is refused.
  package func check(_ head: HTTPRequest, authenticated: Bool) throws {
    let fields = head.headerFields
    if let name = Self.hostField, fields.contains(name) {
      throw Problem.badRequest("the request has more than one `Host`")
    }
    guard head.path?.first == "/" else { throw Problem.badRequest("the request target must be a path") }
    if let port {
      try checkHost(head.authority, port: port)
      try checkOrigin(fields[values: .origin], port: port)
    } else if fields.contains(.origin) {
      throw Problem.forbidden("a web page may not use the admin socket")
    }
    if let name = Self.fetchSite, let site = fields[name], site != "same-origin", site != "none" {
      throw Problem.forbidden("the request comes from another site (`Sec-Fetch-Site: \(bounded(site))`)")
    }
    if authenticated, let token {
      let values = fields[values: .authorization]
      guard values.count == 1, let value = values.first, value.prefix(7).lowercased() == "bearer ",
        AdminToken.matches(value.dropFirst(7), token)
      else { throw Problem.unauthorized() }
    }
  }

  private func checkHost(_ authority: String?, port: Int) throws {
    guard let authority else { throw Problem.badRequest("the request has no `Host`") }
    guard let host = strip(port: port, from: authority.lowercased()), Self.hosts.contains(host) else {
      throw Problem.misdirected("`\(bounded(authority))` is not this admin API")
    }
  }

  private func checkOrigin(_ values: [String], port: Int) throws {
    guard let origin = values.first else { return }
    guard values.count == 1, origin.lowercased().hasPrefix("http://"),
      let host = strip(port: port, from: origin.lowercased().dropFirst(7)), Self.hosts.contains(host)
    else { throw Problem.forbidden("the origin `\(bounded(origin))` is not this admin API") }
  }

  /// The host of `host:port`, or nil when the port is another one. No port means 80.
  private func strip(port: Int, from text: some StringProtocol) -> String? {
    if text.hasSuffix(":\(port)") { return String(text.dropLast(":\(port)".count)) }
    return port == 80 ? String(text) : nil
  }
}

/// User input as it may appear in an error text: printable, and not long.
func bounded(_ text: some StringProtocol, limit: Int = 100) -> String {
  let printable = text.unicodeScalars.prefix(limit).map { scalar -> Character in
    scalar.properties.generalCategory == .control || scalar == "`" ? "�" : Character(scalar)
  }
  return String(printable) + (text.unicodeScalars.count > limit ? "…" : "")
}
