import Balancing
import Testing

/// Random pools, weights, loads and faults against what each policy promises. The seed is in every failure's message.
@Suite struct BalancingSimulationTests {
  static let seeds = (0..<8).map { _ in UInt64.random(in: 1...UInt64.max) } + [1, 0xDEAD_BEEF]

  @Test(arguments: BalancingPolicy.allCases, seeds)
  func neverPicksWhatItMayNot(_ policy: BalancingPolicy, _ seed: UInt64) {
    var random = RandomSource(seed: seed)
    let count = 1 + random.below(12)
    let weights = (0..<count).map { _ in random.below(5) }
    var balancer = Balancer(policy: policy, weights: weights, seed: random.next())
    var healthy = Array(repeating: true, count: count)
    for step in 0..<3_000 {
      if random.below(10) == 0 { healthy[random.below(count)].toggle() }
      let excluded = random.below(4) == 0 ? random.below(count) : nil
      let usable = (0..<count).filter { healthy[$0] && weights[$0] > 0 && $0 != excluded }
      let active = (0..<count).map { _ in random.below(100) }
      let picked = balancer.pick(healthy: { healthy[$0] }, active: { active[$0] }, excluding: excluded)
      if let picked {
        #expect(usable.contains(picked), "seed \(seed), step \(step)")
      } else {
        #expect(usable.isEmpty, "seed \(seed), step \(step)")
      }
    }
  }

  @Test(arguments: seeds)
  func roundRobinIsNeverOffByMoreThanOne(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    let count = 2 + random.below(20)
    let dead = Set((0..<count / 2).map { _ in random.below(count) })
    var balancer = Balancer(policy: .roundRobin, weights: Array(repeating: 1, count: count), seed: seed)
    var counts = Array(repeating: 0, count: count)
    for _ in 0..<2_000 {
      guard let picked = balancer.pick(healthy: { !dead.contains($0) }, active: { _ in 0 }) else { continue }
      counts[picked] += 1
      let alive = counts.indices.filter { !dead.contains($0) }.map { counts[$0] }
      #expect((alive.max() ?? 0) - (alive.min() ?? 0) <= 1, "seed \(seed)")
    }
  }

  @Test(arguments: seeds)
  func weightedIsExactOverACycleAndCloseWithin(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    let count = 2 + random.below(10)
    let weights = (0..<count).map { _ in 1 + random.below(50) }
    let total = weights.reduce(0, +)
    var balancer = Balancer(policy: .weighted, weights: weights)
    var counts = Array(repeating: 0, count: count)
    for step in 1...total * 3 {
      guard let picked = balancer.pick(healthy: { _ in true }, active: { _ in 0 }) else { continue }
      counts[picked] += 1
      for index in counts.indices {
        let due = Double(step * weights[index]) / Double(total)
        #expect(abs(Double(counts[index]) - due) < 3, "seed \(seed), step \(step)")
      }
      if step % total == 0 { #expect(counts == weights.map { $0 * step / total }, "seed \(seed)") }
    }
  }

  @Test(arguments: seeds)
  func weightedRecoversAfterFaults(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    let weights = [7, 3, 5, 1]
    var balancer = Balancer(policy: .weighted, weights: weights, seed: seed)
    for _ in 0..<20_000 {
      let up = random.next()
      _ = balancer.pick(healthy: { up >> UInt64($0) & 1 == 1 }, active: { _ in 0 })
    }
    let picks = (0..<1_600).map { _ in balancer.pick(healthy: { _ in true }, active: { _ in 0 }) }
    for (index, share) in tally(picks, endpoints: 4).enumerated() {
      #expect(abs(share - weights[index] * 100) <= 16, "seed \(seed)")
    }
  }

  @Test(arguments: seeds)
  func leastRequestSharesByWeightWhenIdle(_ seed: UInt64) {
    let weights = [1, 2, 3, 4]
    var balancer = Balancer(policy: .leastRequest, weights: weights, seed: seed)
    let picks = (0..<20_000).map { _ in balancer.pick(healthy: { _ in true }, active: { _ in 0 }) }
    for (index, share) in tally(picks, endpoints: 4).enumerated() {
      let due = weights[index] * 2_000
      #expect(abs(share - due) < 400, "seed \(seed)")
    }
  }

  /// Requests arrive one a tick and stay for a random time; endpoint 0 is ten times slower than the others.
  @Test(arguments: seeds)
  func leastRequestLevelsLoad(_ seed: UInt64) {
    let slow = simulateLoad(.leastRequest, seed: seed)
    let blind = simulateLoad(.roundRobin, seed: seed)
    #expect(slow.peak * 2 < blind.peak, "seed \(seed): \(slow) against \(blind)")
    #expect(slow.toSlowEndpoint * 2 < blind.toSlowEndpoint, "seed \(seed): \(slow) against \(blind)")
  }

  private func simulateLoad(_ policy: BalancingPolicy, seed: UInt64) -> (peak: Int, toSlowEndpoint: Int) {
    var random = RandomSource(seed: seed)
    var balancer = Balancer(policy: policy, weights: [1, 1, 1, 1], seed: seed)
    var active = [0, 0, 0, 0]
    var departures: [Int: [Int]] = [:]
    var peak = 0
    var toSlowEndpoint = 0
    for tick in 0..<5_000 {
      for index in departures.removeValue(forKey: tick) ?? [] { active[index] -= 1 }
      guard let picked = balancer.pick(healthy: { _ in true }, active: { active[$0] }) else { continue }
      active[picked] += 1
      peak = max(peak, active[picked])
      if picked == 0 { toSlowEndpoint += 1 }
      let stay = (10 + random.below(10)) * (picked == 0 ? 10 : 1)
      departures[tick + stay, default: []].append(picked)
    }
    return (peak, toSlowEndpoint)
  }

  /// Probes of an endpoint that fails for stretches: the status follows, late by the thresholds and never early.
  @Test(arguments: seeds)
  func healthFollowsTheEndpoint(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    var tracker = HealthTracker(unhealthyAfter: 3, healthyAfter: 2)
    var row = 0
    var up = true
    var expected = HealthStatus.healthy
    for step in 0..<5_000 {
      if random.below(4) == 0 { up.toggle() }
      let against = up == (expected == .unhealthy)
      row = against ? row + 1 : 0
      let change = row == (expected == .healthy ? 3 : 2)
      if change {
        expected = expected == .healthy ? .unhealthy : .healthy
        row = 0
      }
      let transition = tracker.report(up ? .success : .failure(.timeout), nowNanoseconds: UInt64(step))
      #expect((transition != nil) == change, "seed \(seed), step \(step)")
      #expect(tracker.status == expected, "seed \(seed), step \(step)")
    }
  }

  @Test func randomSourceMatchesTheReference() {
    var random = RandomSource(seed: 1_234_567)
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
    #expect(random.below(0) == 0)
    #expect((0..<1_000).allSatisfy { _ in (0..<7).contains(random.below(7)) })
  }
}
