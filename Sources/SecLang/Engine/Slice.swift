/// Bytes of a transaction's arena.
struct Slice: Sendable, Hashable {
  var start: Int32 = 0
  var end: Int32 = 0

  init() {}

  init(_ range: Range<Int>) {
    start = Int32(truncatingIfNeeded: range.lowerBound)
    end = Int32(truncatingIfNeeded: range.upperBound)
  }

  var range: Range<Int> { Int(start)..<Int(end) }
  var count: Int { Int(end &- start) }
  var isEmpty: Bool { start == end }
}

/// A name and a value of a collection.
struct Item: Sendable {
  var name: Slice
  var value: Slice
}

/// The bytes that a transaction has taken in or made, one after another. Ranges stay valid until it is over.
struct Arena {
  private(set) var bytes: [UInt8] = []

  /// The most bytes that one transaction may keep; what comes after is cut.
  static let limit = 1 << 30

  mutating func append(_ span: Span<UInt8>) -> Slice {
    let start = bytes.count
    if start + span.count > Self.limit { return Slice(start..<start) }
    bytes.append(copying: span)
    return Slice(start..<bytes.count)
  }

  mutating func append(_ array: [UInt8]) -> Slice { append(array.span) }

  mutating func append(_ text: String) {
    for byte in text.utf8 { bytes.append(byte) }
  }

  /// Gives the bytes of a slice to a closure, which must not change the arena.
  @inline(__always)
  func read<Result>(_ slice: Slice, _ body: (Span<UInt8>) -> Result) -> Result {
    body(bytes.span.extracting(slice.range))
  }

  /// Appends bytes that are in the arena already.
  mutating func append(copyOf slice: Slice) {
    bytes.reserveCapacity(bytes.count + slice.count)
    for index in slice.range { bytes.append(bytes[index]) }
  }

  /// Makes the bytes of a slice lower case where they are.
  mutating func lowercase(_ slice: Slice) {
    for index in slice.range { bytes[index] = ASCII.lower(bytes[index]) }
  }

  mutating func append(lowercasing slice: Slice) -> Slice {
    let start = bytes.count
    for index in slice.range { bytes.append(ASCII.lower(bytes[index])) }
    return Slice(start..<bytes.count)
  }

  mutating func append(number: Int) -> Slice {
    let start = bytes.count
    if number < 0 { bytes.append(0x2d) }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var rest = number.magnitude
    var count = 0
    repeat {
      digits[count] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      count += 1
    } while rest > 0
    while count > 0 {
      count -= 1
      bytes.append(digits[count])
    }
    return Slice(start..<bytes.count)
  }

  mutating func removeAll() {
    let keeps = bytes.capacity <= 1 << 20
    bytes.removeAll(keepingCapacity: keeps)
  }

  func array(_ slice: Slice) -> [UInt8] { Array(bytes[slice.range]) }
}
