private import Glibc

/// `@streq`, `@beginsWith`, `@endsWith`, `@contains`, `@strmatch`, `@containsWord` and `@within`: what a value is to a
/// text. Bytes compare as they are; nothing needs to be prepared, so that texts with macros cost no more.
package enum TextOperators {
  /// `@streq TEXT`: the value is the text.
  @inline(__always)
  package static func equals(_ value: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
    value.count == text.count && isEqual(value, at: 0, text)
  }

  /// `@beginsWith TEXT`: the value begins with the text; an empty text begins every value.
  package static func begins(_ value: Span<UInt8>, with text: Span<UInt8>) -> Bool {
    value.count >= text.count && isEqual(value, at: 0, text)
  }

  /// `@endsWith TEXT`: the value ends with the text; an empty text ends every value.
  package static func ends(_ value: Span<UInt8>, with text: Span<UInt8>) -> Bool {
    value.count >= text.count && isEqual(value, at: value.count &- text.count, text)
  }

  /// `@contains TEXT` and `@strmatch TEXT`: the text stands somewhere in the value; an empty text does so in every
  /// value.
  package static func contains(_ value: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
    firstIndex(of: text, in: value, from: 0) != nil
  }

  /// `@within TEXT`: the value stands somewhere in the text; an empty value does so in every text.
  package static func isWithin(_ value: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
    firstIndex(of: value, in: text, from: 0) != nil
  }

  /// `@containsWord TEXT`: the text stands somewhere in the value without an ASCII letter beside it. Digits and
  /// underscores are no letters, as in ModSecurity 3.
  package static func containsWord(_ value: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
    guard !text.isEmpty else { return true }
    var start = 0
    while let found = firstIndex(of: text, in: value, from: start) {
      let end = found &+ text.count
      if found == 0 || !isLetter(value[found &- 1]), end == value.count || !isLetter(value[end]) { return true }
      start = found &+ 1
    }
    return false
  }

  @inline(__always)
  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// `value` must have at least as many bytes from `start` on as `text`.
  @inline(__always)
  private static func isEqual(_ value: Span<UInt8>, at start: Int, _ text: Span<UInt8>) -> Bool {
    let part = value.extracting(start..<(start &+ text.count))
    // invariant: both buffers have `text.count` bytes and are read within the closures alone.
    return part.withUnsafeBufferPointer { left in
      text.withUnsafeBufferPointer { right in
        guard let left = left.baseAddress, let base = right.baseAddress else { return true }
        return memcmp(left, base, right.count) == 0
      }
    }
  }

  /// Where `text` begins in `value`, from `start` on; `start` for an empty text.
  private static func firstIndex(of text: Span<UInt8>, in value: Span<UInt8>, from start: Int) -> Int? {
    guard !text.isEmpty else { return start }
    guard value.count &- start >= text.count else { return nil }
    let end = value.count &- text.count
    var index = start
    // Mostly the second byte tells as much as a comparison of the whole text.
    let second = text.count > 1 ? text[1] : nil
    // A value that keeps beginning like a long text would cost the product of both lengths.
    var attempts = text.count <= 16 ? Int.max : 64
    while index <= end, let found = Rewriting.firstIndex(of: text[0], in: value, from: index), found <= end {
      if second == nil || value[found &+ 1] == second, isEqual(value, at: found, text) { return found }
      index = found &+ 1
      attempts &-= 1
      if attempts == 0 { return firstIndexInOnePass(of: text, in: value, from: index) }
    }
    return nil
  }

  /// Knuth, Morris and Pratt: never looks at a byte of the value twice.
  private static func firstIndexInOnePass(of text: Span<UInt8>, in value: Span<UInt8>, from start: Int) -> Int? {
    // For each length of what has matched, the length of its longest end that is also a beginning.
    var fallback = [Int](repeating: 0, count: text.count + 1)
    var length = 0
    for index in 1..<text.count {
      while length > 0, text[length] != text[index] { length = fallback[length] }
      if text[length] == text[index] { length &+= 1 }
      fallback[index &+ 1] = length
    }
    length = 0
    var index = start
    while index < value.count {
      while length > 0, text[length] != value[index] { length = fallback[length] }
      if text[length] == value[index] { length &+= 1 }
      index &+= 1
      if length == text.count { return index &- length }
    }
    return nil
  }
}
