/// Spans of time: a whole number with `ms`, `s`, `m`, `h` or `d`.
package enum TimeSpan {
  static let units = [
    Unit(name: "ms", factor: 1), Unit(name: "s", factor: 1_000), Unit(name: "m", factor: 60_000),
    Unit(name: "h", factor: 3_600_000), Unit(name: "d", factor: 86_400_000),
  ]
  static let pattern = "^[0-9]+(ms|s|m|h|d)$"

  /// Milliseconds of a span within `range`.
  static func parse(_ text: String, _ range: ClosedRange<Int>) throws(ScalarProblem) -> Int {
    guard let quantity = Quantity(text) else {
      throw ScalarProblem("\(quoted(text)) is no duration", hint: "write a whole number with its unit, such as `30s`")
    }
    guard !quantity.unit.isEmpty else {
      throw ScalarProblem("duration \(quoted(text)) has no unit", hint: "write `\(printable(text))s`")
    }
    guard let unit = units.first(where: { $0.name == quantity.unit }) else {
      throw ScalarProblem(
        "\(quoted(text)) is no duration", hint: "write a whole number and one of `ms`, `s`, `m`, `h` or `d`: `1500ms`")
    }
    let milliseconds = quantity.times(unit.factor)
    guard range.contains(milliseconds) else {
      throw ScalarProblem(
        "duration \(quoted(text)) is out of range",
        hint: "write one from `\(self.text(range.lowerBound))` to `\(self.text(range.upperBound))`")
    }
    return milliseconds
  }

  package static func text(_ milliseconds: Int) -> String { Unit.text(milliseconds, units) }

  /// Whole milliseconds of a duration.
  package static func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    let (product, overflow) = Int(clamping: seconds).multipliedReportingOverflow(by: 1_000)
    let (sum, carry) = product.addingReportingOverflow(Int(attoseconds / 1_000_000_000_000_000))
    return overflow || carry ? .max : sum
  }
}
