import Foundation
import SecLang
import Testing

/// Both detectors beside libinjection: the same verdict and fingerprint for every value.
@Suite struct InjectionDifferentialTests {
  static let count = 50_000
  static let seed: UInt64 = 0x5EC1_A9

  @Test(.enabled(if: LibInjection.isThere, "libmodsecurity.so.3 is not installed"))
  func sqlInjectionsAreThoseOfTheLibrary() throws {
    let library = try #require(LibInjection())
    var mutator = InjectionMutator(
      seed: Self.seed, seeds: InjectionSamples.sqlValues + Self.conformanceInputs("detectSQLi"),
      fragments: InjectionSamples.sqlFragments, patterns: InjectionSamples.sqlPatterns)
    var attacks = 0
    for value in InjectionSamples.sqlValues + (0..<Self.count).map({ _ in mutator.next() }) {
      let expected = library.fingerprint(of: value)
      if expected != nil { attacks += 1 }
      let found = SQLInjectionDetector.fingerprint(of: value.span)?.text
      #expect(found == expected, "\(String(decoding: value, as: UTF8.self)), bytes \(value), seed \(Self.seed)")
    }
    #expect(attacks > Self.count / 50)
  }

  @Test(.enabled(if: LibInjection.isThere, "libmodsecurity.so.3 is not installed"))
  func scriptsAreThoseOfTheLibrary() throws {
    let library = try #require(LibInjection())
    var mutator = InjectionMutator(
      seed: Self.seed, seeds: InjectionSamples.htmlValues + Self.conformanceInputs("detectXSS"),
      fragments: InjectionSamples.htmlFragments)
    var attacks = 0
    for value in InjectionSamples.htmlValues + (0..<Self.count).map({ _ in mutator.next() }) {
      let expected = library.isXSS(value)
      if expected { attacks += 1 }
      let found = XSSDetector.isAttack(value.span)
      #expect(found == expected, "\(String(decoding: value, as: UTF8.self)), bytes \(value), seed \(Self.seed)")
    }
    #expect(attacks > Self.count / 20)
  }

  @Test(.enabled(if: LibInjection.isThere, "libmodsecurity.so.3 is not installed"))
  func recordedVerdictsAreThoseOfTheLibrary() throws {
    let library = try #require(LibInjection())
    var sql = (values: InjectionMutator.recordedSQL, digest: VerdictDigest())
    var html = (values: InjectionMutator.recordedHTML, digest: VerdictDigest())
    for _ in 0..<VerdictDigest.recordedCount {
      sql.digest.add(library.fingerprint(of: sql.values.next()))
      html.digest.add(library.isXSS(html.values.next()) ? "attack" : nil)
    }
    #expect(sql.digest.value == VerdictDigest.recordedSQL)
    #expect(html.digest.value == VerdictDigest.recordedHTML)
  }

  // MARK: the operators' conformance cases

  private struct Case: Decodable {
    var input: String
    var ret: Int
  }

  /// The shared conformance data, when it is there; `SLUICE_CONFORMANCE` names its folder.
  private static let folder: URL? = {
    let path =
      ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"].map { URL(filePath: $0) }
      ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../shared/conformance")
    let folder = path.appending(path: "seclang/operators").standardized
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  private static func cases(_ name: String) -> [Case] {
    guard let folder, let data = try? Data(contentsOf: folder.appending(path: name + ".json")) else { return [] }
    return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
  }

  private static func conformanceInputs(_ name: String) -> [[UInt8]] {
    cases(name).map { Array($0.input.utf8) }.filter { !$0.isEmpty }
  }

  @Test(.enabled(if: InjectionDifferentialTests.folder != nil, "set SLUICE_CONFORMANCE"))
  func conformanceCasesHold() {
    let sql = Self.cases("detectSQLi")
    let xss = Self.cases("detectXSS")
    #expect(!sql.isEmpty && !xss.isEmpty)
    for item in sql {
      let found = SQLInjectionDetector.fingerprint(of: Array(item.input.utf8).span)
      #expect((found != nil) == (item.ret == 1), "\(item)")
    }
    for item in xss {
      let isAttack = XSSDetector.isAttack(Array(item.input.utf8).span)
      #expect(isAttack == (item.ret == 1), "\(item)")
    }
  }
}
