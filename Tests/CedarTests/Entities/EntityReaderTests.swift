import Cedar
import Testing

@Suite struct EntityReaderTests {
  static let uid = #"{"type":"User","id":"alice"}"#

  static func read(_ text: String, _ schema: Schema? = nil) throws -> [Entity] {
    try EntityReader.read(Array(text.utf8), schema: schema)
  }

  static func entity(
    _ attributes: String = "{}", uid: String = uid, parents: String = "[]", more: String = ""
  ) -> String {
    #"{"uid":\#(uid),"attrs":\#(attributes),"parents":\#(parents)\#(more)}"#
  }

  @Test func readsAll() throws {
    let text = """
      [{"uid": {"type": "User", "id": "alice"},
        "attrs": {"level": 3, "home": {"__entity": {"type": "Zone", "id": "north"}},
                  "address": {"__extn": {"fn": "ip", "arg": "10.0.0.1"}}},
        "parents": [{"__entity": {"type": "Group", "id": "staff"}}, {"type": "Group", "id": "staff"}],
        "tags": {"badge": "b-17"}},
       {"uid": {"__entity": {"type": "Group", "id": "staff"}}, "attrs": {}, "parents": []}]
      """
    let entities = try Self.read(text)
    let (alice, staff) = (try EntityUID(parsing: "User::\"alice\""), try EntityUID(parsing: "Group::\"staff\""))
    let home = Value.entity(try EntityUID(parsing: "Zone::\"north\""))
    #expect(
      entities == [
        Entity(
          alice, attributes: ["level": .long(3), "home": home, "address": .ip(try IPNetwork(parsing: "10.0.0.1"))],
          parents: [staff], tags: ["badge": .string("b-17")]),
        Entity(staff),
      ])
    #expect(try Self.read("[]").isEmpty)
  }

  /// Keys that nobody reads are let pass, in an entity and where one is named.
  @Test(arguments: [
    entity(more: #","comment":{"a":[1]}"#), entity(uid: #"{"type":"User","id":"alice","more":1}"#),
    entity(uid: #"{"__entity":{"type":"User","id":"alice","more":1}}"#),
    entity(uid: #"{"__entity":{"type":"User","id":"alice"},"type":"Group","id":"b"}"#),
    entity(uid: #"{"__entity":5,"type":"User","id":"alice"}"#),
    entity(uid: #"{"__expr":5,"type":"User","id":"alice"}"#),
  ])
  func otherKeys(_ text: String) throws {
    #expect(try Self.read("[\(text)]") == [Entity(EntityUID(parsing: "User::\"alice\""))])
  }

  /// The names of attributes and tags stand for nothing else.
  @Test func attributesNamedLikeEscapes() throws {
    let text = Self.entity(#"{"__entity":{"type":"A","id":"a"},"__expr":"x"}"#, more: #","tags":{"__extn":1}"#)
    let entity = try #require(try Self.read("[\(text)]").first)
    #expect(entity.attributes["__expr"] == .string("x"))
    #expect(entity.attributes["__entity"] == .record(["type": .string("A"), "id": .string("a")]))
    #expect(try Self.read(Cedar.EntityWriter.json([entity])) == [entity])
  }

  @Test(arguments: [
    (#"{"uid":\#(uid),"parents":[]}"#, "1:2: the entity has no `attrs`; an entity has `uid`, `attrs` and `parents`"),
    (#"{"uid":\#(uid),"attrs":{}}"#, "1:2: the entity has no `parents`; an entity has `uid`, `attrs` and `parents`"),
    (#"{"attrs":{},"parents":[]}"#, "1:2: the entity has no `uid`; an entity has `uid`, `attrs` and `parents`"),
    ("5", "1:2: an entity is an object, not a number"),
    (entity("null"), "1:46: the value of `attrs` is an object, not null"),
    (entity(parents: "{}"), "1:59: the value of `parents` is an array, not an object"),
    (entity(more: #","tags":[]"#), "1:69: the value of `tags` is an object, not an array"),
    (entity(#"{"a":{"b":[1,2.5]}}"#), nil),
    (
      entity(uid: #""User::\"alice\"""#),
      "1:9: a string stands where an entity should be; expected `{\"type\": \"User\", \"id\": \"alice\"}`"
    ),
    (
      entity(uid: #"{"__expr":"x","type":"A","id":"a"}"#),
      "1:19: `__expr` is no longer part of the language; expected `__entity` or `__extn` in its place"
    ),
    (entity(uid: #"{"type":"User"}"#), nil), (entity(uid: #"{"type":"User","id":5}"#), nil),
    (entity(uid: #"{"type":"","id":"a"}"#), nil), (entity(uid: #"{"type":"A :: B","id":"a"}"#), nil),
    (entity(uid: #"{"type":"A::in","id":"a"}"#), nil), (entity(uid: #"{"type":"__cedar::A","id":"a"}"#), nil),
    (entity(uid: #"{"type":"A","type":"A","id":"a"}"#), nil), (entity(uid: #"["A","a"]"#), nil),
    (entity(parents: #"["Group::\"a\""]"#), nil), (entity(#"{"a":1,"a":1}"#), "1:53: the key `a` is there twice"),
    (
      entity(uid: #"{"type":"N::Action","id":"a"}"#, parents: "[\(uid)]"),
      "1:61: the parents of an action are actions, not `User::\"alice\"`"
    ),
  ])
  func refuses(_ text: String, _ message: String?) throws {
    let error = try #require(throws: SyntaxError.self) { try Self.read("[\(text)]") }
    if let message { #expect(error.description == message) }
    #expect(error.position != .none)
  }

  @Test(arguments: ["", "{}", "null", "[", "[] []", "[,]", "\u{feff}[]", "[{}", "\"", "[\"\\ud800\"]"])
  func refusesOtherTexts(_ text: String) {
    #expect(throws: SyntaxError.self) { try Self.read(text) }
  }

  /// The same entity may be there again, whatever the order of what is in it.
  @Test func duplicates() throws {
    let first = Self.entity(#"{"a":[1,2],"b":{"__extn":{"fn":"ip","arg":"1.2.3.4"}}}"#)
    let same = Self.entity(#"{"b":{"__extn":{"fn":"ip","arg":"1.2.3.4/32"}},"a":[2,1,1]}"#)
    #expect(try Self.read("[\(first),\(same)]").count == 1)
    let others = [
      Self.entity(#"{"a":[1]}"#), Self.entity(parents: "[\(Self.uid)]"), Self.entity(more: #","tags":{"a":1}"#),
    ]
    for other in others {
      let error = try #require(throws: SyntaxError.self) { try Self.read("[\(Self.entity()),\n\(other)]") }
      #expect(
        error.description
          == "2:8: the entity `User::\"alice\"` is there twice, with different contents; the first one is at 1:9")
    }
  }

  /// Ids that look alike are different ids.
  @Test func spellingsOfIds() throws {
    let ids = [#"\u00e9"#, #"e\u0301"#].map { Self.entity(uid: #"{"type":"User","id":"\#($0)"}"#) }
    #expect(try Self.read("[\(ids[0]),\(ids[1])]").count == 2)
  }

  @Test func randomEntitiesReadBack() throws {
    let seed = SeededRandom.chosenSeed(77)
    var samples = ValueSamples(random: SeededRandom(seed: seed))
    for _ in 0..<500 {
      var entities: [EntityUID: Entity] = [:]
      for _ in 0..<samples.random.int(0...5) {
        let uid = samples.uid()
        let parents = Set((0..<samples.random.int(0...3)).map { _ in samples.uid() })
        entities[uid] = Entity(
          uid, attributes: samples.record(depth: 2), parents: parents, tags: samples.record(depth: 2))
      }
      let list = Array(entities.values)
      for isPretty in [false, true] {
        let text = try Cedar.EntityWriter.json(list, isPretty: isPretty)
        try #require(try Self.read(text) == list, "seed \(seed): \(text)")
      }
    }
  }

  /// A long text takes time in proportion, and so does one without line breaks.
  @Test func manyEntities() throws {
    let texts = (0..<20_000).map { index in
      Self.entity(#"{"level":\#(index)}"#, uid: #"{"type":"User","id":"u\#(index)"}"#)
    }
    #expect(try Self.read("[" + texts.joined(separator: ",") + "]").count == 20_000)
  }
}
