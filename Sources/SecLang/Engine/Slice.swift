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

  func prefix(_ length: Int) -> Slice { Slice(Int(start)..<min(Int(end), Int(start) + length)) }
}

/// A name and a value of a collection.
struct Item: Sendable {
  var name: Slice
  var value: Slice
}

/// The bytes that a transaction has taken in or made, one after another. Ranges stay valid until it is over.
// invariant: of the `capacity` bytes from `start` on the first `count` are initialized; all is freed when the arena
// goes. What `read` and `bytes` give a closure is read while that runs, and the closure adds nothing to the arena.
struct Arena: ~Copyable {
  // invariant: as above.
  private var start: UnsafeMutablePointer<UInt8>
  private var capacity = 0
  private(set) var count = 0

  /// The most bytes that one transaction may keep; what comes after is cut.
  static let limit = 1 << 30

  /// Has no memory until bytes are added.
  // invariant: a pointer to no bytes.
  init() { start = Self.none }

  // invariant: nothing is read or written there.
  private static nonisolated(unsafe) let none = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

  deinit {
    if capacity > 0 { start.deallocate() }
  }

  // MARK: Reading

  /// Gives the bytes of a slice to a closure, which must not change the arena.
  @inline(__always)
  func read<Result>(_ slice: Slice, _ body: (Span<UInt8>) -> Result) -> Result {
    precondition(slice.start >= 0 && slice.start <= slice.end && slice.end <= count)
    // invariant: the bytes are there, as was just seen.
    return body(UnsafeBufferPointer(start: start + Int(slice.start), count: slice.count).span)
  }

  subscript(_ index: Int) -> UInt8 {
    @inline(__always) get {
      precondition(index >= 0 && index < count)
      return start[index]
    }
  }

  func array(_ slice: Slice) -> [UInt8] {
    var array: [UInt8] = []
    read(slice) { array.append(copying: $0) }
    return array
  }

  func isEqual(_ left: Slice, _ right: Slice) -> Bool {
    read(left) { left in read(right) { TextOperators.equals(left, $0) } }
  }

  // MARK: Adding

  mutating func append(_ span: Span<UInt8>) -> Slice {
    let first = count
    if first + span.count > Self.limit { return Slice(first..<first) }
    reserve(span.count)
    // invariant: there is room, and `span` is read within the closure alone.
    span.withUnsafeBufferPointer { bytes in
      if let base = bytes.baseAddress { (start + first).initialize(from: base, count: bytes.count) }
    }
    count = first &+ span.count
    return Slice(first..<count)
  }

  mutating func append(_ array: [UInt8]) -> Slice { append(array.span) }

  mutating func append(_ text: String) {
    for byte in text.utf8 { append(byte) }
  }

  /// Appends bytes that are in the arena already.
  mutating func append(copyOf slice: Slice) {
    precondition(slice.start >= 0 && slice.start <= slice.end && slice.end <= count)
    guard count + slice.count <= Self.limit else { return }
    reserve(slice.count)
    // invariant: the bytes were seen to be there, and there is room behind them.
    (start + count).initialize(from: start + Int(slice.start), count: slice.count)
    count &+= slice.count
  }

  mutating func append(lowercasing slice: Slice) -> Slice {
    let first = count
    append(copyOf: slice)
    // invariant: these are the bytes just added.
    for index in first..<count { start[index] = ASCII.lower(start[index]) }
    return Slice(first..<count)
  }

  mutating func append(number: Int) -> Slice {
    let first = count
    if number < 0 { append(0x2d) }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var rest = number.magnitude
    var length = 0
    repeat {
      digits[length] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      length += 1
    } while rest > 0
    while length > 0 {
      length -= 1
      append(digits[length])
    }
    return Slice(first..<count)
  }

  @inline(__always)
  private mutating func append(_ byte: UInt8) {
    guard count < Self.limit else { return }
    reserve(1)
    // invariant: there is room.
    (start + count).initialize(to: byte)
    count &+= 1
  }

  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if more > capacity &- count { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    let larger = max(4_096, max(capacity * 2, count + more))
    // invariant: `larger` is enough for the bytes that are there, which move.
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    memory.moveInitialize(from: start, count: count)
    if capacity > 0 { start.deallocate() }
    start = memory
    capacity = larger
  }

  /// Forgets the bytes; much memory is given back.
  mutating func removeAll() {
    count = 0
    guard capacity > 1 << 20 else { return }
    start.deallocate()
    start = Self.none
    capacity = 0
  }
}
