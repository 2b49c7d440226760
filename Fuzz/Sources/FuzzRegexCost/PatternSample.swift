/// A regular expression as far as it takes to make values for it: what its parts may match, what repeats.
indirect enum PatternNode: Sendable {
  case bytes([UInt8])
  case sequence([PatternNode])
  case either([PatternNode])
  /// Without an end where `maximum` is nil.
  case repeated(PatternNode, minimum: Int, maximum: Int?)

  static let empty = PatternNode.sequence([])
}

/// Reads patterns roughly: what it does not know comes out as something near it.
struct PatternReader {
  private let text: [UInt8]
  private var position = 0
  private var depth = 0

  init(_ text: [UInt8]) { self.text = text }

  static func read(_ text: [UInt8]) -> PatternNode {
    var reader = PatternReader(text)
    return reader.either()
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func take(_ byte: Character) -> Bool {
    guard next == byte.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func either() -> PatternNode {
    var branches = [sequence()]
    while take("|") { branches.append(sequence()) }
    return branches.count == 1 ? branches[0] : .either(branches)
  }

  private mutating func sequence() -> PatternNode {
    var items: [PatternNode] = []
    while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") || depth == 0 {
      items.append(quantified(item()))
    }
    return .sequence(items)
  }

  private mutating func item() -> PatternNode {
    guard let byte = next else { return .empty }
    position += 1
    switch byte {
    case UInt8(ascii: "("): return group()
    case UInt8(ascii: "["): return .bytes(set())
    case UInt8(ascii: "."): return .bytes(Array("a<(\n".utf8))
    case UInt8(ascii: "^"), UInt8(ascii: "$"): return .empty
    case UInt8(ascii: "\\"): return escape()
    default: return .bytes([byte])
    }
  }

  private mutating func group() -> PatternNode {
    if take("?") {
      while let byte = next, !":=!)>".utf8.contains(byte) { position += 1 }
      if take(")") { return .empty }
      let isNegative = next == UInt8(ascii: "!")
      position += 1
      depth += 1
      let inner = either()
      depth -= 1
      _ = take(")")
      return isNegative ? .empty : inner
    }
    depth += 1
    let inner = depth < 60 ? either() : .empty
    depth -= 1
    _ = take(")")
    return inner
  }

  private mutating func escape() -> PatternNode {
    guard let byte = next else { return .empty }
    position += 1
    switch byte {
    case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "A"), UInt8(ascii: "Z"), UInt8(ascii: "z"): return .empty
    case UInt8(ascii: "x"): return .bytes([number() ?? 0x78])
    default: return .bytes(Self.bytes(escaped: byte))
    }
  }

  private mutating func number() -> UInt8? {
    let digits = text[position...].prefix(2)
    guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
    position += 2
    return value
  }

  private static func bytes(escaped byte: UInt8) -> [UInt8] {
    switch byte {
    case UInt8(ascii: "s"): Array(" \t\n".utf8)
    case UInt8(ascii: "S"), UInt8(ascii: "D"), UInt8(ascii: "W"): Array("a(-".utf8)
    case UInt8(ascii: "d"): Array("01".utf8)
    case UInt8(ascii: "w"): Array("a0_".utf8)
    case UInt8(ascii: "n"): [0x0a]
    case UInt8(ascii: "r"): [0x0d]
    case UInt8(ascii: "t"): [0x09]
    case UInt8(ascii: "v"): [0x0b]
    case UInt8(ascii: "f"): [0x0c]
    default: [byte]
    }
  }

  private mutating func set() -> [UInt8] {
    let isNegated = take("^")
    var members: [UInt8] = []
    var isFirst = true
    while let byte = next, isFirst || byte != UInt8(ascii: "]") {
      isFirst = false
      position += 1
      var values = [byte]
      if byte == UInt8(ascii: "\\"), case .bytes(let escaped) = escape() { values = escaped }
      if next == UInt8(ascii: "-"), position + 1 < text.count, text[position + 1] != UInt8(ascii: "]") {
        position += 1
        values.append(text[position])
        position += 1
      }
      members += values
    }
    _ = take("]")
    guard isNegated else { return members.isEmpty ? [0x5d] : members }
    return Array("a0 (<\"-;\n\u{1}".utf8).filter { !members.contains($0) } + [0xfe]
  }

  private mutating func quantified(_ node: PatternNode) -> PatternNode {
    var result = node
    while let byte = next {
      switch byte {
      case UInt8(ascii: "*"): result = .repeated(result, minimum: 0, maximum: nil)
      case UInt8(ascii: "+"): result = .repeated(result, minimum: 1, maximum: nil)
      case UInt8(ascii: "?"): result = .repeated(result, minimum: 0, maximum: 1)
      case UInt8(ascii: "{"):
        guard let counts = counts() else { return result }
        result = .repeated(result, minimum: counts.0, maximum: counts.1)
        position -= 1
      default: return result
      }
      position += 1
      if !take("?") { _ = take("+") }
    }
    return result
  }

  /// What stands between braces, which it passes over; nil where they are none.
  private mutating func counts() -> (Int, Int?)? {
    guard let end = text[position...].firstIndex(of: UInt8(ascii: "}")), end - position < 12 else { return nil }
    let parts = text[(position + 1)..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard let first = parts.first, let minimum = Int(first.isEmpty ? "0" : first), parts.count < 3 else { return nil }
    position = end + 1
    return (min(minimum, 64), parts.count == 1 ? min(minimum, 64) : Int(parts[1]))
  }
}

/// Makes values that come near a match and keep a matcher busy: one or more loops of a pattern run long, then the value
/// ends otherwise than the pattern wants. Bytes of the fuzzer say which way it goes at each turn.
struct PatternSampler {
  private var choices: ArraySlice<UInt8>
  private var value: [UInt8] = []
  private var pumps: [Range<Int>] = []

  /// - Returns: a value of about `size` bytes.
  static func value(of node: PatternNode, _ choices: ArraySlice<UInt8>, size: Int) -> [UInt8] {
    var sampler = PatternSampler(choices: choices)
    let ending = sampler.choice()
    sampler.add(node)
    return sampler.stretched(ending, to: size)
  }

  private init(choices: ArraySlice<UInt8>) { self.choices = choices }

  private mutating func choice() -> Int { Int(choices.popFirst() ?? 0) }

  private mutating func add(_ node: PatternNode) {
    guard value.count < 2_000 else { return }
    switch node {
    case .bytes(let bytes): if !bytes.isEmpty { value.append(bytes[bytes.count > 1 ? choice() % bytes.count : 0]) }
    case .sequence(let items): for item in items { add(item) }
    case .either(let branches): add(branches[choice() % branches.count])
    case .repeated(let inner, let minimum, let maximum):
      for _ in 0..<min(minimum, 8) { add(inner) }
      guard maximum.map({ $0 > minimum }) ?? true else { return }
      let turn = choice()
      for _ in 0..<min((turn & 3) % 3, maximum.map { $0 - minimum } ?? 2) { add(inner) }
      guard turn & 3 == 3 || turn & 8 != 0, maximum.map({ $0 > 20 }) ?? true else { return }
      let start = value.count
      for _ in 0...(turn >> 4 & 1) { add(inner) }
      if start < value.count, pumps.count < 4 { pumps.append(start..<value.count) }
    }
  }

  private func stretched(_ ending: Int, to size: Int) -> [UInt8] {
    var source = value
    if ending & 4 != 0 { source.removeLast(min(source.count, ending >> 3 & 3)) }
    var pumps = pumps.filter { $0.upperBound <= source.count }
    if pumps.isEmpty, !source.isEmpty { pumps = [0..<source.count] }
    var result: [UInt8] = []
    result.reserveCapacity(size + source.count)
    var position = 0
    let share = max(0, size - source.count) / max(1, pumps.count)
    for pump in pumps {
      // Pumps may lie in each other: what is behind the last one counts.
      result += source[position..<max(position, pump.upperBound)]
      position = max(position, pump.upperBound)
      let part = source[pump]
      var left = share
      while left >= part.count {
        result += part
        left -= part.count
      }
    }
    result += source[position...]
    switch ending & 3 {
    case 1: result.append(0x01)
    case 2: result += Array("\n!".utf8)
    default: break
    }
    return result
  }
}
