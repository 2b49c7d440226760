/// Replaces names in types by what they stand for.
struct SchemaTypeResolver {
  let names: SchemaNames
  private var commonTypes: [Name: Sized] = [:]
  /// Names and types that were looked at: a declaration of many names may come to much more than its text.
  private var steps = 0

  /// A type with its depth and how many types there are in it.
  private struct Sized {
    var type: SchemaType
    var depth = 1
    var size = 1
  }

  /// - Throws: when a common type has an undeclared name in it, or itself.
  init(_ names: SchemaNames) throws(SchemaError) {
    self.names = names
    for name in try order() {
      guard let (declaration, namespace) = names.commonTypes[name] else { continue }
      commonTypes[name] = try sized(declaration.type, in: namespace)
    }
  }

  /// What the names of common types stand for.
  var resolvedCommonTypes: [Name: SchemaType] { commonTypes.mapValues(\.type) }

  mutating func resolve(_ type: TypeExpression, in namespace: Name?) throws(SchemaError) -> SchemaType {
    try sized(type, in: namespace).type
  }

  /// Resolves the type of an entity's attributes or of a context.
  /// - Parameter what: for the message when it is no record.
  mutating func attributes(
    _ type: TypeExpression, in namespace: Name?, _ what: String
  ) throws(SchemaError) -> [String: SchemaAttribute] {
    guard case .record(let attributes) = try resolve(type, in: namespace) else {
      throw SchemaError("\(what) is no record", at: type.position, hint: "expected `{…}` or the name of a record type")
    }
    return attributes
  }

  /// Makes sure that there may be so many more steps.
  mutating func step(_ count: Int = 1, at position: SourcePosition) throws(SchemaError) {
    steps += count
    guard steps <= CedarLimits.schemaSteps else {
      throw SchemaError("the schema comes to more than \(CedarLimits.schemaSteps) types", at: position)
    }
  }

  private mutating func sized(_ expression: TypeExpression, in namespace: Name?) throws(SchemaError) -> Sized {
    try step(at: expression.position)
    let result: Sized
    switch expression.kind {
    case .bool: result = Sized(type: .bool)
    case .long: result = Sized(type: .long)
    case .string: result = Sized(type: .string)
    case .extension(let type): result = Sized(type: .extension(type))
    case .reference(let name, let reference):
      switch try names.resolve(name, reference, in: namespace, at: expression.position) {
      case .builtin(let type): result = Sized(type: type)
      case .entity(let name): result = Sized(type: .entity(name))
      case .common(let name):
        guard let type = commonTypes[name] else {
          throw SchemaError("the common type `\(name)` is not resolved", at: expression.position)
        }
        result = type
      }
    case .set(let element):
      let element = try sized(element, in: namespace)
      result = Sized(type: .set(element.type), depth: element.depth + 1, size: element.size + 1)
    case .record(let declarations):
      var attributes: [String: SchemaAttribute] = [:]
      var (depth, size) = (0, 1)
      for declaration in declarations {
        let type = try sized(declaration.type, in: namespace)
        attributes[declaration.name] = SchemaAttribute(type.type, isRequired: declaration.isRequired)
        depth = max(depth, type.depth)
        size += type.size
      }
      result = Sized(type: .record(attributes), depth: depth + 1, size: size)
    }
    guard result.depth <= CedarLimits.typeDepth, result.size <= CedarLimits.typeSize else {
      throw SchemaError(
        "the type has more than \(CedarLimits.typeDepth) levels or \(CedarLimits.typeSize) types in it",
        at: expression.position)
    }
    return result
  }

  /// The common types, each after those that it names.
  private func order() throws(SchemaError) -> [Name] {
    var uses: [Name: [Name]] = [:]
    var waiting: [Name: Int] = [:]
    for (name, (declaration, namespace)) in names.commonTypes {
      var needed: Set<Name> = []
      try collect(declaration.type, in: namespace, into: &needed)
      waiting[name] = needed.count
      for other in needed { uses[other, default: []].append(name) }
    }
    var order = waiting.filter { $0.value == 0 }.map(\.key)
    var next = 0
    while next < order.count {
      for name in uses[order[next]] ?? [] {
        let count = (waiting[name] ?? 0) - 1
        waiting[name] = count
        if count == 0 { order.append(name) }
      }
      next += 1
    }
    guard order.count == names.commonTypes.count else { throw cycle(waiting.filter { $0.value > 0 }) }
    return order
  }

  private func cycle(_ waiting: [Name: Int]) -> SchemaError {
    let first = waiting.keys.compactMap { names.commonTypes[$0]?.declaration.name }.min { $0.position < $1.position }
    return SchemaError(
      "the common type `\(first?.name.text ?? "")` has itself in it, or one that does", at: first?.position ?? .none)
  }

  private func collect(
    _ type: TypeExpression, in namespace: Name?, into needed: inout Set<Name>
  ) throws(SchemaError) {
    switch type.kind {
    case .bool, .long, .string, .extension: break
    case .set(let element): try collect(element, in: namespace, into: &needed)
    case .record(let attributes):
      for attribute in attributes { try collect(attribute.type, in: namespace, into: &needed) }
    case .reference(let name, let reference):
      let resolved = try names.resolve(name, reference, in: namespace, at: type.position)
      if case .common(let name) = resolved { needed.insert(name) }
    }
  }
}
