import Foundation
import Glibc
import Testing

/// TLS with clients: who is shown what, who is let in, and how the others are told.
struct TLSTests {
  private let files: TLSFiles

  init() throws { files = try TLSFiles.shared.get() }

  /// - Parameter tls: more keys of the `tls` section.
  private func configuration(
    _ port: Int, certificates: String, tls: String = "", listener: String = ""
  ) -> String {
    """
    runtime: { loops: 1, drainTimeout: 5s }
    listeners:
      - name: web
        address: "127.0.0.1:0"
        protocol: https
        \(listener)
        tls: { certificates: \(certificates)\(tls.isEmpty ? "" : ", " + tls) }
    pools:
      - { name: app, endpoints: ["127.0.0.1:\(port)"] }
    routes:
      - { name: all, listeners: [web], pool: app }
    """
  }

  private func closing(_ host: String) -> String { get("/", host: host, fields: "Connection: close") }

  // MARK: Reload

  /// A connection whose hello is still on its way when a reload comes is answered all the same.
  @Test func aReloadSparesConnectionsBeforeTheirHello() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(configuration(upstream.port, certificates: files.entries("a")))
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let hello = try [UInt8](Data(contentsOf: root.appending(path: "Fuzz/Corpus/tls/openssl-s_client")))
    let silent = try gateway.connect()
    let begun = try gateway.connect()
    try begun.send(Array(hello.prefix(100)))
    let next = configuration(upstream.port, certificates: files.entries("a"), listener: "limits: { headerTimeout: 9s }")
    #expect(try gateway.reload(next).status == 0)
    try silent.send(hello)
    try begun.send(Array(hello.dropFirst(100)))
    // A record of a handshake: the server's hello.
    #expect(try silent.read(exactly: 1) == [0x16])
    #expect(try begun.read(exactly: 1) == [0x16])
  }

  // MARK: Certificates

  @Test func theServerNameChoosesTheCertificate() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(configuration(upstream.port, certificates: files.entries("a", "b", "wild")))
    let port = try gateway.port("web")
    for (name, shown) in [
      ("a.example", "a"), ("b.example", "b"), ("B.EXAMPLE", "b"), ("b.example.", "b"), ("x.wild.example", "wild"),
      ("x.y.wild.example", "a"), ("unknown.example", "a"),
    ] {
      let said = try opensslTLS(port, name: name)
      #expect(said.contains("subject=CN = \(shown)\n") && said.contains("HTTP/1.1 200"), "\(name): \(said)")
    }
    #expect(try pythonTLS(port, name: nil, send: closing("a.example")).certificate == "a")
    let line = try gateway.logLine { $0["tls"]?["sni"]?.text == "x.wild.example" }
    #expect(line["tls"]?["version"]?.text == "1.3" && line["tls"]?["group"]?.text == "X25519")
    #expect(line["tls"]?["ja4"]?.text?.hasPrefix("t13d") == true)
  }

  @Test func theClientsSignatureAlgorithmsChooseTheKey() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(configuration(upstream.port, certificates: files.entries("a", "a-rsa")))
    let port = try gateway.port("web")
    #expect(try opensslTLS(port, name: "a.example").contains("subject=CN = a\n"))
    #expect(try opensslTLS(port, name: "a.example", "-sigalgs", "rsa_pss_rsae_sha256").contains("subject=CN = a-rsa\n"))
    let older = try opensslTLS(port, name: "a.example", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
    #expect(older.contains("subject=CN = a-rsa\n") && older.contains("HTTP/1.1 200"))
  }

  @Test func sessionsOutliveAReloadWithAnotherCertificate() throws {
    let own = try TLSFiles()
    try FileManager.default.copyItem(atPath: files.path("a.pem"), toPath: own.path("now.pem"))
    try FileManager.default.copyItem(atPath: files.path("a.key"), toPath: own.path("now.key"))
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(configuration(upstream.port, certificates: own.entries("now")))
    let port = try gateway.port("web")
    for version in ["-tls1_2", "-tls1_3"] {
      #expect(try opensslTLS(port, name: "a.example", version, "-sess_out", own.path(version)).contains("New, TLS"))
    }
    for kind in ["pem", "key"] {
      try Data(contentsOf: URL(filePath: files.path("b.\(kind)"))).write(to: URL(filePath: own.path("now.\(kind)")))
    }
    #expect(try gateway.command("reload").status == 0)
    for version in ["-tls1_2", "-tls1_3"] {
      let full = try opensslTLS(port, name: "a.example", version)
      #expect(full.contains("New, TLS") && full.contains("subject=CN = b\n"))
      let resumed = try opensslTLS(port, name: "a.example", version, "-sess_in", own.path(version))
      #expect(resumed.contains("Reused, TLS") && resumed.contains("HTTP/1.1 200"), "\(version): \(resumed)")
    }
  }

  @Test func aBrokenCertificateLeavesTheOldOneInForce() throws {
    let own = try TLSFiles()
    for kind in ["pem", "key"] {
      try FileManager.default.copyItem(atPath: files.path("a.\(kind)"), toPath: own.path("now.\(kind)"))
    }
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(configuration(upstream.port, certificates: own.entries("now")))
    try Data(contentsOf: URL(filePath: files.path("b.key"))).write(to: URL(filePath: own.path("now.key")))
    let mismatched = try gateway.command("reload")
    #expect(mismatched.status == 1 && mismatched.errors.contains("is not that of the certificate"))
    #expect(mismatched.errors.contains("sluice.yaml:9:"))
    try FileManager.default.removeItem(atPath: own.path("now.pem"))
    let missing = try gateway.command("reload")
    #expect(missing.status == 1 && missing.errors.contains("no such file"))
    #expect(try pythonTLS(gateway.port("web"), name: "a.example", send: closing("a.example")).statuses == ["200"])
  }

  // MARK: Refusals

  @Test func refusalsCarryTheirAlert() throws {
    let upstream = try Upstream(body: "hello")
    let names = "names: [{ host: a.example, groups: hybrid-required }, { host: b.example, minimumVersion: \"1.3\" }]"
    let gateway = try GatewayProcess(
      configuration(
        upstream.port, certificates: files.entries("a", "b", "wild"), tls: "unknownNames: refuse, " + names))
    let port = try gateway.port("web")
    let cases: [(name: String, arguments: [String], alert: Int, reason: String)] = [
      ("unknown.example", [], 112, "unknown server name"),
      ("a.example", ["-groups", "X25519:P-256"], 40, "no post-quantum group"),
      ("b.example", ["-tls1_2"], 70, "no shared version"),
      ("x.wild.example", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], 70, "no shared version"),
      ("x.wild.example", ["-alpn", "h2"], 120, "no shared application protocol"),
      ("x.wild.example", ["-sigalgs", "rsa_pss_rsae_sha256"], 40, "no shared signature algorithm"),
    ]
    for (name, arguments, alert, reason) in cases {
      let said = try opensslTLS(port, name: name, arguments)
      #expect(said.contains("SSL alert number \(alert)\n"), "\(reason): \(said)")
      _ = try gateway.handshakeFailure(reason)
    }
    #expect(upstream.requests.isEmpty)
  }

  @Test(
    arguments: [
      ([0x16, 3, 1, 0, 0], 10), ([0x16, 3, 1, 0x48, 1], 22), ([0x16, 3, 1, 0, 4, 1, 0, 0xff, 0xff], 47),
      ([0x16, 3, 1, 0, 4, 2, 0, 0, 0], 10), ([0x16, 2, 0], 70),
    ] as [([UInt8], UInt8)])
  func malformedHellosGetTheirAlert(_ bytes: [UInt8], _ alert: UInt8) throws {
    let gateway = try GatewayProcess(configuration(1, certificates: files.entries("a")))
    let client = try gateway.connect()
    try client.send(bytes)
    #expect(try client.read(exactly: 7) == [0x15, 3, 3, 0, 2, 2, alert])
    #expect(try client.isClosedByPeer())
    _ = try gateway.handshakeFailure("malformed ClientHello")
  }

  @Test func plainRequestsAreToldAndSilentClientsClosed() throws {
    let gateway = try GatewayProcess(
      configuration(1, certificates: files.entries("a"), tls: "handshakeTimeout: 200ms"))
    let plain = try gateway.connect()
    try plain.send(get("/"))
    let reply = try plain.readMessage()
    #expect(reply.status == 400 && reply.body.contains("HTTPS"))
    #expect(try plain.isClosedByPeer())
    #expect(try gateway.connect().isClosedByPeer())
    _ = try gateway.handshakeFailure("handshake timeout")
  }

  // MARK: Clients' certificates

  @Test func eachNameHasItsOwnAuthority() throws {
    let upstream = try Upstream(body: "hello")
    let names = [("a", "people"), ("b", "others")].map { name, authority in
      "{ host: \(name).example, clients: { verify: required, ca: \"\(files.path(authority)).pem\" } }"
    }
    let gateway = try GatewayProcess(
      configuration(
        upstream.port, certificates: files.entries("a", "b"), tls: "names: [\(names.joined(separator: ", "))]"))
    let port = try gateway.port("web")
    for (name, client, isGood) in [
      ("a.example", "ann", true), ("b.example", "bob", true), ("a.example", "bob", false), ("b.example", "ann", false),
      ("a.example", nil, false),
    ] {
      let answer = try pythonTLS(port, name: name, send: closing(name), client: client)
      #expect(answer.statuses == (isGood ? ["200"] : []), "\(name) \(client ?? "-"): \(answer)")
    }
    _ = try gateway.handshakeFailure("certificate not verified")
    _ = try gateway.handshakeFailure("no client certificate")
    let both = try pythonTLS(
      port, name: "a.example", send: get("/", host: "a.example") + closing("b.example"), client: "ann")
    #expect(both.statuses == ["200", "421"])
    #expect(try pythonTLS(port, name: nil, send: closing("a.example")).statuses == ["421"])
    #expect(upstream.requests.count == 3)
  }

  @Test func aRevokedClientIsRefusedWhenItsSessionResumesToo() throws {
    let own = try TLSFiles()
    try own.authority("people")
    for name in ["lost", "kept"] { try own.certificate(name, by: "people", names: "email:\(name)@people.example") }
    try own.revoke(by: "people")
    let upstream = try Upstream(body: "hello")
    let clients = "verify: required, ca: \"\(own.path("people.pem"))\", crl: \"\(own.path("people.crl"))\""
    let gateway = try GatewayProcess(
      configuration(upstream.port, certificates: files.entries("a"), tls: "clients: { \(clients) }"))
    let port = try gateway.port("web")
    func ask(_ name: String, _ option: String, _ version: String) throws -> String {
      try opensslTLS(
        port, name: "a.example", version, "-cert", own.path(name) + ".pem", "-key", own.path(name) + ".key", option,
        own.path(name + version))
    }
    for name in ["lost", "kept"] {
      for version in ["-tls1_2", "-tls1_3"] { #expect(try ask(name, "-sess_out", version).contains("HTTP/1.1 200")) }
    }
    try own.revoke("lost", by: "people")
    #expect(try gateway.command("reload").status == 0)
    for version in ["-tls1_2", "-tls1_3"] {
      let refused = try ask("lost", "-sess_in", version)
      #expect(refused.contains("Reused, TLS") && !refused.contains("HTTP/1.1"), "\(version): \(refused)")
      let served = try ask("kept", "-sess_in", version)
      #expect(served.contains("Reused, TLS") && served.contains("HTTP/1.1 200"), "\(version): \(served)")
    }
    let full = try opensslTLS(
      port, name: "a.example", "-cert", own.path("lost.pem"), "-key", own.path("lost.key"))
    #expect(!full.contains("HTTP/1.1"))
    #expect(try gateway.handshakeFailure("certificate revoked")["detail"]?.text?.isEmpty == false)
  }

  @Test func keptConnectionsMeetAStricterPolicy() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(configuration(upstream.port, certificates: files.entries("a")))
    let clients = "clients: { verify: required, ca: \"\(files.path("people.pem"))\" }"
    try gateway.replaceConfiguration(
      configuration(
        upstream.port, certificates: files.entries("a"), tls: "names: [{ host: a.example, \(clients) }]"))
    let answer = try pythonTLS(
      gateway.port("web"), name: "a.example", send: get("/", host: "a.example"),
      between: [GatewayProcess.program, "reload", "--admin", gateway.admin])
    #expect(answer.statuses.first == "200" && answer.statuses.dropFirst().allSatisfy { $0 == "421" }, "\(answer)")
    #expect(upstream.requests.count == 1)
  }

  // MARK: PROXY protocol

  @Test func proxyHeadersNameTheClient() throws {
    let upstream = try Upstream(body: "hello")
    let gateway = try GatewayProcess(
      configuration(
        upstream.port, certificates: files.entries("a", "b"),
        listener: "proxyProtocol: true\n    trustedProxies: [127.0.0.0/8]"))
    let port = try gateway.port("web")
    let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    let headers: [([UInt8], String)] = [
      (Array("PROXY TCP4 198.51.100.7 203.0.113.1 50001 443\r\n".utf8), "198.51.100.7"),
      (Array("PROXY TCP6 2001:db8::7 2001:db8::1 50001 443\r\n".utf8), "2001:db8::7"),
      (signature + [0x21, 0x11, 0, 12, 198, 51, 100, 8, 203, 0, 113, 1, 0xc3, 0x51, 1, 0xbb], "198.51.100.8"),
      (signature + [0x20, 0, 0, 0], "127.0.0.1"),
    ]
    for (header, client) in headers {
      let answer = try pythonTLS(port, name: "b.example", send: closing("b.example"), prefix: header)
      #expect(answer.certificate == "b" && answer.statuses == ["200"])
      _ = try gateway.logLine { $0["status"]?.text == "200" && $0["client"]?.text == client }
    }
    #expect(try pythonTLS(port, name: "b.example", send: closing("b.example")).error != nil)
    _ = try gateway.handshakeFailure("malformed PROXY header")
  }

  // MARK: Modbus

  @Test func modbusOverTLSTakesSoundRolesOnly() throws {
    let own = try TLSFiles()
    try own.authority("plant")
    let role = "1.3.6.1.4.1.50316.802.1=ASN1:"
    for (name, value) in [("operator", "UTF8String:Operator"), ("wrong", "PRINTABLESTRING:Operator")] {
      try own.certificate(name, by: "plant", names: "email:\(name)@plant.example", more: role + value)
    }
    let clients = "verify: required, ca: \"\(own.path("plant.pem"))\""
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(
      plantConfiguration(device.port).replacing(
        "asset: tank\n",
        with: """
          asset: tank
              tls: { certificates: \(files.entries("a")), clients: { \(clients) } }

          """))
    let port = try gateway.port("plc")
    let exchanges: [([UInt8], [UInt8])] = [
      ([3, 0, 100, 0, 1], [3, 2, 0x13, 0x88]), ([6, 0, 200, 0, 7], [0x86, 1]),
    ]
    for (pdu, reply) in exchanges {
      let expected = modbus(7, reply)
      let answer = try pythonTLS(
        port, name: "a.example", send: modbus(7, pdu), client: "operator", of: own, atMost: expected.count)
      #expect((answer.reply ?? "").unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } == expected)
    }
    let line = try gateway.logLine { $0["kind"]?.text == "operation" && $0["verdict"]?.text == "block" }
    #expect(line["role"]?.text == "Operator" && line["principal"]?.text?.contains("operator") == true)
    let frame = modbus(1, [3, 0, 100, 0, 1])
    let refused = try pythonTLS(port, name: "a.example", send: frame, client: "wrong", of: own)
    #expect(refused.reply?.isEmpty ?? true)
    _ = try gateway.handshakeFailure("malformed modbus role")
    #expect(try device.requests() == ["0300640001"])
  }
}
