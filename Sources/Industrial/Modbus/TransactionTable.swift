/// Pairs the requests of many clients with the replies of one device connection.
///
/// Each request gets a device transaction id of its own, so that a reply that comes after its time is known as such and
/// never reaches a client. Times are nanoseconds of one monotonic clock. After `init` only a reply's data moves.
public struct ModbusTransactionTable: Sendable {
  /// A request in flight.
  public struct Entry: Sendable, Hashable {
    /// The caller's name for the client's connection.
    public var client: UInt64
    /// The client's own transaction id.
    public var clientTransaction: UInt16
    public var deviceTransaction: UInt16
    public var expectation: ModbusExpectation
    public var startNanoseconds: UInt64
    /// From this time on the request counts as lost.
    public var deadlineNanoseconds: UInt64
  }

  /// What a device transaction id stands for.
  public enum Completion: Sendable, Hashable {
    case inFlight(Entry)
    /// The request was given up or its client is gone: the reply must be dropped.
    case late(Entry)
    /// No request has this id: the reply must be dropped and reported.
    case unknown
  }

  private enum Slot {
    /// → inFlight by `begin`.
    case free
    /// → free by `complete`, → tombstone by `expire` and `removeClient`.
    case inFlight(Entry)
    /// → free by `complete`, by `expire` at its end, or when `begin` needs the place.
    case tombstone(Entry, untilNanoseconds: UInt64)
  }

  /// A power of two; the id's low bits are the place.
  private var slots: [Slot]
  private let capacity: Int
  private let tombstoneNanoseconds: UInt64
  private var nextTransaction: UInt16
  /// Requests in flight.
  public private(set) var inFlightCount = 0
  /// Given-up requests whose reply may still come.
  public private(set) var tombstoneCount = 0
  /// Tombstones that made room before their time; their late reply counts as unknown.
  public private(set) var evictedTombstones: UInt64 = 0

  /// - Parameters:
  ///   - capacity: Requests in flight at most, 1…4096; other values are brought into that range.
  ///   - tombstoneNanoseconds: How long a late reply is still known.
  ///   - firstTransaction: The first device transaction id.
  public init(capacity: Int, tombstoneNanoseconds: UInt64 = 60_000_000_000, firstTransaction: UInt16 = 1) {
    self.capacity = min(max(capacity, 1), 4096)
    self.tombstoneNanoseconds = tombstoneNanoseconds
    nextTransaction = firstTransaction
    var places = 16
    while places < self.capacity * 4 { places *= 2 }
    slots = Array(repeating: .free, count: places)
  }

  /// Whether `begin` would refuse.
  public var isFull: Bool { inFlightCount >= capacity }

  /// Enters a request and returns its device transaction id; nil when as many as may be are in flight.
  public mutating func begin(
    client: UInt64, clientTransaction: UInt16, expectation: ModbusExpectation, now: UInt64, timeoutNanoseconds: UInt64
  ) -> UInt16? {
    guard !isFull else { return nil }
    if inFlightCount + tombstoneCount == slots.count { evictOldestTombstone() }
    for _ in slots.indices {
      let transaction = nextTransaction
      nextTransaction &+= 1
      let place = index(transaction)
      guard case .free = slots[place] else { continue }
      slots[place] = .inFlight(
        Entry(
          client: client, clientTransaction: clientTransaction, deviceTransaction: transaction,
          expectation: expectation, startNanoseconds: now,
          deadlineNanoseconds: now.addingSaturated(timeoutNanoseconds)))
      inFlightCount += 1
      return transaction
    }
    return nil
  }

  /// Takes out what a reply's transaction id stands for.
  public mutating func complete(_ deviceTransaction: UInt16) -> Completion {
    let place = index(deviceTransaction)
    switch slots[place] {
    case .inFlight(let entry) where entry.deviceTransaction == deviceTransaction:
      slots[place] = .free
      inFlightCount -= 1
      return .inFlight(entry)
    case .tombstone(let entry, _) where entry.deviceTransaction == deviceTransaction:
      slots[place] = .free
      tombstoneCount -= 1
      return .late(entry)
    case .free, .inFlight, .tombstone: return .unknown
    }
  }

  /// Gives up every request whose deadline has come and forgets tombstones whose time is over.
  ///
  /// - Parameter body: Called with each request that was given up.
  public mutating func expire(now: UInt64, _ body: (Entry) -> Void) {
    guard inFlightCount + tombstoneCount > 0 else { return }
    for place in slots.indices {
      switch slots[place] {
      case .inFlight(let entry) where entry.deadlineNanoseconds <= now:
        bury(entry, at: place, now: now)
        body(entry)
      case .tombstone(_, let until) where until <= now:
        slots[place] = .free
        tombstoneCount -= 1
      case .free, .inFlight, .tombstone: break
      }
    }
  }

  /// The earliest deadline of a request in flight.
  public var nextDeadlineNanoseconds: UInt64? {
    guard inFlightCount > 0 else { return nil }
    var earliest: UInt64?
    for slot in slots {
      if case .inFlight(let entry) = slot { earliest = min(earliest ?? .max, entry.deadlineNanoseconds) }
    }
    return earliest
  }

  /// Gives up the requests of a client that is gone and returns how many there were.
  @discardableResult
  public mutating func removeClient(_ client: UInt64, now: UInt64) -> Int {
    guard inFlightCount > 0 else { return 0 }
    var removed = 0
    for place in slots.indices {
      guard case .inFlight(let entry) = slots[place], entry.client == client else { continue }
      bury(entry, at: place, now: now)
      removed += 1
    }
    return removed
  }

  /// Empties the table when the device's connection is gone; no late reply can come on a new one.
  ///
  /// - Parameter body: Called with each request that was in flight.
  public mutating func removeAll(_ body: (Entry) -> Void) {
    for place in slots.indices {
      if case .inFlight(let entry) = slots[place] { body(entry) }
      slots[place] = .free
    }
    inFlightCount = 0
    tombstoneCount = 0
  }

  private mutating func bury(_ entry: Entry, at place: Int, now: UInt64) {
    slots[place] = .tombstone(entry, untilNanoseconds: now.addingSaturated(tombstoneNanoseconds))
    inFlightCount -= 1
    tombstoneCount += 1
  }

  private mutating func evictOldestTombstone() {
    var oldest: (place: Int, until: UInt64)?
    for place in slots.indices {
      guard case .tombstone(_, let until) = slots[place] else { continue }
      if let found = oldest, found.until <= until { continue }
      oldest = (place, until)
    }
    guard let oldest else { return }
    slots[oldest.place] = .free
    tombstoneCount -= 1
    evictedTombstones &+= 1
  }

  private func index(_ transaction: UInt16) -> Int {
    Int(transaction) & (slots.count &- 1)
  }
}

extension UInt64 {
  fileprivate func addingSaturated(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
