/// The transformations by their names after `t:`, in lower case: names compare without regard to case.
extension Transformation {
  private static let builtins: [String: Transformation] = [
    "base64decode": .base64Decode,
    "base64decodeext": .base64DecodeExt,
    "base64encode": .base64Encode,
    "cmdline": .cmdLine,
    "compresswhitespace": .compressWhitespace,
    "cssdecode": .cssDecode,
    "escapeseqdecode": .escapeSeqDecode,
    "hexdecode": .hexDecode,
    "hexencode": .hexEncode,
    "htmlentitydecode": .htmlEntityDecode,
    "jsdecode": .jsDecode,
    "length": .length,
    "lowercase": .lowercase,
    "md5": .md5,
    "none": .none,
    "normalisepath": .normalizePath,
    "normalisepathwin": .normalizePathWin,
    "normalizepath": .normalizePath,
    "normalizepathwin": .normalizePathWin,
    "parityeven7bit": .parityEven7bit,
    "parityodd7bit": .parityOdd7bit,
    "parityzero7bit": .parityZero7bit,
    "phpargsnames": .phpArgsNames,
    "removecomments": .removeComments,
    "removecommentschar": .removeCommentsChar,
    "removenulls": .removeNulls,
    "removewhitespace": .removeWhitespace,
    "replacecomments": .replaceComments,
    "replacenulls": .replaceNulls,
    "sha1": .sha1,
    "sqlhexdecode": .sqlHexDecode,
    "trim": .trim,
    "trimleft": .trimLeft,
    "trimright": .trimRight,
    "uppercase": .uppercase,
    "urldecode": .urlDecode,
    "urldecodeuni": .urlDecodeUni,
    "urlencode": .urlEncode,
    "utf8tounicode": .utf8toUnicode,
  ]

  /// The transformation of this name; nil when there is none.
  package init?(name: String) {
    guard let known = Self.builtins[name.lowercased()] else { return nil }
    self = known
  }

  /// All names, in lower case and in order.
  package static var names: [String] { builtins.keys.sorted() }
}
