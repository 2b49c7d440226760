public import Proxy
public import SluiceModel

/// Every filter there is, by its key in the configuration.
public enum Builtins {
  /// What `sluice modules` and the documentation say of each filter.
  public static let descriptions: [FilterDescription] = [
    HeadersFilter.description, AddressesFilter.description, BodyLimitsFilter.description,
    ContentDigestFilter.description, ConcurrencyFilter.description, OperationsFilter.description,
  ]

  /// Makes a filter for one route on one event loop.
  public static func make(_ configuration: FilterConfiguration, _ environment: FilterEnvironment) -> any Filter {
    switch configuration {
    case .headers(let settings): HeadersFilter(settings)
    case .addresses(let settings): AddressesFilter(settings)
    case .bodyLimits(let settings): BodyLimitsFilter(settings)
    case .contentDigest(let settings): ContentDigestFilter(settings)
    case .concurrency(let settings): ConcurrencyFilter(settings, environment: environment)
    case .operations(let settings): OperationsFilter(settings)
    }
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
