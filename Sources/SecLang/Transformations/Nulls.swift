extension Transformation {
  /// `removeNulls`: takes NUL bytes out. `sel␀ect` becomes `select`.
  enum RemoveNulls {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.contains(0) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(of: 0, in: input) != nil else { return false }
      Rewriting.filter(input, into: &output) { $0 != 0 }
      return true
    }
  }

  /// `replaceNulls`: makes NUL bytes spaces. `a␀b` becomes `a b`.
  enum ReplaceNulls {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { !bytes.contains(0) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard Rewriting.firstIndex(of: 0, in: input) != nil else { return false }
      Rewriting.map(input, into: &output) { $0 == 0 ? 0x20 : $0 }
      return true
    }
  }
}
