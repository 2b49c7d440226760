/// What is wrong with a schema, and where.
public typealias SchemaError = SyntaxError

extension Schema {
  /// Reads a schema in the form for people: `entity User in [Group] { name: String };` …
  /// - Throws: the first error, with its place.
  public init(parsing text: String) throws(SchemaError) { try self.init(parsing: Array(text.utf8)) }

  /// The same from UTF-8.
  public init(parsing bytes: [UInt8]) throws(SchemaError) {
    var parser = try SchemaTextParser(bytes)
    try self.init(try parser.schema())
  }

  /// Reads a schema in the JSON form: `{"": {"entityTypes": {…}, "actions": {…}}}`.
  /// - Throws: the first error, with its place.
  public init(json bytes: [UInt8]) throws(SchemaError) { try self.init(try SchemaJSONReader.read(bytes)) }

  init(_ declarations: SchemaDeclarations) throws(SchemaError) {
    let names = try SchemaNames(declarations)
    var types = try SchemaTypeResolver(names)
    self.init(
      entityTypes: try Schema.entityTypes(names, &types), actions: try Schema.actions(names, &types),
      commonTypes: types.resolvedCommonTypes)
  }

  private static func entityTypes(
    _ names: SchemaNames, _ types: inout SchemaTypeResolver
  ) throws(SchemaError) -> [Name: SchemaEntityType] {
    var entityTypes: [Name: SchemaEntityType] = [:]
    var parents: [Name: Set<Name>] = [:]
    for (name, (declaration, namespace)) in names.entityTypes {
      let annotations = declaration.annotations.sorted()
      var type: SchemaEntityType
      switch declaration.kind {
      case .enumerated(let ids): type = SchemaEntityType(name, annotations: annotations, enumeration: ids)
      case .standard(let parents, let shape, let tags):
        type = SchemaEntityType(name, annotations: annotations)
        try types.step(parents.count, at: declaration.name.position)
        for parent in parents { type.parents.insert(try names.resolveEntityType(parent, in: namespace)) }
        type.attributes = try types.attributes(shape, in: namespace, "the shape of `\(name)`")
        if let tags { type.tags = try types.resolve(tags, in: namespace) }
      }
      entityTypes[name] = type
      parents[name] = type.parents
    }
    let ancestors = try Hierarchy.ancestors(parents) { names.entityTypes[$0]?.declaration.name.position }
    for (name, ancestors) in ancestors { entityTypes[name]?.ancestors = ancestors }
    return entityTypes
  }

  private static func actions(
    _ names: SchemaNames, _ types: inout SchemaTypeResolver
  ) throws(SchemaError) -> [EntityUID: SchemaAction] {
    var actions: [EntityUID: SchemaAction] = [:]
    var parents: [EntityUID: Set<EntityUID>] = [:]
    var environments = 0
    for (uid, (declaration, namespace)) in names.actions {
      var action = SchemaAction(uid, annotations: declaration.annotations.sorted())
      try types.step(declaration.parents.count, at: declaration.position)
      for parent in declaration.parents { action.parents.insert(try names.resolve(parent, in: namespace)) }
      action.principals = try applicableTypes(declaration.principals, names, namespace)
      action.resources = try applicableTypes(declaration.resources, names, namespace)
      action.context = try types.attributes(declaration.context, in: namespace, "the context of `\(uid)`")
      environments += action.principals.count * action.resources.count
      guard environments <= CedarLimits.environments else {
        throw SchemaError(
          "the actions apply to more than \(CedarLimits.environments) pairs of principal and resource types",
          at: declaration.position)
      }
      actions[uid] = action
      parents[uid] = action.parents
    }
    for (uid, ancestors) in try Hierarchy.ancestors(parents, at: { names.actions[$0]?.declaration.position }) {
      guard !ancestors.contains(uid) else {
        throw SchemaError(
          "the action `\(uid)` is a member of itself", at: names.actions[uid]?.declaration.position ?? .none)
      }
      actions[uid]?.ancestors = ancestors
    }
    return actions
  }

  private static func applicableTypes(
    _ written: [WrittenName], _ names: SchemaNames, _ namespace: Name?
  ) throws(SchemaError) -> [Name] {
    var types: Set<Name> = []
    for name in written { types.insert(try names.resolveEntityType(name, in: namespace)) }
    return types.sorted()
  }
}

extension [Annotation] {
  /// In the order of their keys, as JSON has none.
  fileprivate func sorted() -> [Annotation] { sorted { $0.key < $1.key } }
}

/// Who may be a member of whom.
enum Hierarchy {
  /// All that can be reached from each member, in any number of steps but none.
  /// - Throws: when it is too much.
  static func ancestors<Member: Hashable>(
    _ parents: [Member: Set<Member>], at position: (Member) -> SourcePosition?
  ) throws(SchemaError) -> [Member: Set<Member>] {
    let members = Array(parents.keys)
    var indexes: [Member: Int] = [:]
    for (index, member) in members.enumerated() { indexes[member] = index }
    let edges = members.map { member in (parents[member] ?? []).compactMap { indexes[$0] } }
    var seenBy = [Int](repeating: -1, count: members.count)
    var result: [Member: Set<Member>] = [:]
    var steps = 0
    for start in members.indices where !edges[start].isEmpty {
      var reached: [Int] = []
      var next = -1
      var current = start
      while true {
        for parent in edges[current] where seenBy[parent] != start {
          seenBy[parent] = start
          reached.append(parent)
        }
        steps += edges[current].count
        guard steps <= CedarLimits.schemaSteps else {
          throw SchemaError(
            "the hierarchy of entity types or actions is too large", at: position(members[start]) ?? .none)
        }
        next += 1
        guard next < reached.count else { break }
        current = reached[next]
      }
      result[members[start]] = Set(reached.map { members[$0] })
    }
    return result
  }
}
