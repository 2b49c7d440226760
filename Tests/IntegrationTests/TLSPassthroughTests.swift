import Testing

/// `tls` listeners: the server name decides, and what is encrypted stays so.
struct TLSPassthroughTests {
  private func configuration(_ pools: [String: Int], listener: String = "", routes: String...) -> String {
    """
    runtime: { loops: 1 }
    listeners:
      - { name: pass, address: "127.0.0.1:0", protocol: tls\(listener) }
    pools:
    \(pools.sorted { $0.key < $1.key }.map { "  - { name: \($0.key), endpoints: [\"127.0.0.1:\($0.value)\"] }" }
      .joined(separator: "\n"))
    routes: [\(routes.map { "{ name: \($0), listeners: [pass], matches: [{ host: \($0).example }], pool: \($0) }" }
      .joined(separator: ", "))]
    """
  }

  @Test func theServerNameChoosesTheUpstream() throws {
    let (a, b, other) = (try PythonTLSServer("a"), try PythonTLSServer("b"), try PythonTLSServer("up"))
    let gateway = try GatewayProcess(
      configuration(["a": a.port, "b": b.port, "rest": other.port], listener: ", pool: rest", routes: "a", "b"))
    let names = [("a.example", "a"), ("b.example", "b"), ("B.Example", "b"), ("c.example", "up"), (nil, "up")]
    for (name, shown) in names {
      let answer = try pythonTLS(gateway.port("pass"), name: name, send: get("/"))
      #expect(answer.certificate == shown && answer.reply?.hasSuffix("ok \(shown)") == true, "\(answer)")
    }
    let line = try gateway.logLine { $0["kind"]?.text == "flow" && $0["target"]?.text?.isEmpty == false }
    #expect(line["flow"]?.text == "tcp")
  }

  @Test func aNameWithoutARouteIsClosed() throws {
    let a = try PythonTLSServer("a")
    let gateway = try GatewayProcess(configuration(["a": a.port], routes: "a"))
    let port = try gateway.port("pass")
    #expect(try pythonTLS(port, name: "a.example", send: get("/")).certificate == "a")
    #expect(try pythonTLS(port, name: "b.example", send: get("/")).error != nil)
    #expect(try pythonTLS(port, name: nil, send: get("/")).error != nil)
    let line = try gateway.logLine { ($0["trace"]?.entries ?? []).contains { $0["source"]?.text == "route" } }
    #expect(line.reasons.contains("b.example"))
  }

  @Test func whatIsNotTLSIsClosed() throws {
    let gateway = try GatewayProcess(configuration(["a": 1], routes: "a"))
    let client = try gateway.connect("pass")
    try client.send(get("/"))
    #expect(try client.isClosedByPeer())
    _ = try gateway.handshakeFailure("not TLS")
  }

  @Test func theHelloArrivesWholeHoweverItCame() throws {
    let seen = Journal<[UInt8]>()
    let upstream = try Upstream { connection in seen.append(try connection.read(exactly: 64)) }
    let gateway = try GatewayProcess(configuration(["a": upstream.port], routes: "a"))
    // A ClientHello of TLS 1.2 with one cipher and the server name a.example, and five bytes behind it.
    let name = Array("a.example".utf8)
    let extensions: [UInt8] = [0, 0, 0, 14, 0, 12, 0, 0, 9] + name
    let body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0xc0, 0x2b, 1, 0, 0, 18] + extensions
    let hello: [UInt8] = [0x16, 3, 1, 0, UInt8(body.count + 4), 1, 0, 0, UInt8(body.count)] + body
    let sent = hello + [0x17, 3, 3, 0, 0]
    let client = try gateway.connect("pass")
    for byte in sent { try client.send([byte]) }
    #expect(try seen.first { _ in true } == Array(sent.prefix(64)))
  }
}
