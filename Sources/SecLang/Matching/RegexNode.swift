/// What a regular expression is made of, as far as a filter needs to know it. A node may stand for more strings than
/// the pattern it came from, never for fewer.
indirect enum RegexNode: Sendable, Hashable {
  /// The empty string.
  case empty
  /// One byte of a set.
  case set(ByteSet)
  case concatenation([RegexNode])
  case alternatives([RegexNode])
  /// `maximum` is nil where there is no bound.
  case repeated(RegexNode, minimum: Int, maximum: Int?)
  case assertion(RegexAssertion)
  /// Any string: what wasn't understood, and back references.
  case anything
}

/// A condition between two bytes.
enum RegexAssertion: Sendable, Hashable {
  case textStart
  case lineStart
  /// `\z`
  case textEnd
  /// `$` and `\Z`
  case lineEnd
  case wordBoundary
  case notWordBoundary
}

/// The classes of PCRE2 in byte mode.
enum ByteClass {
  static let any = not(ByteSet())
  static let word = of(0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a)
  static let digit = of(0x30...0x39)
  static let space = of(0x09...0x0d, 0x20...0x20)

  static func of(_ ranges: ClosedRange<UInt8>...) -> ByteSet {
    var set = ByteSet()
    for range in ranges { for byte in range { set.insert(byte) } }
    return set
  }

  static func not(_ set: ByteSet) -> ByteSet {
    var result = ByteSet()
    for byte in UInt8.min...UInt8.max where !set.contains(byte) { result.insert(byte) }
    return result
  }

  static func either(_ left: ByteSet, _ right: ByteSet) -> ByteSet {
    var result = left
    result.formUnion(right)
    return result
  }

  /// With the other case of every ASCII letter, the only ones that PCRE2 folds in byte mode.
  static func ignoringCase(_ set: ByteSet) -> ByteSet {
    var result = set
    for upper in UInt8(ascii: "A")...UInt8(ascii: "Z") {
      if set.contains(upper) { result.insert(upper | 0x20) }
      if set.contains(upper | 0x20) { result.insert(upper) }
    }
    return result
  }
}

extension RegexNode {
  /// The fewest bytes that a match takes, up to `limit`.
  func minimumLength(limit: Int = 4096) -> Int {
    switch self {
    case .empty, .assertion, .anything: return 0
    case .set: return 1
    case .concatenation(let items):
      var total = 0
      for item in items { total = min(limit, total + item.minimumLength(limit: limit)) }
      return total
    case .alternatives(let branches):
      return branches.map { $0.minimumLength(limit: limit) }.min() ?? 0
    case .repeated(let node, let minimum, _):
      let (product, overflow) = node.minimumLength(limit: limit).multipliedReportingOverflow(by: minimum)
      return overflow ? limit : min(limit, product)
    }
  }

  /// Whether a match may take no byte.
  var isNullable: Bool { minimumLength(limit: 1) == 0 }

  /// The bytes that a match can begin with, or nil where it can begin with none or with what isn't known.
  var firstBytes: ByteSet? { Self.firstBytes(of: [self]) }

  static func firstBytes(of items: ArraySlice<RegexNode>) -> ByteSet? {
    guard let edge = edge(of: items, atEnd: false), !edge.isOptional else { return nil }
    return edge.bytes
  }

  /// The bytes that a match can end with, or nil.
  static func lastBytes(of items: ArraySlice<RegexNode>) -> ByteSet? {
    guard let edge = edge(of: items, atEnd: true), !edge.isOptional else { return nil }
    return edge.bytes
  }

  /// The bytes at one end of a match, and whether it may have none; nil where that isn't known.
  private func edge(atEnd: Bool) -> (bytes: ByteSet, isOptional: Bool)? {
    switch self {
    case .empty, .assertion: return (ByteSet(), true)
    case .anything: return nil
    case .set(let set): return (set, false)
    case .concatenation(let items): return Self.edge(of: items[...], atEnd: atEnd)
    case .alternatives(let branches):
      var result = (bytes: ByteSet(), isOptional: false)
      for branch in branches {
        guard let edge = branch.edge(atEnd: atEnd) else { return nil }
        result.bytes.formUnion(edge.bytes)
        result.isOptional = result.isOptional || edge.isOptional
      }
      return result
    case .repeated(let inner, let minimum, _):
      guard let edge = inner.edge(atEnd: atEnd) else { return nil }
      return (edge.bytes, edge.isOptional || minimum == 0)
    }
  }

  private static func edge(
    of items: ArraySlice<RegexNode>, atEnd: Bool
  ) -> (bytes: ByteSet, isOptional: Bool)? {
    var result = ByteSet()
    for offset in 0..<items.count {
      let item = items[atEnd ? items.endIndex - 1 - offset : items.startIndex + offset]
      guard let edge = item.edge(atEnd: atEnd) else { return nil }
      result.formUnion(edge.bytes)
      if !edge.isOptional { return (result, false) }
    }
    return (result, true)
  }

  /// Joined, with nested concatenations opened.
  static func joined(_ items: [RegexNode]) -> RegexNode {
    var flat: [RegexNode] = []
    for item in items {
      switch item {
      case .empty: continue
      case .concatenation(let inner): flat += inner
      default: flat.append(item)
      }
    }
    return flat.isEmpty ? .empty : flat.count == 1 ? flat[0] : .concatenation(flat)
  }

  static func either(_ branches: [RegexNode]) -> RegexNode {
    var flat: [RegexNode] = []
    for branch in branches {
      if case .alternatives(let inner) = branch { flat += inner } else { flat.append(branch) }
    }
    return flat.isEmpty ? .empty : flat.count == 1 ? flat[0] : .alternatives(flat)
  }
}
