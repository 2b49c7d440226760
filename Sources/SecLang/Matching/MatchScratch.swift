import CHyperscan

/// Everything that a thread needs to search values: one for each thread, shared by all regular expressions and
/// prefilters.
package final class MatchScratch {
  package let regex: RegexScratch

  // invariant: `bits` has `capacity` words, initialized when it is allocated, and is freed when it is replaced or by
  // deinit.
  private var bits: UnsafeMutablePointer<UInt64>
  private var capacity = 64

  private var hyperscan: OpaquePointer?
  /// The databases that `hyperscan` is large enough for, the last used one last.
  private var prepared: [HyperscanDatabase] = []

  package init(limits: RegexLimits = RegexLimits(), nowNanoseconds: @escaping () -> UInt64 = { 0 }) {
    regex = RegexScratch(limits: limits, nowNanoseconds: nowNanoseconds)
    bits = .allocate(capacity: capacity)
    bits.initialize(repeating: 0, count: capacity)
  }

  deinit {
    bits.deallocate()
    hs_free_scratch(hyperscan)
  }

  /// Room for `count` words, with any content.
  // invariant: the caller uses it up to `count` and not after the next call.
  func words(_ count: Int) -> UnsafeMutablePointer<UInt64> {
    if count > capacity {
      bits.deallocate()
      capacity = count * 2
      bits = .allocate(capacity: capacity)
      bits.initialize(repeating: 0, count: capacity)
    }
    return bits
  }

  /// Hyperscan's memory for searches with `database`; nil where there is none.
  func hyperscan(for database: HyperscanDatabase) -> OpaquePointer? {
    if prepared.contains(where: { $0 === database }) { return hyperscan }
    guard database.prepare(&hyperscan) else { return nil }
    if prepared.count >= 8 { prepared.removeFirst() }
    prepared.append(database)
    return hyperscan
  }
}
