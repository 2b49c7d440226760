/// A configuration with one HTTP listener `web`, one pool `app` and one route `all`.
///
/// - Parameters:
///   - listener: more keys of the listener, as the inside of a flow mapping.
///   - pool: more keys of the pool.
///   - route: more keys of the route.
///   - more: further routes, each a block list item at two spaces.
func webConfiguration(
  _ ports: Int..., listener: String = "", pool: String = "", route: String = "", more: String = ""
) -> String {
  func joined(_ text: String) -> String { text.isEmpty ? "" : ", " + text }
  let endpoints = ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
  return """
    runtime: { loops: 1, drainTimeout: 5s }
    listeners:
      - { name: web, address: "127.0.0.1:0", protocol: http\(joined(listener)) }
    pools:
      - { name: app, endpoints: [\(endpoints)]\(joined(pool)) }
    routes:
      - { name: all, listeners: [web], matches: [{ path: { prefix: / } }], pool: app\(joined(route)) }
    \(more)
    """
}

/// A GET with no more than what must be there.
func get(_ target: String, host: String = "app.test", fields: String...) -> String {
  "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields.map { $0 + "\r\n" }.joined())\r\n"
}
