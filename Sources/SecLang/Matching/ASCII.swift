/// ASCII without regard to case.
enum ASCII {
  @inline(__always) static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] { text.map(lower) }

  static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where lower(left[index]) != lower(right[index]) { return false }
    return true
  }
}
