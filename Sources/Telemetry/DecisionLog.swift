package import SluiceModel
import Synchronization

/// Whole decision records on their way to the writer, with what their index entries need.
package struct DecisionBatch: Sendable {
  var bytes: [UInt8] = []
  var records: [(id: ExchangeID, length: Int)] = []

  package init() {}

  // invariant: the line is copied before this returns; the pointer is not kept.
  package mutating func append(_ line: UnsafeRawBufferPointer, id: ExchangeID) {
    if bytes.capacity == 0 { bytes.reserveCapacity(LoopRecorder.batchBytes + LineStorage.capacity) }
    bytes.append(contentsOf: line)
    records.append((id, line.count))
  }

  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
  }
}

/// The decision log: a bounded backlog that event loops fill, and its segments. It loses no record silently: what doesn't
/// fit is counted, and the count becomes a record itself once there is room.
final class DecisionLog: Sendable {
  private struct Queue {
    var batches: [DecisionBatch] = []
    var spare: [DecisionBatch] = []
    var newStore: DecisionStore?
    var newPolicy: SegmentPolicy?
    var directory: String
    var closed = false
    var lastError: String?
    var failing = false
  }

  private struct Writer {
    var store: DecisionStore
    var current: DecisionBatch?
    var backOff = BackOff()
    var syncedAt: UInt64 = 0
    var enforcedAt: UInt64 = 0
    var date = DateText()
  }

  /// Room that is left for the operations under way when `hasRoom` turns false.
  private static let reserveBytes = 256 << 10

  private let files: any FileAccess
  private let clock: TelemetryClock
  private let backlogBytes: Int
  private let signal: WriterSignal
  private let all: Atomic<Bool>
  private let open = Atomic<Bool>(true)
  /// Bytes reserved by the loops and not yet on disk.
  private let waiting = Atomic<Int>(0)
  private let lost = Atomic<Int>(0)
  private let unreported = Atomic<Int>(0)
  private let written = Atomic<Int>(0)
  private let queue: Mutex<Queue>
  private let writer: Mutex<Writer>

  init(
    _ configuration: DecisionLogConfiguration, files: any FileAccess, clock: TelemetryClock, signal: WriterSignal,
    backlogBytes: Int = Limits.decisionLogBacklogBytes
  ) throws(TelemetryError) {
    let store = try DecisionLog.makeStore(configuration, files, clock)
    self.files = files
    self.clock = clock
    self.signal = signal
    self.backlogBytes = backlogBytes
    all = Atomic(configuration.record == .all)
    queue = Mutex(Queue(directory: configuration.directory))
    writer = Mutex(Writer(store: store))
  }

  private static func makeStore(
    _ configuration: DecisionLogConfiguration, _ files: any FileAccess, _ clock: TelemetryClock
  ) throws(TelemetryError) -> DecisionStore {
    do throws(FileError) {
      return try DecisionStore(
        directory: configuration.directory, policy: SegmentPolicy(configuration), files: files,
        nowUnixMilliseconds: clock.unixMilliseconds())
    } catch {
      throw TelemetryError(error)
    }
  }

  // MARK: Event loops

  var recordsAll: Bool { all.load(ordering: .relaxed) }

  /// Whether an operation that begins now will find room for its record.
  func hasRoom(industrial: Bool) -> Bool {
    let limit = bound(industrial: industrial)
    return open.load(ordering: .relaxed)
      && waiting.load(ordering: .relaxed) + min(DecisionLog.reserveBytes, limit / 2) <= limit
  }

  /// Web traffic may fill three quarters of the backlog, so that a flood leaves room for the plant.
  private func bound(industrial: Bool) -> Int { industrial ? backlogBytes : backlogBytes - backlogBytes / 4 }

  /// Takes room for one record; without room the record counts as lost.
  func reserve(_ bytes: Int, industrial: Bool) -> Bool {
    let (old, _) = waiting.add(bytes, ordering: .relaxed)
    if old + bytes <= bound(industrial: industrial), open.load(ordering: .relaxed) { return true }
    waiting.subtract(bytes, ordering: .relaxed)
    lose(1)
    return false
  }

  /// Takes the batch of reserved records and leaves an empty one to fill.
  func submit(_ batch: inout DecisionBatch) {
    let isTaken = queue.withLock { queue in
      guard !queue.closed else { return false }
      if let last = queue.batches.indices.last,
        queue.batches[last].bytes.count + batch.bytes.count <= LoopRecorder.batchBytes + LineStorage.capacity
      {
        queue.batches[last].bytes += batch.bytes
        queue.batches[last].records += batch.records
        batch.clear()
      } else {
        queue.batches.append(batch)
        batch = queue.spare.popLast() ?? DecisionBatch()
      }
      return true
    }
    if isTaken {
      signal.wake()
    } else {
      waiting.subtract(batch.bytes.count, ordering: .relaxed)
      lose(batch.records.count)
      batch.clear()
    }
  }

  private func lose(_ records: Int) {
    lost.add(records, ordering: .relaxed)
    unreported.add(records, ordering: .relaxed)
  }

  // MARK: Operators

  /// Switches directory, retention and what is recorded; a new directory is made before anything changes.
  func reconfigure(_ configuration: DecisionLogConfiguration) throws(TelemetryError) {
    if queue.withLock({ $0.directory }) != configuration.directory {
      let store = try DecisionLog.makeStore(configuration, files, clock)
      queue.withLock { queue in
        queue.newStore = store
        queue.newPolicy = nil
        queue.directory = configuration.directory
      }
    } else {
      queue.withLock { $0.newPolicy = SegmentPolicy(configuration) }
    }
    all.store(configuration.record == .all, ordering: .relaxed)
    signal.wake()
  }

  func find(_ id: ExchangeID) throws(TelemetryError) -> String? {
    let directory = queue.withLock { $0.directory }
    do throws(FileError) {
      return try DecisionStore.find(id, directory: directory, files: files).map { String(decoding: $0, as: UTF8.self) }
    } catch {
      throw TelemetryError(error)
    }
  }

  var recordsWritten: Int { written.load(ordering: .relaxed) }
  var recordsLost: Int { lost.load(ordering: .relaxed) }
  /// Whether nothing that was handed over waits.
  var isEmpty: Bool { queue.withLock { $0.batches.isEmpty } && writer.withLock { $0.current == nil } }
  var health: (degraded: Bool, lastError: String?) {
    let unreported = unreported.load(ordering: .relaxed)
    return queue.withLock { ($0.failing || unreported > 0, $0.lastError) }
  }

  // MARK: Writer thread

  func pass(stopping: Bool) -> Int {
    writer.withLock { writer in
      if stopping {
        open.store(false, ordering: .relaxed)
        queue.withLock { $0.closed = true }
      }
      applyChanges(&writer)
      let now = clock.monotonicMilliseconds()
      let wait = writer.backOff.remaining(at: now)
      if wait > 0, !stopping { return wait }
      do throws(FileError) {
        try drain(&writer)
        try reportLoss(&writer)
        if stopping || writer.store.isDirty && now >= writer.syncedAt + 1000 {
          try writer.store.sync()
          writer.syncedAt = now
        }
        if writer.backOff.isFailing {
          writer.backOff.succeeded()
          queue.withLock { $0.failing = false }
        }
      } catch {
        writer.backOff.failed(at: now)
        queue.withLock { queue in
          queue.failing = true
          queue.lastError = error.description
        }
      }
      if now >= writer.enforcedAt + 60_000 {
        writer.store.enforce(clock.unixMilliseconds())
        writer.enforcedAt = now
      }
      if stopping {
        giveUp(&writer)
        writer.store.close()
      }
      if writer.backOff.isFailing { return max(1, writer.backOff.remaining(at: now)) }
      return writer.store.isDirty ? 1000 : 60_000
    }
  }

  private func applyChanges(_ writer: inout Writer) {
    let (newStore, newPolicy) = queue.withLock { queue in
      defer { (queue.newStore, queue.newPolicy) = (nil, nil) }
      return (queue.newStore, queue.newPolicy)
    }
    if let newStore {
      try? drain(&writer)
      try? writer.store.sync()
      writer.store = newStore
      writer.backOff.retryNow()
    }
    if let newPolicy, newPolicy != writer.store.policy {
      writer.store.policy = newPolicy
      writer.store.enforce(clock.unixMilliseconds())
    }
  }

  private func drain(_ writer: inout Writer) throws(FileError) {
    while let batch = writer.current ?? queue.withLock({ $0.batches.isEmpty ? nil : $0.batches.removeFirst() }) {
      writer.current = batch
      try writer.store.append(batch, nowUnixMilliseconds: clock.unixMilliseconds())
      writer.current = nil
      written.add(batch.records.count, ordering: .relaxed)
      waiting.subtract(batch.bytes.count, ordering: .relaxed)
      recycle(batch)
    }
  }

  private func recycle(_ batch: consuming DecisionBatch) {
    batch.clear()
    let cleared = batch
    queue.withLock { queue in
      if queue.spare.count < 8 { queue.spare.append(cleared) }
    }
  }

  /// Records how many records were lost since the last time.
  private func reportLoss(_ writer: inout Writer) throws(FileError) {
    let count = unreported.load(ordering: .relaxed)
    guard count > 0 else { return }
    var random = SystemRandomNumberGenerator()
    let id = ExchangeID(unixMilliseconds: clock.unixMilliseconds(), random: (random.next(), random.next()))
    var batch = DecisionBatch()
    var line = LineWriter(LineStorage())
    LogLine.loss(count, id: id, to: &line, date: &writer.date)
    batch.append(line.bytes, id: id)
    try writer.store.append(batch, nowUnixMilliseconds: clock.unixMilliseconds())
    unreported.subtract(count, ordering: .relaxed)
    written.add(1, ordering: .relaxed)
  }

  /// At the end: what could not be written counts as lost.
  private func giveUp(_ writer: inout Writer) {
    while let batch = writer.current ?? queue.withLock({ $0.batches.isEmpty ? nil : $0.batches.removeFirst() }) {
      writer.current = nil
      waiting.subtract(batch.bytes.count, ordering: .relaxed)
      lose(batch.records.count)
    }
  }
}
