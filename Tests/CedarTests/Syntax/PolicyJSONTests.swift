import Cedar
import Testing

@Suite struct PolicyJSONTests {
  private static func body(_ expression: String) throws -> String {
    try Expression(parsing: expression).json
  }

  @Test(arguments: [
    ("principal.a", #"{".":{"left":{"Var":"principal"},"attr":"a"}}"#),
    ("-1", #"{"Value":-1}"#),
    ("-(1)", #"{"neg":{"arg":{"Value":1}}}"#),
    ("!true", #"{"!":{"arg":{"Value":true}}}"#),
    (#"A::B::"c\n""#, #"{"Value":{"__entity":{"type":"A::B","id":"c\n"}}}"#),
    (#"1 like "a*\*""#, #"{"like":{"left":{"Value":1},"pattern":[{"Literal":"a"},"Wildcard",{"Literal":"*"}]}}"#),
    ("1 is A in 2", #"{"is":{"left":{"Value":1},"entity_type":"A","in":{"Value":2}}}"#),
    ("[1, {a: 2}]", #"{"Set":[{"Value":1},{"Record":{"a":{"Value":2}}}]}"#),
    ("1.isInRange(ip(2))", #"{"isInRange":[{"Value":1},{"ip":[{"Value":2}]}]}"#),
    ("1.isEmpty()", #"{"isEmpty":{"arg":{"Value":1}}}"#),
    ("1.hasTag(2)", #"{"hasTag":{"left":{"Value":1},"right":{"Value":2}}}"#),
    (
      "if 1 then 2 else 3", #"{"if-then-else":{"if":{"Value":1},"then":{"Value":2},"else":{"Value":3}}}"#
    ),
    (
      "1 && 2 && 3",
      #"{"&&":{"left":{"&&":{"left":{"Value":1},"right":{"Value":2}}},"right":{"Value":3}}}"#
    ),
    (
      "1 has a.b",
      #"{"&&":{"left":{"has":{"left":{"Value":1},"attr":"a"}},"#
        + #""right":{"has":{"left":{".":{"left":{"Value":1},"attr":"a"}},"attr":"b"}}}}"#
    ),
  ])
  func writes(_ expression: String, _ json: String) throws { #expect(try Self.body(expression) == json) }

  /// What only JSON can say, and how it is written as text.
  @Test(arguments: [
    (#"{"Value":[1,{"a":"b"}]}"#, #"[1, {a: "b"}]"#),
    (#"{"Value":{"__entity":{"type":"A","id":"b"}}}"#, #"A::"b""#),
    (#"{"Value":{"__extn":{"fn":"ip","arg":"::1"}}}"#, #"ip("::1")"#),
    (#"{"Value":{"__extn":{"fn":"isIpv4","args":[{"__extn":{"fn":"ip","arg":"::1"}}]}}}"#, #"ip("::1").isIpv4()"#),
    (#"{"Value":{"__entity":{"type":"A"}}}"#, #"{__entity: {type: "A"}}"#),
    (#"{"Value":{"__entity":1,"x":2}}"#, #"{__entity: 1, x: 2}"#),
    (#"{"has":{"left":{"Value":1},"attr":["a","b"]}}"#, "1 has a.b"),
    (#"{"like":{"left":{"Value":1},"pattern":[{"Literal":"a*"},"Wildcard"]}}"#, #"1 like "a\**""#),
    (#"{"is":{"left":{"Value":1},"entity_type":"A","in":null}}"#, "1 is A"),
    (#"{"neg":{"arg":{"Value":-5}}}"#, "-(-5)"),
    (#"{".":{"left":{"Value":-5},"attr":"a b"}}"#, #"(-5)["a b"]"#),
  ])
  func reads(_ json: String, _ text: String) throws {
    let policy = try Policy(json: Array(Self.policy(json).utf8), id: "p")
    #expect(policy.conditions.first?.body.description == text)
  }

  private static func policy(
    _ body: String = #"{"Value":true}"#, principal: String = #"{"op":"All"}"#, action: String = #"{"op":"all"}"#,
    more: String = ""
  ) -> String {
    """
    {"effect":"permit","principal":\(principal),"action":\(action),"resource":{"op":"All"},
    "conditions":[{"kind":"when","body":\(body)}]\(more)}
    """
  }

  @Test func readsScopes() throws {
    let user = #"{"type":"User","id":"a"}"#
    let action = #"{"type":"Action","id":"a"}"#
    let scopes = [
      (#"{"op":"==","entity":\#(user)}"#, #"{"op":"in","entities":[]}"#, #"principal == User::"a", action in []"#),
      (
        #"{"op":"in","entity":{"__entity":\#(user)}}"#, #"{"op":"in","entities":[\#(action)]}"#,
        #"principal in User::"a", action in Action::"a""#
      ),
      (
        #"{"op":"is","entity_type":"A::B","in":{"slot":"?principal"}}"#, #"{"op":"==","entity":\#(action)}"#,
        #"principal is A::B in ?principal, action == Action::"a""#
      ),
    ]
    for (principal, action, text) in scopes {
      let json = Self.policy(principal: principal, action: action, more: #","annotations":{"in":null,"b":"c"}"#)
      let policy = try Policy(json: Array(json.utf8), id: "p")
      #expect(policy.description == "@in\n@b(\"c\")\npermit (\(text), resource)\nwhen { true };")
    }
  }

  @Test(arguments: [
    (#"{"Value":null}"#, "`null` is no value; numbers are integers from -9223372036854775808 to 9223372036854775807"),
    (
      #"{"Value":1.5}"#, "the number is no value; numbers are integers from -9223372036854775808 to 9223372036854775807"
    ),
    (#"{"Var":"x"}"#, "unknown variable; expected `principal`, `action`, `resource` or `context`"),
    (#"{"Slot":"?principal"}"#, "a slot stands in a condition; slots belong to the scope"),
    (#"{}"#, "the expression is empty; expected an object with one key such as `Value`, `Var` or `==`"),
    (
      #"{"Value":1,"Var":"principal"}"#,
      "the expression has more than one operator; expected an object with one key such as `Value`, `Var` or `==`"
    ),
    (#"{"/":{"left":1,"right":2}}"#, "unknown operator or function `/`"),
    (#"{"+":{"left":{"Value":1}}}"#, "`right` is missing"),
    (#"{"!":{"arg":{"Value":1},"x":1}}"#, "`!` has no `x`; expected `arg`"),
    (#"{"isIpv4":[]}"#, "the method `isIpv4` lacks its receiver"),
    (#"{"has":{"left":{"Value":1},"attr":[]}}"#, "`has` lacks an attribute"),
    (
      #"{"has":{"left":{"Value":1},"attr":["a","b c"]}}"#,
      "`has` has a list of names that are no identifiers; a name of any form stands alone"
    ),
    (
      #"{"is":{"left":{"Value":1},"entity_type":"A :: B"}}"#,
      "`A :: B` is no name of a type; expected one such as `Plant::Asset`"
    ),
    (#"{"Value":{"__expr":"1"}}"#, "`__expr` is no value any more"),
    (#"{"Set":1}"#, "`Set` is an array, not a number"),
  ])
  func refuses(_ body: String, _ error: String) throws {
    let thrown = #expect(throws: SyntaxError.self) { try Policy(json: Array(Self.policy(body).utf8), id: "p") }
    let description = try #require(thrown).description
    #expect(description.hasSuffix(": " + error), "\(description)")
    #expect(description.hasPrefix("2:"), "\(description)")
  }

  @Test(arguments: [
    #"{"staticPolicies":{},"templates":{}}"#, #"{"staticPolicies":{},"templates":{},"templateLinks":[],"x":1}"#,
    #"{"staticPolicies":{},"templates":{},"templateLinks":[{"templateId":"t","newId":"n","values":{}}]}"#,
    #"{"staticPolicies":{},"templates":{},"templateLinks":[{"templateId":"t","newId":"n","values":{"?x":1}}]}"#,
    #"{"staticPolicies":[],"templates":{},"templateLinks":[]}"#, "[]", "",
  ])
  func refusesSets(_ json: String) {
    let error = #expect(throws: SyntaxError.self) { try PolicySet(json: Array(json.utf8)) }
    #expect(error?.position.line == 1)
  }

  @Test func policiesWithSlotsAreNoStaticOnes() {
    let json = #"{"staticPolicies":{"a":\#(Self.policy(principal: #"{"op":"==","slot":"?principal"}"#))},"#
    let error = #expect(throws: SyntaxError.self) {
      try PolicySet(json: Array((json + #""templates":{},"templateLinks":[]}"#).utf8))
    }
    #expect(error?.message == "the policy `a` has a slot")
  }
}
