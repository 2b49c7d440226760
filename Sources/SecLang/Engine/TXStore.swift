/// The values of the TX collection: those that the rules name in slots, others by name.
struct TXStore {
  struct Value {
    enum Kind: UInt8 { case unset, number, text }
    var kind = Kind.unset
    var text = Slice()
    var number = 0
  }

  struct Named {
    /// In lower case, in the arena.
    var name: Slice
    var value: Value
    fileprivate var hash: UInt64
  }

  private(set) var slots: [Value] = []
  /// Names that the rules make while they run, in the order in which they came.
  private(set) var others: [Named] = []
  /// Places in `others` by hash, -1 for a free one; a power of two of them.
  private var table: [Int32] = []

  /// The most names beyond those of the rules.
  static let otherLimit = 4_096
  /// Keeps clients from choosing names that collide.
  private static let seed = UInt64.random(in: 0 ... .max)

  mutating func reset(_ count: Int) {
    if slots.count == count {
      for index in slots.indices { slots[index].kind = .unset }
    } else {
      slots = Array(repeating: Value(), count: count)
    }
    guard !others.isEmpty else { return }
    others.removeAll(keepingCapacity: true)
    for index in table.indices { table[index] = -1 }
  }

  subscript(_ slot: Int) -> Value {
    get { slots[slot] }
    set { slots[slot] = newValue }
  }

  mutating func clearCaptures() {
    for slot in 0..<min(10, slots.count) { slots[slot].kind = .unset }
  }

  // MARK: By name

  /// - Parameter hash: what `hash` says of the name.
  func value(_ name: Slice, _ hash: UInt64, _ arena: borrowing Arena) -> Value {
    guard !others.isEmpty, let index = index(of: name, hash, arena) else { return Value() }
    return others[index].value
  }

  /// - Parameter hash: what `hash` says of the name.
  mutating func set(_ name: Slice, _ hash: UInt64, _ value: Value, _ arena: borrowing Arena) {
    if !others.isEmpty, let index = index(of: name, hash, arena) {
      others[index].value = value
      return
    }
    guard value.kind != .unset, others.count < Self.otherLimit else { return }
    if (others.count + 1) * 2 > table.count { grow() }
    others.append(Named(name: name, value: value, hash: hash))
    insert(others.count - 1)
  }

  private func index(of name: Slice, _ hash: UInt64, _ arena: borrowing Arena) -> Int? {
    let mask = table.count - 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while table[place] >= 0 {
      let index = Int(table[place])
      if others[index].hash == hash, arena.isEqual(others[index].name, name) {
        return index
      }
      place = (place + 1) & mask
    }
    return nil
  }

  private mutating func insert(_ index: Int) {
    let mask = table.count - 1
    var place = Int(truncatingIfNeeded: others[index].hash) & mask
    while table[place] >= 0 { place = (place + 1) & mask }
    table[place] = Int32(index)
  }

  private mutating func grow() {
    table = Array(repeating: -1, count: max(32, table.count * 2))
    for index in others.indices { insert(index) }
  }

  static func hash(_ bytes: Span<UInt8>) -> UInt64 {
    var hash = seed
    for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x9e37_79b9_7f4a_7c15 }
    return hash ^ hash >> 32
  }
}
