/// Which policies can apply to a request at all: each is filed under one thing that its scope asks for, the one that it
/// shares with the fewest others.
// invariant: nothing is written after the initializer returned.
final class PolicyIndex: @unchecked Sendable {
  enum Kind: UInt64 {
    case principal = 1
    case resource, action, principalType, resourceType
  }

  private struct Bucket {
    /// Zero for none.
    var key: UInt64
    var start: UInt32
    var count: UInt32
  }

  private let buckets: UnsafeMutableBufferPointer<Bucket>
  private let order: UnsafeMutableBufferPointer<UInt32>
  /// How many at the beginning of `order` are in no bucket.
  private let unfiledCount: Int
  private let mask: Int
  private var kinds: UInt64 = 0
  /// Whether a policy is in several buckets.
  private(set) var hasRepeats = false

  init(_ program: Program) {
    var population: [UInt64: Int] = [:]
    for policy in program.policies {
      for key in PolicyIndex.keys(policy, program) { population[key[0], default: 0] += 1 }
    }
    var unfiled: [UInt32] = []
    var filed: [UInt64: [UInt32]] = [:]
    var hasRepeats = false
    for (index, policy) in program.policies.enumerated() {
      let best = PolicyIndex.keys(policy, program).min { left, right in
        PolicyIndex.weight(left, population) < PolicyIndex.weight(right, population)
      }
      guard let best else {
        unfiled.append(UInt32(truncatingIfNeeded: index))
        continue
      }
      if best.count > 1 { hasRepeats = true }
      for key in Set(best) { filed[key, default: []].append(UInt32(truncatingIfNeeded: index)) }
    }
    var capacity = 8
    while capacity < filed.count * 2 { capacity *= 2 }
    buckets = UnsafeMutableBufferPointer<Bucket>.allocate(capacity: capacity)
    buckets.initialize(repeating: Bucket(key: 0, start: 0, count: 0))
    mask = capacity - 1
    unfiledCount = unfiled.count
    var order = unfiled
    var kinds: UInt64 = 0
    for (key, policies) in filed.sorted(by: { $0.key < $1.key }) {
      var place = PolicyIndex.place(key) & mask
      while buckets[place].key != 0 { place = (place + 1) & mask }
      buckets[place] = Bucket(
        key: key, start: UInt32(truncatingIfNeeded: order.count), count: UInt32(truncatingIfNeeded: policies.count))
      order += policies
      kinds |= 1 << (key >> 32)
    }
    self.order = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: max(order.count, 1))
    _ = self.order.initialize(from: order)
    self.kinds = kinds
    self.hasRepeats = hasRepeats
  }

  deinit {
    buckets.deallocate()
    order.deallocate()
  }

  /// What a policy could be filed under: one list for each part of its scope, and all keys of a list for a policy that
  /// applies when any of them does.
  private static func keys(_ policy: Program.CompiledPolicy, _ program: Program) -> [[UInt64]] {
    var keys: [[UInt64]] = []
    switch policy.principal {
    case .equal, .isIn, .isTypeIn: keys.append([key(.principal, policy.principalEntity)])
    case .isType: keys.append([key(.principalType, policy.principalType)])
    case .any, .isInAny: break
    }
    switch policy.resource {
    case .equal, .isIn, .isTypeIn: keys.append([key(.resource, policy.resourceEntity)])
    case .isType: keys.append([key(.resourceType, policy.resourceType)])
    case .any, .isInAny: break
    }
    switch policy.action {
    case .equal, .isIn: keys.append([key(.action, policy.actionEntity)])
    case .isInAny:
      let list = (policy.actionEntity..<(policy.actionEntity + policy.actionCount)).map {
        key(.action, program.operands[Int($0)])
      }
      if !list.isEmpty { keys.append(list) }
    case .any, .isType, .isTypeIn: break
    }
    return keys
  }

  private static func weight(_ keys: [UInt64], _ population: [UInt64: Int]) -> Int {
    keys.reduce(0) { $0 + (population[$1] ?? 0) }
  }

  private static func key(_ kind: Kind, _ number: UInt32) -> UInt64 { kind.rawValue << 32 | UInt64(number) }

  private static func place(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 33)
  }

  private func bucket(_ kind: Kind, _ number: UInt32) -> Bucket {
    let key = PolicyIndex.key(kind, number)
    var place = PolicyIndex.place(key) & mask
    while buckets[place].key != key, buckets[place].key != 0 { place = (place &+ 1) & mask }
    return buckets[place]
  }

  /// Calls `body` with each policy that may apply; with `hasRepeats` some may come more than once.
  @inline(__always)
  func forEachCandidate(_ evaluator: borrowing Evaluator, _ body: (UInt32) -> Void) {
    for index in 0..<unfiledCount { body(order[index]) }
    visit(.principal, evaluator.principal, evaluator.ancestors(of: evaluator.principal), body)
    visit(.resource, evaluator.resource, evaluator.ancestors(of: evaluator.resource), body)
    visit(.action, evaluator.action, evaluator.ancestors(of: evaluator.action), body)
    let none = UnsafeBufferPointer<UInt32>(start: nil, count: 0)
    if kinds & 1 << Kind.principalType.rawValue != 0 {
      visit(.principalType, evaluator.type(of: evaluator.principal), none, body)
    }
    if kinds & 1 << Kind.resourceType.rawValue != 0 {
      visit(.resourceType, evaluator.type(of: evaluator.resource), none, body)
    }
  }

  @inline(__always)
  private func visit(_ kind: Kind, _ number: UInt32, _ more: UnsafeBufferPointer<UInt32>, _ body: (UInt32) -> Void) {
    guard kinds & 1 << kind.rawValue != 0 else { return }
    visit(bucket(kind, number), body)
    for number in more { visit(bucket(kind, number), body) }
  }

  @inline(__always)
  private func visit(_ bucket: Bucket, _ body: (UInt32) -> Void) {
    for index in Int(bucket.start)..<(Int(bucket.start) &+ Int(bucket.count)) { body(order[index]) }
  }
}
