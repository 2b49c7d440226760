/// What a schema declares, as it was written, before names are looked up. Text and JSON come to the same.
struct SchemaDeclarations {
  /// Those of the same name are one, or an error where the form of the schema has it so.
  var namespaces: [NamespaceDeclaration] = []
}

struct NamespaceDeclaration {
  /// Nil for what stands outside of namespaces.
  var name: WrittenName?
  var annotations: [Annotation] = []
  var commonTypes: [CommonTypeDeclaration] = []
  var entityTypes: [EntityTypeDeclaration] = []
  var actions: [ActionDeclaration] = []
}

struct CommonTypeDeclaration {
  var name: WrittenName
  var annotations: [Annotation]
  var type: TypeExpression
}

struct EntityTypeDeclaration {
  enum Kind {
    case standard(parents: [WrittenName], shape: TypeExpression, tags: TypeExpression?)
    case enumerated([String])
  }

  var name: WrittenName
  var annotations: [Annotation]
  var kind: Kind
}

struct ActionDeclaration {
  var id: String
  var position: SourcePosition
  var annotations: [Annotation]
  var parents: [ActionReference]
  var principals: [WrittenName]
  var resources: [WrittenName]
  var context: TypeExpression
}

/// A name with its place; unlike other names it may have `__cedar` in it.
struct WrittenName {
  var name: Name
  var position: SourcePosition

  init(_ name: Name, at position: SourcePosition) {
    self.name = name
    self.position = position
  }
}

struct ActionReference {
  /// Nil stands for `Action`.
  var type: WrittenName?
  var id: String
  var position: SourcePosition
}

/// A type as it was written.
struct TypeExpression {
  indirect enum Kind {
    case bool, long, string
    case set(TypeExpression)
    /// No name twice.
    case record([AttributeDeclaration])
    case reference(Name, TypeReference)
    case `extension`(ExtensionType)
  }

  var kind: Kind
  var position: SourcePosition

  init(_ kind: Kind, at position: SourcePosition) {
    self.kind = kind
    self.position = position
  }
}

/// What a name in the place of a type may stand for.
enum TypeReference {
  case common, entity, commonOrEntity
}

struct AttributeDeclaration {
  var name: String
  var annotations: [Annotation]
  var type: TypeExpression
  var isRequired: Bool
}
