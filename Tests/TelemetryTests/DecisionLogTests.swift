import Foundation
import Glibc
import SluiceModel
import Testing

import Telemetry

struct DecisionLogTests {
  private let scratch = Scratch()
  private let clock = ManualClock()
  private let files = FaultyFiles()

  private func makeHub(record: DecisionLogRecording = .notable, backlog: Int = 8 << 20) throws -> TelemetryHub {
    try TelemetryHub(
      scratch.configuration(access: false, record: record), version: "1", files: files, clock: clock.clock,
      decisionBacklogBytes: backlog)
  }

  private func id(_ hub: TelemetryHub, _ id: ExchangeID) throws -> ExchangeID? {
    try hub.decision(id: id).map { try event($0).id }
  }

  @Test func recordsWhatMustBeKeptAndOnlyThat() throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: true)
    let allowed = DecisionTrace()
    recorder.exchangeEnded(exchange(makeID(1)))
    recorder.exchangeEnded(exchange(makeID(2), status: 403), blocked("10.0.1.5"))
    recorder.operationEnded(operation(makeID(3), .read), trace: allowed)
    recorder.operationEnded(operation(makeID(4), .write, values: "1"), trace: allowed)
    recorder.operationEnded(operation(makeID(5), .read), trace: blocked())
    recorder.operationEnded(operation(makeID(6), .unknown), trace: allowed)
    for (number, trace) in [(7, allowed), (8, blocked())] {
      let status = FlowStatus(
        id: makeID(number), kind: .tcp, listener: "l", target: "t", client: "c",
        startedUnixMilliseconds: ManualClock.start)
      recorder.flowEnded(FlowRecord(status: status, durationNanoseconds: 1, reason: "client closed"), trace: trace)
    }
    #expect(try hub.decision(id: makeID(2)) == nil)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush())
    let kept = try (1...8).filter { try id(hub, makeID($0)) != nil }
    #expect(kept == [2, 4, 5, 6, 8])
    #expect(hub.state.decisionsWritten == 5)
    let found = try event(try #require(try hub.decision(id: makeID(2))))
    #expect(found.trace == blocked("10.0.1.5").findings && found.status == 403)

    try hub.reconfigure(scratch.configuration(access: false, record: .all))
    recorder.exchangeEnded(exchange(makeID(9)))
    recorder.tick(nowUnixMilliseconds: 0)
    hub.shutdown()
    #expect(try id(hub, makeID(9)) == makeID(9))
    #expect(scratch.segments().count == 1)
  }

  @Test func segmentsRotateByTimeAndAreFoundAfterARestart() throws {
    var ids: [ExchangeID] = []
    let first = try makeHub()
    let recorder = first.makeRecorder(industrial: false)
    for hour in 0..<5 {
      ids.append(makeID(hour, at: clock.now))
      recorder.exchangeEnded(exchange(ids[hour]), blocked())
      // An exchange that began long before its record is written.
      recorder.exchangeEnded(exchange(makeID(100 + hour, at: clock.now - 7_200_000)), blocked())
      recorder.tick(nowUnixMilliseconds: 0)
      #expect(first.flush())
      clock.advance(milliseconds: 3_600_000)
    }
    #expect(scratch.segments().count == 5)
    first.shutdown()
    let second = try makeHub()
    for (hour, id) in ids.enumerated() {
      #expect(try self.id(second, id) == id)
      let early = makeID(100 + hour, at: id.unixMilliseconds - 7_200_000)
      #expect(try self.id(second, early) == early)
    }
    #expect(try second.decision(id: makeID(999)) == nil)
    second.shutdown()
  }

  @Test func aRestartGoesOnWithTheNewestSegment() throws {
    for number in 0..<3 {
      let hub = try makeHub()
      let recorder = hub.makeRecorder(industrial: false)
      recorder.exchangeEnded(exchange(makeID(number)), blocked())
      recorder.tick(nowUnixMilliseconds: 0)
      hub.shutdown()
    }
    #expect(scratch.segments().count == 1)
    let hub = try makeHub()
    for number in 0..<3 { #expect(try id(hub, makeID(number)) == makeID(number)) }
    hub.shutdown()
  }

  @Test func aTornEndIsCutAndTheIndexCompleted() throws {
    let first = try makeHub(record: .all)
    let recorder = first.makeRecorder(industrial: false)
    for number in 0..<50 { recorder.exchangeEnded(exchange(makeID(number))) }
    recorder.tick(nowUnixMilliseconds: 0)
    first.shutdown()
    let log = try #require(scratch.segments().first)
    let index = log.replacingOccurrences(of: ".jsonl", with: ".idx")
    // What a kill leaves at worst: the last line in part, the index some entries behind and torn too.
    #expect(truncate(log, off_t(scratch.text(log).utf8.count - 10)) == 0)
    #expect(truncate(index, off_t(IndexEntry.size * 40 + 5)) == 0)
    // A lookup sees what the index doesn't cover, even before the repair.
    #expect(try DecisionStore.find(makeID(48), directory: scratch.decisions, files: files) != nil)
    #expect(try DecisionStore.find(makeID(49), directory: scratch.decisions, files: files) == nil)

    let second = try makeHub(record: .all)
    let next = second.makeRecorder(industrial: false)
    next.exchangeEnded(exchange(makeID(50)))
    next.tick(nowUnixMilliseconds: 0)
    second.shutdown()
    for number in 0..<51 where number != 49 { #expect(try id(second, makeID(number)) == makeID(number)) }
    #expect(try second.decision(id: makeID(49)) == nil)
    let lines = scratch.lines(log)
    #expect(lines.count == 50 && lines.allSatisfy { (try? event($0)) != nil })
    #expect(files.size(of: index) == IndexEntry.size * 50)
  }

  @Test(arguments: [0, 1, 2]) func aDamagedIndexIsNotBelieved(kind: Int) throws {
    let first = try makeHub(record: .all)
    let recorder = first.makeRecorder(industrial: false)
    for number in 0..<5 { recorder.exchangeEnded(exchange(makeID(number))) }
    recorder.tick(nowUnixMilliseconds: 0)
    first.shutdown()
    let log = try #require(scratch.segments().first)
    let index = URL(fileURLWithPath: log.replacingOccurrences(of: ".jsonl", with: ".idx"))
    switch kind {
    case 0: try FileManager.default.removeItem(at: index)
    case 1: try Data(repeating: 0xff, count: IndexEntry.size * 3).write(to: index)
    default:
      var bytes: [UInt8] = []
      IndexEntry(id: makeID(2), offset: 1 << 40, length: 10).append(to: &bytes)
      try Data(bytes).write(to: index)
    }
    #expect(try DecisionStore.find(makeID(2), directory: scratch.decisions, files: files) != nil)
    let second = try makeHub()
    for number in 0..<5 { #expect(try id(second, makeID(number)) == makeID(number)) }
    second.shutdown()
  }

  @Test func aFullDiskIsOvercomeWithoutASilentLoss() throws {
    let hub = try makeHub(backlog: 40_000)
    let recorder = hub.makeRecorder(industrial: true)
    recorder.operationEnded(operation(makeID(0), .write), trace: DecisionTrace())
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush() && recorder.canRecordDecisions && !hub.state.degraded)

    files.fail(ENOSPC, after: 700)
    var recorded = 0
    while recorder.canRecordDecisions, recorded < 1000 {
      recorded += 1
      recorder.operationEnded(operation(makeID(recorded), .write), trace: DecisionTrace())
      recorder.tick(nowUnixMilliseconds: 0)
      hub.flush()
    }
    #expect(recorded > 10 && recorded < 1000)
    #expect(hub.state.degraded && hub.state.decisionsLost == 0)
    #expect(hub.state.lastError?.contains("no space left on device") == true)
    for number in 2000..<2200 { recorder.operationEnded(operation(makeID(number), .write), trace: DecisionTrace()) }
    let lost = hub.state.decisionsLost
    #expect(lost > 0)

    files.heal()
    clock.advance(milliseconds: 10_000)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush())
    #expect(recorder.canRecordDecisions && !hub.state.degraded && hub.state.decisionsLost == lost)
    hub.shutdown()
    for number in 0...recorded { #expect(try id(hub, makeID(number)) == makeID(number)) }
    let events = try scratch.segments().flatMap { scratch.lines($0) }.map { try event($0) }
    #expect(events.count == 1 + recorded + 200 - lost + 1)
    let report = try #require(events.first { $0.kind == "loss" })
    #expect(report.lost == lost)
    #expect(try id(hub, report.id) == report.id)
  }

  @Test(arguments: [".jsonl", ".idx"]) func aFailedBatchIsTakenBackAndWrittenOnce(suffix: String) throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: true)
    for number in 0..<10 { recorder.operationEnded(operation(makeID(number), .write), trace: DecisionTrace()) }
    files.fail(EIO, after: 100, suffix: suffix)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(!hub.flush())
    let log = try #require(scratch.segments().first)
    #expect(scratch.text(log).isEmpty)
    files.heal()
    clock.advance(milliseconds: 10_000)
    #expect(hub.flush())
    hub.shutdown()
    #expect(try scratch.lines(log).map { try event($0).id } == (0..<10).map { makeID($0) })
  }

  @Test func webTrafficLeavesRoomForThePlant() throws {
    let hub = try makeHub(backlog: 40_000)
    let web = hub.makeRecorder(industrial: false)
    let plant = hub.makeRecorder(industrial: true)
    files.fail(ENOSPC)
    for number in 0..<500 { web.exchangeEnded(exchange(makeID(number)), blocked()) }
    let lost = hub.state.decisionsLost
    #expect(lost > 0 && !web.canRecordDecisions)
    plant.operationEnded(operation(makeID(1000), .write), trace: DecisionTrace())
    #expect(hub.state.decisionsLost == lost)
    files.heal()
    clock.advance(milliseconds: 10_000)
    web.tick(nowUnixMilliseconds: 0)
    plant.tick(nowUnixMilliseconds: 0)
    hub.shutdown()
    #expect(try id(hub, makeID(1000)) == makeID(1000))
  }

  @Test func aVanishedDirectoryIsMadeAgain() throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: false)
    for number in 0..<3 {
      recorder.exchangeEnded(exchange(makeID(number)), blocked())
      recorder.tick(nowUnixMilliseconds: 0)
      #expect(hub.flush())
      #expect(try id(hub, makeID(number)) == makeID(number))
      try FileManager.default.removeItem(atPath: scratch.decisions)
    }
    #expect(hub.state.decisionsWritten == 3 && hub.state.decisionsLost == 0)
    hub.shutdown()
  }

  // MARK: Segments

  private func batch(_ numbers: Range<Int>) -> DecisionBatch {
    var batch = DecisionBatch()
    for number in numbers {
      let pad = String(repeating: "p", count: 900)
      let line = Array("{\"time\":\"x\",\"id\":\"\(makeID(number))\",\"pad\":\"\(pad)\"}\n".utf8)
      line.withUnsafeBytes { batch.append($0, id: makeID(number)) }
    }
    return batch
  }

  @Test func sizeBoundsSegmentsAndTheirSum() throws {
    let policy = SegmentPolicy(segmentBytes: 10_000, keepMilliseconds: .max, maximumBytes: 50_000)
    var store = try DecisionStore(
      directory: scratch.decisions, policy: policy, files: files, nowUnixMilliseconds: clock.now)
    for number in 0..<100 {
      try store.append(batch(number..<number + 1), nowUnixMilliseconds: clock.now)
      let sizes = try files.names(in: scratch.decisions).map { files.size(of: scratch.decisions + "/" + $0) ?? 0 }
      #expect(sizes.allSatisfy { $0 <= 10_000 } && sizes.reduce(0, +) <= 50_000)
    }
    func find(_ number: Int) throws -> Bool {
      try DecisionStore.find(makeID(number), directory: scratch.decisions, files: files) != nil
    }
    #expect(try find(99) && find(60) && !find(0))
  }

  @Test func whatIsTooOldIsDeleted() throws {
    let policy = SegmentPolicy(segmentBytes: 1 << 20, keepMilliseconds: 7_200_000, maximumBytes: 1 << 30)
    var store = try DecisionStore(
      directory: scratch.decisions, policy: policy, files: files, nowUnixMilliseconds: clock.now)
    for number in 0..<4 {
      try store.append(batch(number..<number + 1), nowUnixMilliseconds: clock.now)
      clock.advance(milliseconds: 3_600_000)
    }
    #expect(scratch.segments().count == 4)
    store.enforce(clock.now)
    #expect(scratch.segments().count == 3, "the first segment's records may be up to two hours old")
    clock.advance(milliseconds: 86_400_000)
    store.enforce(clock.now)
    store.enforce(clock.now)
    #expect(scratch.segments().isEmpty)
    #expect(try files.names(in: scratch.decisions).isEmpty)
  }

  @Test func anotherProcessesSegmentIsLeftAlone() throws {
    let policy = SegmentPolicy(segmentBytes: 1 << 20, keepMilliseconds: .max, maximumBytes: 1 << 30)
    var old = try DecisionStore(
      directory: scratch.decisions, policy: policy, files: files, nowUnixMilliseconds: clock.now)
    try old.append(batch(0..<1), nowUnixMilliseconds: clock.now)
    var new = try DecisionStore(
      directory: scratch.decisions, policy: policy, files: files, nowUnixMilliseconds: clock.now)
    try new.append(batch(1..<2), nowUnixMilliseconds: clock.now)
    try old.append(batch(2..<3), nowUnixMilliseconds: clock.now)
    #expect(scratch.segments().count == 2)
    for number in 0..<3 {
      #expect(try DecisionStore.find(makeID(number), directory: scratch.decisions, files: files) != nil)
    }
  }

  @Test func strangeFilesAreIgnored() throws {
    try SystemFiles().makeDirectories(scratch.decisions)
    for name in ["x.jsonl", "1-.jsonl", "-1.jsonl", "1-2-3.jsonl", "99999999999999999999999-1.jsonl", "1-1.idx", "a"] {
      try Data("{}".utf8).write(to: URL(fileURLWithPath: scratch.decisions + "/" + name))
    }
    let hub = try makeHub()
    #expect(try hub.decision(id: makeID(1)) == nil)
    hub.shutdown()
  }
}
