public import SluiceModel

extension CertificateFacts {
  /// Whether one of the certificate's alternative names is a host's (RFC 9525, 6): an address among its addresses, a name
  /// exactly, or with `*` as the whole first label of a pattern that has at least two labels more. The subject's common
  /// name doesn't count.
  ///
  /// - Parameter host: a name or address without a port; an IPv6 address with brackets or without.
  public func covers(host: String) -> Bool { HostNames.match(host, identity) != nil }
}

/// Which names a certificate is for.
public enum HostNames {
  /// How a name was met.
  public enum Match: Sendable, Equatable {
    case exact
    case wildcard
  }

  /// - Parameter host: a name or address without a port.
  /// - Returns: nil when none of the peer's names is the host's.
  public static func match(_ host: String, _ identity: PeerIdentity) -> Match? {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    if let address = IPAddress(bare) { return identity.ipAddresses.contains(address) ? .exact : nil }
    guard let name = normal(host) else { return nil }
    var result: Match?
    for pattern in identity.dnsNames {
      guard let pattern = normal(pattern) else { continue }
      if pattern == name { return .exact }
      if pattern.hasPrefix("*."), isUnder(name, pattern.dropFirst(1)) { result = .wildcard }
    }
    return result
  }

  /// Lower case, without the root's dot; nil when it has no text, is longer than a name can be or has an empty label.
  private static func normal(_ name: String) -> String? {
    let lowered = (name.hasSuffix(".") ? String(name.dropLast()) : name).lowercased()
    guard (1...253).contains(lowered.utf8.count), !lowered.hasPrefix("."), !lowered.contains("..") else { return nil }
    return lowered
  }

  /// - Parameter suffix: with its dot in front.
  private static func isUnder(_ name: String, _ suffix: Substring) -> Bool {
    guard suffix.dropFirst().contains("."), !suffix.contains("*"), name.hasSuffix(suffix) else { return false }
    let label = name.dropLast(suffix.count)
    return !label.isEmpty && !label.contains(".") && !label.contains("*")
  }

  /// Which certificate to show for a server name: the first with exactly that name, else the first with a wildcard for it.
  ///
  /// - Returns: an index; nil when none is for that name.
  public static func index(for host: String, in certificates: [CertificateFacts]) -> Int? {
    var wildcard: Int?
    for (index, certificate) in certificates.enumerated() {
      switch match(host, certificate.identity) {
      case .exact?: return index
      case .wildcard? where wildcard == nil: wildcard = index
      default: break
      }
    }
    return wildcard
  }
}
