extension Policy {
  /// The policy as JSON (https://docs.cedarpolicy.com/policies/json-format.html), without its id. What a link has
  /// filled in stands in the scope.
  public var json: String {
    var text = ""
    writeJSON(to: &text)
    return text
  }

  fileprivate func writeJSON(to text: inout String) {
    text += "{\"effect\":\"" + effect.rawValue + "\",\"principal\":" + principal.json(slot: .principal)
    text += ",\"action\":" + action.json + ",\"resource\":" + resource.json(slot: .resource) + ",\"conditions\":["
    for (index, condition) in conditions.enumerated() {
      text += (index > 0 ? "," : "") + "{\"kind\":\"" + condition.kind.rawValue + "\",\"body\":"
      condition.body.writeJSON(to: &text)
      text += "}"
    }
    text += "]"
    if !annotations.isEmpty {
      let members = annotations.map { quoted($0.key) + ":" + ($0.value.map(quoted) ?? "null") }
      text += ",\"annotations\":{" + members.joined(separator: ",") + "}"
    }
    text += "}"
  }
}

extension PolicySet {
  /// The set as JSON: `staticPolicies` and `templates` by their ids, and `templateLinks`
  /// (https://docs.cedarpolicy.com/policies/json-format.html).
  public func json() -> String {
    var text = "{\"staticPolicies\":{"
    PolicySet.write(policies.lazy.filter { $0.template == nil }, to: &text)
    text += "},\"templates\":{"
    PolicySet.write(templates, to: &text)
    text += "},\"templateLinks\":["
    for (index, link) in links.enumerated() {
      text += (index > 0 ? "," : "") + "{\"templateId\":" + quoted(link.template.text)
      text += ",\"newId\":" + quoted(link.id.text) + ",\"values\":{"
      let values = Slot.allCases.compactMap { slot in
        link.values[slot].map { quoted(slot.rawValue) + ":" + $0.json }
      }
      text += values.joined(separator: ",") + "}}"
    }
    return text + "]}"
  }

  private static func write(_ policies: some Sequence<Policy>, to text: inout String) {
    for (index, policy) in policies.enumerated() {
      text += (index > 0 ? "," : "") + quoted(policy.id.text) + ":"
      policy.writeJSON(to: &text)
    }
  }
}

private func quoted(_ text: String) -> String {
  var json = ""
  JSONNode.writeString(text, to: &json)
  return json
}

extension EntityUID {
  /// `{"type":…,"id":…}`
  fileprivate var json: String { "{\"type\":" + quoted(type.text) + ",\"id\":" + quoted(id) + "}" }
}

extension EntityReference {
  /// Members of an object.
  fileprivate func json(slot: Slot) -> String {
    switch self {
    case .entity(let uid): "\"entity\":" + uid.json
    case .slot: "\"slot\":\"" + slot.rawValue + "\""
    }
  }
}

extension EntityConstraint {
  fileprivate func json(slot: Slot) -> String {
    switch self {
    case .any: "{\"op\":\"All\"}"
    case .equal(let reference): "{\"op\":\"==\"," + reference.json(slot: slot) + "}"
    case .in(let reference): "{\"op\":\"in\"," + reference.json(slot: slot) + "}"
    case .isType(let type): "{\"op\":\"is\",\"entity_type\":" + quoted(type.text) + "}"
    case .isTypeIn(let type, let reference):
      "{\"op\":\"is\",\"entity_type\":" + quoted(type.text) + ",\"in\":{" + reference.json(slot: slot) + "}}"
    }
  }
}

extension ActionConstraint {
  fileprivate var json: String {
    switch self {
    case .any: "{\"op\":\"All\"}"
    case .equal(let uid): "{\"op\":\"==\",\"entity\":" + uid.json + "}"
    case .in(let uid): "{\"op\":\"in\",\"entity\":" + uid.json + "}"
    case .inAny(let uids): "{\"op\":\"in\",\"entities\":[" + uids.map(\.json).joined(separator: ",") + "]}"
    }
  }
}

extension Expression {
  /// The expression as JSON, as it stands in the body of a condition.
  package var json: String {
    var text = ""
    writeJSON(to: &text)
    return text
  }

  fileprivate func writeJSON(to text: inout String) {
    switch kind {
    case .bool(let value): text += "{\"Value\":\(value)}"
    case .long(let value): text += "{\"Value\":\(value)}"
    case .string(let value): text += "{\"Value\":" + quoted(value) + "}"
    case .entity(let uid): text += "{\"Value\":{\"__entity\":" + uid.json + "}}"
    case .variable(let variable): text += "{\"Var\":\"" + variable.rawValue + "\"}"
    case .slot(let slot): text += "{\"Slot\":\"" + slot.rawValue + "\"}"
    case .conditional(let condition, let then, let otherwise):
      Expression.write("if-then-else", ["if": condition, "then": then, "else": otherwise], to: &text)
    case .and(let operands): Expression.write(operands, joinedBy: "&&", missing: true, to: &text)
    case .or(let operands): Expression.write(operands, joinedBy: "||", missing: false, to: &text)
    case .not(let operand): Expression.write("!", ["arg": operand], to: &text)
    case .negate(let operand): Expression.write("neg", ["arg": operand], to: &text)
    case .binary(let operation, let left, let right):
      Expression.write(operation.rawValue, ["left": left, "right": right], to: &text)
    case .isEmpty(let operand): Expression.write("isEmpty", ["arg": operand], to: &text)
    case .attribute(let base, let name): Expression.write(".", ["left": base], "attr", quoted(name), to: &text)
    case .has(let base, let names): Expression.writeHas(base, names, to: &text)
    case .like(let base, let pattern): Expression.write("like", ["left": base], "pattern", pattern.json, to: &text)
    case .isType(let base, let type, let ancestor):
      text += "{\"is\":{\"left\":"
      base.writeJSON(to: &text)
      text += ",\"entity_type\":" + quoted(type.text)
      if let ancestor {
        text += ",\"in\":"
        ancestor.writeJSON(to: &text)
      }
      text += "}}"
    case .set(let elements): Expression.write("Set", elements, to: &text)
    case .record(let elements):
      text += "{\"Record\":{"
      for (index, element) in elements.enumerated() {
        text += (index > 0 ? "," : "") + quoted(element.key) + ":"
        element.value.writeJSON(to: &text)
      }
      text += "}}"
    case .call(let function, let arguments): Expression.write(function.rawValue, arguments, to: &text)
    }
  }

  private static func write(_ name: String, _ elements: [Expression], to text: inout String) {
    text += "{\"" + name + "\":["
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      element.writeJSON(to: &text)
    }
    text += "]}"
  }

  private static func write(
    _ name: String, _ operands: KeyValuePairs<String, Expression>, _ key: String? = nil, _ value: String = "",
    to text: inout String
  ) {
    text += "{\"" + name + "\":{"
    for (index, operand) in operands.enumerated() {
      text += (index > 0 ? "," : "") + "\"" + operand.key + "\":"
      operand.value.writeJSON(to: &text)
    }
    if let key { text += ",\"" + key + "\":" + value }
    text += "}}"
  }

  /// The first two operands innermost.
  /// - Parameter missing: what stands for operands where there are less than two.
  private static func write(
    _ operands: [Expression], joinedBy name: String, missing: Bool, to text: inout String
  ) {
    let count = max(operands.count, 2)
    for _ in 1..<count { text += "{\"" + name + "\":{\"left\":" }
    for index in 0..<count {
      if index > 0 { text += ",\"right\":" }
      if index < operands.count { operands[index].writeJSON(to: &text) } else { text += "{\"Value\":\(missing)}" }
      if index > 0 { text += "}}" }
    }
  }

  /// How many times over what is innermost may be written for the sake of `has` with several names.
  private static let expansionLimit = 32

  /// Several names as what they stand for, which has the base once for each; as a list where that would grow too long.
  private static func writeHas(_ base: Expression, _ names: [String], to text: inout String) {
    if names.count == 1 {
      write("has", ["left": base], "attr", quoted(names[0]), to: &text)
    } else if expands(base, names) {
      write(hasChain(base, names, at: .none), joinedBy: "&&", missing: true, to: &text)
    } else {
      write("has", ["left": base], "attr", "[" + names.map(quoted).joined(separator: ",") + "]", to: &text)
    }
  }

  private var expansion: Int {
    let inner = operands.lazy.map(\.expansion).max() ?? 1
    guard case .has(_, let names) = kind, names.count * inner <= Expression.expansionLimit else { return inner }
    return names.count * inner
  }

  private static func expands(_ base: Expression, _ names: [String]) -> Bool {
    names.count > 1 && names.count * base.expansion <= expansionLimit
  }

  /// What its JSON form reads back as: `has` with several names stands as what it stands for.
  package var expandingHas: Expression {
    let expanded = withOperands(operands.map(\.expandingHas))
    switch (kind, expanded.kind) {
    case (.has(let base, let names), .has(let expandedBase, _)) where Expression.expands(base, names):
      return Expression(.and(Expression.hasChain(expandedBase, names, at: position)), at: position)
    case (_, .and(let operands)):
      guard let first = operands.first, case .and(let inner) = first.kind else { return expanded }
      return Expression(.and(inner + operands.dropFirst()), at: position)
    default: return expanded
    }
  }
}

extension Pattern {
  fileprivate var json: String {
    let elements = self.elements.map { element in
      switch element {
      case .wildcard: "\"Wildcard\""
      case .scalar(let scalar): "{\"Literal\":" + quoted(String(scalar)) + "}"
      }
    }
    return "[" + elements.joined(separator: ",") + "]"
  }
}
