import Balancing
import Testing

@Suite struct BalancerTests {
  private func picks(
    _ balancer: inout Balancer, _ count: Int, healthy: (Int) -> Bool = { _ in true }, excluding: Int? = nil
  ) -> [Int?] {
    (0..<count).map { _ in balancer.pick(healthy: healthy, active: { _ in 0 }, excluding: excluding) }
  }

  @Test(arguments: BalancingPolicy.allCases)
  func noEndpointsGiveNil(_ policy: BalancingPolicy) {
    var balancer = Balancer(policy: policy, weights: [], seed: 7)
    #expect(picks(&balancer, 3) == [nil, nil, nil])
  }

  @Test(arguments: BalancingPolicy.allCases)
  func allUnhealthyGivesNilAndRecovers(_ policy: BalancingPolicy) {
    var balancer = Balancer(policy: policy, weights: [1, 2, 3], seed: 7)
    #expect(picks(&balancer, 2, healthy: { _ in false }) == [nil, nil])
    #expect(picks(&balancer, 1, healthy: { $0 == 1 }) == [1])
  }

  @Test(arguments: BalancingPolicy.allCases)
  func singleEndpointGetsEverything(_ policy: BalancingPolicy) {
    var balancer = Balancer(policy: policy, weights: [4], seed: 99)
    #expect(picks(&balancer, 5) == [0, 0, 0, 0, 0])
    #expect(picks(&balancer, 1, excluding: 0) == [nil])
  }

  @Test(arguments: BalancingPolicy.allCases)
  func zeroWeightGetsNothing(_ policy: BalancingPolicy) {
    var balancer = Balancer(policy: policy, weights: [0, 1, 0, -5], seed: 3)
    #expect(Set(picks(&balancer, 20)) == [1])
    var none = Balancer(policy: policy, weights: [0, 0], seed: 3)
    #expect(picks(&none, 2) == [nil, nil])
  }

  @Test(arguments: BalancingPolicy.allCases)
  func excludedIsNeverPicked(_ policy: BalancingPolicy) {
    var balancer = Balancer(policy: policy, weights: [1, 1, 1], seed: 3)
    #expect(Set(picks(&balancer, 50, excluding: 1)) == [0, 2])
  }

  @Test(arguments: BalancingPolicy.allCases)
  func hugeWeightsAndCountsDoNotOverflow(_ policy: BalancingPolicy) {
    var balancer = Balancer(policy: policy, weights: [Int.max, Int.max, Int.min], seed: UInt64.max)
    for _ in 0..<100 {
      let picked = balancer.pick(healthy: { _ in true }, active: { _ in Int.max })
      #expect(picked == 0 || picked == 1)
    }
  }

  @Test func roundRobinTakesTurns() {
    var balancer = Balancer(policy: .roundRobin, weights: [1, 9, 1])
    #expect(picks(&balancer, 7) == [0, 1, 2, 0, 1, 2, 0])
  }

  @Test func roundRobinStartsWhereTheSeedSays() {
    var balancer = Balancer(policy: .roundRobin, weights: [1, 1, 1], seed: 5)
    #expect(picks(&balancer, 3) == [2, 0, 1])
  }

  @Test func roundRobinSpreadsTheShareOfTheUnhealthy() {
    var balancer = Balancer(policy: .roundRobin, weights: [1, 1, 1, 1])
    #expect(picks(&balancer, 6, healthy: { $0 != 1 }) == [0, 2, 3, 0, 2, 3])
  }

  @Test func weightedInterleavesAsNginxDoes() {
    var balancer = Balancer(policy: .weighted, weights: [5, 1, 1])
    #expect(picks(&balancer, 7) == [0, 0, 1, 0, 2, 0, 0])
  }

  @Test func weightedKeepsProportionsAmongTheHealthy() {
    var balancer = Balancer(policy: .weighted, weights: [3, 5, 1])
    let counts = tally(picks(&balancer, 400, healthy: { $0 != 1 }), endpoints: 3)
    #expect(counts == [300, 0, 100])
  }

  @Test func leastRequestAvoidsTheBusy() {
    var balancer = Balancer(policy: .leastRequest, weights: [1, 1], seed: 11)
    for _ in 0..<50 {
      #expect(balancer.pick(healthy: { _ in true }, active: { $0 == 0 ? 3 : 2 }) == 1)
    }
  }

  @Test func leastRequestMeasuresLoadPerWeight() {
    var balancer = Balancer(policy: .leastRequest, weights: [1, 4], seed: 11)
    for _ in 0..<50 {
      #expect(balancer.pick(healthy: { _ in true }, active: { $0 == 0 ? 2 : 7 }) == 1)
      #expect(balancer.pick(healthy: { _ in true }, active: { $0 == 0 ? 1 : 5 }) == 0)
    }
  }

  @Test func sameSeedSamePicks() {
    var first = Balancer(policy: .leastRequest, weights: [1, 2, 3, 4], seed: 42)
    var second = Balancer(policy: .leastRequest, weights: [1, 2, 3, 4], seed: 42)
    #expect(picks(&first, 100) == picks(&second, 100))
  }
}

@Suite struct WeightedPickTests {
  @Test func sharesByWeight() {
    var pick = WeightedPick(weights: [9, 1, 0])
    let counts = tally((0..<1000).map { _ in pick.pick() }, endpoints: 3)
    #expect(counts == [900, 100, 0])
  }

  @Test func canariesAreSpreadOut() {
    var pick = WeightedPick(weights: [9, 1])
    let canaries = (0..<100).filter { _ in pick.pick() == 1 }
    #expect(zip(canaries, canaries.dropFirst()).allSatisfy { $1 - $0 == 10 })
    #expect(canaries.count == 10)
  }

  @Test func oneNoneAndZero() {
    var one = WeightedPick(weights: [3])
    #expect(one.pick() == 0)
    var zero = WeightedPick(weights: [0])
    #expect(zero.pick() == nil)
    var none = WeightedPick(weights: [])
    #expect(none.pick() == nil)
  }

  @Test func seedMovesTheStartOnly() {
    var pick = WeightedPick(weights: [2, 1, 1], seed: 2)
    let counts = tally((0..<400).map { _ in pick.pick() }, endpoints: 3)
    #expect(counts == [200, 100, 100])
  }
}

/// How often each index occurs.
func tally(_ picks: [Int?], endpoints: Int) -> [Int] {
  var counts = Array(repeating: 0, count: endpoints)
  for case .some(let index) in picks { counts[index] += 1 }
  return counts
}
