import Testing

/// Plain TCP listeners: bytes as they are, ends as they are.
struct TCPTests {
  private func configuration(_ ports: [Int], limits: String = "") -> String {
    """
    runtime: { loops: 1 }
    listeners:
      - { name: feed, address: "127.0.0.1:0", protocol: tcp, pool: feed\(limits.isEmpty ? "" : ", limits: { \(limits) }") }
    pools:
      - { name: feed, endpoints: [\(ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", "))] }
    """
  }

  @Test func relaysBytesAndHalfClose() throws {
    let upstream = try Upstream { connection in
      let all = try connection.readToEnd()
      try connection.send("got \(all)")
    }
    let gateway = try GatewayProcess(configuration([upstream.port]))
    let client = try gateway.connect("feed")
    try client.send("one two")
    client.finishSending()
    #expect(try client.readToEnd() == "got one two")
    #expect(try gateway.logLine { $0["kind"]?.text == "flow" }["flow"]?.text == "tcp")
  }

  @Test func theUpstreamMaySpeakFirstAndCloseFirst() throws {
    let rest = Journal<String>()
    let upstream = try Upstream { connection in
      try connection.send("banner\n")
      connection.finishSending()
      rest.append(try connection.readToEnd())
    }
    let gateway = try GatewayProcess(configuration([upstream.port]))
    let client = try gateway.connect("feed")
    #expect(try client.readToEnd() == "banner\n")
    try client.send("still here")
    client.finishSending()
    #expect(try rest.first { _ in true } == "still here")
  }

  @Test func idleConnectionsAreClosed() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let gateway = try GatewayProcess(configuration([upstream.port], limits: "idleTimeout: 300ms"))
    let client = try gateway.connect("feed")
    #expect(try client.isClosedByPeer())
  }

  @Test func connectionsAreBalanced() throws {
    let first = try Upstream { try $0.send("a") }
    let second = try Upstream { try $0.send("b") }
    let gateway = try GatewayProcess(configuration([first.port, second.port]))
    var seen: [String: Int] = [:]
    for _ in 1...6 { seen[try gateway.connect("feed").readToEnd(), default: 0] += 1 }
    #expect(seen == ["a": 3, "b": 3])
  }

  @Test func aDeadUpstreamClosesTheClient() throws {
    let gateway = try GatewayProcess(configuration([closedPort()]))
    #expect(try gateway.connect("feed").isClosedByPeer())
  }
}
