/// Numbers for the names of entities, in an order of their own. Versions share what did not change.
struct EntityIndex: Sendable {
  /// The entities of one part, by hash.
  // invariant: nothing is written after the initializer returned.
  final class Shard: @unchecked Sendable {
    let slots: UnsafeMutablePointer<Slot>
    let mask: Int
    private(set) var count = 0

    init(capacity: Int) {
      mask = capacity - 1
      slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
      slots.initialize(repeating: Slot(hash: 0, number: .max), count: capacity)
    }

    /// A copy with more entries.
    convenience init(_ other: Shard, adding entries: [Slot]) {
      var capacity = other.mask + 1
      while (other.count + entries.count) * 2 > capacity { capacity *= 2 }
      self.init(capacity: capacity)
      for index in 0...other.mask where other.slots[index].number != .max { insert(other.slots[index]) }
      for entry in entries { insert(entry) }
    }

    deinit { slots.deallocate() }

    private func insert(_ slot: Slot) {
      var index = Int(slot.hash) & mask
      while slots[index].number != .max { index = (index + 1) & mask }
      slots[index] = slot
      count += 1
    }
  }

  struct Slot {
    var hash: UInt32
    /// `UInt32.max` for none.
    var number: UInt32
  }

  /// A power of two.
  private(set) var shards: [Shard]

  init(expecting count: Int) {
    var shardCount = 1
    while shardCount * 64 < count, shardCount < 4_096 { shardCount *= 2 }
    shards = (0..<shardCount).map { _ in Shard(capacity: 8) }
  }

  /// What a reader needs of a shard.
  // invariant: the slots belong to the shard, which the index keeps.
  struct View {
    let slots: UnsafeMutablePointer<Slot>
    let mask: Int

    /// - Parameter matches: whether the entity with this number is the one that is looked for.
    @inline(__always)
    func number(_ hash: UInt32, matches: (UInt32) -> Bool) -> UInt32? {
      var index = Int(hash) & mask
      while slots[index].number != .max {
        if slots[index].hash == hash, matches(slots[index].number) { return slots[index].number }
        index = (index &+ 1) & mask
      }
      return nil
    }
  }

  func number(hash: UInt64, matches: (UInt32) -> Bool) -> UInt32? {
    let shard = shards[EntityIndex.part(hash, of: shards.count)]
    return View(slots: shard.slots, mask: shard.mask).number(UInt32(truncatingIfNeeded: hash), matches: matches)
  }

  static func part(_ hash: UInt64, of count: Int) -> Int { Int(truncatingIfNeeded: hash >> 32) & (count &- 1) }

  /// Adds entities that are not there yet.
  mutating func add(_ entries: [(hash: UInt64, number: UInt32)]) {
    var parts: [Int: [Slot]] = [:]
    for entry in entries {
      parts[EntityIndex.part(entry.hash, of: shards.count), default: []]
        .append(Slot(hash: UInt32(truncatingIfNeeded: entry.hash), number: entry.number))
    }
    for (part, slots) in parts { shards[part] = Shard(shards[part], adding: slots) }
  }

  /// Mixes the bytes of an id with the number of its type.
  // invariant: loads lie within the buffer.
  static func hash(type: UInt32, _ id: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = (UInt64(type) &+ 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
    var index = 0
    let raw = UnsafeRawBufferPointer(id)
    while index &+ 8 <= raw.count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x9fb2_1c65_1e98_df25
      hash ^= hash >> 29
      index &+= 8
    }
    var tail = UInt64(raw.count)
    while index < raw.count {
      tail = tail << 8 | UInt64(raw[index])
      index &+= 1
    }
    hash = (hash ^ tail) &* 0x94d0_49bb_1331_11eb
    return hash ^ hash >> 31
  }
}
