extension Transformation {
  /// `utf8toUnicode`: writes multi-byte characters of UTF-8 as `%uhhhh`. `café` becomes `caf%u00e9`. As in ModSecurity
  /// 3: a first byte without what must follow is dropped, continuation bytes alone stay, characters written longer than
  /// need be and surrogates have their first byte copied behind them, and NUL bytes are dropped.
  enum UTF8ToUnicode {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(.nonASCII) && !bytes.contains(0) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard let first = firstChange(input) else { return false }
      // Two bytes become at most seven; no other character grows more.
      output.rewrite(capacity: first + (input.count - first) * 4) { target in
        target.append(input, to: first)
        var index = first
        while index < input.count {
          let byte = input[index]
          if byte &- 1 < 0x7f || byte & 0xc0 == 0x80 || byte >= 0xf8 {
            target.append(byte)
            index &+= 1
          } else if byte == 0 {
            index &+= 1
          } else {
            index &+= multiByte(input, at: index, into: &target)
          }
        }
      }
      return true
    }

    private static func firstChange(_ input: Span<UInt8>) -> Int? {
      for index in input.indices {
        let byte = input[index]
        if byte &- 1 < 0x7f || byte & 0xc0 == 0x80 || byte >= 0xf8 { continue }
        // From 0xF5 on, a first byte is copied whatever follows it.
        if byte < 0xf5 || continuationBytes(input, after: index) >= 3 { return index }
      }
      return nil
    }

    /// How many continuation bytes follow, up to three.
    private static func continuationBytes(_ input: Span<UInt8>, after index: Int) -> Int {
      var count = 0
      while count < 3, index &+ count &+ 1 < input.count, input[index &+ count &+ 1] & 0xc0 == 0x80 { count &+= 1 }
      return count
    }

    /// Writes a character of several bytes; returns how many of them it took.
    private static func multiByte(_ input: Span<UInt8>, at index: Int, into target: inout OutputSpan<UInt8>) -> Int {
      let lead = input[index]
      let length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
      if lead >= 0xf5 { target.append(lead) }
      guard continuationBytes(input, after: index) >= length &- 1 else { return 1 }
      var scalar = UInt32(lead & (length == 2 ? 0x1f : length == 3 ? 0x0f : 0x07))
      for offset in 1..<length { scalar = scalar &<< 6 | UInt32(input[index &+ offset] & 0x3f) }
      target.append(UInt8(ascii: "%"))
      target.append(UInt8(ascii: "u"))
      var shift: UInt32 = scalar > 0xfffff ? 20 : scalar > 0xffff ? 16 : 12
      while true {
        target.append(HexEncode.digit(UInt8(truncatingIfNeeded: scalar &>> shift) & 15))
        guard shift > 0 else { break }
        shift &-= 4
      }
      if scalar &>> 11 == 0x1b { target.append(lead) }
      if scalar < (length == 2 ? 0x80 : length == 3 ? 0x800 : 0x1_0000) { target.append(lead) }
      return length
    }
  }
}
