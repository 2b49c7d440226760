extension Transformation {
  /// `lowercase`: makes ASCII letters small. `SELECT É` becomes `select É`.
  enum Lowercase {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(.uppercase) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(in: input, where: { $0 &- 0x41 < 26 }) != nil else { return false }
      Rewriting.map(input, into: &output) { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
      return true
    }
  }

  /// `uppercase`: makes ASCII letters capitals. `select é` becomes `SELECT é`.
  enum Uppercase {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.intersects(.lowercase) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(in: input, where: { $0 &- 0x61 < 26 }) != nil else { return false }
      Rewriting.map(input, into: &output) { $0 &- 0x61 < 26 ? $0 & 0xdf : $0 }
      return true
    }
  }
}
