/// What URLs are followed: `https`, and plain `http` only between loopback addresses, since a private server on the same
/// machine and the tests have no more to fear there.
struct ACMEURLPolicy: Sendable {
  var allowsLoopbackHTTP: Bool

  /// The policy for the URLs that a directory leads to.
  init(directory: String) { allowsLoopbackHTTP = directory.hasPrefix("http://") }

  /// Why the URL is not followed; nil when it is.
  func problem(with url: String) -> String? {
    guard url.utf8.count <= ACMELimits.urlBytes else { return "is longer than \(ACMELimits.urlBytes) bytes" }
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !#""<>\^`{|}"#.utf8.contains($0) }) else {
      return "has characters that a URL has not"
    }
    if url.hasPrefix("https://") { return Self.host(of: url.dropFirst(8)) == nil ? "has no host" : nil }
    guard url.hasPrefix("http://") else { return "is not `https`" }
    guard let host = Self.host(of: url.dropFirst(7)) else { return "has no host" }
    guard allowsLoopbackHTTP, Self.isLoopback(host) else { return "is not `https`" }
    return nil
  }

  /// The host of an authority; nil when there is none, or there is user information or a fragment.
  private static func host(of rest: Substring) -> Substring? {
    guard !rest.contains("#") else { return nil }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@") else { return nil }
    let host: Substring
    let port: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[authority.index(after: authority.startIndex)..<end]
      port = authority[authority.index(after: end)...]
    } else {
      host = authority.prefix { $0 != ":" }
      port = authority[host.endIndex...]
    }
    guard !host.isEmpty else { return nil }
    guard port.isEmpty || (port.first == ":" && UInt16(port.dropFirst()) != nil) else { return nil }
    return host
  }

  private static func isLoopback(_ host: Substring) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
