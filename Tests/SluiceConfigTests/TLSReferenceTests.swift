import Foundation
import SluiceConfig
import SluiceModel
import Testing

@Suite struct TLSReferenceTests {
  private static let certificate = "tls: { certificates: [{ chain: leaf.pem, key: leaf.key }] }"

  /// A well configuration around a listener, which begins on line 4, column 5.
  private func listeners(_ keys: String) -> String {
    """
    pools: [{ name: p, endpoints: [127.0.0.1:2] }]
    assets: [{ name: plc, protocol: modbus, address: 127.0.0.1:502 }]
    listeners:
      - { name: a, address: 127.0.0.1:1, \(keys) }
    routes: [{ name: r, pool: p }]
    """
  }

  @Test(
    arguments: [
      ("protocol: https", "4:5", "an https listener needs `tls`", "write `tls: { certificates: […] }`"),
      (
        "protocol: http, \(certificate)", "4:59", "`tls` has no effect on an http listener", "write `protocol: https`"
      ),
      (
        "protocol: tls, pool: p, \(certificate)", "4:67",
        "`tls` has no effect on a tls listener: it passes connections on as they are",
        "to decrypt, write `protocol: https` or `protocol: tcp`"
      ),
      (
        "protocol: https, pool: p, \(certificate)", "4:61", "`pool` has no effect on an https listener",
        "name the listener in a route"
      ),
      (
        "protocol: tls, asset: plc", "4:60", "`asset` has no effect on a tls listener", "remove it"
      ),
      (
        "protocol: http, proxyProtocol: true", "4:69", "`proxyProtocol` needs `trustedProxies`",
        "say which peers' headers are believed"
      ),
      (
        "protocol: tcp, pool: p, proxyProtocol: true", "4:77", "`proxyProtocol` needs `trustedProxies`",
        "say which peers' headers are believed"
      ),
      (
        "protocol: tcp, pool: p, trustedProxies: [10.0.0.0/8]", "4:78",
        "`trustedProxies` has no effect on a tcp listener without `proxyProtocol`", "remove it"
      ),
      (
        "protocol: tls, pool: p, trustedProxies: [10.0.0.0/8]", "4:78",
        "`trustedProxies` has no effect on a tls listener without `proxyProtocol`", "remove it"
      ),
      (
        "protocol: modbus, asset: plc, trustedProxies: [10.0.0.0/8]", "4:84",
        "`trustedProxies` has no effect on a modbus listener without `proxyProtocol`", "remove it"
      ),
      (
        "protocol: tls, pool: p, filters: [{ headers: { remove: [X-A] } }]", "4:72",
        "filter `headers` can't stand on a tls listener",
        "it can stand on `http` and `https` listeners and on routes"
      ),
      (
        "protocol: https, filters: [{ operations: { allow: [] } }], \(certificate)", "4:65",
        "filter `operations` can't stand on an https listener", "it can stand on `modbus` listeners"
      ),
    ] as [(String, String, String, String?)])
  func wrongListeners(_ keys: String, _ place: String, _ message: String, _ hint: String?) {
    #expect(tlsErrors(listeners(keys)) == issue(place, message, hint))
  }

  @Test(arguments: [
    "protocol: https, filters: [{ headers: { remove: [X-A] } }], trustedProxies: [10.0.0.0/8], \(certificate)",
    "protocol: http, trustedProxies: [10.0.0.0/8], proxyProtocol: true",
    "protocol: tcp, pool: p, trustedProxies: [10.0.0.0/8], proxyProtocol: true, \(certificate)",
    "protocol: tls, pool: p, trustedProxies: [10.0.0.0/8], proxyProtocol: true", "protocol: tls",
    "protocol: modbus, asset: plc, trustedProxies: [10.0.0.0/8], proxyProtocol: true, \(certificate)",
  ])
  func wellListeners(_ keys: String) { #expect(tlsErrors(listeners(keys)) == []) }

  /// A well configuration around a route of a `tls` listener, whose keys begin on line 5, column 34.
  private func passthrough(_ keys: String) -> String {
    """
    pools:
      - { name: p, endpoints: [127.0.0.1:2] }
    listeners: [{ name: sni, address: 127.0.0.1:1, protocol: tls }]
    routes:
      - { name: r, listeners: [sni], \(keys) }
    """
  }

  @Test(arguments: [
    "matches: [{ path: { prefix: /api } }], pool: p", "matches: [{ path: { exact: / } }], pool: p",
    "matches: [{ method: GET }], pool: p", "matches: [{ headers: { X-A: b } }], pool: p",
    "matches: [{ host: a.example, method: GET }], pool: p",
  ])
  func onlyTheNameOfAPassedConnectionIsKnown(_ keys: String) {
    #expect(
      tlsErrors(passthrough(keys))
        == issue(
          "5:44", "the route belongs to the tls listener `sni`, where only `host` can be matched",
          "remove the other conditions"))
  }

  @Test(
    arguments: [
      (
        "filters: [{ headers: { remove: [X-A] } }], pool: p", "5:43",
        "the route belongs to the tls listener `sni`, which filters can't look into", "remove them"
      ),
      (
        "redirect: { scheme: https }", "5:44",
        "the route belongs to the tls listener `sni`, which can only pass connections on to a pool",
        "write `pool` instead of `redirect`"
      ),
      (
        "respond: {}", "5:43",
        "the route belongs to the tls listener `sni`, which can only pass connections on to a pool",
        "write `pool` instead of `respond`"
      ),
      (
        "rewrite: { host: b.example }, pool: p", "5:43",
        "the route belongs to the tls listener `sni`, which can only pass connections on to a pool", "remove `rewrite`"
      ),
    ] as [(String, String, String, String?)])
  func whatAPassedConnectionIsTooMuchFor(_ keys: String, _ place: String, _ message: String, _ hint: String?) {
    #expect(tlsErrors(passthrough(keys)) == issue(place, message, hint))
  }

  @Test func namesOfPassedConnectionsAreRouted() throws {
    let keys = "matches: [{ host: a.example }, { host: '*.b.example' }], pools: [{ pool: p, weight: 2 }]"
    #expect(try tlsLoad(passthrough(keys)).warnings == [])
    let lonely = listeners("protocol: tls").replacing("routes: [{ name: r, pool: p }]", with: "")
    #expect(
      try tlsLoad(lonely).warnings.map { "\($0.line):\($0.column) \($0.message)" }.contains(
        "4:5 listener `a` has neither routes nor a `pool`: every connection is closed"))
  }

  @Test func requestsGoToNoPoolWithAProxyHeader() throws {
    let pools = "{ name: p, endpoints: [127.0.0.1:2], proxyProtocol: v2 }"
    let message = "pool `p` has `proxyProtocol`, which requests can't be forwarded with"
    let hint = "upstreams learn the client of a request from `X-Forwarded-For`"
    func text(_ listener: String, _ route: String) -> String {
      """
      pools: [\(pools)]
      listeners: [{ name: a, address: 127.0.0.1:1, \(listener) }]
      routes: [{ name: r, \(route) }]
      """
    }
    #expect(tlsErrors(text("protocol: http", "pool: p")) == issue("3:27", message, hint))
    #expect(tlsErrors(text("protocol: http", "listeners: [a], pool: p")) == issue("3:43", message, hint))
    #expect(
      tlsErrors(text("protocol: https, \(Self.certificate)", "listeners: [a], pools: [{ pool: p }]"))
        == issue("3:53", message, hint))
    #expect(tlsErrors(text("protocol: tls", "listeners: [a], pool: p")) == [])
    #expect(tlsErrors(text("protocol: tcp, pool: p", "respond: {}")) == [])
    #expect(
      tlsErrors("pools: [{ name: p, endpoints: [127.0.0.1:2], proxyProtocol: v3 }]")
        == issue("1:61", "unknown value `v3`", "did you mean `v1`?"))
  }
}

@Suite struct TLSRenderingTests {
  private let full = """
    acme:
      contact: ["mailto:ot@plant.example"]
      termsOfServiceAgreed: true
      externalAccount: { keyID: id-1, key: c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA }
      certificates: [{ names: [b.plant.example, c.plant.example], challenge: tls-alpn-01 }]
    listeners:
      - name: web
        address: 127.0.0.1:443
        protocol: https
        trustedProxies: [10.0.0.0/8]
        proxyProtocol: true
        tls:
          certificates: [{ chain: full.pem, key: leaf.key }, { acme: b.plant.example }]
          minimumVersion: 1.3
          groups: [P-384, X25519MLKEM768]
          clients: { verify: optional, ca: both.pem, crl: ca.crl }
          names:
            - { host: "*.plant.example", minimumVersion: 1.2, groups: hybrid-required }
            - { host: a.example, clients: { verify: required, ca: ca.pem } }
          unknownNames: refuse
          handshakeTimeout: 3s
          concurrentHandshakes: 100
          handshakesPerSecond: 20
      - { name: sni, address: 127.0.0.1:8443, protocol: tls, pool: relayed }
      - name: press
        address: 127.0.0.1:802
        protocol: modbus
        asset: plc
        filters: [{ operations: { allow: [{ classes: [read] }] } }]
        tls: { certificates: [{ chain: leaf.pem, key: leaf.key }] }
    pools:
      - name: web
        endpoints: [127.0.0.1:2]
        tls:
          ca: ca.pem
          serverName: gate.plant.example
          verify: chain
          pins: [sha256/6NVitvCKz4KTjornjABLBjpFSGYSz2q6+wIVevvgk+E=]
          certificate: { chain: leaf.pem, key: leaf.key }
          minimumVersion: 1.3
          groups: [X25519]
      - { name: relayed, endpoints: [127.0.0.1:3], proxyProtocol: v1 }
    assets:
      - { name: plc, protocol: modbus, address: 127.0.0.1:502, tls: { verify: pins, pins: [\(TLSRenderingTests.pin)] } }
    routes:
      - { name: r, listeners: [web], pool: web }
    """

  private static let pin = "da180adfb5047a30b48f20b0ff0a78894b5301955edfd0d19027db74e1e34abf"

  @Test func everyKeyMeansWhatItSays() throws {
    let configuration = try tlsLoad(full).configuration
    let tls = try #require(configuration.listeners[0].tls)
    #expect(tls.certificates.count == 2 && tls.certificates.last == .acme("b.plant.example"))
    #expect(tls.policy.minimumVersion == .tls13 && tls.policy.groups == .list([.p384, .x25519MLKEM768]))
    #expect(tls.policy.clients.verify == .optional && tls.policy.clients.crl?.path == "ca.crl")
    #expect(tls.names.map(\.host) == ["*.plant.example", "a.example"])
    #expect(tls.names[0].policy.groups == .hybridRequired && tls.names[1].policy.clients.verify == .required)
    #expect(tls.names[1].policy.minimumVersion == .tls12)
    #expect(tls.unknownNames == .refuse && tls.handshakeTimeout == .seconds(3))
    #expect(tls.concurrentHandshakes == 100 && tls.handshakesPerSecond == 20)
    #expect(configuration.listeners[0].proxyProtocol && configuration.listeners[2].tls != nil)
    let pool = try #require(configuration.pools[0].tls)
    #expect(pool.verify == .chain && pool.serverName == "gate.plant.example" && pool.pins.count == 1)
    #expect(pool.minimumVersion == .tls13 && pool.groups == .list([.x25519]) && pool.ca?.path == "ca.pem")
    #expect(configuration.pools[1].proxyProtocol == .v1)
    #expect(configuration.assets[0].tls?.pins == [Self.pin])
    #expect(configuration.acme?.certificates.first?.challenge == .tlsALPN01)
    #expect(configuration.acme?.externalAccount?.key.reveal() == "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA")
  }

  @Test func renderingMeansTheSame() throws {
    var configuration = try tlsLoad(full).configuration
    // A secret is not rendered, so it can't come back.
    configuration.acme?.externalAccount?.key = Secret("<redacted>")
    let text = ConfigurationRendering.json(configuration, pretty: true)
    let again = try tlsLoad(text)
    #expect(again.configuration == configuration)
    #expect(ConfigurationRendering.json(again.configuration, pretty: true) == text)
    #expect(again.warnings.isEmpty)
  }

  @Test(arguments: ["leaf.pem", "leaf.key", "ca.pem", "ca.crl"])
  func hashFollowsTheFiles(_ name: String) throws {
    let before = try tlsLoad(full)
    var renewed = tlsFiles
    // Text between the blocks of a PEM file has no meaning, but the file is another one.
    renewed[name, default: ""] += "# renewed\n"
    let after = try load(full, files: renewed)
    #expect(before.files.contains(name))
    #expect(after.hash != before.hash)
    #expect(after.configuration != before.configuration)
    #expect(try tlsLoad(full).hash == before.hash)
  }

  @Test func aRenewedCertificateIsAnotherConfiguration() throws {
    let before = try tlsLoad(httpsListener("minimumVersion: 1.2"))
    let after = try load(
      httpsListener("minimumVersion: 1.2"), files: tlsFiles.merging(["leaf.pem": TestPEM.renewedLeaf]) { _, new in new }
    )
    #expect(after.hash != before.hash)
    #expect(after.configuration != before.configuration)
    #expect(before.files == ["sluice.yaml", "leaf.pem", "leaf.key"])
  }

  /// What must never be seen: the lines of the key, its bytes as an array shows them, and the account's key.
  private var secrets: [String] {
    let lines = TestPEM.leafKey.split(separator: "\n").filter { !$0.hasPrefix("-----") }.map(String.init)
    let bytes = Array(TestPEM.leafKey.utf8.dropFirst(40).prefix(6)).map(String.init).joined(separator: ", ")
    return lines + [bytes, "PRIVATE KEY", "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA"]
  }

  @Test func keysAreNeverShown() throws {
    let loaded = try tlsLoad(full)
    let without = try load("")
    var dumped = ""
    dump(loaded, to: &dumped)
    var changed = loaded.configuration
    changed.acme?.externalAccount?.key = Secret("another")
    changed.listeners[0].tls?.certificates = [
      .files(
        chain: FileContent(path: "leaf.pem", bytes: []),
        key: FileContent(path: "new.key", bytes: Array(TestPEM.leafKey.utf8)))
    ]
    let changes =
      ConfigurationDiff.between(without.configuration, loaded.configuration)
      + ConfigurationDiff.between(loaded.configuration, changed)
      + ConfigurationDiff.between(loaded.configuration, without.configuration)
    let shown = [
      ConfigurationRendering.json(loaded.configuration),
      ConfigurationRendering.json(loaded.configuration, pretty: true),
      ConfigurationDiff.text(changes), String(decoding: try JSONEncoder().encode(changes), as: UTF8.self), dumped,
      "\(loaded)", String(reflecting: loaded), "\(changes)",
    ]
    #expect(shown.allSatisfy { $0.contains("leaf.key") })
    for text in shown { for secret in secrets { #expect(!text.contains(secret), "\(secret)") } }
    #expect(shown[0].contains("\"key\":\"<redacted>\""))
  }

  @Test func keysAreNotShownInErrors() throws {
    let broken = TestPEM.leafKey.replacing("-----END PRIVATE KEY-----", with: "*")
    var wrong = tlsFiles
    wrong["leaf.key"] = broken
    let text = errors(full, files: wrong).joined(separator: "\n")
    #expect(text.contains("private key `leaf.key`: line "))
    for secret in secrets where secret != "PRIVATE KEY" { #expect(!text.contains(secret)) }
  }
}
