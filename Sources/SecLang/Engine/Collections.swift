import Synchronization

/// Values that outlive transactions: `ip`, `global`, `session`, `user` and `resource`. Shared by all threads, bounded, and
/// kept in memory: a restart forgets them.
public final class CollectionStore: Sendable {
  struct Entry: Sendable {
    var value: [UInt8]
    /// Seconds since 1970.
    var expiry: Int
  }

  struct Record: Sendable {
    var entries: [[UInt8]: Entry] = [:]
    var expiry: Int
  }

  private struct Key: Hashable {
    var variable: Variable
    var key: [UInt8]
  }

  /// Records of all collections together; past it, the ones that end first are dropped.
  public static let recordLimit = 100_000
  /// Values of one record.
  public static let entryLimit = 256

  private let records = Mutex<[Key: Record]>([:])

  public init() {}

  /// Changes a value.
  /// - Parameter change: from the old value to the new one; nil removes it.
  func update(
    _ variable: Variable, _ key: [UInt8], _ name: [UInt8], now: Int, timeout: Int, _ change: ([UInt8]?) -> [UInt8]?
  ) {
    records.withLock { records in
      if records.count >= Self.recordLimit { Self.makeRoom(&records, now: now) }
      let place = Key(variable: variable, key: key)
      var record = records[place] ?? Record(expiry: 0)
      record.entries = record.entries.filter { $0.value.expiry > now }
      record.expiry = now + timeout
      if let value = change(record.entries[name]?.value) {
        if record.entries.count < Self.entryLimit || record.entries[name] != nil {
          record.entries[name] = Entry(value: value, expiry: record.entries[name]?.expiry ?? Int.max)
        }
      } else {
        record.entries[name] = nil
      }
      records[place] = record
    }
  }

  func expire(_ variable: Variable, _ key: [UInt8], _ name: [UInt8], at expiry: Int) {
    records.withLock { $0[Key(variable: variable, key: key)]?.entries[name]?.expiry = expiry }
  }

  func values(_ variable: Variable, _ key: [UInt8], now: Int) -> [([UInt8], [UInt8])] {
    records.withLock { records in
      guard let record = records[Key(variable: variable, key: key)], record.expiry > now else { return [] }
      return record.entries.filter { $0.value.expiry > now }.map { ($0.key, $0.value.value) }
    }
  }

  private static func makeRoom(_ records: inout [Key: Record], now: Int) {
    records = records.filter { $0.value.expiry > now }
    guard records.count >= recordLimit else { return }
    let cut = records.values.map(\.expiry).sorted()[records.count / 10]
    records = records.filter { $0.value.expiry > cut }
  }
}

/// The collections that a transaction has opened, each with its key.
struct OpenCollections {
  private var keys: [(variable: Variable, key: [UInt8])] = []

  mutating func reset() {
    if !keys.isEmpty { keys.removeAll() }
  }

  mutating func open(_ variable: Variable, _ key: [UInt8], in transaction: Transaction) {
    guard self.key(variable) == nil else { return }
    keys.append((variable, key))
  }

  private func key(_ variable: Variable) -> [UInt8]? { keys.first { $0.variable == variable }?.key }

  func set(
    _ variable: Variable, _ name: [UInt8], in transaction: Transaction, _ change: ([UInt8]?) -> [UInt8]?
  ) {
    guard let store = transaction.workspace.store, let key = key(variable) else { return }
    store.update(
      variable, key, name, now: transaction.workspace.wallClock().epochSeconds,
      timeout: transaction.rules.settings.collectionTimeoutSeconds, change)
  }

  func expire(_ variable: Variable, _ name: [UInt8], afterSeconds seconds: Int, in transaction: Transaction) {
    guard let store = transaction.workspace.store, let key = key(variable) else { return }
    let (expiry, isOverflow) = transaction.workspace.wallClock().epochSeconds.addingReportingOverflow(seconds)
    store.expire(variable, key, name, at: isOverflow ? Int.max : expiry)
  }

  func values(_ variable: Variable, in transaction: Transaction) -> [([UInt8], [UInt8])] {
    guard let store = transaction.workspace.store, let key = key(variable) else { return [] }
    return store.values(variable, key, now: transaction.workspace.wallClock().epochSeconds)
  }
}
