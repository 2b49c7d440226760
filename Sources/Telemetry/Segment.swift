package import SluiceModel

/// The name of a segment: when it began and its number. Names sort by age.
package struct SegmentName: Hashable, Comparable, Sendable {
  var startUnixMilliseconds: UInt64
  var sequence: UInt64

  package static func < (left: SegmentName, right: SegmentName) -> Bool {
    (left.startUnixMilliseconds, left.sequence) < (right.startUnixMilliseconds, right.sequence)
  }

  init(startUnixMilliseconds: UInt64, sequence: UInt64) {
    self.startUnixMilliseconds = startUnixMilliseconds
    self.sequence = sequence
  }

  /// Reads `<start>-<sequence>.jsonl`; nil for any other file name.
  package init?(fileName: String) {
    guard fileName.utf8.count <= 48, fileName.hasSuffix(".jsonl") else { return nil }
    let parts = fileName.dropLast(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let start = UInt64(parts[0]), let sequence = UInt64(parts[1])
    else { return nil }
    startUnixMilliseconds = start
    self.sequence = sequence
  }

  private var base: String { "\(startUnixMilliseconds)-\(sequence)" }
  package func logPath(in directory: String) -> String { "\(directory)/\(base).jsonl" }
  func indexPath(in directory: String) -> String { "\(directory)/\(base).idx" }
}

/// An entry of a segment's index: which bytes of the segment hold the record with this id. 28 bytes, big endian.
package struct IndexEntry: Equatable, Sendable {
  package static let size = 28
  var id: ExchangeID
  var offset: Int
  var length: Int

  /// The end of the record; nil when the entry makes no sense.
  var end: Int? {
    let (end, overflow) = offset.addingReportingOverflow(length)
    return overflow || offset < 0 || length <= 0 ? nil : end
  }

  package func append(to bytes: inout [UInt8]) {
    for word in [id.high, id.low, UInt64(offset)] {
      for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
  }

  package init(id: ExchangeID, offset: Int, length: Int) {
    self.id = id
    self.offset = offset
    self.length = length
  }

  /// Reads the entry at `position`, which has 28 bytes behind it.
  init(_ bytes: [UInt8], at position: Int) {
    func number(_ start: Int, _ count: Int) -> UInt64 {
      bytes[(position + start)..<(position + start + count)].reduce(0) { $0 << 8 | UInt64($1) }
    }
    id = ExchangeID(high: number(0, 8), low: number(8, 8))
    offset = Int(clamping: number(16, 8))
    length = Int(number(24, 4))
  }
}

/// Reading of segments and their indexes, for lookups and for repair after a crash.
enum SegmentReader {
  private static let entriesPerRead = 8192
  private static let bytesPerRead = 256 << 10
  /// A longer line is no record.
  private static let longestLine = 1 << 20

  /// All segments in the directory, oldest first.
  static func list(_ directory: String, _ files: any FileAccess) throws(FileError) -> [SegmentName] {
    try files.names(in: directory).compactMap { SegmentName(fileName: $0) }.sorted()
  }

  /// Calls `body` for each whole entry of an index.
  static func forEachEntry(_ index: any LogFile, _ body: (IndexEntry) -> Void) throws(FileError) {
    var offset = 0
    while true {
      let bytes = try index.read(at: offset, count: entriesPerRead * IndexEntry.size)
      var position = 0
      while position + IndexEntry.size <= bytes.count {
        body(IndexEntry(bytes, at: position))
        position += IndexEntry.size
      }
      offset += position
      if bytes.count < entriesPerRead * IndexEntry.size { return }
    }
  }

  /// Calls `body` for each whole line with an id from `start` on. Returns the end of the last whole line.
  @discardableResult
  static func forEachLine(
    _ log: any LogFile, from start: Int, _ body: (IndexEntry) -> Void
  ) throws(FileError) -> Int {
    var lineStart = start
    var carried: [UInt8] = []
    while true {
      let chunk = try log.read(at: lineStart + carried.count, count: bytesPerRead)
      if chunk.isEmpty { return lineStart }
      carried += chunk
      var position = 0
      while let feed = carried[position...].firstIndex(of: 0x0a) {
        let length = feed + 1 - position
        if let id = id(ofLine: carried[position...feed]) {
          body(IndexEntry(id: id, offset: lineStart, length: length))
        }
        lineStart += length
        position = feed + 1
      }
      carried.removeFirst(position)
      if carried.count > longestLine { return lineStart }
    }
  }

  /// The id of a record, which follows its time at the beginning of the line.
  static func id(ofLine line: ArraySlice<UInt8>) -> ExchangeID? {
    let key = Array("\"id\":\"".utf8)
    guard line.first == 0x7b else { return nil }
    let head = line.prefix(96)
    var start = head.startIndex
    while start + key.count + 36 <= head.endIndex {
      if head[start...].starts(with: key) {
        return ExchangeID(String(decoding: head[(start + key.count)..<(start + key.count + 36)], as: UTF8.self))
      }
      start += 1
    }
    return nil
  }

  /// The newest record with this id in one segment: by its index, else by a scan of what the index doesn't cover.
  static func find(
    _ id: ExchangeID, in segment: SegmentName, directory: String, _ files: any FileAccess
  ) throws(FileError) -> [UInt8]? {
    guard files.size(of: segment.logPath(in: directory)) != nil else { return nil }
    let log = try files.open(segment.logPath(in: directory), .read)
    var covered = 0
    var found: IndexEntry?
    if files.size(of: segment.indexPath(in: directory)) != nil {
      let index = try files.open(segment.indexPath(in: directory), .read)
      try forEachEntry(index) { entry in
        guard let end = entry.end else { return }
        covered = max(covered, end)
        if entry.id == id { found = entry }
      }
    }
    let size = try log.size()
    if covered > size {
      covered = 0
      found = nil
    }
    if let found, let line = try line(found, log) { return line }
    found = nil
    try forEachLine(log, from: covered) { if $0.id == id { found = $0 } }
    guard let found else { return nil }
    return try line(found, log)
  }

  /// The bytes of an entry without the line feed; nil when another record is there.
  private static func line(_ entry: IndexEntry, _ log: any LogFile) throws(FileError) -> [UInt8]? {
    guard entry.length <= longestLine else { return nil }
    let bytes = try log.read(at: entry.offset, count: entry.length)
    guard bytes.count == entry.length, bytes.last == 0x0a, self.id(ofLine: bytes[...]) == entry.id else { return nil }
    return Array(bytes.dropLast())
  }

  /// Makes a segment whole after a crash: cuts a torn last line, and completes the index. Does nothing to a segment that
  /// another process writes. Returns false when it could not take the segment.
  static func repair(_ segment: SegmentName, directory: String, _ files: any FileAccess) throws(FileError) -> Bool {
    let log = try files.open(segment.logPath(in: directory), .update)
    guard log.lock() else { return false }
    let indexPath = segment.indexPath(in: directory)
    let index = try files.open(indexPath, files.size(of: indexPath) == nil ? .create : .update)
    let size = try log.size()
    let indexSize = try index.size()
    var whole = indexSize - indexSize % IndexEntry.size
    var covered = 0
    if whole > 0 {
      let last = try index.read(at: whole - IndexEntry.size, count: IndexEntry.size)
      covered = last.count == IndexEntry.size ? IndexEntry(last, at: 0).end ?? Int.max : Int.max
      if covered > size {
        whole = 0
        covered = 0
      }
    }
    if whole != indexSize { try index.truncate(to: whole) }
    guard covered < size else { return true }
    var missing: [UInt8] = []
    let end = try forEachLine(log, from: covered) { $0.append(to: &missing) }
    if end < size { try log.truncate(to: end) }
    try index.writeAll(missing.span, path: indexPath)
    return true
  }
}
