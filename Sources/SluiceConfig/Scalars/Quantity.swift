/// A whole number and the unit behind it.
struct Quantity {
  var number: Int
  var unit: Substring

  /// Splits `30s` into its parts; nil when it doesn't begin with a digit. A number past `Int.max` counts as that.
  init?(_ text: String) {
    let digits = text.utf8.prefix { $0.isASCIIDigit }
    guard !digits.isEmpty else { return nil }
    number = Int(Substring(digits)) ?? .max
    unit = text[digits.endIndex...]
  }

  /// The number in the smallest unit; `Int.max` when it is too large to count.
  func times(_ factor: Int) -> Int {
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}

/// A unit of a kind of quantity, by how many of the smallest it has.
struct Unit: Sendable {
  var name: String
  var factor: Int

  /// The number with the unit that keeps it shortest and exact.
  static func text(_ value: Int, _ units: [Unit]) -> String {
    let fitting = units.filter { value % $0.factor == 0 }
    guard value != 0, let best = fitting.max(by: { $0.factor < $1.factor }) else { return "\(value)\(units[0].name)" }
    return "\(value / best.factor)\(best.name)"
  }
}
