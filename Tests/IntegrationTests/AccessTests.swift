import Foundation
import Glibc
import Testing

/// One file of policies for pages and for the plant: who may do what, what follows a change, and what explains it.
struct AccessTests {
  /// A gateway with a web listener, a plant listener and their policies.
  private final class Site {
    let upstream: Upstream
    let device: SimulatedDevice
    let directory: URL
    let gateway: GatewayProcess

    init(
      _ policies: String, entities: String = "[]", web: String = "", plant: String = "", filter: String = "{}"
    ) throws {
      upstream = try Upstream(body: "ok")
      device = try SimulatedDevice()
      directory = try GatewayProcess.makeDirectory()
      for folder in ["policies", "entities"] {
        try FileManager.default.createDirectory(
          at: directory.appending(path: folder), withIntermediateDirectories: true)
      }
      try Site.write(policies, to: directory.appending(path: "policies/site.cedar"))
      try Site.write(entities, to: directory.appending(path: "entities/site.json"))
      gateway = try GatewayProcess(
        Site.configuration(upstream.port, device.port, web: web, plant: plant, filter: filter), in: directory)
    }

    private static func configuration(
      _ upstream: Int, _ device: Int, web: String, plant: String, filter: String
    ) -> String {
      """
      runtime: { loops: 1 }
      policies: [policies/*.cedar]
      entities: [entities/*.json]
      listeners:
        - name: web
          address: "127.0.0.1:0"
          protocol: \(web.isEmpty ? "http" : "https")
          \(web)
        - name: plc
          address: "127.0.0.1:0"
          protocol: modbus
          asset: press-1
          \(plant)
          filters: [{ access: \(filter) }]
      pools: [{ name: app, endpoints: ["127.0.0.1:\(upstream)"] }]
      routes: [{ name: api, listeners: [web], zone: packaging, pool: app, filters: [{ access: \(filter) }] }]
      zones:
        - { name: packaging, purdue: 1 }
        - { name: control-room, networks: [127.0.0.0/8] }
      assets:
        - name: press-1
          protocol: modbus
          address: "127.0.0.1:\(device)"
          zone: packaging
          points:
            - { name: setpoint, table: holding, addresses: 100-103, units: [1] }
            - { name: mode, table: holding, addresses: 110 }
      """
    }

    static func write(_ text: String, to file: URL) throws {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }

    func replacePolicies(_ text: String) throws {
      try Site.write(text, to: directory.appending(path: "policies/site.cedar"))
    }

    /// The status of a request on a connection of its own.
    func status(_ request: String) throws -> Int { try gateway.exchange(request).status }
  }

  private static let readOnly = """
    @id("room-reads")
    @reason("the control room may look")
    permit(principal in Zone::"control-room", action in Action::"read", resource in Zone::"packaging");
    """

  @Test func oneFileDecidesForPagesAndForThePlant() throws {
    let site = try Site(
      Self.readOnly + """

        @id("setpoint-writes")
        permit(principal in Group::"hmi", action == Action::"modbus:WriteSingleRegister",
          resource == Point::"press-1/setpoint")
          when { context.minimumValue >= 10 && context.maximumValue <= 8500 };
        """,
      entities: #"[{"uid":{"type":"Client","id":"127.0.0.1"},"attrs":{},"parents":[{"type":"Group","id":"hmi"}]}]"#)
    #expect(try site.status(get("/api/x")) == 200)
    #expect(try site.status("DELETE /api/x HTTP/1.1\r\nHost: app.test\r\n\r\n") == 403)
    let client = try site.gateway.connect("plc")
    #expect(try client.askModbus([3, 0, 98, 0, 8]).first == 3)
    #expect(try client.askModbus([6, 0, 100, 0x21, 0x34]) == [6, 0, 100, 0x21, 0x34])
    for pdu: [UInt8] in [
      [6, 0, 100, 0x21, 0x35], [6, 0, 104, 0, 50], [16, 0, 100, 0, 1, 2, 0, 50], [22, 0, 100, 0, 0, 0, 50],
      [23, 0, 0, 0, 1, 0, 100, 0, 1, 2, 0, 50], [5, 0, 0, 0xff, 0], [90, 1],
    ] {
      #expect(try client.askModbus(pdu) == [pdu[0] | 0x80, 1], "\(pdu)")
    }
    #expect(try client.askModbus([3, 0, 0, 0, 1]).first == 3)
    #expect(try site.device.requests() == ["0300620008", "0600642134", "0300000001"])
  }

  @Test func explainNamesThePolicy() throws {
    let site = try Site(
      Self.readOnly + """

        @id("no-mode") @reason("the mode is set at the machine")
        forbid(principal, action, resource == Point::"press-1/mode");
        @id("writes") permit(principal, action in Action::"write", resource in Asset::"press-1")
          when { context has maximumValue && context.maximumValue <= 8500 };
        """)
    let client = try site.gateway.connect("plc")

    let reply = try site.gateway.exchange(get("/api/x"))
    let allowed = try explain(site, try #require(reply["X-Request-Id"]))
    #expect(allowed.contains("ALLOWED") && allowed.contains("allow: access room-reads"))
    #expect(allowed.contains("the control room may look") && allowed.contains("at policies/site.cedar:1:1"))

    #expect(try client.askModbus([16, 0, 109, 0, 2, 4, 0, 1, 0, 2]) == [0x90, 1])
    let forbidden = try explain(site, try id(site, "block"))
    #expect(forbidden.contains("BLOCKED") && forbidden.contains("access no-mode"))
    #expect(forbidden.contains("the mode is set at the machine"))
    #expect(forbidden.contains("matched: holding-register 110"))

    #expect(try client.askModbus([6, 0, 100, 0x21, 0x35]) == [0x86, 1])
    let nearest = try explain(site, try id(site, "block", function: "6"))
    #expect(nearest.contains("no policy permits it") && nearest.contains("`writes`"))
    #expect(nearest.contains("`when` does not hold: `context.maximumValue <= 8500`"), "\(nearest)")
  }

  @Test func policiesChangeWhileTrafficRuns() throws {
    let site = try Site(Self.readOnly)
    let stop = Journal<Bool>()
    let statuses = Journal<Int>()
    let client = try site.gateway.connect()
    let traffic = try site.gateway.connect("plc")
    Thread.detachNewThread {
      do {
        while stop.all.isEmpty {
          // Without a body: a refusal that comes before the body has arrived ends the connection.
          try client.send("POST /api/x HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n")
          statuses.append(try client.readMessage().status)
        }
      } catch { statuses.append(-1) }
      statuses.end()
    }
    _ = try statuses.first { $0 == 403 }
    #expect(try traffic.askModbus([6, 0, 100, 0, 1]) == [0x86, 1])

    try site.replacePolicies(Self.readOnly + "\npermit(principal, action in Action::\"write\", resource);")
    #expect(try site.gateway.command("reload").status == 0)
    // The next one of either protocol follows the new policies, on the connections that are open.
    #expect(try traffic.askModbus([6, 0, 100, 0, 1]) == [6, 0, 100, 0, 1])
    let before = statuses.all.count + 1
    _ = try statuses.first(after: before) { _ in true }

    // A bad file changes nothing, by the admin API or by a signal.
    try site.replacePolicies("permit(principal, action, resource) when { context.nothing };")
    let outcome = try site.gateway.command("reload")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("policies/site.cedar:1:52:") && outcome.errors.contains("`nothing`"))
    let seen = site.gateway.errors.count
    site.gateway.signal(SIGHUP)
    _ = try site.gateway.errorLine(after: seen) { $0.contains("policies/site.cedar:1:52:") }
    #expect(try traffic.askModbus([6, 0, 101, 0, 2]) == [6, 0, 101, 0, 2])

    try site.replacePolicies(Self.readOnly)
    #expect(try site.gateway.command("reload").status == 0)
    #expect(try traffic.askModbus([6, 0, 101, 0, 3]) == [0x86, 1])
    let after = statuses.all.count + 1
    _ = try statuses.first(after: after) { _ in true }
    stop.append(true)
    _ = try? statuses.first { _ in false }
    let all = statuses.all
    #expect(all[before..<(before + 1)].allSatisfy { $0 == 200 } && all[after...].allSatisfy { $0 == 403 })
    #expect(all.allSatisfy { [200, 403].contains($0) })
    #expect(try site.device.requests() == ["0600640001", "0600650002"])
  }

  @Test func diffShowsPoliciesThatWouldChange() throws {
    let site = try Site(Self.readOnly + "\n@id(\"old\") forbid(principal, action in Action::\"control\", resource);")
    let file = site.directory.appending(path: "sluice.yaml").path
    #expect(try site.gateway.command("diff", "-c", file).output == "no changes")
    try site.replacePolicies(
      Self.readOnly.replacing("Action::\"read\"", with: "Action::\"write\"")
        + "\n@id(\"new\") permit(principal, action, resource);")
    try Site.write("[ ]", to: site.directory.appending(path: "entities/site.json"))
    let diff = try site.gateway.command("diff", "-c", file)
    #expect(
      diff.output == """
        - policy old
        ~ policy room-reads
            text: permit (principal in Zone::"control-room", action in Action::"read", resource in Zone::"packaging"); \
        → permit (principal in Zone::"control-room", action in Action::"write", resource in Zone::"packaging");
        + policy new
        ~ entity file entities/site.json
        """, "\(diff)")
    #expect(try site.status(get("/")) == 200)
  }

  @Test func certificatesArePrincipals() throws {
    let files = try TLSFiles.shared.get()
    let own = try TLSFiles()
    try own.authority("plant")
    try own.certificate("historian", by: "plant", names: "URI:spiffe://plant.example/historian")
    try own.certificate(
      "panel", by: "plant", names: "email:panel@plant.example",
      more: "1.3.6.1.4.1.50316.802.1=ASN1:UTF8String:Engineer")
    let tls = """
      tls: { certificates: \(files.entries("a")), clients: { verify: optional, ca: "\(own.path("plant.pem"))" } }
      """
    let site = try Site(
      """
      @id("historian") permit(principal == Service::"spiffe://plant.example/historian", action in Action::"read",
        resource in Route::"api") when { context has tlsVersion && context.tlsVersion == "1.3" };
      @id("engineer") permit(principal == Certificate::"CN=panel", action, resource)
        when { context has role && context.role == "Engineer" };
      """, web: tls, plant: tls)
    func status(_ client: String?, _ method: String) throws -> String? {
      let request = "\(method) /api/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
      return try pythonTLS(site.gateway.port("web"), name: "a.example", send: request, client: client, of: own)
        .statuses.first
    }
    #expect(try status("historian", "GET") == "200")
    #expect(try status("historian", "DELETE") == "403")
    #expect(try status("panel", "DELETE") == "200")
    #expect(try status(nil, "GET") == "403")
    func write(_ client: String?) throws -> String {
      let answer = try pythonTLS(
        site.gateway.port("plc"), name: "a.example", send: modbus(7, [6, 0, 104, 0, 1]), client: client, of: own,
        atMost: 9)
      return String((answer.reply ?? "").unicodeScalars.dropFirst(7).first.map { $0.value < 0x80 } ?? false)
    }
    #expect(try write("panel") == "true" && write("historian") == "false" && write(nil) == "false")
    #expect(try site.device.requests() == ["0600680001"])
  }

  @Test func detectModeLetsPassAndTells() throws {
    let site = try Site(Self.readOnly, filter: "{ mode: detect }")
    #expect(try site.status("DELETE /api/x HTTP/1.1\r\nHost: app.test\r\n\r\n") == 200)
    let client = try site.gateway.connect("plc")
    #expect(try client.askModbus([6, 0, 100, 0, 1]) == [6, 0, 100, 0, 1])
    for kind in ["exchange", "operation"] {
      let line = try site.gateway.logLine { $0["kind"]?.text == kind && $0["verdict"]?.text == "detect" }
      #expect(line.rules == ["default"])
    }
  }

  @Test func badPoliciesAreRefusedAtCheckAndStart() throws {
    let site = try Site(Self.readOnly)
    let file = site.directory.appending(path: "sluice.yaml").path
    try site.replacePolicies(
      "@id(\"a\") permit(principal, action, resource);\n@id(\"a\") forbid(principal, action, resource);")
    let check = try ProgramRun.finish(GatewayProcess.program, ["check", "-c", file])
    #expect(check.status == 1)
    #expect(check.errors.contains("policies/site.cedar:2:1: the policy id `a` is taken"), "\(check.errors)")
    #expect(check.errors.contains("site.cedar:1:1"))
    let start = try ProgramRun.finish(GatewayProcess.program, ["run", "-c", file])
    #expect(start.status == 1 && start.errors.contains("policies/site.cedar:2:1:"))
    try site.replacePolicies(Self.readOnly)
    let configuration = try String(contentsOfFile: file, encoding: .utf8)
    try configuration.replacing("policies: [policies/*.cedar]\n", with: "").write(
      toFile: file, atomically: true, encoding: .utf8)
    let without = try ProgramRun.finish(GatewayProcess.program, ["check", "-c", file])
    #expect(without.status == 1 && without.errors.contains("an `access` filter needs `policies`"))
    #expect(without.errors.contains("hint: add `policies: [policies/*.cedar]`"))
  }

  @Test func openingAWebSocketIsNoRead() throws {
    let site = try Site(Self.readOnly)
    let request = get(
      "/socket", fields: "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    #expect(try site.status(request) == 403)
    #expect(try site.status(get("/socket")) == 200)
  }

  private func explain(_ site: Site, _ id: String) throws -> String {
    let result = try site.gateway.command("explain", id)
    #expect(result.status == 0, "\(result.errors)")
    return result.output
  }

  private func id(_ site: Site, _ verdict: String, function: String? = nil) throws -> String {
    let line = try site.gateway.logLine {
      $0["verdict"]?.text == verdict && (function == nil || $0["function"]?.text == function)
    }
    return try #require(line["id"]?.text)
  }
}
