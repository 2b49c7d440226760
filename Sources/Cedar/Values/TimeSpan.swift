extension TimeSpan: CustomStringConvertible {
  /// The units of `duration("…")` with their milliseconds, in the order in which they are written.
  private static let units: [(name: String, milliseconds: UInt64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Reads numbers with the units `d`, `h`, `m`, `s`, `ms`, each at most once and in that order, with `-` before all of
  /// them or not: `1d12h`, `-90s`.
  /// - Throws: when the string has another form or the duration does not fit.
  public init(parsing text: String) throws(ExtensionError) {
    var cursor = TextCursor(text)
    let isNegative = cursor.take(0x2d)
    guard !cursor.isAtEnd else { throw .malformed(.duration, text) }
    var magnitude: UInt64? = 0
    var previous = -1
    while !cursor.isAtEnd {
      let number = cursor.number()
      guard number.digits > 0, let unit = TimeSpan.unit(&cursor), unit > previous else {
        throw .malformed(.duration, text)
      }
      previous = unit
      magnitude = magnitude.flatMap { sum in
        number.value.flatMap { TimeSpan.sum(sum, $0, times: TimeSpan.units[unit].milliseconds) }
      }
    }
    guard let magnitude, let milliseconds = Int64(magnitude: magnitude, isNegative: isNegative) else {
      throw .malformed(.duration, text, "it is past the range of 64-bit milliseconds")
    }
    self.init(milliseconds: milliseconds)
  }

  /// - Returns: the index in `units`.
  private static func unit(_ cursor: inout TextCursor) -> Int? {
    if cursor.take(0x64) { return 0 }
    if cursor.take(0x68) { return 1 }
    if cursor.take(0x6d) { return cursor.take(0x73) ? 4 : 2 }
    return cursor.take(0x73) ? 3 : nil
  }

  private static func sum(_ sum: UInt64, _ count: UInt64, times unit: UInt64) -> UInt64? {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    let (result, carry) = sum.addingReportingOverflow(product)
    return overflow || carry ? nil : result
  }

  /// The fewest units that make it up, such as `1d12h`; reads back to the same duration.
  public var description: String {
    var text = milliseconds < 0 ? "-" : ""
    var rest = milliseconds.magnitude
    for unit in TimeSpan.units where rest >= unit.milliseconds {
      text += String(rest / unit.milliseconds) + unit.name
      rest %= unit.milliseconds
    }
    return text.isEmpty ? "0ms" : text
  }
}

extension TimeSpan {
  /// Whole seconds; what is left over is cut off towards zero.
  public var seconds: Int64 { milliseconds / 1000 }
  /// Whole minutes, cut off towards zero.
  public var minutes: Int64 { milliseconds / 60_000 }
  /// Whole hours, cut off towards zero.
  public var hours: Int64 { milliseconds / 3_600_000 }
  /// Whole days of 24 hours, cut off towards zero.
  public var days: Int64 { milliseconds / 86_400_000 }
}
