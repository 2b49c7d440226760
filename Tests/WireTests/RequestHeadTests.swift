import Testing
import Wire

@Suite struct RequestHeadTests {
  @Test func readsTheExampleOfRFC9112() throws {
    let request = try #require(
      try ParsedRequest(
        "GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n"
      ))
    #expect(request.head.method == .get)
    #expect(request.target == "/hello.txt")
    #expect(request.host == "www.example.com")
    #expect(request.head.minorVersion == 1)
    #expect(request.head.framing == .none)
    #expect(request.head.keepsAlive)
    #expect(request.head.length == request.bytes.count)
    #expect(request.head.fields.count == 3)
  }

  @Test(arguments: [
    ("GET", HTTPMethod.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("PATCH", .patch),
    ("OPTIONS", .options), ("TRACE", .trace), ("get", .other), ("PROPFIND", .other), ("M-SEARCH", .other),
    ("GETS", .other), ("!#$%&'*+-.^_`|~09azAZ", .other),
  ])
  func tellsMethodsApart(name: String, method: HTTPMethod) throws {
    let request = try #require(try ParsedRequest("\(name) / HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(request.head.method == method)
    #expect(request.text(0..<request.head.methodLength) == name)
  }

  @Test func onlySafeRepetitionsAreIdempotent() {
    #expect(HTTPMethod.allCases.filter { !$0.isIdempotent } == [.post, .patch, .other])
  }

  @Test(arguments: [
    ("/", "/", "/", "h", false), ("/a?b=/../c", "/a?b=/../c", "/a", "h", false), ("/?", "/?", "/", "h", false),
    ("/a%2f", "/a%2f", "/a%2f", "h", true), ("//a", "//a", "//a", "h", true), ("/a/.b", "/a/.b", "/a/.b", "h", true),
    ("/a.b/c..", "/a.b/c..", "/a.b/c..", "h", false), ("http://other:81/p?q", "/p?q", "/p", "other", false),
    ("HTTPS://Other/p", "/p", "/p", "Other", false), ("http://other", "", "", "other", false),
    ("http://other?q", "?q", "", "other", false), ("http://[::1]:8080/x", "/x", "/x", "[::1]", false),
  ])
  func readsTargets(target: String, kept: String, path: String, host: String, needsNormalization: Bool) throws {
    let request = try #require(try ParsedRequest("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(request.target == kept)
    #expect(request.path == path)
    #expect(request.host == host)
    #expect(request.head.hasEmptyPath == path.isEmpty)
    #expect(request.head.needsNormalization == needsNormalization)
  }

  @Test func theTargetsAuthorityWinsOverHost() throws {
    let request = try #require(try ParsedRequest("GET http://real:81/ HTTP/1.1\r\nHost: other\r\n\r\n"))
    #expect(request.authority == "real:81")
    #expect(request.host == "real")
    #expect(refusal("GET http://real/ HTTP/1.1\r\nHost: a@b\r\n\r\n") == .malformedHost)
    #expect(refusal("GET http://real/ HTTP/1.1\r\n\r\n") == .missingHost)
  }

  @Test func theAsteriskIsForOptions() throws {
    let request = try #require(try ParsedRequest("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(request.target == "*")
    #expect(refusal("GET * HTTP/1.1\r\nHost: h\r\n\r\n") == .malformedTarget)
    #expect(refusal("OPTIONS *a HTTP/1.1\r\nHost: h\r\n\r\n") == .malformedTarget)
  }

  @Test(arguments: [
    "a", "a/b", "example.com:443", "ftp://h/", "http:/h/", "http://", "https://", "http:///p", "http://u@h/",
    "http://h:99999/", "/a#b", "/a?b#c", "/a\\b", "?a", "http://h\\@i/",
  ])
  func refusesTargets(target: String) {
    let reason = refusal("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(reason == .malformedTarget || reason == .malformedHost)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\nHost: h\n\n", HeadError.Reason.bareLineFeed), ("\r\nGET / HTTP/1.1\r\n", .malformedRequestLine),
    (" GET / HTTP/1.1\r\n", .malformedRequestLine), ("GET  / HTTP/1.1\r\n", .malformedRequestLine),
    ("GET /  HTTP/1.1\r\n", .malformedRequestLine), ("GET / HTTP/1.1 \r\n", .malformedRequestLine),
    ("GET\t/ HTTP/1.1\r\n", .malformedRequestLine), ("GET / http/1.1\r\n", .malformedRequestLine),
    ("GET / HTTP/11\r\n\r\n", .malformedRequestLine), ("GET /\r\n", .malformedRequestLine),
    ("GET / X\r\n\r\n", .malformedRequestLine), ("GET / H\r\n\r\n", .malformedRequestLine),
    ("GET /\0 HTTP/1.1\r\n", .malformedRequestLine), ("GET /\u{7f} HTTP/1.1\r\n", .malformedRequestLine),
    ("GET /\u{ff} HTTP/1.1\r\n", .malformedRequestLine), ("GET / HTTP/1.1\rHost: h\r\n", .malformedRequestLine),
    ("G(T / HTTP/1.1\r\n", .malformedRequestLine), ("GET / HTTP/1.2\r\n", .unsupportedVersion),
    ("GET / HTTP/0.9\r\n", .unsupportedVersion), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
    ("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", .unsupportedMethod),
  ])
  func refusesRequestLines(line: String, reason: HeadError.Reason) {
    #expect(refusal(line) == reason)
  }

  @Test func everyCharacterIsWhereItMayBe() {
    let marks = Set("!#$%&'*+-.^_`|~".utf8)
    for byte in UInt8.min...UInt8.max {
      let character = Character(UnicodeScalar(byte))
      let isAlphanumeric = byte < 128 && (character.isLetter || character.isNumber)
      let inName = refusal(get("A\(character)B: v")) == nil
      #expect(inName == (isAlphanumeric || marks.contains(byte) || byte == 0x3a), "name with \(byte)")
      let inMethod = refusal("A\(character)B / HTTP/1.1\r\nHost: h\r\n\r\n") == nil
      #expect(inMethod == (isAlphanumeric || marks.contains(byte)), "method with \(byte)")
      let inValue = refusal(get("A: v\(character)v")) == nil
      #expect(inValue == (byte >= 0x20 && byte != 0x7f || byte == 9), "value with \(byte)")
      let inTarget = refusal("GET /a\(character)b HTTP/1.1\r\nHost: h\r\n\r\n") == nil
      #expect(inTarget == ((0x21...0x7e).contains(byte) && byte != 0x23 && byte != 0x5c), "target with \(byte)")
      let inHost = refusal("GET / HTTP/1.1\r\nHost: a\(character)0\r\n\r\n") == nil
      #expect(inHost == (isAlphanumeric || Set("!$&'()*+-.:;=_~".utf8).contains(byte)), "host with \(byte)")
    }
  }

  @Test(arguments: [
    ("h", "h"), ("Plant.Example.", "Plant.Example."), ("h:", "h"), ("h:0", "h"), ("h:65535", "h"),
    ("10.0.0.1:80", "10.0.0.1"),
    ("[::]", "[::]"), ("[::1]:443", "[::1]"), ("[2001:DB8::a:1]", "[2001:DB8::a:1]"),
    ("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"), ("[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]"),
    ("[::ffff:10.0.0.255]", "[::ffff:10.0.0.255]"), ("[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]"),
  ])
  func readsHosts(value: String, host: String) throws {
    let request = try #require(try ParsedRequest("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n"))
    #expect(request.host == host)
    #expect(request.authority == value)
  }

  @Test(arguments: [
    "", "a b", "a,b", "a/b", "u@a", "a:b", "a:65536", "a:000080", "a:-1", "a:+1", "a:80:80", ":80", "a%65", "[]",
    "[::1", "[::1]a", "[::1]:a", "[:]", "[:::]", "[1]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]",
    "[1::2::3]", "[12345::]", "[g::]", "[1:2:3:4:5:6:7:]", "[:1:2:3:4:5:6:7]", "[fe80::1%25eth0]", "[::1.2.3]",
    "[::1.2.3.4.5]", "[::256.1.1.1]", "[::01.1.1.1]", "[1.2.3.4]", "[v1.a]", "h\u{e4}", "\u{00}",
  ])
  func refusesHosts(value: String) {
    let reason = refusal("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n")
    #expect(reason == (value == "\u{00}" ? .malformedFieldValue : .malformedHost))
    if !value.isEmpty, !value.contains(" "), value.allSatisfy(\.isASCII), !value.contains("/"), value != "\u{00}" {
      #expect(refusal("GET http://\(value)/ HTTP/1.1\r\nHost: h\r\n\r\n") == .malformedHost)
    }
  }

  @Test func hostIsWantedOnceInHTTP11() throws {
    #expect(refusal("GET / HTTP/1.1\r\n\r\n") == .missingHost)
    #expect(refusal(get("Host: h")) == .duplicateHost)
    let old = try #require(try ParsedRequest("GET / HTTP/1.0\r\n\r\n"))
    #expect(old.authority.isEmpty && old.host.isEmpty)
    #expect(refusal("GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n") == .duplicateHost)
    #expect(refusal("GET / HTTP/1.1\r\nHost: \(String(repeating: "h", count: 265))\r\n\r\n") == .malformedHost)
  }

  @Test func limitsHold() {
    let limits = HeadLimits(lineBytes: 40, headBytes: 100, fields: 2)
    let exact = "GET / HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "v", count: 68) + "\r\n\r\n"
    #expect(latin1(exact).count == 100)
    #expect(refusal(exact, limits: limits) == nil)
    #expect(refusal(exact.replacing("X: ", with: "X: v"), limits: limits) == .headTooLarge)
    #expect(refusal(get("A: 1", "B: 2"), limits: limits) == .tooManyFields)
    #expect(refusal("GET /" + String(repeating: "a", count: 36), limits: limits) == .requestLineTooLong)
    #expect(refusal(String(repeating: "A", count: 41), limits: limits) == .requestLineTooLong)
    #expect(refusal(String(repeating: "A", count: 100), limits: HeadLimits(headBytes: 100)) == .headTooLarge)
    let name = String(repeating: "a", count: 75)
    #expect(refusal("GET / HTTP/1.1\r\nHost: h\r\n" + name, limits: limits) == .headTooLarge)
    #expect(refusal(get(String(repeating: "n", count: 256) + ": v")) == nil)
    #expect(refusal(get(String(repeating: "n", count: 257) + ": v")) == .malformedFieldName)
  }

  @Test func aStreamOfOptionsIsRefused() {
    #expect(refusal(get("Connection: " + (0..<32).map { "x\($0)" }.joined(separator: ","))) == nil)
    #expect(refusal(get("Connection: " + (0..<33).map { "x\($0)" }.joined(separator: ","))) == .tooManyFields)
    #expect(refusal(get("Connection: " + String(repeating: "close,", count: 1_000))) == nil)
  }

  @Test func aReusedHeadForgetsTheLastRequest() throws {
    var head = RequestHead()
    let first = latin1(
      "OPTIONS http://a HTTP/1.0\r\nHost: b\r\nConnection: x, close, upgrade\r\nUpgrade: websocket\r\nX_Y: 1\r\n"
        + "Expect: 100-continue\r\nContent-Length: 5\r\nForwarded: for=x\r\nDate: d\r\n\r\n")
    let firstIsComplete = try head.parse(first.span, limits: HeadLimits())
    let second = latin1("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    let secondIsComplete = try head.parse(second.span, limits: HeadLimits())
    #expect(firstIsComplete && secondIsComplete)
    #expect(head.method == .get && head.minorVersion == 1 && !head.hasEmptyPath && head.framing == .none)
    #expect(head.keepsAlive && !head.expectsContinue && head.fields.count == 1)
    let section = head.section
    #expect(!section.saysClose && !section.saysUpgrade && !section.saysKeepAlive && !section.namesOtherFields)
    #expect(section.upgradeIndex == nil && !section.hasUnderscores && !section.hasForwarding && !section.hasDate)
    #expect(second[head.hostRange] == [0x68])
  }
}
