extension Datetime {
  static let millisecondsOfDay: Int64 = 86_400_000

  /// Reads a day, or a day and a time with `Z` or an offset: `2024-10-15`, `2024-10-15T11:38:02Z`,
  /// `2024-10-15T11:38:02.101+0130`.
  /// - Throws: when the string has another form, or there is no such day or time. There are no leap seconds.
  public init(parsing text: String) throws(ExtensionError) {
    var cursor = TextCursor(text)
    guard let year = cursor.number(digits: 4), cursor.take(0x2d), let month = cursor.number(digits: 2),
      cursor.take(0x2d), let day = cursor.number(digits: 2)
    else { throw .malformed(.datetime, text) }
    let isDayOnly = cursor.isAtEnd
    let time = isDayOnly ? Time() : Time(&cursor)
    guard let time, cursor.isAtEnd else { throw .malformed(.datetime, text) }
    guard (1...12).contains(month), (1...Datetime.daysInMonth(month, of: year)).contains(day) else {
      throw .malformed(.datetime, text, "there is no such day")
    }
    guard time.hour < 24, time.minute < 60, time.second < 60 else {
      throw .malformed(.datetime, text, "there is no such time of day")
    }
    guard time.offsetHour < 24, time.offsetMinute < 60 else {
      throw .malformed(.datetime, text, "an offset has hours up to 23 and minutes up to 59")
    }
    // Four digits of a year: no sum comes near the bounds of an Int64.
    let days = Datetime.days(year: year, month: month, day: day)
    self.init(milliseconds: days * Datetime.millisecondsOfDay + time.milliseconds)
  }

  /// What may follow the day.
  private struct Time {
    var hour: Int64 = 0
    var minute: Int64 = 0
    var second: Int64 = 0
    var millisecond: Int64 = 0
    var isBehind = false
    var offsetHour: Int64 = 0
    var offsetMinute: Int64 = 0

    init() {}

    init?(_ cursor: inout TextCursor) {
      guard cursor.take(0x54), let hour = cursor.number(digits: 2), cursor.take(0x3a),
        let minute = cursor.number(digits: 2), cursor.take(0x3a), let second = cursor.number(digits: 2)
      else { return nil }
      (self.hour, self.minute, self.second) = (hour, minute, second)
      if cursor.take(0x2e) {
        guard let millisecond = cursor.number(digits: 3) else { return nil }
        self.millisecond = millisecond
      }
      if cursor.take(0x5a) { return }
      isBehind = cursor.take(0x2d)
      guard isBehind || cursor.take(0x2b), let hour = cursor.number(digits: 2), let minute = cursor.number(digits: 2)
      else { return nil }
      (offsetHour, offsetMinute) = (hour, minute)
    }

    /// From the begin of the day in UTC.
    var milliseconds: Int64 {
      let offset = offsetHour * 3600 + offsetMinute * 60
      return (hour * 3600 + minute * 60 + second + (isBehind ? offset : -offset)) * 1000 + millisecond
    }
  }

  private static func daysInMonth(_ month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days of 400 years.
  private static let daysOfEra: Int64 = 146_097
  /// From March 1 of year 0 to January 1, 1970.
  private static let daysToEpoch: Int64 = 719_468

  /// Days since 1970-01-01 in the Gregorian calendar, which holds for all times. Years begin with March here, so that
  /// the leap day is the last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month < 3 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * daysOfEra + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - daysToEpoch
  }

  private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + daysToEpoch
    let era = (shifted >= 0 ? shifted : shifted - (daysOfEra - 1)) / daysOfEra
    let dayOfEra = shifted - era * daysOfEra
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / (daysOfEra - 1)) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month < 3 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}

extension Datetime: CustomStringConvertible {
  /// Whether the year has four digits, so that the text is one that `init(parsing:)` reads.
  var hasReadableText: Bool { (Datetime.firstReadable...Datetime.lastReadable).contains(milliseconds) }

  /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z.
  private static let firstReadable: Int64 = -62_167_219_200_000
  private static let lastReadable: Int64 = 253_402_300_799_999

  /// As ISO 8601 in UTC, such as `2024-10-15T11:38:02.101Z`. Years before 0 and after 9999 have a sign and at least six
  /// digits, which no policy can read.
  public var description: String {
    let (year, month, day) = Datetime.date(days: daysAndTime.days)
    let time = daysAndTime.time
    let seconds = time / 1000
    let sign = hasReadableText ? "" : year < 0 ? "-" : "+"
    let fraction = time % 1000
    return sign + Datetime.padded(year, hasReadableText ? 4 : 6) + "-" + Datetime.padded(month, 2) + "-"
      + Datetime.padded(day, 2) + "T" + Datetime.padded(seconds / 3600, 2) + ":"
      + Datetime.padded(seconds / 60 % 60, 2) + ":" + Datetime.padded(seconds % 60, 2)
      + (fraction == 0 ? "" : "." + Datetime.padded(fraction, 3)) + "Z"
  }

  private static func padded(_ number: Int64, _ digits: Int) -> String {
    let text = String(number.magnitude)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

extension Datetime {
  /// The day since 1970-01-01 that it is in, and the milliseconds since that day began.
  private var daysAndTime: (days: Int64, time: Int64) {
    let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: Datetime.millisecondsOfDay)
    return rest < 0 ? (days - 1, rest + Datetime.millisecondsOfDay) : (days, rest)
  }

  /// The instant that much later, or earlier for a negative duration.
  /// - Throws: when it does not fit.
  public func offset(by duration: TimeSpan) throws(ExtensionError) -> Datetime {
    let (sum, overflow) = milliseconds.addingReportingOverflow(duration.milliseconds)
    guard !overflow else { throw .overflow(.offset, "`\(self)` offset by `\(duration)`") }
    return Datetime(milliseconds: sum)
  }

  /// How much later it is than the other.
  /// - Throws: when that does not fit.
  public func durationSince(_ other: Datetime) throws(ExtensionError) -> TimeSpan {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
    guard !overflow else { throw .overflow(.durationSince, "the duration from `\(other)` to `\(self)`") }
    return TimeSpan(milliseconds: difference)
  }

  /// When its day began, in UTC.
  /// - Throws: when that does not fit, as on the first day of all.
  public func toDate() throws(ExtensionError) -> Datetime {
    let (date, overflow) = milliseconds.subtractingReportingOverflow(daysAndTime.time)
    guard !overflow else { throw .overflow(.toDate, "the date of `\(self)`") }
    return Datetime(milliseconds: date)
  }

  /// The time since its day began, in UTC; never negative.
  public func toTime() -> TimeSpan { TimeSpan(milliseconds: daysAndTime.time) }
}
