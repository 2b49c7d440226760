import Industrial
import Testing

@Suite("modbus transactions")
struct ModbusTransactionTableTests {
  private let asked: ModbusExpectation

  init() throws {
    asked = ModbusExpectation(try request("0300050002"))
  }

  private func begin(
    _ table: inout ModbusTransactionTable, client: UInt64 = 1, transaction: UInt16 = 1, now: UInt64 = 0,
    timeout: UInt64 = 100
  ) -> UInt16? {
    table.begin(
      client: client, clientTransaction: transaction, expectation: asked, now: now, timeoutNanoseconds: timeout)
  }

  private func expired(_ table: inout ModbusTransactionTable, now: UInt64) -> [UInt16] {
    var all: [UInt16] = []
    table.expire(now: now) { all.append($0.clientTransaction) }
    return all
  }

  @Test("a reply finds its client")
  func pairs() throws {
    var table = ModbusTransactionTable(capacity: 4)
    let first = try #require(begin(&table, client: 7, transaction: 0xAAAA, now: 5))
    let second = try #require(begin(&table, client: 8, transaction: 0xAAAA))
    #expect(first != second)
    guard case .inFlight(let entry) = table.complete(first) else {
      Issue.record("no entry")
      return
    }
    #expect(entry.client == 7 && entry.clientTransaction == 0xAAAA && entry.startNanoseconds == 5)
    #expect(entry.expectation == asked && entry.deadlineNanoseconds == 105)
    #expect(table.inFlightCount == 1)
    #expect(table.complete(first) == .unknown)
    #expect(table.complete(999) == .unknown)
  }

  @Test("capacity bounds what is in flight")
  func capacity() throws {
    var table = ModbusTransactionTable(capacity: 2)
    let first = try #require(begin(&table))
    #expect(begin(&table) != nil)
    #expect(table.isFull)
    #expect(begin(&table) == nil)
    _ = table.complete(first)
    #expect(begin(&table) != nil)
  }

  @Test("an id in flight isn't given out again, even after the ids wrap")
  func skipsInFlight() throws {
    var table = ModbusTransactionTable(capacity: 2, firstTransaction: 0xFFF0)
    let held = try #require(begin(&table))
    #expect(held == 0xFFF0)
    for _ in 0..<70_000 {
      let next = try #require(begin(&table))
      guard next != held else {
        Issue.record("id \(held) was given out twice")
        return
      }
      _ = table.complete(next)
    }
    guard case .inFlight = table.complete(held) else {
      Issue.record("the held request is gone")
      return
    }
  }

  @Test("a late reply is known as such, once")
  func late() throws {
    var table = ModbusTransactionTable(capacity: 4, tombstoneNanoseconds: 1000)
    let lost = try #require(begin(&table, transaction: 3, timeout: 100))
    #expect(table.nextDeadlineNanoseconds == 100)
    #expect(expired(&table, now: 99) == [])
    #expect(expired(&table, now: 100) == [3])
    #expect(table.inFlightCount == 0 && table.tombstoneCount == 1)
    #expect(table.nextDeadlineNanoseconds == nil)
    guard case .late(let entry) = table.complete(lost) else {
      Issue.record("not known as late")
      return
    }
    #expect(entry.clientTransaction == 3)
    #expect(table.complete(lost) == .unknown)
    #expect(table.tombstoneCount == 0)
  }

  @Test("a tombstone ends with its time")
  func tombstoneEnds() throws {
    var table = ModbusTransactionTable(capacity: 4, tombstoneNanoseconds: 1000)
    let lost = try #require(begin(&table, timeout: 100))
    #expect(expired(&table, now: 100).count == 1)
    #expect(expired(&table, now: 1099) == [])
    #expect(table.tombstoneCount == 1)
    #expect(expired(&table, now: 1100) == [])
    #expect(table.tombstoneCount == 0)
    #expect(table.complete(lost) == .unknown)
  }

  @Test("a client that leaves takes its requests along")
  func removesClient() throws {
    var table = ModbusTransactionTable(capacity: 4)
    let gone = try #require(begin(&table, client: 1))
    let stays = try #require(begin(&table, client: 2))
    #expect(table.removeClient(1, now: 0) == 1)
    #expect(table.removeClient(1, now: 0) == 0)
    guard case .late = table.complete(gone), case .inFlight = table.complete(stays) else {
      Issue.record("wrong outcome")
      return
    }
  }

  @Test("tombstones never keep new requests out")
  func evicts() throws {
    var table = ModbusTransactionTable(capacity: 1, tombstoneNanoseconds: 1_000_000)
    var ids: [UInt16] = []
    for round in 0..<40 {
      ids.append(try #require(begin(&table, now: UInt64(round), timeout: 1)))
      #expect(expired(&table, now: UInt64(round) + 1).count == 1)
    }
    #expect(table.evictedTombstones == 24)
    #expect(table.tombstoneCount == 16)
    #expect(Set(ids).count == 40)
    #expect(table.complete(ids[0]) == .unknown)
    guard case .late = table.complete(ids[38]) else {
      Issue.record("a young tombstone was evicted")
      return
    }
  }

  @Test("a lost device connection empties the table")
  func removesAll() throws {
    var table = ModbusTransactionTable(capacity: 4)
    let first = try #require(begin(&table, transaction: 5))
    _ = begin(&table, client: 2, transaction: 6)
    table.removeClient(2, now: 0)
    var lost: [UInt16] = []
    table.removeAll { lost.append($0.clientTransaction) }
    #expect(lost == [5])
    #expect(table.inFlightCount == 0 && table.tombstoneCount == 0)
    #expect(table.complete(first) == .unknown)
  }

  @Test("it agrees with a plain model over random steps")
  func agreesWithModel() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("transaction seed: \(seed)")
    var random = SeededGenerator(seed: seed)
    var table = ModbusTransactionTable(capacity: 8, tombstoneNanoseconds: 50)
    var live: [UInt16: (client: UInt64, deadline: UInt64)] = [:]
    for step in 0..<5000 {
      let now = UInt64(step)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let client = UInt64.random(in: 0..<4, using: &random)
        let timeout = UInt64.random(in: 1..<40, using: &random)
        let id = begin(&table, client: client, now: now, timeout: timeout)
        #expect((id == nil) == (live.count == 8), "seed \(seed) step \(step)")
        if let id {
          #expect(live[id] == nil, "seed \(seed) step \(step)")
          live[id] = (client, now + timeout)
        }
      case 5..<8:
        guard let id = live.keys.sorted().randomElement(using: &random) else { continue }
        guard case .inFlight(let entry) = table.complete(id) else {
          Issue.record("seed \(seed) step \(step): \(id) is not in flight")
          return
        }
        #expect(entry.client == live[id]?.client)
        live[id] = nil
      case 8:
        var count = 0
        table.expire(now: now) { _ in count += 1 }
        let before = live.count
        live = live.filter { $0.value.deadline > now }
        #expect(count == before - live.count, "seed \(seed) step \(step)")
      default:
        let client = UInt64.random(in: 0..<4, using: &random)
        let removed = table.removeClient(client, now: now)
        let before = live.count
        live = live.filter { $0.value.client != client }
        #expect(removed == before - live.count, "seed \(seed) step \(step)")
      }
      #expect(table.inFlightCount == live.count, "seed \(seed) step \(step)")
    }
  }
}
