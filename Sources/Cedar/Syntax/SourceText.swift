/// A place in a text: line and column from 1, the column in Unicode scalars. Line 0 stands for no place at all, as with
/// policies that were never text.
public struct SourcePosition: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var line: UInt32
  public var column: UInt32

  public init(line: UInt32, column: UInt32) {
    self.line = line
    self.column = column
  }

  public static let none = SourcePosition(line: 0, column: 0)

  public var description: String { "\(line):\(column)" }

  public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// A text that is not in the language: policies, schemas, entities or requests.
public struct SyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
  public var position: SourcePosition
  /// What is wrong, in lower case, with what was found in backticks.
  public var message: String
  /// What would be right.
  public var hint: String?

  public init(_ message: String, at position: SourcePosition, hint: String? = nil) {
    self.position = position
    self.message = message
    self.hint = hint
  }

  /// `line:column: message; hint`, without the place where there is none.
  public var description: String {
    let place = position == .none ? "" : "\(position): "
    return place + message + (hint.map { "; " + $0 } ?? "")
  }
}

/// The bytes of a text with its lines, to tell where an offset lies.
struct SourceText {
  let bytes: [UInt8]
  private let lineStarts: [Int]
  /// How many scalars begin before each block of `blockBytes`, so that columns of long lines cost little.
  private let scalarsBefore: [UInt32]
  private static let blockBytes = 64

  /// - Throws: when the text is longer than `CedarLimits.textBytes` or no UTF-8.
  init(_ bytes: [UInt8]) throws(SyntaxError) {
    guard bytes.count <= CedarLimits.textBytes else {
      throw SyntaxError("the text has \(bytes.count) bytes; at most \(CedarLimits.textBytes) are read", at: .none)
    }
    var starts = [0]
    var scalars: UInt32 = 0
    var scalarsBefore: [UInt32] = []
    scalarsBefore.reserveCapacity(bytes.count / SourceText.blockBytes + 1)
    for (index, byte) in bytes.enumerated() {
      if index % SourceText.blockBytes == 0 { scalarsBefore.append(scalars) }
      if byte == 0x0a { starts.append(index + 1) }
      if byte & 0xc0 != 0x80 { scalars &+= 1 }
    }
    self.bytes = bytes
    lineStarts = starts
    self.scalarsBefore = scalarsBefore
    if let offset = SourceText.firstInvalidByte(bytes) {
      throw SyntaxError("the text is not UTF-8", at: position(of: offset))
    }
  }

  /// The place of a byte; of one past the end, the end.
  func position(of offset: Int) -> SourcePosition {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    let column = scalars(before: max(offset, lineStarts[low])) &- scalars(before: lineStarts[low]) &+ 1
    return SourcePosition(line: UInt32(clamping: low + 1), column: column)
  }

  private func scalars(before offset: Int) -> UInt32 {
    let end = min(offset, bytes.count)
    let block = min(end / SourceText.blockBytes, scalarsBefore.count - 1)
    guard block >= 0 else { return 0 }
    var count = scalarsBefore[block]
    for byte in bytes[(block * SourceText.blockBytes)..<end] where byte & 0xc0 != 0x80 { count &+= 1 }
    return count
  }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range.clamped(to: bytes.indices)], as: UTF8.self) }

  /// RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
  private static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80 {
        index += 1
        continue
      }
      let (length, lowest): (Int, UInt32)
      switch byte {
      case 0xc2...0xdf: (length, lowest) = (2, 0x80)
      case 0xe0...0xef: (length, lowest) = (3, 0x800)
      case 0xf0...0xf4: (length, lowest) = (4, 0x10000)
      default: return index
      }
      guard index + length <= bytes.count else { return index }
      var scalar = UInt32(byte) & (0xff >> UInt32(length + 1))
      for next in bytes[(index + 1)..<(index + length)] {
        guard next & 0xc0 == 0x80 else { return index }
        scalar = scalar << 6 | UInt32(next & 0x3f)
      }
      guard scalar >= lowest, Unicode.Scalar(scalar) != nil else { return index }
      index += length
    }
    return nil
  }
}
