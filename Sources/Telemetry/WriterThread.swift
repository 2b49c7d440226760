import Glibc

/// Wakes a writer thread, and tells those who wait what it has done.
// invariant: all variables are read and written under `mutex`; `mutex` and `condition` keep their addresses from `init` to
// `deinit`, when nobody waits any more because waiting needs a reference.
final class WriterSignal: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var requested: UInt64 = 0
  private var completed: UInt64 = 0
  private var stopping = false
  private var ended = false

  init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Asks for a pass and returns at once.
  func wake() {
    pthread_mutex_lock(mutex)
    requested &+= 1
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Asks for a pass and waits until one that began after the call has ended.
  func flush() {
    pthread_mutex_lock(mutex)
    requested &+= 1
    let wanted = requested
    pthread_cond_broadcast(condition)
    while completed < wanted, !ended { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }

  fileprivate func stop() {
    pthread_mutex_lock(mutex)
    stopping = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Waits for a request or until the time is over.
  fileprivate func next(withinMilliseconds timeout: Int) -> (ticket: UInt64, stopping: Bool) {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let bounded = min(max(timeout, 1), 60_000)
    deadline.tv_sec += bounded / 1000
    deadline.tv_nsec += bounded % 1000 * 1_000_000
    if deadline.tv_nsec >= 1_000_000_000 {
      deadline.tv_sec += 1
      deadline.tv_nsec -= 1_000_000_000
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while requested == completed, !stopping {
      if pthread_cond_timedwait(condition, mutex, &deadline) != 0 { break }
    }
    return (requested, stopping)
  }

  fileprivate func finished(_ ticket: UInt64, ended: Bool) {
    pthread_mutex_lock(mutex)
    completed = ticket
    self.ended = ended
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}

/// A thread outside the event loops that runs passes over one log's queue: when woken, and when the last pass asked for it.
final class WriterThread: Sendable {
  /// Writes what waits. Returns within how many milliseconds the next pass is due; `stopping` marks the last one.
  typealias Pass = @Sendable (_ stopping: Bool) -> Int

  private final class Start: Sendable {
    let name: String
    let signal: WriterSignal
    let pass: Pass

    init(name: String, signal: WriterSignal, pass: @escaping Pass) {
      self.name = name
      self.signal = signal
      self.pass = pass
    }

    func run() {
      var signals = sigset_t()
      sigfillset(&signals)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
      let comm = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
      if comm >= 0 {
        _ = write(comm, name, name.utf8.count)
        close(comm)
      }
      var timeout = 0
      while true {
        let (ticket, stopping) = signal.next(withinMilliseconds: timeout)
        timeout = pass(stopping)
        signal.finished(ticket, ended: stopping)
        if stopping { return }
      }
    }
  }

  private let signal: WriterSignal
  private let thread: pthread_t

  /// - Parameter name: at most 15 bytes, as the kernel shows it.
  init(name: String, signal: WriterSignal, pass: @escaping Pass) throws(TelemetryError) {
    // invariant: the retained reference is released exactly once: by the thread, or by us if there is no thread.
    let start = Unmanaged.passRetained(Start(name: name, signal: signal, pass: pass))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        // invariant: the argument is `start`, retained above for this thread.
        if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw TelemetryError("can't start the log writer thread: \(String(cString: strerror(code)).lowercased())")
    }
    self.signal = signal
    self.thread = thread
  }

  /// Runs the last pass and waits for the thread's end. Called once.
  func stopAndJoin() {
    signal.stop()
    pthread_join(thread, nil)
  }
}
