/// The kinds of the tokens that made a value an injection, a letter each, at most five.
package struct SQLInjectionFingerprint: Sendable, Hashable {
  /// The letters, the first in the lowest byte.
  private var letters: UInt64 = 0
  /// How many letters there are, 1 to 5.
  package private(set) var count = 0

  init() {}

  mutating func append(_ letter: UInt8) {
    guard count < 8 else { return }
    letters |= UInt64(letter) &<< UInt64(count &* 8)
    count += 1
  }

  /// Letter `index`, 0 past the end.
  package subscript(index: Int) -> UInt8 {
    guard index >= 0, index < count else { return 0 }
    return UInt8(truncatingIfNeeded: letters &>> UInt64(index &* 8))
  }

  /// The letters as text, like `s&1c`.
  package var text: String {
    String(decoding: (0..<count).map { self[$0] }, as: UTF8.self)
  }
}
