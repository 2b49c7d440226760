import SecLang

/// What must hold for any value and both injection detectors. The fuzzer and the tests check the same.
enum DetectorProperties {
  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    let print = SQLInjectionDetector.fingerprint(of: bytes.span)
    let isMarkup = XSSDetector.isAttack(bytes.span)
    if let print {
      if !(1...5).contains(print.text.utf8.count) { return "the fingerprint `\(print.text)`" }
      if print.text.utf8.contains(where: { $0 < 0x20 || $0 > 0x7e }) {
        return "the fingerprint \(Array(print.text.utf8))"
      }
    }
    // Scans pass such values over.
    if print != nil || isMarkup, bytes.allSatisfy(isWordByte) { return "a word alone is found" }
    // The same bytes in the midst of others: nothing around them counts.
    for (left, right) in [("<a ", "='x' onload=x>"), ("1' OR ", "' -- \"`")] {
      let framed = Array(left.utf8) + bytes + Array(right.utf8)
      let part = framed.span.extracting(left.utf8.count..<(left.utf8.count + bytes.count))
      if SQLInjectionDetector.fingerprint(of: part) != print { return "another fingerprint amid other bytes" }
      if XSSDetector.isAttack(part) != isMarkup { return "another verdict amid other bytes" }
    }
    return nil
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a: true
    default: false
    }
  }
}
