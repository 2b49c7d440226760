import Crypto
import PKI
import SluiceModel
import Testing

@Suite struct RevocationTests {
  private func authority(_ lab: Lab, _ key: String, name: String = "ca") throws -> CertificateFacts {
    try lab.certificate(name, key: key, subject: "/CN=\(name)", extensions: Lab.authorityExtensions)
    return try #require(try PEM.certificates(try lab.read(name + ".pem")).first)
  }

  private static let p256 = "EC -pkeyopt ec_paramgen_curve:P-256"
  private static let rsa = "RSA -pkeyopt rsa_keygen_bits:2048"

  @Test(arguments: [
    (p256, "-md sha256", "ECDSA with SHA-256"), (p256, "-md sha384", "ECDSA with SHA-384"),
    ("EC -pkeyopt ec_paramgen_curve:P-384", "-md sha384", "ECDSA with SHA-384"),
    ("EC -pkeyopt ec_paramgen_curve:P-521", "-md sha512", "ECDSA with SHA-512"),
    (rsa, "-md sha256", "RSA with SHA-256"), (rsa, "-md sha512", "RSA with SHA-512"),
    (rsa, "-md sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest", "RSA-PSS with SHA-384"),
    ("ED25519", "-md null", "Ed25519"),
  ])
  func readsListsOfOpenSSL(_ key: String, _ options: String, _ algorithm: String) throws {
    let lab = try Lab()
    let ca = try authority(lab, key)
    try lab.revocationList(
      "crl", authority: "ca",
      revoked: [
        ("0A", "keyCompromise"), ("FF00000000000000000000000000000000000001", "superseded"), ("01", ""),
        ("80", "certificateHold"),
      ].map { ($0.0, $0.1.isEmpty ? "unspecified" : $0.1) }, options: options)
    let list = try #require(try PEM.revocationLists(try lab.read("crl.pem")).first)
    #expect(list.signatureAlgorithm == algorithm)
    #expect(list.issuer == "CN=ca")
    #expect(list.number == [0x1f])
    #expect(list.count == 4)
    #expect(list.nextUpdate - list.thisUpdate == 30 * 86_400)
    #expect(list.authorityKeyIdentifier == ca.subjectKeyIdentifier)
    let now = list.thisUpdate
    let at: Int64 = 1_735_787_045
    #expect(list.status(of: [0x0a], at: now) == .revoked(at: at, .keyCompromise))
    let long = try #require(SerialNumber.octets("FF00000000000000000000000000000000000001"))
    #expect(list.status(of: long, at: now) == .revoked(at: at, .superseded))
    #expect(list.status(of: [1], at: now) == .revoked(at: at, .unspecified))
    #expect(list.status(of: [0x80], at: list.nextUpdate + 1) == .revoked(at: at, .certificateHold))
    #expect(list.status(of: [2], at: now) == .good)
    #expect(list.status(of: [2], at: list.nextUpdate) == .good)
    #expect(list.status(of: [2], at: list.nextUpdate + 1) == .stale(since: list.nextUpdate))
    #expect(list.status(of: [2], at: now - 1) == .notYetValid(from: now))
    #expect(try list.isSigned(by: ca))
    #expect(try RevocationSet([list], issuers: [ca]).nextUpdate == list.nextUpdate)
  }

  @Test func refusesSignaturesOfOthers() throws {
    let lab = try Lab()
    let ca = try authority(lab, Self.p256)
    try lab.revocationList("crl", authority: "ca", revoked: [("0A", "keyCompromise")])
    var der = try #require(try PEM.blocks(try lab.read("crl.pem")).first).der
    let list = try RevocationList(der: der)
    let impostor = try authority(try Lab(), Self.p256)
    #expect(impostor.subjectDER == ca.subjectDER)
    #expect(try !list.isSigned(by: impostor))
    #expect(throws: PKIError.self) { try RevocationSet([list], issuers: [impostor]) }
    #expect(throws: PKIError.self) { try RevocationSet([list], issuers: []) }
    let at = try #require(der.indices.first { der[$0...].starts(with: [2, 1, 0x0a]) })
    der[at + 2] = 0x0b
    let changed = try RevocationList(der: der)
    #expect(changed.status(of: [0x0b], at: list.thisUpdate) != .good)
    #expect(try !changed.isSigned(by: ca))
    #expect(throws: PKIError.self) { try RevocationSet([changed], issuers: [ca]) }
  }

  @Test func theSignerMustBeAllowedTo() throws {
    let lab = try Lab()
    try lab.certificate(
      "ca", subject: "/CN=ca",
      extensions: "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n")
    try lab.write("x.cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=x.txt\ndefault_md=sha256\ndefault_crl_days=3\n")
    try lab.write("x.txt", "")
    try lab.openssl("ca -gencrl -config x.cnf -cert ca.pem -keyfile ca.key -out crl.pem")
    let ca = try #require(try PEM.certificates(try lab.read("ca.pem")).first)
    let list = try #require(try PEM.revocationLists(try lab.read("crl.pem")).first)
    #expect(try !list.isSigned(by: ca))
    #expect(list.number == nil && list.count == 0)
  }

  @Test(arguments: [
    ("issuingDistributionPoint=critical,@p\n[p]\nindirectCRL=TRUE\n", "indirect"),
    ("issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE\n", "part of its issuer"),
    ("issuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://x/y\n", "part of its issuer"),
    ("2.5.29.27=critical,ASN1:INTEGER:1\n", "delta"),
    ("1.2.3.4=critical,ASN1:NULL\n", "critical extension 1.2.3.4"),
  ])
  func refusesListsThatCannotStandAlone(_ extensions: String, _ message: String) throws {
    let lab = try Lab()
    _ = try authority(lab, Self.p256)
    try lab.revocationList("crl", authority: "ca", revoked: [], extensions: extensions)
    let failure = #expect(throws: PKIError.self) { try PEM.revocationLists(try lab.read("crl.pem")) }
    #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
  }

  @Test func takesExtensionsThatAreNotCritical() throws {
    let lab = try Lab()
    let ca = try authority(lab, Self.p256)
    try lab.revocationList("crl", authority: "ca", revoked: [], extensions: "1.2.3.4=ASN1:NULL\n")
    #expect(try RevocationSet(try PEM.revocationLists(try lab.read("crl.pem")), issuers: [ca]).lists.count == 1)
  }

  @Test func takesSeveralListsFromOneFile() throws {
    let lab = try Lab()
    let one = try authority(lab, Self.p256, name: "one")
    let two = try authority(lab, Self.rsa, name: "two")
    try lab.revocationList("crl1", authority: "one", revoked: [("0A", "keyCompromise")])
    try lab.revocationList("crl2", authority: "two", revoked: [("0B", "keyCompromise")])
    let file = Array("crl of one:\n".utf8) + (try lab.read("crl1.pem")) + (try lab.read("crl2.pem"))
    let set = try RevocationSet(try PEM.revocationLists(file), issuers: [one, two])
    #expect(set.lists.map(\.issuer) == ["CN=one", "CN=two"])
    #expect(set.list(for: two)?.issuer == "CN=two")
  }

  // MARK: Lists of our own making

  /// A list with what OpenSSL does not write.
  static func list(
    entries: [[UInt8]], version: [UInt8] = DERWriter.integer(1), next: [UInt8] = DERWriter.time(2_000_000_000),
    extensions: [UInt8] = [], key: SigningKey = SigningKey(.p256), thisUpdate: Int64 = 1_700_000_000
  ) throws -> [UInt8] {
    try key.signed { algorithm in
      DERWriter.sequence(
        version, algorithm, DERWriter.sequence(), DERWriter.time(thisUpdate), next,
        entries.isEmpty ? [] : DERWriter.element(0x30, entries.flatMap { $0 }), extensions)
    }
  }

  static func entry(_ serial: [UInt8], _ extensions: [UInt8] = []) -> [UInt8] {
    DERWriter.sequence(DERWriter.integer(serial), DERWriter.time(1_600_000_000), extensions)
  }

  private static func reason(_ code: UInt8) -> [UInt8] {
    DERWriter.sequence(
      DERWriter.sequence(
        DERWriter.identifier([0x55, 0x1d, 0x15]), DERWriter.octets(DERWriter.element(0x0a, [code]))))
  }

  @Test func refusesWhatIsNotRight() throws {
    func refused(_ der: [UInt8], _ message: String) {
      let failure = #expect(throws: PKIError.self) { try RevocationList(der: der) }
      #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
    }
    refused(try Self.list(entries: [], next: []), "next update")
    refused(try Self.list(entries: [], version: DERWriter.integer(2)), "version 3")
    refused(try Self.list(entries: [Self.entry([1], Self.reason(8))]), "reason")
    refused(try Self.list(entries: [Self.entry([1], Self.reason(7))]), "reason")
    refused(try Self.list(entries: [Self.entry([1], Self.reason(1))], version: []), "version 1")
    refused(try Self.list(entries: [Self.entry([UInt8](repeating: 1, count: 21))]), "longer than 20")
    let issuer = DERWriter.sequence(
      DERWriter.sequence(
        DERWriter.identifier([0x55, 0x1d, 0x1d]), DERWriter.element(1, [0xff]), DERWriter.octets([0x30, 0])))
    refused(try Self.list(entries: [Self.entry([1], issuer)]), "indirect")
    refused([0x30, 0], "ends in the middle")
    refused(try Self.list(entries: []) + [0], "too many")
    #expect(try RevocationList(der: try Self.list(entries: [Self.entry([1])], version: [])).count == 1)
    #expect(try RevocationList(der: try Self.list(entries: [Self.entry([1], Self.reason(10))])).count == 1)
  }

  @Test func theNewestListOfAnIssuerCounts() throws {
    let lab = try Lab()
    let ca = try authority(lab, Self.p256)
    let key = try SigningKey(try PEM.privateKey(try lab.read("ca.key")))
    func list(_ time: Int64, _ serial: UInt8) throws -> RevocationList {
      let der = try key.signed { algorithm in
        DERWriter.sequence(
          DERWriter.integer(1), algorithm, ca.subjectDER, DERWriter.time(time), DERWriter.time(time + 10),
          DERWriter.sequence(Self.entry([serial])))
      }
      return try RevocationList(der: der)
    }
    let set = try RevocationSet([try list(20, 1), try list(30, 2), try list(10, 3)], issuers: [ca])
    #expect(set.lists.count == 1)
    #expect(set.lists[0].status(of: [2], at: 30) != .good)
    #expect(set.lists[0].status(of: [1], at: 30) == .good)
  }

  @Test func findsEachOfManySerialNumbers() throws {
    let seed = MutationTests.seed
    var random = SeededRandom(state: seed)
    var serials = Set<[UInt8]>()
    for _ in 0..<2000 {
      let count = Int.random(in: 1...20, using: &random)
      serials.insert([UInt8.random(in: 1...255, using: &random)] + random.bytes(count - 1))
    }
    let list = try RevocationList(der: try Self.list(entries: serials.map { Self.entry($0) }))
    #expect(list.count == serials.count)
    for serial in serials {
      #expect(list.status(of: serial, at: 1_800_000_000) == .revoked(at: 1_600_000_000, .unspecified), "seed \(seed)")
      var other = serial
      other[other.count - 1] ^= 1
      if !serials.contains(other), other != [0] {
        #expect(list.status(of: other, at: 1_800_000_000) == .good, "seed \(seed)")
      }
    }
    #expect(list.status(of: [UInt8](repeating: 1, count: 21), at: 1_800_000_000) == .good)
  }

  @Test func hundredThousandEntriesAreReadQuickly() throws {
    var random = SeededRandom(state: 7)
    let entries = (0..<100_000).map { _ in Self.entry([0x41] + random.bytes(18)) }
    let der = try Self.list(entries: entries)
    let clock = ContinuousClock()
    var count = 0
    let time = try clock.measure { count = try RevocationList(der: der).count }
    #expect(count == 100_000)
    // Well under a second as it ships; this bound holds without optimisation on a busy machine.
    #expect(time < .seconds(20))
  }
}
