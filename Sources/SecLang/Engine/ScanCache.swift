/// What scans found in short values before. The same headers, cookies and names come again and again, and what a value
/// matches depends on nothing but its bytes and the rules.
struct ScanCache {
  /// Bytes of the longest value that is remembered.
  static let longestValue = 256
  /// Bytes of the longest form of a value that is remembered.
  static let longestForm = 512
  /// Rules that one value may match to be remembered.
  static let mostRules = 4
  private static let slots = 2_048
  private static let factor: UInt64 = 0x9e37_79b9_7f4a_7c15
  /// Keeps clients from choosing values that push each other out.
  private static let seed = UInt64.random(in: 0 ... .max)

  struct Entry {
    fileprivate var hash: UInt64 = 0
    fileprivate var group: UInt64 = 0
    fileprivate var bytes: [UInt8] = []
    /// What the value becomes for the rules from `plainCount` on.
    private(set) var form: [UInt8] = []
    private(set) var rules = InlineArray<4, Int16>(repeating: 0)
    private(set) var count = 0
    private(set) var plainCount = 0

    fileprivate mutating func take(_ found: borrowing ScanFindings, _ form: Span<UInt8>) {
      count = found.count
      plainCount = found.plainCount
      rules = found.rules
      self.form.removeAll(keepingCapacity: true)
      if found.plainCount < found.count { self.form.append(copying: form) }
    }
  }

  private var entries: [Entry] = []

  /// Eight bytes at a time, each multiplied to 128 bits whose halves are folded.
  func hash(_ value: Span<UInt8>, _ group: UInt64) -> UInt64 {
    // invariant: the buffer is read within the closure alone, eight bytes at offsets up to `count - 8`.
    value.withUnsafeBytes { bytes in
      var hash = Self.seed ^ group &* Self.factor
      var index = 0
      while index &+ 8 <= bytes.count {
        hash = Self.mix(hash, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        index &+= 8
      }
      var rest = UInt64(bytes.count) &<< 56
      while index < bytes.count {
        rest = rest &<< 8 ^ UInt64(bytes[index])
        index &+= 1
      }
      return Self.mix(hash, rest)
    }
  }

  @inline(__always)
  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: factor)
    return product.high ^ product.low ^ hash &<< 1
  }

  /// What was found in this value, by its place; nil when it is not remembered.
  func find(_ value: Span<UInt8>, _ hash: UInt64, _ group: UInt64) -> Int? {
    guard !entries.isEmpty else { return nil }
    let place = Int(truncatingIfNeeded: hash) & (Self.slots - 1)
    if holds(value, hash, group, at: place) { return place }
    return holds(value, hash, group, at: place ^ 1) ? place ^ 1 : nil
  }

  @inline(__always)
  private func holds(_ value: Span<UInt8>, _ hash: UInt64, _ group: UInt64, at place: Int) -> Bool {
    let entries = entries.span
    guard entries[place].hash == hash, entries[place].group == group else { return false }
    return TextOperators.equals(value, entries[place].bytes.span)
  }

  /// How many rules match the value at a place.
  @inline(__always) func count(_ place: Int) -> Int { entries[place].count }

  /// How many of them want it as it came; they come first.
  @inline(__always) func plainCount(_ place: Int) -> Int { entries[place].plainCount }

  @inline(__always) func rule(_ place: Int, _ index: Int) -> Int { Int(entries[place].rules[index]) }

  /// Adds what the value becomes for the other rules.
  func form(_ place: Int, in arena: inout Arena) -> Slice {
    let form = entries[place].form
    return arena.append(form.span)
  }

  /// - Parameter form: what the value becomes for rules that want it so.
  mutating func remember(
    _ value: Span<UInt8>, _ hash: UInt64, _ group: UInt64, _ found: borrowing ScanFindings, form: Span<UInt8>
  ) {
    if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.slots) }
    let place = Int(truncatingIfNeeded: hash) & (Self.slots - 1)
    // A value has two places: what was here goes to the other one.
    entries.swapAt(place, place ^ 1)
    entries[place].hash = hash
    entries[place].group = group
    entries[place].bytes.removeAll(keepingCapacity: true)
    entries[place].bytes.append(copying: value)
    entries[place].take(found, form)
  }
}

/// The rules that one value may match, as far as they can be remembered.
struct ScanFindings {
  private(set) var rules = InlineArray<4, Int16>(repeating: 0)
  private(set) var count = 0
  /// Those among them that want the value as it came; they come first.
  private(set) var plainCount = 0
  /// The one other form that rules want, 0 without one.
  private(set) var form = 0
  /// Whether there were too many, or some that want yet another form.
  private(set) var isTooMuch = false

  mutating func add(_ rule: Int, form: Int) {
    guard count < ScanCache.mostRules, let number = Int16(exactly: rule), form == self.form || self.form == 0 else {
      isTooMuch = true
      return
    }
    self.form = form
    rules[count] = number
    count += 1
    if form == 0 { plainCount = count }
  }
}
