import SecLang
import Testing

@Suite(.enabled(if: HyperscanLibrary.refusal == nil, "no hyperscan that can be used"))
struct HyperscanTests {
  private static let texts = ["(?i)union\\s+select", "a(?=b)", "\\d{5}$", "(a)\\1", "(*ACCEPT)x", "x\0y"]
  private let patterns: [PrefilterPattern] =
    texts.map { .regex(Array($0.utf8)) } + [.literals([Array("abc".utf8)]), .always]

  @Test func savedDatabasesAreTakenBack() throws {
    let database = try HyperscanDatabase(compiling: patterns)
    // Hyperscan has no back references and lookarounds: it approximates them. The last four aren't given to it.
    #expect(database.count == 4)
    let saved = try database.serialized()
    let loaded = try HyperscanDatabase(serialized: saved, patterns: patterns)
    #expect(loaded.count == database.count)
    #expect(try loaded.serialized() == saved)
  }

  @Test func othersDatabasesAreRefused() throws {
    let saved = try HyperscanDatabase(compiling: patterns).serialized()
    #expect(throws: HyperscanError.self) {
      try HyperscanDatabase(serialized: saved, patterns: Array(patterns.dropLast()))
    }
    #expect(throws: HyperscanError.self) { try HyperscanDatabase(serialized: [], patterns: patterns) }
    var random = SeededGenerator(seed: 3)
    for length in [1, 8, 36, 40, 60, saved.count - 1] {
      #expect(throws: HyperscanError.self) {
        try HyperscanDatabase(serialized: Array(saved.prefix(length)), patterns: patterns)
      }
    }
    for _ in 0..<200 {
      var damaged = saved
      damaged[Int.random(in: 0..<saved.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      #expect(throws: HyperscanError.self) { try HyperscanDatabase(serialized: damaged, patterns: patterns) }
    }
  }

  @Test func keysDiffer() {
    let key = HyperscanDatabase.cacheKey(for: patterns)
    #expect(key.utf8.count == 32)
    #expect(key == HyperscanDatabase.cacheKey(for: patterns))
    #expect(key != HyperscanDatabase.cacheKey(for: patterns.reversed()))
    #expect(Prefilter(patterns).databaseKey == key)
  }

  @Test func refinesLongValues() throws {
    let filter = Prefilter([.regex(Array("(?i)union\\s+select\\s+[0-9]".utf8)), .regex(Array("a.*z\\d".utf8)), .always])
    let scratch = MatchScratch()
    var set = CandidateSet(capacity: 3)
    let padding = [UInt8](repeating: UInt8(ascii: "-"), count: 500)
    let miss = padding + Array("union select a z1".utf8)
    let hit = padding + Array("union select 1 a".utf8)
    filter.candidates(of: miss.span, scratch: scratch, into: &set)
    let before = set.count
    let saved = try filter.makeDatabase().serialized()
    filter.attach(try filter.makeDatabase(from: saved))
    filter.candidates(of: miss.span, scratch: scratch, into: &set)
    #expect(set.count <= before)
    #expect(!set.contains(0) && set.contains(1) && set.contains(2))
    filter.candidates(of: hit.span, scratch: scratch, into: &set)
    #expect(set.contains(0) && !set.contains(1) && set.contains(2))
    // Of other patterns: not taken.
    let other = Prefilter([.always])
    other.attach(try filter.makeDatabase())
    var one = CandidateSet(capacity: 1)
    other.candidates(of: hit.span, scratch: scratch, into: &one)
    #expect(one.contains(0))
  }
}
