import Cedar
import Testing

@Suite struct SchemaTextTests {
  @Test func readsEveryDeclaration() throws {
    let schema = try Schema(
      parsing: """
        // People
        @doc("a person") @old
        entity User, Guest in [Group] = {
          name: String, @unit("years") age?: Long, "e-mail": Set<String>, // trailing comma
          home: { street?: String },
        } tags Set<User>;
        entity Group;
        entity Level enum ["low", "high"];
        type Where = { from: ipaddr };
        action all;
        @safe action read, "do it" in [all] appliesTo {
          principal: [User, Guest], resource: Group, context: Where,
        };
        """)
    let user = try #require(schema.entityTypes[try Schemas.name("User")])
    let group = try Schemas.name("Group")
    #expect(
      user.attributes == [
        "name": SchemaAttribute(.string), "age": SchemaAttribute(.long, isRequired: false),
        "e-mail": SchemaAttribute(.set(.string)),
        "home": SchemaAttribute(.record(["street": SchemaAttribute(.string, isRequired: false)])),
      ])
    #expect(user.tags == .set(.entity(user.name)))
    #expect(user.parents == [group])
    #expect(user.annotations == [Annotation(key: "doc", value: "a person"), Annotation(key: "old", value: nil)])
    #expect(schema.entityTypes[try Schemas.name("Guest")]?.attributes == user.attributes)
    #expect(schema.entityTypes[try Schemas.name("Level")]?.enumeration == ["low", "high"])
    let read = try #require(schema.actions[try Schemas.uid(#"Action::"do it""#)])
    #expect(read.parents == [try Schemas.uid(#"Action::"all""#)])
    #expect(read.principals == [try Schemas.name("Guest"), user.name])
    #expect(read.resources == [group])
    #expect(read.context == ["from": SchemaAttribute(.extension(.ipaddr))])
    #expect(schema.commonTypes == [try Schemas.name("Where"): .record(read.context)])
  }

  @Test(
    arguments: [
      "", "// only a comment", "entity A;", "entity A {};", "entity A = {};", "entity A in B; entity B;",
      "entity A in [];", "entity A {} tags Long;", "action a;", "action a attributes {};",
      "action a, \"b c\" in d; action d;", "namespace A::B { entity C; } namespace A { entity C; }",
      "entity A {x: Set<Set<Long>>};", "entity A {\"\\u{41}\\n\": Long};", "entity A\u{a0}in\u{2003}A;",
      "entity entity, type, tags, appliesTo, Set, principal;", "entity A {in_: Set};entity Set;",
      "entity A {namespace: Bool, action: Bool, enum: Bool, attributes: Bool, context: Bool};",
      "@in @true(\"\") @__cedar entity A;", "action __cedar, in_;", "entity A {__cedar: Long, \"__entity\": Long};",
      "entity A enum [\"a\", \"a\"];", "type EntityOrCommon = Long;",
    ])
  func accepts(_ text: String) { #expect(Schemas.error(text) == nil) }

  @Test(
    arguments: [
      ("entity A", "1:9: the schema ends where `;` should be"),
      ("entity A;;", "1:10: unexpected `;` where `entity`, `action`, `type` or `namespace` should be"),
      ("entity A =;", "1:11: unexpected `;` where `{` should be"), ("entity A = T; type T = {};", "1:12:"),
      ("entity A::B;", "1:9: unexpected `::` where `;` should be"), ("entity in;", "1:8: `in` is reserved"),
      ("entity A in in;", "1:13: `in` is reserved"), ("entity A {true: Long};", "1:11: `true` is reserved"),
      ("entity A {x: Long y: Long};", "1:19: unexpected `y` where `,` or `}` should be"),
      ("entity A {,};", "1:11:"), ("entity A {x:: Long};", "1:12: unexpected `::` where `:` should be"),
      ("entity A {x: Set<>};", "1:18:"), ("entity A {x: Set<Long,>};", "1:22: unexpected `,` where `>` should be"),
      ("entity A in [A,];", "1:16:"), ("entity A tags Long = {};", "1:20:"), ("entity A enum [];", "1:16:"),
      ("entity A enum [\"a\",];", "1:20:"), ("entity A in A enum [\"a\"];", "1:15:"),
      ("entity A enum [\"a\"] tags Long;", "1:21:"), ("entity A {\"\\*\": Long};", "1:12: the string has the invalid"),
      ("entity \u{c9};", "1:8: unexpected `\u{c9}`"), ("/* x */ entity A;", "1:1: unexpected `/`"),
      ("action a in [];", "1:14:"), ("action a in b::c; action b;", "1:17:"), ("action a in \"b\"::\"c\";", "1:16:"),
      ("action a appliesTo {};", "1:21:"), ("action a attributes {x: Long};", "1:22: actions have no attributes"),
      (
        "action a appliesTo {principal: A}; entity A;",
        "1:8: `resource` is missing from what the action `a` applies to; name at least one type"
      ),
      ("action a appliesTo {principal: [], resource: A}; entity A;", "1:32: the action `a` applies to no principal"),
      ("action a appliesTo {principal: A, resource: A, principal: A}; entity A;", "1:48: `principal` is there twice"),
      ("action a appliesTo {context: {}, context: {}};", "1:34: `context` is there twice"),
      ("namespace A { namespace B {} }", "1:15: a namespace can't stand within another"),
      ("namespace A { entity B;", "1:24:"), ("@a @a entity A;", "1:5: the annotation `@a` is there twice"),
      ("@a() entity A;", "1:4:"), ("@a", "1:3:"), ("type A::B = Long;", "1:7:"), ("\u{feff}entity A;", "1:1:"),
    ])
  func refuses(_ text: String, _ start: String) throws {
    let error = try #require(Schemas.error(text), "\(text) is a schema")
    #expect(error.hasPrefix(start), "\(error)")
  }

  /// As the reference implementation has it.
  @Test func theLastAttributeOfANameCounts() throws {
    let schema = try Schema(parsing: "entity A {x: Long, y: Bool, x?: String};")
    let attributes = try #require(schema.entityTypes[try Schemas.name("A")]).attributes
    #expect(attributes == ["x": SchemaAttribute(.string, isRequired: false), "y": SchemaAttribute(.bool)])
  }

  @Test func bytesMustBeUTF8() {
    #expect(throws: SchemaError.self) { try Schema(parsing: [0x65, 0xff]) }
    #expect(throws: SchemaError.self) { try Schema(json: [0x7b, 0xff, 0x7d]) }
  }
}
