/// A filter of a chain with its settings; the order in the configuration is the order in the chain.
public enum FilterConfiguration: Sendable, Equatable {
  case headers(HeadersFilterConfiguration)
  case addresses(AddressesFilterConfiguration)
  case bodyLimits(BodyLimitsFilterConfiguration)
  case contentDigest(ContentDigestFilterConfiguration)
  case concurrency(ConcurrencyFilterConfiguration)
  case firewall(FirewallFilterConfiguration)
  case access(AccessFilterConfiguration)
  case operations(OperationsFilterConfiguration)

  /// The key that names the filter in the configuration.
  public var name: String {
    switch self {
    case .headers: "headers"
    case .addresses: "addresses"
    case .bodyLimits: "bodyLimits"
    case .contentDigest: "contentDigest"
    case .concurrency: "concurrency"
    case .firewall: "firewall"
    case .access: "access"
    case .operations: "operations"
    }
  }
}

/// One field line to set or add.
public struct HeaderSetting: Sendable, Hashable {
  public var name: String
  public var value: String
  /// A credential: a dump of the configuration shows `<redacted>` instead of the value.
  public var isSecret = false

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// Changes request fields before they go upstream and reply fields before they go to the client.
public struct HeadersFilterConfiguration: Sendable, Equatable {
  public var set: [HeaderSetting] = []
  public var add: [HeaderSetting] = []
  public var remove: [String] = []
  public var replySet: [HeaderSetting] = []
  public var replyAdd: [HeaderSetting] = []
  public var replyRemove: [String] = []

  public init() {}
}

/// Who may come in, by client address. With an allow list, everyone else is refused; deny comes first.
public struct AddressesFilterConfiguration: Sendable, Equatable {
  public var allow: [AddressRange] = []
  public var deny: [AddressRange] = []

  public init() {}
}

/// Bounds on bodies while they stream: 413 for a request that grows past its bound, a reset for a reply that does.
public struct BodyLimitsFilterConfiguration: Sendable, Equatable {
  public var requestBytes: Int?
  public var replyBytes: Int?

  public init() {}
}

/// Verifies `Content-Digest` (RFC 9530, sha-256 and sha-512) of request bodies before the upstream sees any of them.
public struct ContentDigestFilterConfiguration: Sendable, Equatable {
  /// Refuse a body that has no digest.
  public var required = false
  /// The largest body that is held for the check; past it 413.
  public var maximumBodyBytes = 1 << 20

  public init() {}
}

/// Lets at most so many exchanges of a route through at a time, per event loop; the rest wait in a queue (503 when it is
/// full or the wait is too long).
public struct ConcurrencyFilterConfiguration: Sendable, Equatable {
  public var maximum = 100
  public var queue = 100
  public var queueTimeout: Duration = .seconds(5)

  public init() {}
}

/// What an industrial operation does to the device.
public enum OperationClass: String, Sendable, Codable, CaseIterable {
  case read, write, control, program, config, diagnostic, discovery, session, file, event, unknown
}

/// One line of the static guard; all that is given must hold, an operation passes when one line permits it.
public struct OperationRule: Sendable, Equatable {
  /// Unit ids; empty means all.
  public var units: [ClosedRange<Int>] = []
  public var classes: [OperationClass] = []
  /// Function codes; with `classes`, either may name the operation.
  public var functions: [Int] = []
  /// Every address the operation touches must lie in one of these.
  public var addresses: [ClosedRange<Int>] = []
  /// Every value the operation writes must lie in one of these.
  public var values: [ClosedRange<Int>] = []

  public init() {}
}

/// The static guard of an industrial listener: it can only deny, and runs before policy.
public struct OperationsFilterConfiguration: Sendable, Equatable {
  public var allow: [OperationRule] = []
  /// In detect mode a refusal is recorded and the operation passes.
  public var mode: GuardMode = .block

  public init() {}
}

public enum GuardMode: String, Sendable, Codable, CaseIterable {
  case block, detect
}
