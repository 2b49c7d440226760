import Cedar
import Testing

/// Entities, contexts and requests that are read by a schema.
@Suite struct EntitySchemaTests {
  static let schema = try? Schema(
    parsing: """
      entity Top; entity Group in [Top]; entity Color enum ["red", "green"];
      type Port = { number: Long, from?: ipaddr };
      entity User in [Group] {
        level?: Long, name?: String, active?: Bool, rate?: decimal, address?: ipaddr, since?: datetime,
        shift?: duration, group?: Group, color?: Color, ranges?: Set<ipaddr>, groups?: Set<Group>,
        words?: Set<Set<String>>, port?: Port, ports?: Set<Port>, none?: {}
      } tags ipaddr;
      entity Badge { number: Long };
      entity Plain;
      action all; action reads in [all];
      action read in [reads] appliesTo {
        principal: User, resource: Group, context: { address: ipaddr, peer?: User }
      };
      action stop appliesTo { principal: User, resource: Group };
      """)

  private func read(_ text: String) throws -> [Entity] {
    let schema = try #require(Self.schema)
    return try EntityReader.read(Array("[\(text)]".utf8), schema: schema)
  }

  private func attribute(_ name: String, _ json: String) throws -> Value? {
    let entities = try read(EntityReaderTests.entity(#"{"\#(name)":\#(json)}"#))
    return entities.first?.attributes[name]
  }

  /// A type makes the short forms do, and the long ones still.
  @Test(arguments: [
    ("address", #""10.0.0.1""#, #"ip("10.0.0.1")"#), ("address", #"{"fn":"ip","arg":"10.0.0.1"}"#, #"ip("10.0.0.1")"#),
    ("address", #"{"__extn":{"fn":"ip","arg":"10.0.0.1"},"more":1}"#, #"ip("10.0.0.1")"#),
    ("address", #"{"fn":"ip","args":["10.0.0.1"],"more":1}"#, #"ip("10.0.0.1")"#),
    ("rate", #""1.50""#, #"decimal("1.5")"#),
    ("since", #""2024-10-15""#, #"datetime("2024-10-15T00:00:00Z")"#),
    ("since", #"{"fn":"offset","args":["2024-10-15","1d"]}"#, #"datetime("2024-10-16T00:00:00Z")"#),
    (
      "since", #"{"__extn":{"fn":"offset","args":[{"fn":"datetime","arg":"2024-10-15"},"1d"]}}"#,
      #"datetime("2024-10-16T00:00:00Z")"#
    ),
    ("shift", #""90m""#, #"duration("1h30m")"#), ("group", #"{"type":"Group","id":"a"}"#, #"Group::"a""#),
    ("group", #"{"__entity":{"type":"Group","id":"a"},"more":1}"#, #"Group::"a""#),
    ("color", #"{"type":"Color","id":"red"}"#, #"Color::"red""#),
    ("ranges", #"["::1",{"__extn":{"fn":"ip","arg":"::1"}},{"fn":"ip","arg":"::2"}]"#, #"[ip("::1"), ip("::2")]"#),
    ("groups", #"[{"type":"Group","id":"a"}]"#, #"[Group::"a"]"#), ("words", #"[["a"],[]]"#, #"[["a"], []]"#),
    ("port", #"{"number":502,"from":"::1"}"#, #"{"from": ip("::1"), "number": 502}"#), ("none", "{}", "{}"),
    ("level", #"{"__extn":{"fn":"toDays","arg":{"__extn":{"fn":"duration","arg":"2d"}}}}"#, "2"),
  ])
  func shortForms(_ name: String, _ json: String, _ value: String) throws {
    #expect(try attribute(name, json)?.description == value)
  }

  @Test(arguments: [
    ("level", #""1""#, "1:55: a value of the type `String` stands where one of the type `Long` should be"),
    ("level", "null", "1:55: `null` is no value of the language; leave it out"), ("level", "true", nil),
    ("name", "1", nil), ("name", #"{"__entity":{"type":"Group","id":"a"}}"#, nil), ("active", "0", nil),
    ("address", "1", "1:57: a number stands where one of the type `ipaddr` should be"), ("address", #""x""#, nil),
    ("address", "null", nil), ("address", "{}", nil), ("address", #"["::1"]"#, nil),
    ("address", #"{"__extn":"::1"}"#, nil),
    ("address", #"{"__expr":"::1"}"#, nil), ("address", #"{"fn":"ip"}"#, nil),
    (
      "address", #"{"fn":"decimal","arg":"1.0"}"#,
      "1:57: a value of the type `decimal` stands where one of the type `ipaddr` should be"
    ),
    ("rate", "1.5", nil), ("rate", "1", nil), ("since", #"{"fn":"offset","args":["2024-10-15"]}"#, nil),
    (
      "group", #"{"type":"User","id":"a"}"#,
      "1:55: a value of the type `User` stands where one of the type `Group` should be"
    ),
    ("group", #""Group::\"a\"""#, nil), ("group", "null", nil), ("group", #"{"__expr":"a"}"#, nil),
    (
      "color", #"{"type":"Color","id":"blue"}"#,
      "1:55: the schema has no entity `Color::\"blue\"`; expected `Color::\"green\"`, `Color::\"red\"`"
    ),
    ("ranges", #""::1""#, "1:56: a string stands where one of the type `Set<ipaddr>` should be"), ("ranges", "{}", nil),
    ("ranges", #"["::1","x"]"#, nil), ("words", #"["a"]"#, nil), ("words", "[[1]]", nil),
    ("port", "{}", "1:54: the attribute `number` is missing; the schema requires it, of the type Long"),
    ("port", #"{"number":1,"x":1}"#, "1:66: the schema has no attribute `x` here; expected `from`, `number`"),
    ("port", #"{"number":"1"}"#, nil), ("port", "1", nil), ("ports", #"[{"number":1},{}]"#, nil),
    ("none", #"{"__entity":{"type":"Group","id":"a"}}"#, nil), ("other", "1", nil),
  ])
  func refusesValues(_ name: String, _ json: String, _ message: String?) throws {
    let error = try #require(throws: SyntaxError.self) { try attribute(name, json) }
    if let message { #expect(error.description == message) }
    #expect(error.position != .none)
  }

  /// An attribute's name is compared scalar by scalar.
  @Test func spellingsOfNames() throws {
    let schema = try Schema(parsing: "entity A { \"\u{e9}\"?: Long };")
    let text = { (name: String) in EntityReaderTests.entity("{\"\(name)\":1}", uid: #"{"type":"A","id":"a"}"#) }
    #expect(throws: Never.self) { try EntityReader.read(Array("[\(text("\u{e9}"))]".utf8), schema: schema) }
    #expect(throws: SyntaxError.self) { try EntityReader.read(Array("[\(text("e\u{301}"))]".utf8), schema: schema) }
  }

  private func uid(_ type: String, _ id: String) -> String { #"{"type":"\#(type)","id":"\#(id)"}"# }

  @Test func entitiesOfTheSchema() throws {
    typealias Tests = EntityReaderTests
    let right = [
      Tests.entity(#"{"number":1}"#, uid: uid("Badge", "a")), Tests.entity(more: #","tags":{"a":"::1"}"#),
      Tests.entity(uid: uid("Plain", "a"), more: #","tags":{}"#), Tests.entity(uid: uid("Color", "red")),
      Tests.entity(parents: "[\(uid("Group", "a")),\(uid("Top", "a"))]"),
    ]
    for text in right {
      let entities = try read(text)
      #expect(entities.count == 5, "the entity and four actions")
      #expect(throws: Never.self) { try Self.schema?.validate(entities: entities) }
    }
    let wrong = [
      (
        Tests.entity(uid: uid("Badge", "a")),
        "1:43: the attribute `number` is missing; the schema requires it, of the type Long"
      ),
      (
        Tests.entity(uid: uid("NS::Plain", "a")),
        "1:9: the schema has no entity type `NS::Plain`; did you mean `Plain`?"
      ),
      (
        Tests.entity(uid: uid("Color", "blue")),
        "1:9: the schema has no entity `Color::\"blue\"`; expected `Color::\"green\"`, `Color::\"red\"`"
      ),
      (
        Tests.entity(uid: uid("Color", "red"), parents: "[\(uid("Top", "a"))]"),
        "1:59: entities of the type `Color` have no parents of the type `Top`"
      ),
      (
        Tests.entity(uid: uid("Plain", "a"), more: #","tags":{"a":1}"#),
        "1:67: entities of the type `Plain` have no tags"
      ),
      (Tests.entity(more: #","tags":{"a":1}"#), "1:74: a number stands where one of the type `ipaddr` should be"),
      (
        Tests.entity(parents: "[\(uid("User", "a"))]"),
        "1:60: entities of the type `User` have no parents of the type `User`"
      ),
    ]
    for (text, message) in wrong {
      let error = try #require(throws: SyntaxError.self) { try read(text) }
      #expect(error.description == message)
    }
  }

  /// Actions come from the schema; what a text says of them has to agree.
  @Test func actions() throws {
    typealias Tests = EntityReaderTests
    let all = try read("")
    #expect(all == Self.schema?.actionEntities)
    let action = { (id: String, parents: [String]) in
      let parents = parents.map { self.uid("Action", $0) }.joined(separator: ",")
      return Tests.entity(uid: self.uid("Action", id), parents: "[\(parents)]")
    }
    for text in [
      action("all", []), action("read", ["reads", "all"]), action("read", ["reads"]) + "," + action("reads", ["all"]),
    ] { #expect(try read(text) == all, "\(text)") }
    let wrong = [
      action("read", []), action("read", ["reads"]), action("read", ["all"]), action("all", ["reads"]),
      action("other", []), action("read", ["reads", "all", "other"]),
      Tests.entity(#"{"a":1}"#, uid: uid("Action", "all")), Tests.entity(uid: uid("NS::Action", "all")),
      Tests.entity(uid: uid("Action", "all"), more: #","tags":{"a":1}"#),
    ]
    for text in wrong { #expect(throws: SyntaxError.self, "\(text)") { try read(text) } }
  }

  @Test func contexts() throws {
    let schema = try #require(Self.schema)
    let context = { (text: String, action: String) in
      try ContextReader.read(Array(text.utf8), schema: schema, action: EntityUID(parsing: "Action::\"\(action)\""))
    }
    #expect(try context(#"{"address":"::1"}"#, "read") == ["address": .ip(IPNetwork(parsing: "::1"))])
    #expect(try context("{}", "stop").isEmpty)
    for (text, action) in [
      ("{}", "read"), (#"{"address":"x"}"#, "read"), (#"{"address":"::1","peer":{"type":"Group","id":"a"}}"#, "read"),
      ("[]", "read"), (#"{"address":"::1"}"#, "stop"), ("{}", "other"),
    ] { #expect(throws: SyntaxError.self) { try context(text, action) } }
  }
}
