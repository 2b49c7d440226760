import PKI
import SluiceModel
import Testing

@Suite struct PEMTests {
  /// A block with this content.
  private func block(_ label: String, _ content: String) -> String {
    "-----BEGIN \(label)-----\n\(content)\n-----END \(label)-----\n"
  }

  private func error(_ text: String) -> PKIError? {
    do throws(PKIError) {
      _ = try PEM.blocks(Array(text.utf8))
      return nil
    } catch {
      return error
    }
  }

  @Test func readsSeveralBlocksWithTextBetween() throws {
    let text = "# site CA\r\n" + block("A", "aGVsbG8=") + "\n subject: x\n" + block("B C", " aGVs\r\n\tbG8h ")
    let blocks = try PEM.blocks(Array(text.utf8))
    #expect(blocks.map(\.label) == ["A", "B C"])
    #expect(blocks.map { String(decoding: $0.der, as: UTF8.self) } == ["hello", "hello!"])
    #expect(blocks.map(\.line) == [2, 7])
  }

  @Test func readsWithoutALineFeedAtTheEnd() throws {
    #expect(try PEM.blocks(Array("-----BEGIN A-----\nAA==\n-----END A-----".utf8)).count == 1)
    #expect(try PEM.blocks([]).isEmpty)
  }

  @Test(arguments: [
    ("-----BEGIN A-----\nAA==\n", 1, "no `-----END A-----`"),
    ("x\n-----END A-----\n", 2, "without its beginning"),
    ("-----BEGIN A-----\nAA==\n-----END B-----\n", 3, "ends as `B`"),
    ("-----BEGIN A-----\n-----BEGIN A-----\n", 2, "begins inside"),
    ("-----BEGIN A-----\nA A=\n-----END A-----\n", 2, "not base64"),
    ("-----BEGIN A-----\nAA=A\n-----END A-----\n", 2, "not base64"),
    ("-----BEGIN A-----\nAB==\n-----END A-----\n", 3, "cut short"),
    ("-----BEGIN A-----\nAAA\n-----END A-----\n", 3, "cut short"),
    ("-----BEGIN A-----\n-----END A-----\n", 2, "cut short"),
    ("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END A-----\n", 2, "headers"),
  ])
  func saysTheLine(_ text: String, _ line: Int, _ message: String) throws {
    let found = try #require(error(text))
    #expect(found.line == line)
    #expect(found.message.contains(message))
    #expect(found.description.hasPrefix("line \(line): "))
  }

  @Test func isBounded() throws {
    let text = Array((block("A", "AA==") + block("A", "AA==")).utf8)
    #expect(try PEM.blocks(text, maximumBlocks: 2).count == 2)
    #expect(throws: PKIError("more than 1 PEM blocks", line: 4)) { try PEM.blocks(text, maximumBlocks: 1) }
    #expect(throws: PKIError.self) { try PEM.blocks(text, maximumBytes: text.count - 1) }
    let many = Array(String(repeating: block("CERTIFICATE", "AA=="), count: 1).utf8)
    #expect(throws: PKIError.self) { try PEM.certificates(many) }
  }

  @Test func writesWhatItReads() throws {
    for count in [1, 2, 3, 47, 48, 49, 200] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let text = PEM.text(label: "X509 CRL", der: bytes)
      #expect(try PEM.blocks(Array(text.utf8)) == [PEMBlock(label: "X509 CRL", der: bytes, line: 1)])
      #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 })
    }
  }

  @Test func saysWhatIsMissing() {
    let none = Array("nothing here\n".utf8)
    #expect(throws: PKIError.self) { try PEM.certificates(none) }
    #expect(throws: PKIError.self) { try PEM.privateKey(none) }
    #expect(throws: PKIError.self) { try PEM.revocationLists(none) }
  }

  // MARK: Keys of OpenSSL

  @Test(arguments: [
    ("EC -pkeyopt ec_paramgen_curve:P-256", "pkey", PrivateKeyFile.Form.pkcs8),
    ("EC -pkeyopt ec_paramgen_curve:P-384", "pkey -traditional", .sec1),
    ("EC -pkeyopt ec_paramgen_curve:P-521", "pkey", .pkcs8),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "pkey -traditional", .pkcs1),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "pkey", .pkcs8),
    ("ED25519", "pkey", .pkcs8),
  ])
  func knowsWhoseKeyItIs(_ algorithm: String, _ conversion: String, _ form: PrivateKeyFile.Form) throws {
    let lab = try Lab()
    try lab.certificate("a", key: algorithm)
    try lab.certificate("b", key: algorithm)
    try lab.openssl("\(conversion) -in a.key -out converted.key")
    let certificate = try lab.read("a.pem")
    let key = try PEM.privateKey(try lab.read("converted.key") + certificate)
    #expect(key.form == form)
    #expect(key.belongs(to: try #require(try PEM.certificates(certificate).first)) == true)
    #expect(key.belongs(to: try #require(try PEM.certificates(try lab.read("b.pem")).first)) == false)
    #expect("\(key)" == "<redacted>")
    #expect(String(reflecting: key) == "<redacted>")
  }

  @Test func refusesEncryptedAndSecondKeys() throws {
    let lab = try Lab()
    try lab.openssl("genpkey -algorithm ED25519 -out a.key")
    try lab.openssl("pkey -in a.key -aes256 -passout pass:x -out locked.key")
    let key = try lab.read("a.key")
    #expect(throws: PKIError("a second private key", line: 4)) { try PEM.privateKey(key + key) }
    let locked = try lab.read("locked.key")
    let failure = #expect(throws: PKIError.self) { try PEM.privateKey(locked) }
    #expect(failure?.message == "the private key is encrypted")
    #expect(failure?.hint?.contains("openssl pkey") == true)
  }

  @Test func checksTheOrderOfAChain() throws {
    let lab = try Lab()
    try lab.certificate("root", subject: "/CN=root", extensions: Lab.authorityExtensions)
    try lab.certificate("other", subject: "/CN=other", extensions: Lab.authorityExtensions)
    try lab.openssl("genpkey -algorithm ED25519 -out leaf.key")
    try lab.openssl("req -new -key leaf.key -subj /CN=leaf -out leaf.csr")
    try lab.openssl("x509 -req -in leaf.csr -CA root.pem -CAkey root.key -days 5 -out leaf.pem")
    let (leaf, root) = (try lab.read("leaf.pem"), try lab.read("root.pem"))
    let chain = try PEM.chain(leaf + root)
    #expect(chain.map(\.identity.subject) == ["CN=leaf", "CN=root"])
    #expect(try chain[0].isSigned(by: chain[1]))
    #expect(try PEM.certificates(root + leaf).count == 2)
    let other = try lab.read("other.pem")
    #expect(throws: PKIError.self) { try PEM.chain(leaf + other) }
    let unrelated = try #require(try PEM.certificates(other).first)
    #expect(try !chain[0].isSigned(by: unrelated))
  }
}
