package import SluiceModel

extension ValueType where Value == Bool {
  static var boolean: ValueType {
    .scalar(
      .boolean,
      parse: { text throws(ScalarProblem) in
        switch text {
        case "true": return true
        case "false": return false
        default: throw ScalarProblem("\(quoted(text)) is neither `true` nor `false`")
        }
      }, encode: { .boolean($0) })
  }
}

extension ValueType where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> ValueType {
    .scalar(
      .integer(range, words: []), parse: { text throws(ScalarProblem) in try Integers.parse(text, range) },
      encode: { .integer($0) })
  }

  /// A number, or a word that stands for a value of its own.
  static func integer(_ range: ClosedRange<Int>, or word: String, meaning special: Int) -> ValueType {
    .scalar(
      .integer(range, words: [word]),
      parse: { text throws(ScalarProblem) in text == word ? special : try Integers.parse(text, range) },
      encode: { $0 == special ? .string(word) : .integer($0) })
  }

  /// Bytes.
  static func size(_ range: ClosedRange<Int>) -> ValueType {
    .scalar(
      .text("size", pattern: Size.pattern, words: []),
      parse: { text throws(ScalarProblem) in try Size.parse(text, range) }, encode: { .string(Size.text($0)) })
  }

  /// Bytes, or `unlimited`, which is `Int.max`.
  static func sizeOrUnlimited(_ range: ClosedRange<Int>) -> ValueType {
    .scalar(
      .text("size", pattern: Size.pattern, words: ["unlimited"]),
      parse: { text throws(ScalarProblem) in text == "unlimited" ? .max : try Size.parse(text, range) },
      encode: { .string($0 == .max ? "unlimited" : Size.text($0)) })
  }

  /// Bytes per second, or `off`, which is 0.
  static func rate(_ range: ClosedRange<Int>) -> ValueType {
    .scalar(
      .text("rate", pattern: Size.ratePattern, words: ["off"]),
      parse: { text throws(ScalarProblem) in text == "off" ? 0 : try Size.parseRate(text, range) },
      encode: { .string($0 == 0 ? "off" : Size.text($0) + "/s") })
  }
}

extension ValueType where Value == Duration {
  /// A span between two others, which are written as in the file: `100ms`, `1h`.
  static func duration(_ least: Duration, _ most: Duration) -> ValueType {
    let range = TimeSpan.milliseconds(least)...max(TimeSpan.milliseconds(least), TimeSpan.milliseconds(most))
    return .scalar(
      .text("duration", pattern: TimeSpan.pattern, words: []),
      parse: { text throws(ScalarProblem) in .milliseconds(try TimeSpan.parse(text, range)) },
      encode: { .string(TimeSpan.text(TimeSpan.milliseconds($0))) })
  }
}

extension Duration {
  static func minutes(_ count: Int) -> Duration { .seconds(count * 60) }
  static func hours(_ count: Int) -> Duration { .seconds(count * 3_600) }
  static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}

extension ValueType where Value == String {
  /// Text that is checked by `parse`.
  static func text(
    _ kind: String, pattern: String? = nil, _ parse: @escaping @Sendable (String) throws(ScalarProblem) -> String
  ) -> ValueType {
    .scalar(.text(kind, pattern: pattern, words: []), parse: parse, encode: { .string(Expansion.escape($0)) })
  }

  /// What names a listener, pool, route, asset or zone.
  static var name: ValueType {
    .text("name", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$") { text throws(ScalarProblem) in
      let bytes = text.utf8
      guard let first = bytes.first, first.isASCIILetterOrDigit, bytes.count <= 63,
        bytes.allSatisfy({ $0.isASCIILetterOrDigit || "._-".utf8.contains($0) })
      else {
        throw ScalarProblem(
          "\(quoted(text)) is no name",
          hint: "use up to 63 letters, digits, `.`, `_` and `-`, with a letter or digit first")
      }
      return text
    }
  }

  /// A path of a file or folder, as it is.
  static var filePath: ValueType {
    .text("file path") { text throws(ScalarProblem) in
      guard !text.isEmpty, text.utf8.count <= 4_095, !text.utf8.contains(0) else {
        throw ScalarProblem("\(quoted(text)) is no file path")
      }
      return text
    }
  }

  /// Text, or the text of a file when it is written `file:PATH`.
  static func content(_ limit: Int) -> ValueType {
    ValueType(
      .text("text", pattern: nil, words: []),
      decode: { node, context in
        guard let text = context.text(node, "a text") else { return nil }
        let result = text.hasPrefix("file:") ? context.fileText(String(text.dropFirst(5)), at: node.mark) : text
        guard let result, result.utf8.count <= limit else {
          if result != nil { context.error("a text of more than \(Size.text(limit))", at: node.mark) }
          return nil
        }
        return result
      }, encode: { .string(Expansion.escape($0)) })
  }
}

extension ValueType where Value == FilePattern {
  /// A path or a glob, relative to the file that it stands in.
  static var filePattern: ValueType {
    let text = ValueType<String>.filePath
    return ValueType(
      text.shape,
      decode: { node, context in
        guard let pattern = text.decode(node, context) else { return nil }
        return FilePattern(pattern, path: context.resolve(pattern, at: node.mark))
      }, encode: { text.encode($0.text) })
  }
}

extension ValueType where Value == Secret {
  /// A value that is never shown: from the environment, or from the file that `file:PATH` names.
  package static var secret: ValueType<Secret> {
    ValueType<String>.content(64 << 10).map({ Secret($0) }, back: { $0.reveal() }).hidden
  }

  private var hidden: ValueType {
    ValueType(shape, decode: decode, encode: { .secret($0.reveal()) })
  }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the words of an enumeration; `unavailable` are known words that this version can't do yet.
  static func choice(_ cases: [Value] = Array(Value.allCases), unavailable: [String] = []) -> ValueType {
    let words = cases.map(\.rawValue)
    return .scalar(
      .choice(words),
      parse: { text throws(ScalarProblem) in
        if let value = Value(rawValue: text), words.contains(text) { return value }
        let known = "write \(words.count > 1 ? "one of " : "")\(enumerated(words))"
        guard !unavailable.contains(text) else {
          throw ScalarProblem("\(quoted(text)) is not available in this version", hint: known)
        }
        throw ScalarProblem(
          "unknown value \(quoted(text))", hint: nearest(text, in: words).map { "did you mean `\($0)`?" } ?? known)
      }, encode: { .string($0.rawValue) })
  }
}

extension ValueType where Value == BindAddress {
  /// An address to listen on; port 0 lets the system choose.
  static var bindAddress: ValueType { address(0...65_535) }
  /// An address to connect to.
  static var endpointAddress: ValueType { address(1...65_535) }

  private static func address(_ ports: ClosedRange<Int>) -> ValueType {
    .scalar(
      .text("address", pattern: "^(unix:.+|.+:[0-9]{1,5})$", words: []),
      parse: { text throws(ScalarProblem) in try Addresses.parse(text, ports: ports) },
      encode: { .string(Expansion.escape($0.description)) })
  }
}

extension ValueType where Value == AddressRange {
  static var addressRange: ValueType {
    .scalar(
      .text("address block", pattern: nil, words: []),
      parse: { text throws(ScalarProblem) in try Addresses.range(text) }, encode: { .string($0.description) })
  }
}

extension ValueType where Value == ClosedRange<Int> {
  static func range(_ bounds: ClosedRange<Int>) -> ValueType {
    .scalar(
      .either([.integer(bounds, words: []), .text("range", pattern: Integers.rangePattern, words: [])]),
      parse: { text throws(ScalarProblem) in try Integers.parseRange(text, bounds) }, encode: Integers.text)
  }
}

extension ValueType where Value == [ClosedRange<Int>] {
  /// A number, a range such as `100-119`, or a list of both.
  static func ranges(_ bounds: ClosedRange<Int>) -> ValueType {
    let one = ValueType<ClosedRange<Int>>.range(bounds)
    let many = one.list(1...1_000)
    return ValueType(
      .either([one.shape, many.shape]),
      decode: { node, context in
        if case .sequence = node.content { return many.decode(node, context) }
        return one.decode(node, context).map { [$0] }
      }, encode: { many.encode($0) })
  }
}
