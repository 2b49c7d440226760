/// Chooses endpoints of one pool for one event loop, by index. Holds no endpoint state beyond its own place in the
/// rotation: the caller says at each pick which endpoints may be used and how busy they are.
///
/// A pick does not allocate and costs one or a few passes over the endpoints. A changed pool wants a new balancer.
public struct Balancer: Sendable {
  /// How endpoints are chosen.
  public let policy: BalancingPolicy
  @usableFromInline var roundRobin: RoundRobin
  @usableFromInline var weighted: SmoothWeighted
  @usableFromInline var leastRequest: LeastRequest

  /// Makes a balancer for `weights.count` endpoints.
  ///
  /// - Parameters:
  ///   - weights: One per endpoint, brought into `0...BalancingLimits.maximumWeight`. 0 means that the endpoint gets
  ///     nothing under any policy.
  ///   - seed: Where the rotation starts, and the source of chance. Give each event loop its own, so that the loops do
  ///     not all begin with the same endpoint; 0 starts at the first.
  public init(policy: BalancingPolicy, weights: [Int], seed: UInt64 = 0) {
    let weights = BalancingLimits.clamped(weights)
    self.policy = policy
    roundRobin = RoundRobin(weights: policy == .roundRobin ? weights : [], seed: seed)
    weighted = SmoothWeighted(weights: policy == .weighted ? weights : [], seed: seed)
    leastRequest = LeastRequest(weights: policy == .leastRequest ? weights : [], seed: seed)
  }

  /// The endpoint for the next request, or nil when none may be used (the reply is then 503).
  ///
  /// - Parameters:
  ///   - healthy: Whether the endpoint at an index may be used. Called more than once per index; must not change its
  ///     answer during the pick.
  ///   - active: Requests in flight at an endpoint. Only `leastRequest` asks.
  ///   - excluded: An endpoint that was already tried for this request. With several, let `healthy` refuse them.
  @inlinable
  public mutating func pick(
    healthy: (Int) -> Bool, active: (Int) -> Int, excluding excluded: Int? = nil
  ) -> Int? {
    switch policy {
    case .roundRobin: roundRobin.pick { $0 != excluded && healthy($0) }
    case .weighted: weighted.pick { $0 != excluded && healthy($0) }
    case .leastRequest: leastRequest.pick(active: active) { $0 != excluded && healthy($0) }
    }
  }
}
