/// The numbers of `@eq`, `@ge`, `@gt`, `@le`, `@lt` and `setvar`.
package enum DecimalNumber {
  /// Reads a number as C's `atoll` does: whitespace, a sign, digits, and no regard to what follows. Without digits it
  /// is 0; what is too large or too small for 64 bits becomes the largest or smallest number.
  package static func parse(_ text: Span<UInt8>) -> Int {
    var index = 0
    while index < text.count, text[index] == 0x20 || text[index] &- 9 < 5 { index &+= 1 }
    var isNegative = false
    if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
      isNegative = text[index] == UInt8(ascii: "-")
      index &+= 1
    }
    // Counted downwards, since there is one negative number more.
    var value = 0
    while index < text.count {
      let digit = text[index] &- 0x30
      guard digit < 10 else { break }
      let (product, overflows) = value.multipliedReportingOverflow(by: 10)
      let (difference, overflowsToo) = product.subtractingReportingOverflow(Int(digit))
      if overflows || overflowsToo { return isNegative ? .min : .max }
      value = difference
      index &+= 1
    }
    return isNegative ? value : value == .min ? .max : -value
  }
}
