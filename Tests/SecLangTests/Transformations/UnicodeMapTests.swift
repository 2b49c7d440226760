import SecLang
import Testing

@Suite struct UnicodeMapTests {
  private static let file = Array(
    """
    (MAC - Roman)


    1250  (ANSI - Central Europe)
    00a1:21 00a2:63 0100:41

    20127 (US-ASCII)
    00a0:20 00a1:22 zzzz:20 2018:27 00e9:65\r
    ff1c:3c

    37    (IBM EBCDIC - U.S./Canada)
    ff01:5a

    """.utf8)

  private func decoded(_ text: String, _ tables: TransformationTables) -> String {
    String(decoding: Transformation.urlDecodeUni.result(Array(text.utf8), tables: tables), as: UTF8.self)
  }

  @Test func readsTheCodePageAsked() {
    #expect(decoded("%u00a1%u0100%u0141", TransformationTables(unicodeMap: Self.file, codePage: 1250)) == "!AA")
    #expect(
      decoded("%u00a1%u2018%u00e9%uff1c", TransformationTables(unicodeMap: Self.file, codePage: 20127)) == "\"'e<")
    #expect(decoded("%uff01%uff02", TransformationTables(unicodeMap: Self.file, codePage: 37)) == "Z\"")
  }

  @Test func hasOneBuiltIn() {
    let tables = TransformationTables(unicodeMap: .usASCII)
    #expect(decoded("%u00a1%u2018%u00e9%uff1c%uff1f%u2039", tables) == "!'e<?<")
    #expect(decoded("%u2018", TransformationTables(unicodeMap: [], codePage: 20127)) == "'")
    #expect(decoded("%u2018", TransformationTables(unicodeMap: [], codePage: 1250)) == "\u{18}")
  }

  @Test func takesAnyText() {
    var random = TransformationRandom()
    for _ in 0..<300 {
      var text = Self.file
      for _ in 0..<4 {
        text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let tables = TransformationTables(unicodeMap: text, codePage: 20127)
      #expect(!decoded("%u00a1%u2018", tables).isEmpty, "seed \(random.seed)")
    }
  }
}
