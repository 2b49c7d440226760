import Balancing
import Testing

@Suite struct HealthTrackerTests {
  @Test func leavesAfterFailuresInARow() {
    var tracker = HealthTracker(unhealthyAfter: 3, healthyAfter: 2)
    #expect(tracker.report(.failure(.timeout), nowNanoseconds: 1) == nil)
    #expect(tracker.report(.failure(.timeout), nowNanoseconds: 2) == nil)
    #expect(tracker.status == .healthy)
    #expect(tracker.report(.failure(.connect), nowNanoseconds: 3) == .becameUnhealthy(.connect))
    #expect(tracker.status == .unhealthy)
    #expect(tracker.changedAtNanoseconds == 3)
    #expect(tracker.report(.failure(.status(500)), nowNanoseconds: 4) == nil)
    #expect(tracker.lastFailure == .status(500))
  }

  @Test func aSuccessBreaksTheRow() {
    var tracker = HealthTracker(unhealthyAfter: 2, healthyAfter: 2)
    for now in stride(from: UInt64(0), to: 20, by: 2) {
      #expect(tracker.report(.failure(.closed), nowNanoseconds: now) == nil)
      #expect(tracker.report(.success, nowNanoseconds: now + 1) == nil)
    }
    #expect(tracker.status == .healthy)
    #expect(tracker.lastFailure == nil)
  }

  @Test func returnsAfterSuccessesInARow() {
    var tracker = HealthTracker(unhealthyAfter: 1, healthyAfter: 2)
    #expect(tracker.report(.failure(.malformed), nowNanoseconds: 100) == .becameUnhealthy(.malformed))
    #expect(tracker.report(.success, nowNanoseconds: 110) == nil)
    #expect(tracker.report(.failure(.timeout), nowNanoseconds: 120) == nil)
    #expect(tracker.report(.success, nowNanoseconds: 130) == nil)
    #expect(tracker.report(.success, nowNanoseconds: 150) == .becameHealthy(downNanoseconds: 50))
    #expect(tracker.status == .healthy)
  }

  @Test func startsUnhealthyWhenAsked() {
    var tracker = HealthTracker(unhealthyAfter: 3, healthyAfter: 2, initial: .unhealthy)
    #expect(tracker.status == .unhealthy)
    #expect(tracker.report(.success, nowNanoseconds: 5) == nil)
    #expect(tracker.report(.success, nowNanoseconds: 9) == .becameHealthy(downNanoseconds: 4))
  }

  @Test func thresholdsAreAtLeastOneAndTimeMayStandStill() {
    var tracker = HealthTracker(unhealthyAfter: 0, healthyAfter: -1)
    #expect(tracker.report(.failure(.connect), nowNanoseconds: 9) == .becameUnhealthy(.connect))
    #expect(tracker.report(.success, nowNanoseconds: 3) == .becameHealthy(downNanoseconds: 0))
  }

  @Test func firstProbeIsSpreadOverTheInterval() {
    let tracker = HealthTracker()
    #expect(tracker.nextProbeDelay(interval: .seconds(8), random: 0) == .zero)
    #expect(tracker.nextProbeDelay(interval: .seconds(8), random: 1 << 63) == .seconds(4))
    let last = tracker.nextProbeDelay(interval: .seconds(8), random: .max)
    #expect(last > .milliseconds(7_999) && last <= .seconds(8))
  }

  @Test func laterProbesStayNearTheInterval() {
    var tracker = HealthTracker()
    _ = tracker.report(.success, nowNanoseconds: 0)
    var random = RandomSource(seed: 1)
    for _ in 0..<1000 {
      let delay = tracker.nextProbeDelay(interval: .seconds(10), random: random.next())
      #expect(delay >= .seconds(9) && delay <= .seconds(11))
    }
    #expect(tracker.nextProbeDelay(interval: .zero, random: 0) == HealthTracker.minimumProbeDelay)
  }

  @Test func failuresReadWell() {
    #expect(ProbeFailure.status(503).description == "unexpected status 503")
    #expect(ProbeFailure.timeout.description == "timed out")
  }
}
