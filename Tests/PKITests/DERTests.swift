import PKI
import Testing

@Suite struct DERTests {
  @Test(
    arguments: [
      [0x30], [0x30, 0x80, 0, 0], [0x30, 0x81, 0x01, 0], [0x30, 0x82, 0, 0x80], [0x30, 0x85, 1, 0, 0, 0, 0],
      [0x1f, 0x81, 1, 0], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff], [0x04, 2, 0], [],
    ] as [[UInt8]])
  func refusesWhatIsNotDER(_ bytes: [UInt8]) {
    var reader = DERReader(bytes)
    #expect(throws: PKIError.self) { try reader.next() }
  }

  @Test func readsLongLengths() throws {
    for count in [0, 127, 128, 255, 256, 70_000] {
      let content = [UInt8](repeating: 7, count: count)
      var reader = DERReader(DERWriter.octets(content))
      #expect(try reader.next().content.count == count)
      #expect(reader.isAtEnd)
    }
  }

  @Test func readsIntegersInTheirShortestFormOnly() throws {
    for (bytes, value) in [([2, 1, 0], 0), ([2, 1, 0x7f], 127), ([2, 2, 0, 0x80], 128)] as [([UInt8], Int)] {
      var reader = DERReader(bytes)
      #expect(try reader.smallInteger("x") == value)
      #expect(DERWriter.integer(UInt64(value)) == bytes)
    }
    for bytes in [[2, 0], [2, 2, 0, 1], [2, 2, 0xff, 0x80], [2, 1, 0x80]] as [[UInt8]] {
      var reader = DERReader(bytes)
      #expect(throws: PKIError.self) { try reader.smallInteger("x") }
    }
  }

  @Test(
    arguments: [
      ("500101000000Z", -631_152_000), ("491231235959Z", 2_524_607_999), ("700101000000Z", 0),
      ("20500101000000Z", 2_524_608_000), ("99991231235959Z", 253_402_300_799), ("240229000000Z", 1_709_164_800),
    ] as [(String, Int64)])
  func readsTimes(_ text: String, _ seconds: Int64) throws {
    var reader = DERReader([text.utf8.count == 13 ? 0x17 : 0x18, UInt8(text.utf8.count)] + Array(text.utf8))
    #expect(try reader.time("a time") == seconds)
  }

  @Test(arguments: [
    "250229000000Z", "251301000000Z", "250100000000Z", "250101240000Z", "250101006000Z", "250101000060Z",
    "2501010000Z", "250101000000", "250101000000+0000", "25010100000xZ", "20250101000000.5Z", "",
  ])
  func refusesTimes(_ text: String) {
    for tag: UInt8 in [0x17, 0x18] {
      var reader = DERReader([tag, UInt8(text.utf8.count)] + Array(text.utf8))
      #expect(throws: PKIError.self) { try reader.time("a time") }
    }
  }

  @Test func timesComeBack() throws {
    let seed = MutationTests.seed
    var random = SeededRandom(state: seed)
    for _ in 0..<2000 {
      let seconds = Int64.random(in: -631_152_000...253_402_300_799, using: &random)
      var reader = DERReader(DERWriter.time(seconds))
      #expect(try reader.time("a time") == seconds, "seed \(seed)")
    }
    #expect(CivilTime.text(0) == "1970-01-01T00:00:00Z")
    #expect(CivilTime.text(1_709_208_000) == "2024-02-29T12:00:00Z")
    #expect(CivilTime.dateText(253_402_300_799) == "9999-12-31")
  }

  @Test func writesNamedBits() throws {
    for (value, bytes) in [(1, [3, 2, 7, 0x80]), (0x60, [3, 2, 1, 6]), (0, [3, 1, 0])] as [(UInt16, [UInt8])] {
      #expect(DERWriter.namedBits(value) == bytes)
      var reader = DERReader(bytes)
      #expect(try reader.namedBits("bits") == value)
    }
  }
}
