import Proxy
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  @Test func workIsDoneInOrder() throws {
    let pool = WorkerPool(threads: 1, queue: 100)
    let done = Journal<Int>()
    for index in 0..<100 { #expect(pool.submit { done.append(index) }) }
    _ = try done.first { $0 == 99 }
    #expect(done.all == Array(0..<100))
    pool.stop()
  }

  @Test func aFullQueueRefuses() throws {
    let pool = WorkerPool(threads: 1, queue: 2)
    let (began, release) = (Journal<Int>(), Journal<Bool>())
    for index in 0..<1 {
      #expect(
        pool.submit {
          began.append(index)
          _ = try? release.first { $0 }
        })
    }
    _ = try began.first { $0 == 0 }
    #expect(pool.submit { began.append(1) })
    #expect(pool.submit { began.append(2) })
    #expect(!pool.submit { began.append(3) })
    release.append(true)
    _ = try began.first { $0 == 2 }
    #expect(pool.submit { began.append(4) })
    _ = try began.first { $0 == 4 }
    #expect(began.all == [0, 1, 2, 4])
    pool.stop()
  }

  @Test func stoppingWaitsForWorkUnderWayAndLeavesNothingBehind() throws {
    final class Token: Sendable {}
    let pool = WorkerPool(threads: 2, queue: 10)
    let began = Journal<Bool>()
    let ended = Atomic(0)
    weak var dropped: Token?
    do {
      let token = Token()
      dropped = token
      let holding = Journal<Bool>()
      for _ in 0..<2 {
        #expect(
          pool.submit {
            began.append(true)
            _ = try? holding.first(within: 0.2) { $0 }
            ended.add(1, ordering: .relaxed)
          })
      }
      _ = try began.first(after: 1) { $0 }
      #expect(pool.submit { _ = token })
    }
    pool.stop()
    #expect(ended.load(ordering: .relaxed) == 2)
    #expect(dropped == nil)
    #expect(!pool.submit {})
    pool.stop()
  }
}
