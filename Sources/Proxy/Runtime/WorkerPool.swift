import CLinux
import Glibc

/// Threads for what filters would hold an event loop up with. They have a lower priority than the loops, and start with the
/// first piece of work.
// invariant: all variables are read and written under `mutex`; `mutex` and `condition` keep their addresses from `init` to
// `deinit`, when no thread is left, because each holds a reference.
package final class WorkerPool: @unchecked Sendable {
  package typealias Work = @Sendable () -> Void

  /// How far the threads step back behind the web loops' threads: under load a worker gets about a third of a loop's share.
  private static let steps: Int32 = 5

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private let size: Int
  /// What waits: a ring of fixed size.
  private var ring: [Work?]
  private var first = 0
  private var count = 0
  private var threads: [pthread_t] = []
  private var niceness = WorkerPool.steps
  private var isStopping = false

  /// - Parameters:
  ///   - threads: how many; at least one.
  ///   - queue: pieces of work that may wait; at least one.
  package init(threads: Int, queue: Int) {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    size = max(1, threads)
    ring = Array(repeating: nil, count: max(1, queue))
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Hands work over; it begins in the order in which it came.
  /// - Returns: false when as much waits as may, when the pool has stopped, or when the system gives no thread.
  package func submit(_ work: @escaping Work) -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard !isStopping, count < ring.count else { return false }
    startThreads()
    guard !threads.isEmpty else { return false }
    ring[(first + count) % ring.count] = work
    count += 1
    pthread_cond_signal(condition)
    return true
  }

  /// Lets the threads step back once more before what they do next.
  package func stepBack(by steps: Int32) {
    pthread_mutex_lock(mutex)
    niceness += steps
    pthread_mutex_unlock(mutex)
  }

  /// Drops what waits and returns when the work under way has ended. Nothing is taken afterwards.
  package func stop() {
    pthread_mutex_lock(mutex)
    isStopping = true
    for index in ring.indices { ring[index] = nil }
    count = 0
    let running = threads
    threads = []
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
    for thread in running { pthread_join(thread, nil) }
  }

  /// Under `mutex`.
  private func startThreads() {
    while threads.count < size {
      // invariant: the retained reference is released exactly once: by the thread, or here if there is no thread.
      let pool = Unmanaged.passRetained(self)
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { argument in
          // invariant: the argument is the pool, retained above for this thread.
          if let argument { Unmanaged<WorkerPool>.fromOpaque(argument).takeRetainedValue().run() }
          return nil
        }, pool.toOpaque())
      guard code == 0 else {
        pool.release()
        return
      }
      threads.append(thread)
    }
  }

  private func run() {
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let comm = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    if comm >= 0 {
      _ = write(comm, "sluice-worker", 13)
      close(comm)
    }
    var taken: Int32 = 0
    while let (work, niceness) = next() {
      if niceness > taken {
        _ = clinux_lower_thread_priority(niceness - taken)
        taken = niceness
      }
      work()
    }
  }

  /// The next piece of work, waited for; nil when the pool stops.
  private func next() -> (work: Work, niceness: Int32)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while count == 0, !isStopping { pthread_cond_wait(condition, mutex) }
    guard !isStopping, let work = ring[first] else { return nil }
    ring[first] = nil
    first = (first + 1) % ring.count
    count -= 1
    return (work, niceness)
  }
}
