/// Necessary conditions in conjunctive form: a value that matches has at least one byte of each of these sets.
enum RegexClauses {
  /// More of them cost time in the build and hardly filter better.
  private static let limit = 8
  private static let productLimit = 64

  static func of(_ node: RegexNode) -> [ByteSet] {
    switch node {
    case .empty, .assertion, .anything: return []
    case .set(let set): return reduced([set])
    case .concatenation(let items):
      var all: [ByteSet] = []
      for item in items { all += of(item) }
      return reduced(all)
    case .alternatives(let branches): return anyOf(branches.map { of($0) })
    case .repeated(let node, let minimum, _): return minimum > 0 ? of(node) : []
    }
  }

  /// The conditions that hold whichever of `branches` holds.
  static func anyOf(_ branches: [[ByteSet]]) -> [ByteSet] {
    guard var result = branches.first else { return [] }
    for branch in branches.dropFirst() {
      var product: [ByteSet] = []
      for left in result {
        for right in branch where product.count < productLimit { product.append(ByteClass.either(left, right)) }
      }
      result = reduced(product)
      if result.isEmpty { return [] }
    }
    return result
  }

  /// Drops clauses that others imply and keeps the ones that benign text meets most rarely.
  private static func reduced(_ sets: [ByteSet]) -> [ByteSet] {
    let ranked = Set(sets).map { (set: $0, frequency: ByteFrequency.sum(of: $0)) }
      .sorted { $0.frequency == $1.frequency ? $0.set.precedes($1.set) : $0.frequency < $1.frequency }
    var kept: [ByteSet] = []
    for (set, frequency) in ranked where frequency < 0.999 && kept.count < limit {
      if !kept.contains(where: { $0.isSubset(of: set) }) { kept.append(set) }
    }
    return kept
  }
}

/// How often bytes occur in the values of ordinary requests; rough, it only decides which conditions are worth testing.
enum ByteFrequency {
  static let table: [Double] = {
    var table = [Double](repeating: 0.0002, count: 256)
    for byte in 0x80...0xff { table[byte] = 0.0004 }
    let letters: [(Character, Double)] = [
      ("e", 0.090), ("t", 0.065), ("a", 0.065), ("o", 0.055), ("i", 0.055), ("n", 0.052), ("s", 0.050), ("r", 0.048),
      ("h", 0.032), ("l", 0.035), ("d", 0.032), ("c", 0.028), ("u", 0.024), ("m", 0.024), ("p", 0.022), ("f", 0.016),
      ("g", 0.017), ("w", 0.014), ("y", 0.014), ("b", 0.015), ("v", 0.009), ("k", 0.009), ("x", 0.004), ("j", 0.003),
      ("q", 0.002), ("z", 0.002),
    ]
    for (letter, frequency) in letters {
      guard let byte = letter.asciiValue else { continue }
      table[Int(byte)] = frequency
      table[Int(byte) - 0x20] = frequency / 12
    }
    for byte in 0x30...0x39 { table[byte] = 0.010 }
    let others: [(Character, Double)] = [
      (" ", 0.090), (".", 0.012), ("-", 0.010), ("_", 0.008), ("/", 0.010), (",", 0.008), (":", 0.005), ("=", 0.004),
      ("&", 0.002), ("%", 0.002), ("+", 0.002), ("\"", 0.003), ("'", 0.003), ("(", 0.002), (")", 0.002), (";", 0.001),
      ("@", 0.001), ("?", 0.001), ("\n", 0.003),
    ]
    for (character, frequency) in others {
      if let byte = character.asciiValue { table[Int(byte)] = frequency }
    }
    let total = table.reduce(0, +)
    return table.map { $0 / total }
  }()

  /// For each four neighbouring bytes, the sum of each combination of them.
  private static let sums: [Double] = {
    var sums = [Double](repeating: 0, count: 64 * 16)
    for group in 0..<64 {
      for combination in 0..<16 {
        for bit in 0..<4 where combination >> bit & 1 != 0 { sums[group * 16 + combination] += table[group * 4 + bit] }
      }
    }
    return sums
  }()

  static func sum(of set: ByteSet) -> Double {
    let sums = sums
    var total = 0.0
    for (index, word) in [set.bits0, set.bits1, set.bits2, set.bits3].enumerated() where word != 0 {
      for group in 0..<16 {
        total += sums[(index * 16 + group) * 16 + Int(truncatingIfNeeded: word >> UInt64(group * 4) & 15)]
      }
    }
    return min(1, total)
  }
}

extension ByteSet {
  /// An order, for results that don't depend on hash seeds.
  func precedes(_ other: ByteSet) -> Bool {
    for byte in UInt8.min...UInt8.max where contains(byte) != other.contains(byte) { return contains(byte) }
    return false
  }
}
