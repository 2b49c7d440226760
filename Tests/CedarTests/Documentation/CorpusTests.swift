import Foundation
import Testing
import sluice

/// Archives as tests make them.
private enum Archive {
  static func header(
    _ name: String, size: Int, type: Character = "0", prefix: String = "", magic: String = "ustar\u{0}00"
  )
    -> [UInt8]
  {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    put(name, at: 0)
    put("0000644", at: 100)
    put(String(repeating: "0", count: 11 - String(size, radix: 8).count) + String(size, radix: 8), at: 124)
    put(String(type), at: 156)
    put(magic, at: 257)
    put(prefix, at: 345)
    let sum = header.reduce(8 * 32) { $0 + Int($1) }
    put(String(repeating: "0", count: 6 - String(sum, radix: 8).count) + String(sum, radix: 8), at: 148)
    return header
  }

  static func entry(_ name: String, _ text: String, type: Character = "0", prefix: String = "") -> [UInt8] {
    let bytes = Array(text.utf8)
    let padding = [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    return header(name, size: bytes.count, type: type, prefix: prefix) + bytes + padding
  }

  static let end = [UInt8](repeating: 0, count: 1024)

  /// A record of pax, whose length counts itself.
  static func record(_ key: String, _ value: String) -> String {
    var length = key.utf8.count + value.utf8.count + 3
    while String(length).count + key.utf8.count + value.utf8.count + 3 != length {
      length = String(length).count + key.utf8.count + value.utf8.count + 3
    }
    return "\(length) \(key)=\(value)\n"
  }

  /// Stored, not compressed (RFC 1951 §3.2.4).
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
      let part = rest.prefix(65_535)
      rest = rest.dropFirst(part.count)
      result.append(rest.isEmpty ? 1 : 0)
      for word in [UInt16(part.count), ~UInt16(part.count)] { result += [UInt8(word & 0xff), UInt8(word >> 8)] }
      result += part
    } while !rest.isEmpty
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
    }
    for word in [~crc, UInt32(truncatingIfNeeded: bytes.count)] {
      result += (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
    return result
  }
}

/// A case with one policy and one request.
private enum Case {
  static let policies = #"permit (principal == User::"anna", action, resource) when { context.value < 10 };"#
  static let schema = """
    entity User, Door;
    action open appliesTo { principal: User, resource: Door, context: { value: Long } };
    """

  static func json(
    decision: String = "allow", reason: String = #""policy0""#, errors: String = "", shouldValidate: Bool = true,
    value: String = "7", folder: String = "corpus/", validates: Bool = true
  ) -> String {
    """
    { "policies": "\(folder)a.cedar", "entities": "\(folder)a.entities.json", "schema": "\(folder)a.cedarschema",
      "shouldValidate": \(shouldValidate), "requests": [{
        "description": "one", "principal": { "type": "User", "id": "anna" },
        "action": { "type": "Action", "id": "open" }, "resource": { "type": "Door", "id": "d" },
        "context": { "value": \(value) }, "validateRequest": \(validates), "decision": "\(decision)",
        "reason": [\(reason)], "errors": [\(errors)] }] }
    """
  }

  static func archive(_ json: String) -> [UInt8] {
    Archive.entry("./corpus/", "", type: "5") + Archive.entry("corpus/a.json", json)
      + Archive.entry("./corpus/a.cedar", policies) + Archive.entry("a.entities.json", "[]", prefix: "corpus")
      + Archive.entry("corpus/a.cedarschema", schema) + Archive.end
  }

  static func run(_ json: String) throws -> CorpusReport {
    let files = try CorpusFiles(archive: archive(json))
    return CorpusRun.run(CorpusCase.paths(in: files, only: []), of: files, jobs: 2)
  }
}

/// `sluice policy test`.
@Suite struct CorpusTests {
  @Test func countsVerdictsAndRequests() throws {
    let report = try Case.run(Case.json())
    #expect(report.failures == [])
    #expect((report.cases, report.validations, report.requests) == (1, 1, 1))
    #expect(report.lastLine == "2 passed, 0 failed, 0 skipped")
  }

  @Test func findsWhatIsOtherwise() throws {
    let wrong: [(json: String, part: String)] = [
      (Case.json(decision: "deny"), "Allow instead of Deny"),
      (Case.json(reason: ""), "reasons [policy0] instead of []"),
      (Case.json(errors: #""policy0""#), "errors [] instead of [policy0]"),
      (Case.json(shouldValidate: false), "are found valid"), (Case.json(value: #""x""#), "the request is refused"),
      (Case.json(value: "11"), "Deny instead of Allow"),
    ]
    for (json, part) in wrong {
      let report = try Case.run(json)
      #expect(report.failed == 1 && report.passed == 1)
      #expect(report.failures.first?.problem.contains(part) == true, "\(report.failures)")
      #expect(report.text.contains("corpus/a"))
    }
  }

  /// What can't be run at all fails as a whole; nothing is left out.
  @Test func failsWhatCannotBeRun() throws {
    let broken = [
      "{", "{\"policies\": 1, \"requests\": []}", Case.json().replacing("a.cedarschema", with: "b.cedarschema"),
      Case.json(decision: "maybe"),
    ]
    for json in broken {
      let report = try Case.run(json)
      #expect(report.failed >= 1, "\(json)")
    }
    // Files are found beside their case, wherever it says that they are; nothing else is.
    #expect(try Case.run(Case.json(folder: "../elsewhere/")).failed == 0)
  }

  @Test func requestsNeedNotFit() throws {
    let files = try CorpusFiles(archive: Case.archive(Case.json()))
    let path = try #require(CorpusCase.paths(in: files, only: ["a"]).first)
    #expect(CorpusCase.paths(in: files, only: ["b"]).isEmpty)
    #expect(files.resolve("corpus/a.cedar", from: path) == "corpus/a.cedar")
    #expect(files.resolve("/etc/passwd", from: path) == nil)
  }

  // MARK: Archives

  @Test func longNames() throws {
    let name = String(repeating: "folder/", count: 40) + "ä.json"
    let bytes =
      Archive.entry("PaxHeaders/x", Archive.record("mtime", "1") + Archive.record("path", name), type: "x")
      + Archive.entry("short", "pax") + Archive.entry("././@LongLink", name + "2\u{0}", type: "L")
      + Archive.entry("short", "gnu") + Archive.entry("link", "", type: "2") + Archive.entry("plain", "last")
      + Archive.end
    let files = try TarReader.files(bytes)
    #expect(files.map(\.name) == [name, name + "2", "plain"])
    #expect(files.map { String(decoding: $0.bytes, as: UTF8.self) } == ["pax", "gnu", "last"])
  }

  @Test func hostileArchives() {
    let good = Archive.entry("a", "text") + Archive.end
    var wrongSum = good
    wrongSum[0] ^= 1
    let cases: [(name: String, bytes: [UInt8])] = [
      ("cut off", Array(good.prefix(600))), ("without an end", Array(good.prefix(1024))), ("wrong sum", wrongSum),
      ("longer than the archive", Archive.header("a", size: 1 << 30) + Archive.end),
      ("sparse", Archive.entry("a", "", type: "S") + Archive.end),
      ("record without an end", Archive.entry("x", "9999 path=a\n", type: "x") + Archive.end),
      ("record without a length", Archive.entry("x", "path=a\n", type: "x") + Archive.end),
      ("size past all", Archive.entry("x", Archive.record("size", "99999999999999999999"), type: "x") + Archive.end),
      ("size past the end", Archive.entry("x", Archive.record("size", "99999999"), type: "x") + good),
      ("name of zeros", Archive.entry("x", Archive.record("path", "a\u{0}b"), type: "x") + good),
      ("long name", Archive.entry("x", Archive.record("path", String(repeating: "a", count: 5_000)), type: "x") + good),
    ]
    for (name, bytes) in cases { #expect(throws: TarReader.Problem.self, "\(name)") { try TarReader.files(bytes) } }
  }

  @Test func gzipIsBounded() throws {
    let tar = Case.archive(Case.json())
    let zipped = Archive.gzip(tar)
    #expect(try GzipReader.decompress(zipped, limit: tar.count) == tar)
    #expect(try GzipReader.decompress(zipped + zipped + [0, 0], limit: 1 << 20) == tar + tar)
    #expect(throws: GzipReader.Problem.self) { try GzipReader.decompress(zipped, limit: tar.count - 1) }
    #expect(throws: GzipReader.Problem.self) { try GzipReader.decompress(zipped.dropLast(), limit: 1 << 20) }
    #expect(throws: GzipReader.Problem.self) { try GzipReader.decompress(zipped + [7], limit: 1 << 20) }
    var damaged = zipped
    damaged[damaged.count - 6] ^= 1
    #expect(throws: GzipReader.Problem.self) { try GzipReader.decompress(damaged, limit: 1 << 20) }
    let files = try CorpusFiles(archive: zipped)
    #expect(files.paths.count == 4)
  }

  /// Whatever the bytes are, there are files or an error.
  @Test(arguments: [UInt64.random(in: 0...UInt64.max)]) func randomDamage(seed: UInt64) throws {
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let good = Case.archive(Case.json())
    for _ in 0..<400 {
      var bytes = good
      for _ in 0...next(4) {
        // In the headers: there a change means something.
        let header = next(bytes.count / 512) * 512
        bytes[header + next(512)] = UInt8(next(256))
        let sum = bytes[header..<(header + 512)].enumerated()
          .reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        let digits = Array(
          (String(repeating: "0", count: 7 - String(sum, radix: 8).count) + String(sum, radix: 8)).utf8)
        if next(2) == 0 { bytes.replaceSubrange((header + 148)..<(header + 155), with: digits) }
      }
      if next(4) == 0 { bytes.removeLast(next(bytes.count)) }
      if let files = try? CorpusFiles(archive: bytes) { #expect(files.paths.count <= 5, "seed \(seed)") }
    }
  }

  // MARK: The corpus of the reference implementation

  private static let corpus: String = {
    let folder =
      ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"].map { URL(filePath: $0) }
      ?? MarkdownPage.root.appending(path: "../shared/conformance").standardizedFileURL
    return folder.appending(path: "cedar/corpus-tests.tar.gz").path()
  }()

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: CorpusTests.corpus), "set SLUICE_CONFORMANCE to its folder"),
    .timeLimit(.minutes(5)))
  func corpusPasses() throws {
    let files = try CorpusFiles(Self.corpus)
    let report = CorpusRun.run(
      CorpusCase.paths(in: files, only: []), of: files, jobs: ProcessInfo.processInfo.activeProcessorCount)
    #expect(report.failures.prefix(20).map { "\($0.id) \($0.problem)" } == [])
    #expect((report.cases, report.validations, report.requests) == (5_874, 5_874, 46_992))
  }
}
