import Cedar
import Testing

@Suite struct ScopeTests {
  @Test func readsEveryConstraint() throws {
    let policy = try Policy.parse(
      """
      @id("1") @empty("") @in
      forbid (principal is Plant::User in Group::"g", action in [Action::"a", Plant::Action::"b"], resource == R::"x")
      when { true } unless { false };
      """, id: "p")
    let user = try #require(Name("Plant::User"))
    let group = EntityUID(type: try #require(Name("Group")), id: "g")
    let actions = [
      EntityUID(type: try #require(Name("Action")), id: "a"),
      EntityUID(type: try #require(Name("Plant::Action")), id: "b"),
    ]
    #expect(policy.effect == .forbid)
    #expect(
      policy.annotations == [
        Annotation(key: "id", value: "1"), Annotation(key: "empty", value: ""), Annotation(key: "in", value: nil),
      ])
    #expect(policy.annotation("in") == "")
    #expect(policy.annotation("no") == nil)
    #expect(policy.principal == .isTypeIn(user, .entity(group)))
    #expect(policy.action == .inAny(actions))
    #expect(policy.resource == .equal(.entity(EntityUID(type: try #require(Name("R")), id: "x"))))
    #expect(policy.conditions.map(\.kind) == [.when, .unless])
    #expect(policy.position == SourcePosition(line: 1, column: 1))
    #expect(policy.conditions.map(\.position.column) == [1, 15])
    #expect(!policy.isTemplate)
  }

  @Test func readsSlots() throws {
    let policy = try Policy.parse(
      "permit (principal in (?principal), action, resource is A in ?resource);", id: "p")
    #expect(policy.isTemplate)
    #expect(policy.slots == [.principal, .resource])
    #expect(policy.principal == .in(.slot))
    #expect(policy.resource == .isTypeIn(try #require(Name("A")), .slot))
  }

  @Test(arguments: [
    "permit(principal,action,resource);",
    "permit(principal,action,resource,);",
    "permit(principal==(User::\"a\"),action,resource);",
    "permit(principal in ((User::\"a\")),action,resource);",
    "permit(principal,action in [],resource);",
    "permit(principal,action in [Action::\"a\",],resource);",
    "permit(principal,action in ([(Action::\"a\")]),resource);",
    "permit(principal == principal::\"x\",action,resource);",
    "permit(principal is String,action,resource);",
    "@if(\"x\") @true @__cedar permit(principal,action,resource);",
    "@ a ( \"x\" ) permit(principal,action,resource);",
    "permit\u{a0}(principal\u{2003},action,resource); // end",
    "permit(principal,action,resource)when{true}when{false}//x\r;",
  ])
  func accepts(_ text: String) { #expect(Syntax.policyError(text) == nil, "\(text)") }

  /// With the place and the message.
  @Test(arguments: [
    ("permit();", "1:8: the scope lacks `principal`; a scope is `(principal …, action …, resource …)`"),
    ("permit(principal,action);", "1:24: the scope lacks `resource`; a scope is `(principal …, action …, resource …)`"),
    (
      "permit(action,principal,resource);",
      "1:8: unexpected `action` where `principal` should be; a scope is `(principal …, action …, resource …)`"
    ),
    (
      "permit(principal,action,resource,context);",
      "1:34: the scope has more than `principal`, `action` and `resource`; expected `)`"
    ),
    ("permit(principal:User,action,resource);", "1:17: a scope has no types after `:`; use `principal is Type`"),
    ("permit(principal = User::\"a\",action,resource);", "1:18: `=` is no operator; use `==`"),
    (
      "permit(principal != User::\"a\",action,resource);",
      "1:18: unexpected `!=`; expected `==`, `in`, `is`, `,` or `)`"
    ),
    (
      "permit(principal in [User::\"a\"],action,resource);",
      "1:21: a list can't stand here; expected one entity such as `User::\"id\"`"
    ),
    (
      "permit(principal==?resource,action,resource);",
      "1:19: the slot `?resource` can't stand here; expected `?principal`"
    ),
    ("permit(principal==?foo,action,resource);", "1:19: the slot `?foo` can't stand here; expected `?principal`"),
    (
      "permit(principal==? principal,action,resource);",
      "1:21: unexpected `principal`; expected `principal` or `resource` right after `?`"
    ),
    (
      "permit(principal,action==?principal,resource);",
      "1:26: a slot can't stand for an action; expected an action, `Action::\"id\"`"
    ),
    (
      "permit(principal,action is Action,resource);",
      "1:25: `is` can't stand after `action`; use `==` or `in` with actions such as `Action::\"read\"`"
    ),
    (
      "permit(principal,action==User::\"a\",resource);",
      "1:26: `User::\"a\"` is no action; the type of an action is `Action` or ends in `::Action`"
    ),
    (
      "permit(principal,action in [Action::B::\"a\"],resource);",
      "1:29: `Action::B::\"a\"` is no action; the type of an action is `Action` or ends in `::Action`"
    ),
    (
      "permit(principal,action==[Action::\"a\"],resource);",
      "1:26: a list of actions stands only after `in`; expected an action"
    ),
    (
      "permit(principal is User == User::\"g\",action,resource);",
      "1:26: `is` and `==` can't stand together; an entity that is equal has its type anyway"
    ),
    ("permit(principal is (User),action,resource);", "1:21: unexpected `(`; expected the name of an entity type"),
    (
      "permit(principal is User::\"a\",action,resource);",
      "1:21: `User::\"a\"` is an entity, not a type; expected a name such as `User`"
    ),
    (
      "permit(principal in principal,action,resource);",
      "1:21: `principal` is no entity; expected an entity such as `User::\"id\"`, or `?principal`"
    ),
    (
      "permit(principal in in::\"a\",action,resource);",
      "1:21: `in` is reserved; it can be no name; as an attribute it stands in quotes, `x[\"in\"]`"
    ),
    ("allow(principal,action,resource);", "1:1: `allow` is no effect; a policy begins with `permit` or `forbid`"),
    ("@a @a permit(principal,action,resource);", "1:5: the annotation `@a` is there twice"),
    ("@a() permit(principal,action,resource);", "1:4: unexpected `)`; expected the annotation's value, a string"),
    ("@\"a\" permit(principal,action,resource);", "1:2: unexpected `\"a\"`; expected the name of the annotation"),
    (
      "permit(principal,action,resource) if {true};",
      "1:35: `if` begins no condition; expected `when`, `unless` or `;`"
    ),
    (
      "permit(principal,action,resource) when {};",
      "1:41: the `when` has no expression; write one, or leave the clause out"
    ),
    (
      "permit(principal,action,resource)\n  unless { // nothing\n  };",
      "3:3: the `unless` has no expression; write one, or leave the clause out"
    ),
    ("permit(principal,action,resource)", "1:34: the text ends too early; expected `when`, `unless` or `;`"),
    ("permit(principal,action,resource);;", "1:35: unexpected `;`; expected the end, after one policy"),
    ("", "1:1: the text ends too early; expected a policy"),
    ("\u{feff}permit(principal,action,resource);", "1:1: unexpected `\\u{feff}`"),
  ])
  func refuses(_ text: String, _ error: String) { #expect(Syntax.policyError(text) == error) }
}
