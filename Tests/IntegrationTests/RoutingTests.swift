import Testing

/// Which route takes a request, and what routes do besides forwarding.
struct RoutingTests {
  private static let table: String = {
    let routes = [
      ("root", "path: { prefix: / }"),
      ("api", "path: { prefix: /api }"),
      ("deep", "path: { prefix: /api/deep }"),
      ("exact", "path: { exact: /api/deep/one }"),
      ("post", "path: { prefix: /api }, method: POST"),
      ("header", "path: { prefix: /api }, headers: { X-Team: ot }"),
      ("wildcard", "host: '*.example.test', path: { prefix: / }"),
      ("host", "host: a.example.test, path: { prefix: / }"),
    ]
    return """
      runtime: { loops: 1 }
      listeners:
        - { name: web, address: "127.0.0.1:0", protocol: http }
      routes:
      """
        + routes.map { name, match in
          "\n  - { name: \(name), listeners: [web], matches: [{ \(match) }], respond: { status: 200, body: \(name) } }"
        }.joined() + "\n"
  }()

  @Test func theMostSpecificMatchWins() throws {
    let gateway = try GatewayProcess(RoutingTests.table)
    let expectations = [
      (get("/"), "root"), (get("/apix"), "root"), (get("/api"), "api"), (get("/api/"), "api"),
      (get("/api/deep"), "deep"),
      (get("/api/deeper"), "api"), (get("/api/deep/one"), "exact"), (get("/api/deep/one/two"), "deep"),
      (get("/api/deep/one?q=1"), "exact"), (get("/api/x", fields: "X-Team: ot"), "header"),
      (get("/api/x", fields: "X-Team: it"), "api"), (get("/", host: "a.example.test"), "host"),
      (get("/", host: "A.Example.Test:8080"), "host"), (get("/api", host: "b.example.test"), "wildcard"),
      (get("/", host: "x.y.example.test"), "wildcard"), (get("/", host: "example.test"), "root"),
      ("POST /api/x HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n", "post"),
      ("POST /api/x HTTP/1.1\r\nHost: app.test\r\nX-Team: ot\r\nContent-Length: 0\r\n\r\n", "post"),
    ]
    let client = try gateway.connect()
    for (request, name) in expectations {
      try client.send(request)
      #expect(try client.readMessage().body == name, "\(request)")
    }
  }

  @Test func dotSegmentsDoNotEscapeAPrefix() throws {
    let gateway = try GatewayProcess(RoutingTests.table)
    for target in ["/api/../secret", "/api/%2e%2e/secret"] {
      let reply = try gateway.exchange(get(target))
      #expect(reply.status == 400 || reply.body == "root", "\(target)")
    }
  }

  @Test func noRouteIs404WithAProblemReport() throws {
    let upstream = try Upstream(body: "")
    let configuration = """
      listeners:
        - { name: web, address: "127.0.0.1:0", protocol: http }
      pools:
        - { name: app, endpoints: ["127.0.0.1:\(upstream.port)"] }
      routes:
        - { name: only, listeners: [web], matches: [{ path: { exact: /only } }], pool: app }
      """
    let gateway = try GatewayProcess(configuration)
    let reply = try gateway.exchange(get("/other"))
    #expect(reply.status == 404 && reply["Content-Type"] == "application/problem+json")
    let id = try #require(reply["X-Request-Id"])
    #expect(reply.body.contains(id) && upstream.connections == 0)
    #expect(try gateway.logLine(id: id).reasons.contains("no route"))
  }

  @Test func redirects() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(
      webConfiguration(
        upstream.port,
        more: """
            - { name: old, listeners: [web], matches: [{ path: { exact: /old } }], redirect: { path: /new, status: 308 } }
            - { name: away, listeners: [web], matches: [{ path: { prefix: /away } }], redirect: { scheme: https, host: b.test } }
          """))
    let old = try gateway.exchange(get("/old?q=1"))
    #expect(old.status == 308 && old["Location"] == "/new?q=1")
    let away = try gateway.exchange(get("/away/x"))
    #expect(away.status == 302 && away["Location"] == "https://b.test/away/x")
    #expect(upstream.connections == 0)
  }

  @Test func rewritesTheTarget() throws {
    let upstream = try Upstream(body: "")
    let gateway = try GatewayProcess(
      webConfiguration(
        upstream.port,
        more: """
            - { name: prefix, matches: [{ path: { prefix: /plant/ } }], rewrite: { path: /api/, host: b.test }, pool: app }
            - { name: exact, matches: [{ path: { exact: /values } }], rewrite: { path: /api/values/all }, pool: app }
          """))
    _ = try gateway.exchange(get("/plant/tank?x=1"))
    #expect(try upstream.request("/api/tank?x=1").all("Host") == ["b.test"])
    _ = try gateway.exchange(get("/values?y=2"))
    #expect(try upstream.request("/api/values/all?y=2")["Host"] == "app.test")
  }

  @Test func respondsByItself() throws {
    let upstream = try Upstream(body: "")
    let reply = "respond: { status: 418, contentType: text/x-test, body: 'short and stout' }"
    let gateway = try GatewayProcess(
      webConfiguration(upstream.port, more: "  - { name: tea, matches: [{ path: { exact: /tea } }], \(reply) }"))
    let tea = try gateway.exchange(get("/tea"))
    #expect(tea.status == 418 && tea["Content-Type"] == "text/x-test" && tea.body == "short and stout")
    #expect(tea["X-Request-Id"]?.utf8.count == 36)
  }

  @Test func sharesByWeight() throws {
    let (heavy, light) = (try Upstream(body: "heavy"), try Upstream(body: "light"))
    let gateway = try GatewayProcess(
      """
      runtime: { loops: 1 }
      listeners:
        - { name: web, address: "127.0.0.1:0", protocol: http }
      pools:
        - { name: heavy, endpoints: ["127.0.0.1:\(heavy.port)"] }
        - { name: light, endpoints: ["127.0.0.1:\(light.port)"] }
        - { name: none, endpoints: ["127.0.0.1:1"] }
      routes:
        - { name: all, pools: [{ pool: heavy, weight: 7 }, { pool: light, weight: 1 }, { pool: none, weight: 0 }] }
      """)
    let client = try gateway.connect()
    var counts: [String: Int] = [:]
    for _ in 1...160 {
      try client.send(get("/"))
      counts[try client.readMessage().body, default: 0] += 1
    }
    // Seven to one gives 140 and 20; a random choice stays within these bounds but once in a million runs.
    #expect((110...158).contains(counts["heavy"] ?? 0) && (2...50).contains(counts["light"] ?? 0))
    #expect(counts.count == 2)
  }

  @Test func goesRoundTheEndpoints() throws {
    let endpoints = [try Upstream(body: "a"), try Upstream(body: "b"), try Upstream(body: "c")]
    let gateway = try GatewayProcess(webConfiguration(endpoints[0].port, endpoints[1].port, endpoints[2].port))
    let client = try gateway.connect()
    for _ in 1...9 {
      try client.send(get("/"))
      _ = try client.readMessage()
    }
    #expect(endpoints.map(\.requests.count) == [3, 3, 3])
  }

  @Test func triesAnotherEndpointWhenOneRefuses() throws {
    let alive = try Upstream(body: "alive")
    let gateway = try GatewayProcess(webConfiguration(closedPort(), alive.port))
    let client = try gateway.connect()
    for _ in 1...4 {
      try client.send(get("/"))
      #expect(try client.readMessage().body == "alive")
    }
  }
}

/// A port where nobody listens.
func closedPort() throws -> Int {
  let listener = try RawListener()
  listener.stop()
  return listener.port
}
