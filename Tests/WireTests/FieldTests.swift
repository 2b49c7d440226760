import Testing
import Wire

@Suite struct FieldTests {
  @Test(arguments: [
    ("A B: v", HeadError.Reason.malformedFieldName), ("A : v", .malformedFieldName), (": v", .malformedFieldName),
    ("A", .malformedFieldName), ("A\u{1}: v", .malformedFieldName), ("\u{e4}: v", .malformedFieldName),
    ("A: v\r\n v", .obsoleteLineFolding), ("A: v\r\n\tv", .obsoleteLineFolding), ("A: \0", .malformedFieldValue),
    ("A: v\rv", .malformedFieldValue), ("A: v\r", .malformedFieldValue), ("A: \u{7f}", .malformedFieldValue),
    ("A: v\nB: v", .bareLineFeed), ("A\n", .bareLineFeed), ("\n", .bareLineFeed), ("\rA: v", .malformedFieldName),
  ])
  func refusesFieldLines(line: String, reason: HeadError.Reason) {
    #expect(refusal(get(line)) == reason)
    #expect(refusal("GET / HTTP/1.1\r\n\(line)\r\nHost: h\r\n\r\n") == reason)
  }

  @Test func refusesAFoldAtTheFront() {
    #expect(refusal("GET / HTTP/1.1\r\n Host: h\r\n\r\n") == .obsoleteLineFolding)
  }

  @Test func findsFields() throws {
    let request = try #require(
      try ParsedRequest(get("X-A: 1", "x-b: 2", "x-a:\t3 \t", "X-Empty:", "X-Long: \u{e4} \tb")))
    let section = request.head.section
    let first = try #require(request.index(of: "x-a"))
    let second = try #require(request.index(of: "x-a", from: first + 1))
    #expect(request.text(section.fields[first].valueRange) == "1")
    #expect(request.text(section.fields[second].valueRange) == "3")
    #expect(request.index(of: "x-a", from: second + 1) == nil)
    #expect(section.fields[4].valueRange.isEmpty)
    #expect(Array(request.bytes[section.fields[5].valueRange]) == [0xe4, 0x20, 0x09, 0x62])
    #expect(section.fields.map(\.isCanonical) == [true, true, true, false, false, true])
  }

  @Test func knowsItsFields() throws {
    let names: [(String, FieldKind)] = [
      ("Connection", .connection), ("Keep-Alive", .keepAlive), ("Proxy-Connection", .proxyConnection), ("TE", .te),
      ("Trailer", .trailer), ("Upgrade", .upgrade), ("HTTP2-Settings", .http2Settings), ("Proxy", .proxy),
      ("Forwarded", .forwarded), ("X-Forwarded-For", .xForwardedFor), ("X-Forwarded-Host", .xForwardedHost),
      ("X-Forwarded-Proto", .xForwardedProto), ("X-Forwarded-Port", .xForwardedPort), ("X-Real-IP", .xRealIP),
      ("Via", .via), ("X-Request-Id", .xRequestID), ("Date", .date), ("Hosts", .other), ("Tea", .other),
    ]
    for (name, kind) in names {
      for spelled in [name, name.lowercased(), name.uppercased()] {
        let request = try #require(try ParsedRequest(get("\(spelled): v")))
        #expect(request.head.fields.last?.kind == kind)
        #expect(request.head.section.hasForwarding == kind.isForwarding)
      }
    }
    #expect(names.filter { $0.1.isHopByHop }.count == 8)
    #expect(names.filter { $0.1.isForwarding }.count == 6)
  }

  @Test func leavesOutWhatEndsHere() throws {
    let request = try #require(
      try ParsedRequest(
        get(
          "A: 1", "Connection: keep-alive, x-hop, B", "Keep-Alive: timeout=5", "X-Hop: 2", "TE: trailers", "b: 3",
          "Proxy: http://evil", "Proxy-Connection: x", "Upgrade: h2c", "HTTP2-Settings: AA", "Trailer: x", "C: 4",
          "Content-Length: 1", "Expect: 100-continue", "Via: 1.1 x", "X-Forwarded-For: 1.2.3.4", "close: 5")))
    #expect(request.copied() == "A: 1\r\nC: 4\r\nclose: 5\r\n")
    #expect(
      request.copied(keeping: [.via, .xForwardedFor])
        == "A: 1\r\nC: 4\r\nVia: 1.1 x\r\nX-Forwarded-For: 1.2.3.4\r\nclose: 5\r\n")
  }

  @Test func writesLooseLinesInCanonicalForm() throws {
    let request = try #require(try ParsedRequest(get("a:1", "B:  2", "C: 3 ", "D:\t4", "E: 5", "F:", "G: ", "H: 8")))
    #expect(request.copied() == "a: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: \r\nG: \r\nH: 8\r\n")
  }

  @Test func keepsCanonicalRunsToTheByte() throws {
    let lines = (0..<20).map { "X-Field-\($0): value \u{e4} \($0)\r\n" }.joined()
    let request = try #require(try ParsedRequest("GET / HTTP/1.1\r\n" + lines + "Host: h\r\n\r\n"))
    var out: [UInt8] = []
    request.head.section.copy(request.bytes.span, into: &out, policy: FieldPolicy(keeping: []), edits: FieldEdits())
    #expect(out == latin1(lines))
  }

  @Test func appliesEdits() throws {
    let request = try #require(try ParsedRequest(get("Cookie: a", "X: 1", "cookie: b", "Y: 2")))
    var edits = FieldEdits()
    #expect(edits.isEmpty)
    edits.remove("COOKIE".utf8)
    edits.set("x".utf8, "9".utf8)
    edits.add("Z".utf8, "10".utf8)
    #expect(!edits.isEmpty)
    #expect(request.copied(edits: edits) == "Y: 2\r\nx: 9\r\nZ: 10\r\n")
    edits.reset()
    #expect(edits.isEmpty)
    #expect(request.copied(edits: edits) == "Cookie: a\r\nX: 1\r\ncookie: b\r\nY: 2\r\n")
  }

  @Test func addedFieldsAreNotNamedAway() throws {
    let request = try #require(try ParsedRequest(get("Connection: X-User", "X-User: forged")))
    var edits = FieldEdits()
    edits.set("X-User".utf8, "ann".utf8)
    #expect(request.copied(edits: edits) == "X-User: ann\r\n")
  }

  @Test func leavesOutUnderscores() throws {
    let request = try #require(try ParsedRequest(get("X_Real_IP: 1", "A: 2", "Content_Length: 3")))
    #expect(request.head.section.hasUnderscores)
    #expect(request.copied(underscores: false) == "A: 2\r\n")
    #expect(request.copied(underscores: true) == "X_Real_IP: 1\r\nA: 2\r\nContent_Length: 3\r\n")
  }

  @Test func appendsNumbers() {
    for value in [0, 7, 10, 99, 1_000, 65_536, Int.max] {
      var decimal: [UInt8] = [0x78]
      decimal.appendDecimal(value)
      #expect(text(decimal) == "x\(value)")
      var size: [UInt8] = []
      size.appendChunkSize(value)
      #expect(text(size) == String(value, radix: 16) + "\r\n")
    }
    var negative: [UInt8] = []
    negative.appendDecimal(-3)
    #expect(text(negative) == "0")
  }
}
