extension Transformation {
  /// `normalizePath`, also `normalisePath`: takes out empty segments, `.` and `..` with the segment before it, as far
  /// as there is one. `/a//./b/../c` becomes `/a/c`. As in ModSecurity 3, a segment that only ends in `..` counts as
  /// `..`.
  enum NormalizePath {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool {
      !bytes.contains(UInt8(ascii: "/")) && !bytes.contains(UInt8(ascii: "."))
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      PathNormalization(isWindows: false).apply(input, into: &output)
    }
  }

  /// `normalizePathWin`, also `normalisePathWin`: like `normalizePath`, with backslashes as slashes. `\a\..\b` becomes
  /// `/b`.
  enum NormalizePathWin {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool {
      NormalizePath.leavesUnchanged(bytes) && !bytes.contains(UInt8(ascii: "\\"))
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      PathNormalization(isWindows: true).apply(input, into: &output)
    }
  }
}

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")

private struct PathNormalization {
  let isWindows: Bool

  @inline(__always)
  private func byte(_ input: Span<UInt8>, _ index: Int) -> UInt8 {
    let byte = input[index]
    return isWindows && byte == UInt8(ascii: "\\") ? slash : byte
  }

  @inline(__always)
  func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
    guard let (first, hasHitRoot) = firstChange(input) else { return false }
    output.rewrite(capacity: input.count) { target in
      target.append(input, to: first)
      normalize(input, from: first, hasHitRoot: hasHitRoot, into: &target)
    }
    return true
  }

  /// The first byte that isn't just copied, and whether a `..` without a segment before it was the last one copied.
  ///
  /// What a segment is shows at its last byte, so that only the bytes before slashes and the last one are looked at.
  private func firstChange(_ input: Span<UInt8>) -> (index: Int, hasHitRoot: Bool)? {
    guard !input.isEmpty else { return nil }
    let backslash = isWindows ? Rewriting.firstIndex(of: UInt8(ascii: "\\"), in: input) : nil
    let end = backslash ?? input.count
    let isRelative = byte(input, 0) != slash
    var hasHitRoot = false
    var place = 0
    while true {
      let next = Rewriting.firstIndex(of: slash, in: input.extracting(0..<end), from: place) ?? end
      if next > 0 {
        switch segment(input, endingAt: next &- 1, isRelative: isRelative, hasHitRoot) {
        case .kept: hasHitRoot = false
        case .parent: hasHitRoot = true
        case .unimportant: break
        case .changed: return (next &- 1, hasHitRoot)
        }
      }
      if next == end { return backslash.map { ($0, hasHitRoot) } }
      place = next &+ 1
    }
  }

  private enum Segment {
    case kept
    /// A `..` that stays.
    case parent
    /// It leaves open whether the last `..` stands at the root.
    case unimportant
    case changed
  }

  /// What is to be done about the segment whose last byte is at `index`.
  @inline(__always)
  private func segment(
    _ input: Span<UInt8>, endingAt index: Int, isRelative: Bool, _ hasHitRoot: Bool
  ) -> Segment {
    let this = byte(input, index)
    let before = index > 0 ? byte(input, index &- 1) : slash
    if this == slash, index < input.count &- 1 { return .changed }
    if this != dot { return index > 0 ? .kept : .unimportant }
    if before == dot { return isRelative && (hasHitRoot || index <= 2) ? .parent : .changed }
    return before == slash ? .changed : .unimportant
  }

  private func normalize(
    _ input: Span<UInt8>, from start: Int, hasHitRoot: Bool, into target: inout OutputSpan<UInt8>
  ) {
    let end = input.count &- 1
    let isRelative = byte(input, 0) != slash
    var hasHitRoot = hasHitRoot
    var index = start
    while index <= end {
      let isLast = index == end
      // What a segment is shows at its last byte.
      if isLast || byte(input, index &+ 1) == slash {
        let this = byte(input, index)
        if this == dot {
          if dropDots(isLast: isLast, isRelative: isRelative, hasHitRoot: &hasHitRoot, from: &target) {
            guard !isLast else { break }
            index &+= 1
          }
        } else if this != slash || isLast, target.count > 0 {
          hasHitRoot = false
        }
      }
      let this = byte(input, index)
      if this == slash {
        while index < end, byte(input, index &+ 1) == slash { index &+= 1 }
        if !isRelative || target.count > 0 { target.append(slash) }
      } else {
        target.append(this)
      }
      index &+= 1
    }
    if byte(input, end) != slash, target.count > 0, target[target.count &- 1] == slash { target.removeLast(1) }
  }

  /// At the last dot of a segment: takes `.` out, or `..` with the segment before it. False when the dot is to be
  /// copied.
  private func dropDots(
    isLast: Bool, isRelative: Bool, hasHitRoot: inout Bool, from target: inout OutputSpan<UInt8>
  ) -> Bool {
    let count = target.count
    guard count > 0 else { return true }
    switch target[count &- 1] {
    case dot:
      guard !isRelative || !hasHitRoot && count > 2 else {
        hasHitRoot = true
        return false
      }
      var place = count &- 3
      while place > 0, target[place] != slash { place &-= 1 }
      target.removeLast(count &- max(0, place))
      if place <= 0 { hasHitRoot = true }
      return true
    case slash:
      if !isLast { target.removeLast(1) }
      return true
    default: return false
    }
  }
}
