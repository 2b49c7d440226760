import Cedar
import Testing
import sluice

/// `sluice policy eval`, `validate` and `format`, as far as they are more than the library.
@Suite struct PolicyCommandTests {
  private func file(_ text: String, _ name: String = "f") -> PolicyFile {
    PolicyFile(name: name, bytes: Array(text.utf8))
  }

  private static let request = """
    { "principal": "User::\\"anna\\"", "action": { "type": "Action", "id": "open" },
      "resource": { "__entity": { "type": "Door", "id": "d" } }, "context": { "value": 7 } }
    """

  private func evaluate(
    _ policies: [String], entities: String = "[]", request: String = request, schema: String? = nil,
    guarded: Bool = false,
    explains: Bool = false
  ) -> PolicyReport {
    PolicyEvaluation(
      policies: policies.enumerated().map { file($1, "p\($0).cedar") }, entities: file(entities, "e.json"),
      request: file(request, "r.json"), schema: schema.map { file($0, "s.cedarschema") }
    ).report(mode: guarded ? .deny : .skip, explains: explains)
  }

  @Test func decides() {
    let report = evaluate(["permit (principal, action, resource) when { context.value == 7 };"])
    #expect((report.decision, report.reason, report.errors) == (.allow, ["policy0"], []))
    #expect(evaluate(["forbid (principal, action, resource);"]).decision == .deny)
    #expect(evaluate([""]).reason == [])
  }

  /// Ids go on from file to file; a set in JSON keeps its own.
  @Test func namesPoliciesOfSeveralFiles() {
    let permit = "permit (principal, action, resource);"
    let json = """
      {"staticPolicies":{"mine":{"effect":"permit","principal":{"op":"All"},"action":{"op":"All"},
       "resource":{"op":"All"},"conditions":[]}},"templates":{},"templateLinks":[]}
      """
    let report = evaluate([permit + "\n" + permit, json, permit])
    #expect(report.reason == ["mine", "policy0", "policy1", "policy2"], "\(report.messages)")
    #expect(evaluate([json, json]).decision == .noDecision)
  }

  @Test func saysWhatCannotBeRead() {
    let good = "permit (principal, action, resource);"
    let schema =
      "entity User, Door; action open appliesTo { principal: User, resource: Door, context: { value: Long } };"
    let cases: [(report: PolicyReport, start: String)] = [
      (evaluate([good, "permit (principal);"]), "p1.cedar:1:"), (evaluate([good], entities: "{}"), "e.json:1:1: "),
      (evaluate([good], entities: "[1"), "e.json:1:"), (evaluate([good], request: "{}"), "r.json:1:1: "),
      (evaluate([good], schema: "entity;"), "s.cedarschema:1:"),
      (evaluate([good], request: Self.request.replacing("7", with: "true"), schema: schema), "r.json:2:"),
      (evaluate([good], request: Self.request.replacing("Door", with: "User"), schema: schema), "r.json: "),
      (
        evaluate([good], entities: #"[{"uid":{"type":"User","id":"a"},"attrs":{"x":1},"parents":[]}]"#, schema: schema),
        "e.json:1:"
      ),
      (
        evaluate(
          [good], entities: #"[{"uid":{"type":"A","id":"a"},"attrs":{},"parents":[{"type":"A","id":"a"}]}]"#),
        "e.json: "
      ),
    ]
    for (report, start) in cases {
      #expect(report.decision == .noDecision && report.reason.isEmpty)
      #expect(report.errors.count == 1 && report.errors.allSatisfy { $0.hasPrefix(start) }, "\(report.errors) \(start)")
    }
    #expect(evaluate([good], schema: schema).decision == .allow)
  }

  @Test func guardsAgainstErrors() {
    let policies =
      "permit (principal, action, resource);\nforbid (principal, action, resource) when { context.nothing };"
    let skipped = evaluate([policies])
    #expect((skipped.decision, skipped.reason, skipped.errors) == (.allow, ["policy0"], ["policy1"]))
    #expect(skipped.messages.first?.hasPrefix("p0.cedar:2:") == true, "\(skipped.messages)")
    let guarded = evaluate([policies], guarded: true)
    #expect((guarded.decision, guarded.reason, guarded.errors) == (.deny, [], ["policy1"]))
  }

  @Test func explains() throws {
    let policies = """
      permit (principal, action == Action::"close", resource);
      permit (principal, action, resource) when { context has value && context.value > 7 };
      permit (principal, action, resource);
      """
    let explanation = try #require(evaluate([policies], explains: true).explanation)
    #expect(explanation.map(\.outcome) == [.outOfScope, .conditionFailed, .satisfied])
    #expect(explanation[1].why == "this is false: context.value > 7", "\(explanation[1])")
    #expect(explanation[1].at?.hasPrefix("p0.cedar:2:") == true, "\(explanation[1])")
  }

  @Test func validates() {
    let policies = [
      file(#"permit (principal, action == Action::"http:GET", resource) when { context.hots == "a" };"#, "a.cedar"),
      file("permit (principal, action, resource;", "b.cedar"), file("permit (principal, action, resource);", "c.cedar"),
    ]
    let report = PolicyValidation(policies: policies, schema: PolicyFile.builtInSchema).report()
    #expect(report.errors.map(\.file) == ["a.cedar", "b.cedar"] && report.policies == 2, "\(report)")
    #expect(report.errors.first?.text.hasPrefix("a.cedar:1:") == true && !report.ok)
    let wrong = PolicyValidation(policies: policies, schema: file("entity", "s")).report()
    #expect(wrong.errors.map(\.file) == ["s"])
  }

  @Test func formats() throws {
    let formatted = try file("// why\npermit(principal,action,resource);").formatted()
    #expect(formatted.hasPrefix("// why\n") && formatted.hasSuffix(";\n"))
    #expect(try file(formatted).formatted() == formatted)
    #expect(throws: PolicyProblem.self) { try file("permit(").formatted() }
    #expect(throws: PolicyProblem.self) { try file("{}").formatted() }
  }
}
