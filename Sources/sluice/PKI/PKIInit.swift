import ArgumentParser
import PKI
import SluiceModel

/// The curve of a new key.
enum CurveOption: String, ExpressibleByArgument, CaseIterable {
  case p256 = "P-256"
  case p384 = "P-384"

  var curve: SigningKey.Curve { self == .p256 ? .p256 : .p384 }
}

/// `sluice pki init`: a new authority.
struct PKIInit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a new authority.",
    discussion: """
      Name constraints bound what a stolen key can do: verifiers refuse certificates for other names. Each kind of name \
      is for itself; a kind without a permitted name is not bounded. Options that take several values take them with \
      commas or repeated.

      Examples:
        sluice pki init --name "Plant CA" --permit-dns plant.example --permit-ip 10.0.0.0/8
        sluice pki init --pki pki-lab --name "Lab CA" --days 365
      """)

  @Option(help: "The authority's name.")
  var name: String

  @Option(help: "The organisation in its name.")
  var organization: String?

  @Option(name: .customLong("permit-dns"), help: ArgumentHelp("Domains, with all below.", valueName: "domain"))
  var permitDNS: [String] = []

  @Option(
    name: .customLong("exclude-dns"), help: ArgumentHelp("Domains never to vouch for.", valueName: "domain"))
  var excludeDNS: [String] = []

  @Option(name: .customLong("permit-ip"), help: ArgumentHelp("Addresses: `10.0.0.0/8`.", valueName: "block"))
  var permitIP: [String] = []

  @Option(
    name: .customLong("exclude-ip"), help: ArgumentHelp("Addresses never to vouch for.", valueName: "block"))
  var excludeIP: [String] = []

  @Option(
    name: .customLong("permit-email"),
    help: ArgumentHelp("The host of e-mail addresses, or one address.", valueName: "host"))
  var permitEmail: [String] = []

  @Option(
    name: .customLong("permit-spiffe"), help: ArgumentHelp("SPIFFE trust domains.", valueName: "trust domain"))
  var permitSPIFFE: [String] = []

  @Option(help: ArgumentHelp("How long the authority counts.", valueName: "days"))
  var days = 3650

  @Option(name: .customLong("crl-days"), help: ArgumentHelp("How long a revocation list counts.", valueName: "days"))
  var listDays = 30

  @Option(help: "The key's curve.")
  var curve = CurveOption.p256

  @OptionGroup var place: PKIDirectoryOption

  func run() throws {
    let authority = try PKITool.run { () throws(PKIError) in
      try CertificateAuthority.create(
        at: place.directory,
        AuthorityRequest(
          name: name, organization: organization, curve: curve.curve, constraints: try constraints(), days: days,
          listDays: listDays), now: PKITool.now, random: PKITool.random)
    }
    let identity = authority.certificate.identity
    Terminal.print(
      """
      \(Terminal.safe(identity.subject)), until \(CivilTime.dateText(identity.notAfter))
        certificate  \(place.directory)/ca.pem  (hand it to everyone who verifies)
        key          \(place.directory)/ca.key  (guard it, back it up, give it to nobody)
        list         \(place.directory)/crl.pem  (renew it within \(listDays) days: sluice pki crl)
        fingerprint  \(identity.fingerprint)
      """)
    if authority.constraints.isEmpty {
      Terminal.complain("note: the authority may vouch for every name; --permit-dns and --permit-ip bound it")
    }
  }

  func constraints() throws(PKIError) -> NameConstraints {
    var constraints = NameConstraints()
    constraints.dns.permitted = try domains(permitDNS)
    constraints.dns.excluded = try domains(excludeDNS)
    constraints.ip.permitted = try blocks(permitIP)
    constraints.ip.excluded = try blocks(excludeIP)
    constraints.uri.permitted = try domains(permitSPIFFE)
    for text in PKITool.split(permitEmail) {
      constraints.email.permitted +=
        text.contains("@") ? try CertificateNames(email: [text]).email : try domains([text])
    }
    return constraints
  }

  private func domains(_ values: [String]) throws(PKIError) -> [String] {
    var result: [String] = []
    for text in PKITool.split(values) {
      guard !text.hasPrefix("*"), !text.hasPrefix(".") else {
        throw PKIError("`\(text)` isn't a domain", hint: "write it as `plant.example`: all below it is included")
      }
      result += try CertificateNames(dns: [text]).dns
    }
    return result
  }

  private func blocks(_ values: [String]) throws(PKIError) -> [AddressRange] {
    var result: [AddressRange] = []
    for text in PKITool.split(values) {
      guard let range = AddressRange(text) else {
        throw PKIError("`\(text)` isn't a block of addresses", hint: "write it as `10.0.0.0/8`, without host bits")
      }
      result.append(range)
    }
    return result
  }
}
