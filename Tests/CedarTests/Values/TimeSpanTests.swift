import Cedar
import Testing

@Suite struct TimeSpanTests {
  @Test(arguments: [
    ("0ms", 0), ("-0d", 0), ("1ms", 1), ("1s", 1000), ("1m", 60_000), ("1h", 3_600_000), ("1d", 86_400_000),
    ("1m1ms", 60_001), ("1d2h3m4s5ms", 93_784_005), ("-1d2h3m4s5ms", -93_784_005), ("90m", 5_400_000),
    ("0000000000000000000000000000001d", 86_400_000), ("9223372036854775807ms", Int64.max),
    ("-9223372036854775808ms", Int64.min), ("-106751991167d7h12m55s808ms", Int64.min), ("0d0h0m0s5ms", 5),
  ])
  func reads(_ text: String, _ milliseconds: Int64) throws {
    #expect(try TimeSpan(parsing: text).milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "-", "1", "d", "+1d", "1 d", " 1d", "1d ", "1d\n", "1D", "1ms1s", "1s1m", "1d1d", "1ms1ms", "1d-1h", "--1d",
    "1.5h",
    "1w", "1h30", "1mss", "1sm", "9223372036854775808ms", "-9223372036854775809ms", "106751991168d",
    "18446744073709551616ms", "184467440737095516160d", "-106751991167d7h12m55s809ms", "\u{661}d",
  ])
  func refuses(_ text: String) {
    #expect(throws: ExtensionError.self) { try TimeSpan(parsing: text) }
  }

  @Test(arguments: [
    (0, "0ms"), (1, "1ms"), (-1000, "-1s"), (86_400_000, "1d"), (93_784_005, "1d2h3m4s5ms"), (5_400_000, "1h30m"),
    (Int64.max, "106751991167d7h12m55s807ms"), (Int64.min, "-106751991167d7h12m55s808ms"),
  ])
  func describes(_ milliseconds: Int64, _ text: String) throws {
    #expect(TimeSpan(milliseconds: milliseconds).description == text)
    #expect(try TimeSpan(parsing: text).milliseconds == milliseconds)
  }

  @Test func unitsAreCutTowardsZero() throws {
    let span = try TimeSpan(parsing: "-1d23h59m59s999ms")
    #expect(span.milliseconds == -172_799_999)
    #expect((span.seconds, span.minutes, span.hours, span.days) == (-172_799, -2879, -47, -1))
    let short = try TimeSpan(parsing: "-999ms")
    #expect((short.seconds, short.minutes, short.hours, short.days) == (0, 0, 0, 0))
  }
}
