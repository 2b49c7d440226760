import Testing

/// What HTTP/1.1 clients and upstreams may rely on, byte by byte (RFC 9112, RFC 9110).
struct HTTP1Tests {
  @Test func keepsConnectionsOnBothLegs() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    for number in 1...3 {
      try client.send(get("/\(number)"))
      let reply = try client.readMessage()
      #expect(reply.status == 200 && reply.body == "hello")
    }
    #expect(upstream.connections == 1)
    #expect(upstream.requests.map(\.target) == ["/1", "/2", "/3"])
  }

  @Test func answersPipelinedRequestsInOrder() throws {
    let upstream = try Upstream { "HTTP/1.1 200 OK\r\nContent-Length: \($0.target.utf8.count)\r\n\r\n\($0.target)" }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    let post = "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    try client.send(get("/a") + get("/bb") + post + get("/dddd"))
    for target in ["/a", "/bb", "/c", "/dddd"] { #expect(try client.readMessage().body == target) }
  }

  @Test func closesWhenTheClientAsksForIt() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(get("/", fields: "Connection: close"))
    let reply = try client.readMessage()
    #expect(reply.body == "hello" && reply["Connection"]?.lowercased() == "close")
    #expect(try client.isClosedByPeer())
  }

  @Test func answersHTTP10AndCloses() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send("GET / HTTP/1.0\r\nHost: app.test\r\n\r\n")
    #expect(try client.readMessage().body == "hello")
    #expect(try client.isClosedByPeer())
    #expect(try upstream.request("/").startLine == "GET / HTTP/1.1")
  }

  @Test func passesExpectContinueOn() throws {
    let upstream = try Upstream { connection in
      let head = try connection.readHead()
      try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
      let body = String(decoding: try connection.read(exactly: 5), as: UTF8.self)
      let text = body + (head["Expect"] ?? "")
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
      _ = try connection.isClosedByPeer()
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    #expect(try client.readMessage().status == 100)
    try client.send("12345")
    #expect(try client.readMessage().body == "12345100-continue")
  }

  @Test func sendsFinalReplyInsteadOfContinue() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
      _ = try connection.isClosedByPeer()
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    #expect(try client.readMessage().status == 403)
    #expect(try client.isClosedByPeer())
  }

  @Test func passesChunkedRequestsWithTrailers() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let request = "POST /up HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    let reply = try gateway.exchange(request + "3;ext=1\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n")
    #expect(reply.status == 200)
    let seen = try upstream.request("/up")
    #expect(seen.body == "abcdefg")
    #expect(seen.trailers.map(\.name) == ["X-Sum"] && seen.trailers.map(\.value) == ["7"])
    #expect(seen.all("Transfer-Encoding") == ["chunked"] && seen["Content-Length"] == nil)
  }

  @Test func passesChunkedRepliesWithTrailers() throws {
    let upstream = try Upstream { _ in
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 4\r\n\r\n"
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    for _ in 1...2 {
      try client.send(get("/", fields: "TE: trailers", "Connection: TE"))
      let reply = try client.readMessage()
      #expect(reply.body == "abcd" && reply.trailers.map(\.value) == ["4"])
    }
  }

  @Test func answersHeadWithoutABody() throws {
    let upstream = try Upstream { request in
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + (request.startLine.hasPrefix("HEAD") ? "" : "0123456789")
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/"))
    let head = try client.readMessage(hasBody: false)
    #expect(head.status == 200 && head["Content-Length"] == "10")
    #expect(try client.readMessage().body == "0123456789")
  }

  @Test func readsRepliesThatEndWithTheConnection() throws {
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      try connection.send("HTTP/1.1 200 OK\r\n\r\nuntil the end")
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    #expect(try gateway.exchange(get("/")).body == "until the end")
  }

  @Test func takesTheAbsoluteForm() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    #expect(try gateway.exchange("GET http://app.test/x?y=1 HTTP/1.1\r\nHost: app.test\r\n\r\n").status == 200)
    let seen = try upstream.request("/x?y=1")
    #expect(seen.all("Host") == ["app.test"])
  }

  @Test func relaysAWebSocketAndListsItsFlow() throws {
    let upstream = try Upstream { connection in
      let head = try connection.readHead()
      let upgrade = ["Upgrade", "Connection", "Sec-WebSocket-Key"].map { head[$0] ?? "" }.joined(separator: " ")
      let reply = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
      try connection.send(reply + accept + "X-Saw: \(upgrade)\r\n\r\n")
      while true { try connection.send(connection.read(exactly: 4)) }
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(
      get(
        "/ws", fields: "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
    let head = try client.readHead()
    #expect(head.status == 101, "\(head)")
    #expect(head["X-Saw"]?.lowercased() == "websocket upgrade dghlihnhbxbszsbub25jzq==")
    for bytes in [[0x81, 0, 0xff, 13], [10, 13, 10, 0]] as [[UInt8]] {
      try client.send(bytes)
      #expect(try client.read(exactly: 4) == bytes)
    }
    let flows = try gateway.command("flows")
    #expect(flows.status == 0 && flows.output.contains("websocket"))
    client.close()
    let line = try gateway.logLine { $0["kind"]?.text == "flow" }
    #expect(line["flow"]?.text == "websocket")
  }

  @Test func streamsEventsAsTheyCome() throws {
    let received = Journal<Int>()
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
      for number in 1...3 {
        try connection.send("9\r\ndata: \(number)\n\n\r\n")
        _ = try received.first { $0 == number }
      }
      try connection.send("0\r\n\r\n")
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(get("/events"))
    #expect(try client.readHead()["Content-Type"] == "text/event-stream")
    // The upstream sends the next event only after this one has come through.
    for number in 1...3 {
      _ = try client.read(until: "data: \(number)\n\n")
      received.append(number)
    }
    _ = try client.read(until: "0\r\n\r\n")
  }

  @Test func passesLargeBodiesBothWays() throws {
    let size = 8 << 20
    let upstream = try Upstream { "HTTP/1.1 200 OK\r\nContent-Length: \($0.body.utf8.count)\r\n\r\n\($0.body)" }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let body = String(repeating: "0123456789abcdef", count: size / 16)
    let client = try gateway.connect()
    try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n" + body)
    #expect(try client.readMessage().body == body)
  }
}

/// Which fields reach the other side.
struct HeaderTests {
  @Test func dropsHopByHopFields() throws {
    let upstream = try Upstream { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: X-Reply-Hop\r\nX-Reply-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
        + "X-Stays: yes\r\n\r\n"
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let reply = try gateway.exchange(
      get(
        "/", fields: "Connection: X-Hop, keep-alive", "X-Hop: 1", "Keep-Alive: 5", "Proxy-Connection: close",
        "TE: gzip", "X-Stays: yes"))
    let seen = try upstream.request("/")
    for name in ["X-Hop", "Keep-Alive", "Proxy-Connection", "TE"] { #expect(seen[name] == nil, "\(name)") }
    #expect(seen["X-Stays"] == "yes" && reply["X-Stays"] == "yes")
    #expect(reply["X-Reply-Hop"] == nil && reply["Keep-Alive"] == nil)
  }

  @Test func dropsNamesWithUnderscores() throws {
    let upstream = try Upstream(body: "")
    let strict = try GatewayProcess(webConfiguration(upstream.port))
    _ = try strict.exchange(get("/strict", fields: "X_Real_Ip: 10.0.0.1", "X-Fine: 1"))
    let seen = try upstream.request("/strict")
    #expect(seen["X_Real_Ip"] == nil && seen["X-Fine"] == "1")
    let lax = try GatewayProcess(webConfiguration(upstream.port, listener: "underscoresInHeaders: true"))
    _ = try lax.exchange(get("/lax", fields: "X_Real_Ip: 10.0.0.1"))
    #expect(try upstream.request("/lax")["X_Real_Ip"] == "10.0.0.1")
  }

  @Test func setsForwardingFieldsAndBelievesNobody() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let reply = try gateway.exchange(
      get(
        "/", fields: "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test",
        "Forwarded: for=203.0.113.9", "X-Request-Id: mine"))
    let seen = try upstream.request("/")
    #expect(seen.all("X-Forwarded-For") == ["127.0.0.1"])
    #expect(seen.all("X-Forwarded-Proto") == ["http"])
    #expect(seen.all("X-Forwarded-Host") == ["app.test"])
    #expect(seen.all("Forwarded").count == 1 && seen["Forwarded"]?.contains("203.0.113.9") == false)
    let id = try #require(reply["X-Request-Id"])
    #expect(id.utf8.count == 36 && reply.all("X-Request-Id").count == 1 && seen.all("X-Request-Id") == [id])
    #expect(try gateway.logLine(id: id)["client"]?.text == "127.0.0.1")
  }

  @Test func forwardingFieldsQuoteIPv6() throws {
    let upstream = try Upstream(body: "")
    let listener = "proxyProtocol: true, trustedProxies: [127.0.0.0/8]"
    let gateway = try GatewayProcess(webConfiguration(upstream.port, listener: listener))
    for (family, client, node) in [
      ("TCP4", "198.51.100.7", "198.51.100.7"), ("TCP6", "2001:db8::7", "\"[2001:db8::7]\""),
    ] {
      let local = family == "TCP4" ? "203.0.113.1" : "2001:db8::1"
      _ = try gateway.exchange("PROXY \(family) \(client) \(local) 50001 80\r\n" + get("/\(family)"))
      let seen = try upstream.request("/\(family)")
      #expect(seen.all("X-Forwarded-For") == [client])
      #expect(seen.all("Forwarded") == ["for=\(node);host=\"app.test\";proto=http"])
    }
  }

  @Test func believesTrustedProxies() throws {
    let upstream = try Upstream(body: "")
    let trusted = "trustedProxies: [127.0.0.1, 10.0.0.0/8]"
    let gateway = try GatewayProcess(webConfiguration(upstream.port, listener: trusted))
    let reply = try gateway.exchange(
      get("/", fields: "X-Forwarded-For: 198.51.100.1, 203.0.113.9, 10.1.2.3", "X-Forwarded-Proto: https"))
    let seen = try upstream.request("/")
    #expect(seen.all("X-Forwarded-For") == ["198.51.100.1, 203.0.113.9, 10.1.2.3, 127.0.0.1"])
    #expect(seen.all("X-Forwarded-Proto") == ["https"])
    // The last address that is not a trusted proxy: what stands before it, anybody may have written.
    #expect(try gateway.logLine(id: #require(reply["X-Request-Id"]))["client"]?.text == "203.0.113.9")
  }

  @Test func appliesTheHeadersFilter() throws {
    let upstream = try Upstream { _ in "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: secret/1.0\r\n\r\n" }
    let changes = "set: { X-Plant: north }, remove: [X-Old], replySet: { X-Frame: deny }, replyRemove: [Server]"
    let filter = "filters: [{ headers: { \(changes) } }]"
    let gateway = try GatewayProcess(webConfiguration(upstream.port, route: filter))
    let reply = try gateway.exchange(get("/", fields: "X-Plant: south", "X-Old: 1"))
    let seen = try upstream.request("/")
    #expect(seen.all("X-Plant") == ["north"] && seen["X-Old"] == nil)
    #expect(reply["X-Frame"] == "deny" && reply["Server"] == nil)
  }
}
