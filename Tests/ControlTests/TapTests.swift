import Hummingbird
import SluiceModel
import Telemetry
import Testing

import Control

@Suite struct TapCursorTests {
  private func ring(_ range: ClosedRange<UInt64>) -> [RecentLine] { range.map { RecentLine(sequence: $0, json: "{}") } }

  @Test func startsAtTheEnd() {
    var cursor = TapCursor(after: [ring(1...3), []])
    #expect(cursor.description == "3.-")
    #expect(cursor.advance([ring(1...3), []]).lines.isEmpty)
    let (lines, missed) = cursor.advance([ring(2...5), ring(1...2)])
    #expect(lines.map(\.sequence) == [4, 5, 1, 2])
    #expect(missed == 0)
    #expect(cursor.description == "5.2")
  }

  @Test func countsWhatWentByUnseen() {
    var cursor = TapCursor(after: [ring(1...3)])
    let (lines, missed) = cursor.advance([ring(10...11)])
    #expect(lines.map(\.sequence) == [10, 11])
    #expect(missed == 6)
  }

  @Test func readsAnotherRunFromItsStart() throws {
    var cursor = try #require(TapCursor("900.-"))
    let (lines, missed) = cursor.advance([ring(1...2), []])
    #expect(lines.map(\.sequence) == [1, 2])
    #expect(missed == 0)
  }

  @Test func keepsGoingWhenTheNumberOfLoopsChanges() throws {
    var cursor = try #require(TapCursor("1"))
    #expect(cursor.advance([ring(1...2), ring(1...1)]).lines.count == 2)
    #expect(cursor.description == "2.1")
  }

  @Test(arguments: ["1", "1.2.3", "-.-", "18446744073709551615.0"]) func readsWhatItWrote(_ text: String) {
    #expect(TapCursor(text)?.description == text)
  }

  @Test(arguments: ["", ".", "1.", "x", "+1", "1 ", "18446744073709551616", "--"])
  func refusesAnythingElse(_ text: String) {
    #expect(TapCursor(text) == nil)
  }

  @Test func boundsTheNumberOfLoops() {
    #expect(TapCursor(Array(repeating: "1", count: 1_025).joined(separator: ".")) == nil)
  }
}

@Suite struct ExchangeFilterTests {
  @Test(arguments: [
    (["route": "api"], true), (["route": "ap"], false), (["status": "403"], true), (["status": "4xx"], true),
    (["status": "5XX"], false), (["status": "404"], false), (["verdict": "block"], true), (["verdict": "allow"], false),
    (["client": "10.0.2.7"], true), (["client": "10.0.0.0/8"], true), (["client": "192.0.2.0/24"], false),
    (["kind": "exchange"], true), (["kind": "flow"], false), (["listener": "web"], true), (["listener": "web2"], false),
    (["listener": "web", "status": "4xx", "verdict": "block"], true), (["listener": "web", "status": "2xx"], false),
    ([:], true),
  ]) func matches(_ query: [String: String], _ expected: Bool) throws {
    let line = testLine(1, at: 5, status: 403, verdict: .block)
    #expect(try ExchangeFilter(query: query).matches(line) == expected)
  }

  @Test func isNotFooledByTextInsideOtherFields() throws {
    let line = testLine(1, at: 5, route: #"x\",\"verdict\":\"block\",\"status\":403,\"z\":\"#)
    #expect(try !ExchangeFilter(query: ["verdict": "block"]).matches(line))
    #expect(try !ExchangeFilter(query: ["status": "403"]).matches(line))
  }

  @Test(arguments: [
    ["status": "40"], ["status": "600"], ["status": "0xx"], ["status": "x"], ["verdict": "deny"], ["kind": "x"],
    ["client": "10.0.0.1/8"], ["client": "host"],
  ]) func refusesNonsense(_ query: [String: String]) {
    #expect(throws: Problem.self) { try ExchangeFilter(query: query) }
  }

  @Test func newestComesFirstOverAllLoops() {
    let rings = [[testLine(1, at: 10), testLine(2, at: 40)], [testLine(1, at: 20), testLine(2, at: 30)]]
    let ids = ExchangeEndpoints.newest(rings, limit: 3) { _ in true }.compactMap(ExchangeEndpoints.identifier)
    #expect(ids.map(\.unixMilliseconds) == [40, 30, 20])
  }
}

@Suite struct AdminQueryTests {
  @Test func decodes() throws {
    let query = try AdminQuery.parse("a=%41+b%2bc&b=", allowed: ["a", "b"])
    #expect(query == ["a": "A b+c", "b": ""])
    #expect(try AdminQuery.parse("", allowed: []).isEmpty)
  }

  @Test(arguments: ["x=1", "a=1&a=2", "a=%4", "a=%zz", "a=%ff", "a=%+1"]) func refuses(_ text: String) {
    #expect(throws: Problem.self) { try AdminQuery.parse(text, allowed: ["a"]) }
  }
}
