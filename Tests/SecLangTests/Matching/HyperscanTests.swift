import SecLang
import Testing

@Suite(.enabled(if: HyperscanLibrary.refusal == nil, "no hyperscan that can be used"))
struct HyperscanTests {
  private static let texts = ["(?i)union\\s+select", "a(?=b)", "\\d{5}$", "(a)\\1", "(*ACCEPT)x", "x\0y"]
  private let patterns: [PrefilterPattern] =
    texts.map { .regex(Array($0.utf8)) } + [.literals([Array("abc".utf8)]), .always]

  @Test func savedDatabasesAreTakenBack() throws {
    let database = try HyperscanDatabase(compiling: patterns)
    // Hyperscan has no back references and lookarounds: it approximates them. Verbs, zero bytes and what can't be
    // filtered aren't given to it.
    #expect(database.count == 5)
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

  @Test func keysDifferWithTheLiterals() {
    let one = HyperscanDatabase.cacheKey(for: [.literals([Array("ab".utf8), Array("c".utf8)])])
    #expect(one != HyperscanDatabase.cacheKey(for: [.literals([Array("a".utf8), Array("bc".utf8)])]))
    #expect(one != HyperscanDatabase.cacheKey(for: [.literals([Array("ab".utf8)]), .literals([Array("c".utf8)])]))
    #expect(one != HyperscanDatabase.cacheKey(for: [.regex(Array("ab".utf8)), .regex(Array("c".utf8))]))
  }

  @Test func findsLiteralsAsTheAutomatonDoes() throws {
    var random = SeededGenerator(seed: 11)
    let scratch = MatchScratch()
    for round in 0..<60 {
      // Few different bytes, so that literals occur, among them zeroes, capitals and bytes that are no ASCII.
      let alphabet: [UInt8] = [0x61, 0x41, 0x62, 0x2f, 0x5c, 0x28, 0, 0xc0, 0xe0, 0xff]
      func text(_ length: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: length, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      }
      let literals = (0..<(round % 20 + 1)).map { _ in text(0...9) }
      let filter = Prefilter([.literals(literals)])
      filter.attach(try filter.makeDatabase())
      let matcher = LiteralMatcher(patterns: literals)
      var wanted = CandidateSet(capacity: 1)
      wanted.insert(0)
      for _ in 0..<200 {
        let value = [UInt8](repeating: 0x78, count: 256) + text(0...40) + [UInt8](repeating: 0x78, count: 3)
        var found = CandidateSet(capacity: 1)
        filter.candidates(of: value.span, among: wanted, scratch: scratch, into: &found)
        #expect(found.contains(0) == matcher.containsAny(in: value.span), "\(literals) in \(value)")
      }
    }
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
