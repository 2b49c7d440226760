import ArgumentParser
import PKI

/// `sluice pki revoke`: take certificates back.
struct PKIRevoke: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke a certificate and write a new revocation list.",
    discussion: """
      Whoever verifies must get the new `crl.pem`: until then the certificate counts. A revocation can't be undone.

      Examples:
        sluice pki revoke historian --reason keyCompromise
        sluice pki revoke 78bbbda838f3e1332aacd39893669095e75a6f29 --reason superseded
      """)

  @Argument(help: "The name it was issued as (all of that name that are valid), or a serial number.")
  var nameOrSerial: String

  @Option(
    help: ArgumentHelp(
      "Why: unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn.",
      valueName: "reason"))
  var reason = "unspecified"

  @OptionGroup var output: JSONOption
  @OptionGroup var place: PKIDirectoryOption

  /// Reasons for an end certificate that holds for good (RFC 5280, 5.3.1).
  static let reasons: [RevocationReason] = [
    .unspecified, .keyCompromise, .affiliationChanged, .superseded, .cessationOfOperation, .privilegeWithdrawn,
  ]

  func validate() throws {
    guard let known = RevocationReason(name: reason), Self.reasons.contains(known) else {
      throw ValidationError(
        "`\(reason)` isn't a reason. Give one of \(Self.reasons.map(\.name).joined(separator: ", ")).")
    }
  }

  func run() throws {
    let authority = try place.open()
    let now = PKITool.now
    let revoked = try PKITool.run { () throws(PKIError) in
      try authority.revoke(nameOrSerial, reason: RevocationReason(name: reason) ?? .unspecified, now: now)
    }
    if output.json {
      try PKITool.print(revoked.map { IssuedReport($0, now: now) })
      return
    }
    var lines = revoked.map { "revoked \($0.name), serial \($0.serial)" }
    lines.append("hand out \(place.directory)/crl.pem to those who verify")
    Terminal.print(Terminal.safeLines(lines))
  }
}

/// `sluice pki crl`: renew the revocation list.
struct PKIRenewList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crl",
    abstract: "Renew the revocation list, before the old one ends.",
    discussion: """
      Those who verify refuse everyone when the list has ended. Let a timer renew it well before.

      Example:
        sluice pki crl && install -m 644 pki/crl.pem /etc/sluice/crl.pem && sluice reload
      """)

  @Option(help: ArgumentHelp("How long this list and later ones count (default: as before).", valueName: "days"))
  var days: Int?

  @OptionGroup var place: PKIDirectoryOption

  func run() throws {
    let authority = try place.open()
    let until = try PKITool.run { () throws(PKIError) in
      try authority.renewRevocationList(days: days, now: PKITool.now)
    }
    Terminal.print("\(Terminal.safe(place.directory))/crl.pem counts until \(CivilTime.text(until))")
  }
}
