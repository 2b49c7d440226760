extension Transformation {
  /// `removeComments`: takes out `/* … */` and `<!-- … -->`, and everything from `--` or `#` on; a comment without an
  /// end becomes a space. `sel/*x*/ect--y` becomes `select`. As in ModSecurity 3, the byte behind a comment is copied
  /// unseen, and where a value ends with a comment, a NUL byte stands for it.
  enum RemoveComments {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool {
      (!bytes.contains(UInt8(ascii: "/")) || !bytes.contains(UInt8(ascii: "*")))
        && !bytes.contains(UInt8(ascii: "-")) && !bytes.contains(UInt8(ascii: "#"))
    }

    private enum Start {
      case block(length: Int)
      case rest
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      var first = 0
      while first < input.count, start(input, at: first) == nil { first &+= 1 }
      guard first < input.count else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var index = first
        while index < input.count {
          switch start(input, at: index) {
          case nil:
            target.append(input[index])
            index &+= 1
          case .rest: return
          case .block(let length):
            guard let end = end(input, from: index &+ length) else {
              target.append(0x20)
              return
            }
            target.append(end < input.count ? input[end] : 0)
            index = end &+ 1
          }
        }
      }
      return true
    }

    @inline(__always)
    private static func start(_ input: Span<UInt8>, at index: Int) -> Start? {
      switch input[index] {
      case UInt8(ascii: "#"): .rest
      case UInt8(ascii: "-"): CommentMarks.isDashes(input, at: index) ? .rest : nil
      case UInt8(ascii: "/"): CommentMarks.isPair(input, at: index, UInt8(ascii: "*")) ? .block(length: 2) : nil
      case UInt8(ascii: "<"): CommentMarks.isMarkup(input, at: index) ? .block(length: 4) : nil
      default: nil
      }
    }

    /// The index behind the end of a block.
    private static func end(_ input: Span<UInt8>, from start: Int) -> Int? {
      var index = start
      while index &+ 1 < input.count {
        if input[index] == UInt8(ascii: "*"), input[index &+ 1] == UInt8(ascii: "/") { return index &+ 2 }
        if CommentMarks.isMarkupEnd(input, at: index) { return index &+ 3 }
        index &+= 1
      }
      return nil
    }
  }

  /// `removeCommentsChar`: takes out the marks of comments alone: `/*`, `*/`, `<!--`, `-->`, `--` and `#`. `a/*b*/--c`
  /// becomes `abc`.
  enum RemoveCommentCharacters {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool { RemoveComments.leavesUnchanged(bytes) }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      var first = 0
      while first < input.count, markLength(input, at: first) == 0 { first &+= 1 }
      guard first < input.count else { return false }
      output.rewrite(capacity: input.count) { target in
        target.append(input, to: first)
        var index = first
        while index < input.count {
          let length = markLength(input, at: index)
          if length == 0 { target.append(input[index]) }
          index &+= max(1, length)
        }
      }
      return true
    }

    @inline(__always)
    private static func markLength(_ input: Span<UInt8>, at index: Int) -> Int {
      switch input[index] {
      case UInt8(ascii: "/"): CommentMarks.isPair(input, at: index, UInt8(ascii: "*")) ? 2 : 0
      case UInt8(ascii: "*"): CommentMarks.isPair(input, at: index, UInt8(ascii: "/")) ? 2 : 0
      case UInt8(ascii: "<"): CommentMarks.isMarkup(input, at: index) ? 4 : 0
      case UInt8(ascii: "-"):
        CommentMarks.isMarkupEnd(input, at: index) ? 3 : CommentMarks.isDashes(input, at: index) ? 2 : 0
      case UInt8(ascii: "#"): 1
      default: 0
      }
    }
  }

  /// `replaceComments`: makes each `/* … */`, ended or not, a space. `union/*x*/select` becomes `union select`.
  enum ReplaceComments {
    @inline(__always)
    static func leavesUnchanged(_ bytes: ByteSet) -> Bool {
      !bytes.contains(UInt8(ascii: "/")) || !bytes.contains(UInt8(ascii: "*"))
    }

    static func apply(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
      guard let first = start(input, from: 0) else { return false }
      output.rewrite(capacity: input.count) { target in
        var copied = 0
        var place: Int? = first
        while let start = place {
          target.append(input, from: copied, to: start)
          target.append(0x20)
          guard let end = end(input, from: start &+ 2) else { return }
          copied = end
          place = Self.start(input, from: end)
        }
        target.append(input, from: copied, to: input.count)
      }
      return true
    }

    private static func start(_ input: Span<UInt8>, from index: Int) -> Int? {
      var place = Rewriting.firstIndex(of: UInt8(ascii: "/"), in: input, from: index)
      while let start = place, !CommentMarks.isPair(input, at: start, UInt8(ascii: "*")) {
        place = Rewriting.firstIndex(of: UInt8(ascii: "/"), in: input, from: start &+ 1)
      }
      return place
    }

    /// The index behind the end of a comment.
    private static func end(_ input: Span<UInt8>, from index: Int) -> Int? {
      var place = Rewriting.firstIndex(of: UInt8(ascii: "*"), in: input, from: index)
      while let star = place, !CommentMarks.isPair(input, at: star, UInt8(ascii: "/")) {
        place = Rewriting.firstIndex(of: UInt8(ascii: "*"), in: input, from: star &+ 1)
      }
      return place.map { $0 &+ 2 }
    }
  }
}

/// The marks of comments, the first byte of which is already known.
private enum CommentMarks {
  @inline(__always)
  static func isPair(_ input: Span<UInt8>, at index: Int, _ second: UInt8) -> Bool {
    index &+ 1 < input.count && input[index &+ 1] == second
  }

  @inline(__always)
  static func isDashes(_ input: Span<UInt8>, at index: Int) -> Bool { isPair(input, at: index, UInt8(ascii: "-")) }

  /// `<!--`
  @inline(__always)
  static func isMarkup(_ input: Span<UInt8>, at index: Int) -> Bool {
    index &+ 3 < input.count && input[index &+ 1] == UInt8(ascii: "!") && input[index &+ 2] == UInt8(ascii: "-")
      && input[index &+ 3] == UInt8(ascii: "-")
  }

  /// `-->`, all of it.
  @inline(__always)
  static func isMarkupEnd(_ input: Span<UInt8>, at index: Int) -> Bool {
    index &+ 2 < input.count && input[index] == UInt8(ascii: "-") && input[index &+ 1] == UInt8(ascii: "-")
      && input[index &+ 2] == UInt8(ascii: ">")
  }
}
