/// The newest log lines of one event loop in a fixed number of bytes; a new line overwrites the oldest.
///
/// Each line is preceded by its length in four bytes; lines wrap around the end.
// invariant: `base` points to `capacity` bytes from `init` to `deinit`; `start < capacity` and `used <= capacity` always hold, and
// every copy is cut at the end of the ring and goes on at its beginning.
package final class RecentRing {
  private let base: UnsafeMutableRawPointer
  private let capacity: Int
  private var start = 0
  private var used = 0
  private var lines: UInt64 = 0
  private var nextSequence: UInt64 = 1

  package init(capacity: Int) {
    self.capacity = max(capacity, 8)
    base = .allocate(byteCount: self.capacity, alignment: 8)
  }

  deinit { base.deallocate() }

  /// Keeps a line; one that is longer than the whole ring only takes a sequence number.
  package func append(_ line: UnsafeRawBufferPointer) {
    nextSequence &+= 1
    let needed = line.count &+ 4
    guard needed <= capacity else {
      start = 0
      used = 0
      lines = 0
      return
    }
    while capacity &- used < needed { dropOldest() }
    var length = UInt32(truncatingIfNeeded: line.count).littleEndian
    var position = start &+ used
    if position >= capacity { position &-= capacity }
    position = withUnsafeBytes(of: &length) { put($0, at: position) }
    _ = put(line, at: position)
    used &+= needed
    lines &+= 1
  }

  /// A copy of what is kept, oldest first, and the sequence number of the first line.
  package func copy() -> (bytes: [UInt8], firstSequence: UInt64) {
    let bytes = [UInt8](unsafeUninitializedCapacity: used) { target, count in
      get(UnsafeMutableRawBufferPointer(target), from: start)
      count = used
    }
    return (bytes, nextSequence &- lines)
  }

  private func dropOldest() {
    var length: UInt32 = 0
    withUnsafeMutableBytes(of: &length) { get($0, from: start) }
    let size = Int(UInt32(littleEndian: length)) &+ 4
    start &+= size
    if start >= capacity { start &-= capacity }
    used &-= size
    lines &-= 1
  }

  /// Returns the position after the bytes.
  private func put(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Int {
    guard let source = bytes.baseAddress else { return position }
    let first = min(bytes.count, capacity &- position)
    (base + position).copyMemory(from: source, byteCount: first)
    let rest = bytes.count &- first
    if rest > 0 { base.copyMemory(from: source + first, byteCount: rest) }
    let end = position &+ bytes.count
    return end >= capacity ? end &- capacity : end
  }

  private func get(_ target: UnsafeMutableRawBufferPointer, from position: Int) {
    guard let start = target.baseAddress, target.count <= capacity else { return }
    let first = min(target.count, capacity &- position)
    start.copyMemory(from: base + position, byteCount: first)
    let rest = target.count &- first
    if rest > 0 { (start + first).copyMemory(from: base, byteCount: rest) }
  }
}
