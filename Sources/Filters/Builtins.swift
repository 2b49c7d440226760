package import Access
package import Firewall
public import Proxy
package import SluiceModel

/// Every filter there is, by its key in the configuration.
public enum Builtins {
  /// What `sluice modules` and the documentation say of each filter.
  public static let descriptions: [FilterDescription] = [
    HeadersFilter.description, AddressesFilter.description, BodyLimitsFilter.description,
    ContentDigestFilter.description, ConcurrencyFilter.description, FirewallFilter.description,
    AccessFilter.description, OperationsFilter.description,
  ]

  /// Makes a filter for one route on one event loop.
  /// - Parameters:
  ///   - firewalls: has the rules of firewall filters; one whose rules it does not have lets nothing pass.
  ///   - access: has the policies; without any, access filters let nothing pass.
  package static func make(
    _ configuration: FilterConfiguration, _ environment: FilterEnvironment, firewalls: FirewallLibrary,
    access: AccessLibrary
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
      } else if let filter = FirewallFilter(settings, environment: environment, library: firewalls) {
        filter
      } else {
        ClosedFilter(name: "firewall", reason: "the filter has no rules")
      }
    case .access(let settings):
      if let snapshot = access.snapshot {
        AccessFilter(settings, environment: environment, snapshot: snapshot)
      } else {
        ClosedFilter(name: "access", reason: "the filter has no policies")
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
  let points: FilterPoints = [.requestHead, .operation]
  private let reason: String

  init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  func requestHead(_ exchange: Exchange) -> FilterAction {
    exchange.record(Finding(source: name, rule: "unavailable", verdict: .block, reason: reason))
    return .reply(LocalReply(status: 503, detail: "The request can't be inspected."))
  }

  func operation(_ operation: OperationExchange) -> FilterAction {
    operation.record(Finding(source: name, rule: "unavailable", verdict: .block, reason: reason))
    return .reply(LocalReply(status: 503, detail: ""))
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
