package import Firewall
public import Proxy
package import SluiceModel

/// Every filter there is, by its key in the configuration.
public enum Builtins {
  /// What `sluice modules` and the documentation say of each filter.
  public static let descriptions: [FilterDescription] = [
    HeadersFilter.description, AddressesFilter.description, BodyLimitsFilter.description,
    ContentDigestFilter.description, ConcurrencyFilter.description, FirewallFilter.description,
    OperationsFilter.description,
  ]

  /// Makes a filter for one route on one event loop.
  /// - Parameter library: has the rules of firewall filters; one whose rules it does not have lets nothing pass.
  package static func make(
    _ configuration: FilterConfiguration, _ environment: FilterEnvironment, library: FirewallLibrary
  ) -> any Filter {
    switch configuration {
    case .headers(let settings): HeadersFilter(settings)
    case .addresses(let settings): AddressesFilter(settings)
    case .bodyLimits(let settings): BodyLimitsFilter(settings)
    case .contentDigest(let settings): ContentDigestFilter(settings)
    case .concurrency(let settings): ConcurrencyFilter(settings, environment: environment)
    case .firewall(let settings):
      if settings.mode == .off {
        IdleFilter(name: "firewall")
      } else if let filter = FirewallFilter(settings, environment: environment, library: library) {
        filter
      } else {
        ClosedFilter(name: "firewall")
      }
    case .operations(let settings): OperationsFilter(settings)
    }
  }
}

/// Stands where a filter is switched off.
final class IdleFilter: Filter {
  let name: String
  let points: FilterPoints = []

  init(name: String) { self.name = name }
}

/// Stands where a filter can't be made, and lets nothing pass.
final class ClosedFilter: Filter {
  let name: String
  let points: FilterPoints = .requestHead

  init(name: String) { self.name = name }

  func requestHead(_ exchange: Exchange) -> FilterAction {
    exchange.record(Finding(source: name, rule: "unavailable", verdict: .block, reason: "the filter has no rules"))
    return .reply(LocalReply(status: 503, detail: "The request can't be inspected."))
  }
}

/// How far a filter may be trusted with hostile traffic, and how settled it is.
public struct FilterDescription: Sendable {
  public enum Posture: String, Sendable {
    /// Made for traffic from anybody.
    case hostileClients = "hostile clients"
    /// Reads nothing of the traffic itself.
    case passive
  }

  public enum Maturity: String, Sendable {
    case stable, experimental
  }

  public let name: String
  public let points: FilterPoints
  public let posture: Posture
  public let maturity: Maturity
}
