import SluiceModel
import Testing

import SluiceConfig

@Suite struct CrossReferenceTests {
  private let base = """
    assets: [{ name: plc, protocol: modbus, address: 127.0.0.1:502 }]
    pools: [{ name: web-pool, endpoints: [127.0.0.1:8080] }]
    routes: [{ name: r, pool: web-pool }]

    """

  private func check(_ listeners: String) -> [String] { errors(base + "listeners:\n" + listeners) }

  @Test func namesAreUnique() {
    #expect(
      errors("zones:\n  - name: a\n  - name: b\n  - name: a\n") == [
        "sluice.yaml:4:11: name `a` is taken by another of the zones\n  hint: it is first used at sluice.yaml:2"
      ])
  }

  @Test func routesNameWhatExists() {
    #expect(
      errors(route("listeners: [wep], pool: q")) == [
        "sluice.yaml:4:28: unknown listener `wep`\n  hint: did you mean `web`?",
        "sluice.yaml:4:40: unknown pool `q`\n  hint: did you mean `p`?",
      ])
    #expect(
      errors(route("pools: [{ pool: other }]")).first?.hasPrefix("sluice.yaml:4:32: unknown pool `other`") == true)
    #expect(errors(route("listeners: [web, web], pool: p")).first?.contains("stands twice") == true)
  }

  @Test func listenersNameWhatTheyNeed() {
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: tcp }") == [
        "sluice.yaml:5:5: a tcp listener needs `pool`\n  hint: name one of the `pools`"
      ])
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: modbus }").first?.contains(
        "a modbus listener needs `asset`") == true)
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: http, pool: web-pool }") == [
        "sluice.yaml:5:60: `pool` has no effect on an http listener\n  hint: name the listener in a route"
      ])
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: modbus, asset: pcl }").first?.contains(
        "unknown asset `pcl`\n  hint: did you mean `plc`?") == true)
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: tcp, pool: x, trustedProxies: [10.0.0.0/8] }").map {
        $0.split(separator: "\n")[0]
      } == [
        "sluice.yaml:5:59: unknown pool `x`",
        "sluice.yaml:5:78: `trustedProxies` has no effect on a tcp listener without `proxyProtocol`",
      ])
  }

  @Test func assetsSpeakWhatTheirListenersSpeak() {
    let text = "assets: [{ name: plc, protocol: http, address: 127.0.0.1:502 }]"
    #expect(errors(text) == ["sluice.yaml:1:33: unknown value `http`\n  hint: write `modbus`"])
    #expect(
      errors("assets: [{ name: plc, protocol: modbus, address: 127.0.0.1:502, zone: z }]") == [
        "sluice.yaml:1:71: unknown zone `z`\n  hint: there are no `zones`"
      ])
  }

  @Test func addressesAreTakenOnce() {
    let text = """
        - { name: a, address: 127.0.0.1:80, protocol: http }
        - { name: b, address: 127.0.0.1:80, protocol: http }
        - { name: c, address: 127.0.0.1:0, protocol: http }
        - { name: d, address: 127.0.0.1:0, protocol: http }
        - { name: e, address: unix:run/sluice-admin.sock, protocol: http }
      """
    #expect(
      check(text) == [
        "sluice.yaml:6:25: address `127.0.0.1:80` is taken by listener `a`",
        "sluice.yaml:9:25: address `unix:run/sluice-admin.sock` is taken by the admin API",
      ])
  }

  @Test func filtersStandWhereTheyFit() {
    let filters = "filters: [{ headers: { remove: [X-A] } }]"
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: modbus, asset: plc, \(filters) }").first
        == "sluice.yaml:5:78: filter `headers` can't stand on a modbus listener\n"
        + "  hint: it can stand on `http` and `https` listeners and on routes")
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: tcp, pool: web-pool, \(filters) }").first?.contains(
        "filter `headers` can't stand on a tcp listener") == true)
    #expect(
      check("  - { name: t, address: 127.0.0.1:1, protocol: http, filters: [{ operations: { allow: [] } }] }").first?
        .contains("filter `operations` can't stand on an http listener\n  hint: it can stand on `modbus` listeners")
        == true)
  }

  @Test func routesAreForHTTPAndTLS() {
    let text = """
      pools: [{ name: p, endpoints: [127.0.0.1:1] }]
      listeners: [{ name: t, address: 127.0.0.1:2, protocol: tcp, pool: p }]
      routes: [{ name: r, listeners: [t], pool: p }]
      """
    #expect(
      errors(text) == [
        "sluice.yaml:3:33: listener `t` speaks neither http nor tls, and only these are routed\n  hint: remove it"
      ])
  }

  @Test func weightsOfEndpoints() {
    #expect(
      errors("pools: [{ name: p, endpoints: [{ address: 1.1.1.1:1, weight: 0 }] }]").first?.contains(
        "all endpoints have weight 0") == true)
    #expect(
      errors("pools: [{ name: p, endpoints: [1.1.1.1:1, 1.1.1.1:1] }]") == [
        "sluice.yaml:1:43: endpoint `1.1.1.1:1` stands twice in the pool\n  hint: give it a larger `weight`"
      ])
    #expect(errors("pools: [{ name: p, endpoints: [] }]") == ["sluice.yaml:1:31: an empty list"])
  }

  @Test func oneMistakeIsReportedOnce() {
    let text = """
      listeners: [{ name: web, address: 127.0.0.1:80, protocol: http }]
      pools: [{ name: p, endpoints: [nowhere] }, { nam: q }]
      routes: [{ name: r, pool: q }]
      """
    #expect(errors(text).filter { $0.contains("unknown pool") } == [])
    #expect(errors(text).count == 4)
  }

  @Test func doubtsAreWarnings() throws {
    let text = """
      assets:
        - { name: plc, protocol: modbus, address: 127.0.0.1:502 }
        - { name: lost, protocol: modbus, address: 127.0.0.1:503 }
      pools: [{ name: p, endpoints: [127.0.0.1:8080] }]
      listeners:
        - { name: web, address: 127.0.0.1:80, protocol: http }
        - { name: m, address: 127.0.0.1:1502, protocol: modbus, asset: plc }
      """
    #expect(
      try load(text).warnings.map { "\($0.line):\($0.column) \($0.message)" } == [
        "3:5 asset `lost` has no listener",
        "4:9 pool `p` is not used",
        "6:5 listener `web` has no route: every request gets 404",
        "7:5 listener `m` has no `operations` filter: every operation passes to the asset",
      ])
  }
}
