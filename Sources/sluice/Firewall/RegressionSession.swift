/// Sends the stages of one test, one after the other, with what a stage hands on to the next: cookies, a redirect.
package struct RegressionSession {
  private var cookies: [(name: String, value: String)] = []
  private var location: String?

  package init() {}

  /// The bytes of a stage's request; nil when it should follow a redirect and there was none.
  package mutating func request(_ input: RegressionInput) -> [UInt8]? {
    var input = input
    if input.followsRedirect {
      guard let location else { return nil }
      follow(location, &input)
    }
    let saved = cookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    return RegressionRequest.bytes(input, cookies: saved.isEmpty ? nil : saved)
  }

  package mutating func received(_ outcome: RegressionOutcome, for input: RegressionInput) {
    location = (300..<400).contains(outcome.status ?? 0) ? outcome.location : nil
    guard input.savesCookies else { return }
    for cookie in outcome.cookies {
      let pair = cookie.prefix { $0 != ";" }
      guard let equals = pair.firstIndex(of: "=") else { continue }
      let name = String(pair[..<equals]).trimmed
      cookies.removeAll { $0.name == name }
      cookies.append((name, String(pair[pair.index(after: equals)...]).trimmed))
    }
  }

  /// An absolute location names the host as well; a relative one is seen from the target before.
  private func follow(_ location: String, _ input: inout RegressionInput) {
    var path = Substring(location).prefix { $0 != "#" }
    if let mark = path.firstRange(of: "://") {
      let rest = path[mark.upperBound...]
      let host = rest.prefix { $0 != "/" && $0 != "?" }
      path = rest[host.endIndex...]
      input.fields.removeAll { $0.name.lowercased() == "host" }
      input.fields.append(RegressionField(name: "Host", value: String(host)))
    }
    if path.isEmpty || path.first == "?" { path = "/" + path }
    if path.first != "/" {
      let folder = input.target.prefix { $0 != "?" }.lastIndex(of: "/").map { input.target[...$0] } ?? "/"
      path = folder + path
    }
    input.target = String(path)
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
