import CPCRE2
import Synchronization

/// How much work one regular expression match may do before it gives up.
package struct RegexLimits: Sendable, Hashable {
  /// The most times that PCRE2's matcher may backtrack (`SecPcreMatchLimit`).
  package var match: UInt32
  /// The most nested backtracking points of a pattern that has no machine code (`SecPcreMatchLimitRecursion`).
  package var depth: UInt32
  /// The most memory in KiB for backtracking points of a pattern that has no machine code.
  package var heapKiB: UInt32
  /// The stack in bytes of compiled patterns.
  package var stackBytes: Int

  package init(match: UInt32 = 1_000_000, depth: UInt32 = 100_000, heapKiB: UInt32 = 20_000, stackBytes: Int = 1 << 20)
  {
    self.match = match
    self.depth = depth
    self.heapKiB = heapKiB
    self.stackBytes = stackBytes
  }
}

/// A pattern that PCRE2 refused.
package struct RegexCompileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The byte of the pattern where the compiler stopped.
  package let offset: Int
  /// What PCRE2 says, in its words.
  package let message: String

  package var description: String { "regular expression: \(message) at byte \(offset)" }
}

/// What one match attempt came to.
package enum RegexOutcome: Sendable, Equatable {
  case noMatch
  /// It matched. `groups` counts the groups from 0 (the whole match) to the last one that took part, at most
  /// ``RegexScratch/groupLimit``; their ranges are in the scratch.
  case match(groups: Int)
  /// The search stopped at a limit. This is not a "no": the caller must treat it as its failure mode says.
  case limitExceeded
  /// PCRE2 failed for another reason; its code.
  case failed(Int32)

  package var isMatch: Bool {
    if case .match = self { true } else { false }
  }
}

/// A compiled regular expression over bytes, with the flags of ModSecurity 3: `.` matches line ends, `^` and `$`
/// match at lines.
// invariant: `code` is written only by init; PCRE2 compiled code is read-only after JIT compilation, so threads may
// share it.
package final class RegularExpression: @unchecked Sendable {
  private let code: OpaquePointer
  private let hasMachineCode: Bool
  /// The places where a match may begin, and the code that tries one place alone.
  private let starts: RegexStarts?
  private let anchoredCode: OpaquePointer?
  /// For long subjects, where no places are found: code that can be told how far a match may begin.
  private let windows = AtomicLazyReference<WindowCode>()
  private let source: [UInt8]
  private let options: UInt32
  /// The groups of the pattern, without the whole match.
  package let groupCount: Int

  /// Compiles `pattern`.
  ///
  /// - Parameter findingStarts: whether to look for the places where a match may begin with an automaton of our own,
  /// where   that pays. It changes no result.
  package init(
    _ pattern: Span<UInt8>, ignoringCase: Bool = false, findingStarts: Bool = true
  ) throws(RegexCompileError) {
    let options =
      PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | (ignoringCase ? PCRE2_CASELESS : 0)
    let compiled = try Self.compile(pattern, options)
    code = compiled
    source = pattern.indices.map { pattern[$0] }
    self.options = options
    hasMachineCode = pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE) == 0
    var groups: UInt32 = 0
    // invariant: PCRE2_INFO_CAPTURECOUNT writes one UInt32.
    _ = withUnsafeMutablePointer(to: &groups) { pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), $0) }
    groupCount = Int(groups)
    guard findingStarts, hasMachineCode, let starts = RegexStarts(pattern, ignoringCase: ignoringCase),
      let anchored = try? Self.compile(pattern, options | PCRE2_ANCHORED)
    else {
      starts = nil
      anchoredCode = nil
      return
    }
    if pcre2_jit_compile_8(anchored, PCRE2_JIT_COMPLETE) == 0 {
      self.starts = starts
      anchoredCode = anchored
    } else {
      pcre2_code_free_8(anchored)
      self.starts = nil
      anchoredCode = nil
    }
  }

  private static func compile(_ pattern: Span<UInt8>, _ options: UInt32) throws(RegexCompileError) -> OpaquePointer {
    var failure: Int32 = 0
    var offset = 0
    let context = pcre2_compile_context_create_8(nil)
    defer { pcre2_compile_context_free_8(context) }
    // The analysis of patterns takes `^` and `$` to mean this, however the library was built.
    pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
    // One byte more, so that an empty pattern has an address.
    var bytes: [UInt8] = []
    for index in pattern.indices { bytes.append(pattern[index]) }
    bytes.append(0)
    let compiled = pcre2_compile_8(bytes, pattern.count, options, &failure, &offset, context)
    guard let compiled else { throw RegexCompileError(offset: offset, message: text(of: failure)) }
    return compiled
  }

  /// Compiles the UTF-8 bytes of `pattern`.
  package convenience init(_ pattern: String, ignoringCase: Bool = false) throws(RegexCompileError) {
    let bytes = Array(pattern.utf8)
    try self.init(bytes.span, ignoringCase: ignoringCase)
  }

  deinit {
    pcre2_code_free_8(code)
    pcre2_code_free_8(anchoredCode)
  }

  /// Whether places to begin are found by an automaton.
  package var findsStarts: Bool { starts != nil }

  /// Searches `subject` from byte `start` on. `^` and lookbehinds see the bytes before it.
  package func match(_ subject: Span<UInt8>, from start: Int = 0, scratch: RegexScratch) -> RegexOutcome {
    guard start >= 0, start <= subject.count else { return .noMatch }
    guard scratch.matchData != nil else { return .failed(PCRE2_ERROR_NOMEMORY) }
    let window = subject.count > Self.shortSubject ? max(64, Self.windowWork / subject.count) : .max
    // invariant: PCRE2 reads `count` bytes inside the closure only; an empty span is passed as one unread byte.
    let result = subject.withUnsafeBufferPointer { bytes in
      let base = bytes.baseAddress ?? UnsafePointer(scratch.emptySubject)
      if let starts, let anchoredCode {
        var left = window
        return starts.search(bytes, from: start, noMatch: PCRE2_ERROR_NOMATCH) { place in
          left &-= 1
          if left == 0 {
            if scratch.isOverTime { return PCRE2_ERROR_MATCHLIMIT }
            left = window
          }
          return pcre2_jit_match_8(anchoredCode, base, bytes.count, place, 0, scratch.matchData, scratch.context)
        }
      }
      if window < bytes.count, let code = windowCode {
        return searchWindows(code, base, bytes.count, from: start, window, scratch)
      }
      return hasMachineCode
        ? pcre2_jit_match_8(code, base, bytes.count, start, 0, scratch.matchData, scratch.context)
        : pcre2_match_8(code, base, bytes.count, start, 0, scratch.matchData, scratch.context)
    }
    if result > 0 { return .match(groups: Int(result)) }
    switch result {
    case 0: return .match(groups: RegexScratch.groupLimit)
    case PCRE2_ERROR_NOMATCH: return .noMatch
    case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_JIT_STACKLIMIT:
      return .limitExceeded
    default: return .failed(result)
    }
  }

  // MARK: Long subjects

  /// Up to so many bytes a search is not interrupted: one whose every attempt reads to the end then takes some 30 ms.
  private static let shortSubject = 16 << 10
  /// How many bytes are read at worst between two looks at the clock.
  private static let windowWork = 1 << 28

  /// Code whose matches begin at an offset limit at most; nil for patterns that can't be searched so.
  // invariant: as `code` above.
  private final class WindowCode: @unchecked Sendable {
    let code: OpaquePointer?

    init(_ source: [UInt8], _ options: UInt32) {
      // `\G` means where the search began, and verbs may end it.
      let text = String(decoding: source, as: UTF8.self)
      guard !text.contains("\\G"), !text.contains("(*"),
        let made = try? RegularExpression.compile(source.span, options | PCRE2_USE_OFFSET_LIMIT)
      else {
        code = nil
        return
      }
      let hasMachineCode = pcre2_jit_compile_8(made, PCRE2_JIT_COMPLETE) == 0
      if !hasMachineCode { pcre2_code_free_8(made) }
      code = hasMachineCode ? made : nil
    }

    deinit { pcre2_code_free_8(code) }
  }

  private var windowCode: OpaquePointer? {
    guard hasMachineCode else { return nil }
    return (windows.load() ?? windows.storeIfNil(WindowCode(source, options))).code
  }

  /// The search as one that begins at the first `window` places, then at the next ones, until the time is over.
  // invariant: PCRE2 reads `count` bytes from `base`.
  private func searchWindows(
    _ code: OpaquePointer, _ base: UnsafePointer<UInt8>, _ count: Int, from start: Int, _ window: Int,
    _ scratch: RegexScratch
  ) -> Int32 {
    var place = start
    defer { pcre2_set_offset_limit_8(scratch.context, .max) }
    while true {
      if scratch.isOverTime { return PCRE2_ERROR_MATCHLIMIT }
      let last = min(count, place &+ window)
      pcre2_set_offset_limit_8(scratch.context, last)
      let result = pcre2_jit_match_8(code, base, count, place, 0, scratch.matchData, scratch.context)
      if result != PCRE2_ERROR_NOMATCH || last == count { return result }
      place = last &+ 1
    }
  }

  private static func text(of code: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    // invariant: PCRE2 writes at most `count` bytes.
    let length = buffer.withUnsafeMutableBufferPointer { pcre2_get_error_message_8(code, $0.baseAddress, $0.count) }
    return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
  }
}

/// What a thread needs to match regular expressions: the group ranges, the stack of compiled patterns, the limits.
/// Nothing is allocated per match. It belongs to one thread.
// invariant: what the pointers refer to is owned by this object, made by init and freed by deinit, and only there.
package final class RegexScratch {
  /// Groups whose ranges are kept: `TX:0` to `TX:9`.
  package static let groupLimit = 10

  fileprivate let matchData: OpaquePointer?
  fileprivate let context: OpaquePointer?
  private let stack: OpaquePointer?
  fileprivate let emptySubject: UnsafeMutablePointer<UInt8>
  private let offsets: UnsafeMutablePointer<Int>?
  package let limits: RegexLimits
  private let nowNanoseconds: () -> UInt64
  /// When a search of a long subject is to be given up.
  package var deadlineNanoseconds = UInt64.max

  fileprivate var isOverTime: Bool { deadlineNanoseconds != .max && nowNanoseconds() > deadlineNanoseconds }

  package init(limits: RegexLimits = RegexLimits(), nowNanoseconds: @escaping () -> UInt64 = { 0 }) {
    self.limits = limits
    self.nowNanoseconds = nowNanoseconds
    matchData = pcre2_match_data_create_8(UInt32(Self.groupLimit), nil)
    context = pcre2_match_context_create_8(nil)
    stack = pcre2_jit_stack_create_8(32 << 10, max(32 << 10, limits.stackBytes), nil)
    emptySubject = .allocate(capacity: 1)
    emptySubject.initialize(to: 0)
    offsets = matchData.flatMap { pcre2_get_ovector_pointer_8($0) }
    pcre2_set_match_limit_8(context, limits.match)
    pcre2_set_depth_limit_8(context, limits.depth)
    pcre2_set_heap_limit_8(context, limits.heapKiB)
    // invariant: PCRE2 takes the stack itself as data where there is no callback.
    pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
  }

  deinit {
    pcre2_match_data_free_8(matchData)
    pcre2_match_context_free_8(context)
    pcre2_jit_stack_free_8(stack)
    emptySubject.deallocate()
  }

  /// The bytes of the subject that `group` took in the last match, or nil where it took no part. Ask only for groups
  /// below the count that the match reported.
  package func range(of group: Int) -> Range<Int>? {
    guard group >= 0, group < Self.groupLimit, let offsets else { return nil }
    let start = offsets[2 * group]
    let end = offsets[2 * group + 1]
    guard start >= 0, end >= start else { return nil }
    return start..<end
  }
}
