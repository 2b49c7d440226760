import SluiceModel

/// Where a filter can stand.
enum FilterPlace: Hashable {
  case exchanges
  case operations
}

extension FilterConfiguration {
  /// `exchanges` for filters of `http` listeners and routes, `operations` for those of `modbus` listeners.
  var places: Set<FilterPlace> {
    switch self {
    case .operations: [.operations]
    case .access: [.exchanges, .operations]
    default: [.exchanges]
    }
  }
}

extension ObjectSchema where Root == FilterConfiguration? {
  /// One element of a chain: a map with the filter's name as its only key. Every filter has its line here.
  static let filter = ObjectSchema(
    "filter", "One step of a chain: a map with one key, which names the filter.", make: { nil }, fields: builtins,
    exactlyOne: builtins.map(\.shape.key), unavailable: ["rateLimit"])

  private static let builtins: [Field<FilterConfiguration?>] = [
    Field(
      "headers", .object(.headersFilter), get: { if case .headers(let value)? = $0 { value } else { nil } },
      set: { $0 = .headers($1) }, absence: "none",
      "Changes request fields before they go upstream, and reply fields before they go to the client (`http`)."),
    Field(
      "addresses", .object(.addressesFilter), get: { if case .addresses(let value)? = $0 { value } else { nil } },
      set: { $0 = .addresses($1) }, absence: "none", "Lets clients in by their address (`http`)."),
    Field(
      "bodyLimits", .object(.bodyLimitsFilter), get: { if case .bodyLimits(let value)? = $0 { value } else { nil } },
      set: { $0 = .bodyLimits($1) }, absence: "none", "Bounds bodies while they stream (`http`)."),
    Field(
      "contentDigest", .object(.contentDigestFilter),
      get: { if case .contentDigest(let value)? = $0 { value } else { nil } }, set: { $0 = .contentDigest($1) },
      absence: "none",
      "Verifies `Content-Digest` (RFC 9530) of request bodies before the pool sees any of them (`http`)."),
    Field(
      "concurrency", .object(.concurrencyFilter), get: { if case .concurrency(let value)? = $0 { value } else { nil } },
      set: { $0 = .concurrency($1) }, absence: "none", "Bounds the exchanges under way at a time (`http`)."),
    Field(
      "firewall", .object(.firewallFilter), get: { if case .firewall(let value)? = $0 { value } else { nil } },
      set: { $0 = .firewall($1) }, absence: "none",
      "The web application firewall: rules in the language of ModSecurity, such as the OWASP core rule set (`http`)."),
    Field(
      "access", .object(.accessFilter), get: { if case .access(let value)? = $0 { value } else { nil } },
      set: { $0 = .access($1) }, absence: "none",
      "Who may do what, by the policies of `policies` (`http`, `modbus`)."),
    Field(
      "operations", .object(.operationsFilter), get: { if case .operations(let value)? = $0 { value } else { nil } },
      set: { $0 = .operations($1) }, absence: "none", "The static guard of industrial operations (`modbus`)."),
  ]
}

extension ValueType where Value == FilterConfiguration {
  static var filter: ValueType {
    ValueType<FilterConfiguration?>.object(.filter).map({ $0 }, back: { $0 })
  }
}

extension ObjectSchema where Root == AddressesFilterConfiguration {
  fileprivate static let addressesFilter = ObjectSchema(
    "addresses filter", "Who may come in, by client address. A refusal is 403; `deny` comes first.",
    make: { AddressesFilterConfiguration() },
    fields: [
      Field(
        "allow", ValueType<AddressRange>.addressRange.list(1...10_000), get: { $0.allow.isEmpty ? nil : $0.allow },
        set: { $0.allow = $1 }, absence: "everyone", "Who may come in; with it, everyone else is refused."),
      Field(
        "deny", ValueType<AddressRange>.addressRange.list(1...10_000), get: { $0.deny.isEmpty ? nil : $0.deny },
        set: { $0.deny = $1 }, absence: "no one", "Who is refused."),
    ], atLeastOne: ["allow", "deny"])
}

extension ObjectSchema where Root == AccessFilterConfiguration {
  fileprivate static let accessFilter = ObjectSchema(
    "access filter",
    """
    Asks the policies for every request and every operation: who, what, to whom. What none permits is refused, and what \
    one forbids is refused whatever others say.
    """,
    make: { AccessFilterConfiguration() },
    fields: [
      Field("mode", \.mode, .choice(), "In `detect` a refusal is recorded, and the request or operation passes."),
      Field(
        "onPolicyError", \.onPolicyError, .choice(),
        """
        What follows when a policy that forbids can't be evaluated: `deny` refuses, `skip` goes on without the policy. A \
        policy that permits and can't be evaluated permits nothing.
        """),
    ])
}

extension ObjectSchema where Root == BodyLimitsFilterConfiguration {
  fileprivate static let bodyLimitsFilter = ObjectSchema(
    "bodyLimits filter", "Bounds bodies while they stream.", make: { BodyLimitsFilterConfiguration() },
    fields: [
      Field(
        "request", \.requestBytes, optional: .size(0...(1 << 44)), absence: "the listener's",
        "Bytes of a request body; 413 past it."),
      Field(
        "reply", \.replyBytes, optional: .size(0...(1 << 44)), absence: "unlimited",
        "Bytes of a reply body; it is cut off past it."),
    ], atLeastOne: ["request", "reply"])
}

extension ObjectSchema where Root == ContentDigestFilterConfiguration {
  fileprivate static let contentDigestFilter = ObjectSchema(
    "contentDigest filter", "Verifies the digest of request bodies (sha-256 and sha-512).",
    make: { ContentDigestFilterConfiguration() },
    fields: [
      Field("required", \.required, .boolean, "Refuse a body that has no digest."),
      Field(
        "maximumBody", \.maximumBodyBytes, .size(1...(64 << 20)), "The largest body held for the check; 413 past it."),
    ])
}

extension ObjectSchema where Root == ConcurrencyFilterConfiguration {
  fileprivate static let concurrencyFilter = ObjectSchema(
    "concurrency filter", "Bounds the exchanges under way at a time, for each event loop.",
    make: { ConcurrencyFilterConfiguration() },
    fields: [
      Field("maximum", \.maximum, .integer(1...1_000_000), "Exchanges under way."),
      Field("queue", \.queue, .integer(0...1_000_000), "Exchanges that wait; 503 past it."),
      Field(
        "queueTimeout", \.queueTimeout, .duration(.milliseconds(1), .hours(1)), "The longest wait; 503 past it."),
    ])
}
