import Testing

/// Bad input and failing upstreams: the right status, a reason in the log, and nothing that leaks.
struct ClientFailureTests {
  private func refusal(
    _ gateway: GatewayProcess, _ bytes: String, status: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String: JSONText] {
    let client = try gateway.connect()
    try client.send(bytes)
    let reply = try client.readMessage()
    #expect(reply.status == status, sourceLocation: sourceLocation)
    #expect(try client.isClosedByPeer(), sourceLocation: sourceLocation)
    let id = try #require(reply["X-Request-Id"], sourceLocation: sourceLocation)
    let line = try gateway.logLine(id: id)
    #expect(line["status"]?.text == String(status), sourceLocation: sourceLocation)
    #expect(line["verdict"]?.text == "block" && !line.reasons.isEmpty, sourceLocation: sourceLocation)
    return line
  }

  @Test func malformedHeadsAre400() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    for bytes in [
      "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
      "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\n folded: 1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "\u{16}\u{3}\u{1}\r\n\r\n",
    ] {
      _ = try refusal(gateway, bytes, status: 400)
    }
    #expect(upstream.connections == 0)
  }

  @Test func malformedChunksAre400() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in ["x\r\n", "3\r\nabcd\r\n", "ffffffffffffffffff\r\n", "-1\r\n"] {
      _ = try refusal(gateway, head + body, status: 400)
    }
  }

  @Test func slowHeadsAre408() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(webConfiguration(upstream.port, listener: "limits: { headerTimeout: 200ms }"))
    let line = try refusal(gateway, "GET / HTTP/1.1\r\nHos", status: 408)
    #expect(line.rules.contains("headerTimeout"))
  }

  @Test func idleConnectionsCloseWithoutAReply() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(webConfiguration(upstream.port, listener: "limits: { keepAliveTimeout: 200ms }"))
    let client = try gateway.connect()
    try client.send(get("/"))
    #expect(try client.readMessage().status == 200)
    #expect(try client.isClosedByPeer())
  }

  @Test func slowBodiesAre408() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, listener: "limits: { minimumBodyRate: 1000B/s, rateGrace: 100ms }"))
    let line = try refusal(gateway, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nabc", status: 408)
    #expect(line.rules.contains("minimumBodyRate"))
  }

  @Test func largeBodiesAre413() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let gateway = try GatewayProcess(webConfiguration(upstream.port, listener: "limits: { requestBody: 10B }"))
    let declared = try refusal(gateway, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", status: 413)
    #expect(declared.rules.contains("requestBody"))
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let grown = try refusal(gateway, head + "6\r\nabcdef\r\n6\r\nabcdef\r\n", status: 413)
    #expect(grown.rules.contains("requestBody"))
  }

  @Test func bodyLimitsFilterIs413() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let filter = "filters: [{ bodyLimits: { request: 10B } }]"
    let gateway = try GatewayProcess(webConfiguration(upstream.port, route: filter))
    let line = try refusal(gateway, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nabcdefghijk", status: 413)
    #expect(line["trace"]?.entries.first?["source"]?.text == "bodyLimits")
  }

  @Test func longRequestLinesAre414() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(webConfiguration(upstream.port, listener: "limits: { requestLine: 64B }"))
    _ = try refusal(gateway, get("/" + String(repeating: "x", count: 100)), status: 414)
  }

  @Test func largeHeadsAre431() throws {
    let upstream = try Upstream(body: "")
    let limits = "limits: { requestHead: 512B, requestHeaders: 5 }"
    let gateway = try GatewayProcess(webConfiguration(upstream.port, listener: limits))
    _ = try refusal(gateway, get("/", fields: "X-Long: " + String(repeating: "x", count: 600)), status: 431)
    _ = try refusal(gateway, get("/", fields: "A: 1", "B: 1", "C: 1", "D: 1", "E: 1", "F: 1"), status: 431)
  }

  @Test func aBodyWithoutItsDigestIsRefused() throws {
    let upstream = try Upstream { "HTTP/1.1 200 OK\r\nContent-Length: \($0.body.utf8.count)\r\n\r\n\($0.body)" }
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, route: "filters: [{ contentDigest: { required: true, maximumBody: 4KiB } }]"))
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n"
    let body = "{\"level\":62.5}"
    let digest = "Content-Digest: sha-256=:Mx/TcTR8ApFxLGd8Qu/urHR8RJmViikcvoOM7dtdwxs=:\r\n"
    #expect(try gateway.exchange(head + "\r\n" + body).status == 400)
    #expect(try gateway.exchange(head + digest + "\r\n" + "{\"level\":99.5}").status == 400)
    #expect(upstream.connections == 0)
    #expect(try gateway.exchange(head + digest + "\r\n" + body).body == body)
  }

  @Test func addressesThatAreNotListedAre403() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, route: "filters: [{ addresses: { allow: [192.0.2.0/24] } }]"))
    let reply = try gateway.exchange(get("/"))
    #expect(reply.status == 403 && !reply.body.contains("192.0.2") && upstream.connections == 0)
    let explained = try gateway.command("explain", #require(reply["X-Request-Id"]))
    #expect(explained.status == 0 && explained.output.contains("addresses"))
  }

  @Test func aClientThatLeavesIsLogged() throws {
    let left = Journal<String>()
    let upstream = try Upstream { connection in left.append(try connection.readToEnd()) }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    client.reset()
    #expect(try gateway.logLine { $0["kind"]?.text == "exchange" }["error"]?.text == "client_closed")
  }
}

/// What an upstream may do wrong.
struct UpstreamFailureTests {
  private func failure(
    _ gateway: GatewayProcess, status: Int, rule: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let reply = try gateway.exchange(get("/"))
    #expect(reply.status == status, sourceLocation: sourceLocation)
    #expect(!reply.body.contains("127.0.0.1"), "no internal detail", sourceLocation: sourceLocation)
    let line = try gateway.logLine(id: #require(reply["X-Request-Id"]))
    #expect(line.rules.contains(rule), "\(line)", sourceLocation: sourceLocation)
  }

  @Test func refusedConnectionsAre502() throws {
    let gateway = try GatewayProcess(webConfiguration(closedPort(), route: "retries: 0"))
    try failure(gateway, status: 502, rule: "connect_failed")
  }

  @Test func resetsAre502() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      connection.reset()
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    try failure(gateway, status: 502, rule: "upstream_reset")
  }

  @Test func nonsenseIs502() throws {
    for nonsense in [
      "hello\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ] {
      let upstream = try Upstream { connection in
        _ = try connection.readHead()
        try connection.send(nonsense)
        _ = try connection.isClosedByPeer()
      }
      let gateway = try GatewayProcess(webConfiguration(upstream.port))
      try failure(gateway, status: 502, rule: "upstream_malformed")
    }
  }

  @Test func silenceIs504() throws {
    let upstream = try Upstream { connection in _ = try connection.readToEnd() }
    let gateway = try GatewayProcess(webConfiguration(upstream.port, route: "timeouts: { request: 200ms }"))
    try failure(gateway, status: 504, rule: "requestTimeout")
  }

  @Test func aFullQueueIs503() throws {
    let waiting = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      waiting.append(true)
      _ = try connection.readToEnd()
    }
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, route: "filters: [{ concurrency: { maximum: 1, queue: 0 } }]"))
    let first = try gateway.connect()
    try first.send(get("/"))
    _ = try waiting.first { $0 }
    #expect(try gateway.exchange(get("/second")).status == 503)
  }

  @Test func withoutAHealthyEndpointIs503() throws {
    let health = "health: { path: /, interval: 100ms, timeout: 100ms, unhealthyAfter: 1 }"
    let gateway = try GatewayProcess(webConfiguration(closedPort(), pool: health, route: "retries: 0"))
    let client = try gateway.connect()
    var statuses: [Int] = []
    while statuses.last != 503, statuses.count < 100_000 {
      try client.send(get("/"))
      statuses.append(try client.readMessage().status)
    }
    #expect(statuses.last == 503)
    #expect(statuses.dropLast().allSatisfy { $0 == 502 })
  }

  @Test func aReplyCutShortIsNeverCompleted() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(get("/"))
    #expect(try client.readHead()["Content-Length"] == "10")
    #expect(try client.readToEnd() == "abc")
    #expect(try gateway.logLine { $0["kind"]?.text == "exchange" }["error"]?.text == "upstream_truncated")
  }

  @Test func aChunkedReplyCutShortHasNoLastChunk() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(get("/"))
    _ = try client.readHead()
    let rest = try client.readToEnd()
    #expect(rest.contains("abc") && !rest.hasSuffix("0\r\n\r\n"))
  }

  @Test func aReplyThatStallsIsCut() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      _ = try connection.readToEnd()
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port, route: "timeouts: { idle: 300ms }"))
    let client = try gateway.connect()
    try client.send(get("/"))
    _ = try client.readHead()
    #expect(try client.readToEnd() == "abc")
    #expect(try gateway.logLine { $0["kind"]?.text == "exchange" }["error"]?.text == "upstream_stalled")
  }

  @Test func bytesPastTheLengthReachNobody() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      let more = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + more)
      _ = try connection.isClosedByPeer()
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    for _ in 1...3 {
      try client.send(get("/"))
      #expect(try client.readMessage().body == "ok")
    }
    #expect(client.isQuiet && upstream.connections == 3)
  }

  @Test func bytesThatNobodyAskedForReachNobody() throws {
    let answered = Journal<Bool>()
    let closed = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      _ = try answered.first { $0 }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
      closed.append(try connection.isClosedByPeer())
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(get("/"))
    #expect(try client.readMessage().body == "ok")
    answered.append(true)
    #expect(try closed.first { _ in true })
    try client.send(get("/"))
    #expect(try client.readMessage().body == "ok")
  }

  @Test func anEarlyAnswerReachesTheClient() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nwhoa")
      _ = try connection.readToEnd()
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
    try client.send(head + String(repeating: "x", count: 1000))
    let reply = try client.readMessage()
    #expect(reply.status == 401 && reply.body == "whoa")
  }

  @Test func aKeptConnectionThatClosedIsReplaced() throws {
    let closed = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      connection.close()
      closed.append(true)
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    for number in 1...5 {
      try client.send(get("/\(number)"))
      #expect(try client.readMessage().body == "ok")
    }
    #expect(upstream.connections == 5)
  }

  @Test func tooManyInterimRepliesAre502() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send(String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 100))
      _ = try connection.readToEnd()
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(get("/"))
    var reply = try client.readMessage()
    var interim = 0
    while reply.status == 103 {
      interim += 1
      reply = try client.readMessage()
    }
    #expect(reply.status == 502 && interim <= 16)
  }
}
