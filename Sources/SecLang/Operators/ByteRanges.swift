/// `@validateByteRange RANGES`: matches a value with a byte outside the ranges. Arguments: numbers and ranges of them
/// from 0 to 255 with commas, `32-126,9,10`.
package enum ByteRanges {
  /// The bytes of the ranges: a value is valid when `ByteSet(of:)` of it is a subset.
  package static func parse(_ argument: [UInt8]) throws(OperatorArgumentError) -> ByteSet {
    var set = ByteSet()
    for part in argument.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let bounds = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
      let numbers = bounds.compactMap(number)
      guard numbers.count == bounds.count, let first = numbers.first, let last = numbers.last, numbers.count <= 2 else {
        throw OperatorArgumentError(
          "\(OperatorArgumentError.quoted(Array(part).span)) is no byte and no range of bytes such as `32-126`")
      }
      guard first <= last else {
        throw OperatorArgumentError("the range `\(first)-\(last)` ends before it begins")
      }
      for byte in first...last { set.insert(byte) }
    }
    return set
  }

  private static func number(_ text: ArraySlice<UInt8>) -> UInt8? {
    let digits = text.drop { $0 == 0x20 }
    guard let end = digits.lastIndex(where: { $0 != 0x20 }), digits.distance(from: digits.startIndex, to: end) < 3
    else {
      return nil
    }
    var value = 0
    for byte in digits[...end] {
      guard byte &- 0x30 < 10 else { return nil }
      value = value * 10 + Int(byte &- 0x30)
    }
    return UInt8(exactly: value)
  }
}
