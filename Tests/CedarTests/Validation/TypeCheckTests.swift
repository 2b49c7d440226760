import Cedar
import Testing

@Suite struct TypeCheckTests {
  @Test(
    arguments: [
      "true", "principal.admin", "principal.level + 1 > 2 - 3 * -principal.level", "principal.name like \"a*\"",
      "principal.team == Plant::Team::\"a\"", "principal.team in [Plant::Team::\"a\", principal.team]",
      "principal in resource", "resource in Plant::Zone::\"a\"", "principal == resource",
      "if principal.admin then resource.name == \"a\" else principal.level == 1",
      "[1, principal.level].contains(2)", "[principal].containsAny([principal])",
      "[[1], [2]].contains([3])", "{a: 1, b: \"x\"} == {b: principal.name, a: 2}",
      "[true, false].contains(principal.admin)",
      "[{a: true}, {a: false}].contains({a: principal.admin})", "[1].isEmpty()", "{a: principal}.a.admin",
      "resource.address.isInRange(ip(\"10.0.0.0/8\")) && resource.address.isIpv4()",
      "resource.rate.lessThan(decimal(\"1.5\"))", "resource.since < datetime(\"2024-10-15\")",
      "resource.since.offset(duration(\"1d\")).toDate() >= resource.since && resource.wear > duration(\"-1h\")",
      "resource.since.durationSince(resource.since) == resource.wear && resource.wear.toHours() == 5",
      "resource.since.toTime() != resource.wear", "1 == \"a\"", "Plant::Shift::\"early\" == Plant::Shift::\"late\"",
      "action == Plant::Action::\"write\" && action in Plant::Action::\"use\"", "action in [Plant::Action::\"use\"]",
      "action in Group::Action::\"risky\"", "principal.done in Plant::Action::\"use\"", "action has foo",
      "principal is Plant::User in Plant::Team::\"a\"", "[principal.done].contains(action)",
      "(if true then 1 else \"a\") == 1", "{\"a b\": 1}[\"a b\"] == 1",
    ])
  func accepts(_ condition: String) throws { #expect(try Plant.findings(when: condition) == []) }

  @Test(
    arguments: [
      ("1", "the type is `Long`; expected a `Bool`"), ("!principal.level", "the type is `Long`; expected a `Bool`"),
      ("principal.level && true", "the type is `Long`; expected a `Bool`"),
      ("if 1 then true else false", "the type is `Long`; expected a `Bool`"),
      ("principal.age == 1", "there is no attribute `age` in `Plant::User`; expected"),
      ("action.foo", "there is no attribute `foo` in `Plant::Action`"),
      ("principal.name.x", "the type is `String`; expected an entity or a record"),
      ("principal.name has x", "the type is `String`; expected an entity or a record, or `like`"),
      ("principal.name == 1", "`String` and `Long` can't be compared; expected values of one type"),
      ("\"a\" != principal.level", "`String` and `Long` can't be compared"),
      ("principal == 1", "`Plant::User` and `Long` can't be compared"),
      ("{a: 1} == {b: 1}", "`{a: Long}` and `{b: Long}` can't be compared"),
      ("{a: 1} == {a: 1, b: 1}", "`{a: Long}` and `{a: Long, b: Long}` can't be compared"),
      ("principal.contact == {city: \"a\", phone: {short: 1}}", "can't be compared"),
      ("principal.name < \"b\"", "the type is `String`; expected `Long`, `datetime` or `duration`"),
      ("1 < resource.since", "the type is `datetime`; expected a `Long`"),
      ("resource.since < resource.wear", "the type is `duration`; expected a `datetime`"),
      ("resource.rate < resource.rate", "the type is `decimal`; expected `Long`, `datetime` or `duration`"),
      ("principal.name + \"a\" == \"b\"", "the type is `String`; expected a `Long`, as strings can't be joined"),
      ("-principal.name == 1", "the type is `String`; expected a `Long`"),
      ("principal.level like \"1\"", "the type is `Long`; expected a `String`"),
      ("principal.name in principal", "the type is `String`; expected an entity"),
      ("principal in principal.name", "the type is `String`; expected an entity or a set of entities"),
      ("principal in [1]", "the type is `Set<Long>`; expected an entity or a set of entities"),
      ("principal.level is Plant::User", "the type is `Long`; expected an entity"),
      ("[]== [1]", "an empty set has no type; expected at least one element"),
      ("[1, \"a\"].contains(1)", "`Long` and `String` are in one set; expected elements of one type"),
      ("[principal, resource].contains(principal)", "`Plant::User` and `Plant::Asset` are in one set"),
      ("[1].contains(\"a\")", "`Long` and `String` can't be compared"),
      ("principal.name.contains(\"a\")", "the type is `String`; expected a set"),
      ("[1].containsAll(1)", "the type is `Long`; expected a set, or `contains`"),
      ("[1].containsAny([\"a\"])", "`Set<Long>` and `Set<String>` can't be compared"),
      ("principal.isEmpty()", "the type is `Plant::User`; expected a set"),
      (
        "(if principal.admin then principal else resource) == principal",
        "`Plant::User` and `Plant::Asset` have no common type; expected branches of one type"
      ),
      ("ip(\"1.2.3\").isIpv4()", "`1.2.3` is no ipaddr; expected an address"),
      ("decimal(\"1\") == resource.rate", "`1` is no decimal"),
      ("datetime(\"2024-13-01\") == resource.since", "`2024-13-01` is no datetime"),
      ("duration(\"1y\") == resource.wear", "`1y` is no duration"),
      ("ip(principal.name).isIpv4()", "`ip` is called with what is no literal; expected a string literal"),
      ("ip(if true then \"::1\" else \"::2\").isIpv4()", "`ip` is called with what is no literal"),
      ("resource.address.lessThan(resource.rate)", "the type is `ipaddr`; expected a `decimal`"),
      ("resource.since.offset(resource.since) == resource.since", "the type is `datetime`; expected a `duration`"),
    ])
  func refuses(_ condition: String, _ message: String) throws {
    let findings = try Plant.findings(when: condition)
    #expect(findings.contains { $0.hasPrefix(message) || $0.contains(message) }, "\(findings)")
  }

  /// What can't be reached is not checked, however wrong it is.
  @Test(
    arguments: [
      "false && 1", "true || 1", "if false then 1 else true", "if true then true else 1",
      "principal is Plant::Team && 1",
      "!(principal is Plant::Team) || 1", "action == Plant::Action::\"read\" && context.nope",
      "principal == resource && 1",
      "principal in Plant::Zone::\"a\" && 1", "action in Plant::Action::\"all\" && 1", "1 == 2 && 1",
      "resource has nope && 1", "{a: 1} has b && 1", "principal.contact has city || 1", "resource.hasTag(\"a\") && 1",
      "(true && false) == true && 1", "principal in action && 1", "principal has shift && (principal has shift || 1)",
    ])
  func leavesOutWhatIsNeverEvaluated(_ condition: String) throws { #expect(try Plant.findings(when: condition) == []) }

  @Test(
    arguments: [
      "true && 1", "false || 1", "principal has name && 1", "principal is Plant::User && 1",
      "principal == principal && 1",
      "if principal.admin then true else 1", "resource in Plant::Zone::\"a\" && 1",
    ])
  func checksWhatMayBeEvaluated(_ condition: String) throws { #expect(try !Plant.findings(when: condition).isEmpty) }

  /// A policy may be right for one type of resource and wrong for another.
  @Test func findingsNameTheEnvironment() throws {
    let set = try PolicySet(
      parsing: """
        permit (principal, action == Plant::Action::"read", resource)
        when {
          resource.name == "a"
        };
        """)
    let result = try Plant.validator().validate(set)
    let finding = try #require(result.findings.first)
    #expect(result.findings.count == 1)
    #expect(!result.isValid)
    #expect(finding.policy == "policy0")
    #expect(finding.position == SourcePosition(line: 3, column: 12))
    #expect(finding.environment?.resource.text == "Plant::Zone")
    #expect(
      finding.description == """
        `policy0` at 3:12: there is no attribute `name` in `Plant::Zone` (for principal `Plant::User`, action \
        `Plant::Action::"read"`, resource `Plant::Zone`)
        """)
  }

  @Test func severalConditionsAreOne() throws {
    let scope = "permit (principal, action == Plant::Action::\"write\", resource)"
    #expect(try Plant.findings("\(scope) when { principal has mail } when { principal.mail == \"a\" };") == [])
    #expect(try Plant.findings("\(scope) unless { principal has mail } when { principal.mail == \"a\" };").count == 1)
    #expect(try Plant.findings("\(scope) when { false } unless { 1 };") == [])
    #expect(try Plant.findings("\(scope) unless { 1 };").count == 1)
  }

  @Test func policiesThatNeverApplyAreWarnings() throws {
    let validator = try Plant.validator()
    for condition in ["false", "principal is Plant::Team", "resource has nope", "1 == 2"] {
      let result = validator.validate(
        try PolicySet(parsing: "permit (principal is Plant::User, action, resource) when { \(condition) };"))
      #expect(result.isValid)
      #expect(result.warnings.map(\.policy) == ["policy0"])
    }
    let result = validator.validate(try PolicySet(parsing: "permit (principal, action, resource);"))
    #expect(result.isValid && result.warnings.isEmpty)
  }

  /// Expressions that are not from texts may be nested without end.
  @Test func depthIsBounded() async throws {
    var expression = Cedar.Expression(.bool(true))
    for _ in 0..<1_000 { expression = Cedar.Expression(.not(expression)) }
    let policy = Policy(id: "p", effect: .permit, conditions: [Condition(.when, expression)])
    let validator = try Plant.validator()
    #expect(validator.validate(policy).findings.map(\.message) == ["the expression is nested too deep to be checked"])
    let deep = String(repeating: "!(principal != principal || ", count: 31) + "true" + String(repeating: ")", count: 31)
    let failure = await Syntax.onThread(stackBytes: 512 << 10) {
      let policies = try? PolicySet(parsing: "permit (principal, action, resource) when { \(deep) };")
      return policies.map { validator.validate($0).isValid } == true ? nil : "no valid policy"
    }
    #expect(failure == nil)
  }
}
