import Testing

import Telemetry

struct RecentRingTests {
  private func lines(_ ring: RecentRing) -> [RecentLine] {
    var snapshot = LoopSnapshot()
    (snapshot.recentBytes, snapshot.recentFirstSequence) = ring.copy()
    return snapshot.recent
  }

  private func append(_ text: String, to ring: RecentRing) {
    Array(text.utf8).withUnsafeBytes { ring.append($0) }
  }

  @Test func keepsTheNewestLinesInOrder() {
    for capacity in [40, 41, 64, 97, 1000] {
      let ring = RecentRing(capacity: capacity)
      var all: [String] = []
      for number in 0..<200 {
        all.append(String(repeating: "x", count: number % 13) + "\(number)")
        append(all[number], to: ring)
        let kept = lines(ring)
        #expect(kept.map(\.json) == Array(all.suffix(kept.count)))
        #expect(kept.last?.sequence == UInt64(number + 1))
        #expect(kept.map(\.json.utf8.count).reduce(0, +) + kept.count * 4 <= capacity)
        #expect(!kept.isEmpty)
      }
    }
  }

  @Test func aLineLongerThanTheRingOnlyTakesANumber() {
    let ring = RecentRing(capacity: 32)
    append("first", to: ring)
    append(String(repeating: "y", count: 100), to: ring)
    #expect(lines(ring).isEmpty)
    append("third", to: ring)
    #expect(lines(ring) == [RecentLine(sequence: 3, json: "third")])
  }
}
