import Cedar
import Testing

@Suite struct ScopeValidationTests {
  @Test(
    arguments: [
      "principal, action, resource", "principal == Plant::User::\"a\", action, resource",
      "principal in Plant::Team::\"a\", action, resource", "principal is Plant::User, action, resource is Plant::Zone",
      "principal is Plant::User in Plant::Team::\"a\", action, resource in Plant::Zone::\"z\"",
      "principal, action in Plant::Action::\"use\", resource",
      "principal, action in [Plant::Action::\"use\"], resource",
      "principal, action in Group::Action::\"risky\", resource",
      "principal == ?principal, action, resource in ?resource",
      "principal is Plant::User in ?principal, action, resource",
      "principal is Plant::Team, action, resource == Plant::Zone::\"z\"",
    ])
  func accepts(_ scope: String) throws { #expect(try Plant.findings("permit (\(scope));") == []) }

  @Test(
    arguments: [
      ("principal == User::\"a\", action, resource", "the entity type `User` is not declared; expected `Plant::User`"),
      ("principal is Plant::Nope, action, resource", "the entity type `Plant::Nope` is not declared"),
      ("principal in Nope::\"a\", action, resource in Nope::\"b\"", "the entity type `Nope` is not declared"),
      (
        "principal, action == Plant::Action::\"nope\", resource", "the action `Plant::Action::\"nope\"` is not declared"
      ),
      ("principal, action == Action::\"read\", resource", "the action `Action::\"read\"` is not declared"),
      ("principal, action in [Plant::Action::\"use\", Plant::Action::\"x\"], resource", "is not declared"),
      ("principal, action in [], resource", "the scope names no action; expected at least one action"),
      (
        "principal, action in [Plant::Action::\"use\", Group::Action::\"risky\"], resource",
        "`Plant::Action::\"use\"` and `Group::Action::\"risky\"` are in one set; expected actions of one type"
      ),
      ("principal, action == Plant::Action::\"use\", resource", "no action applies to what the scope admits"),
      ("principal is Plant::Zone, action, resource", "no action applies"),
      ("principal, action == Plant::Action::\"write\", resource is Plant::Zone", "no action applies"),
      ("principal is Plant::User in Plant::Zone::\"a\", action, resource", "no action applies"),
      ("principal is Plant::Zone in ?principal, action, resource", "no action applies"),
      (
        "principal == Plant::Shift::\"night\", action, resource",
        "is none of the entities of its type; expected `early`"
      ),
      ("principal is Plant::Team, action, resource is Plant::Asset", "no action applies"),
    ])
  func refuses(_ scope: String, _ message: String) throws {
    let findings = try Plant.findings("permit (\(scope));")
    #expect(findings.contains { $0.contains(message) }, "\(findings)")
  }

  /// Names are looked up even where nothing is evaluated.
  @Test(
    arguments: [
      "false && Nope::\"a\" == principal", "false && principal is Nope", "true || principal == Plant::Shift::\"night\"",
      "if true then true else action == Plant::Action::\"nope\"", "principal.shift in [Plant::Shift::\"x\"] && false",
    ])
  func looksUpAllNames(_ condition: String) throws { #expect(try !Plant.findings(when: condition).isEmpty) }

  @Test func linksAreCheckedToo() throws {
    var set = try PolicySet(parsing: "permit (principal == ?principal, action, resource in ?resource);")
    func link(_ id: PolicyID, _ principal: String, _ resource: String) throws {
      try set.link(
        TemplateLink(
          template: "policy0", id: id,
          values: [.principal: try Schemas.uid(principal), .resource: try Schemas.uid(resource)]))
    }
    try link("right", #"Plant::User::"a""#, #"Plant::Zone::"z""#)
    try link("type", #"Nope::"a""#, #"Plant::Zone::"z""#)
    try link("action", #"Plant::Zone::"a""#, #"Plant::Zone::"z""#)
    let result = try Plant.validator().validate(set)
    #expect(result.findings.map(\.policy) == ["type", "action"])
    #expect(
      result.findings.map(\.message) == [
        "the entity type `Nope` is not declared", "no action applies to what the scope admits",
      ])
  }
}
