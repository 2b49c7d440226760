import Glibc
package import SluiceModel

/// When segments end and how long they are kept.
package struct SegmentPolicy: Equatable, Sendable {
  var segmentBytes: Int
  var segmentMilliseconds: UInt64 = 3_600_000
  var keepMilliseconds: UInt64
  var maximumBytes: Int

  package init(segmentBytes: Int, keepMilliseconds: UInt64, maximumBytes: Int) {
    self.segmentBytes = segmentBytes
    self.keepMilliseconds = keepMilliseconds
    self.maximumBytes = maximumBytes
  }

  init(_ configuration: DecisionLogConfiguration) {
    let maximum = max(0, configuration.maximumSizeBytes)
    segmentBytes = max(1 << 20, min(64 << 20, maximum / 16))
    keepMilliseconds = UInt64(clamping: max(0, configuration.keep.components.seconds)).multipliedClamping(by: 1000)
    maximumBytes = maximum
  }
}

extension UInt64 {
  fileprivate func multipliedClamping(by factor: UInt64) -> UInt64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}

/// The decision log's files, as its writer thread sees them: one segment that grows, and older ones to delete in time.
package struct DecisionStore: Sendable {
  private struct Active {
    var name: SegmentName
    var log: any LogFile
    var index: any LogFile
    var logSize: Int
    var indexSize: Int
    var isDirty = false
  }

  private struct Sealed {
    var name: SegmentName
    var bytes: Int
  }

  let directory: String
  var policy: SegmentPolicy
  private let files: any FileAccess
  private var active: Active?
  private var sealed: [Sealed] = []
  private var newest: SegmentName?

  /// Makes the directory, repairs what a crash left, and goes on with the newest segment if it has room and time left.
  package init(
    directory: String, policy: SegmentPolicy, files: any FileAccess, nowUnixMilliseconds now: UInt64
  ) throws(FileError) {
    self.directory = directory
    self.policy = policy
    self.files = files
    try files.makeDirectories(directory)
    for name in try SegmentReader.list(directory, files) {
      // A damaged segment must not keep the gate from starting; lookups read what is whole in it.
      _ = try? SegmentReader.repair(name, directory: directory, files)
    }
    try refresh()
    if let last = sealed.last, last.name.startUnixMilliseconds <= now,
      now - last.name.startUnixMilliseconds < policy.segmentMilliseconds
    {
      try? resume(last.name)
    }
    enforce(now)
  }

  private mutating func resume(_ name: SegmentName) throws(FileError) {
    let log = try files.open(name.logPath(in: directory), .update)
    guard log.lock() else { return }
    let index = try files.open(name.indexPath(in: directory), .update)
    let logSize = try log.size()
    let indexSize = try index.size()
    guard logSize < policy.segmentBytes, indexSize % IndexEntry.size == 0 else { return }
    if logSize > 0 {
      let last = try log.read(at: logSize - 1, count: 1)
      guard last == [0x0a] else { return }
    }
    active = Active(name: name, log: log, index: index, logSize: logSize, indexSize: indexSize)
    sealed.removeAll { $0.name == name }
  }

  /// Writes a batch and its index entries. After an error nothing of it is kept, and it can be tried again.
  package mutating func append(_ batch: borrowing DecisionBatch, nowUnixMilliseconds now: UInt64) throws(FileError) {
    if let active, !active.log.isAtItsPath() || !active.index.isAtItsPath() { self.active = nil }
    if let active, active.logSize > 0 {
      let age = now > active.name.startUnixMilliseconds ? now - active.name.startUnixMilliseconds : 0
      if active.logSize + batch.bytes.count > policy.segmentBytes || age >= policy.segmentMilliseconds {
        try sync()
        seal()
      }
    }
    if active == nil { try begin(now) }
    guard var active else { return }
    var entries: [UInt8] = []
    entries.reserveCapacity(batch.records.count * IndexEntry.size)
    var offset = active.logSize
    for record in batch.records {
      IndexEntry(id: record.id, offset: offset, length: record.length).append(to: &entries)
      offset += record.length
    }
    do throws(FileError) {
      try active.log.writeAll(batch.bytes.span, path: active.name.logPath(in: directory))
      try active.index.writeAll(entries.span, path: active.name.indexPath(in: directory))
    } catch {
      rollBack(active)
      throw error
    }
    active.logSize = offset
    active.indexSize += entries.count
    active.isDirty = true
    self.active = active
    enforceSize()
  }

  private mutating func rollBack(_ active: Active) {
    do throws(FileError) {
      try active.log.truncate(to: active.logSize)
      try active.index.truncate(to: active.indexSize)
    } catch {
      self.active = nil
    }
  }

  private mutating func begin(_ now: UInt64) throws(FileError) {
    try files.makeDirectories(directory)
    try refresh()
    let last = newest
    var name = SegmentName(
      startUnixMilliseconds: max(now, last?.startUnixMilliseconds ?? 0), sequence: (last?.sequence ?? 0) &+ 1)
    while files.size(of: name.logPath(in: directory)) != nil { name.sequence &+= 1 }
    let log = try files.open(name.logPath(in: directory), .create)
    _ = log.lock()
    let index: any LogFile
    do throws(FileError) {
      index = try files.open(name.indexPath(in: directory), .create)
    } catch {
      try? files.remove(name.logPath(in: directory))
      throw error
    }
    active = Active(name: name, log: log, index: index, logSize: 0, indexSize: 0)
    newest = name
    enforce(now)
  }

  private mutating func seal() {
    guard let active else { return }
    sealed.append(Sealed(name: active.name, bytes: active.logSize + active.indexSize))
    self.active = nil
  }

  /// Brings what was written to the disk itself.
  mutating func sync() throws(FileError) {
    guard let active, active.isDirty else { return }
    try active.log.sync()
    try active.index.sync()
    self.active?.isDirty = false
  }

  /// Gives the segment free for another process.
  mutating func close() { seal() }

  var isDirty: Bool { active?.isDirty ?? false }

  /// Looks again at what the directory holds.
  private mutating func refresh() throws(FileError) {
    let names = try SegmentReader.list(directory, files)
    if let last = names.last { newest = max(newest ?? last, last) }
    sealed = names.filter { $0 != active?.name }.map { name in
      let log = files.size(of: name.logPath(in: directory)) ?? 0
      return Sealed(name: name, bytes: log + (files.size(of: name.indexPath(in: directory)) ?? 0))
    }
  }

  /// Deletes what is too old, then, oldest first, what is too much.
  package mutating func enforce(_ now: UInt64) {
    while let first = sealed.first {
      let lastPossible = first.name.startUnixMilliseconds &+ policy.segmentMilliseconds
      let next = sealed.dropFirst().first?.name ?? active?.name
      let end = min(next?.startUnixMilliseconds ?? lastPossible, lastPossible)
      guard end < now, now - end > policy.keepMilliseconds else { break }
      removeOldest()
    }
    if let active, active.logSize > 0 {
      let age = now > active.name.startUnixMilliseconds ? now - active.name.startUnixMilliseconds : 0
      if age >= policy.segmentMilliseconds {
        // A failure to sync has no batch to hold back here; the kernel writes the pages anyway.
        try? sync()
        seal()
      }
    }
    enforceSize()
  }

  private mutating func enforceSize() {
    var total = sealed.reduce((active?.logSize ?? 0) + (active?.indexSize ?? 0)) { $0 + $1.bytes }
    while total > policy.maximumBytes, let first = sealed.first {
      total -= first.bytes
      removeOldest()
    }
  }

  private mutating func removeOldest() {
    let name = sealed.removeFirst().name
    try? files.remove(name.logPath(in: directory))
    try? files.remove(name.indexPath(in: directory))
  }

  /// How far a clock may have been set back between an id's making and a segment's.
  private static let clockMarginMilliseconds: UInt64 = 60_000

  /// The record with this id. Segments are searched from the one that was written at the id's time on (a record is written
  /// when its exchange ends, which may be much later), then the older ones, in case the clock was set.
  package static func find(_ id: ExchangeID, directory: String, files: any FileAccess) throws(FileError) -> [UInt8]? {
    let segments: [SegmentName]
    do throws(FileError) {
      segments = try SegmentReader.list(directory, files)
    } catch  where error.code == ENOENT {
      return nil
    }
    let time = id.unixMilliseconds > clockMarginMilliseconds ? id.unixMilliseconds - clockMarginMilliseconds : 0
    let first = segments.lastIndex { $0.startUnixMilliseconds <= time } ?? 0
    var failure: FileError?
    for segment in segments[first...] + segments[..<first].reversed() {
      do throws(FileError) {
        if let line = try SegmentReader.find(id, in: segment, directory: directory, files) { return line }
      } catch  where files.size(of: segment.logPath(in: directory)) == nil {
        continue
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return nil
  }
}
