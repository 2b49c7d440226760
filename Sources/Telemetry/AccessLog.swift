import SluiceModel
import Synchronization

/// Whole access log lines on their way to the writer.
struct AccessBatch: Sendable {
  var bytes: [UInt8] = []
  var lines = 0

  // invariant: the line is copied before this returns; the pointer is not kept.
  mutating func append(_ line: UnsafeRawBufferPointer) {
    if bytes.capacity == 0 { bytes.reserveCapacity(LoopRecorder.batchBytes + LineStorage.capacity) }
    bytes.append(contentsOf: line)
    lines &+= 1
  }

  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    lines = 0
  }
}

/// The access log, and the audit log likewise: a bounded queue of batches that event loops fill, and its file. It drops
/// lines under pressure and counts them.
final class AccessLog: Sendable {
  private struct Queue {
    /// What the configuration asks for; the writer follows.
    var target: LogTarget
    var batches: [AccessBatch] = []
    /// Bytes in `batches` and in the batch being written.
    var bytes = 0
    var spare: [AccessBatch] = []
    var newTarget: (target: LogTarget, file: (any LogFile)?)?
    var reopen = false
    var closed = false
    var lastError: String?
    var failing = false
  }

  private struct Writer {
    var target: LogTarget
    var file: (any LogFile)?
    var current: AccessBatch?
    var offset = 0
    var backOff = BackOff()
    var mustReopen = false
  }

  private enum Outcome { case done, wouldBlock, failed }

  private let files: any FileAccess
  private let clock: TelemetryClock
  private let backlogBytes: Int
  private let signal: WriterSignal
  private let on: Atomic<Bool>
  private let dropped = Atomic<Int>(0)
  private let written = Atomic<Int>(0)
  private let queue: Mutex<Queue>
  private let writer: Mutex<Writer>

  init(
    _ target: LogTarget, files: any FileAccess, clock: TelemetryClock, signal: WriterSignal,
    backlogBytes: Int = Limits.accessLogBacklogBytes
  ) throws(TelemetryError) {
    let file = try AccessLog.open(target, files)
    self.files = files
    self.clock = clock
    self.signal = signal
    self.backlogBytes = backlogBytes
    on = Atomic(target != .off)
    queue = Mutex(Queue(target: target))
    writer = Mutex(Writer(target: target, file: file))
  }

  private static func open(_ target: LogTarget, _ files: any FileAccess) throws(TelemetryError) -> (any LogFile)? {
    switch target {
    case .off: return nil
    case .standardOutput: return files.standardOutput()
    case .file(let path):
      do throws(FileError) {
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
          try files.makeDirectories(String(path[..<slash]))
        }
        return try files.open(path, .append)
      } catch {
        throw TelemetryError(error)
      }
    }
  }

  // MARK: Event loops

  var isOn: Bool { on.load(ordering: .relaxed) }

  /// Takes the batch and leaves an empty one to fill.
  func submit(_ batch: inout AccessBatch) {
    let size = batch.bytes.count
    let isTaken = queue.withLock { queue in
      guard !queue.closed, queue.bytes + size <= backlogBytes else { return false }
      queue.bytes += size
      if let last = queue.batches.indices.last,
        queue.batches[last].bytes.count + size <= LoopRecorder.batchBytes + LineStorage.capacity
      {
        queue.batches[last].bytes += batch.bytes
        queue.batches[last].lines += batch.lines
        batch.clear()
      } else {
        queue.batches.append(batch)
        batch = queue.spare.popLast() ?? AccessBatch()
      }
      return true
    }
    if isTaken {
      signal.wake()
    } else {
      dropped.add(batch.lines, ordering: .relaxed)
      batch.clear()
    }
  }

  /// Counts lines that never came to a batch.
  func drop(lines: Int) { dropped.add(lines, ordering: .relaxed) }

  // MARK: Operators

  /// A target that is open and ready; nil when it is the one in force.
  func prepare(_ target: LogTarget) throws(TelemetryError) -> (target: LogTarget, file: (any LogFile)?)? {
    let current = queue.withLock { $0.target }
    return current == target ? nil : (target, try AccessLog.open(target, files))
  }

  /// Makes the writer go on with a prepared target.
  func switchTo(_ prepared: (target: LogTarget, file: (any LogFile)?)?) {
    guard let prepared else { return }
    queue.withLock { queue in
      queue.newTarget = prepared
      queue.target = prepared.target
    }
    on.store(prepared.target != .off, ordering: .relaxed)
    signal.wake()
  }

  func reopen() {
    queue.withLock { $0.reopen = true }
    signal.wake()
  }

  var linesDropped: Int { dropped.load(ordering: .relaxed) }
  var bytesWritten: Int { written.load(ordering: .relaxed) }
  var health: (failing: Bool, lastError: String?) { queue.withLock { ($0.failing, $0.lastError) } }
  /// Whether nothing waits.
  var isEmpty: Bool { queue.withLock { $0.bytes == 0 } }

  // MARK: Writer thread

  func pass(stopping: Bool) -> Int {
    writer.withLock { writer in
      let now = clock.monotonicMilliseconds()
      let (newTarget, reopen) = queue.withLock { queue in
        defer { (queue.newTarget, queue.reopen) = (nil, false) }
        return (queue.newTarget, queue.reopen)
      }
      if let newTarget {
        _ = drain(&writer)
        startFile(newTarget.file, &writer)
        writer.target = newTarget.target
        writer.mustReopen = false
      } else if reopen {
        writer.mustReopen = true
        writer.backOff.retryNow()
      }
      if stopping { return finish(&writer) }
      let wait = writer.backOff.remaining(at: now)
      if wait > 0 { return wait }
      if writer.mustReopen { self.reopen(&writer) }
      switch drain(&writer) {
      case .done: return writer.mustReopen ? max(1, writer.backOff.remaining(at: now)) : 60_000
      case .wouldBlock: return 50
      case .failed: return max(1, writer.backOff.remaining(at: now))
      }
    }
  }

  /// The last pass: a reader of a pipe gets a second, then what is left counts as dropped.
  private func finish(_ writer: inout Writer) -> Int {
    queue.withLock { $0.closed = true }
    on.store(false, ordering: .relaxed)
    let start = clock.monotonicMilliseconds()
    var attempts = 0
    while drain(&writer) == .wouldBlock, attempts < 10, clock.monotonicMilliseconds() < start + 1000 { attempts += 1 }
    discard(&writer)
    writer.file = nil
    return 0
  }

  /// Opens the file anew under its name; until that succeeds the old one is written.
  private func reopen(_ writer: inout Writer) {
    _ = drain(&writer)
    do throws(TelemetryError) {
      if case .file = writer.target { startFile(try AccessLog.open(writer.target, files), &writer) }
      writer.mustReopen = false
    } catch {
      failed(error.description, &writer)
    }
  }

  private func startFile(_ file: (any LogFile)?, _ writer: inout Writer) {
    writer.file = file
    writer.backOff.retryNow()
    guard let current = writer.current, writer.offset > 0, current.bytes[writer.offset - 1] != 0x0a else { return }
    let rest = current.bytes[writer.offset...]
    writer.offset = (rest.firstIndex(of: 0x0a) ?? rest.endIndex - 1) + 1
    dropped.add(1, ordering: .relaxed)
  }

  private func drain(_ writer: inout Writer) -> Outcome {
    guard let file = writer.file else {
      discard(&writer)
      return .done
    }
    while let batch = writer.current ?? takeBatch() {
      if writer.current == nil { writer.offset = 0 }
      writer.current = nil
      do throws(FileError) {
        while writer.offset < batch.bytes.count {
          let count = try file.write(batch.bytes.span.extracting(droppingFirst: writer.offset))
          writer.offset += count
          written.add(count, ordering: .relaxed)
          if count == 0 {
            writer.current = batch
            return .wouldBlock
          }
        }
      } catch {
        writer.current = batch
        failed(error.description, &writer)
        return .failed
      }
      recycle(batch)
      if writer.backOff.isFailing {
        writer.backOff.succeeded()
        queue.withLock { $0.failing = false }
      }
    }
    return .done
  }

  private func takeBatch() -> AccessBatch? {
    queue.withLock { $0.batches.isEmpty ? nil : $0.batches.removeFirst() }
  }

  private func recycle(_ batch: consuming AccessBatch) {
    let size = batch.bytes.count
    batch.clear()
    let cleared = batch
    queue.withLock { queue in
      queue.bytes -= size
      if queue.spare.count < 8 { queue.spare.append(cleared) }
    }
  }

  /// Gives up what waits, and counts its lines.
  private func discard(_ writer: inout Writer) {
    while let batch = writer.current ?? takeBatch() {
      let offset = writer.current == nil ? 0 : min(writer.offset, batch.bytes.count)
      dropped.add(batch.bytes[offset...].count { $0 == 0x0a }, ordering: .relaxed)
      writer.current = nil
      recycle(batch)
    }
  }

  private func failed(_ text: String, _ writer: inout Writer) {
    writer.backOff.failed(at: clock.monotonicMilliseconds())
    queue.withLock { queue in
      queue.failing = true
      queue.lastError = text
    }
  }
}
