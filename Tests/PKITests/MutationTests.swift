import Foundation
import PKI
import Testing

/// Bytes of others, changed at random: whatever comes in, the readers answer, and never trap.
@Suite struct MutationTests {
  /// `SLUICE_SEED` replays one.
  static let seed =
    ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...(.max))

  private func mutate(_ original: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.remove(at: at)
      case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
      case 4: bytes.removeLast(min(bytes.count, Int.random(in: 1...40, using: &random)))
      default: bytes[at] = [0, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff].randomElement(using: &random) ?? 0
      }
    }
    return bytes
  }

  private func run(_ originals: [[UInt8]], _ count: Int, _ read: ([UInt8]) -> Bool) {
    print("seed \(Self.seed)")
    var random = SeededRandom(state: Self.seed)
    var accepted = 0
    for original in originals {
      #expect(read(original), "seed \(Self.seed)")
      for _ in 0..<count where read(mutate(original, &random)) { accepted += 1 }
    }
    #expect(accepted < originals.count * count, "seed \(Self.seed)")
  }

  @Test func certificates() throws {
    let lab = try Lab()
    try lab.certificate(
      "a", subject: "/C=DE/O=Acme/CN=gate",
      extensions: """
        subjectAltName=DNS:gate.plant.example,IP:10.0.5.1,URI:spiffe://plant/gate,email:ann@plant.example
        extendedKeyUsage=clientAuth
        keyUsage=critical,digitalSignature
        nameConstraints=critical,permitted;DNS:plant.example,excluded;IP:10.0.0.0/255.0.0.0
        1.3.6.1.4.1.50316.802.1=ASN1:UTF8String:operator
        """)
    try lab.certificate("b", key: "RSA -pkeyopt rsa_keygen_bits:2048", extensions: Lab.authorityExtensions)
    let originals = try ["a", "b"].map { try #require(try PEM.blocks(try lab.read($0 + ".pem")).first).der }
    run(originals, 2000) { bytes in
      guard let facts = try? CertificateFacts(der: bytes) else { return false }
      _ = try? facts.nameConstraints()
      _ = try? facts.isSigned(by: facts)
      return facts.der == bytes
    }
  }

  @Test func revocationLists() throws {
    let lab = try Lab()
    try lab.certificate("ca", subject: "/CN=ca", extensions: Lab.authorityExtensions)
    try lab.revocationList(
      "crl", authority: "ca", revoked: (1...9).map { ("0\($0)", "superseded") }, extensions: "1.2.3.4=ASN1:NULL\n")
    let ca = try #require(try PEM.certificates(try lab.read("ca.pem")).first)
    run([try #require(try PEM.blocks(try lab.read("crl.pem")).first).der], 3000) { bytes in
      guard let list = try? RevocationList(der: bytes) else { return false }
      _ = try? list.isSigned(by: ca)
      return list.status(of: [5], at: 0) != .good || list.thisUpdate <= 0
    }
  }

  @Test func requests() throws {
    let lab = try Lab()
    try lab.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out r.key")
    try lab.openssl("req -new -key r.key -subj /CN=root -out r.csr")
    let original = try #require(try PEM.blocks(try lab.read("r.csr")).first).der
    run([original], 1500) { (try? CertificateRequest(der: $0)) != nil }
  }

  @Test func textFiles() throws {
    let lab = try Lab()
    try lab.certificate("a")
    run([try lab.read("a.pem") + lab.read("a.key")], 3000) { bytes in
      _ = try? PEM.certificates(bytes)
      _ = try? PEM.chain(bytes)
      _ = try? PEM.privateKey(bytes)
      _ = try? PEM.revocationLists(bytes)
      return (try? PEM.blocks(bytes).count) == 2
    }
  }
}
