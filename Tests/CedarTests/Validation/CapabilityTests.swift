import Cedar
import Testing

/// What is known to be there, and where.
@Suite struct CapabilityTests {
  @Test(
    arguments: [
      "principal has mail && principal.mail == \"a\"", "principal has \"mail\" && principal[\"mail\"] == \"a\"",
      "principal has mail && true && principal.mail == \"a\"", "true && principal has mail && principal.mail == \"a\"",
      "(principal has mail || false) && principal.mail == \"a\"",
      "if principal has mail then principal.mail == \"a\" else false",
      "(principal has mail && principal.admin) && principal.mail == \"a\"",
      "(if principal.admin then principal has mail else principal has mail) && principal.mail == \"a\"",
      "(if principal has mail then principal.admin else false) && principal.admin",
      "(principal has mail && principal.admin || principal has mail && 1 == 2) && principal.mail == \"a\"",
      "principal has boss.mail && principal.boss.mail == \"a\"",
      "principal has boss && principal.boss has mail && principal.boss.mail == \"a\"",
      "principal has contact.phone.short && principal.contact.phone.short == 1",
      "principal.contact has phone && principal.contact.phone.short == 1",
      "{a: principal}.a has mail && {a: principal}.a.mail == \"a\"",
      "principal.hasTag(\"a\") && principal.getTag(\"a\").contains(\"b\")",
      "principal.hasTag(principal.name) && principal.getTag(principal.name).isEmpty()",
      "(if principal.admin && true then principal else principal) has mail"
        + " && (if (principal.admin && true) then principal else principal).mail == \"a\"",
      "principal.team == principal.team && principal has shift && principal.shift == Plant::Shift::\"early\"",
    ])
  func knows(_ condition: String) throws { #expect(try Plant.findings(when: condition) == []) }

  @Test(
    arguments: [
      (
        "principal.mail == \"a\"", "the attribute `mail` of `Plant::User` may be missing; expected `has mail` before it"
      ),
      ("principal.mail == \"a\" && principal has mail", "may be missing"),
      ("principal has mail || principal.mail == \"a\"", "may be missing"),
      ("!(principal has mail) && principal.mail == \"a\"", "may be missing"),
      ("!(principal has mail) || principal.mail == \"a\"", "may be missing"),
      ("if principal has mail then true else principal.mail == \"a\"", "may be missing"),
      ("(if principal has mail then true else false) && principal.mail == \"a\"", "may be missing"),
      ("(principal has mail || principal.admin) && principal.mail == \"a\"", "may be missing"),
      ("principal has mail && principal.boss.mail == \"a\"", "the attribute `boss` of `Plant::User` may be missing"),
      ("principal has boss && principal.boss.mail == \"a\"", "the attribute `mail` of `Plant::User` may be missing"),
      ("(principal has mail) == true && principal.mail == \"a\"", "may be missing"),
      ("[principal has mail].contains(true) && principal.mail == \"a\"", "may be missing"),
      ("principal.getTag(\"a\").isEmpty()", "the tag of `Plant::User` may be missing; expected `hasTag`"),
      ("principal.hasTag(\"a\") && principal.getTag(\"b\").isEmpty()", "the tag of `Plant::User` may be missing"),
      ("principal has boss && principal.hasTag(\"mail\") && principal.mail == \"a\"", "may be missing"),
      ("resource.getTag(\"a\") == 1", "the tag of `Plant::Asset` may be missing"),
      ("principal.hasTag(1)", "the type is `Long`; expected a `String`"),
      ("principal.name.hasTag(\"a\")", "the type is `String`; expected an entity"),
    ])
  func doesNotKnow(_ condition: String, _ message: String) throws {
    let findings = try Plant.findings(when: condition)
    #expect(findings.contains { $0.contains(message) }, "\(findings)")
  }

  /// Each operand is looked at once, and what is known is kept once.
  @Test func longChainsAreCheap() throws {
    let tests = (0..<5_000).map { "{a\($0): principal}.a\($0) has mail" }.joined(separator: " && ")
    #expect(try Plant.findings(when: "\(tests) && {a7: principal}.a7.mail == \"a\"") == [])
    #expect(try Plant.findings(when: "\(tests) && {b: principal}.b.mail == \"a\"").count == 1)
    let any = (0..<5_000).map { "principal.level == \($0)" }.joined(separator: " || ")
    #expect(try Plant.findings(when: any) == [])
  }
}
