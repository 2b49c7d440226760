extension Transformation {
  /// `md5`: the 16 bytes of the MD5 digest (RFC 1321); mostly followed by `hexEncode`.
  enum MD5 {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { false }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      var state: InlineArray<4, UInt32> = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
      MessageBlocks.forEach(input, isBigEndian: false) { addMD5(block: $0, to: &state) }
      output.rewrite(capacity: 16) { target in
        for index in 0..<4 { MessageBlocks.append(state[index].byteSwapped, to: &target) }
      }
      return true
    }
  }

  /// `sha1`: the 20 bytes of the SHA-1 digest (FIPS 180-4); mostly followed by `hexEncode`.
  enum SHA1 {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { false }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      var state: InlineArray<5, UInt32> = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
      MessageBlocks.forEach(input, isBigEndian: true) { addSHA1(block: $0, to: &state) }
      output.rewrite(capacity: 20) { target in
        for index in 0..<5 { MessageBlocks.append(state[index], to: &target) }
      }
      return true
    }
  }
}

/// A message as blocks of 64 bytes, the last ones padded with a one bit, zeros and the message's length in bits.
private enum MessageBlocks {
  static func forEach(_ message: Span<UInt8>, isBigEndian: Bool, _ body: (InlineArray<16, UInt32>) -> Void) {
    let count = message.count
    let blocks = (count + 8) / 64 + 1
    let bitCount = UInt64(truncatingIfNeeded: count) &* 8
    for block in 0..<blocks {
      var words = InlineArray<16, UInt32>(repeating: 0)
      for word in 0..<16 {
        var value: UInt32 = 0
        let start = block &* 64 &+ word &* 4
        for offset in 0..<4 {
          let index = start &+ offset
          let byte: UInt8 = index < count ? message[index] : index == count ? 0x80 : 0
          value |= UInt32(byte) &<< UInt32(isBigEndian ? 24 &- offset &* 8 : offset &* 8)
        }
        words[word] = value
      }
      if block == blocks - 1 {
        let high = UInt32(truncatingIfNeeded: bitCount >> 32)
        let low = UInt32(truncatingIfNeeded: bitCount)
        words[14] = isBigEndian ? high : low
        words[15] = isBigEndian ? low : high
      }
      body(words)
    }
  }

  static func append(_ word: UInt32, to target: inout OutputSpan<UInt8>) {
    for shift: UInt32 in [24, 16, 8, 0] { target.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }
}

@inline(__always)
private func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word &<< count | word &>> (32 &- count) }

/// The constants of RFC 1321: the whole part of 2³² · |sin(i + 1)|.
private let md5Constants: InlineArray<64, UInt32> = [
  0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
  0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
  0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
  0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
  0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
  0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
  0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
  0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
]

private let md5Rotations: InlineArray<16, UInt32> = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

private func addMD5(block: InlineArray<16, UInt32>, to state: inout InlineArray<4, UInt32>) {
  var (a, b, c, d) = (state[0], state[1], state[2], state[3])
  for step in 0..<64 {
    let mixed: UInt32
    let word: Int
    switch step >> 4 {
    case 0: (mixed, word) = (b & c | ~b & d, step)
    case 1: (mixed, word) = (d & b | ~d & c, (step &* 5 &+ 1) & 15)
    case 2: (mixed, word) = (b ^ c ^ d, (step &* 3 &+ 5) & 15)
    default: (mixed, word) = (c ^ (b | ~d), step &* 7 & 15)
    }
    let sum = a &+ mixed &+ md5Constants[step] &+ block[word]
    (a, d, c, b) = (d, c, b, b &+ rotate(sum, md5Rotations[step >> 4 &* 4 | step & 3]))
  }
  state[0] &+= a
  state[1] &+= b
  state[2] &+= c
  state[3] &+= d
}

private func addSHA1(block: InlineArray<16, UInt32>, to state: inout InlineArray<5, UInt32>) {
  var words = block
  var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
  for step in 0..<80 {
    if step >= 16 {
      words[step & 15] = rotate(
        words[(step &+ 13) & 15] ^ words[(step &+ 8) & 15] ^ words[(step &+ 2) & 15] ^ words[step & 15], 1)
    }
    let mixed: UInt32
    let constant: UInt32
    switch step {
    case 0..<20: (mixed, constant) = (b & c | ~b & d, 0x5a82_7999)
    case 20..<40: (mixed, constant) = (b ^ c ^ d, 0x6ed9_eba1)
    case 40..<60: (mixed, constant) = (b & c | b & d | c & d, 0x8f1b_bcdc)
    default: (mixed, constant) = (b ^ c ^ d, 0xca62_c1d6)
    }
    let sum = rotate(a, 5) &+ mixed &+ e &+ constant &+ words[step & 15]
    (e, d, c, b, a) = (d, c, rotate(b, 30), a, sum)
  }
  state[0] &+= a
  state[1] &+= b
  state[2] &+= c
  state[3] &+= d
  state[4] &+= e
}
