import Testing
import Wire

@Suite struct BodyDecoderTests {
  private func decode(_ text: String, _ framing: BodyFraming = .chunked) -> HTTP1Properties.Body {
    let bytes = latin1(text)
    return HTTP1Properties.decode(bytes, 0, framing, ends: [bytes.count])
  }

  @Test func readsChunksSplitAnywhere() {
    let sent = latin1(
      "4\r\nWiki\r\n06;a=b; c=\"d;e\"\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n000\r\nX-Sum: 1\r\n\r\nGET")
    var wanted = HTTP1Properties.Body(data: latin1("Wikipedia in \r\n\r\nchunks."), next: sent.count - 3)
    wanted.trailer = latin1("X-Sum: 1\r\n\r\n")
    wanted.sentTrailer = latin1("X-Sum: 1\r\n")
    for first in 0...sent.count {
      for second in stride(from: first, through: sent.count, by: 5) {
        #expect(HTTP1Properties.decode(sent, 0, .chunked, ends: [first, second, sent.count]) == wanted)
      }
    }
    #expect(HTTP1Properties.decode(sent, 0, .chunked, ends: Array(0...sent.count)) == wanted)
  }

  @Test(arguments: [
    ("0x3\r\n", HeadError.Reason.malformedChunkSize), ("+3\r\n", .malformedChunkSize), ("-3\r\n", .malformedChunkSize),
    (" 3\r\n", .malformedChunkSize), ("3 \r\n", .malformedChunkSize), ("\r\n", .malformedChunkSize),
    (";a\r\n", .malformedChunkSize), ("3\n", .malformedChunkSize), ("3\r\r", .malformedChunkSize),
    ("g\r\n", .malformedChunkSize), ("0000000000000003\r\n", .malformedChunkSize),
    ("ffffffffffffffff\r\n", .malformedChunkSize), ("3;\n", .malformedChunkExtension),
    ("3;a\rb\r\n", .malformedChunkSize), ("3;\0\r\n", .malformedChunkExtension),
    ("3\r\nabcd\r\n", .malformedChunkEnd), ("3\r\nabc\n", .malformedChunkEnd), ("3\r\nabc\rx", .malformedChunkEnd),
    ("0\n\r\n", .malformedChunkSize), ("0\r\n\n", .malformedTrailer), ("0\r\n\rX", .malformedTrailer),
    ("0\r\nA: b\n", .malformedTrailer), ("0\r\nA: b\rC", .malformedTrailer), ("0\r\nA: \0", .malformedTrailer),
    ("0\r\nA b: c\r\n\r\n", .malformedFieldName), ("0\r\nA: b\r\n c\r\n\r\n", .obsoleteLineFolding),
    ("0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .duplicateContentLength),
  ])
  func refusesChunks(body: String, reason: HeadError.Reason) {
    #expect(decode(body).failure == reason)
    #expect(decode("2\r\nok\r\n" + body).failure == reason)
  }

  @Test func limitsLinesAndTrailers() {
    #expect(decode("1;" + String(repeating: "a", count: 4_095) + "\r\nx\r\n").failure == nil)
    #expect(decode("1;" + String(repeating: "a", count: 4_096) + "\r\nx\r\n").failure == .malformedChunkExtension)
    #expect(decode("0\r\nA: " + String(repeating: "a", count: 8_200)).failure == .trailerTooLarge)
    #expect(decode("0\r\n" + String(repeating: "A: b\r\n", count: 65) + "\r\n").failure == .tooManyFields)
    #expect(decode("fffffffffffffff\r\nx").failure == nil)
  }

  @Test func trailersThatDecideAreLeftOut() {
    let body = decode(
      """
      0\r
      X-Sum: 1\r
      Content-Length: 5\r
      Host: evil\r
      Connection: X-Hop\r
      X-Hop: 1\r
      Authorization: Basic eA==\r
      Cookie: a\r
      Set-Cookie: a\r
      Content-Type: text/html\r
      Cache-Control: public\r
      X-Forwarded-For: 1.2.3.4\r
      X_Forwarded_For: 1.2.3.4\r
      Digest:  sha-256=x \r
      \r

      """)
    #expect(body.failure == nil)
    #expect(text(body.sentTrailer) == "X-Sum: 1\r\nDigest: sha-256=x\r\n")
    #expect(decode("0\r\nTransfer-Encoding: chunked\r\n\r\n").sentTrailer.isEmpty)
    #expect(decode("0\r\nHost: a\r\nHost: b\r\n\r\n").failure == .duplicateHost)
  }

  @Test func readsLengths() {
    #expect(decode("hello", .length(3)).data == latin1("hel"))
    #expect(decode("hello", .length(3)).next == 3)
    #expect(decode("hello", .length(9)).next == nil)
    #expect(decode("hello", .length(0)).next == 0)
    #expect(decode("hello", .none).next == 0)
    #expect(decode("hello", .untilClose).data == latin1("hello"))
    #expect(decode("hello", .untilClose).next == nil)
  }

  @Test func tellsWhatIsLeft() throws {
    var decoder = BodyDecoder(.length(5))
    #expect(decoder.remainingFixed == 5 && !decoder.isDone && !decoder.endsAtClose)
    let bytes = latin1("abc")
    #expect(try decoder.next(bytes.span, from: 0) == .data(0..<3))
    #expect(decoder.remainingFixed == 2)
    #expect(try decoder.next(bytes.span, from: 3) == .needMore)
    #expect(try decoder.next(bytes.span, from: 1) == .data(1..<3))
    #expect(decoder.isDone && decoder.remainingFixed == nil)
    #expect(try decoder.next(bytes.span, from: 3) == .end(next: 3))
    #expect(BodyDecoder(.untilClose).endsAtClose)
    #expect(BodyDecoder(.none).isDone)
  }
}
