import Cedar

/// Writes a schema in Cedar's schema syntax, or as JSON.
struct SchemaWriter {
  typealias Shape = SchemaModel.Shape

  private let model: SchemaModel
  private var literal: LiteralWriter
  private var namespace: Name?

  init(_ model: SchemaModel, random: SeededRandom, varies: Bool) {
    self.model = model
    literal = LiteralWriter(random: random, varies: varies)
  }

  mutating func text() -> String {
    var text = ""
    for namespace in model.namespaces {
      self.namespace = namespace
      var declarations = model.commonTypes.filter { $0.name.namespace == namespace }.map { commonType($0) }
      declarations += model.entities.filter { $0.name.namespace == namespace }.map { entity($0) }
      declarations += model.actions.filter { $0.uid.type.namespace == namespace }.map { action($0) }
      if literal.varies { declarations.shuffle(using: &literal.random) }
      let body = declarations.map { annotations() + $0 }.joined(separator: "\n")
      text += namespace.map { "namespace \($0) {\n\(body)\n}\n" } ?? body + "\n"
    }
    return text
  }

  private mutating func annotations() -> String {
    guard literal.varies, literal.random.chance(8) else { return "" }
    return literal.random.pick(["@doc(\"what it is\")\n", "@since @doc(\"\\n\")\n", "@if(\"x\") "])
  }

  private mutating func commonType(_ type: SchemaModel.CommonType) -> String {
    "type \(type.name.basename) =\(literal.blank())\(shape(type.shape));"
  }

  private mutating func entity(_ kind: SchemaModel.EntityKind) -> String {
    var text = "entity \(kind.name.basename)"
    if let ids = kind.ids { return text + " enum [" + ids.map { literal.string($0) }.joined(separator: ", ") + "];" }
    if kind.parents.count == 1, literal.random.chance(30) {
      text += " in \(reference(kind.parents[0]))"
    } else if !kind.parents.isEmpty {
      text += " in [" + kind.parents.map { reference($0) }.joined(separator: ",\(literal.blank())") + "]"
    }
    if kind.shape != .record([]) || literal.random.chance(30) {
      text += (literal.random.chance(70) ? " = " : literal.blank()) + shape(model.resolved(kind.shape))
    }
    if let tags = kind.tags { text += " tags \(shape(tags))" }
    return text + ";"
  }

  private mutating func action(_ action: SchemaModel.ActionKind) -> String {
    var text = "action \(literal.key(action.uid.id))"
    if !action.parents.isEmpty {
      let parents = action.parents.map { parent in
        let isNear = parent.type.namespace == namespace
        if isNear, literal.random.chance(70) { return literal.key(parent.id) }
        return parent.type.text + "::" + literal.string(parent.id)
      }
      let isAlone = parents.count == 1 && literal.random.chance(30)
      text += " in " + (isAlone ? parents[0] : "[" + parents.joined(separator: ", ") + "]")
    }
    guard let appliesTo = action.appliesTo else { return text + ";" }
    var parts = [
      "principal: " + references(appliesTo.principals), "resource: " + references(appliesTo.resources),
    ]
    if appliesTo.context != .record([]) || literal.random.chance(30) {
      parts.append("context: " + shape(appliesTo.context))
    }
    if literal.varies { parts.shuffle(using: &literal.random) }
    return text + " appliesTo {" + parts.joined(separator: ",\(literal.blank())") + "};"
  }

  private mutating func references(_ names: [Name]) -> String {
    if names.count == 1, literal.random.chance(40) { return reference(names[0]) }
    return "[" + names.map { reference($0) }.joined(separator: ", ") + "]"
  }

  private mutating func reference(_ name: Name) -> String {
    name.namespace == namespace && literal.random.chance(60) ? name.basename : name.text
  }

  private mutating func shape(_ shape: Shape) -> String {
    switch shape {
    case .bool: builtIn("Bool")
    case .long: builtIn("Long")
    case .string: builtIn("String")
    case .decimal: builtIn("decimal")
    case .ip: builtIn("ipaddr")
    case .datetime: builtIn("datetime")
    case .duration: builtIn("duration")
    case .entity(let name), .common(let name): reference(name)
    case .set(let element): "Set<\(self.shape(element))>"
    case .record(let fields):
      "{" + fields.map { field($0) }.joined(separator: ",\(literal.blank())")
        + (literal.random.chance(20) && !fields.isEmpty ? ",}" : "}")
    }
  }

  private mutating func field(_ field: SchemaModel.Field) -> String {
    "\(literal.key(field.name))\(field.isOptional ? "?" : ""):\(literal.blank())\(shape(field.shape))"
  }

  private mutating func builtIn(_ name: String) -> String {
    literal.varies && literal.random.chance(10) ? "__cedar::" + name : name
  }
}

extension SchemaWriter {
  mutating func json() -> String {
    let spaces = model.namespaces.map { namespace in
      let commons = model.commonTypes.filter { $0.name.namespace == namespace }.map {
        $0.name.basename.json + ":" + jsonShape($0.shape)
      }
      let entities = model.entities.filter { $0.name.namespace == namespace }.map { jsonEntity($0) }
      let actions = model.actions.filter { $0.uid.type.namespace == namespace }.map { jsonAction($0) }
      let common = commons.isEmpty ? "" : "\"commonTypes\":{" + commons.joined(separator: ",") + "},"
      return (namespace?.text ?? "").json + ":{" + common + "\"entityTypes\":{" + entities.joined(separator: ",")
        + "},\"actions\":{" + actions.joined(separator: ",") + "}}"
    }
    return "{" + spaces.joined(separator: ",") + "}"
  }

  private mutating func jsonEntity(_ kind: SchemaModel.EntityKind) -> String {
    var parts: [String] = []
    if let ids = kind.ids {
      parts.append("\"enum\":[" + ids.map(\.json).joined(separator: ",") + "]")
    } else {
      if !kind.parents.isEmpty { parts.append("\"memberOfTypes\":" + jsonNames(kind.parents)) }
      if kind.shape != .record([]) || literal.random.chance(30) { parts.append("\"shape\":" + jsonShape(kind.shape)) }
      if let tags = kind.tags { parts.append("\"tags\":" + jsonShape(tags)) }
    }
    return kind.name.basename.json + ":{" + parts.joined(separator: ",") + "}"
  }

  private mutating func jsonAction(_ action: SchemaModel.ActionKind) -> String {
    var parts: [String] = []
    if !action.parents.isEmpty {
      let parents = action.parents.map { "{\"id\":\($0.id.json),\"type\":\($0.type.text.json)}" }
      parts.append("\"memberOf\":[" + parents.joined(separator: ",") + "]")
    }
    if let appliesTo = action.appliesTo {
      parts.append(
        "\"appliesTo\":{\"principalTypes\":" + jsonNames(appliesTo.principals) + ",\"resourceTypes\":"
          + jsonNames(appliesTo.resources) + ",\"context\":" + jsonShape(appliesTo.context) + "}")
    }
    return action.uid.id.json + ":{" + parts.joined(separator: ",") + "}"
  }

  private func jsonNames(_ names: [Name]) -> String { "[" + names.map { $0.text.json }.joined(separator: ",") + "]" }

  private mutating func jsonShape(_ shape: Shape) -> String { "{" + jsonMembers(shape) + "}" }

  private mutating func jsonMembers(_ shape: Shape) -> String {
    switch shape {
    case .bool: jsonBuiltIn("Boolean", "Bool")
    case .long: jsonBuiltIn("Long", "Long")
    case .string: jsonBuiltIn("String", "String")
    case .decimal: jsonExtension("decimal")
    case .ip: jsonExtension("ipaddr")
    case .datetime: jsonExtension("datetime")
    case .duration: jsonExtension("duration")
    case .entity(let name):
      literal.random.chance(25)
        ? "\"type\":\"EntityOrCommon\",\"name\":\(name.text.json)" : "\"type\":\"Entity\",\"name\":\(name.text.json)"
    case .common(let name):
      literal.random.chance(25)
        ? "\"type\":\"EntityOrCommon\",\"name\":\(name.text.json)" : "\"type\":\(name.text.json)"
    case .set(let element): "\"type\":\"Set\",\"element\":" + jsonShape(element)
    case .record(let fields):
      "\"type\":\"Record\",\"attributes\":{" + fields.map { jsonField($0) }.joined(separator: ",") + "}"
    }
  }

  private mutating func jsonField(_ field: SchemaModel.Field) -> String {
    let required = field.isOptional ? ",\"required\":false" : literal.random.chance(20) ? ",\"required\":true" : ""
    return field.name.json + ":{" + jsonMembers(field.shape) + required + "}"
  }

  private mutating func jsonBuiltIn(_ name: String, _ reference: String) -> String {
    literal.random.chance(15) ? "\"type\":\"EntityOrCommon\",\"name\":\"\(reference)\"" : "\"type\":\"\(name)\""
  }

  private mutating func jsonExtension(_ name: String) -> String {
    literal.random.chance(15)
      ? "\"type\":\"EntityOrCommon\",\"name\":\"\(name)\"" : "\"type\":\"Extension\",\"name\":\"\(name)\""
  }
}
