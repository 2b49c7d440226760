extension Transformation {
  /// What `leavesUnchanged` says of every transformation in one word, at the bit of its raw value. It costs about as
  /// much as three single questions, since many of them share what they look for, and has no branches.
  package static func leftUnchanged(_ bytes: ByteSet) -> UInt64 {
    let (low, letters) = (bytes.bits0, bytes.bits1)
    let high = bytes.bits2 | bytes.bits3
    let backslash = occurs(letters, 0x5c)
    let slash = occurs(low, 0x2f)
    let comment = slash & occurs(low, 0x2a)
    let anyComment = comment | occurs(low, 0x2d) | occurs(low, 0x23)
    let dots = slash | occurs(low, 0x2e)
    let hexadecimal = occurs(low, 0x30) & (occurs(letters, 0x58) | occurs(letters, 0x78))
    var mask = flag(.none)
    mask |= bits(.cssDecode, .escapeSeqDecode, .jsDecode, unless: backslash)
    mask |= bits(.removeNulls, .replaceNulls, unless: low & 1)
    mask |= bits(.utf8toUnicode, unless: low & 1 | isAny(high))
    mask |= bits(.parityZero7bit, unless: isAny(high))
    mask |= bits(.htmlEntityDecode, unless: occurs(low, 0x26))
    mask |= bits(.urlDecode, .urlDecodeUni, unless: occurs(low, 0x25) | occurs(low, 0x2b))
    mask |= bits(.replaceComments, unless: comment)
    mask |= bits(.removeComments, .removeCommentsChar, unless: anyComment)
    mask |= bits(.normalizePath, unless: dots)
    mask |= bits(.normalizePathWin, unless: dots | backslash)
    mask |= bits(.sqlHexDecode, unless: hexadecimal)
    mask |= bits(.lowercase, unless: meets(bytes, .uppercase))
    mask |= bits(.uppercase, unless: meets(bytes, .lowercase))
    let space = meets(bytes, .whitespace)
    mask |= bits(.compressWhitespace, .trim, .trimLeft, .trimRight, unless: space)
    mask |= bits(.removeWhitespace, unless: space | meets(bytes, RemoveWhitespace.others))
    mask |= bits(.cmdLine, unless: meets(bytes, CommandLine.changed))
    mask |= bits(.phpArgsNames, unless: meets(bytes, PHPArgumentNames.changed))
    mask |= bits(.parityEven7bit, unless: meets(bytes, ParityEven7Bit.changed))
    mask |= bits(.parityOdd7bit, unless: meets(bytes, ParityOdd7Bit.changed))
    mask |= bits(.urlEncode, unless: isAny(low & ~URLEncode.kept.bits0 | letters & ~URLEncode.kept.bits1 | high))
    mask |= bits(
      .base64Decode, .base64DecodeExt, .base64Encode, .hexDecode, .hexEncode, unless: isAny(low | letters | high))
    return mask
  }

  /// Bytes beyond which none occur in what becomes of a value that has no others than these; nil for transformations of
  /// which that isn't known.
  package func occurring(after bytes: ByteSet) -> ByteSet? {
    switch self {
    case .lowercase: bytes.lowercased
    case .cmdLine: bytes.subtracting(CommandLine.changed).union(bytes.lowercased.intersection(.lowercase)).union(.space)
    case .compressWhitespace: bytes.subtracting(.whitespace).union(.space)
    case .removeWhitespace: bytes.subtracting(.whitespace).subtracting(RemoveWhitespace.others)
    case .removeNulls: bytes.subtracting(ByteSet(1))
    case .replaceNulls: bytes.subtracting(ByteSet(1)).union(.space)
    case .trim, .trimLeft, .trimRight: bytes
    default: nil
    }
  }

  @inline(__always)
  private static func flag(_ transformation: Transformation) -> UInt64 { 1 &<< UInt64(transformation.rawValue) }

  /// 1 when a byte of this half of the table occurs, otherwise 0.
  @inline(__always)
  private static func occurs(_ word: UInt64, _ byte: UInt8) -> UInt64 { word &>> UInt64(byte) & 1 }

  @inline(__always)
  private static func isAny(_ word: UInt64) -> UInt64 { word == 0 ? 0 : 1 }

  @inline(__always)
  private static func meets(_ bytes: ByteSet, _ other: ByteSet) -> UInt64 { bytes.intersects(other) ? 1 : 0 }

  /// The bits of these transformations, or none when the condition is 1.
  @inline(__always)
  private static func bits(_ first: Transformation, unless condition: UInt64) -> UInt64 {
    flag(first) & (condition &- 1)
  }

  @inline(__always)
  private static func bits(_ first: Transformation, _ second: Transformation, unless condition: UInt64) -> UInt64 {
    (flag(first) | flag(second)) & (condition &- 1)
  }

  @inline(__always)
  private static func bits(
    _ first: Transformation, _ second: Transformation, _ third: Transformation, _ fourth: Transformation = .none,
    _ fifth: Transformation = .none, unless condition: UInt64
  ) -> UInt64 {
    (flag(first) | flag(second) | flag(third) | flag(fourth) | flag(fifth)) & (condition &- 1)
  }
}
