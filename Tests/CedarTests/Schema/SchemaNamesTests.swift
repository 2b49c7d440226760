import Cedar
import Testing

@Suite struct SchemaNamesTests {
  private static func attributes(_ text: String, of type: String) throws -> [String: SchemaType] {
    let schema = try Schema(parsing: text)
    return try #require(schema.entityTypes[try Schemas.name(type)]).attributes.mapValues(\.type)
  }

  @Test func commonTypesGoBeforeEntityTypes() throws {
    let types = try Self.attributes("type T = Long; entity T; entity A {t: T, s: Set<T>};", of: "A")
    #expect(types == ["t": .long, "s": .set(.long)])
  }

  @Test func theNamespaceGoesBeforeTheOutside() throws {
    let types = try Self.attributes(
      """
      type Out = Bool; entity Far;
      namespace N {
        type In = Out; entity Near; entity Long; entity A {i: In, o: Out, n: Near, f: Far, l: Long, q: M::X};
      }
      namespace M { type X = { n: N::Near }; }
      """, of: "N::A")
    #expect(
      types == [
        "i": .bool, "o": .bool, "n": .entity(try Schemas.name("N::Near")), "f": .entity(try Schemas.name("Far")),
        "l": .entity(try Schemas.name("N::Long")),
        "q": .record(["n": SchemaAttribute(.entity(try Schemas.name("N::Near")))]),
      ])
  }

  @Test func builtinsCanBeHiddenButNotTaken() throws {
    let types = try Self.attributes(
      "type ipaddr = Long; entity String; entity A {i: ipaddr, j: __cedar::ipaddr, s: String, t: __cedar::String};",
      of: "A")
    #expect(
      types == ["i": .long, "j": .extension(.ipaddr), "s": .entity(try Schemas.name("String")), "t": .string])
    #expect(
      Schemas.error("entity A {x: __cedar::Boolean};")
        == "1:14: `__cedar::Boolean` is not declared as a common type or an entity type")
    #expect(Schemas.error("entity A {x: Boolean};") != nil)
  }

  @Test func actionsHaveTypesToo() throws {
    let types = try Self.attributes(
      "action a; namespace N { action b; entity A {x: Action, y: Set<N::Action>}; }",
      of: "N::A")
    let action = SchemaType.entity(try Schemas.name("N::Action"))
    #expect(types == ["x": action, "y": .set(action)])
    #expect(Schemas.error("entity A {x: Action};") != nil)
    #expect(
      Schemas.error("entity A in Action; action a;")
        == "1:13: `Action` is a type of actions here; expected an entity type")
    #expect(Schemas.error("action a appliesTo {principal: Action, resource: A}; entity A;") != nil)
  }

  @Test(
    arguments: [
      ("entity A; entity A;", "1:18: the entity type `A` is declared twice"),
      ("entity A, A;", "1:11: the entity type `A` is declared twice"),
      ("type T = Long; type T = Bool;", "1:21: the common type `T` is declared twice"),
      ("action a, \"a\";", "1:11: the action `Action::\"a\"` is declared twice"),
      ("namespace N {} namespace N {}", "1:26: the namespace `N` is there twice"),
      ("entity Action;", "1:8: `Action` can't be declared as an entity type; it is the type of actions"),
      ("namespace N { entity Action; }", "1:22: `Action` can't be declared"),
      ("type Set = Long;", "1:6: `Set` can't be the name of a common type"),
      ("entity __cedar;", "1:8: `__cedar` can't be declared: `__cedar` is reserved"),
      ("type __cedar = Long;", "1:6:"), ("namespace A::__cedar {}", "1:11:"),
      ("namespace N { entity A; } entity A;", "1:22: `N::A` would hide `A`"),
      ("namespace N { entity A; } type A = Long;", "1:22:"), ("type A = Long; namespace N { type A = Long; }", "1:35:"),
      ("namespace N { action a; } action a;", "1:22: the action `a` would hide"),
      ("namespace A::B { entity C; entity D {c: B::C}; }", "1:41: `B::C` is not declared"),
      ("entity A in T; type T = B; entity B;", "1:13: `T` is not declared as an entity type"),
      ("action a appliesTo {principal: A, resource: A, context: A}; entity A {x: Long};", "1:57:"),
      ("action a appliesTo {principal: A, resource: A, context: Long}; entity A;", "1:57: the context of"),
      ("action a in b;", "1:13: the action `Action::\"b\"` is not declared"),
      ("action a in A::\"b\"; action b; entity A;", "1:13:"),
      ("type A = B; type B = Set<A>;", "1:6: the common type `A` has itself in it, or one that does"),
      ("type A = {a?: A};", "1:6:"),
      ("action a in b; action b in c; action c in a;", ": the action `Action::"), ("action a in a;", "1:8:"),
    ])
  func refuses(_ text: String, _ part: String) throws {
    let error = try #require(Schemas.error(text), "\(text) is a schema")
    #expect(error.contains(part), "\(error)")
  }

  @Test(
    arguments: [
      "type A = Long; entity A;", "type Action = Long; action a; namespace N { action b; }",
      "namespace N { action a in b; } action b;", "namespace N { action a in Action::\"b\"; } action b;",
      "namespace N { action a; } namespace M { action a; entity A; } namespace K { entity A; }",
    ])
  func accepts(_ text: String) { #expect(Schemas.error(text) == nil) }
}
