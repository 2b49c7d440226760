package import SluiceModel

/// The bytes of one log line while it is made: allocated once per event loop, written through `LineWriter`.
// invariant: `base` points to `capacity` bytes, allocated in `init` and freed in `deinit` only.
package final class LineStorage {
  /// The longest line; every field is cut so that a line always fits.
  package static let capacity = 64 << 10
  let base: UnsafeMutablePointer<UInt8>

  package init() { base = .allocate(capacity: LineStorage.capacity) }

  deinit { base.deallocate() }
}

/// Appends the parts of one JSON line to a `LineStorage`, without allocating. What doesn't fit sets `overflowed`.
// invariant: `storage` is held and keeps `base` allocated; every write is preceded by `room` for all of its bytes, so `count`
// never passes `LineStorage.capacity`.
package struct LineWriter: ~Copyable {
  private let storage: LineStorage
  private let base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private(set) var overflowed = false
  /// Whether a field was cut.
  private(set) var truncated = false

  package init(_ storage: LineStorage) {
    self.storage = storage
    base = storage.base
  }

  /// Valid as long as the storage.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  var free: Int { LineStorage.capacity &- count }

  package mutating func clear() {
    count = 0
    overflowed = false
    truncated = false
  }

  mutating func markTruncated() { truncated = true }

  @inline(__always)
  private mutating func room(_ bytes: Int) -> Bool {
    if bytes <= LineStorage.capacity &- count { return true }
    overflowed = true
    return false
  }

  @inline(__always)
  mutating func byte(_ value: UInt8) {
    guard room(1) else { return }
    base[count] = value
    count &+= 1
  }

  /// Text that needs no escaping.
  @inline(__always)
  mutating func raw(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    guard room(length) else { return }
    (base + count).update(from: text.utf8Start, count: length)
    count &+= length
  }

  /// A name whose bytes are escaped already; an absurdly long one is left out.
  @inline(__always)
  mutating func name(_ name: LogName) {
    let length = name.json.count
    guard length <= LineWriter.nameBytes else {
      truncated = true
      return
    }
    guard room(length) else { return }
    name.json.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { (base + count).update(from: start, count: length) }
    }
    count &+= length
  }

  /// The first `length` bytes of a part of a line that was made before.
  @inline(__always)
  mutating func escapedAlready(_ part: [UInt8], count length: Int) {
    guard length <= part.count, room(length) else { return }
    part.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { (base + count).update(from: start, count: length) }
    }
    count &+= length
  }

  /// The longest name or free text of a line, in bytes before escaping.
  static let nameBytes = 1024

  package mutating func decimal(_ value: UInt64) {
    guard room(20) else { return }
    var digits = 1
    var rest = value / 10
    while rest > 0 {
      digits &+= 1
      rest /= 10
    }
    var position = count &+ digits
    count = position
    rest = value
    for _ in 0..<digits {
      position &-= 1
      base[position] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
      rest /= 10
    }
  }

  package mutating func decimal(_ value: Int) {
    if value < 0 { byte(0x2d) }
    decimal(UInt64(value.magnitude))
  }

  /// Exactly `width` digits (at most 4), for parts of a date.
  @inline(__always)
  mutating func padded(_ value: Int, width: Int) {
    guard room(width) else { return }
    var rest = value
    var position = count &+ width
    count = position
    for _ in 0..<width {
      position &-= 1
      base[position] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
      rest /= 10
    }
  }

  /// Nanoseconds as milliseconds with three decimals.
  mutating func milliseconds(fromNanoseconds nanoseconds: UInt64) {
    let microseconds = nanoseconds / 1000
    decimal(microseconds / 1000)
    byte(0x2e)
    padded(Int(microseconds % 1000), width: 3)
  }

  /// The 36 characters of the id.
  package mutating func id(_ id: ExchangeID) {
    guard room(40) else { return }
    hex(UInt32(truncatingIfNeeded: id.high >> 32), at: count)
    let middle = LineWriter.nibbles(UInt32(truncatingIfNeeded: id.high))
    let after = LineWriter.nibbles(UInt32(truncatingIfNeeded: id.low >> 32))
    base[count &+ 8] = 0x2d
    store(UInt32(truncatingIfNeeded: middle >> 32), at: count &+ 9)
    base[count &+ 13] = 0x2d
    store(UInt32(truncatingIfNeeded: middle), at: count &+ 14)
    base[count &+ 18] = 0x2d
    store(UInt32(truncatingIfNeeded: after >> 32), at: count &+ 19)
    base[count &+ 23] = 0x2d
    store(UInt32(truncatingIfNeeded: after), at: count &+ 24)
    hex(UInt32(truncatingIfNeeded: id.low), at: count &+ 28)
    count &+= 36
  }

  /// Eight hexadecimal characters, the first in the highest byte.
  @inline(__always)
  private static func nibbles(_ value: UInt32) -> UInt64 {
    var spread = UInt64(value)
    spread = (spread << 16 | spread) & 0x0000_ffff_0000_ffff
    spread = (spread << 8 | spread) & 0x00ff_00ff_00ff_00ff
    spread = (spread << 4 | spread) & 0x0f0f_0f0f_0f0f_0f0f
    let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread &+ 0x3030_3030_3030_3030 &+ letters &* 39
  }

  @inline(__always)
  private func hex(_ value: UInt32, at position: Int) {
    UnsafeMutableRawPointer(base + position).storeBytes(of: LineWriter.nibbles(value).bigEndian, as: UInt64.self)
  }

  @inline(__always)
  private func store(_ characters: UInt32, at position: Int) {
    UnsafeMutableRawPointer(base + position).storeBytes(of: characters.bigEndian, as: UInt32.self)
  }

  /// Canonical text (RFC 5952 for IPv6).
  package mutating func address(_ address: IPAddress) {
    let text = address.text
    guard room(40) else { return }
    for index in 0..<text.count { base[count &+ index] = text.bytes[index] }
    count &+= text.count
  }
}

// MARK: JSON strings

extension LineWriter {
  /// Text of ours as the inside of a JSON string.
  // invariant: a static string's UTF-8 is constant memory of `utf8CodeUnitCount` bytes.
  mutating func escaped(_ text: StaticString) {
    escaped(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), limit: LineWriter.nameBytes)
  }

  /// A string as the inside of a JSON string, cut to `limit` bytes.
  mutating func escaped(_ text: String, limit: Int = LineWriter.nameBytes) {
    var copy = text
    copy.withUTF8 { escaped($0, limit: limit) }
  }

  mutating func escaped(_ text: Span<UInt8>, limit: Int) {
    text.withUnsafeBufferPointer { escaped($0, limit: limit) }
  }

  /// Hostile bytes as the inside of a JSON string: control characters (C1 and those that reorder text too) as `\u00XX`,
  /// bytes that are no UTF-8 as the text `\xNN`.
  // invariant: reads stay below `end <= text.count`, words only while eight bytes are left; `room` has made sure of six bytes
  // for each byte of text, which is the most that `escapeOne` writes. The pointer is not kept.
  mutating func escaped(_ text: UnsafeBufferPointer<UInt8>, limit: Int) {
    var end = text.count
    if end > limit {
      truncated = true
      end = limit
      var back = 0
      while back < 3, end > 0, text[end] & 0xc0 == 0x80 {
        end &-= 1
        back &+= 1
      }
      if text[end] & 0xc0 == 0x80 { end = limit }
    }
    guard end > 0, let source = text.baseAddress, room(end &* 6) else { return }
    var index = 0
    while index < end {
      if end &- index >= 8 {
        let word = UnsafeRawPointer(source + index).loadUnaligned(as: UInt64.self)
        if LineWriter.isPlain(word) {
          UnsafeMutableRawPointer(base + count).storeBytes(of: word, as: UInt64.self)
          count &+= 8
          index &+= 8
          continue
        }
      }
      let byte = source[index]
      if byte >= 0x20, byte < 0x7f, byte != 0x22, byte != 0x5c {
        base[count] = byte
        count &+= 1
        index &+= 1
      } else {
        index &+= escapeOne(UnsafeBufferPointer(start: source + index, count: end &- index))
      }
    }
  }

  /// Whether eight bytes are all printable ASCII without `"` and `\`.
  @inline(__always)
  private static func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ ones &* 0x22
    let backslash = word ^ ones &* 0x5c
    let delete = word ^ ones &* 0x7f
    let control = (word &- ones &* 0x20) & ~word
    let found =
      word | control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((delete &- ones) & ~delete)
    return found & highs == 0
  }

  /// Writes the escaped form of the first character; at most six bytes a byte. Returns how many bytes it took.
  // invariant: `text` has at least one byte; `scalar` returns no length beyond its end.
  private mutating func escapeOne(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    let first = text[0]
    switch first {
    case 0x22, 0x5c:
      byte(0x5c)
      byte(first)
      return 1
    case 0x0a:
      raw("\\n")
      return 1
    case 0x0d:
      raw("\\r")
      return 1
    case 0x09:
      raw("\\t")
      return 1
    case 0..<0x20, 0x7f:
      unicode(UInt32(first))
      return 1
    default: break
    }
    let (length, scalar) = LineWriter.scalar(text)
    guard length > 0 else {
      raw("\\\\x")
      hexPair(first)
      return 1
    }
    switch scalar {
    case 0x80...0x9f, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: unicode(scalar)
    default: for index in 0..<length { byte(text[index]) }
    }
    return length
  }

  private mutating func unicode(_ scalar: UInt32) {
    raw("\\u")
    hexPair(UInt8(truncatingIfNeeded: scalar >> 8))
    hexPair(UInt8(truncatingIfNeeded: scalar))
  }

  private mutating func hexPair(_ value: UInt8) {
    let high = value >> 4
    let low = value & 0xf
    byte(high < 10 ? high &+ 0x30 : high &+ 0x57)
    byte(low < 10 ? low &+ 0x30 : low &+ 0x57)
  }

  /// The multi-byte character at the start (RFC 3629: no overlong form, no surrogate); length 0 when there is none.
  // invariant: `text` has at least one byte; the count is checked before the bytes that follow are read.
  private static func scalar(_ text: UnsafeBufferPointer<UInt8>) -> (length: Int, scalar: UInt32) {
    let first = text[0]
    let length: Int
    var scalar: UInt32
    let least: UInt32
    switch first {
    case 0xc2...0xdf: (length, scalar, least) = (2, UInt32(first & 0x1f), 0x80)
    case 0xe0...0xef: (length, scalar, least) = (3, UInt32(first & 0x0f), 0x800)
    case 0xf0...0xf4: (length, scalar, least) = (4, UInt32(first & 0x07), 0x1_0000)
    default: return (0, 0)
    }
    guard text.count >= length else { return (0, 0) }
    for index in 1..<length {
      guard text[index] & 0xc0 == 0x80 else { return (0, 0) }
      scalar = scalar << 6 | UInt32(text[index] & 0x3f)
    }
    guard scalar >= least, scalar <= 0x10_ffff, !(0xd800...0xdfff).contains(scalar) else { return (0, 0) }
    return (length, scalar)
  }
}
