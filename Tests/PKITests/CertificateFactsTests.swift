import Foundation
import PKI
import SluiceModel
import Testing

@Suite struct CertificateFactsTests {
  private func facts(_ lab: Lab, _ name: String) throws -> CertificateFacts {
    try #require(try PEM.certificates(try lab.read(name + ".pem")).first)
  }

  @Test(arguments: [
    ("EC -pkeyopt ec_paramgen_curve:P-256", "", "ECDSA P-256", "ECDSA with SHA-256"),
    ("EC -pkeyopt ec_paramgen_curve:P-384", "-sha384", "ECDSA P-384", "ECDSA with SHA-384"),
    ("EC -pkeyopt ec_paramgen_curve:P-521", "-sha512", "ECDSA P-521", "ECDSA with SHA-512"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "", "RSA 2048", "RSA with SHA-256"),
    (
      "RSA -pkeyopt rsa_keygen_bits:2048", "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest", "RSA 2048",
      "RSA-PSS with SHA-256"
    ),
    ("ED25519", "", "Ed25519", "Ed25519"),
  ])
  func readsWhatOpenSSLMakes(_ key: String, _ options: String, _ algorithm: String, _ signature: String) throws {
    let lab = try Lab()
    try lab.certificate(
      "a", key: key, subject: "/C=DE/O=Acme, Inc./OU=#1+CN= Gate \"N\"<1>\\/x /CN=Zoë",
      extensions: """
        subjectAltName=DNS:Gate.Plant.Example,DNS:*.plant.example,IP:10.0.5.1,IP:2001:db8::1,URI:spiffe://plant/gate,\
        email:ann@plant.example,RID:1.2.3
        extendedKeyUsage=clientAuth,serverAuth,1.2.3.4
        keyUsage=critical,digitalSignature
        1.3.6.1.4.1.50316.802.1=ASN1:UTF8String:operator
        """, options: options)
    let facts = try facts(lab, "a")
    let identity = facts.identity
    let ask = { (what: String) in
      let text = try lab.openssl("x509 -in a.pem -noout \(what)")
      return String(text.split(separator: "\n")[0].drop { $0 != "=" }.dropFirst())
    }
    let name = ##"CN=Zoë,OU=\#1+CN=\ Gate \"N\"\<1\>/x\ ,O=Acme\, Inc.,C=DE"##
    #expect(identity.subject == name)
    #expect(identity.issuer == identity.subject)
    #expect(identity.serialNumber == (try ask("-serial")).lowercased().drop { $0 == "0" })
    #expect(identity.fingerprint == (try ask("-fingerprint -sha256")).lowercased().filter { $0 != ":" })
    #expect(identity.notAfter - identity.notBefore == 30 * 86_400)
    #expect(CivilTime.text(identity.notBefore) == (try ask("-startdate -dateopt iso_8601")).isoTime)
    #expect(identity.dnsNames == ["gate.plant.example", "*.plant.example"])
    #expect(identity.ipAddresses == [IPAddress("10.0.5.1"), IPAddress("2001:db8::1")])
    #expect(identity.uris == ["spiffe://plant/gate"])
    #expect(identity.emailAddresses == ["ann@plant.example"])
    #expect(identity.spiffeID == "spiffe://plant/gate")
    #expect(identity.modbusRole == "operator")
    #expect(facts.role == .role("operator"))
    #expect(facts.extendedKeyUsage == ["clientAuth", "serverAuth", "1.2.3.4"])
    #expect(facts.keyUsage == .digitalSignature)
    #expect(facts.publicKeyAlgorithm == algorithm)
    #expect(facts.signatureAlgorithm == signature)
    #expect(!facts.isCA && facts.isSelfIssued)
    #expect(try facts.isSigned(by: facts))
    try lab.openssl("x509 -in a.pem -pubkey -noout -out key.pem")
    try lab.openssl("pkey -pubin -in key.pem -outform DER -out key.der")
    #expect(facts.publicKeyDER == (try lab.read("key.der")))
  }

  @Test func readsAuthorities() throws {
    let lab = try Lab()
    try lab.certificate(
      "ca",
      extensions: """
        basicConstraints=critical,CA:TRUE,pathlen:3
        keyUsage=critical,keyCertSign,cRLSign
        subjectKeyIdentifier=hash
        authorityKeyIdentifier=keyid:always
        subjectAltName=URI:spiffe://plant/ca
        1.2.3.4=critical,ASN1:NULL
        """)
    let facts = try facts(lab, "ca")
    #expect(facts.isCA)
    #expect(facts.basicConstraints?.pathLength == 3)
    #expect(facts.keyUsage == [.certificateSign, .revocationListSign])
    #expect(facts.subjectKeyIdentifier?.count == 20)
    #expect(facts.subjectKeyIdentifier == facts.authorityKeyIdentifier)
    #expect(facts.unknownCriticalExtensions == ["1.2.3.4"])
    #expect(facts.identity.spiffeID == nil, "an authority does not authenticate (X.509-SVID, 5.2)")
    #expect(facts.role == .none)
  }

  @Test func readsCertificatesOfVersion1() throws {
    let lab = try Lab()
    try lab.openssl("genpkey -algorithm ED25519 -out a.key")
    try lab.openssl("req -new -key a.key -subj / -out a.csr")
    try lab.openssl("x509 -req -in a.csr -signkey a.key -days 30000 -set_serial 0 -out a.pem")
    let facts = try facts(lab, "a")
    #expect(facts.identity.subject == "")
    #expect(facts.identity.serialNumber == "0")
    #expect(facts.identity.principal == "sha256:" + facts.identity.fingerprint)
    #expect(facts.identity.notAfter - facts.identity.notBefore == 30_000 * 86_400)
    #expect(facts.basicConstraints == nil && facts.keyUsage == nil && facts.extendedKeyUsage == nil)
  }

  // MARK: Roles

  @Test(arguments: [
    ("", PeerRole.none),
    ("ASN1:UTF8String:operator", .role("operator")),
    ("ASN1:FORMAT:UTF8,UTF8String:Schichtführer", .role("Schichtführer")),
    ("ASN1:FORMAT:UTF8,UTF8String:\(String(repeating: "r", count: 256))", .role(String(repeating: "r", count: 256))),
    ("ASN1:UTF8String:\(String(repeating: "r", count: 257))", .invalid(.tooLong)),
    ("DER:0c00", .invalid(.empty)),
    ("ASN1:PRINTABLESTRING:operator", .invalid(.wrongType)),
    ("ASN1:IA5STRING:operator", .invalid(.wrongType)),
    ("ASN1:OCTETSTRING:operator", .invalid(.malformed)),
    ("DER:6f70657261746f72", .invalid(.malformed)),
    ("DER:0c086f70657261746f7200", .invalid(.malformed)),
    ("DER:0c086f7065726174", .invalid(.malformed)),
    ("DER:0c036f700a", .invalid(.controlCharacter)),
    ("DER:0c036f7000", .invalid(.controlCharacter)),
    ("DER:0c036f70ff", .invalid(.notUTF8)),
    ("DER:30040c026f70", .invalid(.malformed)),
  ])
  func readsRoles(_ value: String, _ role: PeerRole) throws {
    let lab = try Lab()
    try lab.certificate("a", extensions: value.isEmpty ? "" : "1.3.6.1.4.1.50316.802.1=\(value)\n")
    let facts = try facts(lab, "a")
    #expect(facts.role == role)
    #expect(facts.identity.modbusRole == role.name)
  }

  /// OpenSSL does not write an extension twice, so the second one is renamed in the finished certificate.
  @Test func twoRolesAreNone() throws {
    let lab = try Lab()
    try lab.certificate(
      "a",
      extensions: """
        1.3.6.1.4.1.50316.802.1=ASN1:UTF8String:viewer
        1.3.6.1.4.1.50316.802.2=ASN1:UTF8String:admin
        """)
    var der = try #require(try PEM.blocks(try lab.read("a.pem")).first).der
    let other = Array(OID.modbusRole.dropLast()) + [2]
    let at = try #require(der.indices.first { der[$0...].starts(with: other) })
    der[at + other.count - 1] = 1
    let facts = try CertificateFacts(der: der)
    #expect(facts.role == .invalid(.duplicate))
    #expect(facts.identity.modbusRole == nil)
  }

  @Test func otherExtensionsStandOnce() throws {
    let lab = try Lab()
    try lab.certificate("a", extensions: "1.2.3.4=ASN1:NULL\n1.2.3.5=ASN1:NULL\n")
    var der = try #require(try PEM.blocks(try lab.read("a.pem")).first).der
    let at = try #require(der.indices.first { der[$0...].starts(with: [6, 3, 0x2a, 3, 5]) })
    der[at + 4] = 4
    #expect(throws: PKIError("the extension 1.2.3.4 twice")) { try CertificateFacts(der: der) }
  }

  // MARK: Names

  @Test(arguments: [
    "DER:300682046100622e", "DER:3003820161".replacingOccurrences(of: "61", with: "0a"), "DER:30028200",
    "DER:3005870301020a",
    "DER:30058403610a62", "DER:3003820180", "DER:30048702", "DER:3000ff",
  ])
  func refusesNamesThatDeceive(_ value: String) throws {
    let lab = try Lab()
    try lab.certificate("a", extensions: "subjectAltName=\(value)\n")
    #expect(throws: PKIError.self) { try PEM.certificates(try lab.read("a.pem")) }
  }

  @Test(arguments: [
    ("spiffe://plant.example/historian", true), ("spiffe://plant/a/b.c-d_e/F0", true), ("spiffe://plant", false),
    ("spiffe://plant/", false), ("spiffe://plant/a/", false), ("spiffe://plant//a", false),
    ("spiffe://plant/./a", false),
    ("spiffe://plant/../a", false), ("spiffe://Plant/a", false), ("SPIFFE://plant/a", false), ("spiffe:///a", false),
    ("spiffe://plant:80/a", false), ("spiffe://u@plant/a", false), ("spiffe://plant/a?b", false),
    ("spiffe://plant/a#b", false), ("spiffe://plant/%61", false), ("https://plant/a", false),
    ("spiffe://\(String(repeating: "a", count: 256))/a", false),
    ("spiffe://a/\(String(repeating: "a", count: 2038))", false),
    ("spiffe://a/\(String(repeating: "a", count: 2037))", true), ("spiffe://plänt/a", false),
  ])
  func checksSPIFFEIDs(_ text: String, _ isSVID: Bool) throws {
    let id = try? SPIFFEID(text)
    #expect((id.map { !$0.path.isEmpty } ?? false) == isSVID)
    if let id { #expect(id.description == "spiffe://" + id.trustDomain + id.path) }
  }

  @Test(arguments: [
    ("URI:spiffe://plant/a,URI:spiffe://plant/b", ""), ("URI:spiffe://plant/a,URI:https://x/", ""),
    ("URI:https://x/", ""), ("URI:spiffe://plant", ""), ("URI:spiffe://plant/a", "keyUsage=cRLSign"),
  ])
  func takesOneSPIFFEIDOnly(_ names: String, _ more: String) throws {
    let lab = try Lab()
    try lab.certificate("a", extensions: "subjectAltName=\(names)\n\(more)\n")
    #expect(try facts(lab, "a").identity.spiffeID == nil)
  }

  @Test func isBounded() throws {
    #expect(throws: PKIError.self) { try CertificateFacts(der: [UInt8](repeating: 0x30, count: 65_537)) }
    let lab = try Lab()
    let names = (0..<1025).map { "DNS:a\($0)" }.joined(separator: ",")
    try lab.certificate("a", extensions: "subjectAltName=\(names)\n")
    #expect(throws: PKIError("more than 1024 alternative names", line: 1)) {
      try PEM.certificates(try lab.read("a.pem"))
    }
  }

  @Test func deepNestingIsRefused() {
    var der: [UInt8] = []
    for _ in 0..<9000 {
      der =
        [0x30] + (der.count < 128 ? [UInt8(der.count)] : [0x82, UInt8(der.count >> 8), UInt8(der.count & 255)]) + der
    }
    #expect(throws: PKIError.self) { try CertificateFacts(der: der) }
  }
}

extension String {
  /// `2026-01-31 12:00:00Z` as RFC 3339 writes it.
  fileprivate var isoTime: String { replacingOccurrences(of: " ", with: "T") }
}
