/// The indexes of the patterns that may match a value.
package struct CandidateSet: Sendable, Equatable {
  package internal(set) var words: [UInt64]
  /// The number of patterns that there are.
  package let capacity: Int

  package init(capacity: Int) {
    self.capacity = max(0, capacity)
    words = [UInt64](repeating: 0, count: (self.capacity + 63) / 64)
  }

  package var isEmpty: Bool {
    for word in words where word != 0 { return false }
    return true
  }

  package var count: Int {
    var total = 0
    for word in words { total += word.nonzeroBitCount }
    return total
  }

  package func contains(_ index: Int) -> Bool {
    guard index >= 0, index < capacity else { return false }
    return words[index >> 6] &>> UInt64(index & 63) & 1 != 0
  }

  package mutating func insert(_ index: Int) {
    guard index >= 0, index < capacity else { return }
    words[index >> 6] |= 1 &<< UInt64(index & 63)
  }

  package func isSubset(of other: CandidateSet) -> Bool {
    for index in words.indices where words[index] & ~(index < other.words.count ? other.words[index] : 0) != 0 {
      return false
    }
    return true
  }

  package mutating func removeAll() {
    for index in words.indices { words[index] = 0 }
  }

  /// The first candidate at or after `index`, for loops without a closure:
  /// `var next = set.next(from: 0); while let index = next { …; next = set.next(from: index + 1) }`.
  package func next(from index: Int) -> Int? {
    guard index < capacity else { return nil }
    var position = max(0, index) >> 6
    var word = words[position] & (~0 &<< UInt64(max(0, index) & 63))
    while word == 0 {
      position += 1
      guard position < words.count else { return nil }
      word = words[position]
    }
    return position << 6 + word.trailingZeroBitCount
  }
}
