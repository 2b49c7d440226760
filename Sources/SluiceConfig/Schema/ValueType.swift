/// How a value is read from YAML and written back; the one description of each kind of value.
package struct ValueType<Value: Sendable>: Sendable {
  var shape: Shape
  /// Nil after reporting what is wrong.
  var decode: @Sendable (YAMLNode, DecodingContext) -> Value?
  var encode: @Sendable (Value) -> JSONValue

  init(
    _ shape: Shape, decode: @escaping @Sendable (YAMLNode, DecodingContext) -> Value?,
    encode: @escaping @Sendable (Value) -> JSONValue
  ) {
    self.shape = shape
    self.decode = decode
    self.encode = encode
  }

  /// A single value: its text is parsed after environment variables are put in.
  static func scalar(
    _ shape: Shape, parse: @escaping @Sendable (String) throws(ScalarProblem) -> Value,
    encode: @escaping @Sendable (Value) -> JSONValue
  ) -> ValueType {
    ValueType(
      shape,
      decode: { node, context in
        guard let text = context.text(node, shape.noun) else { return nil }
        do throws(ScalarProblem) {
          return try parse(text)
        } catch {
          context.error(error.message, hint: error.hint, at: node.mark)
          return nil
        }
      }, encode: encode)
  }

  static func object(_ schema: ObjectSchema<Value>) -> ValueType {
    ValueType(
      .object(schema.shape),
      decode: { node, context in
        var value = schema.make()
        return schema.decode(node, into: &value, context) ? value : nil
      }, encode: schema.encode)
  }

  /// The same value in the shape of another type.
  func map<Other>(
    _ wrap: @escaping @Sendable (Value) -> Other?, back: @escaping @Sendable (Other) -> Value
  ) -> ValueType<Other> {
    ValueType<Other>(shape, decode: { decode($0, $1).flatMap(wrap) }, encode: { encode(back($0)) })
  }

  /// A list of such values.
  func list(_ count: ClosedRange<Int> = 0...ConfigurationLimits.elements) -> ValueType<[Value]> {
    ValueType<[Value]>(
      .list(shape, count),
      decode: { node, context in
        guard case .sequence(let elements) = node.content else {
          context.error(
            "expected a list, found \(node.isNull ? "no value" : node.kind)", hint: "write `[…]`, or one `- ` a line",
            at: node.mark)
          return nil
        }
        guard count.contains(elements.count) else {
          let few = elements.count < count.lowerBound
          context.error(few ? "an empty list" : "a list of more than \(count.upperBound)", at: node.mark)
          return nil
        }
        var values: [Value] = []
        for (index, element) in elements.enumerated() {
          context.within("[\(index)]", element.mark) {
            if let value = decode(element, context) { values.append(value) }
          }
        }
        return values.count == elements.count ? values : nil
      }, encode: { .array($0.map(encode)) })
  }
}

extension Shape {
  /// What a message calls it.
  var noun: String {
    switch self {
    case .boolean: "`true` or `false`"
    case .integer(_, let words): words.isEmpty ? "a number" : "a number or \(enumerated(words))"
    case .text(let kind, _, let words): words.isEmpty ? indefinite(kind) : "\(indefinite(kind)) or \(enumerated(words))"
    case .choice(let words): words.count == 1 ? enumerated(words) : "one of \(enumerated(words))"
    case .list: "a list"
    case .map: "a map"
    case .either(let shapes): shapes.map(\.noun).joined(separator: " or ")
    case .object(let object): "a map (\(object.noun))"
    }
  }
}
