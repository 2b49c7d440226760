import ArgumentParser
import Control
import Foundation

/// `sluice tls`: what TLS was negotiated.
struct TLS: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What TLS was negotiated: a ledger, and a bill of materials.",
    discussion: """
      Counts are of the running process since it began.

      Examples:
        sluice tls ledger                    who uses what, and who is not post-quantum yet
        sluice tls ledger --json | jq '.places[].notPostQuantum[].address'
        sluice tls cbom -o cbom.json         CycloneDX 1.6, for an inventory
      """,
    subcommands: [TLSLedgerCommand.self, TLSBillOfMaterials.self], defaultSubcommand: TLSLedgerCommand.self)
}

/// `sluice tls ledger`.
struct TLSLedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Handshakes by version, group and cipher suite; who is not post-quantum yet.")

  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    let reply = try await gateway.client().request(.get, "/v1/tls/ledger")
    Terminal.print(output.json ? reply.text : TLSLedgerText.text(try reply.decode(TLSLedger.self)))
  }
}

/// `sluice tls cbom`.
struct TLSBillOfMaterials: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cbom", abstract: "The ledger as a cryptographic bill of materials (CycloneDX 1.6, JSON).")

  @Option(name: .shortAndLong, help: ArgumentHelp("Write to this file instead of standard output.", valueName: "file"))
  var output: String?

  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    let reply = try await gateway.client().request(.get, "/v1/tls/cbom")
    guard let output else {
      Terminal.print(reply.text)
      return
    }
    do {
      try Data(reply.body).write(to: URL(filePath: output), options: .atomic)
    } catch {
      throw Failure(
        "`\(Terminal.safe(output))` can't be written", hint: "does its folder exist, and may you write there?")
    }
  }
}
