import Cedar
import Testing

@Suite struct ValueTextTests {
  @Test func describes() throws {
    let value = Value.record([
      "if": .set([.string("a\"b"), .long(-1), .bool(true)]), "e": .entity(try EntityUID(parsing: "A::B::\"x\\n\"")),
      "d": .decimal(Decimal(tenThousandths: -5000)), "i": .ip(try IPNetwork(parsing: "10.0.0.0/8")),
      "t": .datetime(Datetime(milliseconds: 0)), "n": .duration(TimeSpan(milliseconds: -90_000)),
    ])
    #expect(
      value.description == """
        {"d": decimal("-0.5"), "e": A::B::"x\\n", "i": ip("10.0.0.0/8"), "if": ["a\\"b", -1, true], \
        "n": duration("-1m30s"), "t": datetime("1970-01-01T00:00:00Z")}
        """)
    #expect(
      Value.datetime(Datetime(milliseconds: .max)).description
        == #"datetime("1970-01-01").offset(duration("106751991167d7h12m55s807ms"))"#)
  }

  /// A description is an expression with the value.
  @Test func randomDescriptionsEvaluateToTheValue() throws {
    let seed = SeededRandom.chosenSeed(31)
    var samples = ValueSamples(random: SeededRandom(seed: seed))
    for _ in 0..<2000 {
      let value = samples.value()
      let engine = try PolicyEngine(
        PolicySet(parsing: "permit(principal, action, resource) when { context.value == \(value) };"),
        entities: EntityStore([]))
      let uid = try EntityUID(parsing: "A::\"a\"")
      let request = Request(principal: uid, action: uid, resource: uid, context: ["value": value])
      try #require(engine.decide(request).isAllowed, "seed \(seed): \(value)")
    }
  }

  /// Two spellings of one character are two strings.
  @Test func equalityIsByScalars() throws {
    let (composed, decomposed) = ("\u{e9}", "e\u{301}")
    #expect(Value.string(composed) != .string(decomposed))
    #expect(Value.set([.string(composed), .string(decomposed)]) != .set([.string(composed)]))
    #expect(Value.record([composed: .long(1)]) != .record([decomposed: .long(1)]))
    #expect(Value.record([composed: .long(1)]) == .record([composed: .long(1)]))
    #expect(try EntityUID(parsing: "A::\"\(composed)\"") != EntityUID(parsing: "A::\"\(decomposed)\""))
  }
}
