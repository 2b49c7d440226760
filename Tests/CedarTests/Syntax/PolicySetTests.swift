import Cedar
import Testing

@Suite struct PolicySetTests {
  private let text = """
    permit (principal, action, resource);
    permit (principal == ?principal, action, resource in ?resource);
    forbid (principal is User in ?principal, action, resource);
    """
  private let alice: EntityUID

  init() throws { alice = EntityUID(type: try #require(Name("User")), id: "alice") }

  @Test func idsFollowTheText() throws {
    let set = try PolicySet(parsing: text)
    #expect(set.policies.map(\.id) == ["policy0"])
    #expect(set.templates.map(\.id) == ["policy1", "policy2"])
    #expect(try PolicySet(parsing: " // nothing\n").policies.isEmpty)
  }

  @Test func linksFillSlots() throws {
    var set = try PolicySet(parsing: text)
    let link = TemplateLink(template: "policy1", id: "link", values: [.principal: alice, .resource: alice])
    try set.link(link)
    let policy = try #require(set.policies.last)
    #expect(policy.id == "link")
    #expect(policy.template == "policy1")
    #expect(policy.principal == .equal(.entity(alice)))
    #expect(policy.resource == .in(.entity(alice)))
    #expect(!policy.isTemplate)
    try set.link(TemplateLink(template: "policy2", id: "other", values: [.principal: alice]))
    #expect(set.policies.last?.principal == .isTypeIn(alice.type, .entity(alice)))
    #expect(set.links.map(\.id) == ["link", "other"])
    #expect(try PolicySet(json: Array(set.json().utf8)).links == set.links)
  }

  @Test func refusesBadLinks() throws {
    var set = try PolicySet(parsing: text)
    let both: [Slot: EntityUID] = [.principal: alice, .resource: alice]
    #expect(throws: PolicySetError.unknownTemplate("policy0")) {
      try set.link(TemplateLink(template: "policy0", id: "x", values: [:]))
    }
    #expect(throws: PolicySetError.missingSlot(.resource, link: "x")) {
      try set.link(TemplateLink(template: "policy1", id: "x", values: [.principal: alice]))
    }
    #expect(throws: PolicySetError.unknownSlot(.resource, link: "x")) {
      try set.link(TemplateLink(template: "policy2", id: "x", values: both))
    }
    for id: PolicyID in ["policy0", "policy1", "policy2"] {
      #expect(throws: PolicySetError.duplicateID(id)) {
        try set.link(TemplateLink(template: "policy1", id: id, values: both))
      }
      #expect(throws: PolicySetError.duplicateID(id)) { try set.add(Policy(id: id, effect: .permit)) }
    }
    #expect(set.links.isEmpty)
    #expect(set.policies.count == 1)
  }

  @Test func errorsSayWhere() {
    let error = #expect(throws: SyntaxError.self) {
      try PolicySet(
        parsing: "permit (principal, action, resource);\n\npermit (principal, action, resource) when { \"é\" == };")
    }
    #expect(error?.description == "3:52: unexpected `}`; expected an expression")
    let invalid = #expect(throws: SyntaxError.self) { try PolicySet(parsing: Array("\n \u{e9}".utf8) + [0xff]) }
    #expect(invalid?.description == "2:3: the text is not UTF-8")
  }

  /// Ids that only look the same are two.
  @Test func idsAreNotNormalized() throws {
    var set = PolicySet()
    for id in ["\u{e9}", "e\u{301}"] { try set.add(Policy(id: PolicyID(id), effect: .permit)) }
    let uids = ["\u{e9}", "e\u{301}"].map { EntityUID(type: alice.type, id: $0) }
    #expect(Set(uids).count == 2)
  }

  @Test func errorsOfEachPolicy() {
    let text = """
      permit (principal, action, resource) when { (1 + };
      permit (principal, action, resource);
      forbid (principal, action);
      permit (principal, action, resource) when { ";" == true && };
      """
    let errors = PolicySet.errors(parsing: Array(text.utf8))
    #expect(errors.map(\.position.description) == ["1:50", "3:26", "4:60"])
    #expect(PolicySet.errors(parsing: Array("permit (principal, action, resource);".utf8)).isEmpty)
    #expect(PolicySet.errors(parsing: Array("permit; \"".utf8)).count == 2)
    #expect(PolicySet.errors(parsing: Array(String(repeating: "x;", count: 1_000).utf8)).count == 100)
  }

  /// A policy in a line of its own or all in one line: time grows with the text, not with its square.
  @Test func longLinesCostLittle() throws {
    let policy = "permit (principal, action, resource) when { principal.a == 1 };"
    #expect(try PolicySet(parsing: String(repeating: policy, count: 20_000)).policies.count == 20_000)
  }
}
