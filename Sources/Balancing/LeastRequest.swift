/// The less loaded of two endpoints (power of two choices).
///
/// Both are drawn by weight, without replacement; the one with fewer requests in flight per weight wins, and the first
/// drawn on a tie. So an idle pool shares by weight, and a busy one keeps `active / weight` level, without the herd that
/// runs to the single least loaded endpoint when many loops or gates see the same counts.
@usableFromInline
struct LeastRequest: Sendable {
  @usableFromInline let weights: [Int]
  @usableFromInline var random: RandomSource

  init(weights: [Int], seed: UInt64) {
    self.weights = weights
    random = RandomSource(seed: seed)
  }

  @inlinable
  mutating func pick(active: (Int) -> Int, usable: (Int) -> Bool) -> Int? {
    var total = 0
    for index in weights.indices where weights[index] > 0 && usable(index) { total &+= weights[index] }
    guard total > 0, let first = draw(total: total, without: nil, usable: usable) else { return nil }
    let rest = total &- weights[first]
    guard rest > 0, let second = draw(total: rest, without: first, usable: usable) else { return first }
    return load(active(second), weights[first]) < load(active(first), weights[second]) ? second : first
  }

  @inlinable
  mutating func draw(total: Int, without other: Int?, usable: (Int) -> Bool) -> Int? {
    var remaining = random.below(total)
    var last: Int?
    for index in weights.indices where weights[index] > 0 && index != other && usable(index) {
      if remaining < weights[index] { return index }
      remaining &-= weights[index]
      last = index
    }
    return last
  }

  /// One side of `active / weight < active' / weight'`, multiplied out.
  @inlinable
  func load(_ active: Int, _ otherWeight: Int) -> Int {
    min(max(active, 0), 1 << 40) &* otherWeight
  }
}
