/// Shares the requests of a route over its pools by weight, evenly interleaved. One per route and event loop.
public struct WeightedPick: Sendable {
  @usableFromInline var shares: SmoothWeighted

  /// - Parameters:
  ///   - weights: One per pool, brought into `0...BalancingLimits.maximumWeight`; 0 gets nothing.
  ///   - seed: Where the rotation starts; different for each event loop.
  public init(weights: [Int], seed: UInt64 = 0) {
    shares = SmoothWeighted(weights: BalancingLimits.clamped(weights), seed: seed)
  }

  /// The pool for the next request; nil when there is none or all weights are 0.
  ///
  /// A pool without healthy endpoints keeps its share: as the Gateway API has it, those requests fail rather than
  /// move to another version of the service.
  @inlinable
  public mutating func pick() -> Int? {
    if shares.weights.count == 1 { return shares.weights[0] > 0 ? 0 : nil }
    return shares.pick { _ in true }
  }
}
