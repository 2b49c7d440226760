import Cedar
import Testing

@Suite struct EntityValidationTests {
  private static let schema = """
    entity A in [B] { x: Long, y?: Set<Set<E>>, r?: { a: Bool, b?: decimal }, act?: Action, other?: A } tags Set<E>;
    entity B in [C];
    entity C in [C];
    entity E enum ["p", "q"];
    entity F in [E];
    action all, other;
    action some in all;
    action read in [some, other] appliesTo { principal: A, resource: B };
    """

  private static func error(_ entities: [Entity]) throws -> String? {
    do {
      try Schema(parsing: schema).validate(entities: entities)
      return nil
    } catch let error as EntityError {
      return error.description
    }
  }

  private static func a(
    _ attributes: [String: Value] = [:], parents: [String] = [], tags: [String: Value] = [:]
  ) throws -> Entity {
    Entity(
      try Schemas.uid(#"A::"1""#), attributes: attributes.merging(["x": .long(1)]) { first, _ in first },
      parents: try Set(parents.map(Schemas.uid)), tags: tags)
  }

  private static func set(_ text: String) throws -> Value { .set([.set([.entity(try Schemas.uid(text))])]) }

  @Test func attributesAndTags() throws {
    #expect(try Self.error([Self.a()]) == nil)
    #expect(try Self.error([Self.a(["y": Self.set(#"E::"p""#), "r": .record(["a": .bool(true)])])]) == nil)
    #expect(try Self.error([Self.a(["y": .set([]), "other": .entity(try Schemas.uid(#"A::"none""#))])]) == nil)
    #expect(
      try Self.error([Entity(try Schemas.uid(#"A::"1""#))])
        == "`A::\"1\"`: `attrs` lacks the attribute `x`; expected a value of type `Long`")
    #expect(
      try Self.error([Self.a(["x": .bool(true)])])
        == "`A::\"1\"`: `attrs.x` is a `Bool`; expected a value of type `Long`")
    #expect(try Self.error([Self.a(["z": .bool(true)])])?.contains("has an attribute `z`") == true)
    #expect(
      try Self.error([Self.a(["y": Self.set(#"E::"z""#)])])
        == "`A::\"1\"`: `attrs.y[][]`: `E::\"z\"` is none of the entities of its type; expected `p`, `q`")
    #expect(try Self.error([Self.a(["y": Self.set(#"B::"z""#)])])?.contains("an entity of type `B`") == true)
    #expect(try Self.error([Self.a(["r": .record(["b": .long(1)])])])?.contains("lacks the attribute `a`") == true)
    #expect(try Self.error([Self.a(["act": .entity(try Schemas.uid(#"Action::"read""#))])]) == nil)
    #expect(
      try Self.error([Self.a(["act": .entity(try Schemas.uid(#"Action::"no""#))])])?.contains("not declared") == true)
    #expect(try Self.error([Self.a(tags: ["t": .set([.entity(try Schemas.uid(#"E::"p""#))])])]) == nil)
    #expect(try Self.error([Self.a(tags: ["t": .long(1)])])?.contains("`tags.t` is a `Long`") == true)
    let tagged = Entity(try Schemas.uid(#"B::"1""#), tags: ["t": .long(1)])
    #expect(try Self.error([tagged]) == "`B::\"1\"`: entities of type `B` have no tags")
  }

  @Test func typesIdsAndParents() throws {
    #expect(try Self.error([Entity(try Schemas.uid(#"Z::"1""#))]) == "`Z::\"1\"`: the type `Z` is not declared")
    #expect(try Self.error([Entity(try Schemas.uid(#"E::"p""#))]) == nil)
    #expect(try Self.error([Entity(try Schemas.uid(#"E::"z""#))])?.contains("none of the entities") == true)
    #expect(try Self.error([Self.a(parents: [#"B::"1""#, #"C::"1""#])]) == nil)
    #expect(
      try Self.error([Self.a(parents: [#"A::"2""#])])
        == "`A::\"1\"`: `A::\"2\"` can't be a parent of it; expected `B`, `C`")
    #expect(
      try Self.error([Entity(try Schemas.uid(#"E::"p""#), parents: [try Schemas.uid(#"B::"1""#)])])
        == "`E::\"p\"`: `B::\"1\"` can't be a parent of it; expected no parents")
    #expect(try Self.error([Entity(try Schemas.uid(#"F::"1""#), parents: [try Schemas.uid(#"E::"p""#)])]) == nil)
    #expect(try Self.error([Entity(try Schemas.uid(#"F::"1""#), parents: [try Schemas.uid(#"E::"z""#)])]) != nil)
  }

  @Test func actionsAreThoseOfTheSchema() throws {
    func action(_ id: String, _ parents: [String], _ attributes: [String: Value] = [:]) throws -> Entity {
      let type = try Schemas.name("Action")
      return Entity(
        EntityUID(type: type, id: id), attributes: attributes,
        parents: Set(parents.map { EntityUID(type: type, id: $0) }))
    }
    #expect(try Self.error(Schema(parsing: Self.schema).actionEntities) == nil)
    #expect(try Self.error([action("read", ["some", "other", "all"])]) == nil)
    #expect(try Self.error([action("read", ["some", "other"]), action("some", ["all"])]) == nil)
    #expect(try Self.error([action("all", [])]) == nil)
    for wrong in [
      try action("read", ["some", "other"]), try action("read", []), try action("all", ["other"]),
      try action("all", [], ["a": .long(1)]), try action("none", []),
    ] {
      #expect(try Self.error([wrong]) != nil, "\(wrong)")
    }
  }
}
