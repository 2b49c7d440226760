import Cedar
import Testing

@Suite struct DatetimeTests {
  @Test(arguments: [
    ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31", -86_400_000),
    ("2024-10-15T11:38:02.101Z", 1_728_992_282_101), ("2024-10-15T11:38:02.101+1134", 1_728_950_642_101),
    ("2024-10-15T11:38:02-1134", 1_729_033_922_000), ("2024-10-15T23:59:00+2359", 1_728_950_400_000),
    ("2000-02-29", 951_782_400_000), ("0000-02-29", -62_162_121_600_000), ("0000-01-01", -62_167_219_200_000),
    ("0000-01-01T00:00:00+2359", -62_167_305_540_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ("9999-12-31T23:59:59.999-2359", 253_402_387_139_999), ("2024-01-01T00:00:00-0000", 1_704_067_200_000),
  ])
  func reads(_ text: String, _ milliseconds: Int64) throws {
    #expect(try Datetime(parsing: text).milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "2024", "2024-10", "2024-10-", "24-10-15", "2024-1-15", "2024-10-5", "10000-01-01", "-2024-10-15",
    "+2024-10-15",
    "2024-00-01", "2024-13-01", "2024-01-00", "2024-01-32", "2024-02-30", "2023-02-29", "1900-02-29", "2024-04-31",
    "2024-10-15Z", "2024-10-15T", "2024-10-15 11:38:02Z", "2024-10-15t11:38:02Z", "2024-10-15T11:38Z",
    "2024-10-15T11:38:02", "2024-10-15T11:38:02z", "2024-10-15T11:38:02ZZ", "2024-10-15T1:38:02Z",
    "2024-10-15T24:00:00Z", "2024-10-15T11:60:02Z", "2016-12-31T23:59:60Z", "2024-10-15T11:38:02.Z",
    "2024-10-15T11:38:02.1Z", "2024-10-15T11:38:02.1011Z", "2024-10-15T11:38:02,101Z", "2024-10-15T11:38:02+01:00",
    "2024-10-15T11:38:02+01", "2024-10-15T11:38:02+2400", "2024-10-15T11:38:02+0060", "2024-10-15T11:38:02*0000",
    "2024-10-15T11:38:02+00000", " 2024-10-15", "2024-10-15 ", "2024-10-15\n", "\u{662}024-10-15",
  ])
  func refuses(_ text: String) {
    #expect(throws: ExtensionError.self) { try Datetime(parsing: text) }
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (253_402_300_800_000, "+010000-01-01T00:00:00Z"),
    (-62_167_219_200_000, "0000-01-01T00:00:00Z"), (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
    (Int64.max, "+292278994-08-17T07:12:55.807Z"), (Int64.min, "-292275055-05-16T16:47:04.192Z"),
  ])
  func describes(_ milliseconds: Int64, _ text: String) {
    #expect(Datetime(milliseconds: milliseconds).description == text)
  }

  /// Every day of eight centuries, and random instants.
  @Test func descriptionsReadBack() throws {
    for day in Int64(-150_000)..<150_000 {
      let instant = Datetime(milliseconds: day * 86_400_000)
      try #require(try Datetime(parsing: instant.description) == instant)
    }
    let seed = SeededRandom.chosenSeed(4)
    var random = SeededRandom(seed: seed)
    for _ in 0..<20_000 {
      let instant = Datetime(milliseconds: Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
      try #require(try Datetime(parsing: instant.description) == instant, "seed \(seed)")
    }
  }

  @Test(arguments: [
    ("2024-10-15T11:38:02.101Z", "2024-10-15", 41_882_101), ("1969-12-31T23:59:59.999Z", "1969-12-31", 86_399_999),
    ("1969-12-31", "1969-12-31", 0), ("1969-12-30T00:00:00.001Z", "1969-12-30", 1), ("1970-01-01", "1970-01-01", 0),
  ])
  func datesAndTimes(_ text: String, _ date: String, _ time: Int64) throws {
    let instant = try Datetime(parsing: text)
    #expect(try instant.toDate() == Datetime(parsing: date))
    #expect(instant.toTime().milliseconds == time)
  }

  @Test func offsetsAndDurations() throws {
    let instant = try Datetime(parsing: "2024-10-15")
    #expect(try instant.offset(by: TimeSpan(parsing: "-1ms")).description == "2024-10-14T23:59:59.999Z")
    #expect(try instant.durationSince(Datetime(parsing: "2024-10-16")) == TimeSpan(parsing: "-1d"))
  }

  /// At the bounds of 64 bits, what does not fit is an error.
  @Test func bounds() throws {
    let (first, last) = (Datetime(milliseconds: .min), Datetime(milliseconds: .max))
    #expect(first.toTime().milliseconds == 60_424_192)
    let date = try #require(throws: ExtensionError.self) { try first.toDate() }
    #expect(date.function == .toDate)
    #expect(
      date.message == "the date of `-292275055-05-16T16:47:04.192Z` is past the range of a 64-bit integer")
    #expect(try last.toDate().milliseconds == 9_223_372_036_828_800_000)
    #expect(try last.offset(by: TimeSpan(milliseconds: .min)).milliseconds == -1)
    #expect(throws: ExtensionError.self) { try last.offset(by: TimeSpan(milliseconds: 1)) }
    #expect(throws: ExtensionError.self) { try first.offset(by: TimeSpan(milliseconds: -1)) }
    #expect(throws: ExtensionError.self) { try first.durationSince(Datetime(milliseconds: 1)) }
    #expect(throws: ExtensionError.self) { try Datetime(milliseconds: 0).durationSince(first) }
    #expect(try Datetime(milliseconds: -1).durationSince(first).milliseconds == .max)
  }
}
