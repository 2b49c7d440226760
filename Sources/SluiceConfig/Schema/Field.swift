/// One key of a map: what it is called and means, and where its value lives in the model.
package struct Field<Root: Sendable>: Sendable {
  var shape: FieldShape
  var decode: @Sendable (YAMLNode, inout Root, DecodingContext) -> Void
  var encode: @Sendable (Root) -> JSONValue?

  /// A key whose value always exists.
  package init<Value>(
    _ key: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ type: ValueType<Value>,
    required: Bool = false, _ summary: String
  ) {
    self.init(key, type, required: required, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 }, summary)
  }

  /// A key that may be left out; `absence` says what that means.
  package init<Value>(
    _ key: String, _ path: any WritableKeyPath<Root, Value?> & Sendable, optional type: ValueType<Value>,
    absence: String, _ summary: String
  ) {
    self.init(key, type, get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 }, absence: absence, summary)
  }

  /// A key whose value is computed from the model.
  package init<Value>(
    _ key: String, _ type: ValueType<Value>, required: Bool = false,
    get: @escaping @Sendable (Root) -> Value?, set: @escaping @Sendable (inout Root, Value) -> Void,
    absence: String? = nil, _ summary: String
  ) {
    shape = FieldShape(key: key, summary: summary, shape: type.shape, isRequired: required, absence: absence)
    decode = { node, root, context in
      if let value = type.decode(node, context) { set(&root, value) }
    }
    encode = { get($0).map(type.encode) }
  }

  /// Keys that are grouped in the file but live in the model beside the others.
  package init(_ key: String, group schema: ObjectSchema<Root>, _ summary: String) {
    shape = FieldShape(key: key, summary: summary, shape: .object(schema.shape), isRequired: false)
    decode = { node, root, context in _ = schema.decode(node, into: &root, context) }
    encode = { schema.encode($0) }
  }
}
