import Cedar
import Testing

@Suite struct RequestValidationTests {
  private static let context: [String: Value] = [
    "mfa": .bool(true), "from": .record(["ip": .ip(IPNetwork(address: 1, isV6: false, prefix: 32))]),
  ]

  private static func error(
    _ principal: String = #"Plant::User::"a""#, _ action: String = #"Plant::Action::"read""#,
    _ resource: String = #"Plant::Asset::"b""#, _ context: [String: Value] = context
  ) throws -> String? {
    let schema = try Schema(parsing: Plant.schema)
    let request = Request(
      principal: try Schemas.uid(principal), action: try Schemas.uid(action), resource: try Schemas.uid(resource),
      context: context)
    do {
      try schema.validate(request: request)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func entitiesAndActions() throws {
    #expect(try Self.error() == nil)
    #expect(try Self.error(#"User::"a""#) == "the type `User` of the principal is not declared")
    #expect(try Self.error(#"Plant::Action::"use""#) == "the type `Plant::Action` of the principal is not declared")
    #expect(
      try Self.error(#"Plant::Team::"a""#)
        == "the action `Plant::Action::\"read\"` does not apply to a principal of type `Plant::Team`; "
        + "expected `Plant::User`"
    )
    #expect(
      try Self.error(#"Plant::Shift::"night""#)
        == "the principal `Plant::Shift::\"night\"` is none of the entities of its type; expected `early`, `late`")
    let user = #"Plant::User::"a""#
    #expect(try Self.error(user, #"Plant::Action::"nope""#) == "the action `Plant::Action::\"nope\"` is not declared")
    #expect(
      try Self.error(user, #"Plant::Action::"use""#)
        == "the action `Plant::Action::\"use\"` does not apply to a principal of type `Plant::User`")
    #expect(try Self.error(user, #"Plant::Action::"write""#, #"Plant::Zone::"z""#, [:])?.contains("resource") == true)
  }

  @Test func contexts() throws {
    func error(_ changes: [String: Value], without name: String? = nil) throws -> String? {
      var context = Self.context.merging(changes) { $1 }
      if let name { context[name] = nil }
      return try Self.error(#"Plant::User::"a""#, #"Plant::Action::"read""#, #"Plant::Zone::"b""#, context)
    }
    #expect(try error(["wait": .duration(TimeSpan(milliseconds: 5))]) == nil)
    #expect(try error([:], without: "mfa") == "`context` lacks the attribute `mfa`; expected a value of type `Bool`")
    #expect(try error(["mfa": .long(1)]) == "`context.mfa` is a `Long`; expected a value of type `Bool`")
    #expect(
      try error(["more": .long(1)])
        == "`context` has an attribute `more` that the schema does not have; expected `from`, `mfa`, `note`, `wait`")
    #expect(
      try error(["from": .record([:])]) == "`context.from` lacks the attribute `ip`; expected a value of type `ipaddr`")
    #expect(try error(["from": .record(["ip": .string("::1")])])?.hasPrefix("`context.from.ip` is a `String`") == true)
    #expect(try error(["from": .set([])])?.hasPrefix("`context.from` is a set") == true)
  }
}
