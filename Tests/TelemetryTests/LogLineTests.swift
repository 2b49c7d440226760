import Foundation
import SluiceModel
import Testing

import Telemetry

struct LogLineTests {
  private let scratch = Scratch()

  private func recorder() throws -> (TelemetryHub, LoopRecorder) {
    let hub = try TelemetryHub(scratch.configuration(access: false), version: "1.2.3")
    return (hub, hub.makeRecorder(industrial: false))
  }

  @Test func exchangeLineHasTheFieldsOfTheDesign() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    let id = makeID(7, at: 1_764_000_001_042)
    recorder.exchangeEnded(exchange(id, error: "timeout"), path: Array("/a?token=abc".utf8))
    #expect(
      recorder.lastLine == """
        {"time":"2025-11-24T16:00:01.042Z","id":"\(id)","kind":"exchange","listener":"web","route":"historian-api",\
        "client":"10.0.1.5","method":"GET","host":"historian.example","path":"/a","query":true,"status":200,\
        "verdict":"allow","durationMs":1.234,"upstream":"10.0.2.10:8080","bytesIn":100,"bytesOut":2000,\
        "error":"timeout"}
        """)
  }

  @Test func whatIsAbsentIsLeftOut() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    recorder.exchangeEnded(exchange(makeID(1), status: 0, route: nil))
    let parsed = try event(recorder.lastLine)
    #expect(parsed.status == nil && parsed.route == nil && parsed.error == nil && parsed.trace == nil)
    #expect(parsed.query == nil && parsed.truncated == nil)
  }

  @Test func operationAndFlowLines() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    recorder.operationEnded(operation(makeID(1), .write, values: "8501"), trace: blocked("8501"))
    let written = try event(recorder.lastLine)
    #expect(written.kind == "operation" && written.protocol == "modbus" && written.asset == "press-1")
    #expect(written.unit == 1 && written.function == 6 && written.functionName == "WriteSingleRegister")
    #expect(written.class == .write && written.values == "8501" && written.target == "holding-register 100")
    #expect(written.verdict == .block && written.trace == blocked("8501").findings)

    let status = FlowStatus(
      id: makeID(2), kind: .websocket, listener: "web", target: "chat\"\n", client: "10.0.0.1", principal: "ann",
      startedUnixMilliseconds: ManualClock.start, bytesIn: 5, bytesOut: 6)
    recorder.flowEnded(
      FlowRecord(status: status, durationNanoseconds: 1_500_000_000, reason: "idle timeout"), trace: DecisionTrace())
    let flow = try event(recorder.lastLine)
    #expect(flow.flow == .websocket && flow.target == "chat\"\n" && flow.principal == "ann")
    #expect(flow.reason == "idle timeout" && flow.durationMs == 1500 && flow.bytesIn == 5 && flow.bytesOut == 6)
  }

  @Test(arguments: [
    ("/plain", "/plain", false), ("/a?b=c", "/a", true), ("http://user:pw@h/x?y", "/x", true), ("http://h", "", false),
    ("*", "*", false), ("h:443", "h:443", false), ("/a#f", "/a", false),
  ])
  func pathsAreLoggedWithoutQueryAndAuthority(target: String, path: String, query: Bool) throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    recorder.exchangeEnded(exchange(makeID(1)), path: Array(target.utf8))
    let parsed = try event(recorder.lastLine)
    #expect(parsed.path == path)
    #expect((parsed.query ?? false) == query)
  }

  @Test func longFieldsAreCutAndMarked() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    recorder.exchangeEnded(
      exchange(makeID(1)), method: Array(repeating: 0x41, count: 40), host: Array(repeating: 0x62, count: 300),
      path: Array(repeating: 0x2f, count: 5000))
    let parsed = try event(recorder.lastLine)
    #expect(parsed.method?.utf8.count == 32 && parsed.host?.utf8.count == 255 && parsed.path?.utf8.count == 2048)
    #expect(parsed.truncated == true)
    // A cut never splits a character.
    recorder.exchangeEnded(exchange(makeID(2)), host: Array(String(repeating: "é", count: 200).utf8))
    #expect(try event(recorder.lastLine).host == String(repeating: "é", count: 127))
  }

  @Test func findingsTellWhereAPolicyStandsAndWhichCameNear() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    var trace = DecisionTrace()
    trace.record(
      Finding(source: "access", rule: "reads", verdict: .allow, reason: "they may look", place: "a.cedar:1:1"))
    var refusal = Finding(source: "access", rule: "default", verdict: .block, reason: "no policy permits it")
    refusal.nearest = [
      NearPolicy(policy: "writes", place: "a.cedar:3:9", reason: "`when` does not hold: `context.path like \"/a\"`"),
      NearPolicy(policy: "secrets", place: "a.cedar:7:1", reason: "password=hunter2 \u{1}"),
    ]
    trace.record(refusal)
    recorder.exchangeEnded(exchange(makeID(1)), trace)
    let findings = try event(recorder.lastLine).trace ?? []
    #expect(findings.first?.place == "a.cedar:1:1" && findings.first?.nearest == nil)
    #expect(findings.last?.nearest?.first == refusal.nearest?.first)
    #expect(findings.last?.nearest?.last?.reason.contains("hunter2") == false)
  }

  @Test func manyLargeFindingsStayOneValidLine() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    var trace = DecisionTrace()
    for _ in 0..<80 {
      let text = String(repeating: "\u{1}", count: 4000)
      var finding = Finding(
        source: text, rule: text, verdict: .block, reason: text, matched: text, place: String(text.prefix(900)))
      finding.nearest = Array(repeating: NearPolicy(policy: text, place: text, reason: text), count: 5)
      trace.record(finding)
    }
    recorder.exchangeEnded(exchange(makeID(1)), trace)
    let parsed = try event(recorder.lastLine)
    #expect(parsed.truncated == true && !(parsed.trace ?? []).isEmpty)
    #expect(recorder.lastLine.utf8.count < LineStorage.capacity)
  }

  @Test func hostileBytesAlwaysMakeOneValidLine() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    func bytes(upTo limit: Int) -> [UInt8] {
      (0..<Int.random(in: 0...limit, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    for round in 0..<400 {
      let method = bytes(upTo: 40)
      let host = bytes(upTo: 300)
      let path = bytes(upTo: 600)
      recorder.exchangeEnded(exchange(makeID(round)), method: method, host: host, path: path)
      let line = recorder.lastLine
      #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "seed \(seed) round \(round)")
      let parsed = try? event(line)
      #expect(parsed?.id == makeID(round), "seed \(seed) round \(round): \(line)")
    }
  }

  @Test func validTextSurvivesAndInvalidBytesAreShown() throws {
    let (hub, recorder) = try recorder()
    defer { hub.shutdown() }
    let text = "é 漢 🜁 \u{85} \u{202e} \u{2028} \" \\ \t \r\n \u{7f} end"
    recorder.exchangeEnded(exchange(makeID(1)), host: Array(text.utf8))
    #expect(try event(recorder.lastLine).host == text)
    #expect(!recorder.lastLine.unicodeScalars.contains { $0 == "\u{85}" || $0 == "\u{202e}" || $0 == "\u{2028}" })
    // A lone byte, an overlong form, a surrogate, and a character that ends early.
    for (bytes, shown): ([UInt8], String) in [
      ([0xff], "\\xff"), ([0xc0, 0xaf], "\\xc0\\xaf"), ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
      ([0xe2, 0x82], "\\xe2\\x82"),
    ] {
      recorder.exchangeEnded(exchange(makeID(1)), host: bytes)
      #expect(try event(recorder.lastLine).host == shown)
    }
  }

  @Test(arguments: [
    "0.0.0.0", "255.254.10.9", "::", "::1", "2001:db8::1", "1::", "1:0:0:2::3", "0:1:2:3:4:5:6:7", "fe80::1:0:0:1",
    "1:2:3:4:5:6:7:8", "1:2:3:4:5:6::", "::3:4:5:6:7:8",
  ])
  func addressesAreWrittenAsTheModelDoes(text: String) throws {
    let address = try #require(IPAddress(text))
    var line = LineWriter(LineStorage())
    line.address(address)
    #expect(String(decoding: line.bytes, as: UTF8.self) == address.description)
  }

  @Test func idsDatesAndNumbers() {
    var random = SeededGenerator(seed: 42)
    let storage = LineStorage()
    var line = LineWriter(storage)
    var date = DateText()
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    for _ in 0..<300 {
      let id = ExchangeID(high: random.next(), low: random.next())
      line.clear()
      line.id(id)
      #expect(String(decoding: line.bytes, as: UTF8.self) == id.description)
      let time = UInt64.random(in: 0...4_000_000_000_000, using: &random)
      line.clear()
      date.write(time, to: &line)
      let expected = formatter.string(from: Date(timeIntervalSince1970: Double(time / 1000)))
      #expect(String(decoding: line.bytes.prefix(19), as: UTF8.self) == expected.prefix(19))
      let milliseconds = String(String(time % 1000 + 1000).suffix(3))
      #expect(String(decoding: line.bytes.suffix(4), as: UTF8.self) == milliseconds + "Z")
    }
    for value in [0, 9, 10, 99, 100, UInt64.max] {
      line.clear()
      line.decimal(value)
      #expect(String(decoding: line.bytes, as: UTF8.self) == String(value))
    }
    line.clear()
    date.write(.max, to: &line)
    #expect(String(decoding: line.bytes, as: UTF8.self) == "9999-12-31T23:59:59.999Z")
  }
}
