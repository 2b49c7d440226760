import Foundation
import PKI
import SluiceModel
import Testing

@Suite struct VerificationTests {
  /// An authority with two certificates and its list, made by OpenSSL.
  struct Site {
    let lab: Lab
    let ca: CertificateFacts
    let leaf: CertificateFacts
    let revocations: RevocationSet

    init(extensions: String = "", revoked: [(String, String)] = []) throws {
      lab = try Lab()
      try lab.certificate("ca", subject: "/CN=ca", extensions: Lab.authorityExtensions)
      try lab.openssl("genpkey -algorithm ED25519 -out leaf.key")
      try lab.openssl("req -new -key leaf.key -subj /CN=leaf -out leaf.csr")
      try lab.write(
        "leaf.cnf", "authorityKeyIdentifier=keyid\nsubjectAltName=DNS:gate.plant.example,IP:10.0.0.1\n" + extensions)
      try lab.openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 5 -set_serial 0x2a -extfile leaf.cnf -out leaf.pem")
      try lab.revocationList("crl", authority: "ca", revoked: revoked)
      ca = try #require(try PEM.certificates(try lab.read("ca.pem")).first)
      leaf = try #require(try PEM.certificates(try lab.read("leaf.pem")).first)
      revocations = try RevocationSet(try PEM.revocationLists(try lab.read("crl.pem")), issuers: [ca])
    }

    var now: Int64 { leaf.identity.notBefore + 60 }
  }

  @Test func letsAGoodPeerStay() throws {
    let site = try Site(
      extensions: "1.3.6.1.4.1.50316.802.1=ASN1:UTF8String:operator\n", revoked: [("2B", "superseded")])
    let verifier = PeerVerifier(
      revocations: site.revocations, pins: [try CertificatePin(site.leaf.identity.fingerprint)],
      host: "gate.plant.example")
    #expect(verifier.refusal(of: site.leaf, now: site.now) == nil)
    #expect(verifier.refusal(of: site.leaf, chain: [site.ca], now: site.now) == nil)
    #expect(PeerVerifier().refusal(of: site.leaf, now: site.now) == nil)
  }

  @Test func saysWhyItRefuses() throws {
    let site = try Site(revoked: [("2A", "keyCompromise")])
    let leaf = site.leaf
    func reason(_ verifier: PeerVerifier, at now: Int64? = nil) -> PeerRefusal.Reason? {
      verifier.refusal(of: leaf, now: now ?? site.now)?.reason
    }
    #expect(reason(PeerVerifier(), at: leaf.identity.notAfter) == nil)
    #expect(reason(PeerVerifier(), at: leaf.identity.notAfter + 1) == .expired)
    #expect(reason(PeerVerifier(), at: leaf.identity.notBefore - 1) == .notYetValid)
    #expect(reason(PeerVerifier(clockSkewSeconds: 60), at: leaf.identity.notBefore - 60) == nil)
    #expect(reason(PeerVerifier(clockSkewSeconds: 60), at: leaf.identity.notBefore - 61) == .notYetValid)
    #expect(reason(PeerVerifier(revocations: site.revocations)) == .revoked)
    let none = try RevocationSet([], issuers: [])
    #expect(reason(PeerVerifier(revocations: none)) == .noRevocationList)
    #expect(reason(PeerVerifier(pins: [try CertificatePin(site.ca.publicKeyPin)])) == .notPinned)
    #expect(reason(PeerVerifier(host: "other.plant.example")) == .nameMismatch)
    #expect(reason(PeerVerifier(host: "leaf")) == .nameMismatch, "the common name does not count")
    #expect(PeerVerifier().refusal(of: site.ca, now: site.now)?.reason == .authority)
    let refusal = try #require(PeerVerifier(revocations: site.revocations).refusal(of: leaf, now: site.now))
    #expect("\(refusal)" == "certificate revoked: on 2025-01-02T03:04:05Z, keyCompromise")
    #expect("\(PeerRefusal(.expired).phrase)" == "certificate expired")
    #expect(
      Set(PeerRefusal.Reason.allCases.map { "\(PeerRefusal($0).phrase)" }).count == PeerRefusal.Reason.allCases.count)
  }

  @Test func refusesByAStaleList() throws {
    let site = try Site()
    let list = try #require(site.revocations.nextUpdate)
    let verifier = PeerVerifier(revocations: site.revocations)
    #expect(verifier.refusal(of: site.leaf, now: site.now) == nil)
    // The leaf counts 5 days, the list 30: a list that ended before is needed.
    let old = try RevocationSet([], issuers: [site.ca])
    #expect(PeerVerifier(revocations: old).refusal(of: site.leaf, now: site.now)?.reason == .noRevocationList)
    try site.lab.write("short.txt", "")
    try site.lab.write(
      "short.cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=short.txt\ndefault_md=sha256\ncrl_extensions=e\n[e]\n")
    try site.lab.openssl(
      "ca -gencrl -config short.cnf -cert ca.pem -keyfile ca.key -crlsec 30 -out short.pem")
    let short = try RevocationSet(
      try PEM.revocationLists(try site.lab.read("short.pem")), issuers: [site.ca])
    let end = try #require(short.nextUpdate)
    #expect(PeerVerifier(revocations: short).refusal(of: site.leaf, now: end) == nil)
    #expect(PeerVerifier(revocations: short).refusal(of: site.leaf, now: end + 1)?.reason == .revocationListExpired)
    #expect(
      PeerVerifier(revocations: short).refusal(of: site.leaf, now: end - 31)?.reason != nil
        || site.leaf.identity.notBefore < end - 30)
    #expect(list > end)
  }

  @Test func refusesUnsoundRolesUnlessToldNotTo() throws {
    let site = try Site(extensions: "1.3.6.1.4.1.50316.802.1=DER:0c00\n")
    #expect(PeerVerifier().refusal(of: site.leaf, now: site.now)?.reason == .roleProblem)
    #expect(PeerVerifier(refusesRoleProblems: false).refusal(of: site.leaf, now: site.now) == nil)
    let critical = try Site(extensions: "1.2.3.4=critical,ASN1:NULL\n")
    #expect(PeerVerifier().refusal(of: critical.leaf, now: critical.now)?.reason == .unknownCriticalExtension)
  }

  // MARK: Pins

  @Test func pinsAreThoseOfOpenSSL() throws {
    let lab = try Lab()
    try lab.certificate("a")
    let facts = try #require(try PEM.certificates(try lab.read("a.pem")).first)
    let fingerprint = try lab.openssl("x509 -in a.pem -noout -fingerprint -sha256").dropFirst(
      "sha256 Fingerprint=".count
    ).dropLast()
    try lab.openssl("x509 -in a.pem -noout -pubkey -out key.pem")
    try lab.openssl("pkey -pubin -in key.pem -outform DER -out key.der")
    try lab.openssl("dgst -sha256 -binary -out hash key.der")
    let hash = try lab.read("hash")
    let base64 = Data(hash).base64EncodedString()
    let hexadecimal = hash.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    #expect(facts.publicKeyPin == "sha256/" + base64)
    for text in [String(fingerprint), facts.identity.fingerprint, "sha256/" + base64, "spki:" + hexadecimal] {
      let pin = try CertificatePin(text)
      #expect(pin.matches(facts), "\(text)")
      #expect(try CertificatePin(pin.description) == pin)
    }
    #expect(try !CertificatePin(hexadecimal).matches(facts))
  }

  @Test(arguments: ["", "sha256/", "sha256/AAAA", "zz", String(repeating: "0", count: 63), "spki:", "sha1/AAAA"])
  func refusesOtherPins(_ text: String) {
    #expect(throws: PKIError.self) { try CertificatePin(text) }
  }

  // MARK: Names

  @Test(
    arguments: [
      ("gate.plant.example", HostNames.Match.exact), ("GATE.plant.example.", .exact), ("a.plant.example", .wildcard),
      ("a.b.plant.example", nil), ("plant.example", nil), (".plant.example", nil), ("*.plant.example", .exact),
      ("a.example", nil), ("x.co.uk.", nil), ("10.0.0.1", .exact), ("10.0.0.2", nil), ("[2001:db8::1]", .exact),
      ("2001:db8:0::1", .exact), ("", nil), (".", nil), ("aplant.example", nil), ("f.oo.example", nil),
    ] as [(String, HostNames.Match?)])
  func matchesHosts(_ host: String, _ match: HostNames.Match?) {
    let identity = PeerIdentity(
      subject: "CN=cn.example", issuer: "", serialNumber: "1",
      dnsNames: ["gate.plant.example", "*.plant.example", "*.example", "*", "*.*.uk", "f*.oo.example"],
      ipAddresses: ["10.0.0.1", "2001:db8::1"].compactMap { IPAddress($0) }, fingerprint: "", notBefore: 0, notAfter: 0)
    #expect(HostNames.match(host, identity) == match)
  }

  @Test func choosesTheCertificateForAHost() throws {
    let lab = try Lab()
    for (name, names) in [("a", "DNS:*.plant.example"), ("b", "DNS:gate.plant.example"), ("c", "DNS:*.plant.example")] {
      try lab.certificate(name, extensions: "subjectAltName=\(names)\n")
    }
    let all = try PEM.certificates(try ["a", "b", "c"].flatMap { try lab.read($0 + ".pem") })
    #expect(HostNames.index(for: "gate.plant.example", in: all) == 1)
    #expect(HostNames.index(for: "x.plant.example", in: all) == 0)
    #expect(HostNames.index(for: "plant.example", in: all) == nil)
  }
}
