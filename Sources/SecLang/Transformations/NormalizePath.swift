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
  private func firstChange(_ input: Span<UInt8>) -> (index: Int, hasHitRoot: Bool)? {
    guard !input.isEmpty else { return nil }
    let end = input.count &- 1
    let isRelative = byte(input, 0) != slash
    var hasHitRoot = false
    var before: UInt8 = slash
    var this = byte(input, 0)
    for index in 0...end {
      if isWindows, input[index] == UInt8(ascii: "\\") { return (index, hasHitRoot) }
      let next = index < end ? byte(input, index &+ 1) : slash
      if next == slash {
        if this == slash {
          if index < end { return (index, hasHitRoot) }
          if index > 0 { hasHitRoot = false }
        } else if this != dot {
          if index > 0 { hasHitRoot = false }
        } else if before == dot {
          guard isRelative, hasHitRoot || index <= 2 else { return (index, hasHitRoot) }
          hasHitRoot = true
        } else if before == slash {
          return (index, hasHitRoot)
        }
      }
      before = this
      this = next
    }
    return nil
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
