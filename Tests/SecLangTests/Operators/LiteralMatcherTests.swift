import SecLang
import Testing

@Suite struct LiteralMatcherTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func first(_ patterns: [String], _ value: String) -> [Int]? {
    let value = bytes(value)
    return LiteralMatcher(patterns: patterns.map(bytes)).firstMatch(in: value.span).map { [$0.pattern, $0.end] }
  }

  @Test func findsTheEarliestEnd() {
    #expect(first(["he", "she", "his", "hers"], "ushers") == [1, 4])
    #expect(first(["hers", "he"], "xHERS") == [1, 3])
    #expect(first(["abcd", "bc"], "abcd") == [1, 3])
    #expect(first(["a"], "A") == [0, 1])
    #expect(first(["A", "a"], "xa") == [0, 2])
    #expect(first([], "abc") == nil)
    #expect(first(["", "b"], "abc") == [1, 2])
    #expect(first(["@a", "[b"], "`A{B@A") == [0, 6])
    #expect(first(["é"], "É") == nil)
    #expect(first(["é"], "xé") == [0, 3])
  }

  @Test func findsEveryByte() {
    for byte in UInt8.min...UInt8.max {
      let value = [0x2e, 0x2f, 0x2e, byte]
      let end = LiteralMatcher(patterns: [[0x2e, byte]]).firstMatch(in: value.span)?.end
      #expect(end == (byte == 0x2f ? 2 : 4), "\(byte)")
    }
    let all = LiteralMatcher(patterns: (UInt8.min...UInt8.max).map { [$0, $0] })
    for byte in UInt8.min...UInt8.max {
      let value = [1, 2, byte, byte]
      let end = all.firstMatch(in: value.span)?.end
      #expect(end == (byte == 2 ? 3 : 4), "\(byte)")
    }
  }

  /// Few letters and many patterns, so that states fall back; more states than have a row.
  @Test func findsWhatASlowSearchFinds() {
    var random = TransformationRandom()
    for round in 0..<120 {
      let letters = UInt8.random(in: 2...6, using: &random)
      func text(_ length: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: length, using: &random)).map { _ in
          UInt8.random(in: 0..<letters, using: &random) &+ (Bool.random(using: &random) ? 0x41 : 0x61)
        }
      }
      let patterns = (0..<Int.random(in: 1...(round % 10 == 0 ? 400 : 12), using: &random)).map { _ in text(2...14) }
      let matcher = LiteralMatcher(patterns: patterns)
      for _ in 0..<40 {
        let value = text(0...60)
        let found = matcher.firstMatch(in: value.span)
        let expected = slowMatch(patterns, value)
        let isSame = found?.end == expected?.end && found?.pattern == expected?.pattern
        #expect(isSame, "seed \(random.seed): \(patterns) in \(value)")
        let isAny = matcher.containsAny(in: value.span)
        #expect(isAny == (expected != nil))
      }
    }
  }

  private func slowMatch(_ patterns: [[UInt8]], _ value: [UInt8]) -> (pattern: Int, end: Int)? {
    let lower = value.map { $0 | 0x20 }
    for end in value.indices.map({ $0 + 1 }) {
      var best: Int?
      for (index, pattern) in patterns.enumerated()
      where lower[..<end].suffix(pattern.count) == pattern.map({ $0 | 0x20 })[...] {
        if best.map({ patterns[$0].count < pattern.count }) ?? true { best = index }
      }
      if let best { return (best, end) }
    }
    return nil
  }

  @Test(
    arguments: [
      ("  abc\tdef\n", ["abc", "def"]), ("\"abc def\"", ["abc", "def"]), ("\"", ["\""]),
      ("A|42 43|D x|20|y", ["ABCD", "x y"]), ("a\\\\b \\\"c\\: \\;", ["a\\b", "\"c:", ";"]),
      ("C:\\windows |41|", ["C:\\windows", "|41|"]), ("a|b c", ["a|b", "c"]), ("|4|", ["|4|"]), ("|4x|", ["|4x|"]),
      ("a\\", ["a\\"]),
      ("", []),
    ] as [(String, [String])])
  func phrases(_ argument: String, _ expected: [String]) {
    #expect(LiteralMatcher.phrases(bytes(argument)) == expected.map(bytes))
  }

  @Test func lines() {
    let text = "# names\nabc\r\n\n  # more\n in it \n\t\nd # e"
    #expect(LiteralMatcher.lines(bytes(text)) == ["abc", " in it ", "d # e"].map(bytes))
  }
}
