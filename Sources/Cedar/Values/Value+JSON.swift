extension Value {
  /// Reads a value as it stands in entities and contexts: `__entity` and `__extn` say what JSON has no form for.
  /// - Throws: the first error, with its place.
  public init(json bytes: [UInt8]) throws(SyntaxError) {
    self = try ValueReader().value(try JSONReader.read(bytes))
  }

  /// The JSON that reads back to an equal value. Elements of sets and fields of records are in an order that follows
  /// from the value alone.
  /// - Throws: when a record has a key that JSON keeps for what it has no form for, such as `__entity`, and when values
  ///   are nested deeper than `CedarLimits.jsonDepth`.
  public func json() throws(SyntaxError) -> String { try jsonForm(depth: 0).text }

  /// Keys that mean something else in JSON.
  private static let reservedKeys = ["__entity", "__extn", "__expr"]

  /// - Parameter depth: of how many arrays and objects it will be a part.
  func jsonNode(depth: Int) throws(SyntaxError) -> JSONNode { try jsonForm(depth: depth).node }

  /// The JSON and its text, which says where it comes in a set.
  private func jsonForm(depth: Int) throws(SyntaxError) -> (node: JSONNode, text: String) {
    guard depth + jsonLevels <= CedarLimits.jsonDepth else {
      throw SyntaxError("the value is nested deeper than \(CedarLimits.jsonDepth) levels", at: .none)
    }
    let node: JSONNode
    switch self {
    case .bool(let value): node = JSONNode(.bool(value))
    case .long(let value): node = JSONNode(.integer(value))
    case .string(let text): node = JSONNode(.string(text))
    case .entity(let uid): node = JSONNode(.object([JSONMember(key: "__entity", value: uid.jsonNode)]))
    case .set(let elements):
      var forms: [(node: JSONNode, text: String)] = []
      for element in elements { forms.append(try element.jsonForm(depth: depth + 1)) }
      forms.sort { $0.text.isOrdered(before: $1.text) }
      return (JSONNode(.array(forms.map(\.node))), "[" + forms.map(\.text).joined(separator: ",") + "]")
    case .record(let fields):
      if let key = Value.reservedKeys.first(where: { fields[$0] != nil }) {
        throw SyntaxError("a record with the key `\(key)` has no form in JSON", at: .none)
      }
      return try Value.jsonForm(fields, depth: depth)
    case .decimal, .ip, .datetime, .duration: node = call?.jsonNode ?? JSONNode(.null)
    }
    return (node, node.text())
  }

  /// Levels of JSON values that it is at least.
  private var jsonLevels: Int {
    if case .entity = self { return 3 }
    return call?.jsonLevels ?? 1
  }

  static func jsonNode(_ fields: [String: Value], depth: Int) throws(SyntaxError) -> JSONNode {
    try jsonForm(fields, depth: depth).node
  }

  private static func jsonForm(
    _ fields: [String: Value], depth: Int
  ) throws(SyntaxError) -> (node: JSONNode, text: String) {
    var members: [JSONMember] = []
    var texts: [String] = []
    for (key, value) in fields.sorted(by: { $0.key.isOrdered(before: $1.key) }) {
      let form = try value.jsonForm(depth: depth + 1)
      members.append(JSONMember(key: key, value: form.node))
      texts.append(JSONNode(.string(key)).text() + ":" + form.text)
    }
    return (JSONNode(.object(members)), "{" + texts.joined(separator: ",") + "}")
  }
}

extension EntityUID {
  /// `{"type": …, "id": …}`.
  var jsonNode: JSONNode {
    JSONNode(
      .object([
        JSONMember(key: "type", value: JSONNode(.string(type.text))),
        JSONMember(key: "id", value: JSONNode(.string(id))),
      ]))
  }
}

extension ExtensionCall {
  /// Levels of JSON values.
  var jsonLevels: Int {
    switch self {
    case .constructor: 3
    case .sinceEpoch: 6
    }
  }

  /// Under `__extn`.
  var jsonNode: JSONNode {
    switch self {
    case .constructor(let function, let text):
      ExtensionCall.jsonNode(function, "arg", JSONNode(.string(text)))
    case .sinceEpoch(let duration):
      ExtensionCall.jsonNode(
        .offset, "args",
        JSONNode(
          .array([
            ExtensionCall.constructor(.datetime, ExtensionCall.epoch).jsonNode,
            ExtensionCall.constructor(.duration, duration.description).jsonNode,
          ])))
    }
  }

  private static func jsonNode(_ function: ExtensionFunction, _ key: String, _ argument: JSONNode) -> JSONNode {
    let call = [
      JSONMember(key: "fn", value: JSONNode(.string(function.rawValue))), JSONMember(key: key, value: argument),
    ]
    return JSONNode(.object([JSONMember(key: "__extn", value: JSONNode(.object(call)))]))
  }
}
