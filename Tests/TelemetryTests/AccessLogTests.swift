import Foundation
import Glibc
import SluiceModel
import Testing

import Telemetry

struct AccessLogTests {
  private let scratch = Scratch()
  private let clock = ManualClock()
  private let files = FaultyFiles()

  private func makeHub(backlog: Int = 8 << 20) throws -> TelemetryHub {
    try TelemetryHub(
      scratch.configuration(), version: "1", files: files, clock: clock.clock, accessBacklogBytes: backlog)
  }

  private func fill(_ recorder: LoopRecorder, _ numbers: Range<Int>) {
    for number in numbers { recorder.exchangeEnded(exchange(makeID(number))) }
  }

  private func ids(_ path: String) throws -> [ExchangeID] { try scratch.lines(path).map { try event($0).id } }

  @Test func linesReachTheFileAtATickAndAtAFullBatch() throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: false)
    fill(recorder, 0..<3)
    #expect(hub.flush() && scratch.text(scratch.accessPath).isEmpty)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush())
    #expect(try ids(scratch.accessPath) == (0..<3).map { makeID($0) })
    fill(recorder, 3..<400)
    #expect(hub.flush())
    #expect(try ids(scratch.accessPath).count > 150)
    recorder.tick(nowUnixMilliseconds: 0)
    hub.shutdown()
    #expect(try ids(scratch.accessPath) == (0..<400).map { makeID($0) })
    #expect(hub.state.accessBytesWritten == scratch.text(scratch.accessPath).utf8.count)
    #expect(hub.state.accessLinesDropped == 0 && !hub.state.degraded)
  }

  @Test func filesAndDirectoriesAreNotForOthers() throws {
    let hub = try makeHub()
    hub.shutdown()
    var info = stat()
    #expect(stat(scratch.accessPath, &info) == 0 && info.st_mode & 0o777 & ~0o640 == 0)
    #expect(stat(scratch.decisions, &info) == 0 && info.st_mode & 0o777 & ~0o750 == 0)
  }

  @Test func aFullBacklogDropsAndCounts() throws {
    let hub = try makeHub(backlog: 10_000)
    files.fail(ENOSPC, suffix: "access.jsonl")
    let recorder = hub.makeRecorder(industrial: false)
    for number in 0..<100 {
      fill(recorder, number..<number + 1)
      recorder.tick(nowUnixMilliseconds: 0)
    }
    #expect(!hub.flush())
    let state = hub.state
    #expect(state.degraded && state.lastError?.contains("no space left on device") == true)
    #expect(state.accessLinesDropped > 50 && state.accessLinesDropped < 100)
    files.heal()
    clock.advance(milliseconds: 10_000)
    #expect(hub.flush())
    #expect(!hub.state.degraded)
    #expect(try ids(scratch.accessPath).count == 100 - state.accessLinesDropped)
    hub.shutdown()
  }

  @Test func aHalfWrittenBatchGoesOnWhereItStopped() throws {
    let hub = try makeHub()
    files.fail(ENOSPC, after: 1000, suffix: "access.jsonl")
    let recorder = hub.makeRecorder(industrial: false)
    fill(recorder, 0..<20)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(!hub.flush())
    #expect(scratch.text(scratch.accessPath).utf8.count == 1000)
    files.heal()
    #expect(!hub.flush(), "a retry before its time")
    clock.advance(milliseconds: 10_000)
    #expect(hub.flush())
    #expect(try ids(scratch.accessPath) == (0..<20).map { makeID($0) })
    hub.shutdown()
  }

  @Test func reopenFollowsARotation() throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: false)
    fill(recorder, 0..<2)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush())
    let rotated = scratch.accessPath + ".1"
    try FileManager.default.moveItem(atPath: scratch.accessPath, toPath: rotated)
    fill(recorder, 2..<3)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush())
    hub.reopen()
    #expect(hub.flush())
    fill(recorder, 3..<4)
    recorder.tick(nowUnixMilliseconds: 0)
    hub.shutdown()
    #expect(try ids(rotated) == (0..<3).map { makeID($0) })
    #expect(try ids(scratch.accessPath) == [makeID(3)])
  }

  @Test func reopenAfterAHalfWrittenLineStartsWithAWholeOne() throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: false)
    files.fail(ENOSPC, after: 1000, suffix: "access.jsonl")
    fill(recorder, 0..<20)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(!hub.flush())
    try FileManager.default.removeItem(atPath: scratch.accessPath)
    files.heal()
    files.fail(ENOSPC, after: 0, suffix: "access.jsonl")
    hub.reopen()
    hub.flush()
    files.heal()
    clock.advance(milliseconds: 10_000)
    #expect(hub.flush())
    let rest = try ids(scratch.accessPath)
    #expect(!rest.isEmpty && rest == Array((0..<20).map { makeID($0) }.suffix(rest.count)))
    #expect(hub.state.accessLinesDropped == 1)
    hub.shutdown()
  }

  @Test func reconfigureMovesTheLogAndKeepsTheOldOneOnError() throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: false)
    fill(recorder, 0..<1)
    recorder.tick(nowUnixMilliseconds: 0)
    var logs = scratch.configuration()
    logs.access = .file(path: scratch.path)
    #expect(throws: TelemetryError.self) { try hub.reconfigure(logs) }
    logs.access = .file(path: scratch.path + "/other/deep/access.jsonl")
    logs.decisions.directory = scratch.accessPath + "/not-a-directory"
    #expect(throws: TelemetryError.self) { try hub.reconfigure(logs) }
    fill(recorder, 1..<2)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush())
    #expect(try ids(scratch.accessPath) == [makeID(0), makeID(1)])

    logs.decisions.directory = scratch.path + "/elsewhere"
    try hub.reconfigure(logs)
    fill(recorder, 2..<3)
    recorder.exchangeEnded(exchange(makeID(3)), blocked())
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(hub.flush())
    #expect(try ids(scratch.path + "/other/deep/access.jsonl") == [makeID(2), makeID(3)])
    #expect(try hub.decision(id: makeID(3)) != nil)

    logs.access = .off
    try hub.reconfigure(logs)
    fill(recorder, 4..<5)
    recorder.tick(nowUnixMilliseconds: 0)
    hub.shutdown()
    #expect(try ids(scratch.path + "/other/deep/access.jsonl") == [makeID(2), makeID(3)])
    #expect(try event(recorder.lastLine).id == makeID(4))
  }

  @Test func anUnusableTargetIsAnErrorThatNamesIt() throws {
    var logs = scratch.configuration()
    logs.access = .file(path: scratch.path)
    let error = try #require(throws: TelemetryError.self) { try TelemetryHub(logs, version: "1") }
    #expect(error.description == "can't open `\(scratch.path)`: is a directory")
  }

  @Test func afterShutdownNothingIsLostSilently() throws {
    let hub = try makeHub()
    let recorder = hub.makeRecorder(industrial: true)
    fill(recorder, 0..<1)
    recorder.operationEnded(operation(makeID(1), .write), trace: DecisionTrace())
    hub.shutdown()
    hub.shutdown()
    #expect(!recorder.canRecordDecisions)
    recorder.tick(nowUnixMilliseconds: 0)
    recorder.exchangeEnded(exchange(makeID(2)), blocked())
    #expect(hub.state.accessLinesDropped == 2)
    #expect(hub.state.decisionsLost == 2 && hub.state.degraded)
  }

  @Test func aPipeWithoutAReaderDoesNotEndTheProcess() throws {
    let path = scratch.path + "/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    var logs = scratch.configuration()
    logs.access = .file(path: path)
    let hub = try TelemetryHub(logs, version: "1", files: SystemFiles(), clock: clock.clock)
    let recorder = hub.makeRecorder(industrial: false)
    close(reader)
    fill(recorder, 0..<5)
    recorder.tick(nowUnixMilliseconds: 0)
    #expect(!hub.flush())
    #expect(hub.state.degraded && hub.state.lastError?.contains("broken pipe") == true)
    hub.shutdown()
    #expect(hub.state.accessLinesDropped == 5)
  }
}
