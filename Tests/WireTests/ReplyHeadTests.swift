import Testing
import Wire

@Suite struct ReplyHeadTests {
  private func refusal(_ text: String, limits: HeadLimits = HeadLimits()) -> HeadError.Reason? {
    do throws(HeadError) { _ = try ParsedReply(text, limits: limits) } catch { return error.reason }
    return nil
  }

  @Test func readsAReply() throws {
    let reply = try #require(
      try ParsedReply("HTTP/1.1 404 Not Found \u{e4}\r\nDate: x\r\nContent-Length: 4\r\n\r\nbody"))
    #expect(reply.head.status == 404)
    #expect(Array(reply.bytes[reply.head.reasonRange]) == latin1("Not Found \u{e4}"))
    #expect(reply.head.section.hasDate)
    #expect(reply.head.length == reply.bytes.count - 4)
    #expect(reply.head.fields.count == 2)
    #expect(reply.head.keepsAlive && !reply.head.isInterim)
  }

  @Test(arguments: ["HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n", "HTTP/1.0 200 \tx\r\n\r\n"])
  func toleratesReasons(text: String) throws {
    #expect(try #require(try ParsedReply(text)).head.status == 200)
  }

  @Test(arguments: [
    "HTTP/2 200\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/1.1 020 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HttP/1.1 200 OK\r\n\r\n",
    " HTTP/1.1 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 O\0K\r\n\r\n",
    "HTTP/1.1 200 OK\rX", "HTTP/1.1\r\n\r\n", "X", "HTTP/1.1 -20 OK\r\n\r\n", "HTTP/1.1 200\tOK\r\n\r\n", "ICY 200",
  ])
  func refusesStatusLines(text: String) {
    #expect(refusal(text) == .malformedStatusLine)
  }

  @Test func refusesAmbiguity() {
    #expect(refusal("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") == .transferEncodingInHTTP10)
    for lines in ["Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 1"]
    {
      #expect(refusal("HTTP/1.1 200 OK\r\n\(lines)\r\n\r\n") == .contentLengthWithTransferEncoding)
    }
    #expect(refusal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n") == .duplicateContentLength)
    #expect(refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n") == .unsupportedTransferEncoding)
    #expect(refusal("HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n") == .bareLineFeed)
  }

  @Test func limitsHold() {
    let limits = HeadLimits(lineBytes: 40, headBytes: 60, fields: 1)
    #expect(refusal("HTTP/1.1 200 " + String(repeating: "a", count: 30), limits: limits) == .headTooLarge)
    #expect(refusal("HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 60), limits: limits) == .headTooLarge)
    #expect(refusal("HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\n\r\n", limits: limits) == .tooManyFields)
  }

  @Test(arguments: [
    (200, "Content-Length: 5", BodyFraming.length(5)), (200, "Content-Length: 0", .none), (200, "X: 1", .untilClose),
    (200, "Transfer-Encoding: chunked", .chunked), (101, "Content-Length: 5", .none), (100, "X: 1", .none),
    (103, "Transfer-Encoding: chunked", .none), (204, "Content-Length: 5", .none), (204, "X: 1", .none),
    (304, "Content-Length: 5", .none), (304, "Transfer-Encoding: chunked", .none), (205, "X: 1", .untilClose),
    (500, "Content-Length: 5", .length(5)), (999, "X: 1", .untilClose),
  ])
  func readsFraming(status: Int, line: String, framing: BodyFraming) throws {
    let reply = try #require(try ParsedReply("HTTP/1.1 \(status) R\r\n\(line)\r\n\r\n"))
    #expect(reply.head.framing(toHead: false) == framing)
    #expect(reply.head.framing(toHead: true) == .none)
    #expect(reply.head.isInterim == (status < 200))
  }

  @Test(arguments: [
    ("1.1", "x", true), ("1.1", "close", false), ("1.0", "x", false), ("1.0", "keep-alive", true),
    ("1.0", "keep-alive, close", false),
  ])
  func readsPersistence(version: String, options: String, keepsAlive: Bool) throws {
    let reply = try #require(try ParsedReply("HTTP/\(version) 200 OK\r\nConnection: \(options)\r\n\r\n"))
    #expect(reply.head.keepsAlive == keepsAlive)
  }
}
