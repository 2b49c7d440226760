/// A run inside some bytes, read from its front. Reading past its end gives nil and never a byte from behind it.
struct ByteCursor {
  private(set) var position: Int
  let end: Int

  /// Takes the part of the range that the bytes have.
  init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    position = min(max(range.lowerBound, 0), bytes.count)
    end = min(max(range.upperBound, position), bytes.count)
  }

  private init(unchecked range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  var count: Int { end &- position }
  var isEmpty: Bool { position == end }
  var range: Range<Int> { position..<end }

  mutating func byte(_ bytes: Span<UInt8>) -> UInt8? {
    guard position < end else { return nil }
    defer { position &+= 1 }
    return bytes[position]
  }

  /// Two bytes, most significant first.
  mutating func word(_ bytes: Span<UInt8>) -> UInt16? {
    guard count >= 2 else { return nil }
    defer { position &+= 2 }
    return UInt16(bytes[position]) << 8 | UInt16(bytes[position &+ 1])
  }

  /// The next `length` bytes as a run of their own.
  mutating func run(_ length: Int) -> ByteCursor? {
    guard length >= 0, length <= count else { return nil }
    defer { position &+= length }
    return ByteCursor(unchecked: position..<(position &+ length))
  }

  /// A run behind its length of one byte.
  mutating func shortRun(_ bytes: Span<UInt8>) -> ByteCursor? {
    guard let length = byte(bytes) else { return nil }
    return run(Int(length))
  }

  /// A run behind its length of two bytes.
  mutating func longRun(_ bytes: Span<UInt8>) -> ByteCursor? {
    guard let length = word(bytes) else { return nil }
    return run(Int(length))
  }

  /// All that is left as 16-bit values; nil when there is none or half a one.
  func words(_ bytes: Span<UInt8>) -> [UInt16]? {
    guard !isEmpty, count & 1 == 0 else { return nil }
    var rest = self
    var values: [UInt16] = []
    values.reserveCapacity(count / 2)
    while let value = rest.word(bytes) { values.append(value) }
    return values
  }

  /// All that is left.
  func copy(_ bytes: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.append(bytes, range)
    return out
  }
}
