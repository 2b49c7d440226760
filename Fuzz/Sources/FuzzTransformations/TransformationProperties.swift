import SecLang

/// What must hold for any value and any chain of transformations. The fuzzer and the tests check the same.
///
/// The first byte says how long the chain is, one byte each names its steps, the rest is the value.
enum TransformationProperties {
  private static let chainLimit = 6
  /// Values don't grow past it from step to step.
  private static let valueLimit = 4_096
  private static let tables = [TransformationTables(), TransformationTables(unicodeMap: .usASCII)]

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    guard let first = bytes.first else { return nil }
    let length = 1 + Int(first & 0x7f) % chainLimit
    guard bytes.count > length else { return nil }
    let tables = tables[Int(first >> 7)]
    let all = Transformation.allCases
    var value = Array(bytes[(1 + length)...])
    for choice in bytes[1...length] {
      let step = all[Int(choice) % all.count]
      if let failure = failure(of: step, value, tables) { return "\(step) of \(value): \(failure)" }
      var output: [UInt8] = []
      if step.apply(value.span, into: &output, tables: tables) { value = Array(output.prefix(valueLimit)) }
    }
    return nil
  }

  private static func failure(
    of step: Transformation, _ value: [UInt8], _ tables: TransformationTables
  ) -> String? {
    let set = ByteSet(of: value.span)
    let isKept = step.leavesUnchanged(set)
    if Transformation.leftUnchanged(set) >> UInt64(step.rawValue) & 1 != (isKept ? 1 : 0) { return "the masks differ" }
    let before: [UInt8] = [0x21, 0x22, 0x23]
    var output = before
    guard step.apply(value.span, into: &output, tables: tables) else {
      return output == before ? nil : "unchanged, but it wrote \(output)"
    }
    if isKept { return "changed against its set" }
    if output == value { return "changed to the same" }
    if output.count > growth(value.count) { return "\(output.count) bytes" }
    var again: [UInt8] = []
    guard step.apply(value.span, into: &again, tables: tables), again == output else { return "another result" }
    // The same bytes in the midst of others: nothing around them counts.
    let framed = [0x27, 0x41, 0x3b] + value + [0x3b, 0x41, 0x2f, 0x2a]
    var inner: [UInt8] = []
    guard step.apply(framed.span.extracting(3..<(3 + value.count)), into: &inner, tables: tables), inner == output
    else { return "another result amid other bytes: \(inner)" }
    return nil
  }

  /// `utf8toUnicode` makes six bytes of one, digests have a length of their own.
  private static func growth(_ count: Int) -> Int { max(24, 6 * count) }
}
