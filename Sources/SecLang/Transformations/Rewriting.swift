private import Glibc

/// The loops that transformations share.
enum Rewriting {
  /// The first index from `start` on whose byte this is.
  // invariant: memchr reads from `start`, which is not negative, up to the end of the buffer; pointers stay in the
  // closure.
  @inline(__always)
  static func firstIndex(of byte: UInt8, in input: Span<UInt8>, from start: Int = 0) -> Int? {
    guard start < input.count else { return nil }
    return input.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress, let found = memchr(base + start, Int32(byte), bytes.count &- start) else {
        return nil
      }
      return UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
    }
  }

  /// The eight bytes from an index on; nil where there are fewer.
  @inline(__always)
  static func word(_ input: Span<UInt8>, at index: Int) -> UInt64? {
    guard index >= 0, index &+ 8 <= input.count else { return nil }
    // invariant: the eight bytes are within the buffer, which is read within the closure alone.
    return input.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index, as: UInt64.self) }
  }

  /// The first index whose byte fulfils the condition.
  @inline(__always)
  static func firstIndex(in input: Span<UInt8>, where condition: (UInt8) -> Bool) -> Int? {
    // invariant: the buffer is read within the closure alone, at offsets below its count.
    input.withUnsafeBufferPointer { bytes in
      let count = bytes.count
      var index = 0
      while index < count {
        if condition(bytes[index]) { return index }
        index &+= 1
      }
      return nil
    }
  }

  /// Writes what each byte becomes.
  @inline(__always)
  static func map(_ input: Span<UInt8>, into output: inout [UInt8], _ transform: (UInt8) -> UInt8) {
    output.rewrite(capacity: input.count) { target in
      // invariant: both buffers are used within the closures alone; the target has room for as many bytes as there are.
      input.withUnsafeBufferPointer { source in
        target.withUnsafeMutableBufferPointer { buffer, written in
          for index in 0..<source.count { buffer[index] = transform(source[index]) }
          written = source.count
        }
      }
    }
  }

  /// Writes the bytes that fulfil the condition.
  @inline(__always)
  static func filter(_ input: Span<UInt8>, into output: inout [UInt8], _ keeps: (UInt8) -> Bool) {
    output.rewrite(capacity: input.count) { target in
      // invariant: both buffers are used within the closures alone; `kept` never passes `index`, for which there is
      // room.
      input.withUnsafeBufferPointer { source in
        target.withUnsafeMutableBufferPointer { buffer, written in
          var kept = 0
          for index in 0..<source.count {
            buffer[kept] = source[index]
            kept &+= keeps(source[index]) ? 1 : 0
          }
          written = kept
        }
      }
    }
  }
}

extension [UInt8] {
  /// Empties the array, keeps its memory and has up to `capacity` bytes written.
  @inline(__always)
  mutating func rewrite(capacity: Int, _ fill: (inout OutputSpan<UInt8>) -> Void) {
    removeAll(keepingCapacity: true)
    append(addingCapacity: capacity, initializingWith: fill)
  }
}

extension OutputSpan<UInt8> {
  /// Appends the bytes from `start` up to `end`. There must be room for them.
  @inline(__always)
  mutating func append(_ source: Span<UInt8>, from start: Int = 0, to end: Int) {
    let part = source.extracting(start..<end)
    guard part.count <= freeCapacity else { return }
    // invariant: both buffers are used within the closures alone; there is room for the whole part.
    part.withUnsafeBufferPointer { bytes in
      withUnsafeMutableBufferPointer { buffer, written in
        guard let from = bytes.baseAddress, let to = buffer.baseAddress else { return }
        memcpy(to + written, from, bytes.count)
        written += bytes.count
      }
    }
  }
}

extension OutputSpan<UInt8> {
  /// Appends the bytes of a word in memory order, where there is room for all of them.
  @inline(__always)
  mutating func append(word: UInt64) {
    guard freeCapacity >= 8 else { return }
    withUnsafeMutableBufferPointer { buffer, written in
      guard let to = buffer.baseAddress else { return }
      // invariant: there is room for eight bytes behind those written.
      UnsafeMutableRawPointer(to + written).storeBytes(of: word, as: UInt64.self)
      written += 8
    }
  }

  /// Appends the bytes from `start` up to the next `%`, with spaces for plus signs. There must be room for all of
  /// `source`.
  /// - Returns: the index of the `%`, or the end.
  @inline(__always)
  mutating func appendUntilPercent(_ source: Span<UInt8>, from start: Int) -> Int {
    source.withUnsafeBufferPointer { bytes in
      withUnsafeMutableBufferPointer { buffer, written in
        guard let from = bytes.baseAddress, let to = buffer.baseAddress else { return bytes.count }
        var index = start
        while index &+ 8 <= bytes.count, written &+ 8 <= buffer.count {
          // invariant: eight bytes are left to be read.
          let word = UnsafeRawPointer(from + index).loadUnaligned(as: UInt64.self)
          // invariant: there is room for eight bytes.
          UnsafeMutableRawPointer(to + written).storeBytes(of: ByteWord.spacesForPlus(word), as: UInt64.self)
          let stops = ByteWord.zeroes(word ^ ByteWord.repeating(UInt8(ascii: "%")))
          let count = stops == 0 ? 8 : ByteWord.firstMark(stops)
          index &+= count
          written &+= count
          if stops != 0 { return index }
        }
        while index < bytes.count, written < buffer.count, from[index] != UInt8(ascii: "%") {
          to[written] = from[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : from[index]
          index &+= 1
          written &+= 1
        }
        return index
      }
    }
  }
}

/// What bytes stand for in escapes.
enum EscapeDigits {
  /// The value of a hexadecimal digit; 255 for any other byte.
  @inline(__always)
  static func hex(_ byte: UInt8) -> UInt8 {
    let digit = byte &- 0x30
    if digit < 10 { return digit }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : 255
  }

  /// The value of two hexadecimal digits at an index; nil when they aren't both there.
  @inline(__always)
  static func hexPair(_ input: Span<UInt8>, at index: Int) -> UInt8? {
    guard index &+ 1 < input.count else { return nil }
    let high = hex(input[index])
    let low = hex(input[index &+ 1])
    // 255 is the only value above 15, and it sets high bits in the sum of both.
    return high | low < 16 ? high &<< 4 | low : nil
  }

  @inline(__always)
  static func isOctal(_ byte: UInt8) -> Bool { byte & 0xf8 == 0x30 }

  /// What C's `isspace` says.
  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }

  @inline(__always)
  static func isAlphanumeric(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 }
}
