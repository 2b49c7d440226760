import Cedar
import Testing

@Suite struct RequestReaderTests {
  private func read(_ text: String, _ schema: Schema? = nil) throws -> Request {
    try RequestReader.read(Array(text.utf8), schema: schema)
  }

  private func request(_ principal: String, _ context: String? = nil) -> String {
    let context = context.map { ",\"context\":" + $0 } ?? ""
    return #"{"principal":\#(principal),"action":"Action::\"read\"","resource":"Group::\"a\""\#(context)}"#
  }

  @Test(arguments: [
    #""User::\"a\"""#, #"{"type":"User","id":"a"}"#, #"{"__entity":{"type":"User","id":"a"}}"#, #""User::\"\\u{61}\"""#,
  ])
  func namesOfEntities(_ principal: String) throws {
    let request = try read(request(principal, #"{"n":1}"#))
    #expect(request.principal.description == #"User::"a""#)
    #expect(request.action.description == #"Action::"read""#)
    #expect(request.resource.description == #"Group::"a""#)
    #expect(request.context == ["n": .long(1)])
  }

  @Test func contextMayBeLeftOut() throws {
    #expect(try read(request(#""User::\"a\"""#)).context.isEmpty)
    #expect(throws: SyntaxError.self) { try read(request(#""User::\"a\"""#), EntitySchemaTests.schema) }
  }

  @Test func schemaGuidesTheContext() throws {
    let schema = try #require(EntitySchemaTests.schema)
    let right = request(#""User::\"a\"""#, #"{"address":"::1","peer":{"type":"User","id":"b"}}"#)
    #expect(try read(right, schema).context["address"] == .ip(IPNetwork(parsing: "::1")))
    let wrong = request(#""User::\"a\"""#, #"{"address":5}"#)
    #expect(throws: SyntaxError.self) { try read(wrong, schema) }
    let unknown = #"{"principal":"User::\"a\"","action":"Action::\"x\"","resource":"Group::\"a\""}"#
    let error = try #require(throws: SyntaxError.self) { try read(unknown, schema) }
    #expect(error.description == "1:37: the schema has no action `Action::\"x\"`")
  }

  @Test(arguments: [
    ("5", "1:14: a number stands where an entity should be; expected `{\"type\": \"User\", \"id\": \"alice\"}`"),
    (#""User""#, "1:14: the text of the entity ends too early; expected an entity such as `User::\"alice\"`"),
    (
      #""User::\"a\" x""#, "1:14: unexpected `x` in the text of an entity; expected an entity such as `User::\"alice\"`"
    ),
    (#"null"#, nil), (#"{"type":"User"}"#, nil), (#""""#, nil),
  ])
  func refuses(_ principal: String, _ message: String?) throws {
    let error = try #require(throws: SyntaxError.self) { try read(request(principal)) }
    if let message { #expect(error.description == message) }
    #expect(error.position != .none)
  }

  @Test(arguments: ["[]", "{}", "1", #"{"principal":"A::\"a\"","action":"A::\"a\""}"#]) func refusesOthers(
    _ text: String
  ) {
    #expect(throws: SyntaxError.self) { try read(text) }
  }

  @Test(arguments: [
    "[]", "1", "null", #""a""#, #"{"__entity":{"type":"A","id":"a"}}"#, #"{"__extn":{"fn":"ip","arg":"::1"}}"#,
    #"{"__expr":"a"}"#, #"{"a":null}"#, #"{"a":1.5}"#,
  ])
  func refusesContexts(_ text: String) {
    #expect(throws: SyntaxError.self) { try ContextReader.read(Array(text.utf8)) }
  }

  @Test func randomRequestsReadBack() throws {
    let seed = SeededRandom.chosenSeed(5)
    var samples = ValueSamples(random: SeededRandom(seed: seed))
    for index in 0..<2000 {
      let request = Request(
        principal: samples.uid(), action: samples.uid(), resource: samples.uid(), context: samples.record(depth: 1))
      let text = try request.json(isPretty: index.isMultiple(of: 2))
      try #require(try read(text) == request, "seed \(seed): \(text)")
    }
  }

  @Test(arguments: [
    #"User::"a""#, #"A::B::C::"x y\n\"\\\u{1f600}\0""#, #"_::"""#, #"permit::"it's""#, #"User::"\x41""#,
  ])
  func entityTexts(_ text: String) throws {
    let uid = try EntityUID(parsing: text)
    #expect(try EntityUID(parsing: uid.description) == uid)
  }

  @Test(arguments: [
    "", "User", "User::", "::\"a\"", "\"a\"", "User::a", " User::\"a\"", "User ::\"a\"", "User:: \"a\"", "User::\"a\" ",
    "User::\"a\"//", "User::\n\"a\"", "User::\"a\"::\"b\"", "User::\"a", "User::'a'", "in::\"a\"", "A::if::\"a\"",
    "__cedar::\"a\"", "1::\"a\"", "A.B::\"a\"", "A:\"a\"", "A::\"\\*\"", "A::\"\\q\"", "A::{}", "é::\"a\"",
    "A::::\"a\"",
  ])
  func refusesEntityTexts(_ text: String) {
    #expect(throws: SyntaxError.self) { try EntityUID(parsing: text) }
  }
}
