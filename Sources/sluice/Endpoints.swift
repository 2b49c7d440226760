import ArgumentParser
import SluiceModel

/// `sluice endpoints`: the servers of pools and the devices of assets, with their health.
struct Endpoints: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Servers of pools and devices of assets, with their health.",
    discussion: """
      Examples:
        sluice endpoints
        sluice endpoints --json | jq '.endpoints[] | select(.healthy | not)'
      """)

  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  struct Reply: Decodable {
    var endpoints: [EndpointStatus]
  }

  func run() async throws {
    let reply = try await gateway.client().request(.get, "/v1/endpoints")
    if output.json {
      Terminal.print(reply.text)
      return
    }
    let endpoints = try reply.decode(Reply.self).endpoints
    let rows = endpoints.map { endpoint in
      [
        endpoint.pool, endpoint.address, String(endpoint.weight), endpoint.healthy ? "healthy" : "unhealthy",
        String(endpoint.active), endpoint.lastError ?? "",
      ].map(Terminal.safe)
    }
    Terminal.print(
      rows.isEmpty
        ? "no pools and no assets are configured"
        : Terminal.table([["POOL", "ADDRESS", "WEIGHT", "HEALTH", "ACTIVE", "LAST ERROR"]] + rows))
  }
}
