/// What scans found in short values before. The same headers, cookies and names come again and again, and what a value
/// matches depends on nothing but its bytes and the rules.
struct ScanCache {
  /// Bytes of the longest value that is remembered.
  static let longestValue = 256
  /// Rules that one value may match to be remembered.
  static let mostRules = 4
  private static let slots = 1_024
  /// Keeps clients from choosing values that push each other out.
  private static let seed = UInt64.random(in: 0 ... .max)

  struct Entry {
    fileprivate var hash: UInt64 = 0
    fileprivate var group: UInt64 = 0
    fileprivate var bytes: [UInt8] = []
    private(set) var rules = InlineArray<4, Int16>(repeating: 0)
    private(set) var count = 0

    fileprivate mutating func take(_ found: borrowing ScanFindings) {
      count = found.count
      rules = found.rules
    }
  }

  private var entries: [Entry] = []

  func hash(_ value: Span<UInt8>, _ group: UInt64) -> UInt64 {
    var hash = Self.seed ^ group &* 0x9e37_79b9_7f4a_7c15
    for index in value.indices { hash = (hash ^ UInt64(value[index])) &* 0x9e37_79b9_7f4a_7c15 }
    return hash ^ hash >> 29
  }

  /// What was found in this value, by its place; nil when it is not remembered.
  func find(_ value: Span<UInt8>, _ hash: UInt64, _ group: UInt64) -> Int? {
    guard !entries.isEmpty else { return nil }
    let place = Int(truncatingIfNeeded: hash) & (Self.slots - 1)
    guard entries[place].hash == hash, entries[place].group == group, entries[place].bytes.count == value.count else {
      return nil
    }
    for index in value.indices where entries[place].bytes[index] != value[index] { return nil }
    return place
  }

  subscript(_ place: Int) -> Entry { entries[place] }

  mutating func remember(_ value: Span<UInt8>, _ hash: UInt64, _ group: UInt64, _ found: borrowing ScanFindings) {
    if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.slots) }
    let place = Int(truncatingIfNeeded: hash) & (Self.slots - 1)
    entries[place].hash = hash
    entries[place].group = group
    entries[place].bytes.removeAll(keepingCapacity: true)
    entries[place].bytes.append(copying: value)
    entries[place].take(found)
  }
}

/// The rules that one value may match, as far as they can be remembered.
struct ScanFindings {
  private(set) var rules = InlineArray<4, Int16>(repeating: 0)
  private(set) var count = 0
  /// Whether there were too many, or one that wants the value in another form.
  private(set) var isTooMuch = false

  mutating func add(_ rule: Int, isPlain: Bool) {
    guard isPlain, count < ScanCache.mostRules, let number = Int16(exactly: rule) else {
      isTooMuch = true
      return
    }
    rules[count] = number
    count += 1
  }
}
