/// What a deadline wakes.
package protocol DeadlineOwner: AnyObject {
  /// The deadline has come; the owner may set it again.
  func deadlineReached()
}

/// One owner's place in the wheel. Moving a deadline later costs a store; the wheel notices when the old time comes.
package final class Deadline {
  fileprivate(set) var tick = UInt64.max
  fileprivate var scheduledTick = UInt64.max
  /// Who is woken; nil wakes nobody.
  var owner: (any DeadlineOwner)?

  package init(owner: (any DeadlineOwner)? = nil) { self.owner = owner }

  /// No more wake-ups; lets go of the owner.
  package func invalidate() {
    tick = .max
    owner = nil
  }

  package func cancel() { tick = .max }
}

/// All deadlines of an event loop, in slots of one coarse tick.
package final class DeadlineWheel {
  /// Length of a tick. A deadline comes up to two ticks late; after a stall of the loop it may come early by the stall.
  package static let tickNanoseconds: UInt64 = 100_000_000
  private static let slotCount = 1_024

  private var slots: [[Deadline]] = Array(repeating: [], count: slotCount)
  package private(set) var currentTick: UInt64 = 0
  private let startNanoseconds: UInt64

  package init(nowNanoseconds: UInt64) { startNanoseconds = nowNanoseconds }

  /// Wakes the owner once `afterNanoseconds` have passed.
  package func schedule(_ deadline: Deadline, afterNanoseconds: UInt64) {
    let ticks = min(afterNanoseconds / DeadlineWheel.tickNanoseconds, 1 << 40) + 2
    let tick = currentTick + ticks
    deadline.tick = tick
    if deadline.scheduledTick <= tick { return }
    insert(deadline, at: tick)
  }

  /// Like `schedule`, but never later than what is set already.
  package func scheduleNoLater(_ deadline: Deadline, afterNanoseconds: UInt64) {
    if deadline.tick > currentTick + afterNanoseconds / DeadlineWheel.tickNanoseconds + 2 {
      schedule(deadline, afterNanoseconds: afterNanoseconds)
    }
  }

  private func insert(_ deadline: Deadline, at tick: UInt64) {
    let horizon = currentTick + UInt64(DeadlineWheel.slotCount - 1)
    let target = min(tick, horizon)
    deadline.scheduledTick = target
    slots[Int(target % UInt64(DeadlineWheel.slotCount))].append(deadline)
  }

  /// Wakes everything that is due.
  package func advance(nowNanoseconds: UInt64) {
    let target = (nowNanoseconds &- startNanoseconds) / DeadlineWheel.tickNanoseconds
    while currentTick < target {
      currentTick += 1
      let index = Int(currentTick % UInt64(DeadlineWheel.slotCount))
      if slots[index].isEmpty { continue }
      var due: [Deadline] = []
      swap(&due, &slots[index])
      for deadline in due where deadline.scheduledTick == currentTick {
        deadline.scheduledTick = .max
        if deadline.tick == .max { continue }
        if deadline.tick > currentTick {
          insert(deadline, at: deadline.tick)
        } else {
          deadline.tick = .max
          deadline.owner?.deadlineReached()
        }
      }
      if slots[index].isEmpty {
        due.removeAll(keepingCapacity: due.count <= 256)
        swap(&due, &slots[index])
      }
    }
  }
}
