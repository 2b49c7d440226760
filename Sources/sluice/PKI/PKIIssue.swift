import ArgumentParser
import PKI

/// `sluice pki issue`: one certificate.
struct PKIIssue: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue",
    abstract: "Issue a certificate: for a server, a client, or both.",
    discussion: """
      Writes `issued/NAME.pem`, `issued/NAME-chain.pem` with the authority's certificate after it, and `issued/NAME.key`. \
      With --csr the key stays where it was made: only the request's public key is taken, and the names are those given \
      here. A certificate with a SPIFFE id is for servers and clients both, as SPIFFE demands.

      Examples:
        sluice pki issue gate --server --dns gate.plant.example,hmi.plant.example --ip 10.0.0.1
        sluice pki issue plc-7 --server --ip 10.0.5.7 --csr plc-7.csr
        sluice pki issue historian --client --spiffe spiffe://plant.example/historian
        sluice pki issue ann --client --email ann@plant.example --modbus-role operator --days 90
      """)

  @Argument(help: "The common name, and the name of the files.")
  var name: String

  @Flag(help: "For a server: needs --dns or --ip.")
  var server = false

  @Flag(help: "For a client.")
  var client = false

  @Option(help: ArgumentHelp("Host names.", valueName: "names"))
  var dns: [String] = []

  @Option(help: ArgumentHelp("Addresses.", valueName: "addresses"))
  var ip: [String] = []

  @Option(help: ArgumentHelp("E-mail addresses.", valueName: "addresses"))
  var email: [String] = []

  @Option(help: ArgumentHelp("A SPIFFE id.", valueName: "id"))
  var spiffe: String?

  @Option(
    name: .customLong("modbus-role"),
    help: ArgumentHelp("The role for Modbus operations (MODBUS/TCP Security).", valueName: "role"))
  var modbusRole: String?

  @Option(help: ArgumentHelp("How long it counts (default: 365).", valueName: "days"))
  var days: Int?

  @Option(help: "The key's curve.")
  var curve = CurveOption.p256

  @Option(
    name: .customLong("csr"), help: ArgumentHelp("Certify the key of this signing request.", valueName: "file"))
  var requestPath: String?

  @Flag(help: "Replace the files of an earlier certificate of this name. It stays valid until it is revoked.")
  var force = false

  @OptionGroup var output: JSONOption
  @OptionGroup var place: PKIDirectoryOption

  func validate() throws {
    guard server || client else { throw ValidationError("Give --server, --client or both.") }
  }

  func run() throws {
    let authority = try place.open()
    let now = PKITool.now
    let result = try PKITool.run { () throws(PKIError) in
      let names = try CertificateNames(
        dns: PKITool.split(dns), ip: PKITool.split(ip), email: PKITool.split(email), spiffe: spiffe)
      return try authority.issue(
        IssueRequest(
          name: name, purposes: Set((server ? [.server] : []) + (client ? [.client] : [])), names: names,
          modbusRole: modbusRole, days: days, curve: curve.curve, request: try request(), replaces: force), now: now,
        random: PKITool.random)
    }
    if force { noteEarlier(try PKITool.run { () throws(PKIError) in try authority.issued() }, result.certificate, now) }
    if output.json {
      try PKITool.print(Report(result, now))
      return
    }
    let issued = result.certificate
    let names = issued.names.isEmpty ? "" : ", " + issued.names.joined(separator: " ")
    var lines = [
      "\(issued.name)\(names), until \(CivilTime.dateText(issued.notAfter))",
      "  certificate  \(result.certificatePath)", "  chain        \(result.chainPath)",
    ]
    if let key = result.keyPath { lines.append("  key          \(key)") }
    lines += ["  serial       \(issued.serial)", "  fingerprint  \(issued.fingerprint)"]
    Terminal.print(Terminal.safeLines(lines))
  }

  /// Says which certificates of the same name still count.
  private func noteEarlier(_ all: [IssuedCertificate], _ new: IssuedCertificate, _ now: Int64) {
    for earlier in all
    where earlier.name == new.name && earlier.serial != new.serial && earlier.state(at: now) == .valid {
      Terminal.complain(
        "note: the earlier one stays valid until \(CivilTime.dateText(earlier.notAfter)); when the new one is in place: "
          + "sluice pki revoke \(earlier.serial) --reason superseded")
    }
  }

  private func request() throws(PKIError) -> CertificateRequest? {
    guard let requestPath else { return nil }
    let bytes = try PKIFile.read(requestPath, maximum: 1 << 20)
    do throws(PKIError) {
      return try CertificateRequest(pem: bytes)
    } catch {
      throw error.about("`\(requestPath)`")
    }
  }

  /// What `--json` prints.
  private struct Report: Encodable {
    var certificate: IssuedReport
    var certificatePath: String
    var chainPath: String
    var keyPath: String?

    init(_ result: IssueResult, _ now: Int64) {
      certificate = IssuedReport(result.certificate, now: now)
      certificatePath = result.certificatePath
      chainPath = result.chainPath
      keyPath = result.keyPath
    }
  }
}

extension Terminal {
  /// Lines as a terminal may show them.
  static func safeLines(_ lines: [String]) -> String { lines.map(safe).joined(separator: "\n") }
}
