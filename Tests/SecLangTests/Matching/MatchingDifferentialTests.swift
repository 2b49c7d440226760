import SecLang
import Testing

/// The filters against PCRE2 alone: over the patterns of the public rule sets, the values of their tests and random
/// mutations of these, nothing that matches may be left out.
@Suite(.enabled(if: MatchingCorpus.folder != nil, "set SLUICE_CONFORMANCE to the conformance data"))
struct MatchingDifferentialTests {
  private final class Comparison {
    private let patterns: [[UInt8]]
    let plain: [RegularExpression]
    let fast: [RegularExpression]
    let filter: Prefilter
    let withDatabase: Prefilter?
    let scratch = MatchScratch()
    let other = RegexScratch()
    private var set: CandidateSet
    private var all: CandidateSet
    private let padding = [UInt8](repeating: 0, count: 20_000) + [0x0a]
    /// What stands before the padding's end makes a difference.
    private let looksBack: [Bool]
    private var compared = 0
    private(set) var matches = 0
    private(set) var candidates = 0

    init() {
      patterns = MatchingCorpus.patterns.filter { (try? RegularExpression($0.span)) != nil }
      plain = patterns.compactMap { try? RegularExpression($0.span, findingStarts: false) }
      looksBack = patterns.map { pattern in
        let text = String(decoding: pattern, as: UTF8.self)
        return text.contains("(?<") || text.contains("\\A")
      }
      fast = patterns.compactMap { try? RegularExpression($0.span) }
      filter = Prefilter(patterns.map { .regex($0) })
      set = CandidateSet(capacity: filter.count)
      all = set
      for index in 0..<filter.count { all.insert(index) }
      if let database = try? filter.makeDatabase() {
        let second = Prefilter(patterns.map { .regex($0) })
        second.attach(database)
        withDatabase = second
      } else {
        withDatabase = nil
      }
    }

    func compare(_ value: [UInt8]) {
      let outcomes = plain.map { $0.match(value.span, scratch: scratch.regex) }
      check(value, outcomes, filter)
      candidates += set.count
      if let withDatabase, value.count >= 200 { check(value, outcomes, withDatabase) }
      for (index, outcome) in outcomes.enumerated() where fast[index].findsStarts {
        let found = fast[index].match(value.span, scratch: other)
        // A search that stopped at a limit may have skipped the place where the other stopped.
        guard outcome != .limitExceeded, found != outcome else { continue }
        Issue.record("`\(Self.text(patterns[index]))`: \(found), not \(outcome), on \(value)")
      }
      compared += 1
      // `^` doesn't match behind a line end that is the last byte.
      if compared % 4 == 0, !value.isEmpty { checkPadded(value, outcomes) }
    }

    /// Long subjects are searched with other code.
    private func checkPadded(_ value: [UInt8], _ outcomes: [RegexOutcome]) {
      let padded = padding + value
      for (index, outcome) in outcomes.enumerated() where !looksBack[index] && outcome != .limitExceeded {
        let found = plain[index].match(padded.span, from: padding.count, scratch: other)
        guard found != outcome else { continue }
        Issue.record("`\(Self.text(patterns[index]))`: \(found) in a long value, not \(outcome), on \(value)")
      }
      let end = padding.suffix(300) + value
      check(Array(end), zip(outcomes, looksBack).map { $1 ? .noMatch : $0 }, withDatabase ?? filter)
    }

    private func check(_ value: [UInt8], _ outcomes: [RegexOutcome], _ filter: Prefilter) {
      filter.candidates(
        of: value.span, occurring: ByteSet(of: value.span), among: all, scratch: scratch, into: &set)
      for (index, outcome) in outcomes.enumerated() where outcome != .noMatch {
        matches += 1
        // Where PCRE2 gave up, nobody knows.
        guard outcome.isMatch, !set.contains(index) else { continue }
        Issue.record("`\(Self.text(patterns[index]))` missed on \(value), seed \(MatchingCorpus.seed)")
      }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix(200), as: UTF8.self) }
  }

  @Test func nothingIsMissed() {
    print("seed \(MatchingCorpus.seed), mutations \(MatchingCorpus.mutations)")
    let comparison = Comparison()
    #expect(comparison.plain.count > 300)
    #expect(MatchingCorpus.values.count > 5000)
    for value in MatchingCorpus.values { comparison.compare(value) }
    var mutator = ValueMutator(values: MatchingCorpus.values, seed: MatchingCorpus.seed)
    for _ in 0..<MatchingCorpus.mutations { comparison.compare(mutator.next()) }
    print(
      "patterns \(comparison.plain.count), values \(MatchingCorpus.values.count), matches \(comparison.matches),",
      "candidates \(comparison.candidates), hyperscan \(HyperscanLibrary.refusal ?? HyperscanLibrary.version)")
  }
}
