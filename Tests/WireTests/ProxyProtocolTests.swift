import Testing
import Wire

@Suite struct ProxyProtocolTests {
  private typealias Outcome = ProxyProtocolProperties.Outcome

  private func outcome(_ text: String) -> Outcome { ProxyProtocolProperties.outcome(latin1(text)) }

  private func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ port: UInt16) -> ProxyEndpoint {
    ProxyEndpoint(ProxyAddress(v4: a << 24 | b << 16 | c << 8 | d), port)
  }

  private let loopback6 = ProxyAddress(high: 0, low: 1)

  /// A header of version 2 by hand.
  private func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
    latin1("\r\n\r\n\0\r\nQUIT\n") + [command, family] + longRun(body)
  }

  private func binary(_ body: [UInt8]) -> [UInt8] { binary(0x21, 0x11, body) }

  private let addresses: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0, 80]

  private func fields(_ fields: (UInt8, [UInt8])...) -> [UInt8] {
    addresses + fields.flatMap { [$0.0] + longRun($0.1) }
  }

  private func header(_ bytes: [UInt8]) throws -> ProxyHeader {
    guard case .header(let header, let length) = ProxyProtocolProperties.outcome(bytes) else {
      throw ProxyProtocolError(.notProxyHeader)
    }
    #expect(length <= bytes.count)
    return header
  }

  private func refusal(_ bytes: [UInt8]) -> ProxyProtocolError.Reason? {
    guard case .failed(let reason) = ProxyProtocolProperties.outcome(bytes) else { return nil }
    return reason
  }

  // MARK: HAProxy

  @Test func readsHAProxyLines() throws {
    let line = try Seeds.bytes("proxyprotocol/haproxy-v1-tcp4")
    let source = v4(127, 0, 0, 1, 40822)
    #expect(try header(line) == ProxyHeader(.proxied(source: source, destination: v4(127, 0, 0, 1, 24442))))
    let six = try header(try Seeds.bytes("proxyprotocol/haproxy-v1-tcp6"))
    #expect(
      six.origin
        == .proxied(source: ProxyEndpoint(loopback6, 35408), destination: ProxyEndpoint(loopback6, 24444)))
  }

  @Test func readsHAProxyBinary() throws {
    let four = try header(try Seeds.bytes("proxyprotocol/haproxy-v2-tcp4"))
    #expect(four.origin == .proxied(source: v4(127, 0, 0, 1, 0xccc0), destination: v4(127, 0, 0, 1, 24443)))
    #expect(four.fields == ProxyFields() && !four.isDatagram)
    let six = try header(try Seeds.bytes("proxyprotocol/haproxy-v2-tcp6"))
    guard case .proxied(let source, _) = six.origin else { return #expect(Bool(false), "\(six.origin)") }
    #expect(source.address == loopback6 && !source.address.isV4)
    #expect(try header(try Seeds.bytes("proxyprotocol/haproxy-v2-local")).origin == .local)
  }

  @Test func readsHAProxyTLS() throws {
    let bytes = try Seeds.bytes("proxyprotocol/haproxy-v2-tls-certificate")
    let fields = try header(bytes).fields
    #expect(fields.applicationProtocol.map(text) == "h2")
    #expect(fields.authority == "plant.example")
    #expect(fields.uniqueID?.count == 18 && fields.others.isEmpty)
    let tls = try #require(fields.tls)
    #expect(tls.isTLS && tls.hasCertificateHere && tls.hasCertificateInSession && tls.isVerified)
    #expect(tls.version == "TLSv1.3" && tls.cipher == "TLS_AES_256_GCM_SHA384" && tls.commonName == "plant.example")
    #expect(tls.signatureAlgorithm == "ecdsa-with-SHA256" && tls.keyAlgorithm == "EC256" && tls.group == nil)
    let without = try #require(try header(try Seeds.bytes("proxyprotocol/haproxy-v2-tls")).fields.tls)
    #expect(without.isTLS && without.verification == 0 && !without.isVerified && without.commonName == nil)
  }

  /// The checksum of HAProxy's own header fails with any other bit.
  @Test func looksAtTheChecksum() throws {
    let bytes = try Seeds.bytes("proxyprotocol/haproxy-v2-tls")
    guard case .header(_, let length) = ProxyProtocolProperties.outcome(bytes) else {
      return #expect(Bool(false), "no header")
    }
    for place in 16..<28 {
      var changed = bytes
      changed[place] ^= 1
      #expect(refusal(changed) == .wrongChecksum)
    }
    for place in 28..<length {
      var changed = bytes
      changed[place] ^= 1
      #expect(refusal(changed) != nil, "\(place)")
    }
  }

  // MARK: Version 1

  private static let lines: [(String, String, String)] = [
    ("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0:ffff00000000 0", "0:ffffffffffff 65535"),
    ("PROXY TCP6 2001:DB8::1 2001:db8:0:0:0:0:0:2 1 2\r\n", "20010db800000000:1 1", "20010db800000000:2 2"),
    ("PROXY TCP6 :: ::ffff:192.0.2.1 1 2\r\n", "0:0 1", "0:ffffc0000201 2"),
    (
      "PROXY TCP6 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: 1 2\r\n", "1000200030004:5000600070008 1",
      "1000200030004:5000600070000 2"
    ),
    (
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
      "ffffffffffffffff:ffffffffffffffff 65535", "ffffffffffffffff:ffffffffffffffff 65535"
    ),
  ]

  @Test(arguments: lines)
  func readsLine(line: String, source: String, destination: String) throws {
    func text(_ end: ProxyEndpoint) -> String {
      "\(String(end.address.high, radix: 16)):\(String(end.address.low, radix: 16)) \(end.port)"
    }
    guard case .proxied(let from, let to) = try header(latin1(line)).origin else {
      return #expect(Bool(false), "\(line)")
    }
    #expect(text(from) == source && text(to) == destination)
    let bytes = latin1(line)
    #expect(ProxyProtocolProperties.outcome(bytes + [0x50]) == ProxyProtocolProperties.outcome(bytes))
    for end in bytes.indices { #expect(ProxyProtocolProperties.outcome(bytes[..<end]) == .incomplete) }
  }

  @Test func readsUnknown() {
    #expect(outcome("PROXY UNKNOWN\r\nGET") == .header(ProxyHeader(.unspecified), length: 15))
    #expect(outcome("PROXY UNKNOWN ff::1 what ever 9\r\n") == .header(ProxyHeader(.unspecified), length: 33))
    #expect(outcome("PROXY UNKNOWNS\r\n") == .failed(.malformedLine))
  }

  private static let brokenLines: [(String, ProxyProtocolError.Reason)] = [
    ("GET / HTTP/1.1\r\n", .notProxyHeader), ("POST /", .notProxyHeader), ("PROXX", .notProxyHeader),
    ("proxy ", .notProxyHeader),
    ("PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", .malformedLine), ("PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n", .malformedLine),
    ("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", .malformedLine), ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", .malformedLine),
    ("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", .malformedLine), ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n", .malformedLine),
    ("PROXY TCP4 1.1.1.1 2.2.2.2 1 \r\n", .malformedLine), ("PROXY TCP4\r\n", .malformedLine),
    ("PROXY \r\n", .malformedLine),
    ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", .malformedLine), ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rx", .malformedLine),
    ("PROXY TCP4 1.1.1.1\t2.2.2.2 1 2\r\n", .malformedLine), ("PROXY TCP4 1.1.1.\u{e9}", .malformedLine),
    ("PROXY TCP44 1.1.1.1 2.2.2.2 1 2\r\n", .malformedLine), ("PROXY UNIX a b\r\n", .malformedLine),
    ("PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n", .malformedAddress), ("PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n", .malformedAddress),
    ("PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n", .malformedAddress),
    ("PROXY TCP4 1.1.1.1.1 2.2.2.2 1 2\r\n", .malformedAddress),
    ("PROXY TCP4 ::1 ::1 1 2\r\n", .malformedAddress), ("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", .malformedAddress),
    ("PROXY TCP6 1::2::3 ::1 1 2\r\n", .malformedAddress), ("PROXY TCP6 12345:: ::1 1 2\r\n", .malformedAddress),
    ("PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n", .malformedAddress), ("PROXY TCP6 ::1 : 1 2\r\n", .malformedAddress),
    ("PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n", .malformedAddress),
    ("PROXY TCP6 ::1%eth0 ::1 1 2\r\n", .malformedAddress),
    ("PROXY TCP6 1:2:3:4:5:6:7::8 ::1 1 2\r\n", .malformedAddress), ("PROXY TCP6 1: ::1 1 2\r\n", .malformedAddress),
    ("PROXY TCP6 ::1.2.3.4.5 ::1 1 2\r\n", .malformedAddress),
    ("PROXY TCP6 1:2:3:4:5:6:7:1.2.3.4 ::1 1 2\r\n", .malformedAddress),
    ("PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n", .malformedPort), ("PROXY TCP4 1.1.1.1 2.2.2.2 1 02\r\n", .malformedPort),
    ("PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n", .malformedPort), ("PROXY TCP4 1.1.1.1 2.2.2.2 1 -2\r\n", .malformedPort),
    ("PROXY TCP4 1.1.1.1 2.2.2.2 1 999999\r\n", .malformedPort),
    ("PROXY UNKNOWN " + String(repeating: "x", count: 93), .lineTooLong),
    ("PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n", .lineTooLong),
  ]

  @Test(arguments: brokenLines)
  func refusesLine(line: String, reason: ProxyProtocolError.Reason) {
    #expect(outcome(line) == .failed(reason))
    #expect(ProxyProtocolProperties.firstFailure(of: latin1(line)) == nil)
  }

  @Test func longestLine() {
    let line = "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"
    #expect(outcome(line) == .header(ProxyHeader(.unspecified), length: 107))
  }

  @Test func refusesAtTheFirstOtherByte() {
    for start in ["PROXY ", "\r\n\r\n\0\r\nQUIT\n"].map(latin1) {
      for end in start.indices {
        #expect(ProxyProtocolProperties.outcome(start[..<end]) == .incomplete)
        var other = Array(start[...end])
        other[end] ^= 0x20
        #expect(ProxyProtocolProperties.outcome(other) == .failed(.notProxyHeader))
      }
    }
  }

  // MARK: Version 2

  @Test func refusesBrokenBinary() {
    #expect(refusal(binary(0x11, 0x11, addresses)) == .unsupportedVersion)
    #expect(refusal(binary(0x22, 0x11, addresses)) == .unsupportedCommand)
    for family: UInt8 in [0x01, 0x10, 0x13, 0x20, 0x33, 0x41, 0xff] {
      #expect(refusal(binary(0x21, family, addresses)) == .unsupportedFamily)
    }
    #expect(refusal(binary(0x21, 0x11, Array(addresses.dropLast()))) == .headerTooShort)
    #expect(refusal(binary(0x21, 0x21, [UInt8](repeating: 0, count: 35))) == .headerTooShort)
    #expect(refusal(binary(0x21, 0x31, [UInt8](repeating: 0, count: 215))) == .headerTooShort)
    #expect(refusal(binary(addresses + [UInt8](repeating: 0, count: 5_000))) == .headerTooLarge)
    #expect(refusal(Array(binary(addresses + [UInt8](repeating: 0, count: 5_000))[..<16])) == .headerTooLarge)
    #expect(refusal(binary(fields((3, [0, 0, 0, 0])))) == .wrongChecksum)
  }

  @Test func readsOtherOrigins() throws {
    #expect(try header(binary(0x20, 0x11, addresses)).origin == .local)
    #expect(try header(binary(0x20, 0xff, [1, 2, 3])).origin == .local)
    #expect(try header(binary(0x21, 0x00, [1, 2, 3])).origin == .unspecified)
    #expect(try header(binary(0x21, 0x12, addresses)).isDatagram)
    let path = latin1("/run/a") + [UInt8](repeating: 0, count: 102)
    #expect(
      try header(binary(0x21, 0x31, path + path)).origin
        == .unix(source: latin1("/run/a"), destination: latin1("/run/a")))
  }

  private static let brokenFields: [(UInt8, [UInt8])] = [
    (1, []), (2, []), (2, latin1("a b")), (2, [0xff]), (3, [1]), (3, [0, 0, 0, 0, 0]), (0x20, []),
    (0x20, [1, 0, 0, 0]),
    (0x20, [1, 0, 0, 0, 0, 0x21]), (0x20, [1, 0, 0, 0, 0, 0x21, 0, 1]), (0x20, [1, 0, 0, 0, 0, 0x21, 0, 0]),
    (0x20, [1, 0, 0, 0, 0, 0x22, 0, 1, 0x0a]), (0x20, [1, 0, 0, 0, 0, 0x22, 0, 1, 0xff]),
    (5, [UInt8](repeating: 1, count: 129)), (1, [UInt8](repeating: 1, count: 256)),
  ]

  @Test(arguments: brokenFields)
  func refusesField(type: UInt8, value: [UInt8]) { #expect(refusal(binary(fields((type, value)))) == .malformedField) }

  @Test func refusesFieldsThatDoNotFit() {
    for rest in [[1], [1, 0], [1, 0, 2, 0x68], [4, 0, 0, 4]] as [[UInt8]] {
      #expect(refusal(binary(addresses + rest)) == .malformedField)
    }
    #expect(refusal(binary(fields((1, [1]), (1, [1])))) == .duplicateField)
    #expect(refusal(binary(fields((2, [0x61]), (2, [0x62])))) == .duplicateField)
    let name: [UInt8] = [0x22, 0, 1, 0x61]
    #expect(refusal(binary(fields((0x20, [1, 0, 0, 0, 0] + name + name)))) == .duplicateField)
    let many = [[UInt8]](repeating: [4, 0, 0], count: 65).flatMap { $0 }
    #expect(refusal(binary(addresses + many)) == .tooManyFields)
    #expect(refusal(binary(addresses + many.dropLast(3))) == nil)
  }

  @Test func keepsOtherFields() throws {
    let fields = try header(binary(fields((0xea, [1, 2]), (4, [9]), (0xea, []), (0x30, [7])))).fields
    #expect(
      fields.others == [
        ProxyFields.Other(type: 0xea, value: [1, 2]), ProxyFields.Other(type: 0xea, value: []),
        ProxyFields.Other(type: 0x30, value: [7]),
      ])
    #expect(try header(binary(self.fields((2, latin1("192.0.2.1"))))).fields.authority == nil)
  }

  // MARK: Writing

  private var full: ProxyHeader {
    var header = ProxyHeader(.proxied(source: v4(192, 0, 2, 1, 1), destination: v4(198, 51, 100, 255, 65535)))
    header.fields.applicationProtocol = latin1("http/1.1")
    header.fields.authority = "plant.example"
    header.fields.uniqueID = [0, 255]
    header.fields.others = [ProxyFields.Other(type: 0xe0, value: [1])]
    var tls = ProxyTLS(hasCertificateHere: true, verification: 0)
    tls.version = "TLSv1.3"
    tls.commonName = "Prüfstand 7"
    tls.cipher = "TLS_AES_128_GCM_SHA256"
    tls.signatureAlgorithm = "SHA256"
    tls.keyAlgorithm = "EC256"
    tls.group = "X25519MLKEM768"
    header.fields.tls = tls
    return header
  }

  @Test func writesWhatItReads() throws {
    var datagram = full
    datagram.isDatagram = true
    let six = ProxyHeader(.proxied(source: ProxyEndpoint(loopback6, 9), destination: v4(1, 2, 3, 4, 5)))
    let unix = ProxyHeader(.unix(source: [0, 0x61], destination: [UInt8](repeating: 0x62, count: 108)))
    for header in [full, datagram, six, unix, ProxyHeader(.local), ProxyHeader(.unspecified)] {
      #expect(ProxyProtocolProperties.writingFailure(header) == nil)
    }
    var out: [UInt8] = []
    try six.writeLine(to: &out)
    #expect(text(out) == "PROXY TCP6 0:0:0:0:0:0:0:1 0:0:0:0:0:ffff:102:304 9 5\r\n")
    out = []
    try full.writeLine(to: &out)
    #expect(text(out) == "PROXY TCP4 192.0.2.1 198.51.100.255 1 65535\r\n")
    #expect(throws: ProxyProtocolError(.notRepresentable)) { try unix.writeLine(to: &out) }
    #expect(throws: ProxyProtocolError(.notRepresentable)) { try datagram.writeLine(to: &out) }
  }

  @Test func writesNothingThatDoesNotFit() {
    var long = full
    long.fields.others = [ProxyFields.Other(type: 0xe0, value: [UInt8](repeating: 0, count: 65_500))]
    var identified = full
    identified.fields.uniqueID = [UInt8](repeating: 0, count: 129)
    let path = ProxyHeader(.unix(source: [UInt8](repeating: 1, count: 109), destination: []))
    for header in [long, identified, path] {
      var out: [UInt8] = [7]
      #expect(throws: ProxyProtocolError(.notRepresentable)) { try header.writeBinary(to: &out, checksum: true) }
      #expect(out == [7])
    }
  }

  // MARK: Anything

  @Test(arguments: 0..<UInt64(4))
  func mutationsKeepTheProperties(part: UInt64) throws {
    let seed = chosenSeed()
    var random = SeededGenerator(seed: seed &+ part)
    var seeds = try Seeds.names("proxyprotocol").map { try Seeds.bytes("proxyprotocol/" + $0) }
    var written: [UInt8] = []
    try full.writeBinary(to: &written)
    seeds.append(written)
    for original in seeds {
      for _ in 0..<40 {
        let bytes = mutated(original, using: &random)
        let failure = ProxyProtocolProperties.firstFailure(of: bytes)
        #expect(failure == nil, "seed \(seed), part \(part): \(bytes)")
      }
    }
  }

  @Test func whatTheFuzzerFoundStaysFixed() throws {
    let names = try Seeds.names("proxyprotocol")
    #expect(names.count >= 7)
    for name in names {
      let failure = ProxyProtocolProperties.firstFailure(of: try Seeds.bytes("proxyprotocol/" + name))
      #expect(failure == nil, "\(name)")
    }
  }
}
