import Balancing
import Proxy
import Testing

@Suite struct DeadlineWheelTests {
  private final class Owner: DeadlineOwner {
    var wakes = 0
    var onWake: () -> Void = {}

    func deadlineReached() {
      wakes += 1
      onWake()
    }
  }

  private let tick = DeadlineWheel.tickNanoseconds

  @Test func wakesOnceAndNeverEarly() {
    let wheel = DeadlineWheel(nowNanoseconds: 0)
    let owner = Owner()
    let deadline = Deadline(owner: owner)
    wheel.schedule(deadline, afterNanoseconds: 5 * tick)
    wheel.advance(nowNanoseconds: 5 * tick)
    #expect(owner.wakes == 0)
    wheel.advance(nowNanoseconds: 8 * tick)
    #expect(owner.wakes == 1)
    wheel.advance(nowNanoseconds: 4_000 * tick)
    #expect(owner.wakes == 1)
  }

  @Test func movingLaterDelaysTheWake() {
    let wheel = DeadlineWheel(nowNanoseconds: 0)
    let owner = Owner()
    let deadline = Deadline(owner: owner)
    wheel.schedule(deadline, afterNanoseconds: 5 * tick)
    wheel.schedule(deadline, afterNanoseconds: 50 * tick)
    wheel.advance(nowNanoseconds: 20 * tick)
    #expect(owner.wakes == 0)
    wheel.advance(nowNanoseconds: 60 * tick)
    #expect(owner.wakes == 1)
  }

  @Test func movingEarlierAdvancesTheWake() {
    let wheel = DeadlineWheel(nowNanoseconds: 0)
    let owner = Owner()
    let deadline = Deadline(owner: owner)
    wheel.schedule(deadline, afterNanoseconds: 500 * tick)
    wheel.schedule(deadline, afterNanoseconds: 5 * tick)
    wheel.advance(nowNanoseconds: 10 * tick)
    #expect(owner.wakes == 1)
    wheel.advance(nowNanoseconds: 600 * tick)
    #expect(owner.wakes == 1)
  }

  @Test func farDeadlinesWaitForTheirTurn() {
    let wheel = DeadlineWheel(nowNanoseconds: 0)
    let owner = Owner()
    let deadline = Deadline(owner: owner)
    wheel.schedule(deadline, afterNanoseconds: 5_000 * tick)
    wheel.advance(nowNanoseconds: 4_990 * tick)
    #expect(owner.wakes == 0)
    wheel.advance(nowNanoseconds: 5_010 * tick)
    #expect(owner.wakes == 1)
  }

  @Test func cancelledAndInvalidatedDeadlinesStaySilent() {
    let wheel = DeadlineWheel(nowNanoseconds: 0)
    let owner = Owner()
    let cancelled = Deadline(owner: owner)
    wheel.schedule(cancelled, afterNanoseconds: 5 * tick)
    cancelled.cancel()
    let invalidated = Deadline(owner: owner)
    wheel.schedule(invalidated, afterNanoseconds: 5 * tick)
    invalidated.invalidate()
    wheel.advance(nowNanoseconds: 50 * tick)
    #expect(owner.wakes == 0)
    wheel.schedule(cancelled, afterNanoseconds: 5 * tick)
    wheel.advance(nowNanoseconds: 60 * tick)
    #expect(owner.wakes == 1)
  }

  @Test func anOwnerMaySetItselfAgain() {
    let wheel = DeadlineWheel(nowNanoseconds: 0)
    let owner = Owner()
    let deadline = Deadline(owner: owner)
    owner.onWake = { [tick] in wheel.schedule(deadline, afterNanoseconds: 3 * tick) }
    wheel.schedule(deadline, afterNanoseconds: 3 * tick)
    wheel.advance(nowNanoseconds: 51 * tick)
    #expect(owner.wakes == 10)
  }

  /// Against a plain list: random schedules, moves and cancels wake the same owners, at most two ticks late.
  @Test func agreesWithAPlainList() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    let wheel = DeadlineWheel(nowNanoseconds: 0)
    var now: UInt64 = 0
    let owners = (0..<64).map { _ in Owner() }
    let deadlines = owners.map { Deadline(owner: $0) }
    var due = [UInt64?](repeating: nil, count: owners.count)
    for step in 0..<20_000 {
      let index = Int(random.next() % 64)
      switch random.next() % 4 {
      case 0:
        deadlines[index].cancel()
        due[index] = nil
      case 1:
        let before = owners.map(\.wakes)
        now += random.next() % (300 * tick)
        wheel.advance(nowNanoseconds: now)
        for place in owners.indices {
          let woke = owners[place].wakes > before[place]
          if woke {
            #expect((due[place] ?? .max) <= now, "woke early at step \(step), seed \(seed)")
            due[place] = nil
          } else if let time = due[place] {
            #expect(time + 3 * tick > now, "not woken at step \(step), seed \(seed)")
          }
        }
      default:
        let after = random.next() % (2_500 * tick)
        wheel.schedule(deadlines[index], afterNanoseconds: after)
        due[index] = now + after
      }
    }
  }
}
