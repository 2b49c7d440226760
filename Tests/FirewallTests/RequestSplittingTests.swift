import Testing
import sluice

/// Bytes are taken apart as far as that goes, and HTTP's own judgement stands beside.
@Suite struct RequestSplittingTests {
  private func split(_ text: String) -> SplitRequest { SplitRequest(Array(text.utf8)) }

  private func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

  @Test func partsAreFound() {
    let request = split("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length:  3\t\r\n\r\nabcdef")
    #expect(text(request.method) == "POST")
    #expect(text(request.target) == "/a?b")
    #expect(text(request.version) == "HTTP/1.1")
    #expect(request.fields.map { text($0.name) } == ["Host", "Content-Length"])
    #expect(request.values("content-length") == ["3"])
    #expect(text(request.body) == "abc")
    #expect(request.refusal == nil)
  }

  @Test func whatBreaksHTTPIsRefusedAndStillRead() {
    let request = split("|GET /a b HTTP\\1.0\r\nHost: x\r\nno colon\r\nA: b\rC: d\r\n\r\n")
    #expect(text(request.method) == "|GET")
    #expect(text(request.target) == "/a b")
    #expect(request.values("a") == ["b\rC: d"])
    #expect(request.refusal?.status == 400)
    #expect(split("GET / HTTP/2.0\r\n\r\n").refusal?.status == 505)
    #expect(split("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").refusal?.status == 501)
    #expect(split("GET / HTTP/1.1\r\nHost: a\r\n").refusal != nil)
  }

  @Test func chunksArePutTogether() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let good = split(head + "3;x=y\r\nHi \r\nA\r\n0123456789\r\n0\r\n\r\n")
    #expect(text(good.body) == "Hi 0123456789")
    #expect(good.refusal == nil)
    let bad = split(head + "zz\r\nHi")
    #expect(bad.body.isEmpty)
    #expect(bad.refusal != nil)
    #expect(split(head + "7fffffffffffffff\r\nHi").body == Array("Hi".utf8))
    #expect(split(head + "5\r\nHi").body == Array("Hi".utf8))
  }

  @Test(arguments: ["", " ", "\r\n", "\r\n\r\n", "GET", "GET /", ":\r\n:\r\n", "\u{0}\r\n\u{0}:\r\n"])
  func anythingCanBeSplit(_ text: String) {
    #expect(split(text).refusal != nil)
  }
}
