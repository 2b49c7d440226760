import SluiceModel

/// What a configuration may say. Pure.
enum NameRules {
  /// What is wrong with the configuration; empty when nothing is.
  static func problems(of configuration: ACMEConfiguration) -> [String] {
    var problems: [String] = []
    let policy = ACMEURLPolicy(directory: configuration.directory)
    if let problem = policy.problem(with: configuration.directory) {
      problems.append(
        "`acme.directory`: `\(cleaned(configuration.directory))` \(problem); plain `http` is for loopback addresses only"
      )
    }
    for contact in configuration.contact where !isMail(contact) {
      problems.append("`acme.contact`: `\(cleaned(contact))` is not an address such as `mailto:ot@plant.example`")
    }
    if configuration.state.isEmpty { problems.append("`acme.state`: names no folder") }
    if let external = configuration.externalAccount {
      if external.keyID.isEmpty { problems.append("`acme.externalAccount.keyID`: is empty") }
      if Base64URL.decode(external.key.reveal()) == nil {
        problems.append("`acme.externalAccount.key`: is not base64url")
      }
    }
    if configuration.certificates.isEmpty { problems.append("`acme.certificates`: names no certificate") }
    if configuration.certificates.count > ACMELimits.certificates {
      problems.append("`acme.certificates`: has more than \(ACMELimits.certificates) entries")
    }
    var seen: Set<String> = []
    for certificate in configuration.certificates.prefix(ACMELimits.certificates) {
      problems += Self.problems(of: certificate)
      if let name = certificate.names.first, !seen.insert(name).inserted {
        problems.append("`acme.certificates`: two begin with `\(cleaned(name))`")
      }
    }
    return problems
  }

  private static func problems(of certificate: ACMECertificateConfiguration) -> [String] {
    guard (1...ACMELimits.namesPerCertificate).contains(certificate.names.count) else {
      return ["`acme.certificates.names`: from 1 to \(ACMELimits.namesPerCertificate) names make a certificate"]
    }
    var problems: [String] = []
    for name in certificate.names {
      if let problem = Self.problem(with: name) {
        problems.append("`acme.certificates.names`: `\(cleaned(name))` \(problem)")
      }
    }
    if Set(certificate.names).count != certificate.names.count {
      problems.append("`acme.certificates.names`: `\(cleaned(certificate.names[0]))` has a name twice")
    }
    return problems
  }

  /// Why a certificate can't be ordered for the name; nil when it can.
  static func problem(with name: String) -> String? {
    if name.hasPrefix("*.") { return "is a wildcard, which neither http-01 nor tls-alpn-01 can prove" }
    guard (1...253).contains(name.utf8.count) else { return "is not a DNS name" }
    if name.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) {
      return "has capital letters: write it in lower case"
    }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let areWell = labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
          default: false
          }
        }
    }
    guard areWell else { return "is not a DNS name" }
    if labels.last?.allSatisfy(\.isNumber) == true { return "is an address, not a DNS name" }
    return nil
  }

  private static func isMail(_ contact: String) -> Bool {
    guard contact.hasPrefix("mailto:"), contact.utf8.count <= 256 else { return false }
    let address = contact.dropFirst("mailto:".count)
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
      && address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !",?#<>\"".utf8.contains($0) }
  }
}
