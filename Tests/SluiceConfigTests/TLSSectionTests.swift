import SluiceConfig
import SluiceModel
import Testing

@Suite struct CertificateEntryTests {
  @Test(arguments: ["leaf.pem", "full.pem"]) func chainsWithTheirKeyAreTaken(_ chain: String) throws {
    let text = httpsListener("minimumVersion: 1.2", certificates: "{ chain: \(chain), key: leaf.key }")
    let tls = try tlsLoad(text).configuration.listeners[0].tls
    guard case .files(let file, let key)? = tls?.certificates.first else {
      Issue.record("no files")
      return
    }
    #expect(file == FileContent(path: chain, bytes: Array(tlsFiles[chain, default: ""].utf8)))
    #expect(key == FileContent(path: "leaf.key", bytes: Array(TestPEM.leafKey.utf8)))
  }

  @Test(
    arguments: [
      (
        "{ chain: none.pem, key: leaf.key }", "6:31", "can't read `none.pem`: no such file", nil
      ),
      (
        "{ chain: leaf.pem, key: none.key }", "6:46", "can't read `none.key`: no such file", nil
      ),
      (
        "{ chain: text.pem, key: leaf.key }", "6:31", "certificate chain `text.pem`: no certificate in the file",
        "a PEM file has lines of `-----BEGIN CERTIFICATE-----`"
      ),
      (
        "{ chain: leaf.key, key: leaf.key }", "6:31", "certificate chain `leaf.key`: no certificate in the file",
        "a PEM file has lines of `-----BEGIN CERTIFICATE-----`"
      ),
      (
        "{ chain: torn.pem, key: leaf.key }", "6:31", "certificate chain `torn.pem`: line 2: not base64 text", nil
      ),
      (
        "{ chain: open.pem, key: leaf.key }", "6:31",
        "certificate chain `open.pem`: line 1: the PEM block has no `-----END CERTIFICATE-----`", nil
      ),
      (
        "{ chain: reversed.pem, key: leaf.key }", "6:31",
        "certificate chain `reversed.pem`: certificate 1 was issued by `CN=Test CA plant`, but certificate 2 is "
          + "`CN=gate.plant.example`",
        "a chain begins with the server's own certificate, and each next one is the issuer of the one before"
      ),
      (
        "{ chain: stranger.pem, key: leaf.key }", "6:31",
        "certificate chain `stranger.pem`: certificate 1 was issued by `CN=Test CA plant`, but certificate 2 is "
          + "`CN=Test CA other`",
        "a chain begins with the server's own certificate, and each next one is the issuer of the one before"
      ),
      (
        "{ chain: leaf.pem, key: leaf.pem }", "6:46", "private key `leaf.pem`: no private key in the file",
        "a PEM file has a line of `-----BEGIN PRIVATE KEY-----`"
      ),
      (
        "{ chain: leaf.pem, key: encrypted.key }", "6:46",
        "private key `encrypted.key`: line 1: the private key is encrypted",
        "decrypt it into a file of mode 0600: openssl pkey -in FILE -out NEW"
      ),
      (
        "{ chain: leaf.pem, key: two.key }", "6:46", "private key `two.key`: line 6: a second private key", nil
      ),
      (
        "{ chain: leaf.pem, key: other.key }", "6:46",
        "the key `other.key` is not that of the certificate `leaf.pem`",
        "was one of them renewed without the other?"
      ),
      (
        "{ chain: leaf.pem }", "6:22", "a chain needs its `key`", "name the PEM file of the private key"
      ),
      ("{ key: leaf.key }", "6:22", "a certificate needs one of `chain` or `acme`", nil),
      (
        "{ chain: leaf.pem, key: leaf.key, acme: gate.plant.example }", "6:56", "`acme` can't stand beside `chain`",
        "a certificate has exactly one of `chain` or `acme`"
      ),
      (
        "{ acme: gate.plant.example, key: leaf.key }", "6:55", "`key` can't stand beside `acme`",
        "a certificate of `acme` comes with its key"
      ),
      (
        "{ acme: gate.plant.example }", "6:30", "`acme` has no certificate `gate.plant.example`",
        "add it to `acme.certificates`, first of its names"
      ),
      ("", "6:21", "an empty list", nil),
    ] as [(String, String, String, String?)])
  func wrongEntries(_ entry: String, _ place: String, _ message: String, _ hint: String?) {
    #expect(tlsErrors(httpsListener("minimumVersion: 1.2", certificates: entry)) == issue(place, message, hint))
  }

  @Test func aCertificateThatIsNoneIsNamed() {
    let text = tlsErrors(httpsListener("minimumVersion: 1.2", certificates: "{ chain: garbage.pem, key: leaf.key }"))
    #expect(text.count == 1)
    #expect(text.first?.hasPrefix("sluice.yaml:6:31: certificate chain `garbage.pem`: line 1: ") == true, "\(text)")
  }

  @Test func filesThatCannotBeReadSayWhy() throws {
    let memory = ConfigurationSource.memory(files: tlsFiles.mapValues { Array($0.utf8) })
    let source = ConfigurationSource(
      read: { path, limit throws(ConfigurationSource.Failure) in
        guard path != "leaf.key" else { throw ConfigurationSource.Failure("permission denied") }
        return try memory.read(path, limit)
      }, list: memory.list, environment: memory.environment)
    let failure = #expect(throws: ConfigurationErrors.self) {
      try ConfigurationLoader.load(
        bytes: Array(httpsListener("minimumVersion: 1.2").utf8), fileName: "sluice.yaml", source: source)
    }
    #expect(
      failure?.issues.map(\.description) == issue("6:46", "can't read `leaf.key`: permission denied"))
    #expect(failure?.issues.first?.path == "listeners[0].tls.certificates[0].key")
  }

  @Test func certificatesAreNeeded() {
    #expect(
      tlsErrors(
        httpsListener("minimumVersion: 1.2").replacing("certificates: [{ chain: leaf.pem, key: leaf.key }]", with: ""))
        == issue(
          "7:7", "a TLS section needs `certificates`",
          "chosen by the server name that the client asks for, from the names in them; an ECDSA and an RSA certificate "
            + "for one name stand side by side"))
  }

  @Test func acmeNamesLead() throws {
    let acme = "acme: { certificates: [{ names: [gate.plant.example, b.plant.example] }] }\n"
    let entry = "{ acme: gate.plant.example }"
    let configuration = try tlsLoad(acme + httpsListener("minimumVersion: 1.2", certificates: entry)).configuration
    #expect(configuration.listeners[0].tls?.certificates == [.acme("gate.plant.example")])
    #expect(configuration.acme?.certificates.first?.names == ["gate.plant.example", "b.plant.example"])
    #expect(
      tlsErrors(acme + httpsListener("minimumVersion: 1.2", certificates: "{ acme: b.plant.example }"))
        == issue(
          "7:30", "`acme` has no certificate `b.plant.example`", "add it to `acme.certificates`, first of its names"))
    #expect(
      tlsErrors(acme + httpsListener("minimumVersion: 1.2", certificates: "{ acme: gate.plant.exampel }"))
        == issue(
          "7:30", "`acme` has no certificate `gate.plant.exampel`", "did you mean `gate.plant.example`?"))
    #expect(
      tlsErrors(acme + tlsPool("certificate: { acme: c.plant.example }"))
        == issue(
          "6:33", "`acme` has no certificate `c.plant.example`", "add it to `acme.certificates`, first of its names"))
    #expect(
      tlsErrors(
        "assets: [{ name: a, protocol: modbus, address: 127.0.0.1:802, tls: { certificate: { acme: x.example } } }]\n")
        == issue("1:91", "`acme` has no certificate `x.example`", "add it to `acme.certificates`, first of its names"))
  }

  @Test func aMistakeInACMEIsReportedOnce() {
    let acme = "acme: { certificates: [{ names: [GATE.example] }] }\n"
    #expect(
      tlsErrors(acme + httpsListener("minimumVersion: 1.2", certificates: "{ acme: gate.example }"))
        == issue(
          "1:34", "host `GATE.example` is not in lower case", "write `gate.example`"))
  }
}

@Suite struct TLSSectionTests {
  @Test(
    arguments: [
      ("minimumVersion: \"1.0\"", "7:23", "TLS 1.0 is broken and is not spoken", "write `\"1.2\"` or `\"1.3\"`"),
      ("minimumVersion: 1.1", "7:23", "TLS 1.1 is broken and is not spoken", "write `\"1.2\"` or `\"1.3\"`"),
      ("minimumVersion: 1.4", "7:23", "unknown version `1.4`", "write `\"1.2\"` or `\"1.3\"`"),
      (
        "groups: hybrid", "7:15", "unknown value `hybrid`",
        "write `hybrid-preferred` or `hybrid-required` or a list such as `[X25519, P-256]`"
      ),
      (
        "groups: [X25519, P-255]", "7:24", "unknown group `P-255`",
        "known are `X25519MLKEM768`, `X25519`, `P-256` and `P-384`"
      ),
      ("groups: []", "7:15", "an empty list", nil),
      ("groups: [P-256, X25519, P-256]", "7:31", "group `P-256` stands twice in the list", nil),
      (
        "groups: { first: X25519 }", "7:15",
        "expected `hybrid-preferred`, `hybrid-required` or a list of groups, found a map", nil
      ),
      (
        "names: [{ host: a.example }, { host: '*.b.example' }, { host: a.example, minimumVersion: 1.3 }]", "7:69",
        "name `a.example` has two policies", "put them together"
      ),
      (
        "names: [{ host: 'a.*' }]", "7:23", "`a.*` is no host name",
        "write `app.example.org` or `*.example.org`"
      ),
      (
        "names: [{ host: a.example, groups: [P256] }]", "7:43", "unknown group `P256`",
        "known are `X25519MLKEM768`, `X25519`, `P-256` and `P-384`"
      ),
      ("unknownNames: deny", "7:21", "unknown value `deny`", "write one of `allow` or `refuse`"),
      (
        "clients: { verify: required }", "7:16", "`verify: required` needs `ca`",
        "name the file of the authorities to believe"
      ),
      (
        "clients: { verify: optional, crl: ca.crl }", "7:16", "`verify: optional` needs `ca`",
        "name the file of the authorities to believe"
      ),
      (
        "clients: { ca: ca.pem }", "7:22", "`ca` has no effect with `verify: off`",
        "write `verify: required` or `verify: optional`"
      ),
      (
        "clients: { verify: off, crl: ca.crl }", "7:36", "`crl` has no effect with `verify: off`",
        "write `verify: required` or `verify: optional`"
      ),
      (
        "clients: { verify: maybe }", "7:26", "unknown value `maybe`", "write one of `off`, `optional` or `required`"
      ),
      (
        "clients: { verify: required, ca: text.pem }", "7:40", "authorities `text.pem`: no certificate in the file",
        "a PEM file has lines of `-----BEGIN CERTIFICATE-----`"
      ),
      (
        "clients: { verify: required, ca: ca.pem, crl: ca.pem }", "7:53",
        "revocation list `ca.pem`: no revocation list in the file",
        "a PEM file has lines of `-----BEGIN X509 CRL-----`"
      ),
      (
        "clients: { verify: required, ca: ca.pem, crl: other.crl }", "7:53",
        "`other.crl`: the revocation list is by `CN=Test CA other`, which isn't among the trusted authorities",
        "add that authority's certificate, or take the list out"
      ),
      (
        "names: [{ host: a.example, clients: { verify: required } }]", "7:43", "`verify: required` needs `ca`",
        "name the file of the authorities to believe"
      ),
    ] as [(String, String, String, String?)])
  func wrongKeys(_ keys: String, _ place: String, _ message: String, _ hint: String?) {
    #expect(tlsErrors(httpsListener(keys)) == issue(place, message, hint))
  }

  @Test func authoritiesNeedNotBeAChain() throws {
    let text = httpsListener("clients: { verify: required, ca: both.pem, crl: other.crl }")
    let clients = try #require(try tlsLoad(text).configuration.listeners[0].tls?.policy.clients)
    #expect(clients.verify == .required)
    #expect(clients.ca?.bytes == Array((TestPEM.authority + TestPEM.otherAuthority).utf8))
    #expect(clients.crl == FileContent(path: "other.crl", bytes: Array(TestPEM.otherRevocationList.utf8)))
    let pool = try #require(try tlsLoad(tlsPool("ca: both.pem")).configuration.pools[0].tls)
    #expect(pool.ca?.path == "both.pem")
  }

  @Test(
    arguments: [
      ("hybrid-preferred", TLSGroupPolicy.hybridPreferred, [0x11ec, 0x1d, 0x17, 0x18]),
      ("hybrid-required", .hybridRequired, [0x11ec]),
      ("[P-384]", .list([TLSGroup(rawValue: 0x18)]), [0x18]),
      (
        "[P-256, X25519MLKEM768, X25519]", .list([0x17, 0x11ec, 0x1d].map { TLSGroup(rawValue: $0) }),
        [0x17, 0x11ec, 0x1d]
      ),
    ] as [(String, TLSGroupPolicy, [UInt16])])
  func groups(_ text: String, _ policy: TLSGroupPolicy, _ codes: [UInt16]) throws {
    let groups = try tlsLoad(httpsListener("groups: \(text)")).configuration.listeners[0].tls?.policy.groups
    #expect(groups == policy)
    #expect(groups?.groups.map(\.rawValue) == codes)
  }

  @Test(arguments: [("1.2", TLSVersion.tls12), ("\"1.3\"", .tls13)])
  func versions(_ text: String, _ version: TLSVersion) throws {
    let tls = try #require(try tlsLoad(httpsListener("minimumVersion: \(text)")).configuration.listeners[0].tls)
    #expect(tls.policy.minimumVersion == version)
    #expect(tls.handshakesPerSecond == .max && tls.unknownNames == .allow)
  }

  @Test(
    arguments: [
      ("pins: [abc]", "5:19", "`abc` is no pin"),
      ("pins: [sha256/6NVitvCKz4KTjornjABLBjpFSGYSz2q6+wIVevvgk]", "5:19", nil),
      ("pins: [sha1/6NVitvCKz4KTjornjABLBjpFSGYSz2q6+wIVevvgk+E=]", "5:19", nil),
      ("pins: [\"a\\nb\\e[31m\"]", "5:19", "`a\\nb\\u{1b}[31m` is no pin"),
    ] as [(String, String, String?)])
  func wrongPins(_ keys: String, _ place: String, _ message: String?) {
    let text = message ?? "`\(keys.dropFirst(7).dropLast())` is no pin"
    #expect(
      tlsErrors(tlsPool(keys))
        == issue(
          place, text, "write `sha256/BASE64` for a key or 64 hexadecimal digits for a certificate"))
  }

  @Test(arguments: [
    "sha256/6NVitvCKz4KTjornjABLBjpFSGYSz2q6+wIVevvgk+E=",
    "DA:18:0A:DF:B5:04:7A:30:B4:8F:20:B0:FF:0A:78:89:4B:53:01:95:5E:DF:D0:D1:90:27:DB:74:E1:E3:4A:BF",
    "da180adfb5047a30b48f20b0ff0a78894b5301955edfd0d19027db74e1e34abf",
  ])
  func pins(_ pin: String) throws {
    let tls = try #require(try tlsLoad(tlsPool("verify: pins, pins: [\(pin)]")).configuration.pools[0].tls)
    #expect(tls.verify == .pins && tls.pins == [pin])
  }

  @Test(
    arguments: [
      (
        "verify: pins", "5:10", "`verify: pins` needs `pins`",
        "`sluice pki show CERTIFICATE` prints a certificate's pin"
      ),
      ("verify: none", "5:20", "unknown value `none`", "write one of `full`, `chain` or `pins`"),
      ("serverName: '*.a'", "5:24", "`*.a` is no host", "`*.` can't stand here"),
      ("ca: none.pem", "5:16", "can't read `none.pem`: no such file", nil),
      ("minimumVersion: 1.0", "5:28", "TLS 1.0 is broken and is not spoken", "write `\"1.2\"` or `\"1.3\"`"),
      (
        "groups: [P-521]", "5:21", "unknown group `P-521`",
        "known are `X25519MLKEM768`, `X25519`, `P-256` and `P-384`"
      ),
      (
        "certificate: { chain: leaf.pem, key: other.key }", "5:49",
        "the key `other.key` is not that of the certificate `leaf.pem`", "was one of them renewed without the other?"
      ),
    ] as [(String, String, String, String?)])
  func wrongUpstreams(_ keys: String, _ place: String, _ message: String, _ hint: String?) {
    #expect(tlsErrors(tlsPool(keys)) == issue(place, message, hint))
  }
}
