import Foundation
import Testing
import sluice

/// What is read from a running gate.
@Suite struct GateReplyTests {
  private func reply(_ text: String, isHead: Bool = false) -> GateReply? {
    GateReply(Array(text.utf8), isHead: isHead)
  }

  @Test func replies() throws {
    let plain = try #require(reply("HTTP/1.1 200 OK\r\nX-Request-Id:  a\r\nContent-Length: 2\r\n\r\nab"))
    #expect(plain.status == 200 && plain.isComplete && plain.values("x-request-id") == ["a"])
    #expect(reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")?.isComplete == false)
    #expect(reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", isHead: true)?.isComplete == true)
    #expect(reply("HTTP/1.1 204 \r\n\r\n")?.isComplete == true)
    #expect(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")?.isComplete == true)
    #expect(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")?.isComplete == true)
    #expect(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n10\r\n\r\n")?.isComplete == false)
    let final = try #require(reply("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"))
    #expect(final.status == 403 && final.bytes.starts(with: Array("HTTP/1.1 403".utf8)))
    for none in ["", "x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 100 \r\n\r\n"] {
      #expect(reply(none) == nil)
    }
  }

  @Test func addresses() {
    #expect(GateAddress("http://127.0.0.1:8080")?.port == "8080")
    #expect(GateAddress("http://localhost/")?.port == "80")
    #expect(GateAddress("http://[::1]:81")?.host == "::1")
    for wrong in ["", "https://a", "http://", "http://a:0", "http://a:b", "http://a/b", "a:80"] {
      #expect(GateAddress(wrong) == nil, "\(wrong)")
    }
  }

  @Test func eventsAreReadAsTheyCome() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "events-\(UUID().uuidString).jsonl")
    try Data("{\"id\":\"old\",\"rules\":[{\"id\":1}]}\n".utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    let log = try EventLog(path: path.path())
    #expect(!log.readOn())
    let file = try FileHandle(forWritingTo: path)
    try file.seekToEnd()
    try file.write(contentsOf: Data("{\"id\":\"a\",\"rules\":[{\"id\":942100,\"message\":\"m\",\"x\":1}]}\nnot".utf8))
    #expect(log.readOn())
    #expect(log.rules["old"] == nil)
    #expect(log.rules["a"]?.map(\.id) == [942_100] && log.rules["a"]?.first?.message == "m")
    try file.write(contentsOf: Data(" JSON\n{\"id\":\"a\",\"rules\":[{\"id\":2}]}\n{\"id\":\"b\"}\n".utf8))
    #expect(log.readOn())
    #expect(log.rules["a"]?.map(\.id) == [942_100, 2] && log.rules["b"] == nil)
  }
}
