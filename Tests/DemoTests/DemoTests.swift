import FoundationEssentials
import Testing
import sluice

struct DemoTests {
  @Test func configurationIsTheExample() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let example = try String(contentsOf: root.appending(path: "Examples/demo/sluice.yaml"), encoding: .utf8)
    #expect(demoConfiguration == example)
  }

  @Test func replyLineAndIdAreRead() throws {
    let reply = try #require(replySummary(Array("HTTP/1.1 400 Bad Request\r\nX-Request-Id: abc\r\n\r\nx".utf8)))
    #expect(reply.status == 400 && reply.id == "abc")
    #expect(try #require(replySummary(Array("HTTP/1.1 200 OK\r\n\r\nX-Request-Id: no".utf8))).id == nil)
    #expect(replySummary([]) == nil)
    #expect(replySummary(Array("SSH-2.0".utf8)) == nil)
  }

  @Test func blockedOperationIsFoundInTheLog() {
    let log = """
      {"id":"a","protocol":"modbus","verdict":"block"}
      {"id":"b","protocol":"modbus","verdict":"allow"}
      {"id":"c","status":403,"verdict":"block"}
      {"id":"d","protocol":"mod
      """
    #expect(TourFindings.lastBlockedOperation(in: log) == "a")
    #expect(TourFindings.lastBlockedOperation(in: "") == nil)
  }

  @Test func plcLogIsCounted() {
    var findings = TourFindings()
    findings.count(
      plcLog: """
        {"event":"request","function":4}
        {"event":"connected"}
        {"event":"request","function":6}
        ?
        """)
    #expect(findings.plcRequests == 2 && findings.plcWrites == 1)
  }

  @Test func linesAreCutAndBounded() {
    var splitter = LineSplitter()
    #expect(splitter.received(Array("one\ntw".utf8)) == ["one"])
    #expect(splitter.received(Array("o\n\n".utf8)) == ["two", ""])
    let long = [UInt8](repeating: 0x61, count: LineSplitter.limit + 3)
    #expect(splitter.received(long + [0x0a]).map(\.utf8.count) == [LineSplitter.limit, 3])
  }
}

struct DemoSiteTests {
  private func reply(_ site: DemoSite, _ method: String, _ path: String, _ body: String = "") -> DemoReply {
    var plant = Plant()
    return site.reply(to: DemoRequest(method: method, path: path, body: Array(body.utf8)), plant: &plant)
  }

  @Test(arguments: [
    ("GET", "/", 200), ("GET", "/healthz", 200), ("GET", "/nothing", 404), ("POST", "/", 405), ("GET", "/events", 200),
  ])
  func webAnswers(method: String, path: String, status: Int) {
    #expect(reply(.web(edition: "next"), method, path).status == status)
  }

  @Test(arguments: [
    ("GET", "/api/values", "", 200), ("POST", "/api/values", "", 405), ("GET", "/api/setpoints", "", 200),
    ("POST", "/api/setpoints", "{\"level\":62.5}", 200), ("POST", "/api/setpoints", "{\"level\":101}", 422),
    ("POST", "/api/setpoints", "{}", 422), ("POST", "/api/setpoints", "level=1", 400), ("GET", "/", "", 404),
    ("POST", "/api/setpoints", "{\"temperature\":-1}", 422),
  ])
  func apiAnswers(method: String, path: String, body: String, status: Int) {
    #expect(reply(.api, method, path, body).status == status)
  }

  @Test func apiWritesWhatThePLCServes() {
    var plc = SimulatedPLC()
    let request = DemoRequest(method: "POST", path: "/api/setpoints", body: Array("{\"level\":62.5}".utf8))
    #expect(DemoSite.api.reply(to: request, plant: &plc.plant).body == "{\"level\":62.5,\"temperature\":40.0}\n")
    #expect(plc.reply(to: [3, 0, 100, 0, 1], unit: 1) == [3, 2, 0x18, 0x6a])
  }

  @Test func pageNamesItsEdition() {
    #expect(reply(.web(edition: "next"), "GET", "/").body.contains("edition next"))
  }
}
