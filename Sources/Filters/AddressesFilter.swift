public import Proxy
public import SluiceModel

/// `addresses`: who may come in, by client address (behind trusted proxies, the one they name).
///
/// `deny` comes first; with an `allow` list, everyone else is refused with 403.
///
/// ```yaml
/// - addresses: { allow: [10.0.0.0/8, "2001:db8::/32"], deny: [10.66.0.0/16] }
/// ```
public final class AddressesFilter: Filter {
  static let description = FilterDescription(
    name: "addresses", points: .requestHead, posture: .hostileClients, maturity: .stable)

  public let name = "addresses"
  public let points: FilterPoints = .requestHead
  private let configuration: AddressesFilterConfiguration

  public init(_ configuration: AddressesFilterConfiguration) { self.configuration = configuration }

  public func requestHead(_ exchange: Exchange) -> FilterAction {
    let client = exchange.client
    for (index, range) in configuration.deny.enumerated() where range.contains(client) {
      return refuse(exchange, rule: "deny[\(index)]", reason: "the address lies in a denied range")
    }
    guard !configuration.allow.isEmpty, !configuration.allow.contains(where: { $0.contains(client) }) else {
      return .next
    }
    return refuse(exchange, rule: "allow", reason: "the address lies in no allowed range")
  }

  private func refuse(_ exchange: Exchange, rule: String, reason: String) -> FilterAction {
    exchange.record(
      Finding(source: name, rule: rule, verdict: .block, reason: reason, matched: exchange.client.description))
    return .reply(LocalReply(status: 403, detail: "This address may not use this resource."))
  }
}
