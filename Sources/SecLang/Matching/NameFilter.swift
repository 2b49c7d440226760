/// What tells of a name whether a pattern over names, letter case ignored, matches it, without a search.
struct NameFilter: Sendable {
  /// What a line begins with that matches, for a pattern that says no more; else empty.
  private let lineStart: [UInt8]
  private let minimumLength: Int
  /// One byte of each must occur.
  private let clauses: [ByteSet]

  init(_ pattern: [UInt8]) {
    lineStart = Self.lineStart(pattern)
    let node = RegexParser.parse(Array("(?i)".utf8) + pattern)
    minimumLength = node.minimumLength()
    clauses = RegexClauses.of(node)
  }

  /// The letters, digits, `_` and `-` of a pattern that has nothing else but `^` before them.
  private static func lineStart(_ pattern: [UInt8]) -> [UInt8] {
    let text = pattern.dropFirst()
    let isPlain = text.allSatisfy { ByteClass.word.contains($0) || $0 == UInt8(ascii: "-") }
    return pattern.first == UInt8(ascii: "^") && isPlain ? Array(text) : []
  }

  /// Whether the name matches; nil when that takes a search.
  @inline(__always)
  func answer(_ name: Span<UInt8>) -> Bool? {
    if name.count < minimumLength { return false }
    if !lineStart.isEmpty, name.count >= lineStart.count,
      ASCII.equal(name.extracting(first: lineStart.count), lineStart.span)
    {
      return true
    }
    let bytes = ByteSet(of: name)
    for index in clauses.indices where !clauses[index].intersects(bytes) { return false }
    // `^` matches in each line.
    return lineStart.isEmpty || bytes.contains(0x0a) ? nil : false
  }
}
