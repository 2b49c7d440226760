import Foundation
import SecLang
import Testing

/// Every seed of the fuzz targets and every input that once broke one.
/// One after the other: the properties keep what they work with.
@Suite(.serialized) struct FuzzCorpusTests {
  private static let properties: [String: @Sendable ([UInt8]) -> String?] = [
    "bodies": { BodyProperties.firstFailure(of: $0) },
    "detectors": { DetectorProperties.firstFailure(of: $0) },
    "firewall": { FirewallProperties.firstFailure(of: $0) },
    "patterns": { PatternProperties.firstFailure(of: $0) },
    "seclang": { RuleProperties.firstFailure(of: $0) },
    "transformations": { TransformationProperties.firstFailure(of: $0) },
  ]

  /// Names and bytes of the files of a corpus.
  private static func corpus(_ name: String) throws -> [(String, [UInt8])] {
    // The properties are links to files of the fuzz targets, so the folder is found from where this file really is.
    let tests = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    let folder = tests.appending(path: "../../../Fuzz/Corpus/\(name)").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return try files.map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
  }

  @Test(arguments: properties.keys.sorted()) func replays(_ name: String) throws {
    let check = try #require(Self.properties[name])
    let corpus = try Self.corpus(name)
    #expect(!corpus.isEmpty)
    for (file, bytes) in corpus { #expect(check(bytes) == nil, "\(name)/\(file)") }
  }

  /// What two ways of running rules agree on says nothing where no rule matches.
  @Test func requestsMeetMostSampleRules() throws {
    let document = try RuleParser.parse(Array(SampleRules.text.utf8), named: "rules")
    let ids = document.statements.compactMap { statement -> Int? in
      guard case .rule(_, _, let actions) = statement.directive, !actions.contains(where: { $0.name == .nolog }) else {
        return nil
      }
      let id = actions.first { $0.name == .id }?.value
      return id.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }
    var met: Set<Int> = []
    for (_, bytes) in try Self.corpus("firewall") { met.formUnion(FirewallProperties.matchedRules(bytes)) }
    // Another rule takes this one out for every request of the corpus.
    #expect(ids.filter { !met.contains($0) } == [41])
  }

  /// Values that once took long, in whole transactions with Debian's core rule set.
  @Test(.enabled(if: PublicRules.exists(PublicRules.debianRules)))
  func transactionsKeepTheirTime() throws {
    let search = try RegexCost("/usr/share/modsecurity-crs")
    let allowed = RegexCost.budgetNanoseconds + RegexCost.allowanceNanoseconds
    for (file, bytes) in try Self.corpus("regexcost") {
      if let time = search.measure(bytes).transaction { #expect(time <= allowed, "\(file): \(time / 1_000_000) ms") }
    }
  }
}
