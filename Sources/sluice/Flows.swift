import ArgumentParser
import Foundation
package import SluiceModel

/// `sluice flows`: long-lived connections.
struct Flows: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Long-lived connections: list them, close one.",
    discussion: """
      Examples:
        sluice flows                 what is open
        sluice flows close ID        close one; the client may connect again
      """,
    subcommands: [FlowsList.self, FlowsClose.self], defaultSubcommand: FlowsList.self)
}

/// `sluice flows list`.
package struct FlowsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List long-lived connections, the oldest first.")

  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  package struct Reply: Decodable {
    package var flows: [FlowStatus]
  }

  func run() async throws {
    let reply = try await gateway.client().request(.get, "/v1/flows")
    if output.json {
      Terminal.print(reply.text)
      return
    }
    let flows = try reply.decode(Reply.self).flows
    guard !flows.isEmpty else {
      Terminal.print("no flows are open")
      return
    }
    let now = Date().timeIntervalSince1970
    let rows = flows.map { flow in
      [
        "\(flow.id)", flow.kind.rawValue, flow.listener, flow.target, flow.client, flow.principal ?? "-",
        "\(max(0, Int(now - Double(flow.startedUnixMilliseconds) / 1000))) s", "\(flow.bytesIn)", "\(flow.bytesOut)",
      ].map(Terminal.safe)
    }
    let head = ["ID", "KIND", "LISTENER", "TARGET", "CLIENT", "PRINCIPAL", "AGE", "IN", "OUT"]
    Terminal.print(Terminal.table([head] + rows))
  }
}

/// `sluice flows close`.
struct FlowsClose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "close", abstract: "Close a long-lived connection.")

  @Argument(help: "The flow's id: 36 characters.")
  var id: String

  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    guard let id = ExchangeID(id) else {
      throw Failure("`\(Terminal.safe(String(id.prefix(80))))` is not an id", hint: "`sluice flows` lists the ids")
    }
    _ = try await gateway.client().request(.delete, "/v1/flows/\(id)")
    Terminal.print("closed \(id)")
  }
}
