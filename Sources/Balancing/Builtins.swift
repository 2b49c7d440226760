/// The balancers there are. A new one is a file beside this, a case here and a line in `Balancer.pick`.
public enum BalancingPolicy: String, Sendable, Hashable, CaseIterable {
  /// Each endpoint in turn; weights do not matter, except that 0 takes an endpoint out of the rotation.
  case roundRobin = "round-robin"
  /// Shares by weight, evenly interleaved.
  case weighted
  /// The less loaded of two endpoints drawn by weight.
  case leastRequest = "least-request"
}

/// Bounds of what a balancer takes.
public enum BalancingLimits {
  /// The largest weight; a larger one counts as this.
  public static let maximumWeight = 65_535

  /// Brings weights into `0...maximumWeight`.
  static func clamped(_ weights: [Int]) -> [Int] {
    weights.map { min(max($0, 0), maximumWeight) }
  }
}
