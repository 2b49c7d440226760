/// What the access filters of one event loop share.
package final class AccessDesk {
  package let decider = Decider()
  package var explanations = ExplanationBudget()

  package init() {}
}

/// How much of a loop's time may go into explaining refusals: one hundredth in the long run, whatever clients send.
package struct ExplanationBudget {
  /// Time that one explanation may use before it begins, and the most that is saved up.
  private static let savedNanoseconds: Int64 = 20_000_000
  private static let share: UInt64 = 100

  private var left = ExplanationBudget.savedNanoseconds
  private var lastNanoseconds: UInt64 = 0

  package init() {}

  /// Whether there is time for another one.
  package mutating func mayBegin(at now: UInt64) -> Bool {
    if now > lastNanoseconds {
      let earned = Int64(clamping: (now &- lastNanoseconds) / Self.share)
      left = left > Self.savedNanoseconds - earned ? Self.savedNanoseconds : left + earned
      lastNanoseconds = now
    }
    return left > 0
  }

  package mutating func ended(began: UInt64, now: UInt64) {
    left -= Int64(clamping: now &- min(began, now))
  }
}
