import Cedar
import Testing

/// What expressions come to, against the rules of the language.
@Suite struct EvaluatorTests {
  enum Outcome: Equatable {
    case yes, no
    case error(PolicyError.Kind)
  }

  private func outcome(_ expression: String) throws -> Outcome {
    let engine = try Engine.engine(
      "permit(principal, action, resource) when { \(expression) };", try Engine.plant())
    let decision = engine.decide(
      try Engine.request(
        #"User::"alice""#, #"Action::"read""#, #"Asset::"press""#,
        [
          "count": .long(5), "text": .string("10.0.0.1"), "list": .set([.long(1), .set([])]), "empty": .record([:]),
          "stranger": .entity(try Engine.uid(#"User::"stranger""#)),
        ]))
    if let error = decision.errors.first { return .error(error.kind) }
    return decision.isAllowed ? .yes : .no
  }

  @Test(arguments: [
    "true", "!false", "!!true", "1 == 1", "1 != 2", "\"a\" == \"a\"", "!(1 == \"1\")", "1 != \"1\"", "!(true == 1)",
    "[1, 2] == [2, 1, 1]", "{a: 1, b: [2]} == {b: [2], a: 1}", "{a: 1} != {a: 1, b: 2}", "[] == []",
    "{} == context.empty",
    "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", "-9223372036854775808 < 9223372036854775807", "1 + 2 * 3 == 7",
    "-(3) == 0 - 3",
    "if false then 1 / 1 == 1 else true".replacing("1 / 1 == 1", with: "1"), "false && 1 || true", "true || 1",
    "[1, [2], {a: 3}].contains({a: 3})", "[1, 2, 3].containsAll([3, 1])", "[1].containsAll([])", "![].containsAny([])",
    "[1, 2].containsAny([5, 2])", "[].isEmpty() && ![1].isEmpty()", "context.list.contains([])",
    "principal has level && principal has \"name\" && !(principal has age)", "principal has contact.phone.short",
    "!(principal has contact.fax.short)", "principal.contact.phone[\"short\"] == 7", "!(context.stranger has level)",
    "principal in Group::\"staff\"", "principal in principal", "context.stranger in context.stranger",
    "!(Group::\"staff\" in principal)", "principal in [Zone::\"x\", Group::\"operators\"]", "!(principal in [])",
    "resource in principal.home && resource in Zone::\"site\"", "principal is User && !(principal is Group)",
    "principal is User in Group::\"staff\"", "!(principal is Group in 3)".replacing("3", with: "Group::\"staff\""),
    "principal.hasTag(\"badge\") && principal.getTag(\"badge\") == \"b-17\"", "!principal.hasTag(\"none\")",
    "!context.stranger.hasTag(\"badge\")", "\"press-17\" like \"press-*\"", "\"a*b\" like \"a\\*b\"",
    "!(\"axb\" like \"a\\*b\")",
    "\"aXbXc\" like \"a*X*c\"", "\"\" like \"*\"", "!(\"ab\" like \"a\")", "principal.name like \"*l*c*\"",
    "ip(\"10.1.2.3\") == principal.address", "principal.address.isInRange(ip(\"10.0.0.0/8\"))",
    "ip(context.text).isInRange(ip(\"10.0.0.0/24\"))", "!ip(\"::1\").isInRange(ip(\"0.0.0.0/0\"))",
    "ip(\"127.0.0.1\").isLoopback() && ip(\"224.0.0.1\").isMulticast() && ip(\"::1\").isIpv6() && ip(\"1.2.3.4\").isIpv4()",
    "decimal(\"1.5\") == principal.rate && decimal(\"1.5\").lessThan(decimal(\"1.51\"))",
    "decimal(\"1.0\") == decimal(\"1.0000\")",
    "principal.since == datetime(\"1970-01-01\") && datetime(\"2024-01-01\") > principal.since",
    "datetime(\"2024-10-15T11:38:02Z\").toDate() == datetime(\"2024-10-15\")",
    "datetime(\"2024-10-15T11:38:02Z\").toTime() == duration(\"11h38m2s\")", "principal.shift.toHours() == 8",
    "datetime(\"2024-01-02\").durationSince(datetime(\"2024-01-01\")) == duration(\"1d\")",
    "datetime(\"2024-01-01\").offset(duration(\"-1ms\")) < datetime(\"2024-01-01\")",
    "duration(\"1h\") < duration(\"61m\")",
    "principal != resource && action == Action::\"read\"", "principal.roles.contains(\"engineer\")",
  ])
  func holds(_ expression: String) throws {
    #expect(try outcome(expression) == .yes, "\(expression)")
  }

  @Test(arguments: [
    ("1 && true", PolicyError.Kind.type), ("true && 1", .type), ("if 1 then true else true", .type), ("!1 == 1", .type),
    ("1 < \"2\"", .type), ("\"a\" < \"b\"", .type), ("decimal(\"1.0\") < decimal(\"2.0\")", .type),
    ("datetime(\"2024-01-01\") < duration(\"1d\")", .type), ("principal in 1", .type), ("1 in principal", .type),
    ("principal in [principal, 1]", .type), ("1 like \"a\"", .type), ("1 is User", .type), ("1 has a", .type),
    ("principal has level.x", .type), ("[1].containsAll(1)", .type),
    ("1.contains(1)".replacing("1.", with: "(1)."), .type),
    ("principal.hasTag(1)", .type), ("\"a\".lessThan(decimal(\"1.0\"))", .type), ("{a: 1 && true}.a", .type),
    ("9223372036854775807 + 1 == 0", .overflow), ("-9223372036854775808 - 1 == 0", .overflow),
    ("4611686018427387904 * 2 == 0", .overflow), ("-(-9223372036854775808) == 0", .overflow),
    ("datetime(\"1970-01-01\").offset(duration(\"9223372036854775807ms\")).offset(duration(\"1ms\")) == 1", .overflow),
    ("principal.age == 1", .missingAttribute), ("context.nothing", .missingAttribute),
    ("{a: 1}.b == 1", .missingAttribute),
    ("context.stranger.level == 1", .missingEntity), ("context.stranger.getTag(\"a\") == 1", .missingEntity),
    ("principal.getTag(\"none\") == 1", .missingTag), ("ip(principal.name).isIpv4()", .malformedExtension),
    ("ip(\"300.1.1.1\").isIpv4()", .malformedExtension), ("decimal(\"1\") == decimal(\"1.0\")", .malformedExtension),
    ("ip(\"10.0.0.1\", \"x\").isIpv4()", .arity),
  ])
  func fails(_ expression: String, _ kind: PolicyError.Kind) throws {
    #expect(try outcome(expression) == .error(kind), "\(expression)")
  }

  @Test func errorsSayWhereAndWhy() throws {
    let engine = try Engine.engine(
      """
      permit(principal, action, resource)
      when { true }
      when { principal has level && principal.level + context.step > 3 };
      """, try Engine.plant())
    let error = try #require(engine.decide(try Engine.request()).errors.first)
    #expect(error.policy == "policy0")
    #expect(error.position.line == 3)
    #expect(error.message == "the record has no attribute `step`")
    #expect(error.description.hasPrefix("policy `policy0` at 3:"))
    let missing = try Engine.engine("permit(principal, action, resource) when { principal.level > 3 };")
    let stranger = try #require(missing.decide(try Engine.request()).errors.first)
    #expect(stranger.message == #"nothing is known of `User::"alice"`"#)
  }

  @Test func literalsPastTheLimitAreErrors() throws {
    let wide = "[" + Array(repeating: "context.text", count: 80_000).joined(separator: ", ") + "].isEmpty()"
    #expect(try outcome(wide) == .error(.limit))
  }
}
