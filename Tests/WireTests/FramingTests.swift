import Testing
import Wire

@Suite struct FramingTests {
  @Test(arguments: [
    ("X: 1", BodyFraming.none), ("Content-Length: 0", .none), ("Content-Length: 11", .length(11)),
    ("content-length:\t007 ", .length(7)), ("Content-Length: 999999999999999999", .length(999_999_999_999_999_999)),
    ("Transfer-Encoding: chunked", .chunked), ("TRANSFER-ENCODING: Chunked", .chunked),
    ("Transfer_Encoding: chunked", .none),
  ])
  func readsFraming(line: String, framing: BodyFraming) throws {
    #expect(try #require(try ParsedRequest(get(line))).head.framing == framing)
  }

  @Test(arguments: [
    "", "+1", "-1", "0x1", "1.0", "1a", "1, 1", "1,2", "1 1", "1;", "\"1\"", "1000000000000000000",
    "18446744073709551617", "00000000000000000001",
  ])
  func refusesLengths(value: String) {
    #expect(refusal(get("Content-Length: \(value)")) == .malformedContentLength)
  }

  @Test(arguments: [
    "", "xchunked", "chunked-x", "identity", "gzip", "gzip, chunked", "chunked, chunked", "chunked,", "\"chunked\"",
    "chunked;q=1",
  ])
  func refusesTransferEncodings(value: String) {
    #expect(refusal(get("Transfer-Encoding: \(value)")) == .unsupportedTransferEncoding)
  }

  @Test func refusesTwoAnswers() {
    #expect(refusal(get("Content-Length: 1", "Content-Length: 1")) == .duplicateContentLength)
    #expect(refusal(get("Content-Length: 1", "content-length: 2")) == .duplicateContentLength)
    #expect(refusal(get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")) == .unsupportedTransferEncoding)
    let both = HeadError.Reason.contentLengthWithTransferEncoding
    #expect(refusal(get("Content-Length: 1", "Transfer-Encoding: chunked")) == both)
    #expect(refusal(get("Transfer-Encoding: chunked", "Content-Length: 0")) == both)
    #expect(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == .transferEncodingInHTTP10)
  }

  @Test(arguments: [
    ("1.1", "", true), ("1.1", "close", false), ("1.1", "Close", false), ("1.1", "keep-alive", true),
    ("1.1", "x, close", false), ("1.1", "keep-alive, close", false), ("1.1", ",, ,close,", false),
    ("1.1", "closed", true), ("1.0", "", false), ("1.0", "Keep-Alive", true), ("1.0", "keep-alive, close", false),
    ("1.0", "x,\tkeep-alive\t,y", true),
  ])
  func readsPersistence(version: String, options: String, keepsAlive: Bool) throws {
    let text = "GET / HTTP/\(version)\r\nHost: h\r\nConnection: \(options)\r\n\r\n"
    #expect(try #require(try ParsedRequest(text)).head.keepsAlive == keepsAlive)
  }

  @Test func readsExpectations() throws {
    func expects(_ version: String, _ lines: String) throws -> Bool {
      try #require(try ParsedRequest("PUT / HTTP/\(version)\r\nHost: h\r\n\(lines)\r\n\r\n")).head.expectsContinue
    }
    #expect(try expects("1.1", "Expect: 100-Continue\r\nContent-Length: 1"))
    #expect(try expects("1.1", "Expect: 100-continue\r\nTransfer-Encoding: chunked"))
    #expect(try !expects("1.1", "Expect: 100-continue"))
    #expect(try !expects("1.0", "Expect: 100-continue\r\nContent-Length: 1"))
    #expect(refusal(get("Expect: 200-ok")) == .malformedExpectation)
    #expect(refusal(get("Expect:")) == .malformedExpectation)
  }

  @Test(arguments: [
    ("GET", "1.1", ["Upgrade: WebSocket", "Connection: keep-alive, Upgrade"], true),
    ("POST", "1.1", ["Upgrade: websocket", "Connection: Upgrade"], false),
    ("GET", "1.0", ["Upgrade: websocket", "Connection: Upgrade"], false),
    ("GET", "1.1", ["Upgrade: websocket"], false), ("GET", "1.1", ["Connection: Upgrade"], false),
    ("GET", "1.1", ["Upgrade: h2c", "Connection: Upgrade"], false),
    ("GET", "1.1", ["Upgrade: websocket, h2c", "Connection: Upgrade"], false),
    ("GET", "1.1", ["Upgrade: h2c", "Upgrade: websocket", "Connection: Upgrade"], false),
    ("GET", "1.1", ["Upgrade: websocket", "Connection: Upgrade", "Content-Length: 1"], false),
    ("GET", "1.1", ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: eA=="], false),
  ])
  func findsWebSocketHandshakes(method: String, version: String, lines: [String], asks: Bool) throws {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    let rest = lines.map { $0 + "\r\n" }.joined() + "\r\n"
    let request = try #require(try ParsedRequest("\(method) / HTTP/\(version)\r\nHost: h\r\n\(key)\(rest)"))
    #expect(request.asksForWebSocket == asks)
    let keyless = try #require(try ParsedRequest("\(method) / HTTP/\(version)\r\nHost: h\r\n\(rest)"))
    #expect(!keyless.asksForWebSocket)
  }

  @Test func everyReasonHasAStatus() {
    let others: [HeadError.Reason: Int] = [
      .requestLineTooLong: 414, .headTooLarge: 431, .tooManyFields: 431, .trailerTooLarge: 431,
      .unsupportedVersion: 505,
      .unsupportedMethod: 501, .malformedExpectation: 417,
    ]
    for reason in HeadError.Reason.allCases { #expect(HeadError(reason).requestStatus == others[reason] ?? 400) }
  }
}
