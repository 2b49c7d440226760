public import SluiceModel

/// The alternative names of a certificate to issue, each checked.
public struct CertificateNames: Sendable, Equatable {
  public private(set) var dns: [String] = []
  public private(set) var ip: [IPAddress] = []
  public private(set) var email: [String] = []
  /// At most one (X.509-SVID, 2).
  public private(set) var spiffe: [SPIFFEID] = []

  /// - Throws: with the first name that isn't well-formed.
  public init(
    dns: [String] = [], ip: [String] = [], email: [String] = [], spiffe: String? = nil
  ) throws(PKIError) {
    for name in dns { self.dns.append(try Self.checkedDNS(name, mayBeWildcard: true)) }
    for text in ip {
      guard let address = IPAddress(text) else {
        throw PKIError("`\(text)` isn't an address", hint: "write it as `10.0.5.11` or `2001:db8::1`")
      }
      self.ip.append(address)
    }
    for address in email { self.email.append(try Self.checkedEmail(address)) }
    if let spiffe {
      let id: SPIFFEID
      do {
        id = try SPIFFEID(spiffe)
      } catch {
        throw PKIError("`\(spiffe)`: \(error.message)", hint: "write it as `spiffe://plant.example/historian`")
      }
      guard !id.path.isEmpty else {
        throw PKIError("`\(spiffe)` has no path", hint: "write it as `spiffe://\(id.trustDomain)/historian`")
      }
      self.spiffe = [id]
    }
    guard count <= PKILimits.alternativeNames else {
      throw PKIError("more than \(PKILimits.alternativeNames) alternative names")
    }
  }

  public var count: Int { dns.count + ip.count + email.count + spiffe.count }

  /// As `dns:gate.plant.example`, `ip:10.0.0.1`.
  public var texts: [String] {
    dns.map { "dns:" + $0 } + ip.map { "ip:\($0)" } + spiffe.map { "uri:\($0)" } + email.map { "email:" + $0 }
  }

  /// A host name in lower case (RFC 1123, 2.1), underscores allowed; the first label may be `*`.
  static func checkedDNS(_ name: String, mayBeWildcard: Bool) throws(PKIError) -> String {
    let lowered = name.lowercased()
    let isWildcard = mayBeWildcard && lowered.hasPrefix("*.")
    let labels = (isWildcard ? lowered.dropFirst(2) : lowered[...]).split(
      separator: ".", omittingEmptySubsequences: false)
    func isFine(_ label: Substring) -> Bool {
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
        }
    }
    guard lowered.utf8.count <= 253, labels.allSatisfy(isFine), !isWildcard || labels.count >= 2 else {
      throw PKIError("`\(name)` isn't a DNS name", hint: "write it as `gate.plant.example` or `*.plant.example`")
    }
    guard IPAddress(lowered) == nil else { throw PKIError("`\(name)` is an address", hint: "give it with --ip") }
    return lowered
  }

  static func checkedEmail(_ address: String) throws(PKIError) -> String {
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
      parts[0].utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
      (try? checkedDNS(String(parts[1]), mayBeWildcard: false)) != nil
    else { throw PKIError("`\(address)` isn't an e-mail address", hint: "write it as `ann@plant.example`") }
    return address
  }

  /// GeneralNames.
  package func encoded() -> [UInt8] {
    func name(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { DERWriter.element(DERReader.Tag.context(tag), content) }
    let names =
      dns.map { name(2, Array($0.utf8)) } + ip.map { name(7, $0.octets) }
      + spiffe.map { name(6, Array($0.description.utf8)) } + email.map { name(1, Array($0.utf8)) }
    return DERWriter.element(DERReader.Tag.sequence, names.flatMap { $0 })
  }
}
