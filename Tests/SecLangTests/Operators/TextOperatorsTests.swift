import SecLang
import Testing

@Suite struct TextOperatorsTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  // Spans can't be arguments within `#expect`.
  private func begins(_ value: [UInt8], _ text: [UInt8]) -> Bool { TextOperators.begins(value.span, with: text.span) }
  private func ends(_ value: [UInt8], _ text: [UInt8]) -> Bool { TextOperators.ends(value.span, with: text.span) }
  private func equals(_ value: [UInt8], _ text: [UInt8]) -> Bool { TextOperators.equals(value.span, text.span) }
  private func contains(_ value: [UInt8], _ text: [UInt8]) -> Bool { TextOperators.contains(value.span, text.span) }
  private func isWithin(_ value: [UInt8], _ text: [UInt8]) -> Bool { TextOperators.isWithin(value.span, text.span) }
  private func hasWord(_ value: [UInt8], _ text: [UInt8]) -> Bool { TextOperators.containsWord(value.span, text.span) }

  @Test func emptyTextsAreEverywhere() {
    let (empty, text) = (bytes(""), bytes("a"))
    for value in [empty, text] {
      #expect(begins(value, empty))
      #expect(ends(value, empty))
      #expect(contains(value, empty))
      #expect(hasWord(value, empty))
      #expect(isWithin(empty, value))
    }
    #expect(equals(empty, empty))
    #expect(!contains(empty, text))
    #expect(!hasWord(empty, text))
    #expect(!isWithin(text, empty))
  }

  @Test(arguments: [
    ("abc def", "def", true), ("abcdef", "def", false), ("1def_", "def", true), ("xdef def", "def", true),
    ("defx", "def", false), ("é-def", "def", true), ("def", "def", true), ("xdefxdef", "def", false),
  ])
  func wordsHaveNoLetterBesideThem(_ value: String, _ text: String, _ expected: Bool) {
    #expect(hasWord(bytes(value), bytes(text)) == expected)
  }

  /// Of two letters, so that beginnings repeat, beside a search that looks at every place.
  @Test func findsWhatIsThere() {
    var random = TransformationRandom()
    for _ in 0..<3000 {
      let value = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0x61...0x62, using: &random)
      }
      let count = Int.random(in: 0...24, using: &random)
      var text = (0..<count).map { _ in UInt8.random(in: 0x61...0x62, using: &random) }
      if count > 0, value.count >= count, Bool.random(using: &random) {
        let start = Int.random(in: 0...(value.count - count), using: &random)
        text = Array(value[start..<(start + count)])
      }
      let expected = text.isEmpty || value.indices.contains { value[$0...].starts(with: text) }
      #expect(contains(value, text) == expected, "seed \(random.seed): \(text) in \(value)")
      #expect(isWithin(text, value) == expected)
      #expect(begins(value, text) == value.starts(with: text))
      #expect(ends(value, text) == value.reversed().starts(with: text.reversed()))
      #expect(equals(value, text) == (value == text))
    }
  }

  /// A value that begins like the text at every place: 50,000 · 100,000 comparisons if all were looked at.
  @Test func longTextsTakeTimeInProportion() {
    let value = [UInt8](repeating: 0x61, count: 100_000)
    let text = [UInt8](repeating: 0x61, count: 50_000) + [0x62]
    #expect(!contains(value, text))
    let both = value + text
    #expect(contains(both, text))
  }
}
