extension Policy {
  /// Reads a policy or a template from JSON (https://docs.cedarpolicy.com/policies/json-format.html).
  /// - Throws: what is wrong, with its place in the JSON text.
  public init(json: [UInt8], id: PolicyID) throws(SyntaxError) {
    self = try PolicyJSON.policy(try PolicyJSON.node(json), id: id)
  }
}

extension PolicySet {
  /// Reads a set from JSON: `staticPolicies` and `templates` by their ids, and `templateLinks`
  /// (https://docs.cedarpolicy.com/policies/json-format.html).
  /// - Throws: what is wrong, with its place in the JSON text.
  public init(json: [UInt8]) throws(SyntaxError) {
    self.init()
    let set = try PolicyJSON.node(json)
    try PolicyJSON.checkKeys(of: set, "a set of policies", ["staticPolicies", "templates", "templateLinks"])
    for member in try PolicyJSON.member("templates", of: set).members(of: "`templates`") {
      let template = try PolicyJSON.policy(member.value, id: PolicyID(member.key))
      do { try add(template: template) } catch { throw SyntaxError(error.description, at: member.position) }
    }
    for member in try PolicyJSON.member("staticPolicies", of: set).members(of: "`staticPolicies`") {
      let policy = try PolicyJSON.policy(member.value, id: PolicyID(member.key))
      guard !policy.isTemplate else {
        throw SyntaxError(
          "the policy `\(member.key.shown)` has a slot", at: member.position, hint: "it belongs to `templates`")
      }
      do { try add(policy) } catch { throw SyntaxError(error.description, at: member.position) }
    }
    for node in try PolicyJSON.member("templateLinks", of: set).elements(of: "`templateLinks`") {
      let link = try PolicyJSON.link(node)
      do { try self.link(link) } catch { throw SyntaxError(error.description, at: node.position) }
    }
  }
}

/// Policies from JSON values.
enum PolicyJSON {
  static func node(_ json: [UInt8]) throws(SyntaxError) -> JSONNode {
    try JSONReader.read(json, depth: CedarLimits.policyJSONDepth)
  }

  static func policy(_ node: JSONNode, id: PolicyID) throws(SyntaxError) -> Policy {
    try checkKeys(
      of: node, "a policy", ["effect", "principal", "action", "resource", "conditions"], optional: ["annotations"])
    let effectNode = try member("effect", of: node)
    guard let effect = Effect(rawValue: try effectNode.string(of: "`effect`")) else {
      throw SyntaxError("unknown effect", at: effectNode.position, hint: "expected `permit` or `forbid`")
    }
    var conditions: [Condition] = []
    for node in try member("conditions", of: node).elements(of: "`conditions`") {
      conditions.append(try condition(node))
    }
    return Policy(
      id: id, annotations: try annotations(node), effect: effect,
      principal: try entityConstraint(try member("principal", of: node), slot: .principal),
      action: try actionConstraint(try member("action", of: node)),
      resource: try entityConstraint(try member("resource", of: node), slot: .resource),
      conditions: conditions, position: node.position)
  }

  static func link(_ node: JSONNode) throws(SyntaxError) -> TemplateLink {
    try checkKeys(of: node, "a link", ["templateId", "newId", "values"])
    var values: [Slot: EntityUID] = [:]
    for member in try member("values", of: node).members(of: "`values`") {
      guard let slot = Slot(rawValue: member.key) else {
        throw SyntaxError("`\(member.key.shown)` is no slot", at: member.position, hint: slotHint)
      }
      values[slot] = try entity(member.value)
    }
    return TemplateLink(
      template: PolicyID(try member("templateId", of: node).string(of: "`templateId`")),
      id: PolicyID(try member("newId", of: node).string(of: "`newId`")), values: values)
  }

  private static let slotHint = "expected `?principal` or `?resource`"

  private static func annotations(_ node: JSONNode) throws(SyntaxError) -> [Annotation] {
    guard let node = node["annotations"] else { return [] }
    var annotations: [Annotation] = []
    for member in try node.members(of: "`annotations`") {
      guard Name.isIdentifier(member.key) else {
        throw SyntaxError("`\(member.key.shown)` is no name for an annotation", at: member.position)
      }
      let value: String? = member.value.kind == .null ? nil : try member.value.string(of: "an annotation's value")
      annotations.append(Annotation(key: member.key, value: value))
    }
    return annotations
  }

  private static func condition(_ node: JSONNode) throws(SyntaxError) -> Condition {
    try checkKeys(of: node, "a condition", ["kind", "body"])
    let kindNode = try member("kind", of: node)
    guard let kind = Condition.Kind(rawValue: try kindNode.string(of: "`kind`")) else {
      throw SyntaxError("unknown kind of a condition", at: kindNode.position, hint: "expected `when` or `unless`")
    }
    return Condition(kind, try expression(try member("body", of: node)).expression, at: node.position)
  }

  private static func entityConstraint(_ node: JSONNode, slot: Slot) throws(SyntaxError) -> EntityConstraint {
    let operation = try member("op", of: node)
    switch try operation.string(of: "`op`") {
    case "All", "all": return .any
    case "==": return .equal(try entityReference(node, slot: slot))
    case "in": return .in(try entityReference(node, slot: slot))
    case "is":
      try checkKeys(of: node, "a scope with `is`", ["op", "entity_type"], optional: ["in"])
      let type = try typeName(try member("entity_type", of: node))
      guard let ancestor = node["in"], ancestor.kind != .null else { return .isType(type) }
      return .isTypeIn(type, try entityReference(ancestor, slot: slot))
    default: throw SyntaxError("unknown `op`", at: operation.position, hint: "expected `All`, `==`, `in` or `is`")
    }
  }

  private static func entityReference(_ node: JSONNode, slot: Slot) throws(SyntaxError) -> EntityReference {
    if let entity = node["entity"] { return .entity(try self.entity(entity)) }
    let name = try member("slot", of: node)
    guard try name.string(of: "`slot`") == slot.rawValue else {
      throw SyntaxError("the slot can't stand here", at: name.position, hint: "expected `\(slot.rawValue)`")
    }
    return .slot
  }

  private static func actionConstraint(_ node: JSONNode) throws(SyntaxError) -> ActionConstraint {
    let operation = try member("op", of: node)
    switch try operation.string(of: "`op`") {
    case "All", "all": return .any
    case "==": return .equal(try action(try member("entity", of: node)))
    case "in":
      if let entity = node["entity"] { return .in(try action(entity)) }
      var actions: [EntityUID] = []
      for element in try member("entities", of: node).elements(of: "`entities`") {
        actions.append(try action(element))
      }
      guard actions.count == 1, let action = actions.first else { return .inAny(actions) }
      return .in(action)
    default: throw SyntaxError("unknown `op`", at: operation.position, hint: "expected `All`, `==` or `in`")
    }
  }

  private static func action(_ node: JSONNode) throws(SyntaxError) -> EntityUID {
    let uid = try entity(node)
    guard uid.type.basename == "Action" else {
      throw SyntaxError(
        "`\(uid.description.shown)` is no action", at: node.position,
        hint: "the type of an action is `Action` or ends in `::Action`")
    }
    return uid
  }

  /// `{"type":…,"id":…}`, which may stand in `{"__entity":…}`.
  static func entity(_ node: JSONNode) throws(SyntaxError) -> EntityUID {
    if node["id"] == nil, let inner = node["__entity"] { return try entity(inner) }
    let id = try member("id", of: node).string(of: "`id`")
    return EntityUID(type: try typeName(try member("type", of: node)), id: id)
  }

  static func typeName(_ node: JSONNode) throws(SyntaxError) -> Name {
    let text = try node.string(of: "the name of a type")
    guard let name = Name(text) else {
      throw SyntaxError(
        "`\(text.shown)` is no name of a type", at: node.position, hint: "expected one such as `Plant::Asset`")
    }
    return name
  }

  static func member(_ key: String, of node: JSONNode) throws(SyntaxError) -> JSONNode {
    guard case .object = node.kind else {
      throw SyntaxError("\(node.description) stands where an object with `\(key)` should be", at: node.position)
    }
    guard let member = node[key] else { throw SyntaxError("`\(key)` is missing", at: node.position) }
    return member
  }

  /// - Throws: unless the keys of the object are these.
  static func checkKeys(
    of node: JSONNode, _ what: String, _ keys: [String], optional: [String] = []
  ) throws(SyntaxError) {
    let members = try node.members(of: what)
    for member in members where !keys.contains(member.key) && !optional.contains(member.key) {
      let known = (keys + optional).map { "`\($0)`" }.joined(separator: ", ")
      throw SyntaxError("\(what) has no `\(member.key.shown)`", at: member.position, hint: "expected \(known)")
    }
    for key in keys { _ = try member(key, of: node) }
  }
}
