/// Values that some rules no longer look at.
final class TargetRemoval: Sendable {
  let variable: Variable
  let selector: TargetSelector
  /// A bit for each rule by its number in the set, as far as the last that it is for.
  fileprivate let rules: [UInt64]

  init(rules numbers: [Int], _ variable: Variable, _ selector: TargetSelector) {
    self.variable = variable
    self.selector = selector
    var rules: [UInt64] = []
    for number in numbers where number >= 0 {
      while rules.count <= number >> 6 { rules.append(0) }
      rules[number >> 6] |= 1 &<< UInt64(number & 63)
    }
    self.rules = rules
  }

  func concerns(_ rule: Int) -> Bool {
    rule >> 6 < rules.count && rules[rule >> 6] &>> UInt64(rule & 63) & 1 != 0
  }
}

/// Those that a transaction has met.
struct TargetRemovals {
  private(set) var list: [TargetRemoval] = []
  /// The rules of all of them.
  private var rules: [UInt64] = []

  static let limit = 1_024

  mutating func removeAll() {
    if list.isEmpty { return }
    list.removeAll()
    rules.removeAll()
  }

  mutating func append(_ removal: TargetRemoval) {
    guard list.count < Self.limit else { return }
    list.append(removal)
    while rules.count < removal.rules.count { rules.append(0) }
    for word in removal.rules.indices { rules[word] |= removal.rules[word] }
  }

  @inline(__always)
  func concerns(_ rule: Int) -> Bool {
    rule >> 6 < rules.count && rules[rule >> 6] &>> UInt64(rule & 63) & 1 != 0
  }
}
