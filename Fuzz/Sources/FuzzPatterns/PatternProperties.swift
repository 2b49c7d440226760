import SecLang

/// What must hold for any regular expression and value: what the prefilter leaves out PCRE2 does not find, and where
/// matches begin is found the same with and without the automaton for it. The fuzzer and the tests check the same.
///
/// The first byte says how long the pattern is, the rest is the value.
enum PatternProperties {
  nonisolated(unsafe) private static let scratch = MatchScratch(limits: RegexLimits(match: 20_000))

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    guard let first = bytes.first else { return nil }
    let length = min(Int(first), bytes.count - 1)
    let pattern = Array(bytes[1..<(1 + length)])
    let value = Array(bytes[(1 + length)...])
    guard let plain = try? RegularExpression(pattern.span, findingStarts: false) else { return nil }
    // The pattern is a value that often comes near a match of it.
    for value in [value, value + pattern, pattern + value] {
      if let failure = failure(pattern, plain, value) { return "`\(text(pattern))` on `\(text(value))`: \(failure)" }
    }
    return nil
  }

  private static func failure(_ pattern: [UInt8], _ plain: RegularExpression, _ value: [UInt8]) -> String? {
    let outcome = plain.match(value.span, scratch: scratch.regex)
    let range = outcome.isMatch ? scratch.regex.range(of: 0) : nil
    if outcome.isMatch, !isCandidate(.regex(pattern), value) { return "left out by the prefilter" }
    guard outcome == .noMatch || outcome.isMatch, let quick = try? RegularExpression(pattern.span), quick.findsStarts
    else { return nil }
    let other = quick.match(value.span, scratch: scratch.regex)
    if other == .limitExceeded { return nil }
    if other != outcome { return "\(other) instead of \(outcome)" }
    if other.isMatch, scratch.regex.range(of: 0) != range { return "another place than \(range, default: "none")" }
    return nil
  }

  private static func isCandidate(_ pattern: PrefilterPattern, _ value: [UInt8]) -> Bool {
    let prefilter = Prefilter([pattern])
    var found = CandidateSet(capacity: 1)
    prefilter.candidates(of: value.span, scratch: scratch, into: &found)
    return found.contains(0)
  }

  private static func text(_ bytes: [UInt8]) -> String {
    bytes.map { (0x20...0x7e).contains($0) ? String(Unicode.Scalar($0)) : "\\x" + String($0, radix: 16) }.joined()
  }
}
