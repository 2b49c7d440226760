import Foundation
import HTTPTypes
import NIOHTTP1
import SluiceConfig
import SluiceModel
import Synchronization
import Telemetry
import Testing

import Control
import sluice

/// The API over a real Unix socket.
@Suite struct AdminAPITests {
  private func problem(_ body: () async throws -> AdminClient.Reply) async throws -> Failure {
    do {
      let reply = try await body()
      Issue.record("status \(reply.status)")
      return Failure("none")
    } catch let failure as Failure {
      return failure
    }
  }

  @Test func tellsHealthAndReadiness() async throws {
    let gateway = TestGateway()
    try await withSocketServer(gateway) { client in
      #expect(try await client.request(.get, "/healthz").text == #"{"status":"ok"}"#)
      #expect(try await client.request(.get, "/readyz").status == 200)
      for state in [GatewayState.starting, .draining] {
        gateway.change { $0.status.state = state }
        let reply = try await raw(client.address, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(reply.hasPrefix("HTTP/1.1 503"))
        #expect(reply.contains(#""status":"\#(state.rawValue)""#))
      }
      #expect(try await client.request(.get, "/healthz").status == 200)
    }
  }

  @Test func statusCarriesRevisionAndValidator() async throws {
    try await withSocketServer { client in
      let reply = try await client.request(.get, "/v1/status")
      let report = try reply.decode(StatusReport.self)
      #expect(report.gateway.revision == 7)
      #expect(report.gateway.listeners.first?.connections == 3)
      #expect(reply.headers.first(name: "Sluice-Revision") == "7")
      #expect(reply.headers.first(name: "ETag") == "\"0a1b\"")
      #expect(reply.headers.first(name: "Cache-Control") == "no-store")
      #expect(reply.headers.first(name: "Access-Control-Allow-Origin") == nil)
      #expect(Status.text(report).hasPrefix("serving, version 9.9, since 2023-11-14T22:13:20Z\nrevision 7, 0a1b"))
    }
  }

  @Test func configurationIsShownAndValidated() async throws {
    try await withSocketServer { client in
      let reply = try await client.request(.get, "/v1/config")
      #expect(reply.text == ConfigurationRendering.json(Configuration()))
      let again = try await client.request(.get, "/v1/config", headers: [("If-None-Match", "\"x\", \"0a1b\"")])
      #expect(again.status == 304)
      #expect(again.body.isEmpty)
    }
  }

  @Test func metricsHaveTheConfigurationsRevision() async throws {
    try await withSocketServer { client in
      let text = try await client.request(.get, "/metrics").text
      #expect(text.contains("\nsluice_config_revision 7\n"))
      #expect(text.contains("sluice_listener_connections{listener=\"web\",protocol=\"http\"} 3\n"))
      #expect(text.contains("\nsluice_ready 1\n"))
    }
  }

  @Test func listsPolicies() async throws {
    let gateway = TestGateway()
    let policies = PoliciesInForce(
      policies: [
        PoliciesInForce.Policy(
          id: "reads", effect: "permit", place: "a.cedar:1:1", text: "permit (principal, action, resource);")
      ], entityFiles: [PoliciesInForce.File(name: "a.json", digest: "0a")])
    gateway.change { $0.policies = policies }
    try await withSocketServer(gateway) { client in
      let listed = try await client.request(.get, "/v1/policies").decode(PoliciesInForce.self)
      #expect(listed == policies)
    }
  }

  @Test func listsExchanges() async throws {
    let gateway = TestGateway()
    gateway.change {
      $0.rings = [
        [testLine(1, at: 1), testLine(2, at: 4, status: 403, verdict: .block)],
        [testLine(1, at: 2, route: "other"), testLine(2, at: 3, status: 502)],
      ]
    }
    try await withSocketServer(gateway) { client in
      func times(_ query: String) async throws -> [UInt64] {
        try await client.request(.get, "/v1/exchanges" + query).decode(RecentExchanges.self).exchanges
          .map(\.id.unixMilliseconds)
      }
      #expect(try await times("") == [4, 3, 2, 1])
      #expect(try await times("?limit=2") == [4, 3])
      #expect(try await times("?status=4xx") == [4])
      #expect(try await times("?verdict=allow&route=api") == [3, 1])
      #expect(try await times("?client=10.0.2.0/24&limit=1000") == [4, 3, 2, 1])
      for query in ["?limit=0", "?limit=1001", "?status=9xx", "?verdict=x", "?colour=red", "?route=a&route=b"] {
        #expect(try await problem { try await client.request(.get, "/v1/exchanges" + query) }.status == 1)
      }
      let failure = try await problem { try await client.request(.get, "/v1/exchanges?colour=red") }
      #expect(failure.message == "`colour` is not a parameter here")
      #expect(failure.hint?.contains("`verdict`") == true)
    }
  }

  @Test func findsOneExchange() async throws {
    let gateway = TestGateway()
    gateway.change {
      $0.rings = [[testLine(1, at: 1)], [testLine(1, at: 2)]]
      $0.decisions = [testID(3): testLine(1, at: 3, status: 403, verdict: .block).json]
    }
    try await withSocketServer(gateway) { client in
      for (milliseconds, verdict) in [(1, Verdict.allow), (2, .allow), (3, .block)] {
        let id = testID(UInt64(milliseconds))
        let event = try await client.request(.get, "/v1/exchanges/\(id)").decode(LogEvent.self)
        #expect(event.id == id)
        #expect(event.verdict == verdict)
      }
      let missing = try await problem { try await client.request(.get, "/v1/exchanges/\(testID(9))") }
      #expect(missing.status == 1)
      #expect(missing.hint?.contains("for 7 days within 1024 MiB") == true)
      let wrong = try await problem { try await client.request(.get, "/v1/exchanges/nonsense") }
      #expect(wrong.message == "`nonsense` is not an id")
    }
  }

  @Test func listsAndClosesFlows() async throws {
    let gateway = TestGateway()
    let flow = FlowStatus(
      id: testID(5), kind: .tcp, listener: "feed", target: "pool", client: "10.0.0.9", startedUnixMilliseconds: 5)
    gateway.change { $0.flows = [flow] }
    try await withSocketServer(gateway) { client in
      let listed = try await client.request(.get, "/v1/flows").decode(FlowsList.Reply.self)
      #expect(listed.flows == [flow])
      #expect(try await client.request(.delete, "/v1/flows/\(flow.id)").status == 204)
      #expect(gateway.state.withLock { $0.flows.isEmpty })
      #expect(try await problem { try await client.request(.delete, "/v1/flows/\(flow.id)") }.status == 1)
    }
  }

  @Test func reloads() async throws {
    let gateway = TestGateway()
    try await withSocketServer(gateway) { client in
      let reply = try await client.request(.post, "/v1/reload", headers: [("If-Match", "\"0a1b\"")])
      #expect(try reply.decode(ReloadOutcome.self).revision == 8)
      #expect(reply.headers.first(name: "Sluice-Revision") == "8")
      #expect(reply.headers.first(name: "ETag") == "\"ff\"")
      let stale = try await problem { try await client.request(.post, "/v1/reload", headers: [("If-Match", "\"zz\"")]) }
      #expect(stale.message.contains("another configuration"))
      let errors = #expect(throws: ConfigurationErrors.self) {
        try ConfigurationLoader.load(bytes: Array("lstenrs: []\n".utf8), fileName: "s.yaml")
      }
      let issues = try #require(errors).issues
      gateway.change {
        $0.reload = ReloadOutcome(
          at: Date(), ok: false, revision: 7, configurationHash: "0a1b", changed: false, issues: issues)
      }
      let wrong = try await problem { try await client.request(.post, "/v1/reload") }
      #expect(wrong.message.contains("s.yaml:1:1: "))
      #expect(wrong.status == 1)
      gateway.change { $0.status.state = .draining }
      #expect(try await problem { try await client.request(.post, "/v1/reload") }.message == "the gateway is draining")
    }
  }

  @Test func diffs() async throws {
    try await withSocketServer { client in
      func diff(_ text: String, query: String = "", match: String? = nil) async throws -> AdminClient.Reply {
        let headers = match.map { [("If-Match", $0)] } ?? []
        return try await client.request(.post, "/v1/config/diff" + query, headers: headers, body: Array(text.utf8))
      }
      let changed = try await diff("runtime: { loops: 3 }\n", match: "\"0a1b\"").decode(PlannedChanges.self)
      #expect(changed.changes.map(\.section) == ["runtime"])
      #expect(changed.configurationHash == "0a1b")
      let same = try await diff(ConfigurationRendering.json(Configuration()), query: "?secrets=redacted")
      #expect(try same.decode(PlannedChanges.self).changes.isEmpty)
      #expect(try await problem { try await diff("runtime: {}\n", match: "\"other\"") }.status == 1)
      let wrong = try await problem { try await diff("runtime: { lops: 3 }\n") }
      #expect(wrong.message.contains("request:1:12: "))
      let outside = try await problem { try await diff("include: [/etc/passwd]\n") }
      #expect(outside.message.contains("no such file"))
    }
  }

  @Test func diffsSecretsOnlyWhereThereAreSome() async throws {
    func text(_ secret: String) -> String {
      """
      listeners: [{ name: web, address: "127.0.0.1:80", protocol: http, filters: [{ headers: { set: { Authorization: \(secret) } } }] }]
      """
    }
    let gateway = TestGateway()
    let loaded = try ConfigurationLoader.load(bytes: Array(text("one").utf8), fileName: "x")
    gateway.change { $0.configuration = loaded.configuration }
    try await withSocketServer(gateway) { client in
      func changes(_ text: String, _ query: String = "") async throws -> [ConfigurationChange] {
        try await client.request(.post, "/v1/config/diff" + query, body: Array(text.utf8)).decode(PlannedChanges.self)
          .changes
      }
      let shown = try await client.request(.get, "/v1/config").text
      #expect(shown.contains("<redacted>") && !shown.contains("\"one\""))
      #expect(try await changes(text("one")).isEmpty)
      let changed = try await changes(text("two"))
      #expect(changed.map(\.name) == ["web"])
      #expect(!"\(changed)".contains("two"))
      #expect(try await changes(shown, "?secrets=redacted").isEmpty)
    }
  }

  @Test func drainsAndSetsTheLogLevel() async throws {
    let gateway = TestGateway()
    try await withSocketServer(gateway) { client in
      #expect(try await client.request(.get, "/v1/log-level").text == #"{"level":"notice"}"#)
      let set = try await client.request(.put, "/v1/log-level", body: Array(#"{"level":"debug"}"#.utf8))
      #expect(set.text == #"{"level":"debug"}"#)
      for body in ["", "{}", #"{"level":"loud"}"#, #"{"level":"info","x":"y"}"#, "[]"] {
        #expect(
          try await problem { try await client.request(.put, "/v1/log-level", body: Array(body.utf8)) }.status == 1)
      }
      #expect(gateway.state.withLock { $0.level } == .debug)
      #expect(try await client.request(.post, "/v1/drain").status == 202)
      #expect(gateway.state.withLock { $0.drains } == 1)
    }
  }

  @Test func answersTheUnknownWithProblems() async throws {
    try await withSocketServer { client in
      func head(_ request: String) async throws -> String {
        try await raw(client.address, request + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      }
      let unknown = try await head("GET /v1/nothing")
      #expect(unknown.hasPrefix("HTTP/1.1 404"))
      #expect(unknown.lowercased().contains("content-type: application/problem+json"))
      #expect(unknown.contains(#""type":"/problems/not-found""#))
      let method = try await head("PATCH /v1/log-level")
      #expect(method.hasPrefix("HTTP/1.1 405"))
      #expect(method.lowercased().contains("\r\nallow: get, put, head\r\n"))
      #expect(try await head("HEAD /v1/status").hasPrefix("HTTP/1.1 200"))
      #expect(try await head("GET http://x/v1/%zz?%zz").hasPrefix("HTTP/1.1 4"))
    }
  }

  @Test func boundsBodies() async throws {
    try await withSocketServer { client in
      let body = [UInt8](repeating: 0x20, count: AdminLimits.requestBodyBytes + 1)
      let failure = try await problem { try await client.request(.post, "/v1/config/diff", body: body) }
      #expect(failure.message.contains("bytes are read") || failure.message.contains("hung up"))
    }
  }

  @Test func documentNamesEveryRouteAndEveryRouteAnswers() async throws {
    try await withSocketServer { client in
      let reply = try await client.request(.get, "/v1/openapi.json")
      let document = try #require(try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any])
      #expect(document["openapi"] as? String == "3.1.0")
      let paths = try #require(document["paths"] as? [String: [String: Any]])
      #expect(paths.values.map(\.count).reduce(0, +) == AdminEndpoints.all.count)
      for endpoint in AdminEndpoints.all {
        let operation = paths[endpoint.path]?[endpoint.method.rawValue.lowercased()] as? [String: Any]
        #expect(operation?["operationId"] as? String == endpoint.id)
        let names = (operation?["parameters"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
        for part in endpoint.path.split(separator: "/") where part.first == "{" {
          #expect(names.contains(String(part.dropFirst().dropLast())))
        }
        guard endpoint.id != "streamExchanges" else { continue }
        let path = endpoint.path.replacingOccurrences(of: "{id}", with: "\(testID(1))")
        let text = try await raw(
          client.address,
          "\(endpoint.method.rawValue) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        #expect(!text.contains("/problems/not-found\",") || endpoint.path.contains("{id}"), "\(endpoint.path)")
        #expect(!text.hasPrefix("HTTP/1.1 405") && !text.hasPrefix("HTTP/1.1 500"), "\(endpoint.path)")
      }
      #expect(Set(AdminEndpoints.all.map(\.id)).count == AdminEndpoints.all.count)
    }
  }

  @Test func documentRefersOnlyToSchemasThatItHas() throws {
    let text = String(
      decoding: try AdminJSON.encoder().encode(OpenAPI.document(AdminEndpoints.all, version: "1")), as: UTF8.self)
    let names = text.split(separator: "#/components/schemas/").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(!names.isEmpty)
    for name in names { #expect(AdminSchemas.all[String(name)] != nil, "\(name)") }
  }
}
