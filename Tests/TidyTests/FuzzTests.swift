import Foundation
import Testing

/// A fuzz target is built, run and known everywhere, or nowhere.
@Suite struct FuzzTests {
  static let targets = Repository.names(in: "Fuzz/Sources").filter { !$0.hasPrefix(".") }

  @Test func everyTargetIsListed() throws {
    let declaration = try Regex("fuzzer\\(\"(\\w+)\"")
    let declared = Repository.text("Fuzz/Package.swift").matches(of: declaration)
      .compactMap { $0[1].substring.map(String.init) }
    #expect(declared.sorted() == Self.targets, "Fuzz/Sources and Fuzz/Package.swift differ")
    let line = try #require(
      Repository.text("Makefile").split(separator: "\n").first { $0.hasPrefix("FUZZ_TARGETS :=") })
    let run = line.split(separator: " ").dropFirst(2).map(String.init)
    #expect(run.sorted() == Self.targets, "Fuzz/Sources and FUZZ_TARGETS of the Makefile differ")
  }

  /// Seeds of the target `FuzzModbus` are in `Fuzz/Corpus/modbus`, and so on.
  @Test func everyTargetHasSeeds() {
    for target in Self.targets {
      let corpus = "Fuzz/Corpus/\(target.dropFirst("Fuzz".count).lowercased())"
      #expect(!Repository.names(in: corpus).isEmpty, "\(corpus) has no seed")
    }
  }
}
