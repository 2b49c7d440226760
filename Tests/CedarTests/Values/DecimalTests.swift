import Cedar
import Testing

@Suite struct DecimalTests {
  @Test(arguments: [
    ("1.0", 10_000), ("-1.5", -15_000), ("0.0001", 1), ("-0.0001", -1), ("-0.0", 0), ("00012.50", 125_000),
    ("123.456", 1_234_560), ("922337203685477.5807", Int64.max), ("-922337203685477.5808", Int64.min),
    ("00000000000000000000000000000000000001.0", 10_000),
  ])
  func reads(_ text: String, _ tenThousandths: Int64) throws {
    #expect(try Decimal(parsing: text).tenThousandths == tenThousandths)
  }

  @Test(arguments: [
    "", "1", "1.", ".5", "-", "-.5", "+1.0", " 1.0", "1.0 ", "1.0\n", "1,0", "1.0.0", "--1.0", "1.00000", "1.12345",
    "1e3", "0x1.0", "\u{663}.0", "1.\u{663}", "922337203685477.5808", "-922337203685477.5809",
    "9223372036854775808.0", "18446744073709551616.0", "1844674407370955161.6", "1.0\0",
  ])
  func refuses(_ text: String) {
    #expect(throws: ExtensionError.self) { try Decimal(parsing: text) }
  }

  @Test(arguments: [
    (0, "0.0"), (1, "0.0001"), (-1, "-0.0001"), (15_000, "1.5"), (-12_300, "-1.23"), (10_203, "1.0203"),
    (Int64.max, "922337203685477.5807"), (Int64.min, "-922337203685477.5808"),
  ])
  func describes(_ tenThousandths: Int64, _ text: String) throws {
    let decimal = Decimal(tenThousandths: tenThousandths)
    #expect(decimal.description == text)
    #expect(try Decimal(parsing: text) == decimal)
  }

  @Test func errorsNameTheStringAndTheForm() throws {
    let error = try #require(throws: ExtensionError.self) { try Decimal(parsing: "12") }
    #expect(error.function == .decimal)
    #expect(error.description == "`12` is no decimal; expected digits, a point and one to four digits, such as `-12.5`")
    let long = try #require(throws: ExtensionError.self) { try Decimal(parsing: String(repeating: "9", count: 10_000)) }
    #expect(long.message.utf8.count < 200)
  }
}
