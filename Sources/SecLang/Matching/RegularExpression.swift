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
  /// Looks at the clock before what may read far; nil for patterns in which that isn't known.
  private let watched = AtomicLazyReference<LateCode>()
  /// Looks at the clock at each step.
  private let stepped = AtomicLazyReference<LateCode>()
  private let source: [UInt8]
  private let options: UInt32
  /// The groups of the pattern, without the whole match.
  package let groupCount: Int

  /// For patterns that ignore case, which are those over names.
  private let nameFilter: NameFilter?

  /// Compiles `pattern`.
  ///
  /// - Parameter findingStarts: whether to look for the places where a match may begin with an automaton of our own,
  /// where   that pays. It changes no result.
  package init(
    _ pattern: Span<UInt8>, ignoringCase: Bool = false, findingStarts: Bool = true
  ) throws(RegexCompileError) {
    let options =
      PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | (ignoringCase ? PCRE2_CASELESS : 0)
    source = pattern.indices.map { pattern[$0] }
    let compiled = try Self.compile(source, options)
    code = compiled
    self.options = options
    nameFilter = ignoringCase ? NameFilter(source) : nil
    hasMachineCode = pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE) == 0
    var groups: UInt32 = 0
    // invariant: PCRE2_INFO_CAPTURECOUNT writes one UInt32.
    _ = withUnsafeMutablePointer(to: &groups) { pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), $0) }
    groupCount = Int(groups)
    guard findingStarts, hasMachineCode, let starts = RegexStarts(source, ignoringCase: ignoringCase),
      let anchored = Self.code(source, options | PCRE2_ANCHORED, asMachineCode: true)
    else {
      starts = nil
      anchoredCode = nil
      return
    }
    self.starts = starts
    anchoredCode = anchored
  }

  private static func compile(_ pattern: [UInt8], _ options: UInt32) throws(RegexCompileError) -> OpaquePointer {
    var failure: Int32 = 0
    var offset = 0
    let context = pcre2_compile_context_create_8(nil)
    defer { pcre2_compile_context_free_8(context) }
    // The analysis of patterns takes `^` and `$` to mean this, however the library was built.
    pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
    // One byte more, so that an empty pattern has an address.
    let compiled = pcre2_compile_8(pattern + [0], pattern.count, options, &failure, &offset, context)
    guard let compiled else { throw RegexCompileError(offset: offset, message: text(of: failure)) }
    return compiled
  }

  /// Other code for a pattern that compiles; nil where that can't be had, as machine code if that is asked for.
  private static func code(_ pattern: [UInt8], _ options: UInt32, asMachineCode: Bool) -> OpaquePointer? {
    guard let compiled = try? compile(pattern, options) else { return nil }
    guard asMachineCode, pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE) != 0 else { return compiled }
    pcre2_code_free_8(compiled)
    return nil
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

  /// Whether a name matches.
  func selects(_ name: Span<UInt8>, scratch: RegexScratch) -> Bool {
    nameFilter?.answer(name) ?? match(name, scratch: scratch).isMatch
  }

  /// Searches `subject` from byte `start` on. `^` and lookbehinds see the bytes before it.
  package func match(_ subject: Span<UInt8>, from start: Int = 0, scratch: RegexScratch) -> RegexOutcome {
    guard start >= 0, start <= subject.count else { return .noMatch }
    guard scratch.matchData != nil else { return .failed(PCRE2_ERROR_NOMEMORY) }
    // invariant: PCRE2 reads `count` bytes inside the closure only; an empty span is passed as one unread byte.
    let result = subject.withUnsafeBufferPointer { bytes in
      let base = bytes.baseAddress ?? UnsafePointer(scratch.emptySubject)
      if let starts, let anchoredCode { return search(bytes, base, starts, anchoredCode, from: start, scratch) }
      if bytes.count > Self.longSubject {
        return searchWatched(base, bytes.count, from: start, through: bytes.count, scratch)
      }
      // From each place, each turn may read to the end.
      scratch.setMatchLimit(max(32, Self.unwatchedWork / max(1, bytes.count * bytes.count)))
      let result = run(code, base, bytes.count, start, scratch)
      guard result == PCRE2_ERROR_MATCHLIMIT, !scratch.hasFullMatchLimit else { return result }
      return searchWatched(base, bytes.count, from: start, through: bytes.count, scratch)
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

  // invariant: PCRE2 reads `count` bytes from `base`.
  private func run(
    _ code: OpaquePointer, _ base: UnsafePointer<UInt8>, _ count: Int, _ start: Int, _ scratch: RegexScratch
  ) -> Int32 {
    hasMachineCode
      ? pcre2_jit_match_8(code, base, count, start, 0, scratch.matchData, scratch.context)
      : pcre2_match_8(code, base, count, start, 0, scratch.matchData, scratch.context)
  }

  /// Tries the places where a match may begin, each with few turns, and again with as many as are allowed.
  // invariant: as of `run`; `bytes` are the bytes from `base`.
  private func search(
    _ bytes: UnsafeBufferPointer<UInt8>, _ base: UnsafePointer<UInt8>, _ starts: RegexStarts, _ code: OpaquePointer,
    from start: Int, _ scratch: RegexScratch
  ) -> Int32 {
    var left = Self.placesBetweenLooks
    let turns = Self.unwatchedWork / Self.placesBetweenLooks / max(1, bytes.count)
    return starts.search(bytes, from: start, noMatch: PCRE2_ERROR_NOMATCH) { place in
      left &-= 1
      if left == 0 {
        if scratch.isOverTime { return PCRE2_ERROR_MATCHLIMIT }
        left = Self.placesBetweenLooks
      }
      scratch.setMatchLimit(turns)
      let result = pcre2_jit_match_8(code, base, bytes.count, place, 0, scratch.matchData, scratch.context)
      guard result == PCRE2_ERROR_MATCHLIMIT, !scratch.hasFullMatchLimit else { return result }
      return searchWatched(base, bytes.count, from: place, through: place, scratch)
    }
  }

  // MARK: Watched searches

  /// Up to so many bytes the first search is not watched, but has few turns at each place.
  private static let longSubject = 2 << 10
  /// How many bytes are read, or turns made, at worst without a look at the clock.
  private static let unwatchedWork = 1 << 27
  private static let placesBetweenLooks = 64

  /// Code that is made when it is first needed.
  // invariant: as `code` above.
  private final class LateCode: @unchecked Sendable {
    let code: OpaquePointer?

    init(_ code: OpaquePointer?) { self.code = code }

    deinit { pcre2_code_free_8(code) }
  }

  private func late(
    _ kept: borrowing AtomicLazyReference<LateCode>, _ pattern: @autoclosure () -> [UInt8]?, _ options: UInt32
  ) -> OpaquePointer? {
    if let made = kept.load() { return made.code }
    let made = pattern().flatMap {
      Self.code($0, self.options | options | PCRE2_USE_OFFSET_LIMIT, asMachineCode: hasMachineCode)
    }
    return kept.storeIfNil(LateCode(made)).code
  }

  /// Searches for a match that begins at the places from `start` to `last`, until the time is over: a window of places
  /// at a time, and step by step where these take many turns.
  // invariant: as of `run`.
  private func searchWatched(
    _ base: UnsafePointer<UInt8>, _ count: Int, from start: Int, through last: Int, _ scratch: RegexScratch
  ) -> Int32 {
    let watched = late(watched, RegexCallouts.placed(in: source), 0)
    let window = watched == nil ? .max : max(64, Self.unwatchedWork / 2 / max(1, count))
    scratch.beginWatch(work: Self.unwatchedWork)
    defer { pcre2_set_offset_limit_8(scratch.context, .max) }
    var place = start
    while true {
      if scratch.isOverTime { return PCRE2_ERROR_MATCHLIMIT }
      let end = last &- place > window ? place &+ window : last
      pcre2_set_offset_limit_8(scratch.context, end)
      var result = PCRE2_ERROR_MATCHLIMIT
      if let watched {
        scratch.setMatchLimit(4 &* max(4096, count))
        result = run(watched, base, count, place, scratch)
      }
      if result == PCRE2_ERROR_MATCHLIMIT, !scratch.isOverTime, let stepped = late(stepped, source, PCRE2_AUTO_CALLOUT)
      {
        scratch.setSteppedMatchLimit()
        result = run(stepped, base, count, place, scratch)
      }
      if result != PCRE2_ERROR_NOMATCH || end == last { return result }
      place = end &+ 1
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
  /// When a search that takes long is to be given up.
  package var deadlineNanoseconds = UInt64.max
  private var matchLimit: UInt32
  private let watch: UnsafeMutablePointer<Watch>

  var isOverTime: Bool { deadlineNanoseconds != .max && nowNanoseconds() > deadlineNanoseconds }

  package init(limits: RegexLimits = RegexLimits(), nowNanoseconds: @escaping () -> UInt64 = { 0 }) {
    self.limits = limits
    self.nowNanoseconds = nowNanoseconds
    matchLimit = limits.match
    watch = .allocate(capacity: 1)
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
    // invariant: the watch lives as long as the context, and the object longer than any search with it.
    watch.initialize(to: Watch(scratch: Unmanaged.passUnretained(self)))
    pcre2_set_callout_8(context, { block, watch in Watch.look(block, watch) }, watch)
  }

  deinit {
    pcre2_match_data_free_8(matchData)
    pcre2_match_context_free_8(context)
    pcre2_jit_stack_free_8(stack)
    emptySubject.deallocate()
    watch.deallocate()
  }

  /// Sets how many turns the next search may take, at most what the limits allow.
  fileprivate func setMatchLimit(_ turns: Int) {
    set(UInt32(clamping: min(turns, Int(limits.match))))
  }

  /// With a callout at each step there are many turns where there is one without.
  fileprivate func setSteppedMatchLimit() {
    set(UInt32(clamping: 128 * Int(limits.match)))
  }

  private func set(_ limit: UInt32) {
    guard limit != matchLimit else { return }
    matchLimit = limit
    pcre2_set_match_limit_8(context, limit)
  }

  fileprivate var hasFullMatchLimit: Bool { matchLimit == limits.match }

  fileprivate func beginWatch(work: Int) {
    watch.pointee.work = work
    watch.pointee.left = work
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

/// Counts what a search may read between its callouts, with a price for each, and looks at the clock now and then.
private struct Watch {
  // invariant: the scratch owns the watch.
  let scratch: Unmanaged<RegexScratch>
  var work = 0
  var left = 0

  /// PCRE2's callout: 0 goes on, an error ends the search.
  // invariant: PCRE2 passes its block and the watch of the context.
  static func look(_ block: UnsafeMutablePointer<pcre2_callout_block_8>?, _ data: UnsafeMutableRawPointer?) -> Int32 {
    guard let block, let watch = data?.assumingMemoryBound(to: Watch.self) else { return 0 }
    watch.pointee.left &-= block.pointee.subject_length &- block.pointee.current_position &+ 256
    guard watch.pointee.left < 0 else { return 0 }
    watch.pointee.left = watch.pointee.work
    return watch.pointee.scratch.takeUnretainedValue().isOverTime ? PCRE2_ERROR_MATCHLIMIT : 0
  }
}
