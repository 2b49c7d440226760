import Testing
import sluice

/// Requests are written as go-ftw writes them.
@Suite struct RequestWritingTests {
  private func text(_ input: RegressionInput, cookies: String? = nil) -> String {
    String(decoding: RegressionRequest.bytes(input, cookies: cookies), as: UTF8.self)
  }

  @Test func missingFieldsAreAdded() {
    var input = RegressionInput()
    input.fields = [RegressionField(name: "Host", value: "a")]
    #expect(text(input) == "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    input.method = "POST"
    #expect(text(input) == "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    input.completes = false
    #expect(text(input) == "POST / HTTP/1.1\r\nHost: a\r\n\r\n")
    input.method = "PROPFIND"
    input.completes = true
    input.data = Array("ab".utf8)
    #expect(
      text(input) == "PROPFIND / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + "Connection: close\r\nContent-Length: 2\r\n\r\nab")
  }

  @Test func givenFieldsStay() {
    var input = RegressionInput()
    input.method = "POST"
    input.fields = [
      RegressionField(name: "content-length", value: "7"), RegressionField(name: "CONNECTION", value: "x"),
      RegressionField(name: "Content-type", value: "text/plain"),
    ]
    input.data = Array("a b".utf8)
    #expect(
      text(input) == "POST / HTTP/1.1\r\ncontent-length: 7\r\nCONNECTION: x\r\nContent-type: text/plain\r\n\r\na b")
  }

  @Test(arguments: [
    ("a=b c&d=<e>", "a=b+c&d=%3Ce%3E"), ("a=%20b c", "a=%20b c"), ("a+b=c d", "a+b=c d"), ("a&b=&=c&", "a&b=&=c"),
    ("a=b=c", "a=b%3Dc"), ("~-._", "~-._"), ("é", "%C3%A9"), ("&", ""), ("&&", "&"),
  ])
  func formsAreEncodedUnlessTheyAre(data: String, body: String) {
    var input = RegressionInput()
    input.method = "POST"
    input.data = Array(data.utf8)
    #expect(text(input).hasSuffix("\r\n\r\n" + body))
    #expect(text(input).contains("Content-Length: \(body.utf8.count)\r\n"))
  }

  @Test func onlyPlainFormsAreEncoded() {
    var input = RegressionInput()
    input.fields = [RegressionField(name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8")]
    input.data = Array("a=b c".utf8)
    #expect(text(input).hasSuffix("\r\n\r\na=b c"))
    input.fields[0].value = "Application/X-WWW-Form-URLencoded"
    #expect(text(input).hasSuffix("\r\n\r\na=b+c"))
  }

  @Test func multipartLinesEndInCRLF() {
    var input = RegressionInput()
    input.completes = false
    input.fields = [RegressionField(name: "Content-Type", value: "Multipart/Form-Data; boundary=x")]
    input.data = Array("--x\na".utf8)
    #expect(text(input).hasSuffix("\r\n\r\n--x\r\na"))
  }

  @Test func savedCookiesAreSent() {
    #expect(text(RegressionInput(), cookies: "a=b").contains("\r\nCookie: a=b\r\n"))
    var input = RegressionInput()
    input.fields = [RegressionField(name: "cookie", value: "c=d")]
    #expect(!text(input, cookies: "a=b").contains("a=b"))
  }

  @Test func aWholeRequestGoesAsItIs() {
    var input = RegressionInput()
    input.encodedRequest = [0, 1, 2]
    #expect(RegressionRequest.bytes(input, cookies: "a=b") == [0, 1, 2])
  }

  @Test func stagesHandOnCookiesAndRedirects() {
    var session = RegressionSession()
    var input = RegressionInput()
    input.savesCookies = true
    var outcome = RegressionOutcome()
    outcome.status = 302
    outcome.cookies = ["a=1; Path=/", "b=2", "a=3"]
    outcome.location = "http://other:81/x?y#z"
    _ = session.request(input)
    session.received(outcome, for: input)
    input.followsRedirect = true
    let request = next(&session, input)
    #expect(request.hasPrefix("GET /x?y HTTP/1.1\r\n"))
    #expect(request.contains("\r\nHost: other:81\r\n"))
    #expect(request.contains("\r\nCookie: b=2; a=3\r\n"))
    outcome.location = "next"
    session.received(outcome, for: input)
    input.target = "/a/b?c"
    let relative = next(&session, input)
    #expect(relative.hasPrefix("GET /a/next "))
    outcome.status = 200
    session.received(outcome, for: input)
    let none = next(&session, input)
    #expect(none.isEmpty)
  }

  private func next(_ session: inout RegressionSession, _ input: RegressionInput) -> String {
    String(decoding: session.request(input) ?? [], as: UTF8.self)
  }
}
