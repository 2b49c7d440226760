extension Decimal: CustomStringConvertible {
  /// Reads digits, a point and one to four digits, with `-` before them or not: `1.5`, `-0.0001`.
  /// - Throws: when the string has another form or the number does not fit.
  public init(parsing text: String) throws(ExtensionError) {
    var cursor = TextCursor(text)
    let isNegative = cursor.take(0x2d)
    let whole = cursor.number()
    guard whole.digits > 0, cursor.take(0x2e) else { throw .malformed(.decimal, text) }
    let fraction = cursor.number()
    guard fraction.digits > 0, cursor.isAtEnd else { throw .malformed(.decimal, text) }
    guard fraction.digits <= 4, var value = fraction.value else {
      throw .malformed(.decimal, text, "it has more than four digits after the point")
    }
    for _ in fraction.digits..<4 { value *= 10 }
    let (scaled, overflow) = (whole.value ?? .max).multipliedReportingOverflow(by: 10_000)
    let (magnitude, carry) = scaled.addingReportingOverflow(value)
    guard !overflow, !carry, let number = Int64(magnitude: magnitude, isNegative: isNegative) else {
      throw .malformed(.decimal, text, "it is not between -922337203685477.5808 and 922337203685477.5807")
    }
    self.init(tenThousandths: number)
  }

  /// With the digits after the point that it needs, at least one; reads back to the same number.
  public var description: String {
    let magnitude = tenThousandths.magnitude
    var fraction = magnitude % 10_000
    var digits = 4
    while digits > 1, fraction % 10 == 0 {
      fraction /= 10
      digits -= 1
    }
    let text = String(fraction)
    return (tenThousandths < 0 ? "-" : "") + String(magnitude / 10_000) + "."
      + String(repeating: "0", count: digits - text.utf8.count) + text
  }
}
