import ArgumentParser
import Foundation
import SluiceModel
import Synchronization
import Telemetry
import Testing

import Control
import sluice

@Suite struct CommandLineTests {
  private func report(_ arguments: [String]) throws -> (status: Int32, text: String, isError: Bool) {
    do {
      var command = try Sluice.parseAsRoot(arguments)
      if arguments.last == "--help" { try command.run() }
      return (0, "", false)
    } catch {
      return ExitStatus.report(error)
    }
  }

  @Test(arguments: [
    ["nonsense"], ["tap", "--verdict", "deny"], ["tap", "--count", "0"], ["tap", "--recent", "1001"], ["explain"],
    ["status", "--admin", "10.0.0.1"], ["log-level", "loud"], ["check", "--nope"], ["flows", "close"],
  ]) func aWrongCommandLineIsTwo(_ arguments: [String]) throws {
    let (status, text, isError) = try report(arguments)
    #expect(status == 2)
    #expect(isError)
    #expect(text.contains("Usage: sluice"))
  }

  @Test(arguments: [
    ["tap", "--verdict", "block", "--status", "4xx", "--recent", "5"], ["status", "--admin", "unix:/x"],
    ["flows"], ["flows", "list", "--json"], ["flows", "close", "x"], ["diff", "-c", "x.yaml"], ["log-level", "debug"],
    ["reload", "--if-match", "ab", "--admin", "[::1]:9900", "--token-file", "t"], ["schema", "--markdown"],
    ["tls"], ["tls", "ledger", "--json"], ["tls", "cbom", "-o", "x.json"], ["tap", "--kind", "handshake"],
  ]) func aRightCommandLineIsTaken(_ arguments: [String]) throws {
    #expect(try report(arguments).status == 0)
  }

  @Test(arguments: [[], ["tap"], ["check"], ["diff"], ["explain"], ["flows"], ["reload"], ["log-level"], ["schema"]])
  func helpIsOnStandardOutput(_ command: [String]) throws {
    let (status, text, isError) = try report(command + ["--help"])
    #expect(status == 0)
    #expect(!isError)
    #expect(text.contains("USAGE: "))
  }

  @Test func errorsHaveTheirStatus() {
    #expect(ExitStatus.report(Failure("x", hint: "y")).text == "error: x\n  hint: y")
    #expect(ExitStatus.report(Failure("x")).status == 1)
    #expect(ExitStatus.report(AdminServerError("x")).status == 1)
    #expect(ExitStatus.report(CocoaError(.fileNoSuchFile)).status == 70)
    #expect(ExitStatus.report(ExitCode(1)).status == 1)
    #expect(ExitStatus.report(ValidationError("x")).status == 2)
  }

  @Test func aMissingGatewayIsAFriendlyError() async throws {
    try await withFolder { folder in
      for address in [BindAddress.unix(path: folder + "/none.sock"), .ip(IPAddress(v4: 0x7f00_0001), port: 1)] {
        let failure = await #expect(throws: Failure.self) {
          try await AdminClient(address: address).request(.get, "/v1/status")
        }
        #expect(failure?.status == 1)
        #expect(failure?.message.hasPrefix("no gateway answers at `\(address)`: ") == true)
      }
    }
  }

  @Test func commandsWorkAgainstAGateway() async throws {
    let gateway = TestGateway()
    gateway.change {
      $0.rings = [[testLine(1, at: 1)]]
      $0.endpoints = [
        EndpointStatus(pool: "p", address: "10.0.0.1:80", weight: 1, healthy: false, lastError: "refused", active: 2)
      ]
    }
    try await withSocketServer(gateway) { client in
      let admin = ["--admin", "\(client.address)"]
      for command in [
        ["status"], ["status", "--json"], ["endpoints"], ["flows"], ["reload"], ["log-level", "warning"],
        ["explain", "\(testID(1))"], ["tap", "--recent", "1", "--count", "1"],
      ] {
        #expect(await Sluice.run(command + admin) == 0, "\(command)")
      }
      #expect(gateway.state.withLock { $0.level } == .warning)
      #expect(await Sluice.run(["explain", "\(testID(77))"] + admin) == 1)
      #expect(await Sluice.run(["explain", "x"] + admin) == 1)
      #expect(await Sluice.run(["flows", "close", "\(testID(77))"] + admin) == 1)
      #expect(await Sluice.run(["drain"] + admin) == 0)
      #expect(gateway.state.withLock { $0.drains } == 1)
    }
  }

  @Test func checkTellsGoodFromBad() async throws {
    try await withFolder { folder in
      let good = "listeners: [{ name: web, address: \"127.0.0.1:8080\", protocol: http }]\n"
      try good.write(toFile: folder + "/good.yaml", atomically: false, encoding: .utf8)
      try "listenrs: []\n".write(toFile: folder + "/bad.yaml", atomically: false, encoding: .utf8)
      #expect(await Sluice.run(["check", "-c", folder + "/good.yaml"]) == 0)
      #expect(await Sluice.run(["check", "-c", folder + "/bad.yaml"]) == 1)
      #expect(await Sluice.run(["check", "-c", folder + "/bad.yaml", "--json"]) == 1)
      #expect(await Sluice.run(["check", "-c", folder + "/none.yaml"]) == 1)
    }
  }

  @Test(arguments: [
    ("unix:run/x.sock", "unix:run/x.sock"), ("127.0.0.1:9900", "127.0.0.1:9900"), ("localhost:1", "127.0.0.1:1"),
    ("[::1]:65535", "[::1]:65535"),
  ]) func readsAddresses(_ text: String, _ expected: String) {
    #expect(AdminOptions.address(text)?.description == expected)
  }

  @Test(arguments: [
    "", "unix:", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+1", "::1:80", "host:80",
    "[127.0.0.1]:80",
  ]) func refusesOtherAddresses(_ text: String) {
    #expect(AdminOptions.address(text) == nil)
  }

  @Test func filtersBecomeAQuery() throws {
    let options = try FilterOptions.parse(["--route", "a b&c/é", "--verdict", "block", "--status", "4xx"])
    #expect(options.query(["limit": "5"]) == "?route=a%20b%26c%2F%C3%A9&status=4xx&verdict=block&limit=5")
    #expect(try FilterOptions.parse([]).query() == "")
  }
}

@Suite struct EventParserTests {
  private static let text =
    "retry: 5\n: c\n\nid: 7\nevent: gap\ndata: {\"missed\":1}\n\ndata:a\r\ndata: b\r\n\r\nevent: x\n\n"
  private static let events = [
    ServerEvent(id: "7", event: "gap", data: "{\"missed\":1}"), ServerEvent(data: "a\nb"),
  ]

  @Test(arguments: [1, 2, 3, 7, 1_000]) func readsPiecesOfAnySize(_ size: Int) throws {
    var parser = EventParser()
    var events: [ServerEvent] = []
    var rest = Array(Self.text.utf8)[...]
    while !rest.isEmpty {
      let received = parser.received(rest.prefix(size))
      events += try #require(received)
      rest = rest.dropFirst(size)
    }
    #expect(events == Self.events)
  }

  @Test func boundsLinesAndEvents() {
    var line = EventParser()
    #expect(line.received(repeatElement(0x61, count: EventParser.eventBytes + 1)) == nil)
    var event = EventParser()
    let half = Array(("data:" + String(repeating: "x", count: EventParser.eventBytes / 2) + "\n").utf8)
    #expect(event.received(half) == [])
    #expect(event.received(half) == nil)
  }
}

@Suite struct ExplanationTests {
  private func event(_ json: String) throws -> LogEvent {
    try AdminJSON.decoder().decode(LogEvent.self, from: Data(json.utf8))
  }

  @Test func explainsABlockedWrite() throws {
    let text = Explanation.text(
      try event(
        """
        {"time":"2026-01-02T03:04:05.678Z","id":"\(testID(1))","kind":"operation","listener":"press-1",
        "client":"10.0.5.2","protocol":"modbus","asset":"press-1","unit":1,"function":6,"functionName":
        "WriteSingleRegister","class":"write","target":"holding-register 100","values":"9000","exception":1,
        "verdict":"block","durationMs":0.2,"bytesIn":12,"bytesOut":9,"trace":[{"source":"operations",
        "rule":"allow[1].values","verdict":"block","reason":"the value 9000 is above 8500","matched":"9000"}]}
        """))
    #expect(text.hasPrefix("BLOCKED  WriteSingleRegister unit 1 holding-register 100 = 9000\n"))
    #expect(text.contains("  where     listener `press-1`, asset `press-1`\n"))
    #expect(
      text.contains("  1. block: operations allow[1].values\n     the value 9000 is above 8500\n     matched: 9000"))
    #expect(text.contains("{ units: [1], functions: [6] }"))
    #expect(text.contains("sluice tap --recent 20 --verdict block --listener press-1"))
  }

  private func firewallEvent(path: String = "/search", target: String = "ARGS:q") throws -> LogEvent {
    try event(
      """
      {"time":"2026-01-02T03:04:05.678Z","id":"\(testID(1))","kind":"exchange","listener":"web","route":"shop",
      "client":"10.0.2.7","method":"GET","host":"h","path":"\(path)","query":true,"status":403,"verdict":"block",
      "durationMs":1.5,"bytesIn":12,"bytesOut":9,"firewall":{"inboundScore":5,"inboundThreshold":5,
      "outboundScore":0,"outboundThreshold":4,"phaseMicroseconds":[210,1005,0,0,0],"slow":false},"trace":[
      {"source":"firewall","rule":"942100","verdict":"block","reason":"SQL injection","matched":"1' or '1'='1",
      "match":{"phase":2,"target":"\(target)","start":0,"end":12,"score":5,"severity":"critical","paranoia":1,
      "tags":["attack-sqli"],"bookkeeping":false}},
      {"source":"firewall","rule":"949110","verdict":"block","reason":"score reached",
      "match":{"phase":2,"target":"TX:BLOCKING_INBOUND_ANOMALY_SCORE","score":0,"tags":[],"bookkeeping":true}}]}
      """)
  }

  @Test func explainsWhatAFirewallFound() throws {
    let blocked = try firewallEvent()
    let text = Explanation.text(blocked)
    #expect(text.contains("  1. block: firewall 942100\n     SQL injection\n     matched: 1' or '1'='1\n"))
    #expect(text.contains("     in ARGS:q, bytes 0–12, score +5, critical, paranoia 1\n"))
    #expect(
      text.contains(
        """
          firewall: inbound score 5, threshold 5; inspected in 1.215 ms (request head 0.210, request body 1.005)
          bookkeeping rules: 949110

        """))
    #expect(text.contains("- { rule: 942100, path: { prefix: \"/search\" }, target: \"ARGS:q\" }"))
    #expect(text.contains("SecRule REQUEST_FILENAME \"@beginsWith /search\" \\\n"))
    #expect(text.contains("\"id:10001,phase:1,pass,nolog,t:none,ctl:ruleRemoveTargetById=942100;ARGS:q\""))
    #expect(TapLine.text(blocked).contains("[firewall 942100]"))
  }

  @Test(arguments: [("/x", "ARGS:a\\\",deny"), ("/x' \\n", "ARGS:q"), ("/a;b", "ARGS:q"), ("/x", "ARGS:a{b")])
  func noExclusionIsProposedForHostileNames(path: String, target: String) throws {
    let text = Explanation.text(try firewallEvent(path: path, target: target))
    #expect(!text.contains("exclusions:") && !text.contains("SecRule"))
    #expect(text.contains("look at the request before anything else"))
  }

  @Test func explainsAFailedHandshake() throws {
    let failed = try event(
      """
      {"time":"2026-01-02T03:04:05.678Z","id":"\(testID(1))","kind":"handshake","leg":"upstream","pool":"app",
      "upstream":"10.0.2.1:443","failure":"the certificate has expired","detail":"CN=app","durationMs":2.5,
      "upstreamTls":{"version":"1.3","group":"X25519","cipher":"TLS_AES_128_GCM_SHA256"}}
      """)
    let text = Explanation.text(failed)
    #expect(text.hasPrefix("RECORDED  TLS handshake failed with pool app 10.0.2.1:443"))
    #expect(text.contains("pool `app`") && text.contains("Why\n  the certificate has expired: CN=app"))
    #expect(text.contains("1.3, X25519, TLS_AES_128_GCM_SHA256"))
    #expect(TapLine.text(failed).contains("(the certificate has expired)"))
  }

  @Test func explainsAPlainAllow() throws {
    let text = Explanation.text(try event(testLine(1, at: 1).json))
    #expect(text.hasPrefix("ALLOWED  GET h/x\n"))
    #expect(text.contains("No guard had anything to say against it."))
    #expect(!text.contains("Next"))
  }

  @Test func hostileTextCannotDriveTheTerminal() throws {
    var hostile = try event(testLine(1, at: 1).json)
    hostile.path = "/\u{1b}[2J\u{202e}\u{9b}x\n"
    hostile.trace = [Finding(source: "a\u{7}", rule: "b", verdict: .block, reason: "\u{1b}]0;x", matched: "\r")]
    hostile.verdict = .block
    for text in [Explanation.text(hostile), TapLine.text(hostile)] {
      let bad = text.unicodeScalars.filter {
        $0 != "\n" && ($0.value < 0x20 || (0x7f..<0xa0).contains($0.value) || $0 == "\u{202e}")
      }
      #expect(bad.isEmpty)
    }
    #expect(!TapLine.text(hostile).contains("\n"))
  }

  @Test func tapShowsWhoWhatAndWhy() throws {
    var blocked = try event(testLine(1, at: 1, status: 403, verdict: .block).json)
    blocked.trace = [Finding(source: "addresses", rule: "deny[0]", verdict: .block, reason: "x")]
    #expect(
      TapLine.text(blocked)
        == "03:04:05.678  block      403     web/api  10.0.2.7  GET h/x  1.5 ms  [addresses deny[0]]  \(testID(1))")
  }

  @Test func modulesAreListed() {
    let rows = Modules.text.split(separator: "\n")
    #expect(rows.contains { $0.hasPrefix("filter    operations") && $0.hasSuffix("stable") })
    #expect(rows.contains { $0.hasPrefix("protocol  modbus") && $0.hasSuffix("beta") })
  }

  @Test func tablesAlign() {
    #expect(Terminal.table([["A", "BB"], ["long", "x"]]) == "A     BB\nlong  x")
  }
}
