import ArgumentParser
import PKI
import SluiceModel

/// `sluice pki show`: what is in a file.
struct PKIShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the certificates and revocation lists of a file, as the gate reads them.",
    discussion: """
      Takes PEM files, and one certificate or revocation list in DER. Keys are never shown.

      Examples:
        sluice pki show pki/issued/gate-chain.pem
        sluice pki show crl.pem --json
      """)

  @Argument(help: "The file.")
  var file: String

  @OptionGroup var output: JSONOption

  func run() throws {
    let found = try PKITool.run { () throws(PKIError) in
      let bytes = try PKIFile.read(file, maximum: PKILimits.pemFileBytes)
      do throws(PKIError) {
        return try Self.read(bytes)
      } catch {
        throw error.about("`\(file)`")
      }
    }
    if output.json {
      try PKITool.print(found)
    } else {
      let parts = found.certificates.map(\.text) + found.revocationLists.map(\.text)
      Terminal.print(parts.joined(separator: "\n\n"))
    }
  }

  struct Found: Encodable {
    var certificates: [CertificateReport] = []
    var revocationLists: [ListReport] = []
  }

  static func read(_ bytes: [UInt8]) throws(PKIError) -> Found {
    var found = Found()
    // A DER sequence; PEM is text.
    if bytes.first == 0x30 {
      do throws(PKIError) {
        found.certificates = [CertificateReport(try CertificateFacts(der: bytes))]
      } catch {
        guard let list = try? RevocationList(der: bytes) else { throw error }
        found.revocationLists = [ListReport(list)]
      }
      return found
    }
    let labels = Set(try PEM.blocks(bytes).map(\.label))
    if labels.contains("X509 CRL") { found.revocationLists = try PEM.revocationLists(bytes).map(ListReport.init) }
    if labels.contains("CERTIFICATE") || found.revocationLists.isEmpty {
      found.certificates = try PEM.certificates(bytes).map(CertificateReport.init)
    }
    return found
  }
}

/// A certificate as `sluice pki show` prints it.
struct CertificateReport: Encodable {
  var subject: String
  var issuer: String
  var serial: String
  var notBefore: String
  var notAfter: String
  var dnsNames: [String]
  var ipAddresses: [String]
  var uris: [String]
  var emailAddresses: [String]
  var spiffeID: String?
  var modbusRole: String?
  var modbusRoleProblem: String?
  var publicKey: String
  var signature: String
  var isAuthority: Bool
  /// An authority's name constraints.
  var permitted: [String]?
  var excluded: [String]?
  var extendedKeyUsage: [String]?
  var fingerprint: String
  var publicKeyPin: String

  init(_ facts: CertificateFacts) {
    let identity = facts.identity
    subject = identity.subject
    issuer = identity.issuer
    serial = identity.serialNumber
    notBefore = CivilTime.text(identity.notBefore)
    notAfter = CivilTime.text(identity.notAfter)
    dnsNames = identity.dnsNames
    ipAddresses = identity.ipAddresses.map(\.description)
    uris = identity.uris
    emailAddresses = identity.emailAddresses
    spiffeID = identity.spiffeID
    modbusRole = identity.modbusRole
    if case .invalid(let problem) = facts.role { modbusRoleProblem = "\(problem.phrase)" }
    publicKey = facts.publicKeyAlgorithm
    signature = facts.signatureAlgorithm
    isAuthority = facts.isCA
    if let constraints = try? facts.nameConstraints() {
      permitted = constraints.permittedTexts
      excluded = constraints.excludedTexts
    }
    extendedKeyUsage = facts.extendedKeyUsage
    fingerprint = identity.fingerprint
    publicKeyPin = facts.publicKeyPin
  }

  var text: String {
    let names =
      dnsNames.map { "dns:" + $0 } + ipAddresses.map { "ip:" + $0 } + uris.map { "uri:" + $0 }
      + emailAddresses.map { "email:" + $0 }
    let rows: [(String, String?)] = [
      ("subject", subject.isEmpty ? "(empty)" : subject), ("issuer", issuer), ("serial", serial),
      ("valid", notBefore + " to " + notAfter), ("names", names.isEmpty ? nil : names.joined(separator: " ")),
      ("spiffe id", spiffeID), ("modbus role", modbusRole ?? modbusRoleProblem.map { "refused: " + $0 }),
      ("key", publicKey), ("signature", signature), ("authority", isAuthority ? "yes" : nil),
      ("permitted", permitted?.nonEmpty), ("excluded", excluded?.nonEmpty),
      ("for", extendedKeyUsage?.joined(separator: " ")), ("fingerprint", fingerprint), ("key pin", publicKeyPin),
    ]
    return Report.text("certificate", rows)
  }
}

/// A revocation list as `sluice pki show` prints it.
struct ListReport: Encodable {
  var issuer: String
  var number: String?
  var thisUpdate: String
  var nextUpdate: String
  var revoked: Int
  var signature: String

  init(_ list: RevocationList) {
    issuer = list.issuer
    number = list.number.map { SerialNumber.text($0) }
    thisUpdate = CivilTime.text(list.thisUpdate)
    nextUpdate = CivilTime.text(list.nextUpdate)
    revoked = list.count
    signature = list.signatureAlgorithm
  }

  var text: String {
    Report.text(
      "revocation list",
      [
        ("issuer", issuer), ("number", number), ("counts", thisUpdate + " to " + nextUpdate),
        ("revoked", String(revoked)), ("signature", signature),
      ])
  }
}

private enum Report {
  /// A heading and rows of what there is.
  static func text(_ heading: String, _ rows: [(String, String?)]) -> String {
    let lines = rows.compactMap { row in
      row.1.map { "  " + row.0.padded(to: 13) + Terminal.safe($0) }
    }
    return ([heading] + lines).joined(separator: "\n")
  }
}

extension [String] {
  fileprivate var nonEmpty: String? { isEmpty ? nil : joined(separator: " ") }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
