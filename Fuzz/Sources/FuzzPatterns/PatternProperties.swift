import CPCRE2
import SecLang

/// What must hold for any regular expression and value: a search finds what one plain call of PCRE2 finds, at the same
/// place and with the same groups, and the prefilter leaves no such pattern out. The fuzzer and the tests check the same.
///
/// The plain call is the interpreter's. Where the groups differ, that of PCRE2's machine code counts as well: it reports a
/// group of a branch that failed (10.42: `^(a|)*+b|c` on `c`, with `PCRE2_MULTILINE`).
///
/// The first byte says how long the pattern is, the rest is the value.
enum PatternProperties {
  private static let matchLimit: UInt32 = 20_000
  /// Bytes of a repeated value: longer than what searches and prefilters take for short.
  private static let longBytes = 700
  nonisolated(unsafe) private static let scratch = MatchScratch()

  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    guard let first = bytes.first else { return nil }
    let length = min(Int(first), bytes.count - 1)
    let pattern = Array(bytes[1..<(1 + length)])
    let value = Array(bytes[(1 + length)...])
    guard let plain = PlainPattern(pattern) else { return nil }
    guard let quick = try? RegularExpression(pattern.span),
      let withoutStarts = try? RegularExpression(pattern.span, findingStarts: false)
    else { return "`\(text(pattern))` is refused" }
    let prefilter = Prefilter([.regex(pattern)])
    // The pattern is a value that often comes near a match of it.
    let seed = value.isEmpty ? pattern : value
    let repeated = seed.isEmpty ? [] : Array(repeatElement(seed, count: longBytes / seed.count + 1).joined())
    for value in [value, value + pattern, repeated + pattern] where value.count <= 2 * longBytes {
      guard let expected = plain.ranges(value, limit: matchLimit) else { continue }
      let place = "`\(text(pattern))` on `\(text(value))`"
      var found = CandidateSet(capacity: 1)
      prefilter.candidates(of: value.span, scratch: scratch, into: &found)
      if !expected.isEmpty, !found.contains(0) { return "\(place): left out by the prefilter" }
      var all = CandidateSet(capacity: 1)
      all.insert(0)
      let occurring = ByteSet(of: value.span)
      prefilter.candidates(of: value.span, occurring: occurring, among: all, scratch: scratch, into: &found)
      if !expected.isEmpty, !found.contains(0) { return "\(place): left out by the bytes that occur" }
      for regex in [quick, withoutStarts] {
        guard let ranges = ranges(regex, value) else { continue }
        if ranges == expected { continue }
        let machineCode = PlainPattern(pattern, asMachineCode: true)
        if ranges.first == expected.first, ranges == machineCode?.ranges(value, limit: matchLimit) { continue }
        return "\(place): \(ranges) instead of \(expected), starts \(regex.findsStarts)"
      }
    }
    return nil
  }

  /// The groups of a match, none without one; nil where a limit was reached.
  private static func ranges(_ regex: RegularExpression, _ value: [UInt8]) -> [Range<Int>?]? {
    switch regex.match(value.span, scratch: scratch.regex) {
    case .noMatch: []
    case .match(let groups): (0..<groups).map { scratch.regex.range(of: $0) }
    case .limitExceeded, .failed: nil
    }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    bytes.map { (0x20...0x7e).contains($0) ? String(Unicode.Scalar($0)) : "\\x" + String($0, radix: 16) }.joined()
  }
}

/// PCRE2 as it is.
private final class PlainPattern {
  private let code: OpaquePointer
  private let matchData: OpaquePointer?
  private let context: OpaquePointer?

  init?(_ pattern: [UInt8], asMachineCode: Bool = false) {
    var failure: Int32 = 0
    var offset = 0
    let settings = pcre2_compile_context_create_8(nil)
    defer { pcre2_compile_context_free_8(settings) }
    pcre2_set_newline_8(settings, UInt32(PCRE2_NEWLINE_LF))
    let options = PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP
    guard let code = pcre2_compile_8(pattern + [0], pattern.count, options, &failure, &offset, settings) else {
      return nil
    }
    if asMachineCode { pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE) }
    self.code = code
    matchData = pcre2_match_data_create_8(UInt32(RegexScratch.groupLimit), nil)
    context = pcre2_match_context_create_8(nil)
  }

  deinit {
    pcre2_code_free_8(code)
    pcre2_match_data_free_8(matchData)
    pcre2_match_context_free_8(context)
  }

  /// The groups of a match, none without one; nil where a limit was reached.
  func ranges(_ value: [UInt8], limit: UInt32) -> [Range<Int>?]? {
    pcre2_set_match_limit_8(context, limit)
    let result = pcre2_match_8(code, value + [0], value.count, 0, 0, matchData, context)
    guard result >= 0, let offsets = pcre2_get_ovector_pointer_8(matchData) else {
      return result == PCRE2_ERROR_NOMATCH ? [] : nil
    }
    return (0..<(result == 0 ? RegexScratch.groupLimit : Int(result))).map { group in
      let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
      return start >= 0 && end >= start ? start..<end : nil
    }
  }
}
