/// Whole numbers and ranges of them.
enum Integers {
  static let rangePattern = "^-?[0-9]+(--?[0-9]+)?$"

  static func parse(_ text: String, _ range: ClosedRange<Int>) throws(ScalarProblem) -> Int {
    guard let value = number(text[...]) else {
      throw ScalarProblem("\(quoted(text)) is no whole number", hint: describe(range))
    }
    guard range.contains(value) else {
      throw ScalarProblem("\(quoted(text)) is out of range", hint: describe(range))
    }
    return value
  }

  /// Reads `6` or `100-119`; below zero, `-5-10` and `-10--5`.
  static func parseRange(_ text: String, _ bounds: ClosedRange<Int>) throws(ScalarProblem) -> ClosedRange<Int> {
    let sign = text.hasPrefix("-") ? 1 : 0
    let dash = text.dropFirst(sign).firstIndex(of: "-") ?? text.endIndex
    let upper = dash < text.endIndex ? text[text.index(after: dash)...] : text[...]
    guard let low = number(text[..<dash]), let high = number(upper) else {
      throw ScalarProblem("\(quoted(text)) is no whole number or range", hint: "write `6` or `100-119`")
    }
    guard bounds.contains(low), bounds.contains(high) else {
      throw ScalarProblem("\(quoted(text)) is out of range", hint: describe(bounds))
    }
    guard low <= high else {
      throw ScalarProblem("\(quoted(text)) ends before it begins", hint: "write `\(high)-\(low)`")
    }
    return low...high
  }

  static func text(_ range: ClosedRange<Int>) -> JSONValue {
    range.count == 1 ? .integer(range.lowerBound) : .string("\(range.lowerBound)-\(range.upperBound)")
  }

  private static func describe(_ range: ClosedRange<Int>) -> String {
    "write a number from \(range.lowerBound) to \(range.upperBound)"
  }

  private static func number(_ text: Substring) -> Int? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text
    guard !digits.isEmpty, digits.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
    return Int(text) ?? (text.hasPrefix("-") ? .min : .max)
  }
}
