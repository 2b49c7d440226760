/// Shares by weight, evenly interleaved: weights 5, 1, 1 give `a a b a c a a`, not `a a a a a b c`.
///
/// The method is nginx's smooth weighted round robin: each pick adds every usable endpoint's weight to its credit, takes
/// the largest credit and charges it the sum of the weights. Over any run with the same usable endpoints, an
/// endpoint's share is off by less than one pick for two endpoints, and by a few for many.
@usableFromInline
struct SmoothWeighted: Sendable {
  @usableFromInline let weights: [Int]
  @usableFromInline var credits: [Int]

  init(weights: [Int], seed: UInt64) {
    self.weights = weights
    credits = Array(repeating: 0, count: weights.count)
    guard !weights.isEmpty else { return }
    for _ in 0..<(seed % UInt64(weights.count)) { _ = pick { _ in true } }
  }

  @inlinable
  mutating func pick(usable: (Int) -> Bool) -> Int? {
    var best: Int?
    var bestCredit = Int.min
    var total = 0
    for index in weights.indices {
      let weight = weights[index]
      guard weight > 0, usable(index) else { continue }
      total &+= weight
      let credit = credits[index] &+ weight
      credits[index] = credit
      if credit > bestCredit {
        bestCredit = credit
        best = index
      }
    }
    if let best { credits[best] = bestCredit &- total }
    return best
  }
}
