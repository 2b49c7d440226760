import Foundation
import SluiceConfig
import SluiceModel
import Testing

@Suite struct DiffTests {
  private let old = """
    listeners: [{ name: web, address: 127.0.0.1:80, protocol: http }]
    pools:
      - { name: p, endpoints: [127.0.0.1:1], connectTimeout: 5s }
      - { name: gone, endpoints: [127.0.0.1:2] }
    routes:
      - { name: one, pool: p }
      - { name: two, pool: p, matches: [{ path: { exact: /a } }] }
    """

  @Test func sameConfigurationsDiffNowhere() throws {
    let loaded = try load(old).configuration
    #expect(ConfigurationDiff.between(loaded, loaded) == [])
    #expect(ConfigurationDiff.text([]) == "no changes")
  }

  @Test func changesNameTheirKeys() throws {
    let new = """
      runtime: { loops: 2 }
      listeners: [{ name: web, address: 127.0.0.1:80, protocol: http, limits: { connections: 10, requestBody: 1MiB } }]
      pools:
        - { name: p, endpoints: [127.0.0.1:1, 127.0.0.1:3], connectTimeout: 90s, health: { path: / } }
        - { name: fresh, endpoints: [127.0.0.1:2] }
      routes:
        - { name: two, pool: p, matches: [{ path: { prefix: /a } }] }
        - { name: one, redirect: { path: /x } }
      """
    let changes = ConfigurationDiff.between(try load(old).configuration, try load(new).configuration)
    let text = ConfigurationDiff.text(changes)
    #expect(
      text == """
        ~ runtime
            loops: auto → 2
        ~ listeners web
            limits.connections: 20000 → 10
            limits.requestBody: unlimited → 1MiB
        - pools gone
        ~ pools p
            endpoints: [{"address":"127.0.0.1:1","weight":1}] → [{"address":"127.0.0.1:1","weight":1},{"address":"127.0.0.1:3","weight":1}]
            connectTimeout: 5s → 90s
            health: + {"path":"/","interval":"5s","timeout":"2s","unhealthyAfter":3,"healthyAfter":2,"statuses":"200-399"}
        + pools fresh
        ~ routes two
            matches[0].path.exact: - /a
            matches[0].path.prefix: + /a
        ~ routes one
            pool: - p
            redirect: + {"path":"/x","status":302}
        ↕ routes are in another order
        """)
    let data = try JSONEncoder().encode(changes)
    #expect(try JSONDecoder().decode([ConfigurationChange].self, from: data) == changes)
  }
}
