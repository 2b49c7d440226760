/// `@pm PHRASES` and `@pmFromFile FILE`: finds any of many phrases, without regard to the case of ASCII letters, in one
/// pass over the value (Aho and Corasick, 1975).
///
/// States that values reach often have a row with the next state for each class of bytes; the others, which are most,
/// have only the transitions of the phrases and the state to fall back to. All of it lies in one array.
package struct LiteralMatcher: Sendable {
  /// As given.
  package let patterns: [[UInt8]]
  /// The class of each byte: 0 for those that are in no pattern; and behind these 256, for each byte whether a pattern
  /// begins with it.
  private let classes: [UInt8]
  /// States, one after another from the start state on: see `LiteralMatcherBuilder`.
  private let table: [UInt32]

  /// The memory of the automaton, in bytes.
  package var byteCount: Int { table.count * 4 + classes.count }

  /// Empty patterns are never found.
  package init(patterns: [[UInt8]]) {
    self.patterns = patterns
    var builder = LiteralMatcherBuilder(patterns: patterns)
    table = builder.makeTable()
    classes = builder.classes + builder.starts
  }

  /// Where a pattern first ends: the pattern, the longest of those that end there, and the index behind its last byte.
  package func firstMatch(in value: Span<UInt8>) -> (pattern: Int, end: Int)? {
    // invariant: the builder's offsets lie in the table, and so does what a state says to have; classes has 512
    // entries; the buffers are read within the closures alone.
    value.withUnsafeBufferPointer { value in
      classes.withUnsafeBufferPointer { classes in
        table.withUnsafeBufferPointer { table in
          var state = 0
          var index = 0
          let count = value.count
          while true {
            if state == 0 { while index < count, classes[256 &+ Int(value[index])] == 0 { index &+= 1 } }
            guard index < count else { return nil }
            let byteClass = UInt32(classes[Int(value[index])])
            index &+= 1
            var next: UInt32
            while true {
              let header = table[state]
              if header & 0xff == LiteralMatcherBuilder.row {
                next = table[state &+ 3 &+ Int(byteClass)]
                break
              }
              if header == LiteralMatcherBuilder.single | byteClass << 8 {
                next = table[state &+ 3]
                break
              }
              if let found = Self.transition(table, state, header, byteClass) {
                next = found
                break
              }
              state = Int(table[state &+ 2])
            }
            state = Int(next & ~LiteralMatcherBuilder.matchFlag)
            if next & LiteralMatcherBuilder.matchFlag != 0 { return (Int(table[state &+ 1]) &- 1, index) }
          }
        }
      }
    }
  }

  package func containsAny(in value: Span<UInt8>) -> Bool { firstMatch(in: value) != nil }

  /// The transition of a state with several.
  // invariant: the state lies in the table with its transitions.
  @inline(__always)
  private static func transition(
    _ table: UnsafeBufferPointer<UInt32>, _ state: Int, _ header: UInt32, _ byteClass: UInt32
  ) -> UInt32? {
    let count = Int(header & 0xff)
    guard count > 1 else { return nil }
    for position in 0..<count where table[state &+ 3 &+ position &* 2] == byteClass {
      return table[state &+ 4 &+ position &* 2]
    }
    return nil
  }
}
