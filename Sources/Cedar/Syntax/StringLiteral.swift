/// Strings as they stand in policies and schemas.
enum StringLiteral {
  /// The text with quotes and escapes.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars { append(scalar, to: &result) }
    return result + "\""
  }

  static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    switch scalar {
    case "\"": text += "\\\""
    case "\\": text += "\\\\"
    case "\n": text += "\\n"
    case "\r": text += "\\r"
    case "\t": text += "\\t"
    case "\0": text += "\\0"
    default:
      // What can't be seen, or changes how its neighbours are seen.
      if scalar.properties.generalCategory.isHidden {
        text += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  /// What the text of a string token stands for.
  /// - Parameter range: the token, with its quotes.
  static func decode(_ range: Range<Int>, in source: SourceText) throws(SyntaxError) -> String {
    var text = ""
    try unescape(range, in: source, allowsStar: false) { scalar, _ in text.unicodeScalars.append(scalar) }
    return text
  }

  /// Calls `body` with each scalar and whether it was written `\*`.
  /// - Parameter allowsStar: whether `\*` may stand for `*`, as in patterns of `like`.
  static func unescape(
    _ range: Range<Int>, in source: SourceText, allowsStar: Bool, _ body: (Unicode.Scalar, Bool) -> Void
  ) throws(SyntaxError) {
    let inside = source.text((range.lowerBound + 1)..<(range.upperBound - 1))
    var scalars = inside.unicodeScalars[...]
    while true {
      let start = scalars.startIndex
      guard let scalar = scalars.popFirst() else { return }
      guard scalar == "\\" else {
        guard scalar != "\r" else {
          throw SyntaxError(
            "the string has a carriage return", at: place(of: start, in: inside, range, source),
            hint: "write it as `\\r`")
        }
        body(scalar, false)
        continue
      }
      let isStar = scalars.first == "*"
      guard let value = escape(&scalars, allowsStar: allowsStar) else {
        let escape = String(inside.unicodeScalars[start..<scalars.startIndex])
        throw SyntaxError(
          "the string has the invalid escape `\(escape)`", at: place(of: start, in: inside, range, source),
          hint: "escapes are `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t`, `\\0`, `\\'`, `\\xHH` up to 7f and `\\u{…}`"
            + (allowsStar ? ", and `\\*`" : ""))
      }
      body(value, isStar)
    }
  }

  private static func place(
    of index: String.Index, in inside: String, _ range: Range<Int>, _ source: SourceText
  ) -> SourcePosition {
    source.position(of: range.lowerBound + 1 + inside.utf8.distance(from: inside.startIndex, to: index))
  }

  private static func escape(_ scalars: inout Substring.UnicodeScalarView, allowsStar: Bool) -> Unicode.Scalar? {
    switch scalars.popFirst() {
    case "\"": "\""
    case "'": "'"
    case "\\": "\\"
    case "n": "\n"
    case "r": "\r"
    case "t": "\t"
    case "0": "\0"
    case "*": allowsStar ? "*" : nil
    case "x": hexadecimal(&scalars, count: 2).flatMap { $0 < 0x80 ? Unicode.Scalar($0) : nil }
    case "u": braced(&scalars)
    default: nil
    }
  }

  private static func hexadecimal(_ scalars: inout Substring.UnicodeScalarView, count: Int) -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = scalars.popFirst()?.hexadecimalValue else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  /// `{…}` with one to six digits, which may have `_` between them, as in Rust.
  private static func braced(_ scalars: inout Substring.UnicodeScalarView) -> Unicode.Scalar? {
    guard scalars.popFirst() == "{" else { return nil }
    var value: UInt32 = 0
    var digits = 0
    while let scalar = scalars.popFirst() {
      if scalar == "}" { return digits > 0 ? Unicode.Scalar(value) : nil }
      if scalar == "_", digits > 0 { continue }
      guard let digit = scalar.hexadecimalValue, digits < 6 else { return nil }
      value = value << 4 | digit
      digits += 1
    }
    return nil
  }
}

extension String {
  /// The text as messages show it: only the beginning of a long one, and escapes for what can't be seen.
  var shown: String {
    let limit = 80
    var text = ""
    for scalar in unicodeScalars.prefix(limit) {
      if scalar.properties.generalCategory.isHidden {
        StringLiteral.append(scalar, to: &text)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return unicodeScalars.dropFirst(limit).isEmpty ? text : text + "…"
  }
}

extension Unicode.Scalar {
  fileprivate var hexadecimalValue: UInt32? {
    switch value {
    case 0x30...0x39: value - 0x30
    case 0x41...0x46: value - 0x41 + 10
    case 0x61...0x66: value - 0x61 + 10
    default: nil
    }
  }
}

extension Unicode.GeneralCategory {
  fileprivate var isHidden: Bool {
    switch self {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
