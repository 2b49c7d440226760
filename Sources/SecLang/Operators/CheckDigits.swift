/// `@verifyCC`, `@verifyCPF`, `@verifySSN` and `@verifySVNR`: numbers that the regular expression of the argument
/// finds, and whose digits then hold together. Only the digits of a match count.
package enum CheckDigits {
  /// Whether the digits pass the Luhn test of payment cards (ISO/IEC 7812-1, annex B).
  package static func isCreditCard(_ match: Span<UInt8>) -> Bool {
    // Two sums, as the weights depend on how many digits there are.
    var sums = (0, 0)
    var isOdd = false
    var count = 0
    for index in match.indices {
      let digit = Int(match[index] &- 0x30)
      guard digit < 10 else { continue }
      let doubled = digit < 5 ? digit * 2 : digit * 2 - 9
      sums.0 &+= isOdd ? digit : doubled
      sums.1 &+= isOdd ? doubled : digit
      isOdd.toggle()
      count &+= 1
    }
    return count > 0 && (isOdd ? sums.1 : sums.0) % 10 == 0
  }

  /// Whether the first eleven digits are a Brazilian taxpayer number with its two check digits.
  package static func isCPF(_ match: Span<UInt8>) -> Bool {
    guard let digits = firstDigits(11, of: match), !isTrivial(digits, 11, runsFrom: 0) else { return false }
    func checkDigit(_ count: Int) -> Int {
      var sum = 0
      for index in 0..<count { sum += digits[index] * (count + 1 - index) }
      return sum % 11 < 2 ? 0 : 11 - sum % 11
    }
    return digits[9] == checkDigit(9) && digits[10] == checkDigit(10)
  }

  /// Whether there are nine digits that may be a US social security number: no part of it zero, and none of the areas
  /// that were not given out.
  package static func isSSN(_ match: Span<UInt8>) -> Bool {
    guard digitCount(match) == 9, let digits = firstDigits(9, of: match), !isTrivial(digits, 9, runsFrom: 1) else {
      return false
    }
    let area = digits[0] * 100 + digits[1] * 10 + digits[2]
    let group = digits[3] * 10 + digits[4]
    let serial = digits[5] * 1000 + digits[6] * 100 + digits[7] * 10 + digits[8]
    return area > 0 && area < 740 && area != 666 && group > 0 && serial > 0
  }

  /// Whether the first ten digits are an Austrian social insurance number with its check digit.
  package static func isSVNR(_ match: Span<UInt8>) -> Bool {
    guard let digits = firstDigits(10, of: match), !isTrivial(digits, 10, runsFrom: 1) else { return false }
    let weights: InlineArray<10, Int> = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]
    var sum = 0
    for index in 0..<10 { sum += digits[index] * weights[index] }
    return (sum % 11) % 10 == digits[3]
  }

  private static func digitCount(_ match: Span<UInt8>) -> Int {
    var count = 0
    for index in match.indices where match[index] &- 0x30 < 10 { count &+= 1 }
    return count
  }

  /// The first digits, up to eleven; nil when there are fewer.
  private static func firstDigits(_ wanted: Int, of match: Span<UInt8>) -> InlineArray<11, Int>? {
    var digits = InlineArray<11, Int>(repeating: 0)
    var count = 0
    for index in match.indices where match[index] &- 0x30 < 10 && count < wanted {
      digits[count] = Int(match[index] &- 0x30)
      count &+= 1
    }
    return count == wanted ? digits : nil
  }

  /// One digit again and again, or digits that count up, 0 after 9, from a first one not above `highest`.
  private static func isTrivial(_ digits: InlineArray<11, Int>, _ count: Int, runsFrom highest: Int) -> Bool {
    var repetitions = 0
    var steps = 0
    for index in 1..<count {
      if digits[index] == digits[index - 1] { repetitions += 1 }
      if digits[index] == (digits[index - 1] + 1) % 10 { steps += 1 }
    }
    return repetitions == count - 1 || steps == count - 1 && digits[0] <= highest
  }
}
