import SecLang
import Testing

@Suite struct RegularExpressionTests {
  let scratch = MatchScratch()

  private func outcome(_ pattern: String, _ subject: String, from start: Int = 0) throws -> RegexOutcome {
    let regex = try RegularExpression(pattern)
    let bytes = Array(subject.utf8)
    return regex.match(bytes.span, from: start, scratch: scratch.regex)
  }

  @Test func reportsGroups() throws {
    #expect(try outcome("(a)(x)?(c)", "--ac-") == .match(groups: 4))
    #expect(scratch.regex.range(of: 0) == 2..<4)
    #expect(scratch.regex.range(of: 1) == 2..<3)
    #expect(scratch.regex.range(of: 2) == nil)
    #expect(scratch.regex.range(of: 3) == 3..<4)
    #expect(scratch.regex.range(of: 99) == nil)
  }

  @Test func keepsTenGroups() throws {
    let pattern = String(repeating: "(.)", count: 12)
    #expect(try outcome(pattern, "abcdefghijklm") == .match(groups: RegexScratch.groupLimit))
    #expect(scratch.regex.range(of: 9) == 8..<9)
  }

  @Test func matchesBytesAndLines() throws {
    #expect(try outcome("a.b", "a\nb").isMatch)
    #expect(try outcome("^b$", "a\nb\nc").isMatch)
    #expect(try outcome("\\xff", "ÿ") == .noMatch)
    #expect(try outcome("", "").isMatch)
    #expect(try outcome("^$", "").isMatch)
    #expect(try outcome("a", "") == .noMatch)
  }

  @Test func startsWhereItIsTold() throws {
    #expect(try outcome("a", "abca", from: 1).isMatch)
    #expect(scratch.regex.range(of: 0) == 3..<4)
    #expect(try outcome("\\bb", "ab", from: 1) == .noMatch)
    #expect(try outcome("a", "a", from: 2) == .noMatch)
    #expect(try outcome("a", "a", from: -1) == .noMatch)
  }

  @Test func saysWhereAPatternIsWrong() {
    let error = #expect(throws: RegexCompileError.self) { try RegularExpression("ab(c") }
    #expect(error?.offset == 4)
    #expect(error?.message.isEmpty == false)
  }

  /// Long subjects are searched a part at a time.
  @Test(arguments: [
    "needle", "(?i)NEEDLE[a-z]*", "\\bneedle\\b", "(?<=- )needle", "^needle", "needle$", "(?:x|needle)+", "n.{3}le",
  ])
  func longSubjectsGiveTheSame(pattern: String) throws {
    let regex = try RegularExpression(pattern)
    let scratch = RegexScratch()
    let length = 200_000
    for place in [0, 1_338, 1_341, 1_342, 1_343, 65_000, 150_001, length - 6] {
      var subject = [UInt8](repeating: UInt8(ascii: "-"), count: length)
      subject.replaceSubrange(place..<place + 6, with: Array("needle".utf8))
      if place > 0 { subject[place - 1] = pattern.hasPrefix("^") ? 0x0a : 0x20 }
      if place + 6 < length { subject[place + 6] = pattern.hasSuffix("$") ? 0x0a : 0x20 }
      let expected = pattern.hasPrefix("(?<=") && place == 0 ? nil : place..<place + 6
      let outcome = regex.match(subject.span, scratch: scratch)
      #expect(outcome.isMatch == (expected != nil), "at \(place)")
      #expect(scratch.range(of: 0) == expected || expected == nil, "at \(place)")
      #expect(regex.match(subject.span, from: place + 1, scratch: scratch) == .noMatch, "behind \(place)")
    }
  }

  @Test func longSearchesEndWithTheTime() throws {
    // Every attempt reads to the end, and none comes to a match.
    for pattern in ["x+/", "[xy]*z"] {
      let regex = try RegularExpression(pattern)
      var now: UInt64 = 0
      let scratch = RegexScratch(nowNanoseconds: {
        now += 1
        return now
      })
      let subject = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
      #expect(regex.match(subject.span, scratch: scratch) == .noMatch)
      #expect(now == 0)
      scratch.deadlineNanoseconds = 3
      #expect(regex.match(subject.span, scratch: scratch) == .limitExceeded)
      #expect((4...8).contains(now))
    }
  }

  /// An attempt at one place may read to the end again and again, which PCRE2 does not count.
  @Test(arguments: [
    ("^x*[xz]*[yq]", 200_000), ("^x*[xz]*x*[yq]", 12_000), ("^(?:x*[xz]{9,})*[yq]", 12_000),
    ("^(x{9,99})[xz]*\\1[yq]", 200_000), ("^x*\\Qx\\E*[xz]*[yq]", 200_000),
  ])
  func attemptsEndWithTheTime(pattern: String, length: Int) throws {
    let regex = try RegularExpression(pattern)
    var now: UInt64 = 0
    let scratch = RegexScratch(
      limits: RegexLimits(match: .max),
      nowNanoseconds: {
        now += 1
        return now
      })
    scratch.deadlineNanoseconds = 3
    let subject = [UInt8](repeating: UInt8(ascii: "x"), count: length)
    #expect(regex.match(subject.span, scratch: scratch) == .limitExceeded)
    #expect((4...8).contains(now))
  }

  /// Long subjects are searched with code that has callouts.
  @Test(arguments: [
    #"(\w+)=(?:[^;]*|"[^"]*")\s+([*?]+)"#, "[]a-c]+[^]]*x", "[[:alpha:]]+[[:^digit:]]*\\d", "a{2}b{1,}[^c{]*\\{",
    "\\x61+\\x{62}*[a-z]*z", "(a|b)*\\1[a-z]*;", "(?i)(?:AB|ac)[^;]*+;|x{0,100}y", "(?P<q>['\"])[^'\"]*\\1\\w*",
    "\\Qa*\\E[a-z]*b*c", "(?>a+)[ab]*(?!c)[a-z]*;", "a\\012*b\\10*[a-z]*c", "(?|(a)|(b))+[a-z]*\\g{1}x",
    "x{,3}[a-z]*y|x{[a-z{]*\\d", "[a-c]*(?i:[D-F]*)(?=[a-z]*\\d)", "(?x) a* [a-z]* # b\n c", "(?<!b)a*[ab]*(?:c*;){2}",
    "(a)(?(1)b*|c)[a-z]*;", "[\\]a]*[\\\\a-z]*=", "a*?[a-z]{70,}|[^a]*=\\d",
  ])
  func calloutsChangeNoResult(pattern: String) throws {
    let regex = try RegularExpression(pattern)
    let other = RegexScratch()
    let padding = [UInt8](repeating: 0, count: 20_000) + [0x0a]
    var random = SeededGenerator(seed: 11)
    let pieces = Array("aaabbcdefxyz01;;=={{}]\\\"'*? \n".utf8)
    var matches = 0
    for _ in 0..<2000 {
      let value = (0..<Int.random(in: 0...24, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
      let padded = padding + value
      let expected = regex.match(value.span, scratch: scratch.regex)
      #expect(regex.match(padded.span, from: padding.count, scratch: other) == expected, "\(value)")
      guard case .match(let groups) = expected else { continue }
      matches += 1
      for group in 0..<groups {
        let range = scratch.regex.range(of: group).map { $0.lowerBound + padding.count..<$0.upperBound + padding.count }
        #expect(other.range(of: group) == range, "\(value)")
      }
    }
    #expect(matches > 0)
  }

  @Test func aLimitIsNotANo() throws {
    let regex = try RegularExpression("(?:a+)+b")
    let subject = Array(repeating: UInt8(ascii: "a"), count: 64) + Array("c".utf8)
    let limited = RegexScratch(limits: RegexLimits(match: 1000))
    // PCRE2 would see that there is no `b` at all, so there is one that doesn't help.
    let value = Array("b".utf8) + subject + Array("cb".utf8)
    #expect(regex.match(value.span, scratch: limited) == .limitExceeded)
    let small = RegexScratch(limits: RegexLimits(match: .max, stackBytes: 1))
    let deep = try RegularExpression("(?:(a)|b)*c")
    let long = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20) + Array("dc".utf8)
    #expect(deep.match(long.span, scratch: small) == .limitExceeded)
  }

  /// Patterns that can begin with nearly any byte, for which an automaton looks for places to begin.
  @Test(arguments: [
    "(?i)(?:select|insert|update|delete|create|drop|alter|truncate)\\s+(\\w+)",
    "(?i)\\b(?:eval|alert|prompt|confirm|setTimeout|new\\s+Function)\\s*[({]",
    "(?:^|[;|&])\\s*(?:cat|ls|id|whoami|[a-z]\\$\\{)",
    "(?i)(?:b[\"']*u[\"']*s|e[\"']*n[\"']*v|[ls][\"']*t[\"']*r|w[\"']*h[\"']*o)(.)?",
    "(?:[a-z]{2}\\d|[0-9]{3}[a-z]|\\W=\\W)(x)?",
  ])
  func startsChangeNoResult(pattern: String) throws {
    let plain = try RegularExpression(Array(pattern.utf8).span, findingStarts: false)
    let fast = try RegularExpression(Array(pattern.utf8).span)
    let other = RegexScratch()
    var random = SeededGenerator(seed: 7)
    let pieces = [
      "select ", "union", "eval", "(", ";", " cat", "b\"u's", "en'v", "12", "ab", "3c", "\n", "|ls", "?=!", "w",
    ]
    for _ in 0..<4000 {
      var value: [UInt8] = []
      for _ in 0..<Int.random(in: 0...8, using: &random) {
        value += Array((pieces.randomElement(using: &random) ?? "").utf8)
      }
      let start = Int.random(in: 0...value.count, using: &random)
      let expected = plain.match(value.span, from: start, scratch: scratch.regex)
      let found = fast.match(value.span, from: start, scratch: other)
      #expect(expected == found)
      if case .match(let groups) = expected {
        for group in 0..<groups { #expect(scratch.regex.range(of: group) == other.range(of: group)) }
      }
    }
  }
}
