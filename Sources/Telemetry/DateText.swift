/// RFC 3339 date-times in UTC with milliseconds; the text of the newest second is kept.
package struct DateText {
  private var second: UInt64?
  private var year = 0
  private var month = 0
  private var day = 0
  private var hour = 0
  private var minute = 0
  private var secondOfMinute = 0

  package init() {}

  /// The last millisecond of the year 9999; later times are written as this one.
  private static let latest: UInt64 = 253_402_300_799_999

  package mutating func write(_ unixMilliseconds: UInt64, to line: inout LineWriter) {
    let bounded = min(unixMilliseconds, DateText.latest)
    let wanted = bounded / 1000
    if second != wanted { set(wanted) }
    line.padded(year, width: 4)
    line.byte(0x2d)
    line.padded(month, width: 2)
    line.byte(0x2d)
    line.padded(day, width: 2)
    line.byte(0x54)
    line.padded(hour, width: 2)
    line.byte(0x3a)
    line.padded(minute, width: 2)
    line.byte(0x3a)
    line.padded(secondOfMinute, width: 2)
    line.byte(0x2e)
    line.padded(Int(bounded % 1000), width: 3)
    line.byte(0x5a)
  }

  /// Days to a civil date, by 400-year eras that begin on 1 March.
  private mutating func set(_ newSecond: UInt64) {
    second = newSecond
    let days = Int(newSecond / 86_400) + 719_468
    let rest = Int(newSecond % 86_400)
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shifted + 2) / 5 + 1
    month = shifted < 10 ? shifted + 3 : shifted - 9
    year = days / 146_097 * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    hour = rest / 3600
    minute = rest / 60 % 60
    secondOfMinute = rest % 60
  }
}
