/// A map with known keys: the one description that decoding, rendering, the JSON Schema and the reference come from.
package struct ObjectSchema<Root: Sendable>: Sendable {
  package let shape: ObjectShape
  let make: @Sendable () -> Root
  private let fields: [Field<Root>]
  private let unavailable: Set<String>
  private let check: (@Sendable (Root, DecodingContext) -> Void)?

  /// - Parameters:
  ///   - noun: What one is called: `listener`.
  ///   - exactlyOne: Keys of which one and only one must stand.
  ///   - atLeastOne: Keys of which one or more must stand.
  ///   - unavailable: Keys that are known but not available in this version.
  ///   - check: What must hold between the keys; runs when each alone is well.
  package init(
    _ noun: String, _ summary: String, make: @escaping @Sendable () -> Root, fields: [Field<Root>],
    exactlyOne: [String] = [], atLeastOne: [String] = [], unavailable: [String] = [],
    check: (@Sendable (Root, DecodingContext) -> Void)? = nil
  ) {
    let empty = make()
    let described = fields.map { field in
      var shape = field.shape
      if !shape.isRequired, shape.absence == nil { shape.standard = field.encode(empty) }
      return shape
    }
    shape = ObjectShape(
      noun: noun, summary: summary, fields: described, exactlyOne: exactlyOne, atLeastOne: atLeastOne)
    self.make = make
    self.fields = fields
    self.unavailable = Set(unavailable)
    self.check = check
  }

  /// Reads a map into `root`; false when it isn't one. What is wrong in it is reported.
  package func decode(_ node: YAMLNode, into root: inout Root, _ context: DecodingContext) -> Bool {
    guard case .mapping(let pairs) = node.content else {
      context.error(
        "expected a map for \(indefinite(shape.noun)), found \(node.isNull ? "no value" : node.kind)",
        hint: "write `\(shape.fields.first?.key ?? "key"): …`", at: node.mark)
      return false
    }
    var given: [YAMLPair] = []
    for pair in pairs {
      guard let field = fields.first(where: { $0.shape.key == pair.key }) else {
        reportUnknown(pair, context)
        continue
      }
      given.append(pair)
      root = context.within(pair.key, pair.value.mark) {
        var value = root
        field.decode(pair.value, &value, context)
        return value
      }
    }
    reportMissing(given, hasUnknown: given.count < pairs.count, node, context)
    if let check, context.issues.isClean(context.path) { check(root, context) }
    return true
  }

  /// All keys and their values, in order; keys without a value are left out.
  @Sendable package func encode(_ root: Root) -> JSONValue {
    .object(fields.compactMap { field in field.encode(root).map { JSONValue.Member(key: field.shape.key, value: $0) } })
  }

  private func reportUnknown(_ pair: YAMLPair, _ context: DecodingContext) {
    let known = fields.map(\.shape.key)
    if unavailable.contains(pair.key) {
      return context.error("\(quoted(pair.key)) is not available in this version", at: pair.keyMark)
    }
    let hint = context.issues.isFull ? nil : nearest(pair.key, in: known).map { "did you mean `\($0)`?" }
    context.error(
      "unknown key \(quoted(pair.key))",
      hint: hint ?? (known.count <= 16 ? "\(indefinite(shape.noun)) has \(enumerated(known, "and"))" : nil),
      at: pair.keyMark)
  }

  private func reportMissing(
    _ given: [YAMLPair], hasUnknown: Bool, _ node: YAMLNode, _ context: DecodingContext
  ) {
    for field in fields where field.shape.isRequired && !given.contains(where: { $0.key == field.shape.key }) {
      context.error(
        "\(indefinite(shape.noun)) needs `\(field.shape.key)`", hint: field.shape.summary.firstSentence, at: node.mark)
    }
    let chosen = given.filter { shape.exactlyOne.contains($0.key) }
    if let first = chosen.first, chosen.count > 1 {
      for other in chosen.dropFirst() {
        context.error(
          "`\(other.key)` can't stand beside `\(first.key)`",
          hint: "\(indefinite(shape.noun)) has exactly one of \(enumerated(shape.exactlyOne))", at: other.keyMark)
      }
    }
    let lacking = !shape.exactlyOne.isEmpty && chosen.isEmpty ? shape.exactlyOne : shape.atLeastOne
    if !lacking.isEmpty, !hasUnknown, !given.contains(where: { lacking.contains($0.key) }) {
      context.error("\(indefinite(shape.noun)) needs one of \(enumerated(lacking))", at: node.mark)
    }
  }
}

extension String {
  /// Its first sentence as a hint has it: without the full stop, beginning in lower case unless it is an abbreviation.
  fileprivate var firstSentence: String {
    var sentence = self
    if let end = firstRange(of: ". ") { sentence = String(self[..<end]) }
    if sentence.hasSuffix(".") { sentence.removeLast() }
    return sentence.prefix(1).lowercased() + sentence.dropFirst()
  }

  private func firstRange(of separator: String) -> Index? {
    indices.first { self[$0...].hasPrefix(separator) }
  }
}
