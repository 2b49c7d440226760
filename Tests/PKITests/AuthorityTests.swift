import Foundation
import PKI
import SluiceModel
import Testing

/// What the authority issues, judged by OpenSSL.
@Suite struct AuthorityTests {
  /// An authority in a directory of its own.
  struct Plant {
    let lab: Lab
    let authority: CertificateAuthority

    init(
      curve: SigningKey.Curve = .p256, days: Int = 3650, now: Int64 = Self.now,
      _ constrain: (inout NameConstraints) -> Void = { _ in }
    ) throws {
      lab = try Lab()
      var constraints = NameConstraints()
      constrain(&constraints)
      authority = try CertificateAuthority.create(
        at: lab.path("pki"),
        AuthorityRequest(name: "Plant CA", organization: "Acme", curve: curve, constraints: constraints, days: days),
        now: now, random: Self.random)
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255) } }

    @discardableResult
    func issue(
      _ name: String, _ purposes: Set<CertificatePurpose> = [.server], dns: [String] = [], ip: [String] = [],
      email: [String] = [], spiffe: String? = nil, role: String? = nil, days: Int? = nil,
      curve: SigningKey.Curve = .p256, request: CertificateRequest? = nil, replaces: Bool = false, now: Int64 = now
    ) throws -> IssueResult {
      try authority.issue(
        IssueRequest(
          name: name, purposes: purposes,
          names: try CertificateNames(dns: dns, ip: ip, email: email, spiffe: spiffe), modbusRole: role, days: days,
          curve: curve, request: request, replaces: replaces), now: now, random: Self.random)
    }

    func verify(_ name: String, _ options: String = "") throws -> Lab.Outcome {
      let arguments = "verify -x509_strict -CAfile pki/ca.pem \(options) pki/issued/\(name).pem"
      return try lab.run("openssl", arguments.split(separator: " ").map(String.init))
    }
  }

  @Test(arguments: SigningKey.Curve.allCases)
  func opensslVerifiesWhatIsIssued(_ curve: SigningKey.Curve) throws {
    let plant = try Plant(curve: curve) {
      $0.dns.permitted = ["plant.example"]
      $0.ip.permitted = ["10.0.0.0/8", "2001:db8::/32"].compactMap { AddressRange($0) }
      $0.dns.excluded = ["guest.plant.example"]
      $0.email.permitted = ["plant.example"]
      $0.uri.permitted = ["plant.example"]
    }
    #expect(try plant.authority.certificate.nameConstraints() == plant.authority.constraints)
    try plant.issue(
      "gate", [.server, .client], dns: ["gate.plant.example", "*.hmi.plant.example"], ip: ["10.0.0.1", "2001:db8::1"],
      curve: curve)
    try plant.issue(
      "historian", [.client], email: ["ann@plant.example"], spiffe: "spiffe://plant.example/historian", role: "operator"
    )
    let gate = try plant.verify(
      "gate", "-crl_check -CRLfile pki/crl.pem -purpose sslserver -verify_hostname gate.plant.example")
    #expect(gate.status == 0, "\(gate.text)")
    let historian = try plant.verify("historian", "-crl_check -CRLfile pki/crl.pem -purpose sslclient")
    #expect(historian.status == 0, "\(historian.text)")
    let text = try plant.lab.openssl("x509 -in pki/issued/historian.pem -noout -text")
    for part in [
      "URI:spiffe://plant.example/historian, email:ann@plant.example",
      "1.3.6.1.4.1.50316.802.1: \n                ..operator",
      "TLS Web Server Authentication, TLS Web Client Authentication",
      "X509v3 Key Usage: critical\n                Digital Signature\n",
      "Issuer: O = Acme, CN = Plant CA", "CA:FALSE",
    ] { #expect(text.contains(part), "\(part) in \(text)") }
    let ca = try plant.lab.openssl("x509 -in pki/ca.pem -noout -text")
    for part in [
      "CA:TRUE, pathlen:0", "X509v3 Name Constraints: critical", "Certificate Sign, CRL Sign",
      "DNS:plant.example", "IP:10.0.0.0/255.0.0.0", "X509v3 Basic Constraints: critical", "X509v3 Key Usage: critical",
    ] { #expect(ca.contains(part), "\(part) in \(ca)") }
    let facts = try #require(try PEM.chain(try plant.lab.read("pki/issued/historian-chain.pem")).first)
    #expect(facts.role == .role("operator"))
    #expect(facts.serial.count == 20)
    #expect(try facts.isSigned(by: plant.authority.certificate))
    let key = try PEM.privateKey(try plant.lab.read("pki/issued/gate.key"))
    #expect(
      key.belongs(to: try #require(try PEM.certificates(try plant.lab.read("pki/issued/gate.pem")).first)) == true)
  }

  @Test func keysAreForTheirOwnerOnly() throws {
    let plant = try Plant()
    try plant.issue("gate", dns: ["gate"])
    func mode(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: plant.lab.path(path))[.posixPermissions] as? Int
    }
    #expect(try mode("pki") == 0o700)
    #expect(try mode("pki/issued") == 0o700)
    for name in ["ca.key", "issued/gate.key", "index.jsonl"] { #expect(try mode("pki/" + name) == 0o600, "\(name)") }
    for name in ["ca.pem", "crl.pem", "issued/gate.pem"] { #expect(try mode("pki/" + name) == 0o644, "\(name)") }
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: plant.lab.path("pki/ca.key"))
    let failure = #expect(throws: PKIError.self) { try CertificateAuthority(at: plant.authority.directory) }
    #expect(failure?.message.contains("can be read by others") == true)
    #expect(failure?.hint?.hasPrefix("chmod 600") == true)
  }

  // MARK: Names

  @Test(
    arguments: [
      (["gate.other.example"], [], [], nil, "gate.other.example"),
      (["plant.example.evil.example"], [], [], nil, "evil"),
      (["xplant.example"], [], [], nil, "xplant.example"),
      (["a.guest.plant.example"], [], [], nil, "guest.plant.example"),
      (["*.plant.example"], [], [], nil, "includes names"), (["*.other.example"], [], [], nil, "*.other.example"),
      (["gate.plant.example"], ["192.168.0.1"], [], nil, "192.168.0.1"),
      (["gate.plant.example"], ["2001:db9::1"], [], nil, "2001"),
      (["gate.plant.example"], ["10.9.0.1"], [], nil, "excluded"),
      (["gate.plant.example"], [], ["a@other.example"], nil, "a@other"),
      (["gate.plant.example"], [], ["a@sub.plant.example"], nil, "a@sub"),
      (["gate.plant.example"], [], [], "spiffe://other.example/a", "trust domain"),
      (["gate.plant.example"], [], [], "spiffe://sub.plant.example/a", "trust domain"),
    ] as [([String], [String], [String], String?, String)])
  func refusesNamesOutsideTheConstraints(
    _ dns: [String], _ ip: [String], _ email: [String], _ spiffe: String?, _ message: String
  ) throws {
    let constrain: (inout NameConstraints) -> Void = {
      $0.dns.permitted = ["plant.example"]
      $0.dns.excluded = ["guest.plant.example"]
      $0.ip.permitted = ["10.0.0.0/8", "2001:db8::/32"].compactMap { AddressRange($0) }
      $0.ip.excluded = [AddressRange("10.9.0.0/16")].compactMap { $0 }
      $0.email.permitted = ["plant.example"]
      $0.uri.permitted = ["plant.example"]
    }
    let plant = try Plant(constrain)
    let failure = #expect(throws: PKIError.self) {
      try plant.issue("a", dns: dns, ip: ip, email: email, spiffe: spiffe)
    }
    #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
    #expect(try plant.authority.issued().isEmpty)
    // An authority with the same key and no constraints issues it; OpenSSL must refuse it by the constraints.
    guard !(dns.first?.hasPrefix("*.plant") ?? false) else { return }
    let key = try SigningKey(try PEM.privateKey(try plant.lab.read("pki/ca.key")))
    try expectOpenSSLRefuses(plant, key, try CertificateNames(dns: dns, ip: ip, email: email, spiffe: spiffe))
  }

  private func expectOpenSSLRefuses(_ plant: Plant, _ key: SigningKey, _ names: CertificateNames) throws {
    let ca = plant.authority.certificate
    let der = try CertificateTemplate(
      serial: [1], issuerDER: ca.subjectDER, subjectDER: CertificateTemplate.name("a"), notBefore: Plant.now - 60,
      notAfter: Plant.now + 6000, publicKeyDER: key.publicKeyDER,
      extensions: [
        CertificateTemplate.authorityKey(try #require(ca.subjectKeyIdentifier)),
        CertificateTemplate.standard(0x11, names.encoded()),
      ]
    ).signed(by: key)
    try plant.lab.write("pki/issued/a.pem", PEM.text(label: "CERTIFICATE", der: der))
    let outcome = try plant.verify("a")
    #expect(outcome.status != 0)
    #expect(outcome.text.contains("subtree violation"), "\(outcome.text)")
  }

  @Test func aCommonNameWithADotIsAName() throws {
    let plant = try Plant { $0.dns.permitted = ["plant.example"] }
    #expect(throws: PKIError.self) { try plant.issue("gate.other.example", [.client]) }
    try plant.issue("gate.plant.example", [.client])
    #expect(try plant.verify("gate.plant.example").status == 0)
    try plant.issue("plc-7", [.client])
    #expect(try plant.verify("plc-7").status == 0)
  }

  @Test(
    arguments: [
      (["a b"], [], [], nil), (["10.0.0.1"], [], [], nil), (["-a"], [], [], nil), (["a..b"], [], [], nil),
      (["*"], [], [], nil),
      (["a.*"], [], [], nil), (["*.a"], [], [], nil), ([String(repeating: "a", count: 64)], [], [], nil),
      ([""], [], [], nil),
      ([], ["10.0.0"], [], nil), ([], ["a"], [], nil), ([], [], ["a"], nil), ([], [], ["a@b@c"], nil),
      ([], [], ["a@"], nil),
      ([], [], [], "https://a/b"), ([], [], [], "spiffe://a"), ([], [], [], "spiffe://A/b"),
    ] as [([String], [String], [String], String?)])
  func refusesNamesThatAreNone(_ dns: [String], _ ip: [String], _ email: [String], _ spiffe: String?) {
    #expect(throws: PKIError.self) { try CertificateNames(dns: dns, ip: ip, email: email, spiffe: spiffe) }
  }

  @Test func refusesWhatIsNotAskedRight() throws {
    let plant = try Plant(days: 100)
    func refused(_ message: String, _ work: () throws -> IssueResult) {
      let failure = #expect(throws: PKIError.self) { try work() }
      #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
    }
    refused("needs a name") { try plant.issue("a", [.server]) }
    refused("--server") { try plant.issue("a", []) }
    for name in ["", "../a", "a/b", ".a", "-a", "a b", "a-chain", String(repeating: "a", count: 65)] {
      refused("can't be") { try plant.issue(name, [.client]) }
    }
    refused("modbus role") { try plant.issue("a", [.client], role: "") }
    refused("modbus role") { try plant.issue("a", [.client], role: "a\nb") }
    refused("days") { try plant.issue("a", [.client], days: 0) }
    refused("longer than the authority") { try plant.issue("a", [.client], days: 101) }
    refused("expired") { try plant.issue("a", [.client], now: Plant.now + 101 * 86_400) }
    #expect(try plant.issue("a", [.client]).certificate.notAfter == plant.authority.certificate.identity.notAfter)
    #expect(throws: PKIError.self) { try Plant(days: 0) }
  }

  // MARK: Again

  @Test func overwritesNothingUnlessTold() throws {
    let plant = try Plant()
    let first = try plant.issue("gate", dns: ["gate"])
    let key = try plant.lab.read("pki/issued/gate.key")
    let failure = #expect(throws: PKIError.self) { try plant.issue("gate", dns: ["gate"]) }
    #expect(failure?.hint?.contains("--force") == true)
    #expect(try plant.lab.read("pki/issued/gate.key") == key)
    let second = try plant.issue("gate", dns: ["gate"], replaces: true)
    #expect(try plant.lab.read("pki/issued/gate.key") != key)
    #expect(try plant.authority.issued().map(\.serial) == [first.certificate.serial, second.certificate.serial])
    #expect(throws: PKIError.self) {
      try CertificateAuthority.create(
        at: plant.authority.directory, AuthorityRequest(name: "x"), now: Plant.now, random: Plant.random)
    }
  }

  @Test func anInterruptedInitBeginsAnew() throws {
    let plant = try Plant()
    try FileManager.default.removeItem(atPath: plant.lab.path("pki/ca.pem"))
    #expect(throws: PKIError.self) { try CertificateAuthority(at: plant.authority.directory) }
    let again = try CertificateAuthority.create(
      at: plant.authority.directory, AuthorityRequest(name: "x"), now: Plant.now, random: Plant.random)
    #expect(try CertificateAuthority(at: again.directory).certificate == again.certificate)
  }

  @Test func manyAtOnceLoseNothing() async throws {
    let plant = try Plant()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<16 {
        group.addTask {
          let authority = try CertificateAuthority(at: plant.authority.directory)
          _ = try authority.issue(
            IssueRequest(name: "plc-\(number)", purposes: [.client], names: try CertificateNames()), now: Plant.now,
            random: Plant.random)
          if number % 2 == 0 { _ = try authority.revoke("plc-\(number)", reason: .superseded, now: Plant.now) }
        }
      }
      try await group.waitForAll()
    }
    let issued = try plant.authority.issued()
    #expect(Set(issued.map(\.name)).count == 16)
    #expect(issued.filter { $0.revocation != nil }.count == 8)
    #expect(try plant.authority.revocationList().count == 8)
    #expect(try plant.authority.revocationList().number == [9])
  }

  // MARK: Revocation

  @Test func opensslRefusesWhatIsRevoked() throws {
    let plant = try Plant()
    let first = try plant.issue("plc", [.client])
    try plant.issue("hmi", [.client])
    let crl = "-crl_check -CRLfile pki/crl.pem"
    #expect(try plant.verify("plc", crl).status == 0)
    let revoked = try plant.authority.revoke("plc", reason: .keyCompromise, now: Plant.now)
    #expect(revoked.map(\.serial) == [first.certificate.serial])
    let outcome = try plant.verify("plc", crl)
    #expect(outcome.status != 0 && outcome.text.contains("certificate revoked"), "\(outcome.text)")
    #expect(try plant.verify("hmi", crl).status == 0)
    let text = try plant.lab.openssl("crl -in pki/crl.pem -noout -text -CAfile pki/ca.pem")
    for part in ["verify OK", "Key Compromise", "X509v3 CRL Number: \n                2", "Version 2"] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    let list = try plant.authority.revocationList()
    let facts = try #require(try PEM.certificates(try plant.lab.read("pki/issued/plc.pem")).first)
    #expect(list.covers(facts))
    guard case .revoked(_, .keyCompromise) = list.status(of: facts.serial, at: Plant.now) else {
      Issue.record("not revoked")
      return
    }
    let verifier = PeerVerifier(revocations: try RevocationSet([list], issuers: [plant.authority.certificate]))
    #expect(verifier.refusal(of: facts, now: Plant.now)?.reason == .revoked)
    #expect(throws: PKIError.self) { try plant.authority.revoke("plc", reason: .superseded, now: Plant.now) }
    #expect(throws: PKIError.self) { try plant.authority.revoke("nobody", reason: .superseded, now: Plant.now) }
    let hmi = try #require(try plant.authority.issued().last)
    #expect(try plant.authority.revoke(hmi.serial.uppercased(), reason: .unspecified, now: Plant.now).count == 1)
    #expect(try plant.authority.revocationList().count == 2)
    #expect(try plant.authority.issued().map { $0.state(at: Plant.now) } == [.revoked, .revoked])
  }

  @Test func listsAreRenewedAndLossIsSeen() throws {
    let plant = try Plant()
    let old = try plant.lab.read("pki/crl.pem")
    let now = Plant.now
    #expect(try plant.authority.renewRevocationList(now: now) == now + 30 * 86_400)
    #expect(try plant.authority.renewRevocationList(days: 7, now: now) == now + 7 * 86_400)
    #expect(try plant.authority.renewRevocationList(now: now) == now + 7 * 86_400)
    #expect(try plant.authority.revocationList().number == [4])
    try plant.lab.write("pki/crl.pem", old)
    #expect(throws: PKIError("`crl.pem` is older than the index", hint: "write it anew: sluice pki crl")) {
      try plant.authority.revocationList()
    }
    try FileManager.default.removeItem(atPath: plant.lab.path("pki/crl.pem"))
    #expect(throws: PKIError.self) { try plant.authority.revocationList() }
    try plant.authority.renewRevocationList(now: now)
    #expect(try plant.authority.revocationList().number == [5])
    try plant.lab.write("pki/index.jsonl", try plant.lab.read("pki/index.jsonl") + Array("{broken\n".utf8))
    let failure = #expect(throws: PKIError.self) { try plant.authority.issued() }
    #expect(failure?.description == "`index.jsonl`, line 2: not an entry of the index")
  }

  // MARK: Requests

  @Test(arguments: [
    ("EC -pkeyopt ec_paramgen_curve:P-256", true), ("EC -pkeyopt ec_paramgen_curve:P-521", true),
    ("RSA -pkeyopt rsa_keygen_bits:2048", true), ("ED25519", true), ("EC -pkeyopt ec_paramgen_curve:secp256k1", false),
  ])
  func certifiesRequestsOfOpenSSL(_ key: String, _ isCertified: Bool) throws {
    let plant = try Plant()
    try plant.lab.write(
      "r.cnf", "[req]\ndistinguished_name=dn\nreq_extensions=e\n[dn]\n[e]\nbasicConstraints=CA:TRUE\n")
    try plant.lab.openssl("genpkey -algorithm \(key) -out r.key")
    try plant.lab.openssl("req -new -config r.cnf -key r.key -subj /CN=root -out r.csr")
    guard isCertified else {
      #expect(throws: PKIError.self) { try CertificateRequest(pem: try plant.lab.read("r.csr")) }
      return
    }
    let request = try CertificateRequest(pem: try plant.lab.read("r.csr"))
    #expect(request.subject == "CN=root")
    let result = try plant.issue("plc", dns: ["plc"], request: request)
    #expect(result.keyPath == nil)
    #expect(!FileManager.default.fileExists(atPath: plant.lab.path("pki/issued/plc.key")))
    #expect(try plant.verify("plc", "-purpose sslserver").status == 0)
    let facts = try #require(try PEM.certificates(try plant.lab.read("pki/issued/plc.pem")).first)
    #expect(!facts.isCA && facts.identity.subject == "CN=plc")
    #expect(try PEM.privateKey(try plant.lab.read("r.key")).belongs(to: facts) == true)
    try plant.issue("own", [.client])
    let failure = #expect(throws: PKIError.self) { try plant.issue("own", [.client], request: request, replaces: true) }
    #expect(failure?.message.contains("key of an earlier certificate") == true)
  }

  @Test func theDirectoryIsNotForOthers() throws {
    let lab = try Lab()
    try FileManager.default.createDirectory(atPath: lab.path("pki"), withIntermediateDirectories: false)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: lab.path("pki"))
    let failure = #expect(throws: PKIError.self) {
      try CertificateAuthority.create(
        at: lab.path("pki"), AuthorityRequest(name: "x"), now: Plant.now, random: Plant.random)
    }
    #expect(failure?.hint?.hasPrefix("chmod 700") == true)
    #expect(!FileManager.default.fileExists(atPath: lab.path("pki/ca.key")))
  }

  @Test func refusesRequestsOfAnotherKey() throws {
    let lab = try Lab()
    try lab.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out r.key")
    try lab.openssl("req -new -key r.key -subj /CN=root -out r.csr")
    var der = try #require(try PEM.blocks(try lab.read("r.csr")).first).der
    let at = try #require(der.indices.first { der[$0...].starts(with: Array("root".utf8)) })
    der[at] = UInt8(ascii: "b")
    #expect(throws: PKIError("the request isn't signed by the key in it")) { try CertificateRequest(der: der) }
    #expect(throws: PKIError.self) { try CertificateRequest(pem: Array("none".utf8)) }
    let twice = try lab.read("r.csr") + lab.read("r.csr")
    #expect(throws: PKIError.self) { try CertificateRequest(pem: twice) }
  }

  // MARK: Another judge

  /// Python's `cryptography` reads and verifies with code of its own (Rust).
  @Test func pythonVerifiesWhatIsIssued() throws {
    let plant = try Plant { $0.dns.permitted = ["plant.example"] }
    guard try plant.lab.run("python3", ["-c", "import cryptography.x509.verification"]).status == 0 else {
      print("skipped: Python's `cryptography` is not installed")
      return
    }
    try plant.issue("gate", [.server], dns: ["gate.plant.example"], role: "operator")
    try plant.issue("plc", [.client])
    _ = try plant.authority.revoke("plc", reason: .keyCompromise, now: Plant.now)
    try plant.lab.write(
      "check.py",
      """
      from cryptography import x509
      from cryptography.x509.verification import PolicyBuilder, Store
      load = lambda n: x509.load_pem_x509_certificate(open('pki/' + n, 'rb').read())
      ca, gate, plc = load('ca.pem'), load('issued/gate.pem'), load('issued/plc.pem')
      chain = PolicyBuilder().store(Store([ca])).build_server_verifier(x509.DNSName('gate.plant.example')).verify(gate, [])
      assert len(chain) == 2
      crl = x509.load_pem_x509_crl(open('pki/crl.pem', 'rb').read())
      assert crl.is_signature_valid(ca.public_key())
      assert crl.get_revoked_certificate_by_serial_number(gate.serial_number) is None
      entry = crl.get_revoked_certificate_by_serial_number(plc.serial_number)
      assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise
      assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2
      role = gate.extensions.get_extension_for_oid(x509.ObjectIdentifier('1.3.6.1.4.1.50316.802.1')).value.value
      assert role == b'\\x0c\\x08operator'
      """)
    let outcome = try plant.lab.run("python3", ["check.py"])
    #expect(outcome.status == 0, "\(outcome.text)")
  }
}
