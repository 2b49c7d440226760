/// Dates of the Gregorian calendar and seconds since the Unix epoch, in UTC.
public enum CivilTime {
  /// Nil when there is no such date or time of day.
  package static func seconds(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int
  ) -> Int64? {
    guard (0...9999).contains(year), (1...12).contains(month), (1...daysIn(month, of: year)).contains(day),
      (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
    else { return nil }
    // Days from a civil date, with years that begin in March.
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
  }

  private static func daysIn(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The fields of a time; years from 0 to 9999.
  package static func fields(
    of seconds: Int64
  ) -> (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    let clamped = Int(min(max(seconds, -62_167_219_200), 253_402_300_799))
    let days = (clamped >= 0 ? clamped : clamped - 86_399) / 86_400
    let rest = clamped - days * 86_400
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (
      year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, rest / 3600, rest % 3600 / 60, rest % 60
    )
  }

  /// RFC 3339 text in UTC: `2026-01-31T12:00:00Z`.
  public static func text(_ seconds: Int64) -> String {
    let time = fields(of: seconds)
    return "\(padded(time.year, 4))-\(padded(time.month))-\(padded(time.day))T"
      + "\(padded(time.hour)):\(padded(time.minute)):\(padded(time.second))Z"
  }

  /// The date alone: `2026-01-31`.
  public static func dateText(_ seconds: Int64) -> String { String(text(seconds).prefix(10)) }

  private static func padded(_ value: Int, _ width: Int = 2) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
