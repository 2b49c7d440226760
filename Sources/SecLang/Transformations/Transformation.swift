/// What rules do to a value before they compare it: the `t:` actions. The semantics are those of ModSecurity 3; where
/// its versions differ or lose a value, the file of the transformation says which behaviour this is.
package enum Transformation: UInt8, CaseIterable, Sendable {
  case base64Decode
  case base64DecodeExt
  case base64Encode
  case cmdLine
  case compressWhitespace
  case cssDecode
  case escapeSeqDecode
  case hexDecode
  case hexEncode
  case htmlEntityDecode
  case jsDecode
  case length
  case lowercase
  case md5
  case none
  case normalizePath
  case normalizePathWin
  case parityEven7bit
  case parityOdd7bit
  case parityZero7bit
  case phpArgsNames
  case removeComments
  case removeCommentsChar
  case removeNulls
  case removeWhitespace
  case replaceComments
  case replaceNulls
  case sha1
  case sqlHexDecode
  case trim
  case trimLeft
  case trimRight
  case uppercase
  case urlDecode
  case urlDecodeUni
  case urlEncode
  case utf8toUnicode

  /// Whether a value in which no other bytes than these occur is certainly left as it is. False says nothing.
  @inline(__always)
  package func leavesUnchanged(_ bytes: ByteSet) -> Bool {
    switch self {
    case .base64Decode: Base64Decode.leavesUnchanged(bytes)
    case .base64DecodeExt: Base64DecodeExt.leavesUnchanged(bytes)
    case .base64Encode: Base64Encode.leavesUnchanged(bytes)
    case .cmdLine: CommandLine.leavesUnchanged(bytes)
    case .compressWhitespace: CompressWhitespace.leavesUnchanged(bytes)
    case .cssDecode: CSSDecode.leavesUnchanged(bytes)
    case .escapeSeqDecode: EscapeSequenceDecode.leavesUnchanged(bytes)
    case .hexDecode: HexDecode.leavesUnchanged(bytes)
    case .hexEncode: HexEncode.leavesUnchanged(bytes)
    case .htmlEntityDecode: HTMLEntityDecode.leavesUnchanged(bytes)
    case .jsDecode: JavaScriptDecode.leavesUnchanged(bytes)
    case .length: Length.leavesUnchanged(bytes)
    case .lowercase: Lowercase.leavesUnchanged(bytes)
    case .md5: MD5.leavesUnchanged(bytes)
    case .none: true
    case .normalizePath: NormalizePath.leavesUnchanged(bytes)
    case .normalizePathWin: NormalizePathWin.leavesUnchanged(bytes)
    case .parityEven7bit: ParityEven7Bit.leavesUnchanged(bytes)
    case .parityOdd7bit: ParityOdd7Bit.leavesUnchanged(bytes)
    case .parityZero7bit: ParityZero7Bit.leavesUnchanged(bytes)
    case .phpArgsNames: PHPArgumentNames.leavesUnchanged(bytes)
    case .removeComments: RemoveComments.leavesUnchanged(bytes)
    case .removeCommentsChar: RemoveCommentCharacters.leavesUnchanged(bytes)
    case .removeNulls: RemoveNulls.leavesUnchanged(bytes)
    case .removeWhitespace: RemoveWhitespace.leavesUnchanged(bytes)
    case .replaceComments: ReplaceComments.leavesUnchanged(bytes)
    case .replaceNulls: ReplaceNulls.leavesUnchanged(bytes)
    case .sha1: SHA1.leavesUnchanged(bytes)
    case .sqlHexDecode: SQLHexDecode.leavesUnchanged(bytes)
    case .trim, .trimLeft, .trimRight: Trim.leavesUnchanged(bytes)
    case .uppercase: Uppercase.leavesUnchanged(bytes)
    case .urlDecode: URLDecode.leavesUnchanged(bytes)
    case .urlDecodeUni: URLDecodeUni.leavesUnchanged(bytes)
    case .urlEncode: URLEncode.leavesUnchanged(bytes)
    case .utf8toUnicode: UTF8ToUnicode.leavesUnchanged(bytes)
    }
  }

  /// Puts what becomes of `input` into `output`, whose memory is kept. False when `input` stays as it is; `output` is
  /// then left alone.
  package func apply(
    _ input: Span<UInt8>, into output: inout [UInt8], tables: borrowing TransformationTables
  ) -> Bool {
    switch self {
    case .base64Decode: Base64Decode.apply(input, into: &output)
    case .base64DecodeExt: Base64DecodeExt.apply(input, into: &output)
    case .base64Encode: Base64Encode.apply(input, into: &output)
    case .cmdLine: CommandLine.apply(input, into: &output)
    case .compressWhitespace: CompressWhitespace.apply(input, into: &output)
    case .cssDecode: CSSDecode.apply(input, into: &output)
    case .escapeSeqDecode: EscapeSequenceDecode.apply(input, into: &output)
    case .hexDecode: HexDecode.apply(input, into: &output)
    case .hexEncode: HexEncode.apply(input, into: &output)
    case .htmlEntityDecode: HTMLEntityDecode.apply(input, into: &output)
    case .jsDecode: JavaScriptDecode.apply(input, into: &output)
    case .length: Length.apply(input, into: &output)
    case .lowercase: Lowercase.apply(input, into: &output)
    case .md5: MD5.apply(input, into: &output)
    case .none: false
    case .normalizePath: NormalizePath.apply(input, into: &output)
    case .normalizePathWin: NormalizePathWin.apply(input, into: &output)
    case .parityEven7bit: ParityEven7Bit.apply(input, into: &output)
    case .parityOdd7bit: ParityOdd7Bit.apply(input, into: &output)
    case .parityZero7bit: ParityZero7Bit.apply(input, into: &output)
    case .phpArgsNames: PHPArgumentNames.apply(input, into: &output)
    case .removeComments: RemoveComments.apply(input, into: &output)
    case .removeCommentsChar: RemoveCommentCharacters.apply(input, into: &output)
    case .removeNulls: RemoveNulls.apply(input, into: &output)
    case .removeWhitespace: RemoveWhitespace.apply(input, into: &output)
    case .replaceComments: ReplaceComments.apply(input, into: &output)
    case .replaceNulls: ReplaceNulls.apply(input, into: &output)
    case .sha1: SHA1.apply(input, into: &output)
    case .sqlHexDecode: SQLHexDecode.apply(input, into: &output)
    case .trim: Trim.apply(input, into: &output, left: true, right: true)
    case .trimLeft: Trim.apply(input, into: &output, left: true, right: false)
    case .trimRight: Trim.apply(input, into: &output, left: false, right: true)
    case .uppercase: Uppercase.apply(input, into: &output)
    case .urlDecode: URLDecode.apply(input, into: &output)
    case .urlDecodeUni: URLDecodeUni.apply(input, into: &output, tables: tables)
    case .urlEncode: URLEncode.apply(input, into: &output)
    case .utf8toUnicode: UTF8ToUnicode.apply(input, into: &output)
    }
  }
}
