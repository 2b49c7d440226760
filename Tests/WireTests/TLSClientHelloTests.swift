import Testing
import Wire

@Suite struct TLSClientHelloTests {
  private func hello(_ name: String) throws -> ClientHello {
    let bytes = try Seeds.tls(name)
    guard case .hello(let hello, let length) = TLSProperties.outcome(bytes) else {
      throw TLSHelloError(.malformedHello)
    }
    #expect(length == bytes.count)
    return hello
  }

  // MARK: Real clients

  @Test func readsChromium() throws {
    let hello = try hello("chromium")
    #expect(hello.legacyVersion == 0x0303)
    #expect(hello.maximumVersion == 0x0304)
    #expect(hello.serverName == "plant.example")
    #expect(hello.applicationProtocols.map(text) == ["h2", "http/1.1"])
    #expect(hello.offers("h2") && !hello.offers("h"))
    #expect(hello.keyShareGroups.filter { !ClientHello.isGREASE($0) } == [0x11ec, 0x001d])
    #expect(hello.supportedGroups.dropFirst() == [0x11ec, 0x001d, 0x0017, 0x0018])
    #expect(hello.supportedGroups.first.map(ClientHello.isGREASE) == true)
    #expect(hello.cipherSuites.first.map(ClientHello.isGREASE) == true)
    #expect(hello.signatureAlgorithms.prefix(2) == [0xfafa, 0x0904])
    #expect(!hello.hasPreSharedKey && !hello.offersSessionTicket && !hello.offersEarlyData && !hello.namesAddress)
  }

  @Test func readsTLS12() throws {
    let hello = try hello("openssl-s_client-tls12")
    #expect(hello.maximumVersion == 0x0303)
    #expect(hello.supportedVersions.isEmpty && hello.keyShareGroups.isEmpty && hello.applicationProtocols.isEmpty)
    #expect(hello.serverName == "plant.example")
    #expect(hello.supportedGroups == [0x001d, 0x0017, 0x001e, 0x0019, 0x0018])
  }

  @Test func readsResumptions() throws {
    let psk = try hello("python-ssl-resuming")
    #expect(psk.hasPreSharedKey && psk.extensions.last == 41)
    let ticket = try hello("python-ssl-ticket")
    #expect(ticket.offersSessionTicket && !ticket.hasPreSharedKey)
  }

  @Test func readsHelloWithoutName() throws {
    let hello = try hello("curl-no-sni")
    #expect(hello.serverName == nil && !hello.namesAddress && !hello.extensions.contains(0))
  }

  @Test func everyClientReadsInAnyPieces() throws {
    let clients = try Seeds.clients()
    #expect(clients.count >= 16)
    for name in clients {
      let bytes = try Seeds.tls(name)
      let whole = TLSProperties.outcome(bytes)
      guard case .hello = whole else {
        Issue.record("\(name): \(whole)")
        continue
      }
      #expect(TLSProperties.outcome(bytes, ends: Array(0...bytes.count)) == whole, "\(name)")
      for split in 0..<bytes.count {
        guard TLSProperties.outcome(Array(bytes[..<split])) == .incomplete else {
          Issue.record("\(name): taken at \(split) of \(bytes.count)")
          break
        }
        guard TLSProperties.outcome(bytes, ends: [split, bytes.count]) == whole else {
          Issue.record("\(name): split at \(split)")
          break
        }
      }
    }
  }

  @Test func readsAnyFragmentation() throws {
    let bytes = try Seeds.tls("chromium")
    guard case .hello(let hello, _) = TLSProperties.outcome(bytes) else { return #expect(Bool(false), "no hello") }
    let message = try #require(TLSProperties.message(in: bytes))
    for size in 32...message.count {
      let packed = TLSProperties.records(of: message, size: size)
      #expect(TLSProperties.outcome(packed) == .hello(hello, length: packed.count))
    }
    let packed = TLSProperties.records(of: message, size: 40) + [23, 3, 3, 0, 1, 0]
    #expect(TLSProperties.outcome(packed, ends: Array(0...packed.count)) == .hello(hello, length: packed.count - 6))
  }

  @Test func answersTheSameAgain() throws {
    var reader = ClientHelloReader()
    let bytes = try Seeds.tls("curl")
    let first = try reader.read(bytes.span)
    #expect(first != nil)
    #expect(try reader.read(bytes.span) == first)
    var failing = ClientHelloReader()
    #expect(throws: TLSHelloError(.notTLS)) { try failing.read([0x47].span) }
    #expect(throws: TLSHelloError(.notTLS)) { try failing.read(bytes.span) }
  }

  // MARK: What is no hello

  private static let starts: [(String, TLSHelloError.Reason)] = [
    ("GET / HTTP/1.1\r\n\r\n", .notTLS),
    ("\u{80}\u{2e}\u{01}", .sslv2Hello),
    ("\u{80}\u{2e}\u{04}", .notTLS),
    ("SSH-2.0-x\r\n", .notTLS),
    ("\u{0}", .notTLS),
    ("\u{16}\u{2}", .unsupportedRecordVersion),
    ("\u{16}\u{3}\u{1}\u{0}\u{0}", .emptyRecord),
    ("\u{16}\u{3}\u{1}\u{40}\u{1}", .recordTooLarge),
    ("\u{16}\u{3}\u{1}\u{0}\u{4}\u{2}", .notClientHello),
    ("\u{15}\u{3}\u{1}", .notTLS),
    ("\u{16}\u{3}\u{1}\u{3f}\u{0}\u{1}\u{0}\u{40}\u{1}", .helloTooLarge),
    ("\u{16}\u{3}\u{1}\u{0}\u{7}\u{1}\u{0}\u{0}\u{2}", .dataBehindHello),
    ("\u{16}\u{3}\u{1}\u{0}\u{1}\u{1}\u{15}", .unexpectedRecord),
    ("\u{16}\u{3}\u{1}\u{0}\u{1}\u{1}\u{16}\u{2}", .unsupportedRecordVersion),
    ("\u{16}\u{3}\u{1}\u{0}\u{4}\u{1}\u{0}\u{0}\u{0}", .malformedHello),
  ]

  @Test(arguments: starts)
  func refusesAtTheByteThatTells(start: String, reason: TLSHelloError.Reason) {
    let bytes = latin1(start)
    let told = reason == .notTLS && bytes[0] < 0x80 ? 1 : bytes.count
    #expect(TLSProperties.outcome(Array(bytes[..<told])) == .failed(reason))
    #expect(TLSProperties.outcome(bytes, ends: Array(0...bytes.count)) == .failed(reason))
    #expect(TLSProperties.outcome(Array(bytes[..<(told - 1)])) == .incomplete)
  }

  @Test func boundsRecords() throws {
    let message = HelloRecipe(extensions: [HelloRecipe.serverName("plant.example")]).message
    let bytes = TLSProperties.records(of: message, size: 1)
    #expect(TLSProperties.outcome(bytes) == .failed(.tooManyRecords))
    guard case .hello = TLSProperties.outcome(bytes, ends: [bytes.count], limits: ClientHelloLimits(records: 200))
    else {
      return #expect(Bool(false), "a record for each byte")
    }
  }

  @Test func boundsTheHello() {
    var recipe = HelloRecipe(extensions: [(21, [UInt8](repeating: 0, count: 16_200))])
    #expect(recipe.refusal == nil)
    recipe.extensions = [(21, [UInt8](repeating: 0, count: 16_400))]
    #expect(recipe.refusal == .helloTooLarge)
  }

  @Test func boundsLists() throws {
    var recipe = HelloRecipe(extensions: (100..<200).map { (UInt16($0), []) })
    #expect(try recipe.read()?.extensions.count == 100)
    recipe.extensions = (100..<201).map { (UInt16($0), []) }
    #expect(recipe.refusal == .tooManyExtensions)
    recipe.extensions = [HelloRecipe.protocols([[UInt8]](repeating: [0x61], count: 65))]
    #expect(recipe.refusal == .tooManyProtocols)
    recipe.extensions = [HelloRecipe.keyShares((0..<65).map(UInt16.init))]
    #expect(recipe.refusal == .tooManyKeyShares)
  }

  @Test func refusesBrokenFields() {
    #expect(HelloRecipe(version: 0x0200).refusal == .unsupportedVersion)
    #expect(HelloRecipe(session: [UInt8](repeating: 1, count: 32)).refusal == nil)
    #expect(HelloRecipe(session: [UInt8](repeating: 1, count: 33)).refusal == .malformedHello)
    #expect(HelloRecipe(ciphers: []).refusal == .malformedHello)
    #expect(HelloRecipe(compressions: []).refusal == .malformedHello)
    #expect(HelloRecipe(compressions: [1]).refusal == .malformedHello)
    #expect(HelloRecipe(extensions: nil).refusal == nil)
  }

  private static let brokenExtensions: [(UInt16, [UInt8])] = [
    (0, []), (0, [0, 0]), (0, [0, 4, 0, 0, 2, 0x61]), (10, []), (10, [0, 0]), (10, [0, 1, 0]),
    (10, [0, 2, 0, 29, 0]), (13, [0, 3, 4, 3, 4]), (16, []), (16, [0, 0]), (16, [0, 1, 0]), (16, [0, 2, 2, 0x68]),
    (42, [0]), (43, []), (43, [0]), (43, [3, 3, 4, 3]), (43, [2, 3, 4, 3]), (51, []), (51, [0, 4, 0, 29, 0, 0]),
    (51, [0, 5, 0, 29, 0, 2, 1]),
  ]

  @Test(arguments: brokenExtensions)
  func refusesBrokenExtension(type: UInt16, body: [UInt8]) {
    #expect(HelloRecipe(extensions: [(type, body)]).refusal == .malformedExtension)
  }

  @Test func refusesWhatStandsTwiceOrInTheWrongPlace() {
    #expect(HelloRecipe(extensions: [(23, []), (35, []), (23, [])]).refusal == .duplicateExtension)
    #expect(HelloRecipe(extensions: [(41, [0]), (23, [])]).refusal == .preSharedKeyNotLast)
    #expect(HelloRecipe(extensions: [(23, []), (41, [0])]).refusal == nil)
    #expect(HelloRecipe(extensions: [HelloRecipe.keyShares([29, 23, 29])]).refusal == .duplicateKeyShare)
    let names = longRun([0] + longRun([0x61]) + [0] + longRun([0x62]))
    #expect(HelloRecipe(extensions: [(0, names)]).refusal == .duplicateServerName)
    let otherKind = longRun([9] + longRun([0x20]) + [0] + longRun([0x62]))
    #expect(HelloRecipe(extensions: [(0, otherKind)]).refusal == nil)
  }

  // MARK: Names and versions

  private static let names: [(String, String?)] = [
    ("plant.example", "plant.example"), ("Plant.EXAMPLE.", "plant.example"), ("a", "a"), ("_sip._tcp.a", "_sip._tcp.a"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("1password.example", "1password.example"),
    (String(repeating: "a", count: 63) + ".b", String(repeating: "a", count: 63) + ".b"),
    ("192.0.2.1", nil), ("2001:db8::1", nil), ("[::1]", nil), ("::ffff:192.0.2.1", nil),
  ]

  @Test(arguments: names)
  func readsServerName(sent: String, name: String?) throws {
    let hello = try #require(try HelloRecipe(extensions: [HelloRecipe.serverName(sent)]).read())
    #expect(hello.serverName == name)
    #expect(hello.namesAddress == (name == nil))
  }

  @Test(arguments: [
    "", ".", "..", "a..b", ".a", "a.b..", "a b", "a\0.b", "a/b", "a:80", "*.a", "-a.b", "a-.b", "é.example", "a%2e.b",
    "192.0.2", "192.0.2.256", "a.1", "1", "127.0.0.1.", "[::1", "::g", "a@b", String(repeating: "a", count: 64),
    String(repeating: "abc.", count: 63) + "de",
  ])
  func refusesServerName(sent: String) {
    #expect(HelloRecipe(extensions: [HelloRecipe.serverName(sent)]).refusal == .malformedServerName)
  }

  @Test func longestServerName() throws {
    let name = String(repeating: "abc.", count: 63) + "d"
    #expect(name.utf8.count == 253)
    #expect(try HelloRecipe(extensions: [HelloRecipe.serverName(name + ".")]).read()?.serverName == name)
  }

  @Test func maximumVersionLooksPastGREASE() throws {
    var recipe = HelloRecipe(version: 0x0301, extensions: nil)
    #expect(try recipe.read()?.maximumVersion == 0x0301)
    recipe.extensions = [HelloRecipe.versions([0xfafa, 0x0303, 0x0304, 0x0302])]
    #expect(try recipe.read()?.maximumVersion == 0x0304)
    recipe.extensions = [HelloRecipe.versions([0x0a0a])]
    #expect(try recipe.read()?.maximumVersion == 0x0301)
  }

  @Test func knowsGREASE() {
    let values = (0...UInt16.max).filter(ClientHello.isGREASE)
    #expect(values == (0..<16).map { ($0 << 12 | 0x0a00) | ($0 << 4 | 0x0a) })
  }

  @Test func everyErrorHasTheRightAlert() {
    #expect(TLSHelloError(.notTLS).alert == nil && TLSHelloError(.sslv2Hello).alert == nil)
    #expect(TLSHelloError(.malformedHello).alert == 50)
    #expect(TLSHelloError(.unsupportedVersion).alert == 70)
    #expect(TLSHelloError(.malformedServerName).alert == 112)
    #expect(TLSHelloError.Reason.allCases.filter { TLSHelloError($0).alert == nil }.count == 2)
  }
}
