import ArgumentParser
import Foundation
import PKI

/// `sluice pki`: a small certificate authority for a plant.
struct PKICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pki",
    abstract: "A small certificate authority: certificates for the gate, devices, services and people.",
    discussion: """
      Everything is in one directory, `pki` unless --pki names another: `ca.pem` to hand out, `ca.key` to guard, \
      `crl.pem` for those who verify, `index.jsonl` with what was issued, and `issued/` with certificates and keys. Keys \
      are in files of mode 0600 and never shown.

      A plant in five commands:
        sluice pki init --name "Plant CA" --permit-dns plant.example --permit-ip 10.0.0.0/8
        sluice pki issue gate --server --dns gate.plant.example
        sluice pki issue historian --client --spiffe spiffe://plant.example/historian --modbus-role viewer
        sluice pki revoke historian --reason keyCompromise
        sluice pki list
      """,
    subcommands: [
      PKIInit.self, PKIIssue.self, PKIRevoke.self, PKIRenewList.self, PKIList.self, PKIShow.self,
    ])
}

/// The directory of the authority.
struct PKIDirectoryOption: ParsableArguments {
  @Option(name: .customLong("pki"), help: ArgumentHelp("The authority's directory.", valueName: "directory"))
  var directory = "pki"

  func open() throws -> CertificateAuthority {
    try PKITool.run { () throws(PKIError) in try CertificateAuthority(at: directory) }
  }
}

/// What the subcommands share.
enum PKITool {
  /// Seconds since the Unix epoch.
  static var now: Int64 { Int64(Date().timeIntervalSince1970) }

  static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  /// Runs work whose errors are about what was given.
  static func run<Result>(_ work: () throws(PKIError) -> Result) throws -> Result {
    do throws(PKIError) {
      return try work()
    } catch {
      throw Failure(Terminal.safe(error.description), hint: error.hint.map(Terminal.safe))
    }
  }

  /// Values given with commas or by repeating an option.
  static func split(_ values: [String]) -> [String] {
    values.flatMap { $0.split(separator: ",").map { String($0).trimmingCharacters(in: .whitespaces) } }
      .filter { !$0.isEmpty }
  }

  static func print(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    Terminal.print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// A certificate of the index as `--json` prints it.
struct IssuedReport: Encodable {
  var serial: String
  var name: String
  var state: String
  var purposes: [String]
  var names: [String]
  var modbusRole: String?
  var notBefore: String
  var notAfter: String
  var fingerprint: String
  var revokedAt: String?
  var reason: String?

  init(_ issued: IssuedCertificate, now: Int64) {
    serial = issued.serial
    name = issued.name
    state = issued.state(at: now).rawValue
    purposes = issued.purposes.map(\.rawValue)
    names = issued.names
    modbusRole = issued.modbusRole
    notBefore = CivilTime.text(issued.notBefore)
    notAfter = CivilTime.text(issued.notAfter)
    fingerprint = issued.fingerprint
    revokedAt = issued.revocation.map { CivilTime.text($0.at) }
    reason = issued.revocation?.reason
  }
}
