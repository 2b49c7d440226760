import Testing
import Wire

@Suite struct TLSServerHelloTapTests {
  struct Flight {
    var name: String
    var version: UInt16 = 0x0304
    var cipher: UInt16 = 0x1302
    var group: UInt16?
    var retryGroup: UInt16?
    var isResumed = false
  }

  /// Recorded from OpenSSL, nginx (OpenSSL) and Envoy (BoringSSL); what they negotiated, as their clients say.
  static let flights = [
    Flight(name: "openssl-tls13-mlkem", group: 0x11ec),
    Flight(name: "openssl-tls13-retry", group: 0x0018, retryGroup: 0x0018),
    Flight(name: "openssl-tls12-ecdhe", version: 0x0303, cipher: 0xc02c, group: 0x001d),
    Flight(name: "openssl-tls12-ecdhe-rsa", version: 0x0303, cipher: 0xc030, group: 0x0018),
    Flight(name: "openssl-tls12-big-certificate", version: 0x0303, cipher: 0xc02c, group: 0x0017),
    Flight(name: "openssl-tls12-rsa-exchange", version: 0x0303, cipher: 0x009c),
    Flight(name: "nginx-tls13", group: 0x0018, retryGroup: 0x0018),
    Flight(name: "nginx-tls13-resumed", group: 0x0018, retryGroup: 0x0018, isResumed: true),
    Flight(name: "nginx-tls12", version: 0x0303, cipher: 0xc030, group: 0x0018),
    Flight(name: "nginx-tls12-resumed", version: 0x0303, cipher: 0xc030, isResumed: true),
    Flight(name: "nginx-tls12-id", version: 0x0303, cipher: 0xc030, group: 0x001d),
    Flight(name: "nginx-tls12-id-resumed", version: 0x0303, cipher: 0xc030, isResumed: true),
    Flight(name: "envoy-tls13", group: 0x001d),
    Flight(name: "envoy-tls13-resumed", group: 0x001d, isResumed: true),
    Flight(name: "envoy-tls12", version: 0x0303, cipher: 0xc02b, group: 0x001d),
    Flight(name: "envoy-tls12-resumed", version: 0x0303, cipher: 0xc02b, isResumed: true),
  ]

  private func read(_ bytes: [UInt8], limit: Int = 128 << 10) -> (TLSNegotiation, isDone: Bool) {
    TLSProperties.negotiated(bytes, ends: [bytes.count], limit: limit)
  }

  @Test(arguments: flights)
  func readsRealServers(flight: Flight) throws {
    let bytes = try Seeds.tls("server-" + flight.name)
    let (found, isDone) = read(bytes)
    #expect(isDone)
    #expect(found.version == flight.version)
    #expect(found.cipherSuite == flight.cipher)
    #expect(found.group == flight.group)
    #expect(found.wasRetried == (flight.retryGroup != nil))
    #expect(found.retryGroup == flight.retryGroup)
    #expect(found.wasResumed == flight.isResumed)
    #expect(TLSProperties.negotiated(bytes, ends: Array(0...bytes.count)) == (found, true))
    for split in stride(from: 0, to: min(bytes.count, 2_000), by: 1) {
      let pieces = TLSProperties.negotiated(bytes, ends: [split, bytes.count])
      if pieces != (found, true) { Issue.record("split at \(split): \(pieces)") }
      let (early, isDoneEarly) = TLSProperties.negotiated(bytes, ends: [split])
      if isDoneEarly, early != found { Issue.record("done at \(split) with \(early)") }
    }
  }

  @Test func everyServerHasItsFlight() throws {
    let names = try Seeds.names("tls").filter { $0.hasPrefix("server-") && $0 != "server-alert" }
    #expect(names == Self.flights.map { "server-" + $0.name }.sorted())
  }

  @Test func messagesMayShareRecordsOrBeSpread() throws {
    for name in ["openssl-tls12-ecdhe", "envoy-tls12", "openssl-tls12-big-certificate"] {
      let bytes = try Seeds.tls("server-" + name)
      var handshake: [UInt8] = []
      var position = 0
      while bytes[position] == 22 {
        let end = position + 5 + (Int(bytes[position + 3]) << 8 | Int(bytes[position + 4]))
        handshake += bytes[(position + 5)..<end]
        position = end
      }
      for size in [1, 3, 50, 1_000, 1 << 14] {
        let packed = TLSProperties.records(of: handshake, size: size) + bytes[position...]
        #expect(read(packed).0 == read(bytes).0, "\(name) in records of \(size)")
      }
    }
  }

  @Test func stopsAtWhatTellsNothing() throws {
    #expect(read(try Seeds.tls("server-alert")) == (TLSNegotiation(), true))
    #expect(read(latin1("HTTP/1.1 400 Bad Request\r\n")) == (TLSNegotiation(), true))
    #expect(read([23, 3, 3, 0, 1]) == (TLSNegotiation(), true))
    #expect(read([20, 3, 3, 0, 1]) == (TLSNegotiation(), true))
    #expect(read([22, 3, 3, 0, 0]) == (TLSNegotiation(), true))
    #expect(read([22, 3, 3, 0x40, 1]) == (TLSNegotiation(), true))
    #expect(read([22, 3, 3, 0, 4, 11, 0, 0, 0]) == (TLSNegotiation(), true))
    #expect(read([22, 3, 3, 0, 4, 2, 0, 0, 37]) == (TLSNegotiation(), true))
    #expect(read([22, 3, 3, 0, 4, 2, 0, 0x20, 1]) == (TLSNegotiation(), true))
    #expect(read([22, 3, 3, 0, 4, 2, 0, 0, 38]) == (TLSNegotiation(), false))
  }

  @Test func stopsAtItsLimit() throws {
    let bytes = try Seeds.tls("server-openssl-tls12-big-certificate")
    let (found, isDone) = read(bytes, limit: 4_000)
    #expect(isDone && found.version == 0x0303 && found.group == nil)
    #expect(read([22], limit: 0) == (TLSNegotiation(), true))
  }

  /// A ServerHello by hand.
  private func hello(
    version: UInt16 = 0x0303, random: [UInt8] = [UInt8](repeating: 1, count: 32), cipher: UInt16 = 0x1301,
    compression: UInt8 = 0, _ extensions: [(UInt16, [UInt8])]?
  ) -> [UInt8] {
    var body = word(version) + random + [0] + word(cipher) + [compression]
    if let extensions { body += longRun(extensions.flatMap { word($0.0) + longRun($0.1) }) }
    return TLSProperties.records(of: [2, 0] + word(UInt16(body.count)) + body, size: 1 << 14)
  }

  private let retry: [UInt8] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
  ]

  @Test func readsKeysAgreedElsewhere() {
    let (found, isDone) = read(hello([(43, [3, 4]), (41, [0, 0])]))
    #expect(isDone && found.version == 0x0304 && found.group == nil && found.wasResumed)
  }

  @Test func readsOldVersions() {
    let certificate: [UInt8] = [22, 3, 1, 0, 4, 11, 0, 0, 0]
    let (found, isDone) = read(hello(version: 0x0301, cipher: 0x002f, nil) + certificate)
    #expect(isDone && found.version == 0x0301 && found.cipherSuite == 0x002f && !found.wasResumed)
    let (open, isOpenDone) = read(hello(version: 0x0301, cipher: 0xc013, nil) + certificate)
    #expect(!isOpenDone && open.version == 0x0301)
    let (explicit, _) = read(
      hello(version: 0x0301, cipher: 0xc013, nil) + certificate + [22, 3, 1, 0, 7, 12, 0, 0, 3, 1, 0, 23])
    #expect(explicit.group == nil && explicit.version == 0x0301)
  }

  @Test func asksOnlyOnce() {
    let again = hello(random: retry, [(43, [3, 4]), (51, [0, 24])])
    let (found, isDone) = read(again + again)
    #expect(isDone && found.wasRetried && found.retryGroup == 24 && found.version == nil)
    let (cookie, isCookieDone) = read(hello(random: retry, [(43, [3, 4]), (44, [0, 1, 9])]))
    #expect(!isCookieDone && cookie.wasRetried && cookie.retryGroup == nil)
  }

  @Test func malformedHellosSayNothing() {
    let broken: [[UInt8]] = [
      hello(version: 0x0203, []), hello(compression: 1, []), hello([(43, [3])]), hello([(43, [3, 4, 0])]),
      hello([(43, [3, 4]), (43, [3, 4])]), hello([(51, [0])]), hello([(51, [0, 29])]), hello([(51, [0, 29, 0, 0])]),
      hello([(51, [0, 29, 0, 1, 1, 1])]), hello(random: retry, nil), hello(random: retry, []),
      hello(random: retry, [(43, [3, 4]), (51, [0, 29, 0])]),
    ]
    for bytes in broken { #expect(read(bytes) == (TLSNegotiation(), true), "\(bytes)") }
  }
}
