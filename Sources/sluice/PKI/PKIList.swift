import ArgumentParser
import PKI
import SluiceModel

/// `sluice pki list`: what the authority issued.
struct PKIList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "What was issued: names, expiry, state.",
    discussion: """
      Examples:
        sluice pki list
        sluice pki list --expiring 30
        sluice pki list --json | jq -r '.[] | select(.state == "valid") | .name'
      """)

  @Option(help: ArgumentHelp("Only valid ones that end within this time.", valueName: "days"))
  var expiring: Int?

  @OptionGroup var output: JSONOption
  @OptionGroup var place: PKIDirectoryOption

  func validate() throws {
    guard (0...CertificateAuthority.maximumDays).contains(expiring ?? 0) else {
      throw ValidationError("--expiring takes 0 to \(CertificateAuthority.maximumDays) days.")
    }
  }

  func run() throws {
    let authority = try place.open()
    let now = PKITool.now
    var issued = try PKITool.run { () throws(PKIError) in try authority.issued() }
    if let expiring {
      issued = issued.filter { $0.state(at: now) == .valid && $0.notAfter - now <= Int64(expiring) * 86_400 }
    }
    if output.json {
      try PKITool.print(issued.map { IssuedReport($0, now: now) })
    } else {
      Terminal.print(Self.text(issued, now))
    }
    warn(authority, now)
  }

  static func text(_ issued: [IssuedCertificate], _ now: Int64) -> String {
    let rows = issued.map { certificate in
      [
        certificate.name, state(certificate, now), CivilTime.dateText(certificate.notAfter),
        certificate.purposes.map(\.rawValue).joined(separator: "+"), certificate.modbusRole ?? "-",
        certificate.serial, certificate.names.joined(separator: " "),
      ].map(Terminal.safe)
    }
    return Terminal.table([["NAME", "STATE", "UNTIL", "FOR", "ROLE", "SERIAL", "NAMES"]] + rows)
  }

  private static func state(_ certificate: IssuedCertificate, _ now: Int64) -> String {
    let days = (certificate.notAfter - now) / 86_400
    switch certificate.state(at: now) {
    case .revoked: return "revoked (\(certificate.revocation?.reason ?? "unspecified"))"
    case .expired: return "expired"
    case .valid: return days <= 30 ? "valid, \(days) days left" : "valid"
    }
  }

  /// What needs the operator soon, on standard error.
  private func warn(_ authority: CertificateAuthority, _ now: Int64) {
    do throws(PKIError) {
      let list = try authority.revocationList()
      if now > list.nextUpdate {
        Terminal.complain("warning: the revocation list has ended; renew it: sluice pki crl")
      } else if list.nextUpdate - now < 7 * 86_400 {
        Terminal.complain("warning: the revocation list ends on \(CivilTime.dateText(list.nextUpdate)): sluice pki crl")
      }
    } catch {
      Terminal.complain("warning: \(error.description)" + (error.hint.map { "\n  hint: " + $0 } ?? ""))
    }
    let end = authority.certificate.identity.notAfter
    if end - now < 180 * 86_400 {
      Terminal.complain("warning: the authority itself ends on \(CivilTime.dateText(end)): make its successor soon")
    }
  }
}
