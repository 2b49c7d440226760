/// Everything that a schema declares, by complete names, to look up what names stand for.
struct SchemaNames {
  private(set) var commonTypes: [Name: (declaration: CommonTypeDeclaration, namespace: Name?)] = [:]
  private(set) var entityTypes: [Name: (declaration: EntityTypeDeclaration, namespace: Name?)] = [:]
  private(set) var actions: [EntityUID: (declaration: ActionDeclaration, namespace: Name?)] = [:]
  /// The types of all actions.
  private var actionTypes: Set<Name> = []

  /// - Throws: when something is declared twice, has a name that it can't have, or shadows what stands outside of
  ///   namespaces.
  init(_ schema: SchemaDeclarations) throws(SchemaError) {
    var namespaces: Set<Name?> = []
    for namespace in schema.namespaces {
      if let name = namespace.name {
        try SchemaNames.checkIsFree(name)
        guard namespaces.insert(name.name).inserted else {
          throw SchemaError("the namespace `\(name.name)` is there twice", at: name.position)
        }
      }
      try declare(namespace)
    }
    try checkShadowing()
  }

  private mutating func declare(_ namespace: NamespaceDeclaration) throws(SchemaError) {
    let prefix = namespace.name?.name
    for type in namespace.commonTypes {
      try SchemaNames.checkIsFree(type.name)
      guard !SchemaNames.reservedTypes.contains(type.name.name.text) else {
        throw SchemaError("`\(type.name.name)` can't be the name of a common type", at: type.name.position)
      }
      let name = type.name.name.qualified(by: prefix)
      guard commonTypes.updateValue((type, prefix), forKey: name) == nil else {
        throw SchemaError("the common type `\(name)` is declared twice", at: type.name.position)
      }
    }
    for type in namespace.entityTypes {
      try SchemaNames.checkIsFree(type.name)
      guard type.name.name.text != "Action" else {
        throw SchemaError(
          "`Action` can't be declared as an entity type", at: type.name.position, hint: "it is the type of actions")
      }
      let name = type.name.name.qualified(by: prefix)
      guard entityTypes.updateValue((type, prefix), forKey: name) == nil else {
        throw SchemaError("the entity type `\(name)` is declared twice", at: type.name.position)
      }
    }
    let type = SchemaNames.action.qualified(by: prefix)
    for action in namespace.actions {
      actionTypes.insert(type)
      let uid = EntityUID(type: type, id: action.id)
      guard actions.updateValue((action, prefix), forKey: uid) == nil else {
        throw SchemaError("the action `\(uid)` is declared twice", at: action.position)
      }
    }
  }

  private static func checkIsFree(_ name: WrittenName) throws(SchemaError) {
    guard !Name.components(name.name.text).contains("__cedar") else {
      throw SchemaError("`\(name.name)` can't be declared: `__cedar` is reserved", at: name.position)
    }
  }

  private static let action = Name(unchecked: "Action")
  /// What the JSON form of schemas takes for a kind of type.
  private static let reservedTypes: Set<String> = [
    "Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String",
  ]

  /// What stands in a namespace must not have the name of what stands outside of all, as names could then not tell one
  /// from the other (RFC 70 of the language).
  private func checkShadowing() throws(SchemaError) {
    let commonTypes = self.commonTypes.values.map { ($0.declaration.name, $0.namespace) }
    let entityTypes = self.entityTypes.values.map { ($0.declaration.name, $0.namespace) }
    let types = commonTypes + entityTypes
    let outside = Set(types.lazy.filter { $0.1 == nil }.map(\.0.name))
    let first = types.filter { $0.1 != nil && outside.contains($0.0.name) }.min { $0.0.position < $1.0.position }
    if let (name, namespace) = first {
      throw SchemaError(
        "`\(name.name.qualified(by: namespace))` would hide `\(name.name)`, which stands outside of namespaces",
        at: name.position)
    }
    let hiding = actions.values.filter { action in
      action.namespace != nil && actions[EntityUID(type: SchemaNames.action, id: action.declaration.id)] != nil
    }
    if let action = hiding.min(by: { $0.declaration.position < $1.declaration.position }) {
      throw SchemaError(
        "the action `\(action.declaration.id)` would hide the one that stands outside of namespaces",
        at: action.declaration.position)
    }
  }
}

/// What a name of a type stands for.
enum ResolvedName: Hashable {
  case builtin(SchemaType)
  case common(Name)
  case entity(Name)
}

extension SchemaNames {
  /// Looks a name up as it stands in a namespace: there, then outside of namespaces; common types go before entity
  /// types, both before those of the language.
  func resolve(
    _ name: Name, _ reference: TypeReference, in namespace: Name?, at position: SourcePosition
  ) throws(SchemaError) -> ResolvedName {
    for candidate in candidates(for: name, in: namespace) {
      if reference != .entity {
        if commonTypes[candidate] != nil { return .common(candidate) }
        if let type = builtin(candidate) { return .builtin(type) }
      }
      if reference != .common, entityTypes[candidate] != nil || actionTypes.contains(candidate) {
        return .entity(candidate)
      }
    }
    let what =
      switch reference {
      case .common: "a common type"
      case .entity: "an entity type"
      case .commonOrEntity: "a common type or an entity type"
      }
    throw SchemaError("`\(name)` is not declared as \(what)", at: position)
  }

  /// Looks up the name of an entity type that is not the type of actions.
  func resolveEntityType(_ name: WrittenName, in namespace: Name?) throws(SchemaError) -> Name {
    let resolved = try resolve(name.name, .entity, in: namespace, at: name.position)
    guard case .entity(let type) = resolved, entityTypes[type] != nil else {
      throw SchemaError("`\(name.name)` is a type of actions here", at: name.position, hint: "expected an entity type")
    }
    return type
  }

  func resolve(_ action: ActionReference, in namespace: Name?) throws(SchemaError) -> EntityUID {
    let type = action.type?.name ?? SchemaNames.action
    for candidate in candidates(for: type, in: namespace) {
      let uid = EntityUID(type: candidate, id: action.id)
      if actions[uid] != nil { return uid }
    }
    throw SchemaError("the action `\(EntityUID(type: type, id: action.id))` is not declared", at: action.position)
  }

  private func candidates(for name: Name, in namespace: Name?) -> [Name] {
    guard let namespace, name.namespace == nil else { return [name] }
    return [name.qualified(by: namespace), name]
  }

  /// A type of the language: under its own name unless that is declared, and under `__cedar`.
  private func builtin(_ name: Name) -> SchemaType? {
    let prefix = "__cedar::"
    if name.text.hasPrefix(prefix) { return SchemaNames.builtins[String(name.text.dropFirst(prefix.count))] }
    return entityTypes[name] == nil ? SchemaNames.builtins[name.text] : nil
  }

  private static let builtins: [String: SchemaType] = {
    var types: [String: SchemaType] = ["Bool": .bool, "Long": .long, "String": .string]
    for type in ExtensionType.allCases { types[type.rawValue] = .extension(type) }
    return types
  }()
}
