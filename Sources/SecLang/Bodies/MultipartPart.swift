import Glibc

/// The part of a multipart body that is being read.
struct MultipartPart: Sendable {
  struct Header: Sendable {
    /// Where its line stands in `lines`, and of that its name and value.
    var line: Range<Int>
    var nameCount: Int
    var valueStart: Int
    var isFolded = false
  }

  enum Destination: Sendable {
    case nothing
    /// Name of the argument, in the store of arguments.
    case argument(Range<Int>)
    case file
    /// A file whose content is kept; its name in that store.
    case keptFile(Range<Int>)
  }

  var isInHeaders = true
  var hasData = false
  var lines: [UInt8] = []
  var headers: [Header] = []
  /// Whether a line that begins with white space can continue a header.
  var canFold = false
  var destination = Destination.nothing
  /// The line end held back because it may belong to a boundary: 0 none, 1 line feed, 2 both.
  var heldLineEnd = 0
}

/// Finds a boundary anywhere in a line (Knuth, Morris and Pratt), in time that does not depend on the boundary.
struct BoundaryFinder: Sendable {
  private let pattern: [UInt8]
  /// For each count of bytes that fit, how many still fit when the next does not.
  private let fallback: [Int]

  init(_ pattern: [UInt8]) {
    var fallback = [Int](repeating: 0, count: pattern.count &+ 1)
    var length = 0
    for index in pattern.indices.dropFirst() {
      while length > 0, pattern[index] != pattern[length] { length = fallback[length] }
      if pattern[index] == pattern[length] { length &+= 1 }
      fallback[index &+ 1] = length
    }
    self.pattern = pattern
    self.fallback = fallback
  }

  // invariant: the buffer is read below its count, within the call; what is found lies in it.
  func isWithin(_ text: Span<UInt8>) -> Bool {
    guard text.count >= pattern.count else { return false }
    return text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      var index = 0
      var fits = 0
      while index < buffer.count {
        if fits == 0 {
          guard let found = memchr(base + index, Int32(UInt8(ascii: "-")), buffer.count &- index) else { return false }
          index = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
        while fits > 0, base[index] != pattern[fits] { fits = fallback[fits] }
        if base[index] == pattern[fits] { fits &+= 1 }
        if fits == pattern.count { return true }
        index &+= 1
      }
      return false
    }
  }
}
