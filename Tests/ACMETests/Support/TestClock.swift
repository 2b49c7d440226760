import ACME
import Synchronization

/// A time of day that moves by itself as far as its horizon: a wait that ends before it costs nothing, one that does not
/// lasts until the task is cancelled, and tells that everything is done until then.
final class TestClock: ACMEClock, Sendable {
  static let start: Int64 = 1_800_000_000

  private struct State {
    var now: Int64
    var horizon: Int64
    var waits: [Int64] = []
    var resume: AsyncStream<Void>.Continuation?
  }

  private let state: Mutex<State>
  private let idle: AsyncStream<Void>
  private let tellIdle: AsyncStream<Void>.Continuation

  init(now: Int64 = TestClock.start, lasting seconds: Int64 = 0) {
    state = Mutex(State(now: now, horizon: now + seconds))
    (idle, tellIdle) = AsyncStream.makeStream()
  }

  /// Every wait so far, in seconds.
  var waits: [Int64] { state.withLock { $0.waits } }

  func now() -> Int64 { state.withLock { $0.now } }

  /// Moves the time of day.
  func pass(_ seconds: Int64) { state.withLock { $0.now += seconds } }

  func sleep(for duration: Duration) async throws {
    let seconds = duration.components.seconds
    let end: Int64 = state.withLock { state in
      state.waits.append(seconds)
      return state.now + seconds
    }
    while !state.withLock({ $0.horizon >= end }) {
      let (stream, continuation) = AsyncStream<Void>.makeStream()
      state.withLock { $0.resume = continuation }
      tellIdle.yield()
      for await _ in stream { break }
      try Task.checkCancellation()
    }
    state.withLock { $0.now = max($0.now, end) }
    await Task.yield()
    try Task.checkCancellation()
  }

  /// Until a wait reaches past the horizon.
  func untilIdle() async { for await _ in idle { return } }

  /// Moves the horizon and waits until the new one is reached.
  func advance(_ seconds: Int64) async {
    let resume = state.withLock { state in
      state.horizon += seconds
      let resume = state.resume
      state.resume = nil
      return resume
    }
    resume?.finish()
    await untilIdle()
  }
}
