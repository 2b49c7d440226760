import Testing

/// TLS with upstreams: who is believed, what the gate shows of itself, and what upstreams learn of its clients.
struct TLSUpstreamTests {
  private let files: TLSFiles

  init() throws { files = try TLSFiles.shared.get() }

  private var trusted: String { "ca: \"\(files.path("ca.pem"))\", serverName: up.example" }

  private func reply(from server: PythonTLSServer, tls: String) throws -> (HTTPMessage, [String: JSONText]) {
    let gateway = try GatewayProcess(webConfiguration(server.port, pool: "tls: { \(tls) }"))
    let reply = try gateway.exchange(get("/"))
    return (reply, try gateway.logLine(id: try #require(reply["X-Request-Id"])))
  }

  @Test func aVerifiedUpstreamServes() throws {
    let (reply, line) = try reply(from: PythonTLSServer("up"), tls: trusted)
    #expect(reply.status == 200 && reply.body == "ok up")
    #expect(line["upstreamTls"]?["version"]?.text == "1.3")
  }

  @Test func anUpstreamOfAnotherNameIsNotBelieved() throws {
    let (reply, line) = try reply(from: PythonTLSServer("b"), tls: trusted)
    #expect(reply.status == 502 && line.reasons.contains("name mismatch") && !line.reasons.contains("NIOSSL"))
  }

  @Test func anUpstreamOfAnotherAuthorityIsNotBelieved() throws {
    let own = try TLSFiles()
    try own.authority("ca")
    try own.certificate("up", by: "ca", names: "DNS:up.example")
    let (reply, line) = try reply(from: PythonTLSServer("up", of: own), tls: trusted)
    #expect(reply.status == 502 && line.reasons.contains("certificate not verified"))
  }

  @Test func anExpiredUpstreamIsNotBelieved() throws {
    let own = try TLSFiles()
    try own.authority("ca")
    try own.certificate("up", by: "ca", names: "DNS:up.example", past: true)
    let (reply, line) = try reply(
      from: PythonTLSServer("up", of: own), tls: "ca: \"\(own.path("ca.pem"))\", serverName: up.example")
    #expect(reply.status == 502 && line.reasons.contains("certificate not verified"))
  }

  @Test func pinsDecide() throws {
    func pin(_ name: String) throws -> String {
      let shown = try ProgramRun.finish(GatewayProcess.program, ["pki", "show", files.path(name) + ".pem"]).output
      let words = shown.split { $0.isWhitespace || $0 == "`" || $0 == "," }
      return String(try #require(words.first { $0.hasPrefix("sha256/") }))
    }
    let server = try PythonTLSServer("up")
    let good = try reply(from: server, tls: "verify: pins, pins: [\"\(pin("a"))\", \"\(pin("up"))\"]")
    #expect(good.0.status == 200)
    let wrong = try reply(from: server, tls: "\(trusted), pins: [\"\(pin("a"))\"]")
    #expect(wrong.0.status == 502 && wrong.1.reasons.contains("not pinned"))
  }

  @Test func theGateShowsItsCertificate() throws {
    let server = try PythonTLSServer("up", clients: "people")
    #expect(try reply(from: server, tls: "\(trusted), certificate: \(files.entry("ann"))").0.status == 200)
    #expect(try reply(from: server, tls: "\(trusted), certificate: \(files.entry("bob"))").0.status == 502)
    #expect(try reply(from: server, tls: trusted).0.status == 502)
  }

  @Test func aReplyCutOffWithoutCloseNotifyIsBroken() throws {
    let server = try PythonTLSServer("up", ending: .truncated)
    let gateway = try GatewayProcess(webConfiguration(server.port, pool: "tls: { \(trusted) }"))
    let client = try gateway.connect()
    try client.send(get("/"))
    #expect(throws: PeerFailure.self) { try client.readMessage() }
    _ = try gateway.logLine { $0["errorType"]?.text != nil || $0["error"]?.text != nil }
  }

  /// The gate's own close_notify would tell the client that nothing is missing.
  @Test func aBrokenReplyHasNoCleanEndForTLSClients() throws {
    let server = try PythonTLSServer("up", ending: .truncated)
    for kind in ["https", "tcp, pool: app"] {
      let gateway = try GatewayProcess(
        """
        runtime: { loops: 1 }
        listeners:
          - { name: web, address: "127.0.0.1:0", protocol: \(kind), tls: { certificates: \(files.entries("a")) } }
        pools:
          - { name: app, endpoints: ["127.0.0.1:\(server.port)"], tls: { \(trusted) } }
        routes:
          - { name: all, listeners: [\(kind == "https" ? "web" : "")], pool: app }
        """)
      let answer = try pythonTLS(gateway.port("web"), name: "a.example", send: "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
      #expect(answer.error != nil, "\(kind): \(answer)")
    }
  }

  @Test func anUpstreamThatSaysNothingTimesOut() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, pool: "connectTimeout: 300ms, tls: { \(trusted) }"))
    #expect(try gateway.exchange(get("/")).status == 504)
    let plain = try Upstream { connection in
      _ = try connection.read(exactly: 5)
      try connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
    }
    let other = try GatewayProcess(webConfiguration(plain.port, pool: "tls: { \(trusted) }"))
    #expect(try other.exchange(get("/")).status == 502)
    _ = try other.handshakeFailure("not TLS")
  }

  // MARK: PROXY protocol

  private func relay(_ port: Int, pool: String, tls: String = "") -> String {
    """
    runtime: { loops: 1 }
    listeners:
      - { name: feed, address: "127.0.0.1:0", protocol: tcp, pool: feed\(tls) }
    pools:
      - { name: feed, endpoints: ["127.0.0.1:\(port)"], \(pool) }
    """
  }

  @Test func theProxyHeaderComesBeforeTheClientsBytes() throws {
    let seen = Journal<String>()
    let upstream = try Upstream { connection in seen.append(try connection.readToEnd()) }
    let gateway = try GatewayProcess(relay(upstream.port, pool: "proxyProtocol: v1"))
    for number in 1...20 {
      let client = try gateway.connect("feed")
      try client.send("PROXY TCP4 1.2.3.4 1.2.3.4 \(number) 1\r\n")
      client.finishSending()
      let text = try seen.first(after: number - 1) { _ in true }
      #expect(text.hasPrefix("PROXY TCP4 127.0.0.1 127.0.0.1 ") && text.hasSuffix(" \(number) 1\r\n"), "\(text)")
    }
  }

  @Test func theSecondVersionTellsOfTheClientsTLS() throws {
    let seen = Journal<[UInt8]>()
    let upstream = try Upstream { connection in
      let head = try connection.read(exactly: 16)
      seen.append(head + (try connection.read(exactly: Int(head[14]) << 8 | Int(head[15]))))
      try connection.send("done")
    }
    let clients = "clients: { verify: required, ca: \"\(files.path("people.pem"))\" }"
    let tls = ", tls: { certificates: \(files.entries("a")), \(clients) }"
    let gateway = try GatewayProcess(relay(upstream.port, pool: "proxyProtocol: v2", tls: tls))
    let answer = try pythonTLS(gateway.port("feed"), name: "a.example", send: "hello", client: "ann")
    #expect(answer.reply == "done")
    let header = try seen.first { _ in true }
    #expect(header[12] == 0x21 && header[13] == 0x11 && Array(header[16..<24]) == [127, 0, 0, 1, 127, 0, 0, 1])
    let fields = String(decoding: header.dropFirst(28), as: UTF8.self)
    #expect(fields.contains("a.example") && fields.contains("TLSv1.3") && fields.contains("X25519"))
    // The client came by TLS, showed a certificate, and it was good.
    let facts = try #require(header.firstRange(of: [0x20, 0]))
    #expect(Array(header[(facts.lowerBound + 3)..<(facts.lowerBound + 8)]) == [3, 0, 0, 0, 0])
  }
}
