public import SluiceModel

/// The names that an authority may vouch for (RFC 5280, 4.2.1.10). Each kind is for itself: without a permitted name of a
/// kind, all names of that kind are permitted that aren't excluded.
public struct NameConstraints: Sendable, Equatable {
  /// One kind of names.
  public struct Names<Name: Sendable & Equatable>: Sendable, Equatable {
    public var permitted: [Name] = []
    public var excluded: [Name] = []

    var isEmpty: Bool { permitted.isEmpty && excluded.isEmpty }
  }

  /// A domain with all below it: `plant.example`.
  public var dns = Names<String>()
  public var ip = Names<AddressRange>()
  /// A host, or one mailbox: `plant.example`, `ann@plant.example`.
  public var email = Names<String>()
  /// The host of URIs: a SPIFFE trust domain.
  public var uri = Names<String>()

  public init() {}

  public var isEmpty: Bool { dns.isEmpty && ip.isEmpty && email.isEmpty && uri.isEmpty }

  /// As `dns:plant.example`, `ip:10.0.0.0/8`.
  public var permittedTexts: [String] {
    Self.texts(dns.permitted, ip.permitted, uri.permitted, email.permitted)
  }

  /// As `permittedTexts`.
  public var excludedTexts: [String] { Self.texts(dns.excluded, ip.excluded, uri.excluded, email.excluded) }

  private static func texts(
    _ dns: [String], _ ip: [AddressRange], _ uri: [String], _ email: [String]
  ) -> [String] {
    dns.map { "dns:" + $0 } + ip.map { "ip:\($0)" } + uri.map { "uri:" + $0 } + email.map { "email:" + $0 }
  }

  // MARK: Checks

  /// - Returns: what is wrong with the first name outside the constraints; nil when all are within.
  public func problem(with names: CertificateNames) -> PKIError? {
    for name in names.dns {
      if let found = Self.problem("DNS name", name, dns, Self.dnsIsWithin) { return found }
      if name.hasPrefix("*."), dns.excluded.contains(where: { $0.hasSuffix(String(name.dropFirst())) }) {
        return PKIError("the DNS name `\(name)` includes names that the authority excludes")
      }
    }
    for address in names.ip {
      if let found = Self.problem("address", address, ip, { $1.base.isV4 == $0.isV4 && $1.contains($0) }) {
        return found
      }
    }
    for address in names.email {
      if let found = Self.problem("e-mail address", address, email, Self.emailIsWithin) { return found }
    }
    for id in names.spiffe {
      if let found = Self.problem("SPIFFE trust domain", id.trustDomain, uri, { $0 == $1 }) { return found }
    }
    return nil
  }

  private static func problem<Name: CustomStringConvertible, Rule: CustomStringConvertible>(
    _ kind: String, _ name: Name, _ names: Names<Rule>, _ isWithin: (Name, Rule) -> Bool
  ) -> PKIError? {
    if let rule = names.excluded.first(where: { isWithin(name, $0) }) {
      return PKIError("the \(kind) `\(name)` is excluded by the authority's name constraint `\(rule)`")
    }
    guard !names.permitted.isEmpty, !names.permitted.contains(where: { isWithin(name, $0) }) else { return nil }
    let allowed = names.permitted.map { "`\($0)`" }.joined(separator: ", ")
    return PKIError(
      "the \(kind) `\(name)` is outside the authority's name constraints", hint: "it may vouch for \(allowed)")
  }

  static func dnsIsWithin(_ name: String, _ domain: String) -> Bool {
    let bare = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
    return bare == domain || bare.hasSuffix("." + domain)
  }

  /// The host's part compares without case, the mailbox exactly.
  static func emailIsWithin(_ address: String, _ rule: String) -> Bool {
    guard let at = address.lastIndex(of: "@") else { return false }
    let host = address[address.index(after: at)...].lowercased()
    guard let ruleAt = rule.lastIndex(of: "@") else { return host == rule.lowercased() }
    return address[..<at] == rule[..<ruleAt] && host == rule[rule.index(after: ruleAt)...].lowercased()
  }

  // MARK: DER

  /// The extension's value.
  func encoded() -> [UInt8] {
    func subtrees(_ number: UInt8, _ pick: (Bool) -> [[UInt8]]) -> [UInt8] {
      let list = pick(number == 0).map { DERWriter.sequence($0) }
      return list.isEmpty ? [] : DERWriter.element(DERReader.Tag.constructed(number), list.flatMap { $0 })
    }
    func names(_ permitted: Bool) -> [[UInt8]] {
      let text = { (tag: UInt8, names: Names<String>) in
        (permitted ? names.permitted : names.excluded).map {
          DERWriter.element(DERReader.Tag.context(tag), Array($0.utf8))
        }
      }
      let ranges = (permitted ? ip.permitted : ip.excluded).map {
        DERWriter.element(DERReader.Tag.context(7), Self.octets($0))
      }
      return text(1, email) + text(2, dns) + text(6, uri) + ranges
    }
    return DERWriter.sequence(subtrees(0, names), subtrees(1, names))
  }

  /// Address and mask.
  private static func octets(_ range: AddressRange) -> [UInt8] {
    let address = range.base.octets
    let bits = range.base.isV4 ? range.prefixBits - 96 : range.prefixBits
    let mask = address.indices.map { index in
      UInt8(truncatingIfNeeded: 0xff00 >> min(max(bits - index * 8, 0), 8))
    }
    return address + mask
  }

  /// Reads the extension's value.
  ///
  /// - Throws: when it isn't well-formed or has names of other kinds.
  init(encoded: [UInt8]) throws(PKIError) {
    var reader = DERReader(encoded)
    var fields = try reader.enter(DERReader.Tag.sequence, "the name constraints")
    for number: UInt8 in [0, 1] {
      guard let trees = try fields.nextIf(DERReader.Tag.constructed(number)) else { continue }
      var list = fields.inside(trees)
      while !list.isAtEnd {
        var tree = try list.enter(DERReader.Tag.sequence, "a subtree of names")
        try read(try tree.next(), tree.bytes, isPermitted: number == 0)
        try tree.expectEnd("a subtree of names")
      }
    }
    try fields.expectEnd("the name constraints")
    try reader.expectEnd("the name constraints")
  }

  private mutating func read(
    _ name: DERReader.Element, _ bytes: [UInt8], isPermitted: Bool
  ) throws(PKIError) {
    let content = bytes[name.content]
    let side = isPermitted
    func add<Name>(_ name: Name, _ names: inout Names<Name>) {
      if side { names.permitted.append(name) } else { names.excluded.append(name) }
    }
    let text = String(decoding: content, as: UTF8.self)
    switch name.tag {
    case DERReader.Tag.context(1): add(text, &email)
    case DERReader.Tag.context(2): add(text, &dns)
    case DERReader.Tag.context(6): add(text, &uri)
    case DERReader.Tag.context(7):
      guard let base = CertificateExtensions.address(content.prefix(content.count / 2)) else {
        throw PKIError("a name constraint with an address that can't be")
      }
      let bits = content.suffix(content.count / 2).reduce(0) { $0 + $1.nonzeroBitCount }
      guard let range = AddressRange("\(base)/\(bits)"), Self.octets(range).elementsEqual(content) else {
        throw PKIError("a name constraint with an address and mask that don't fit")
      }
      add(range, &ip)
    default: throw PKIError("a name constraint of a kind that isn't supported")
    }
  }
}

extension IPAddress {
  /// 4 or 16 octets.
  var octets: [UInt8] {
    let all = [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
    return isV4 ? Array(all.suffix(4)) : all
  }
}
