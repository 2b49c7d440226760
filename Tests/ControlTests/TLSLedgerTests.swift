import Foundation
import NIOHTTP1
import SluiceModel
import Synchronization
import Telemetry
import Testing

import Control
import sluice

/// The start of the process in these tests.
private let start = Date(timeIntervalSince1970: 1_700_000_000)

private func facts(
  _ version: TLSVersion, _ group: TLSGroup?, cipher: UInt16, resumed: Bool = false, ja4: String? = "t13d"
) -> TLSFacts {
  TLSFacts(
    version: version, cipher: TLSCipherSuite(rawValue: cipher), group: group, isResumed: resumed, wasRetried: false,
    serverName: nil, applicationProtocol: nil, ja4: ja4, peer: nil)
}

private func certificate(
  _ fingerprint: String, days: Int64, place: String = "web", key: String = "P-256",
  signature: String = "ECDSA with SHA-256"
) -> CertificateEntry {
  let now = Int64(start.timeIntervalSince1970)
  return CertificateEntry(
    leg: .client, place: place, subject: "CN=\(fingerprint)", issuer: "CN=plant", serialNumber: "1f",
    names: ["web.example", "10.0.0.1"], keyAlgorithm: key, signatureAlgorithm: signature,
    notBefore: now - 86_400, notAfter: now + days * 86_400 + 60,
    fingerprint: String(repeating: fingerprint, count: 64), file: "tls/web.pem")
}

/// A ledger of what two event loops saw a second after the start.
private func ledger(_ certificates: [CertificateEntry] = [], busy: Bool = true) throws -> TLSLedger {
  let folder = FileManager.default.temporaryDirectory.path + "/sluice-ledger-" + UUID().uuidString.prefix(13)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  var logs = LogsConfiguration()
  logs.access = .off
  logs.decisions.directory = folder
  let moment = UInt64(start.timeIntervalSince1970 * 1000) + 1500
  let hub = try TelemetryHub(
    logs, version: "1", files: SystemFiles(),
    clock: TelemetryClock(unixMilliseconds: { moment }, monotonicMilliseconds: { moment }))
  defer { hub.shutdown() }
  let recorders = [hub.makeRecorder(industrial: false), hub.makeRecorder(industrial: false)]
  let web = LogName("web")
  func add(
    _ facts: TLSFacts?, _ recorder: Int, leg: TLSLeg = .client, place: LogName = web, endpoint: LogName? = nil,
    peer: UInt32 = 0x0a00_0001, failure: StaticString? = nil
  ) {
    recorders[recorder].handshakeEnded(
      HandshakeRecord(
        leg: leg, place: place, endpoint: endpoint, peer: IPAddress(v4: peer), facts: facts, failure: failure,
        durationNanoseconds: 1))
  }
  if busy {
    for recorder in 0..<2 {
      for _ in 0..<3 { add(facts(.tls13, .x25519MLKEM768, cipher: 0x1301), recorder) }
      add(facts(.tls12, .p256, cipher: 0xc02f, ja4: "t12d"), recorder, peer: 0x0a00_0007)
      add(nil, recorder, failure: "no version in common")
    }
    add(facts(.tls12, nil, cipher: 0xc02f, resumed: true, ja4: "t12d"), 0, peer: 0x0a00_0008)
    add(
      facts(.tls13, .x25519, cipher: 0x1303, ja4: nil), 1, leg: .upstream, place: LogName("app"),
      endpoint: LogName("10.0.2.1:443"), peer: 0x0a00_0201)
    add(facts(.tls13, TLSGroup(rawValue: 0x9999), cipher: 0x9999, ja4: nil), 1, leg: .device, place: LogName("press-1"))
  }
  return TLSLedger(
    loops: recorders.map { $0.snapshot(recent: false) }, certificates: certificates, since: start,
    now: start.addingTimeInterval(2))
}

@Suite struct TLSLedgerTests {
  @Test func addsUpTheLoops() throws {
    let ledger = try ledger()
    #expect(ledger.since == start && ledger.scope.contains("this process"))
    #expect(ledger.handshakes == 11 && ledger.postQuantum == 6 && ledger.failed == 2)
    #expect(ledger.postQuantumPercent == 54.5)
    #expect(ledger.places.map(\.place) == ["web", "app", "press-1"])
    #expect(ledger.places.map(\.endpoint) == [nil, "10.0.2.1:443", nil])
    let web = try #require(ledger.places.first)
    #expect(web.negotiated.map(\.count) == [6, 2, 1])
    #expect(web.negotiated.map(\.group) == ["X25519MLKEM768", "P-256", nil])
    #expect(web.negotiated.map(\.postQuantum) == [true, false, false])
    #expect(web.postQuantumPercent == 66.7)
    #expect(web.failures.map(\.reason) == ["no version in common"] && web.failures.map(\.count) == [2])
    #expect(web.notPostQuantum.map(\.address) == ["10.0.0.7", "10.0.0.8"])
    #expect(web.notPostQuantum.map(\.handshakes) == [2, 1])
    #expect(web.notPostQuantum.first?.ja4 == "t12d" && web.notPostQuantumIsComplete)
    #expect(web.firstSeen == start.addingTimeInterval(1) && web.lastSeen == web.firstSeen)
  }

  @Test func nothingIsNotAHundredPercent() throws {
    let ledger = try ledger(busy: false)
    #expect(ledger.handshakes == 0 && ledger.postQuantumPercent == nil && ledger.places.isEmpty)
    #expect(TLSLedgerText.text(ledger) == "TLS of this process since 2023-11-14T22:13:20Z: 0 handshakes, 0 failed")
  }

  @Test func certificatesWarnBeforeTheyExpire() throws {
    var future = certificate("e", days: 400)
    future.notBefore = Int64(start.timeIntervalSince1970) + 3600
    var absurd = certificate("f", days: 0)
    (absurd.notBefore, absurd.notAfter) = (.min, .max)
    let all = try ledger(
      [certificate("a", days: 400), certificate("b", days: 30), certificate("c", days: 29), certificate("d", days: -3)]
        + [future, absurd]
    ).certificates
    #expect(all.map { $0.subject.suffix(1) } == ["d", "c", "b", "a", "e", "f"])
    #expect(all.map(\.warning) == [.expired, .expiresSoon, nil, nil, .notValidYet, nil])
    #expect(all.prefix(4).map(\.daysLeft) == [-3, 29, 30, 400])
  }

  @Test func isServedAndReadBack() async throws {
    let gateway = TestGateway()
    let expected = try ledger([certificate("a", days: 3)])
    gateway.change { $0.ledger = expected }
    try await withSocketServer(gateway) { client in
      let reply = try await client.request(.get, "/v1/tls/ledger")
      #expect(try reply.decode(TLSLedger.self) == expected)
      let bill = try await client.request(.get, "/v1/tls/cbom")
      #expect(bill.headers.first(name: "Content-Type") == CBOM.contentType)
      #expect(bill.text.contains("\"specVersion\" : \"1.6\""))
      try await withFolder { folder in
        let path = folder + "/cbom.json"
        let status = await Sluice.run(["tls", "cbom", "-o", path, "--admin", client.address.description])
        #expect(status == 0)
        let written = try Data(contentsOf: URL(filePath: path))
        #expect(written == Data(bill.body))
        #expect(await Sluice.run(["tls", "cbom", "-o", folder, "--admin", client.address.description]) == 1)
      }
    }
  }

  @Test func isShownAsTables() throws {
    let text = TLSLedgerText.text(try ledger([certificate("a", days: 3), certificate("b", days: -1)]))
    let lines = text.split(separator: "\n").map(String.init)
    #expect(
      lines.first == "TLS of this process since 2023-11-14T22:13:20Z: 11 handshakes, 54.5 % post-quantum, 2 failed")
    for (place, cells) in [
      ("client web", ["66.7 %", "9"]), ("client web", ["1.3", "X25519MLKEM768", "66.7 %", "6"]),
      ("client web", ["10.0.0.7", "1.2", "P-256"]), ("upstream app 10.0.2.1:443", ["X25519", "100.0 %"]),
      ("client web", ["no version in common", "2"]), ("client web", ["CN=a", "expires soon"]),
      ("client web", ["CN=b", "EXPIRED"]), ("device press-1", ["0x9999"]),
    ] {
      #expect(
        lines.contains { line in line.hasPrefix(place) && cells.allSatisfy { line.contains($0) } }, "\(place) \(cells)")
    }
  }

  @Test func hostileTextCannotDriveTheTerminal() throws {
    var entry = certificate("a", days: 3, place: "\u{1b}[2J")
    entry.subject = "CN=\u{9b}2J\u{202e}\n"
    let text = TLSLedgerText.text(try ledger([entry]))
    #expect(
      !text.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || (0x7f..<0xa0).contains($0.value)) }
        && !text.contains("\u{202e}"))
  }
}

@Suite struct CBOMTests {
  private static func bill(_ version: String = "9.9") throws -> Data {
    let certificates = [
      certificate("a", days: 3), certificate("a", days: 3, place: "other"),
      certificate("b", days: 90, key: "RSA 2048", signature: "RSA with SHA-256"),
      certificate("c", days: 90, key: "ML-DSA-65", signature: "ML-DSA-65"),
      certificate("d", days: 90, key: "novel \"key\"", signature: ""),
    ]
    return try AdminJSON.encoder().encode(CBOM.document(try ledger(certificates), version: version))
  }

  private static func object(_ data: Data) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// Every string below a key that names another part of the document.
  private static func references(_ value: Any, _ key: String = "") -> [String] {
    let names = [
      "ref", "dependsOn", "algorithms", "cryptoRefArray", "algorithmRef", "signatureAlgorithmRef",
      "subjectPublicKeyRef",
    ]
    switch value {
    case let object as [String: Any]: return object.flatMap { references($0.value, $0.key) }
    case let array as [Any]: return array.flatMap { references($0, key) }
    case let text as String: return names.contains(key) ? [text] : []
    default: return []
    }
  }

  @Test func everyReferenceResolvesOnce() throws {
    let bill = try Self.object(Self.bill())
    let parts = try #require(bill["components"] as? [[String: Any]]) + #require(bill["services"] as? [[String: Any]])
    let names = parts.compactMap { $0["bom-ref"] as? String } + ["sluice"]
    #expect(names.count == Set(names).count && names.count == parts.count + 1)
    let references = Self.references(bill)
    #expect(references.count > 30)
    for reference in references { #expect(names.contains(reference), "\(reference)") }
    let dependencies = try #require(bill["dependencies"] as? [[String: Any]]).compactMap { $0["ref"] as? String }
    #expect(dependencies.sorted() == names.sorted())
  }

  @Test func algorithmsHaveTheirQuantumLevel() throws {
    let components = try #require(try Self.object(Self.bill())["components"] as? [[String: Any]])
    func level(_ reference: String) throws -> Int? {
      let component = try #require(components.first { $0["bom-ref"] as? String == reference }, "\(reference)")
      let properties = component["cryptoProperties"] as? [String: Any]
      let algorithm = try #require(properties?["algorithmProperties"] as? [String: Any], "\(reference)")
      return algorithm["nistQuantumSecurityLevel"] as? Int
    }
    for (reference, expected) in [
      ("group/X25519MLKEM768", 3), ("group/MLKEM768", 3), ("group/X25519", 0), ("group/P-256", 0),
      ("group/0x9999", nil), ("cipher/AES-128-GCM", 1), ("cipher/ChaCha20-Poly1305", 5), ("hash/SHA-256", 2),
      ("signature/RSA", 0), ("signature/RSA 2048", 0), ("signature/ML-DSA-65", 3), ("signature/novel \"key\"", nil),
      ("signature/unknown", nil),
    ] as [(String, Int?)] {
      #expect(try level("crypto/" + reference) == expected, "\(reference)")
    }
    let protocols = components.compactMap { ($0["cryptoProperties"] as? [String: Any])?["protocolProperties"] }
      .compactMap { $0 as? [String: Any] }
    #expect(protocols.compactMap { $0["version"] as? String } == ["1.2", "1.3"])
    let suite = (protocols.first?["cipherSuites"] as? [[String: Any]])?.first
    #expect(suite?["identifiers"] as? [String] == ["0xC0", "0x2F"])
  }

  @Test func theSameContentHasTheSameSerialNumber() throws {
    let serial = try #require(try Self.object(Self.bill())["serialNumber"] as? String)
    #expect(try Self.object(Self.bill())["serialNumber"] as? String == serial)
    #expect(try Self.object(Self.bill("9.10"))["serialNumber"] as? String != serial)
    let pattern = try Regex("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    #expect(serial.contains(pattern), "\(serial)")
  }

  @Test(.enabled(if: CycloneDX.isThere, "set PYTHON to one that has cyclonedx-python-lib[json-validation]"))
  func isValidCycloneDX() throws {
    let empty = try AdminJSON.encoder().encode(CBOM.document(try ledger(busy: false), version: "1"))
    let complaints = try CycloneDX.complaints([Self.bill(), empty, Data(#"{"bomFormat":"CycloneDX"}"#.utf8)])
    #expect(complaints.count == 3)
    #expect(complaints.dropLast() == ["", ""])
    #expect(complaints.last?.isEmpty == false)
  }
}

/// The schema of CycloneDX 1.6 as that project's own Python library has it.
private enum CycloneDX {
  static let isThere = (try? run("import cyclonedx.validation.json, jsonschema", Data()))?.status == 0

  /// What is wrong with each document; empty when nothing is.
  static func complaints(_ documents: [Data]) throws -> [String] {
    let program = """
      import json, sys
      from cyclonedx.schema import SchemaVersion
      from cyclonedx.validation.json import JsonStrictValidator
      validator = JsonStrictValidator(SchemaVersion.V1_6)
      errors = [validator.validate_str(text) for text in json.load(sys.stdin)]
      json.dump([error.data.message[:500] + " at " + error.data.json_path if error else "" for error in errors], sys.stdout)
      """
    let texts = documents.map { String(decoding: $0, as: UTF8.self) }
    let result = try run(program, JSONEncoder().encode(texts))
    return result.status == 0 ? try JSONDecoder().decode([String].self, from: Data(result.output.utf8)) : []
  }

  private static func run(_ program: String, _ input: Data) throws -> (status: Int32, output: String) {
    let folder = FileManager.default.temporaryDirectory.path
    let path = folder + "/sluice-cbom-" + UUID().uuidString
    try input.write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [ProcessInfo.processInfo.environment["PYTHON"] ?? "python3", "-c", program]
    let output = Pipe()
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: path))
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
