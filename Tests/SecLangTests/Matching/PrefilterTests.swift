import SecLang
import Testing

@Suite struct PrefilterTests {
  private let scratch = MatchScratch()

  private func candidates(_ patterns: [PrefilterPattern], _ value: String) -> [Int] {
    let filter = Prefilter(patterns)
    var set = CandidateSet(capacity: filter.count)
    filter.candidates(of: Array(value.utf8).span, scratch: scratch, into: &set)
    return (0..<filter.count).filter { set.contains($0) }
  }

  private func regex(_ text: String) -> PrefilterPattern { .regex(Array(text.utf8)) }

  @Test func leavesOutWhatCannotMatch() {
    let patterns = [
      regex("(?i)union\\s+select"), regex("\\.\\./"), .always, .literals([Array("passwd".utf8), Array("Shadow".utf8)]),
      regex("^admin$"), regex("\\bcat\\b"), regex(".{40}"),
    ]
    #expect(candidates(patterns, "hello world") == [2])
    #expect(candidates(patterns, "1 UNION  SELECT 2") == [0, 2])
    #expect(candidates(patterns, "../../etc/sHADOW") == [1, 2, 3])
    #expect(candidates(patterns, "admin") == [2, 4])
    #expect(candidates(patterns, "x\nadmin\ny") == [2, 4])
    #expect(candidates(patterns, "sysadmin") == [2])
    #expect(candidates(patterns, "concatenate") == [2])
    #expect(candidates(patterns, "a cat") == [2, 5])
    #expect(candidates(patterns, String(repeating: "b", count: 41)) == [2, 6])
    #expect(candidates(patterns, "") == [2])
  }

  @Test func emptySets() {
    #expect(candidates([], "x") == [])
    #expect(candidates([.literals([])], "x") == [])
    #expect(candidates([.literals([[]])], "") == [0])
  }

  @Test func looksOnlyForWhatIsWanted() {
    let filter = Prefilter([regex("a"), regex("b"), regex("[ab]")])
    var wanted = CandidateSet(capacity: 3)
    wanted.insert(1)
    wanted.insert(2)
    var set = CandidateSet(capacity: 3)
    filter.candidates(of: Array("a".utf8).span, among: wanted, scratch: scratch, into: &set)
    #expect(set.count == 1)
    #expect(set.next(from: 0) == 2)
    #expect(set.next(from: 3) == nil)
  }

  /// What isn't understood must stay a candidate, and constructs that are easy to get wrong must be right.
  @Test(arguments: [
    "a(?#comment)*b", "a\\E*b", "\\Qa.b\\E+c", "(?i)a(?-i)b", "a(?i)b|c", "(?x) a b # c\n c", "(?x) a (?#c) * b",
    "a{,3}b", "a{2}{2}b", "x*?y", "x++y", "(?>a|ab)c", "(?|a|b)c", "(?<n>a)\\k<n>", "(a)\\1", "(?P<n>a)(?P=n)",
    "(?(?=a)ab|cd)", "(a|b(?R)c)", "a(*ACCEPT)b", "(*LIMIT_MATCH=10)ab", "a\\Kb", "(?=ab)a", "(?<=a)b", "(?<!a)b",
    "(?!ab)b", "[[:alpha:]]b", "[^[:^digit:]]a", "[]a]b", "[^]a]b", "[a\\-c]b", "[\\d-a]b", "[a-\\d]b", "\\x61b",
    "\\x{61}b", "\\141b", "\\o{141}b", "\\cAb", "\\eb", "[\\b]b", "\\Ba", "a\\b", "a$\\nb", "^a\\n^b", "\\Aa", "b\\z",
    "b\\Z", "\\Ga", "a\\Rb", "\\Na", "\\hb", "\\vb", "\\Hb", "\\Vb", "(?s-m)^a.b$", "(?m)^b", "(?^)A", "(?^i:a)B", "a|",
    "|b", "(?:)", "(?:a|)b", "()a", "(?:a?){3}b", "(?:ab){2,}", "a{0}b", "\\p{L}b", "\\Xb", "(?i)[^a]b", "(?i)[k]b",
    "(?:\\b|x)a", "(?:^|b)a(?:$|b)", "\\b\\Wa", "a\\B\\W", "(?n)(a)b", "(?U)a+b", "(?J)(?<n>a)|(?<n>b)",
  ])
  func nothingIsMissed(pattern: String) throws {
    // Versions of PCRE2 differ in what they take.
    guard let plain = try? RegularExpression(Array(pattern.utf8).span, findingStarts: false) else { return }
    let fast = try RegularExpression(pattern)
    let filter = Prefilter([regex(pattern)])
    var set = CandidateSet(capacity: 1)
    let bytes = Array("abAB.cdxy1 #\n\r\\-]\0".utf8) + [0x01, 0x1b, 0x08, 0x0b, 0x85, 0xa0, 0xff]
    var random = SeededGenerator(seed: 11)
    for _ in 0..<3000 {
      var value: [UInt8] = []
      for _ in 0..<Int.random(in: 0...7, using: &random) {
        let common = Bool.random(using: &random)
        value.append(bytes[Int.random(in: 0..<(common ? 4 : bytes.count), using: &random)])
      }
      let outcome = plain.match(value.span, scratch: scratch.regex)
      #expect(fast.match(value.span, scratch: scratch.regex) == outcome, "\(value)")
      guard outcome != .noMatch else { continue }
      filter.candidates(of: value.span, scratch: scratch, into: &set)
      #expect(set.contains(0), "`\(pattern)` on \(value)")
    }
  }

  /// Random patterns against random values.
  /// Long values are read in four parts: what lies across two of them is found as well.
  @Test func longValuesMissNothingAnywhere() {
    let probes = [
      ("(?i)union\\s+select", "union  SELECT"), ("<[^>]*script", "<a b c script"), ("\\bexec\\b", " exec "),
      ("x{3}[0-9]+y", "xxx0123456789y"), ("^begin", "begin"), ("end$", "end"),
      ("q[^q]{0,200}q", "q" + String(repeating: "=", count: 150) + "q"),
    ]
    let filter = Prefilter(probes.map { regex($0.0) } + [.literals([Array("/etc/passwd".utf8)])])
    let texts = probes.map { Array($0.1.utf8) } + [Array("/etc/passwd".utf8)]
    let fillers: [[UInt8]] = [Array("lorem <ipsum dolor".utf8), Array("<'unio".utf8), Array(" xx".utf8)]
    let scratch = MatchScratch()
    var found = CandidateSet(capacity: texts.count)
    for length in [511, 512, 515, 1_022] {
      for filler in fillers {
        let plain = (0..<length).map { filler[$0 % filler.count] }
        for (index, text) in texts.enumerated() {
          let last = length - text.count
          let isAnchored = (begins: text == Array("begin".utf8), ends: text == Array("end".utf8))
          for place in (isAnchored.ends ? last : 0)...(isAnchored.begins ? 0 : last) {
            var value = plain
            value.replaceSubrange(place..<place + text.count, with: text)
            filter.candidates(of: value.span, scratch: scratch, into: &found)
            #expect(found.contains(index), "pattern \(index) at \(place) of \(length)")
          }
        }
      }
    }
  }

  @Test func randomPatternsMissNothing() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<150 {
      var texts: [String] = []
      for _ in 0..<6 { texts.append(Self.pattern(depth: 3, &random)) }
      let regexes = texts.map { try? RegularExpression(Array($0.utf8).span, findingStarts: false) }
      let fast = texts.map { try? RegularExpression($0) }
      let filter = Prefilter(texts.map(regex))
      var set = CandidateSet(capacity: filter.count)
      for _ in 0..<150 {
        var value: [UInt8] = []
        let alphabet = Array("abcAB ;\"'\n$".utf8)
        for _ in 0..<Int.random(in: 0...14, using: &random) {
          value.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
        }
        filter.candidates(of: value.span, scratch: scratch, into: &set)
        for (index, regex) in regexes.enumerated() {
          guard let regex else { continue }
          let outcome = regex.match(value.span, scratch: scratch.regex)
          let range = scratch.regex.range(of: 0)
          // A pattern of many nested repetitions may reach the match limit, which says nothing of a match.
          guard outcome != .limitExceeded else { continue }
          #expect(outcome == .noMatch || set.contains(index), "`\(texts[index])` on \(value), seed \(seed)")
          let other = fast[index]?.match(value.span, scratch: scratch.regex)
          #expect(other == outcome, "`\(texts[index])` on \(value), seed \(seed)")
          if outcome.isMatch { #expect(scratch.regex.range(of: 0) == range) }
        }
      }
    }
  }

  private static func pattern(depth: Int, _ random: inout SeededGenerator) -> String {
    let atoms = [
      "a", "b", "c", "ab", "abc", "[ab]", "[^a]", ".", "\\w", "\\s", "\\W", "\\b", "^", "$", "\\B", ";", "[\"']*",
      "(?i)a",
      "[a-c]", "\\$", " ", "a\"*b\"*c", "\\d", "(?=a)", "(?!b)",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      if depth > 0, Int.random(in: 0..<3, using: &random) == 0 {
        let branches = (0..<Int.random(in: 1...3, using: &random)).map { _ in pattern(depth: depth - 1, &random) }
        text += "(?:\(branches.joined(separator: "|")))"
      } else {
        text += atoms.randomElement(using: &random) ?? ""
      }
      if Int.random(in: 0..<4, using: &random) == 0 {
        text += ["*", "+", "?", "{2}", "{1,2}", "{0,4}", "{2,}", "*?", "++"].randomElement(using: &random) ?? ""
      }
    }
    return text
  }

  @Test func deepAndLargePatternsAreBounded() {
    let deep = String(repeating: "(?:a{0,3}", count: 200) + String(repeating: "){0,3}", count: 200)
    #expect(candidates([regex(deep + "b")], "b") == [0])
    #expect(candidates([regex(String(repeating: "(a", count: 5000))], "a") == [0])
    #expect(candidates([regex("(?:[a-z]{1,60000}x){1,60000}")], "ax") == [0])
    #expect(candidates([regex("a" + String(repeating: "{1}", count: 5000))], "a") == [0])
    #expect(candidates([regex(String(repeating: ".", count: 20_000))], "a") == [])
  }
}
