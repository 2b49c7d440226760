/// Bytes of a directive that remember where in the file each of them stands: continuation lines and removed escapes
/// leave gaps between what is written and what is meant.
struct PlacedBytes {
  /// From `start` in `bytes` on, up to the next run, line and column count on from these.
  private struct Run {
    var start: Int
    var line: Int
    var column: Int
  }

  let file: Int32
  private(set) var bytes: [UInt8] = []
  private var runs: [Run] = []

  init(file: Int32) { self.file = file }

  /// Bytes that stand at a place.
  init(_ bytes: [UInt8], at position: SourcePosition) {
    file = position.file
    self.bytes = bytes
    runs = [Run(start: 0, line: Int(position.line), column: Int(position.column))]
  }

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }

  subscript(offset: Int) -> UInt8 { bytes[offset] }

  mutating func append(_ slice: ArraySlice<UInt8>, line: Int, column: Int) {
    place(line: line, column: column)
    bytes.append(contentsOf: slice)
  }

  /// Without its last byte.
  mutating func removeLast() {
    if !bytes.isEmpty { bytes.removeLast() }
  }

  private mutating func place(line: Int, column: Int) {
    if let last = runs.last {
      if last.line == line, last.column + (bytes.count - last.start) == column { return }
      if last.start == bytes.count { runs.removeLast() }
    }
    runs.append(Run(start: bytes.count, line: line, column: column))
  }

  /// The index of the run that holds an offset.
  private func run(at offset: Int) -> Int {
    var low = 0
    var high = runs.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if runs[middle].start <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The end stands behind the last byte.
  func position(at offset: Int) -> SourcePosition {
    let bounded = max(0, min(offset, bytes.count))
    // The end belongs to the line of the last byte, even where another run could begin.
    let index = run(at: bounded == bytes.count ? max(0, bounded - 1) : bounded)
    guard index < runs.count else { return SourcePosition(file: file, line: 1, column: 1) }
    let found = runs[index]
    return SourcePosition(
      file: file, line: Int32(clamping: found.line), column: Int32(clamping: found.column + (bounded - found.start)))
  }

  /// A part, with its places.
  func slice(_ range: Range<Int>) -> PlacedBytes {
    var result = PlacedBytes(file: file)
    result.append(self, range)
    return result
  }

  /// Appends a part of others with their places.
  mutating func append(_ other: PlacedBytes, _ range: Range<Int>) {
    let bounds = range.clamped(to: 0..<other.bytes.count)
    guard !bounds.isEmpty else {
      if runs.isEmpty {
        let position = other.position(at: range.lowerBound)
        runs.append(Run(start: 0, line: Int(position.line), column: Int(position.column)))
      }
      return
    }
    var offset = bounds.lowerBound
    var index = other.run(at: offset)
    while offset < bounds.upperBound, index < other.runs.count {
      let found = other.runs[index]
      let end = index + 1 < other.runs.count ? min(other.runs[index + 1].start, bounds.upperBound) : bounds.upperBound
      append(other.bytes[offset..<end], line: found.line, column: found.column + (offset - found.start))
      offset = end
      index += 1
    }
  }

  /// Without blanks at both ends.
  func trimmed() -> PlacedBytes {
    let range = trimmedRange(0..<bytes.count)
    return range.count == bytes.count ? self : slice(range)
  }

  /// A range without blanks at both ends; an empty one stands at its end.
  func trimmedRange(_ range: Range<Int>) -> Range<Int> {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high, RuleBytes.isBlank(bytes[low]) { low += 1 }
    while low < high, RuleBytes.isBlank(bytes[high - 1]) { high -= 1 }
    return low..<high
  }
}

/// Something wrong at a place; the file's name comes later.
struct RuleProblem: Error {
  var position: SourcePosition
  var message: String
  var hint: String?

  init(at position: SourcePosition, _ message: String, hint: String? = nil) {
    self.position = position
    self.message = message
    self.hint = hint
  }
}
