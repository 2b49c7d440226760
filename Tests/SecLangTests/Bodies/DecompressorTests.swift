import FoundationEssentials
import SecLang
import Testing

@Suite struct DecompressorTests {
  static let text = String(repeating: "hello hello hello, compressed world. ", count: 3)
  static let gzip = "H4sIAAAAAAACA8tIzcnJV8hAkDoKyfm5BUWpxcWpKQrl+UU5KXrI0hQqAgAvCbYBbwAAAA=="
  static let zlib = "eNrLSM3JyVfIQJA6Csn5uQVFqcXFqSkK5flFOSl6yNIUKgIA+Fkoug=="
  static let raw = "y0jNyclXyECQOgrJ+bkFRanFxakpCuX5RTkpesjSFCoCAA=="
  static let brotli = "G24A+I3UYa2xOOsyNLY3DcJCxgY24MA08xTSCe8DaMgIJlduWEl06fxA7ko="
  static let zstd = "KLUv/QBoHQEA0GhlbGxvICwgY29tcHJlc3NlZCB3b3JsZC4gAgAOKcQSlyI="
  /// gzip of gzip of the text.
  static let twice =
    "H4sIAAAAAAACA5Pv5mAAASbm0x5nT54MP+EwwYrr5M+drK4rjx5dqcn19KerpWbViUsiWkwM+pzbGPOBagGnJKx+NAAAAA=="
  /// 64 KiB of zeroes by gzip; 1 MiB by brotli and zstd.
  static let zeroes =
    "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggK" + String(repeating: "A", count: 84) + "auuOl9cAAAEA"
  static let brotliZeroes = "W///j38CIB4LBHLvHwA="
  static let zstdZeroes = "KLUv/QBoTAAACAABAPz/ORACAgAQAAIAEAACABAAAgAQAAIAEAACABAAAwAQAA=="

  static func data(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map { [UInt8]($0) } ?? [] }

  /// What pieces become, and how it ended.
  private func undo(
    _ encoding: String, _ pieces: [[UInt8]], _ limits: DecompressionLimits = DecompressionLimits()
  ) -> ([UInt8], DecompressionError?) {
    var output: [UInt8] = []
    do throws(DecompressionError) {
      var decompressor = try Decompressor(contentEncoding: BodyTest.bytes(encoding).span, limits: limits)
      for piece in pieces { try decompressor.decompress(piece.span, into: &output) }
      try decompressor.finish()
    } catch {
      return (output, error)
    }
    return (output, nil)
  }

  @Test(arguments: [
    ("gzip", gzip), ("x-gzip", gzip), ("GZIP, identity", gzip), ("deflate", zlib), ("deflate", raw), ("br", brotli),
    ("zstd", zstd), ("gzip, gzip", twice),
  ])
  func undoesCodings(_ encoding: String, _ base64: String) {
    let body = Self.data(base64)
    #expect(!body.isEmpty)
    for pieces in [[body], BodyTest.single(body)] {
      let (output, error) = undo(encoding, pieces)
      #expect(error == nil)
      #expect(BodyTest.text(output) == Self.text)
    }
    for end in 1..<body.count {
      let (output, error) = undo(encoding, [Array(body[..<end])])
      #expect(error == .malformed, "\(end)")
      #expect(Self.text.utf8.starts(with: output))
    }
    #expect(undo(encoding, []).1 == nil)
  }

  @Test func takesMoreThanOneMember() {
    let body = Self.data(Self.gzip) + Self.data(Self.gzip)
    for pieces in [[body], BodyTest.single(body)] {
      #expect(BodyTest.text(undo("gzip", pieces).0) == Self.text + Self.text)
    }
    let frames = Self.data(Self.zstd) + Self.data(Self.zstd)
    #expect(BodyTest.text(undo("zstd", [frames]).0) == Self.text + Self.text)
  }

  @Test(arguments: [("gzip", gzip), ("deflate", zlib), ("deflate", raw), ("br", brotli), ("zstd", zstd)])
  func refusesDataBehindTheEnd(_ encoding: String, _ base64: String) {
    let body = Self.data(base64)
    for pieces in [[body + [1, 2, 3, 4, 5]], [body, [1, 2, 3, 4, 5]]] {
      let (output, error) = undo(encoding, pieces)
      #expect(error == .malformed)
      #expect(BodyTest.text(output) == Self.text)
    }
  }

  @Test func anErrorStays() throws {
    var decompressor = try Decompressor([.gzip])
    var output: [UInt8] = []
    for _ in 0..<2 {
      #expect(throws: DecompressionError.malformed) {
        try decompressor.decompress(BodyTest.bytes("no gzip").span, into: &output)
      }
    }
    #expect(throws: DecompressionError.malformed) { try decompressor.finish() }
  }

  @Test(arguments: [("gzip", zeroes, 65_536), ("br", brotliZeroes, 1 << 20), ("zstd", zstdZeroes, 1 << 20)])
  func boundsSize(_ encoding: String, _ base64: String, _ size: Int) {
    let body = Self.data(base64)
    var limits = DecompressionLimits()
    limits.ratio = .max
    limits.outputBytes = size
    #expect(undo(encoding, [body], limits).0.count == size)
    #expect(undo(encoding, [body], limits).1 == nil)
    limits.outputBytes = size - 1
    #expect(undo(encoding, [body], limits).0.count == size - 1)
    #expect(undo(encoding, [body], limits).1 == .size)
  }

  @Test(arguments: [("gzip", zeroes), ("br", brotliZeroes), ("zstd", zstdZeroes)])
  func boundsRatio(_ encoding: String, _ base64: String) {
    let body = Self.data(base64)
    var limits = DecompressionLimits()
    limits.ratioFreeBytes = 50_000
    let (output, error) = undo(encoding, [body], limits)
    #expect(error == .ratio)
    #expect(output.count == max(50_000, body.count * 100).clamped(below: 65_536))
    limits.ratioFreeBytes = 1 << 20
    #expect(undo(encoding, [body], limits).1 == nil)
  }

  @Test func boundsWhatIsBetweenLayers() {
    var limits = DecompressionLimits()
    limits.outputBytes = 30
    #expect(undo("gzip, gzip", [Self.data(Self.twice)], limits).1 == .size)
  }

  @Test func boundsLayers() {
    #expect(undo("gzip, gzip, gzip", []).1 == .layers)
    #expect(throws: DecompressionError.layers) { try Decompressor([.gzip, .gzip, .gzip]) }
  }

  @Test func knowsWhatItDoesNotKnow() throws {
    for encoding in ["compress", "gzip;q=1", "gzip br", "aws-chunked"] {
      #expect(undo(encoding, []).1 == .unsupported, "\(encoding)")
    }
    #expect(try Decompressor(contentEncoding: BodyTest.bytes(" , identity ,").span).isIdentity)
    #expect(undo("", [[1, 2]]).0 == [1, 2])
  }
}

extension Int {
  fileprivate func clamped(below bound: Int) -> Int { Swift.min(self, bound) }
}
