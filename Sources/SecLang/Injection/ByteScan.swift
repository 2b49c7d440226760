import Glibc

/// Searches and byte classes of the two detectors.
enum ByteScan {
  /// The first place at or after `start` that holds `byte`.
  static func firstIndex(of byte: UInt8, in input: Span<UInt8>, from start: Int = 0) -> Int? {
    firstIndex(of: byte, in: input, from: start, to: input.count)
  }

  /// The first place at or after `start` and before `end` that holds `byte`.
  // invariant: `start + near` is at most `end`, and that at most the count; memchr reads what is between, and its
  // pointer stays in the closure.
  @inline(never)
  static func firstIndex(of byte: UInt8, in input: Span<UInt8>, from start: Int, to end: Int) -> Int? {
    guard start >= 0, start < end, end <= input.count else { return nil }
    let near = min(end - start, 4)
    for index in start..<(start + near) where input[index] == byte { return index }
    return input.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, let found = memchr(base + start + near, Int32(byte), end - start - near)
      else {
        return nil
      }
      return UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
    }
  }

  /// The first place at or after `start` where `first` and then `second` stand, both before `end`.
  static func firstIndex(
    of first: UInt8, _ second: UInt8, in input: Span<UInt8>, from start: Int, to end: Int
  ) -> Int? {
    var place = start
    while let found = firstIndex(of: first, in: input, from: place), found + 1 < end {
      if input[found + 1] == second { return found }
      place = found + 1
    }
    return nil
  }

  /// The letter in upper case, any other byte as it is.
  @inline(__always) static func uppercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x61 < 26 ? byte & 0xDF : byte
  }

  /// Whether the bytes from `start` on are those of an upper-case ASCII text, in either case.
  static func holds(_ text: StaticString, in input: Span<UInt8>, at start: Int) -> Bool {
    holds(text, in: input, at: start) { uppercased($0) }
  }

  /// Whether the bytes from `start` on are those of a text.
  static func holdsExactly(_ text: StaticString, in input: Span<UInt8>, at start: Int) -> Bool {
    holds(text, in: input, at: start) { $0 }
  }

  @inline(__always) private static func holds(
    _ text: StaticString, in input: Span<UInt8>, at start: Int, _ mapped: (UInt8) -> UInt8
  ) -> Bool {
    let length = text.utf8CodeUnitCount
    guard start >= 0, start <= input.count, input.count - start >= length else { return false }
    // invariant: a static string's bytes live for ever; the buffer is read within the closure.
    return text.withUTF8Buffer { expected in
      for index in 0..<length where mapped(input[start + index]) != expected[index] { return false }
      return true
    }
  }
}
