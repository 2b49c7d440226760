/// The variable part of a PDU, held in place so that no request or reply needs the heap.
public struct ModbusPayload: Sendable {
  private var storage: InlineArray<252, UInt8>
  private var used: UInt8

  init() {
    storage = InlineArray(repeating: 0)
    used = 0
  }

  /// Copies the bytes of a range that the caller has checked; what is past the capacity is left out.
  init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    self.init()
    let source = bytes.extracting(range)
    let count = Swift.min(source.count, ModbusLimits.payloadBytes)
    for index in 0..<count { storage[index] = source[index] }
    used = UInt8(truncatingIfNeeded: count)
  }

  /// Bytes in the payload, 0…252.
  public var count: Int { Int(used) }

  /// The byte at an index; 0 past the end.
  public subscript(index: Int) -> UInt8 {
    let bytes = storage.span
    return index >= 0 && index < count ? bytes[index] : 0
  }

  /// The big-endian word at a byte offset; missing bytes read as 0.
  public func word(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset &+ 1])
  }

  /// The bit at an index, counted from the lowest bit of the first byte.
  public func bit(at index: Int) -> Bool {
    self[index >> 3] >> UInt8(truncatingIfNeeded: index & 7) & 1 == 1
  }

  /// The bytes as an array.
  public var bytes: [UInt8] {
    var all: [UInt8] = []
    append(into: &all)
    return all
  }

  /// Clears the bits of the last byte that lie past a number of bits: padding is zero (AP 6.1, 6.11).
  mutating func clearPadding(bits: Int) {
    let rest = bits & 7
    guard rest != 0, count > 0 else { return }
    storage[count &- 1] &= UInt8(truncatingIfNeeded: (1 << rest) &- 1)
  }

  func append(into bytes: inout [UInt8]) {
    storage.span.extracting(0..<count).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
  }

  /// The first of a number of words from a byte offset that a closure doesn't accept; 0 where there are fewer.
  func firstWord(from offset: Int, count words: Int, unless accept: (Int) -> Bool) -> Int? {
    let bytes = storage.span
    guard offset >= 0, words >= 0, offset &+ words &* 2 <= count else { return 0 }
    for index in 0..<words {
      let word = Int(bytes.word(at: offset &+ index &* 2))
      if !accept(word) { return word }
    }
    return nil
  }

  /// Whether one of the first bits is as wanted; true where there are fewer.
  func hasBit(_ wanted: Bool, among bits: Int) -> Bool {
    let bytes = storage.span
    let flip: UInt8 = wanted ? 0 : 0xFF
    guard (bits &+ 7) >> 3 <= count else { return true }
    let whole = bits >> 3
    for index in 0..<whole where bytes[index] ^ flip != 0 { return true }
    guard bits & 7 != 0 else { return false }
    return (bytes[whole] ^ flip) & UInt8(truncatingIfNeeded: (1 << (bits & 7)) &- 1) != 0
  }

  /// A short fingerprint for comparing a reply with its request (FNV-1a, 64 bit).
  var digest: UInt64 {
    var hash = Fingerprint()
    let bytes = storage.span
    for index in 0..<count { hash.add(bytes[index]) }
    return hash.value
  }
}

extension ModbusPayload: Equatable {
  public static func == (left: ModbusPayload, right: ModbusPayload) -> Bool {
    guard left.used == right.used else { return false }
    let (leftBytes, rightBytes) = (left.storage.span, right.storage.span)
    for index in 0..<left.count where leftBytes[index] != rightBytes[index] { return false }
    return true
  }
}

/// FNV-1a, 64 bit.
struct Fingerprint {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }
}
