import Foundation
import Testing

/// The firewall filter with Debian's core rule set, through a running gate.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/modsecurity-crs/rules")))
struct FirewallTests {
  private static let attack = "1%27%20OR%201=1--%20-"

  private func configuration(_ upstream: Upstream, _ firewall: String = "") -> String {
    webConfiguration(upstream.port, route: "filters: [{ firewall: { rules: crs\(firewall) } }]")
  }

  private func post(_ body: String, type: String = "application/x-www-form-urlencoded", fields: String = "") -> String {
    "POST /form HTTP/1.1\r\nHost: app.test\r\nUser-Agent: test\r\nAccept: */*\r\nContent-Type: \(type)\r\n\(fields)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func ask(_ target: String, fields: String...) -> String {
    "GET \(target) HTTP/1.1\r\nHost: app.test\r\nUser-Agent: test\r\nAccept: */*\r\n"
      + fields.map { $0 + "\r\n" }.joined() + "\r\n"
  }

  @Test func anAttackIsRefusedAndExplained() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(configuration(upstream))
    let reply = try gateway.exchange(ask("/find?q=\(Self.attack)"))
    #expect(reply.status == 403)
    let id = try #require(reply["X-Request-Id"])
    #expect(reply.body.contains(id))
    let line = try gateway.logLine(id: id)
    #expect(line["verdict"]?.text == "block" && line.rules.contains("942100") && line.rules.contains("949110"))
    #expect(line["firewall"]?["inboundScore"]?.text == "5")
    let match = line["trace"]?.entries.first?["match"]
    #expect(match?["target"]?.text == "ARGS:q" && match?["start"]?.text == "0" && match?["score"]?.text == "5")
    let explained = try gateway.command("explain", id)
    #expect(explained.status == 0)
    for text in ["942100", "in ARGS:q, bytes 0–", "inbound score 5, threshold 5", "rule: 942100, path:"] {
      #expect(explained.output.contains(text), "\(explained.output)")
    }
    #expect(upstream.requests.isEmpty)
  }

  @Test func bodiesFieldsAndCookiesAreInspected() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(configuration(upstream))
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n1' or 1=1-- -\r\n--b--\r\n"
    let chunked =
      "POST / HTTP/1.1\r\nHost: app.test\r\nUser-Agent: t\r\nAccept: */*\r\nTransfer-Encoding: chunked\r\n"
      + "Content-Type: application/x-www-form-urlencoded\r\n\r\n6\r\nq=1' o\r\n9\r\nr 1=1-- -\r\n0\r\n\r\n"
    let long = "a=" + String(repeating: "a", count: 100_000) + "&q=\(Self.attack)"
    for (name, attack) in [
      ("form", post("q=\(Self.attack)")), ("JSON", post("{\"q\":\"1' or 1=1-- -\"}", type: "application/json")),
      ("multipart", post(multipart, type: "multipart/form-data; boundary=b")), ("chunked", chunked),
      ("on a worker", post(long)), ("cookie", ask("/", fields: "Cookie: a=1' or 1=1-- -")),
      ("field", ask("/", fields: "Referer: http://x.test/?<script>alert(1)</script>")),
    ] { #expect(try gateway.exchange(attack).status == 403, "\(name)") }
    #expect(upstream.requests.isEmpty)
  }

  @Test func goodRequestsPass() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(configuration(upstream))
    let client = try gateway.connect()
    let long = "a=" + String(repeating: "a", count: 100_000)
    let requests = [
      ask("/?q=hello"), post("name=Ada&city=London"), post("{\"a\":[1,2,\"three\"]}", type: "application/json"),
      post(long),
    ]
    for request in requests {
      try client.send(request)
      #expect(try client.readMessage().status == 200)
    }
    #expect(upstream.requests.map(\.body.utf8.count) == [0, 20, 19, 100_002])
  }

  @Test func detectionRecordsAndLetsPass() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(configuration(upstream, ", mode: detect"))
    let reply = try gateway.exchange(ask("/?q=\(Self.attack)"))
    #expect(reply.status == 200 && reply.body == "ok")
    let line = try gateway.logLine(id: try #require(reply["X-Request-Id"]))
    #expect(line["verdict"]?.text == "detect" && line.rules.contains("942100"))
    // Nor is a body refused that is too long to be inspected.
    let long = "a=" + String(repeating: "a", count: 200_000)
    #expect(try gateway.exchange(post(long)).status == 200)
  }

  @Test func bodiesPastTheLimit() throws {
    let upstream = try Upstream(body: "ok")
    let rejecting = try GatewayProcess(configuration(upstream))
    let long = "a=" + String(repeating: "a", count: 200_000)
    #expect(try rejecting.exchange(post(long)).status == 413)
    #expect(upstream.requests.isEmpty)
    let partial = try GatewayProcess(configuration(upstream, ", requestBody: { overLimit: partial }"))
    #expect(try partial.exchange(post(long)).status == 200)
    // What was not inspected is said.
    _ = try partial.logLine { $0["verdict"]?.text == "detect" }
    #expect(upstream.requests.map(\.body.utf8.count) == [200_002])
    #expect(try partial.exchange(post("q=\(Self.attack)&\(long)")).status == 403)
  }

  @Test func uploadsThatNoRuleReadsStream() throws {
    let seen = Journal<Int>()
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      seen.append(try connection.read(exactly: 5).count)
      seen.append(try connection.read(exactly: 5).count)
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let gateway = try GatewayProcess(configuration(upstream, ", requestBody: { inspect: false }"))
    let client = try gateway.connect()
    let request = post("firstlater", type: "multipart/form-data; boundary=x")
    try client.send(String(request.dropLast(5)))
    _ = try seen.first { _ in true }
    try client.send("later")
    #expect(try client.readMessage().status == 200)
  }

  @Test func leakingRepliesAreRefused() throws {
    let page =
      "<html>You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for "
      + "the right syntax</html>"
    let upstream = try Upstream { request in
      let body = request.target == "/good" ? "<html>fine</html>" : page
      return "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html; charset=utf-8\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    let gateway = try GatewayProcess(
      configuration(
        upstream, ", responseBody: { inspect: true }, rulesAfter: 'SecRuleRemoveById 950100'"))
    let reply = try gateway.exchange(ask("/leak"))
    #expect(reply.status == 403 && !reply.body.contains("SQL"))
    #expect(try gateway.logLine(id: try #require(reply["X-Request-Id"])).rules.contains("951230"))
    #expect(try gateway.exchange(ask("/good")).body == "<html>fine</html>")
  }

  @Test func compressedRepliesAreRead() throws {
    // `SECRET-MARK` with gzip.
    let body: [UInt8] = [
      0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0x02, 0xff, 0x0b, 0x76, 0x75, 0x0e, 0x72, 0x0d, 0xd1, 0xf5, 0x75, 0x0c, 0xf2,
      0x06,
      0, 0x07, 0x36, 0x8c, 0xcb, 0x0b, 0, 0, 0,
    ]
    let upstream = try Upstream { connection in
      while true {
        let head = try connection.readHead()
        let bytes = head.target == "/broken" ? Array(body.prefix(20)) : body
        try connection.send(
          Array(
            ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n"
              + "Content-Length: \(bytes.count)\r\n\r\n").utf8) + bytes)
      }
    }
    let rule = #"SecRule RESPONSE_BODY "@contains SECRET-MARK" "id:1,phase:4,deny,status:451,msg:'a mark'""#
    let gateway = try GatewayProcess(
      webConfiguration(
        upstream.port,
        route: "filters: [{ firewall: { rules: crs, responseBody: { inspect: true }, rulesAfter: '\(rule.yaml)' } }]"))
    #expect(try gateway.exchange(ask("/")).status == 451)
    let broken = try gateway.exchange(ask("/broken"))
    #expect(broken.status == 403)
    #expect(try gateway.logLine(id: try #require(broken["X-Request-Id"])).rules == ["decompression"])
  }

  @Test func rulesAndExclusionsTakeEffectByReload() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(configuration(upstream))
    let rule = #"SecRule ARGS:magic "@streq word" "id:7,phase:1,deny,status:418,msg:'magic'""#
    #expect(try gateway.exchange(ask("/?magic=word")).status == 200)
    #expect(try gateway.reload(configuration(upstream, ", customRules: '\(rule.yaml)'")).status == 0)
    #expect(try gateway.exchange(ask("/?magic=word")).status == 418)

    let broken = rule.replacingOccurrences(of: "@streq", with: "@strequal")
    let outcome = try gateway.reload(configuration(upstream, ", customRules: '\(broken.yaml)'"))
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("sluice.yaml:") && outcome.errors.contains("strequal"), "\(outcome.errors)")
    #expect(try gateway.exchange(ask("/?magic=word")).status == 418)

    let exclusion = ", exclusions: [{ rule: 942100, path: { prefix: /find }, target: 'ARGS:q' }]"
    #expect(try gateway.reload(configuration(upstream, exclusion)).status == 0)
    #expect(try gateway.exchange(ask("/find?q=\(Self.attack)")).status == 200)
    #expect(try gateway.exchange(ask("/find?other=\(Self.attack)")).status == 403)
    #expect(try gateway.exchange(ask("/else?q=\(Self.attack)")).status == 403)
    #expect(try gateway.reload(configuration(upstream, ", mode: off")).status == 0)
    #expect(try gateway.exchange(ask("/else?q=\(Self.attack)")).status == 200)
  }

  @Test func aRuleFileThatChangesIsANewConfiguration() throws {
    let upstream = try Upstream(body: "ok")
    let directory = try GatewayProcess.makeDirectory()
    let file = directory.appending(path: "own.conf")
    func write(_ word: String) throws {
      let rule = #"SecRule ARGS:w "@streq \#(word)" "id:7,phase:1,deny,status:418,msg:'word'""#
      try (rule + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
    try write("one")
    let text = webConfiguration(upstream.port, route: "filters: [{ firewall: { rules: '\(file.path)' } }]")
    let gateway = try GatewayProcess(text, in: directory)
    #expect(try gateway.exchange(ask("/?w=one")).status == 418)
    try write("two")
    #expect(try gateway.reload(text).status == 0)
    #expect(try gateway.exchange(ask("/?w=one")).status == 200)
    #expect(try gateway.exchange(ask("/?w=two")).status == 418)
    try "SecRule ARGS \"@rx (\" \"id:7\"\n".write(to: file, atomically: true, encoding: .utf8)
    let outcome = try gateway.reload(text)
    #expect(outcome.status == 1 && outcome.errors.contains("own.conf:1:"), "\(outcome.errors)")
    #expect(try gateway.exchange(ask("/?w=two")).status == 418)
  }

  @Test func whatCanNotBeDecidedIsForOnError() throws {
    let upstream = try Upstream(body: "ok")
    let many = (0..<900).map { "a\($0)=select the \($0) 'unions' from <places>" }.joined(separator: "&")
    for (onError, status) in [("deny", 403), ("allow", 200)] {
      let gateway = try GatewayProcess(
        configuration(
          upstream, ", onError: \(onError), timeBudget: 1ms, paranoia: 4, thresholds: { inbound: 100000 }"))
      let reply = try gateway.exchange(post(many))
      #expect(reply.status == status)
      let line = try gateway.logLine(id: try #require(reply["X-Request-Id"]))
      #expect(line.rules.contains("timeBudget"), "\(line.rules)")
      #expect(line["verdict"]?.text == (onError == "deny" ? "block" : "detect"))
    }
  }

  @Test func bodiesBeyondTheMemoryAreForOnError() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(
      configuration(upstream, ", requestBody: { limit: 100KiB, memory: 100KiB }"))
    // The first body takes all of it and does not come.
    let first = try gateway.connect()
    try first.send(String(post(String(repeating: "a", count: 90 << 10)).prefix(300)))
    let reply = try gateway.exchange(post(String(repeating: "b", count: 20 << 10)))
    #expect(reply.status == 403)
    #expect(try gateway.logLine(id: try #require(reply["X-Request-Id"])).rules == ["memory"])
    first.close()
    _ = try gateway.logLine { $0["id"]?.text != reply["X-Request-Id"] }
    #expect(try gateway.exchange(post(String(repeating: "b", count: 20 << 10))).status == 200)
  }

  @Test func refusalsAsConfigured() throws {
    let upstream = try Upstream(body: "ok")
    let directory = try GatewayProcess.makeDirectory()
    try "<p>No. {{id}} {{id}}</p>".write(
      to: directory.appending(path: "no.html"), atomically: true, encoding: .utf8)
    let rules = """
      SecRule ARGS:go "@streq away" "id:7,phase:1,redirect:'https://else.test/'"
      SecRule ARGS:go "@streq dead" "id:8,phase:1,drop"
      """
    let gateway = try GatewayProcess(
      configuration(
        upstream,
        ", blockStatus: 406, blockPage: '\(directory.path)/no.html', customRules: \"\(rules.quotedYAML)\""),
      in: directory)
    let reply = try gateway.exchange(ask("/?q=\(Self.attack)"))
    let id = try #require(reply["X-Request-Id"])
    #expect(reply.status == 406 && reply.body == "<p>No. \(id) \(id)</p>")
    let away = try gateway.exchange(ask("/?go=away"))
    #expect(away.status == 302 && away["Location"] == "https://else.test/")
    let client = try gateway.connect()
    try client.send(ask("/?go=dead"))
    #expect(try client.isClosedByPeer())
  }

  @Test func messagesOfWebSocketsAreInspected() throws {
    let arrived = Journal<UInt8>()
    let upstream = try Upstream { connection in
      _ = try connection.readHead()
      try connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
      while true { arrived.append(try connection.read(exactly: 1)[0]) }
    }
    let gateway = try GatewayProcess(configuration(upstream, ", webSocketMessages: { inspect: true }"))
    for attack in ["{\"q\":\"1' or 1=1-- -\"}", "<script>alert(1)</script>"] {
      let client = try gateway.connect()
      try client.send(
        ask(
          "/chat", fields: "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
      #expect(try client.readHead().status == 101)
      let seen = arrived.all.count
      let good = frame("{\"say\":\"hello\"}")
      try client.send(good)
      _ = try arrived.first(after: seen + good.count - 1) { _ in true }
      try client.send(frame(attack))
      #expect(try client.read(exactly: 4).suffix(2) == [0x03, 0xf0])
    }
    let line = try gateway.logLine { $0["status"]?.text == "101" }
    #expect(line["verdict"]?.text == "block" && line.rules.contains("942100"))
  }

  private func frame(_ text: String) -> [UInt8] {
    let key: [UInt8] = [1, 2, 3, 4]
    return [0x81, 0x80 | UInt8(text.utf8.count)] + key + text.utf8.enumerated().map { $1 ^ key[$0 & 3] }
  }

  @Test func theAuditLogHoldsTheExchange() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(configuration(upstream))
    let reply = try gateway.exchange(
      ask("/?q=\(Self.attack)&password=hunter2", fields: "Authorization: Bearer abcdefghijklmnop1234"))
    let id = try #require(reply["X-Request-Id"])
    _ = try gateway.logLine(id: id)
    // A second exchange and a drain make sure that the first is on disk.
    let client = try gateway.exchange(ask("/good"))
    #expect(client.status == 200)
    _ = try gateway.command("drain")
    #expect(try gateway.status() == 0)
    let text = try String(contentsOf: gateway.directory.appending(path: "audit.jsonl"), encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 1)
    let entry = try #require(lines.first.flatMap { JSONText.object(String($0)) })
    #expect(entry["id"]?.text == id && entry["transaction"]?["unique_id"]?.text == id)
    #expect(entry["rules"]?.entries.compactMap { $0["id"]?.text } == ["942100", "949110", "980130"])
    #expect(entry["transaction"]?["response"]?["http_code"]?.text == "403")
    #expect(entry["transaction"]?["messages"]?.entries.first?["details"]?["ruleId"]?.text == "942100")
    #expect(!text.contains("hunter2") && !text.contains("abcdefghijklmnop1234"))
  }
}

extension String {
  /// The inside of a YAML text in single quotes.
  fileprivate var yaml: String { replacingOccurrences(of: "'", with: "''") }

  /// The inside of a YAML text in double quotes.
  fileprivate var quotedYAML: String {
    replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
      .replacingOccurrences(of: "\n", with: "\\n")
  }
}
