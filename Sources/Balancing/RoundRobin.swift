/// Each usable endpoint in turn.
///
/// Weights do not matter, except that 0 takes an endpoint out. Endpoints that are not usable are stepped over, and their
/// share is spread over all others, not given to the next in line.
@usableFromInline
struct RoundRobin: Sendable {
  @usableFromInline let weights: [Int]
  @usableFromInline var cursor: Int

  init(weights: [Int], seed: UInt64) {
    self.weights = weights
    cursor = weights.isEmpty ? 0 : Int(seed % UInt64(weights.count))
  }

  @inlinable
  mutating func pick(usable: (Int) -> Bool) -> Int? {
    var index = cursor
    for _ in 0..<weights.count {
      let candidate = index
      index = index + 1 == weights.count ? 0 : index + 1
      if weights[candidate] > 0, usable(candidate) {
        cursor = index
        return candidate
      }
    }
    return nil
  }
}
