import Cedar
import Testing

@Suite struct ValueJSONTests {
  private func json(_ value: Value) throws -> String { try value.json() }
  private func read(_ text: String) throws -> Value { try Value(json: Array(text.utf8)) }

  @Test func writes() throws {
    let uid = try EntityUID(parsing: "Plant::Asset::\"press-1\"")
    #expect(try json(.long(.min)) == "-9223372036854775808")
    #expect(try json(.string("a\"\n\0é")) == #""a\"\n\u0000é""#)
    #expect(try json(.entity(uid)) == #"{"__entity":{"type":"Plant::Asset","id":"press-1"}}"#)
    #expect(try json(.set([.long(2), .string("b"), .long(1)])) == #"["b",1,2]"#)
    #expect(try json(.record(["b": .bool(true), "a": .set([])])) == #"{"a":[],"b":true}"#)
    #expect(
      try json(.ip(IPNetwork(parsing: "10.0.0.0/8"))) == #"{"__extn":{"fn":"ip","arg":"10.0.0.0/8"}}"#)
    #expect(
      try json(.datetime(Datetime(milliseconds: .min))) == """
        {"__extn":{"fn":"offset","args":[{"__extn":{"fn":"datetime","arg":"1970-01-01"}},\
        {"__extn":{"fn":"duration","arg":"-106751991167d7h12m55s808ms"}}]}}
        """)
  }

  @Test func randomValuesReadBack() throws {
    let seed = SeededRandom.chosenSeed(20_240)
    var samples = ValueSamples(random: SeededRandom(seed: seed))
    for _ in 0..<20_000 {
      let value = samples.value()
      let text = try json(value)
      try #require(try read(text) == value, "seed \(seed): \(text)")
      // One text for equal values, whatever the order of their elements.
      try #require(try json(try read(text)) == text, "seed \(seed): \(text)")
    }
  }

  @Test(arguments: ["__entity", "__extn", "__expr"]) func reservedKeysAreNotWritten(_ key: String) throws {
    let value = Value.set([.record([key: .long(1), "a": .long(2)])])
    let error = try #require(throws: SyntaxError.self) { try value.json() }
    #expect(error.message == "a record with the key `\(key)` has no form in JSON")
  }

  @Test func depthIsBounded() throws {
    var value = Value.long(1)
    for _ in 1..<CedarLimits.jsonDepth { value = .set([value]) }
    #expect(try read(try json(value)) == value)
    let deeper = value
    #expect(throws: SyntaxError.self) { try Value.set([deeper]).json() }
    let nested = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
    #expect(throws: SyntaxError.self) { try read(nested(CedarLimits.jsonDepth + 1)) }
    #expect(throws: SyntaxError.self) { try read(nested(1_000_000)) }
  }

  /// The deepest forms that are written can be read.
  @Test func depthOfEntitiesAndCalls() throws {
    let leaves: [(value: Value, levels: Int)] = [
      (.entity(try EntityUID(parsing: "A::\"a\"")), 3), (.duration(TimeSpan(milliseconds: 1)), 3),
      (.datetime(Datetime(milliseconds: .max)), 6), (.string("a"), 1), (.set([]), 1), (.record([:]), 1),
    ]
    for leaf in leaves {
      var value = leaf.value
      for _ in 0..<(CedarLimits.jsonDepth - leaf.levels) { value = .record(["k": value]) }
      #expect(try read(try json(value)) == value, "\(leaf)")
      let deeper = value
      #expect(throws: SyntaxError.self, "\(leaf)") { try Value.record(["k": deeper]).json() }
    }
  }

  /// An object with more than the one key, or with another content, is a record.
  @Test(arguments: [
    #"{"__entity":5}"#, #"{"__entity":{"type":"A"}}"#, #"{"__entity":{"type":"A","id":1}}"#,
    #"{"__entity":{"type":"A","id":"a"},"k":1}"#, #"{"__extn":{"fn":"ip"}}"#, #"{"__extn":{"fn":1,"arg":"::1"}}"#,
    #"{"__extn":{"fn":"ip","arg":"::1"},"k":1}"#, #"{"__extn":{"fn":"ip","args":"::1"}}"#, #"{"__expr":1}"#,
    #"{"__expr":"1","k":1}"#, #"{"type":"A","id":"a"}"#, #"{"fn":"ip","arg":"::1"}"#,
  ])
  func recordsThatLookLikeEscapes(_ text: String) throws {
    guard case .record = try read(text) else {
      Issue.record("\(text) is no record")
      return
    }
  }

  @Test(arguments: [
    (#"{"__extn":{"fn":"ip","args":["::1"]}}"#, "::1"), (#"{"__extn":{"fn":"ip","arg":"::1","more":[null]}}"#, "::1"),
    (#"{"__extn":{"arg":"::1","args":["::2"],"fn":"ip"}}"#, "::1"),
  ])
  func calls(_ text: String, _ address: String) throws {
    #expect(try read(text) == .ip(IPNetwork(parsing: address)))
  }

  /// Methods are functions, too; without a type their arguments have no short forms.
  @Test func methodCalls() throws {
    let duration = #"{"__extn":{"fn":"duration","arg":"36h"}}"#
    #expect(try read(#"{"__extn":{"fn":"toDays","arg":\#(duration)}}"#) == .long(1))
    let day = #"{"__extn":{"fn":"datetime","arg":"2024-10-15"}}"#
    #expect(
      try read(#"{"__extn":{"fn":"offset","args":[\#(day),\#(duration)]}}"#)
        == .datetime(Datetime(parsing: "2024-10-16T12:00:00Z")))
    #expect(throws: SyntaxError.self) { try read(#"{"__extn":{"fn":"offset","args":["2024-10-15","36h"]}}"#) }
  }

  @Test(arguments: [
    ("null", "1:1: `null` is no value of the language; leave it out"),
    (#"{"a":[1,null]}"#, "1:9: `null` is no value of the language; leave it out"),
    (
      "[1.5]",
      "1:2: `1.5` is no integer of 64 bits; numbers with a fraction are "
        + #"`{"__extn": {"fn": "decimal", "arg": "1.5"}}`"#
    ),
    (
      "9223372036854775808",
      "1:1: `9223372036854775808` is no integer of 64 bits; "
        + "expected -9223372036854775808 to 9223372036854775807, zero without a sign"
    ),
    (
      "-0",
      "1:1: `-0` is no integer of 64 bits; expected -9223372036854775808 to 9223372036854775807, zero without a sign"
    ),
    (
      "\n" + #" {"__expr":"1"}"#,
      "2:3: `__expr` is no longer part of the language; expected `__entity` or `__extn` in its place"
    ),
    (
      #"{"__entity":{"type":"A B","id":"a"}}"#,
      "1:21: `A B` is no name of a type; expected identifiers joined by `::`, none of them reserved"
    ),
    (#"{"__entity":{"type":"A","id":"a","x":1.5}}"#, nil), (#"{"__entity":1.5}"#, nil), (#"{"__entity":null}"#, nil),
    (
      #"{"__extn":{"fn":"foo","arg":"a"}}"#,
      "1:17: `foo` is no extension function; expected `decimal`, `ip`, `datetime` or `duration`"
    ),
    (#"{"__extn":{"fn":"ip","arg":1}}"#, "1:28: `ip` takes String, not Long"),
    (#"{"__extn":{"fn":"ip","args":[]}}"#, "1:17: `ip` takes 1 argument, not 0"),
    (
      #"{"__extn":{"fn":"decimal","arg":"1"}}"#,
      "1:33: `1` is no decimal; expected digits, a point and one to four digits, such as `-12.5`"
    ),
    (#"{"a":1,"a":2}"#, "1:8: the key `a` is there twice"),
  ])
  func refuses(_ text: String, _ message: String?) throws {
    let error = try #require(throws: SyntaxError.self) { try read(text) }
    if let message { #expect(error.description == message) }
    #expect(error.position != .none)
  }
}
