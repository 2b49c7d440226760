/// The normal form of a path (RFC 3986 §6.2.2), so that a route and an upstream can't read it differently: unreserved
/// characters decoded, hexadecimal in upper case, dot segments resolved, runs of slashes merged. An escaped slash stays
/// as it is.
public enum PathNormalizer {
  /// Appends the normal form of `bytes[range]` to `out`; nothing for an empty path.
  /// - Throws: `malformedTarget` for a relative path, a bad escape, an escaped NUL, a path that climbs above its root,
  ///   and dot segments that servers resolve each in their own way: next to an escaped slash or backslash (`..%2F`), or
  ///   with a parameter (`..;`).
  public static func normalize(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into out: inout [UInt8]
  ) throws(HeadError) {
    guard !range.isEmpty else { return }
    guard bytes[range.lowerBound] == 0x2f else {
      guard range.count == 1, bytes[range.lowerBound] == 0x2a else { throw HeadError(.malformedTarget) }
      out.append(0x2a)
      return
    }
    out.append(0x2f)
    var segment = Segment(root: out.count)
    var position = range.lowerBound &+ 1
    while position < range.upperBound {
      let byte = bytes[position]
      if byte == 0x25 {
        guard position &+ 2 < range.upperBound else { throw HeadError(.malformedTarget) }
        let high = HTTPSyntax.hexValue(bytes[position &+ 1])
        let low = HTTPSyntax.hexValue(bytes[position &+ 2])
        guard high != 255, low != 255, high | low != 0 else { throw HeadError(.malformedTarget) }
        let value = high &<< 4 | low
        if isUnreserved(value) {
          out.append(value)
        } else {
          let isSlash = value == 0x2f || value == 0x5c
          if isSlash, segment.dots(out) != 0 { throw HeadError(.malformedTarget) }
          out.append(0x25)
          out.append(upperHex(high))
          out.append(upperHex(low))
          if isSlash { segment.startBehindEscape(out) }
        }
        position &+= 3
        continue
      }
      if byte == 0x2f {
        try segment.end(&out, withSlash: true)
      } else {
        if byte == 0x3b, segment.dots(out) != 0 { throw HeadError(.malformedTarget) }
        out.append(byte)
      }
      position &+= 1
    }
    try segment.end(&out, withSlash: false)
  }

  /// The path segment that is being written.
  private struct Segment {
    /// Behind the first slash.
    let root: Int
    var start: Int
    var followsEscape = false

    init(root: Int) {
      self.root = root
      start = root
    }

    /// 1 for `.`, 2 for `..`, 0 for anything else.
    func dots(_ out: [UInt8]) -> Int {
      let length = out.count &- start
      guard length == 1 || length == 2, out[start] == 0x2e, out[out.count &- 1] == 0x2e else { return 0 }
      return length
    }

    mutating func startBehindEscape(_ out: [UInt8]) {
      start = out.count
      followsEscape = true
    }

    /// Resolves a dot segment, leaving the slash before it; an empty segment adds no slash.
    mutating func end(_ out: inout [UInt8], withSlash: Bool) throws(HeadError) {
      let dots = dots(out)
      if dots == 0 {
        if withSlash, out.count > start || followsEscape { out.append(0x2f) }
      } else {
        guard !followsEscape else { throw HeadError(.malformedTarget) }
        out.removeLast(dots)
        if dots == 2 {
          guard out.count > root else { throw HeadError(.malformedTarget) }
          out.removeLast()
          while out.count > root, out[out.count &- 1] != 0x2f { out.removeLast() }
        }
      }
      start = out.count
      followsEscape = false
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    HTTPSyntax.isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte == 0x2d || byte == 0x2e || byte == 0x5f
      || byte == 0x7e
  }

  private static func upperHex(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 0x30 : value &+ 0x37 }
}
