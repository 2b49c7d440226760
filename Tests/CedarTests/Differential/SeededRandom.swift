import Foundation

/// SplitMix64: the same choices for the same seed everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A generator of its own for a case, so that a case can be repeated without those before it.
  init(seed: UInt64, part: Int) {
    var mixer = SeededRandom(seed: seed &+ UInt64(truncatingIfNeeded: part) &* 0xd1b5_4a32_d192_ed03)
    state = mixer.next()
  }

  /// `SLUICE_SEED`, or one that is the same for every run.
  static func chosenSeed(_ usual: UInt64) -> UInt64 {
    ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap { UInt64($0) } ?? usual
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// True in so many of a hundred cases.
  mutating func chance(_ percent: Int) -> Bool { int(0...99) < percent }

  /// One of them, which are not none.
  mutating func pick<Items: Collection>(_ items: Items) -> Items.Element where Items.Index == Int {
    items[items.startIndex + int(0...(items.count - 1))]
  }

  mutating func pickOrNone<Element>(_ items: [Element]) -> Element? { items.isEmpty ? nil : pick(items) }

  /// Some of them, each at most once, in another order.
  mutating func some<Element>(_ items: [Element], _ count: ClosedRange<Int>) -> [Element] {
    Array(items.shuffled(using: &self).prefix(int(count)))
  }
}
