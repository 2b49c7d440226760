import Cedar
import Foundation
import Testing

/// Every seed of the fuzz target `FuzzEntities` and every input that once broke it.
@Suite struct EntityCorpusTests {
  private static func corpus() throws -> [(name: String, bytes: [UInt8])] {
    let tests = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    let folder = tests.appending(path: "../../../Fuzz/Corpus/entities").standardizedFileURL
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
  }

  @Test func replays() throws {
    let corpus = try Self.corpus()
    #expect(corpus.count >= 10)
    for (name, bytes) in corpus { #expect(EntityProperties.firstFailure(of: bytes) == nil, "\(name)") }
  }

  /// The seeds with broken places, which are answered as well.
  @Test func mutatedSeeds() throws {
    let seed = SeededRandom.chosenSeed(9)
    var random = SeededRandom(seed: seed)
    let corpus = try Self.corpus().map(\.bytes).filter { !$0.isEmpty }
    let pieces = ["{", "}", "[", "]", ",", ":", "\"", "null", "-0", "1.5", "\\u00e9", "__entity", "\u{e9}"].map {
      Array($0.utf8)
    }
    for _ in 0..<3000 {
      var bytes = random.pick(corpus)
      for _ in 0..<random.int(1...3) {
        let start = random.int(0...bytes.count)
        let end = min(bytes.count, start + random.int(0...4))
        bytes.replaceSubrange(start..<end, with: random.chance(60) ? random.pick(pieces) : [UInt8(random.int(0...255))])
      }
      let failure = EntityProperties.firstFailure(of: bytes)
      try #require(failure == nil, "seed \(seed): \(failure ?? "") in \(String(decoding: bytes, as: UTF8.self))")
    }
  }
}
