import Cedar
import Testing

@Suite struct AuthorizerTests {
  @Test func nothingIsAllowedWithoutPermit() throws {
    let decision = try Engine.engine("").decide(try Engine.request())
    #expect(!decision.isAllowed && decision.reasons.isEmpty && decision.errors.isEmpty)
  }

  @Test func forbidOverridesPermit() throws {
    let engine = try Engine.engine(
      """
      permit(principal, action, resource);
      permit(principal == User::"alice", action, resource);
      permit(principal == User::"bob", action, resource);
      forbid(principal, action == Action::"write", resource);
      forbid(principal, action, resource) when { context has night };
      """)
    #expect(engine.decide(try Engine.request()).reasons == ["policy0", "policy1"])
    let write = engine.decide(
      try Engine.request(#"User::"bob""#, #"Action::"write""#, #"A::"a""#, ["night": .bool(true)]))
    #expect(!write.isAllowed)
    #expect(write.reasons == ["policy3", "policy4"])
  }

  @Test func erroringPoliciesAreLeftOutOrDeny() throws {
    let engine = try Engine.engine(
      """
      permit(principal, action, resource);
      forbid(principal, action, resource) when { principal.suspended };
      permit(principal, action, resource) when { principal.trusted };
      """, try Engine.plant())
    let skipped = engine.decide(try Engine.request())
    #expect(skipped.isAllowed)
    #expect(skipped.reasons == ["policy0"])
    #expect(skipped.errors.map(\.policy) == ["policy1", "policy2"])
    #expect(!skipped.isDeniedByError)
    let guarded = engine.decide(try Engine.request(), mode: .deny)
    #expect(!guarded.isAllowed)
    #expect(guarded.isDeniedByError)
    #expect(guarded.reasons.isEmpty)
    #expect(guarded.errors.map(\.policy) == ["policy1", "policy2"])
  }

  @Test func anErroringPermitDoesNotDenyInGuardedMode() throws {
    let engine = try Engine.engine(
      "permit(principal, action, resource); permit(principal, action, resource) when { 1 };")
    #expect(engine.decide(try Engine.request(), mode: .deny).isAllowed)
  }

  @Test func everyFormOfScopeIsFound() throws {
    let engine = try Engine.engine(
      """
      permit(principal == User::"alice", action, resource);
      permit(principal in Group::"staff", action, resource);
      permit(principal is User, action, resource);
      permit(principal is User in Group::"operators", action, resource);
      permit(principal, action == Action::"read", resource);
      permit(principal, action in Action::"any", resource);
      permit(principal, action in [Action::"read", Action::"any", Action::"read"], resource);
      permit(principal, action in [], resource);
      permit(principal, action, resource == Asset::"press");
      permit(principal, action, resource in Zone::"site");
      permit(principal, action, resource is Asset);
      permit(principal, action, resource is Asset in Zone::"north");
      permit(principal == User::"bob", action, resource);
      permit(principal is Group, action, resource);
      permit(principal in Group::"staff", action == Action::"write", resource);
      """,
      try Engine.plant() + [Entity(try Engine.uid(#"Action::"read""#), parents: [try Engine.uid(#"Action::"any""#)])])
    let request = try Engine.request()
    let expected: [PolicyID] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11].map { PolicyID("policy\($0)") }
    #expect(engine.decide(request).reasons == expected)
    #expect(engine.decide(request, usesIndex: false).reasons == expected)
  }

  @Test func linksDecideAndTemplatesDoNot() throws {
    var set = try PolicySet(
      parsing:
        "permit(principal == ?principal, action, resource in ?resource); forbid(principal in ?principal, action, resource);"
    )
    #expect(try !PolicyEngine(set, entities: EntityStore()).decide(try Engine.request()).isAllowed)
    try set.link(
      TemplateLink(
        template: "policy0", id: "alice-north",
        values: [.principal: try Engine.uid(#"User::"alice""#), .resource: try Engine.uid(#"Zone::"north""#)]))
    let decision = try PolicyEngine(set, entities: EntityStore(try Engine.plant())).decide(try Engine.request())
    #expect(decision.reasons == ["alice-north"])
  }

  @Test func explanationsNameTheFirstFalsePart() throws {
    let engine = try Engine.engine(
      """
      permit(principal == User::"bob", action, resource);
      permit(principal, action == Action::"write", resource);
      permit(principal, action, resource is Zone);
      permit(principal, action, resource) when { true } when { 1 < 2 && (principal.level > 2 && principal.level > 4) };
      forbid(principal, action, resource) unless { principal has level };
      permit(principal, action, resource) when { principal.missing };
      permit(principal, action, resource);
      """, try Engine.plant())
    let explanation = engine.explain(try Engine.request())
    #expect(explanation.decision.reasons == ["policy6"])
    let outcomes = explanation.policies.map(\.outcome)
    #expect(outcomes[0...2] == [.outOfScope(.principal), .outOfScope(.action), .outOfScope(.resource)])
    guard case .conditionFailed(.when, let clause) = outcomes[3] else {
      Issue.record("\(outcomes[3])")
      return
    }
    #expect(clause.description == "principal.level > 4")
    guard case .conditionFailed(.unless, let unless) = outcomes[4] else {
      Issue.record("\(outcomes[4])")
      return
    }
    #expect(unless.description == "principal has level")
    guard case .failed(let error) = outcomes[5] else {
      Issue.record("\(outcomes[5])")
      return
    }
    #expect(error.kind == .missingAttribute)
    #expect(outcomes[6] == .satisfied)
  }

  @Test func noConditionIsLeftOut() throws {
    let many = String(repeating: "when { true } ", count: 70_000)
    let engine = try Engine.engine("permit(principal, action, resource) \(many) when { false };")
    #expect(try !engine.decide(Engine.request()).isAllowed)
  }
}
