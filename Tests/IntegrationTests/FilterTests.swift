import Testing

/// The points of the filter chain at work: waiting, streamed bodies, replies, operations.
struct FilterTests {
  @Test func aWaitingExchangeGoesOnWhenItsTurnComes() throws {
    let arrived = Journal<String>()
    let released = Journal<Bool>()
    let upstream = try Upstream { connection in
      while true {
        let request = try connection.readMessage()
        arrived.append(request.target)
        if request.target == "/first" { _ = try released.first { $0 } }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      }
    }
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, route: "filters: [{ concurrency: { maximum: 1, queue: 5, queueTimeout: 30s } }]"))
    let first = try gateway.connect()
    try first.send(get("/first"))
    _ = try arrived.first { $0 == "/first" }
    let second = try gateway.connect()
    try second.send(get("/second"))
    // The second exchange waits in the gate: an operator sees one connection more, the upstream sees nothing.
    let leaving = try gateway.connect()
    try leaving.send(get("/leaving"))
    leaving.reset()
    _ = try gateway.logLine { $0["path"]?.text == "/leaving" && $0["error"]?.text == "client_closed" }
    #expect(arrived.all == ["/first"])
    released.append(true)
    #expect(try first.readMessage().status == 200)
    #expect(try second.readMessage().status == 200)
    #expect(arrived.all == ["/first", "/second"])
  }

  @Test func aTurnThatDoesNotComeIs503() throws {
    let arrived = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      arrived.append(true)
      _ = try connection.readToEnd()
    }
    let gateway = try GatewayProcess(
      webConfiguration(
        upstream.port, route: "filters: [{ concurrency: { maximum: 1, queue: 5, queueTimeout: 200ms } }]"))
    let first = try gateway.connect()
    try first.send(get("/"))
    _ = try arrived.first { $0 }
    let reply = try gateway.exchange(get("/late"))
    #expect(reply.status == 503 && reply["Retry-After"] == "1")
    #expect(try gateway.logLine { $0["path"]?.text == "/late" }.rules.contains("queueTimeout"))
  }

  @Test func aReplyThatGrowsPastItsLimitIsCut() throws {
    let upstream = try Upstream {
      _ in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n8\r\nfghijklm\r\n0\r\n\r\n"
    }
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, route: "filters: [{ bodyLimits: { reply: 10B } }]"))
    let client = try gateway.connect()
    try client.send(get("/"))
    #expect(!(try client.readToEnd().hasSuffix("0\r\n\r\n")))
    let line = try gateway.logLine { $0["kind"]?.text == "exchange" }
    #expect(line["verdict"]?.text == "block" && line.rules.contains("reply"))
  }

  @Test func streamedBodiesAreBounded() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, route: "filters: [{ bodyLimits: { request: 10B } }]"))
    let reply = try gateway.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n")
    #expect(reply.status == 413)
  }

  @Test func deniedAddressesComeBeforeAllowedOnes() throws {
    let upstream = try Upstream(body: "in")
    let gateway = try GatewayProcess(
      webConfiguration(
        upstream.port, listener: "filters: [{ addresses: { deny: [127.0.0.0/8] } }]",
        route: "filters: [{ addresses: { allow: [127.0.0.1] } }]"))
    #expect(try gateway.exchange(get("/")).status == 403)
    #expect(upstream.connections == 0)
  }

  @Test func detectModeRecordsAndPasses() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(
      plantConfiguration(device.port).replacing("- operations:\n", with: "- operations:\n          mode: detect\n"))
    #expect(try gateway.connect("plc").askModbus([6, 0, 5, 0, 9]) == [6, 0, 5, 0, 9])
    let line = try gateway.logLine { $0["verdict"]?.text == "detect" }
    #expect(line["functionName"]?.text == "WriteSingleRegister")
    #expect(try device.requests() == ["0600050009"])
  }
}
