import SecLang
import Testing

/// What holds for every body: no way of cutting it changes what is made of it, and nothing that is sent stops the
/// process.
@Suite struct BodyPropertyTests {
  static let forms = [
    "a=1&b=%41%zz+c&%4=%&&=x&y", "user=me&text=some+longer+text%20with+%C3%A9&text=again&flag", "%%%41%4&&&====&%",
  ]
  static let documents = [
    #"{"a":[1,2.50e-1,{"b":null}],"":{"x":true},"e":"\u00e9\ud83d\ude00\ud800x\n","f":[[],{},[[false]]]}"#,
    "[\"\u{c3}\u{a9}\u{e2}\u{82}\u{ac}\u{f0}\u{9f}\u{98}\u{80} and plain text of some length\", -0, 12, \"\"]",
    "  \"x\"  ", "17",
  ]
  static let multiparts = [
    "pre\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\nX: y\r\n z\r\n\r\nl1\r\nl2\nl3\r\n--B\r\n"
      + "content-disposition: form-data; name='f'; filename=\"n.txt\"; filename*=UTF-8''%41\r\n\r\nfile\r\n--C\r\n"
      + "\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + String(repeating: "x", count: 4090)
      + "\r\r\n\r\ny\n--B\r\nContent-Disposition: form-data; name=b\r\n\r\n--B--",
    "--B\nContent-Disposition: form-data; name=a; filename=\"" + String(repeating: "f", count: 300)
      + "\"\n\n--b\r\n\r\n\n--B--\npost",
  ]
  static let trees = [
    "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"x\"><a b='1' c=\"&lt;&#65;\">t<d>u</d><![CDATA[<e>]]><!-- c -->"
      + "<?p i?>&amp;</a>",
    "<a xmlns='u' xmlns:p='v'><p:b p:c='1'/>\u{c3}\u{a9}<b><b><b>deep</b></b></b></a>",
    "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
  ]

  private static let tokens = [
    "&", "=", "%", "%4", "+", "\"", "\\", "\\u", "\\ud83d", "{", "}", "[", "]", ":", ",", "null", "1e5", "-", "\r\n",
    "\n", "\r", "\0",
    "--B\r\n", "--B--", "--", "Content-Disposition: form-data; name=\"x\"\r\n", "filename*=a''%41", ";", "'", " ", "<",
    ">", "</a>",
    "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE", "<!ENTITY x 'y'>", "&amp;", "&#x41;", "\u{ff}",
    "\u{c3}",
  ].map { BodyTest.bytes($0) }

  /// The limits of a body, small for some so that they are met.
  private static func limits(_ random: inout BodyRandom) -> BodyLimits {
    var limits = BodyLimits()
    limits.fileContentBytes = 100
    guard random.next(below: 3) == 0 else { return limits }
    limits.arguments = random.next(below: 5)
    limits.storedBytes = 20 + random.next(below: 200)
    limits.jsonDepth = 1 + random.next(below: 4)
    limits.multipartParts = 1 + random.next(below: 3)
    limits.multipartHeaders = 1 + random.next(below: 3)
    limits.files = random.next(below: 2)
    limits.xmlDepth = 1 + random.next(below: 4)
    limits.xmlElements = 1 + random.next(below: 4)
    limits.xmlAttributes = 1 + random.next(below: 4)
    return limits
  }

  private static func outcome(_ kind: Int, _ pieces: [[UInt8]], _ limits: BodyLimits, _ truncated: Bool) -> BodyOutcome
  {
    switch kind {
    case 0: .urlencoded(pieces, limits)
    case 1: .json(pieces, limits, truncated: truncated)
    case 2: .multipart(pieces, limits, truncated: truncated)
    default: .xml(pieces, limits, truncated: truncated)
    }
  }

  @Test(arguments: 0..<4)
  func cuttingChangesNothing(kind: Int) {
    let seed = BodyTest.seed(kind)
    var random = BodyRandom(seed: seed)
    let bodies = [Self.forms, Self.documents, Self.multiparts, Self.trees][kind]
    for body in bodies.map({ BodyTest.bytes($0) }) {
      let whole = Self.outcome(kind, [body], BodyLimits(), false)
      #expect(Self.outcome(kind, BodyTest.single(body), BodyLimits(), false) == whole)
      for _ in 0..<50 {
        let pieces = BodyTest.pieces(body, using: &random)
        #expect(
          Self.outcome(kind, pieces, BodyLimits(), false) == whole, "seed \(seed): \(pieces.map { BodyTest.text($0) })")
      }
    }
  }

  @Test(arguments: 0..<16)
  func mutationsChangeNothingOfThat(part: Int) {
    let kind = part % 4
    let seed = BodyTest.seed(100 + part)
    var random = BodyRandom(seed: seed)
    let bodies = [Self.forms, Self.documents, Self.multiparts, Self.trees][kind]
    for _ in 0..<400 {
      let body = random.mutate(BodyTest.bytes(bodies[random.next(below: bodies.count)]), with: Self.tokens)
      let limits = Self.limits(&random)
      let truncated = random.next(below: 2) == 0
      let whole = Self.outcome(kind, [body], limits, truncated)
      for pieces in [BodyTest.single(body), BodyTest.pieces(body, using: &random)] {
        let other = Self.outcome(kind, pieces, limits, truncated)
        #expect(other == whole, "seed \(seed): \(BodyTest.text(body))")
        if other != whole { return }
      }
    }
  }

  @Test(arguments: 0..<8)
  func compressedMutationsAreHarmless(part: Int) {
    let seed = BodyTest.seed(200 + part)
    var random = BodyRandom(seed: seed)
    let bodies: [(ContentCoding, String)] = [
      (.gzip, DecompressorTests.gzip), (.deflate, DecompressorTests.zlib), (.deflate, DecompressorTests.raw),
      (.brotli, DecompressorTests.brotli), (.zstd, DecompressorTests.zstd), (.gzip, DecompressorTests.zeroes),
      (.brotli, DecompressorTests.brotliZeroes), (.zstd, DecompressorTests.zstdZeroes),
    ]
    var limits = DecompressionLimits()
    limits.outputBytes = 100_000
    for _ in 0..<300 {
      let (coding, base64) = bodies[part]
      let body = random.mutate(DecompressorTests.data(base64), with: Self.tokens)
      var outputs: [[UInt8]] = []
      for pieces in [[body], BodyTest.single(body)] {
        var output: [UInt8] = []
        do throws(DecompressionError) {
          var decompressor = try Decompressor([coding], limits: limits)
          for piece in pieces { try decompressor.decompress(piece.span, into: &output) }
          try decompressor.finish()
          outputs.append(output)
        } catch {
          #expect(output.count <= limits.outputBytes, "seed \(seed)")
        }
      }
      if outputs.count == 2 { #expect(outputs[0] == outputs[1], "seed \(seed)") }
    }
  }
}
