/// The value of `Date` (RFC 9110 §5.6.7), formatted once a second.
package struct HTTPDate {
  package private(set) var bytes: [UInt8] = []
  private var unixSeconds = UInt64.max

  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  package init() {}

  package mutating func update(unixSeconds: UInt64) {
    guard unixSeconds != self.unixSeconds else { return }
    self.unixSeconds = unixSeconds
    let days = unixSeconds / 86_400
    let civil = HTTPDate.civil(days: Int(days))
    let second = unixSeconds % 86_400
    let two = { (value: UInt64) in value < 10 ? "0\(value)" : "\(value)" }
    let text =
      "\(HTTPDate.days[Int(days % 7)]), \(two(UInt64(civil.day))) \(HTTPDate.months[civil.month - 1]) \(civil.year) "
      + "\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    bytes = Array(text.utf8)
  }

  /// Days since 1970-01-01 to a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
  static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
