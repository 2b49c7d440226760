import Cedar
import Testing

@Suite struct ExpressionTests {
  @Test func operatorsHoldTogetherAsTheyShould() throws {
    let same = [
      ("true || false && 1 == 2 + 3 * -principal.a", "true || (false && (1 == (2 + (3 * (-(principal.a))))))"),
      ("5 - 3 - 1", "(5 - 3) - 1"),
      ("2 * 3 * 4", "(2 * 3) * 4"),
      ("!principal has a", "(!principal) has a"),
      ("if true then 1 else 2 == 3", "if true then 1 else (2 == 3)"),
      ("principal.a.b[\"c\"].contains(1).d", "((((principal.a).b)[\"c\"]).contains(1)).d"),
      ("-1.foo", "-(1.foo)"),
      ("a::b::\"c\".d", "(a::b::\"c\").d"),
      ("principal is User in User::\"a\" && true", "(principal is User in User::\"a\") && true"),
    ]
    for (text, meaning) in same { #expect(try Syntax.expression(text) == Syntax.expression(meaning), "\(text)") }
    #expect(try Syntax.expression("1 - (2 - 3)") != Syntax.expression("1 - 2 - 3"))
  }

  @Test func chainsAreOneLevel() throws {
    let (first, second, third) = (Syntax.bool(true), Syntax.bool(false), Syntax.principal)
    #expect(try Syntax.expression("true && false && principal").kind == .and([first, second, third]))
    #expect(try Syntax.expression("(true && false) && principal").kind == .and([first, second, third]))
    #expect(
      try Syntax.expression("true || (false || principal)").kind == .or([first, Expression(.or([second, third]))]))
    let long = Array(repeating: "true", count: 10_000).joined(separator: " && ")
    guard case .and(let operands) = try Syntax.expression(long).kind else { return #expect(Bool(false)) }
    #expect(operands.count == 10_000)
  }

  @Test func minusBelongsToALiteral() throws {
    #expect(try Syntax.expression("-1").kind == .long(-1))
    #expect(try Syntax.expression("- 1").kind == .long(-1))
    #expect(try Syntax.expression("-(1)").kind == .negate(Syntax.long(1)))
    #expect(try Syntax.expression("--1").kind == .negate(Syntax.long(-1)))
    #expect(try Syntax.expression("-9223372036854775808").kind == .long(.min))
    #expect(try Syntax.expression("--9223372036854775808").kind == .negate(Syntax.long(.min)))
    #expect(try Syntax.expression("1--1").kind == .binary(.subtract, Syntax.long(1), Syntax.long(-1)))
    #expect(try Syntax.expression("00012").kind == .long(12))
    #expect(try Syntax.expression("!!true").kind == .not(Expression(.not(Syntax.bool(true)))))
  }

  @Test func stringsHaveEscapes() throws {
    let escaped = #""\"\\\n\r\t\0\'\x7f\u{1F600}\u{1_0}é""#
    #expect(try Syntax.expression(escaped).kind == .string("\"\\\n\r\t\0'\u{7f}\u{1F600}\u{10}é"))
    #expect(try Syntax.expression("\"a\nb\tc // d\"").kind == .string("a\nb\tc // d"))
    #expect(
      try Syntax.expression(#"User::"a\u{41}""#).kind == .entity(EntityUID(type: #require(Name("User")), id: "aA")))
  }

  @Test func patternsHaveWildcards() throws {
    let like = try Syntax.expression(#"principal like "a*\*\x2a\n""#)
    let elements: [Pattern.Element] = [.scalar("a"), .wildcard, .scalar("*"), .wildcard, .scalar("\n")]
    #expect(like.kind == .like(Syntax.principal, Pattern(elements)))
  }

  @Test func attributesTypesAndCalls() throws {
    let (principal, type) = (Syntax.principal, try #require(Name("A::B")))
    #expect(try Syntax.expression("principal has a").kind == .has(principal, ["a"]))
    #expect(try Syntax.expression("principal has permit.principal").kind == .has(principal, ["permit", "principal"]))
    #expect(try Syntax.expression("principal has \"a b\"").kind == .has(principal, ["a b"]))
    #expect(try Syntax.expression("principal[\"if\"]").kind == .attribute(principal, "if"))
    #expect(try Syntax.expression("principal.isEmpty").kind == .attribute(principal, "isEmpty"))
    #expect(try Syntax.expression("principal.isEmpty()").kind == .isEmpty(principal))
    #expect(try Syntax.expression("principal.hasTag(1,)").kind == .binary(.hasTag, principal, Syntax.long(1)))
    #expect(try Syntax.expression("principal is A::B").kind == .isType(principal, type, in: nil))
    #expect(try Syntax.expression("principal is A::B in 1").kind == .isType(principal, type, in: Syntax.long(1)))
    #expect(try Syntax.expression("ip(\"a\")").kind == .call(.ip, [Syntax.string("a")]))
    #expect(try Syntax.expression("1.isInRange(2)").kind == .call(.isInRange, [Syntax.long(1), Syntax.long(2)]))
    // How many arguments these take is a matter of evaluation.
    #expect(try Syntax.expression("ip()").kind == .call(.ip, []))
    #expect(try Syntax.expression("1.isIpv4(2, 3)").kind == .call(.isIpv4, [1, 2, 3].map(Syntax.long)))
    #expect(try Syntax.expression("[1,]").kind == .set([Syntax.long(1)]))
    let record = [
      RecordElement(key: "a", value: Syntax.long(1)), RecordElement(key: "__cedar", value: Syntax.long(2)),
      RecordElement(key: "context", value: Syntax.long(3)),
    ]
    #expect(try Syntax.expression("{a: 1, \"__cedar\": 2, context: 3,}").kind == .record(record))
  }

  /// Keys are told apart by their bytes, not by how they look.
  @Test func keysAreNotNormalized() {
    #expect(Syntax.error("{\"\u{e9}\": 1, \"e\u{301}\": 2}") == nil)
  }

  /// Operators and attributes have their own place, what else there is begins where its text does.
  @Test func everythingHasItsPlace() throws {
    let text = "principal.a == 1 &&\n  [2].contains(-3)"
    let and = try Expression(parsing: text)
    #expect(and.position == SourcePosition(line: 1, column: 18))
    let (equal, contains) = (and.operands[0], and.operands[1])
    #expect(equal.position.column == 13)
    #expect(equal.operands[0].position.column == 11)
    #expect(equal.operands[0].operands[0].position.column == 1)
    #expect(contains.position == SourcePosition(line: 2, column: 7))
    #expect(contains.operands[0].position.column == 3)
    #expect(contains.operands[1].position.column == 16)
  }

  @Test(arguments: [
    ("1 < 2 < 3", "7: `<` can't follow another relation; group them with parentheses"),
    ("1 == 2 == 3", "8: `==` can't follow another relation; group them with parentheses"),
    ("principal has a == true", "17: `==` can't follow another relation; group them with parentheses"),
    ("principal is A has b", "16: `has` can't follow another relation; group them with parentheses"),
    ("1 = 2", "3: `=` is no operator; use `==`"),
    ("4 / 2", "3: there is no division; compare products with `*` instead"),
    ("4 % 2", "3: there is no remainder"),
    ("!!!!!true", "5: there are more than 4 of `!` in a row"),
    ("-----1", "5: there are more than 4 of `-` in a row"),
    ("!-1", "2: unexpected `-`; `!` and `-` don't mix; group them with parentheses"),
    (
      "9223372036854775808",
      "1: the integer `9223372036854775808` is too large; integers go from -9223372036854775808 to 9223372036854775807"
    ),
    (
      "-(9223372036854775808)",
      "3: the integer `9223372036854775808` is too large; integers go from -9223372036854775808 to 9223372036854775807"
    ),
    (
      "-9223372036854775809",
      "2: the integer `9223372036854775809` is too large; integers go from -9223372036854775808 to 9223372036854775807"
    ),
    (
      "foo",
      "1: `foo` is no variable; expected `principal`, `action`, `resource` or `context`; "
        + "strings stand in quotes, entities are `Type::\"id\"`"
    ),
    ("?principal", "1: the slot `?principal` stands in a condition; slots belong to the scope"),
    ("foo(1)", "1: there is no function `foo`; expected one of `decimal`, `ip`, `datetime`, `duration`"),
    ("Decimal(1)", "1: there is no function `Decimal`; did you mean `decimal`?"),
    ("a::ip(1)", "1: there is no function `a::ip`; expected one of `decimal`, `ip`, `datetime`, `duration`"),
    ("contains(1, 2)", "1: `contains` is a method, not a function; write `x.contains(…)`"),
    ("isIpv4(1)", "1: `isIpv4` is a method, not a function; write `x.isIpv4(…)`"),
    ("1.ip()", "3: `ip` is a function, not a method; write `ip(…)`"),
    ("[1].containsall(2)", "5: there is no method `containsall`; did you mean `containsAll`?"),
    ("principal.contains()", "11: the method `contains` has 0 arguments; it takes one"),
    ("principal.getTag(1, 2)", "11: the method `getTag` has 2 arguments; it takes one"),
    ("principal.isEmpty(1)", "11: the method `isEmpty` has 1 arguments; it takes none"),
    ("principal(1)", "1: there is no function `principal`; expected one of `decimal`, `ip`, `datetime`, `duration`"),
    ("1(2)", "2: only a function or a method can be called; a call is `name(…)` or `x.name(…)`"),
    ("ip(1)(2)", "6: only a function or a method can be called; a call is `name(…)` or `x.name(…)`"),
    (
      "principal.if",
      "11: `if` is reserved; it can be no name; as an attribute it stands in quotes, `x[\"if\"]`"
    ),
    (
      "principal.__cedar",
      "11: `__cedar` is reserved; it can be no name; as an attribute it stands in quotes, `x[\"__cedar\"]`"
    ),
    ("principal[a]", "11: unexpected `a`; expected the name of an attribute in quotes"),
    ("principal[\"a\" + \"b\"]", "15: unexpected `+`; expected `]`"),
    ("principal has (a)", "15: unexpected `(`; expected the name of an attribute, or a string"),
    ("principal has a[\"b\"]", "16: unexpected `[`; expected `}`"),
    ("principal has \"a\".b", "18: unexpected `.`; expected `}`"),
    ("principal like a", "16: unexpected `a`; expected a pattern in quotes"),
    ("principal is \"User\"", "14: unexpected `\"User\"`; expected the name of an entity type"),
    ("{a: 1, \"a\": 2}", "8: the record has the key `a` twice"),
    ("{1: 2}", "2: unexpected `1`; expected a key, an identifier or a string"),
    ("{a::b: 1}", "3: unexpected `::`; expected `:`"),
    ("{,}", "2: unexpected `,`; expected a key, an identifier or a string"),
    ("[1,,]", "4: unexpected `,`; expected an expression"),
    ("true && if true then 1 else 2", "9: `if` can't stand here; put the conditional in parentheses"),
    ("if true 1", "9: unexpected `1`; expected `then`"),
    ("User::{a: 1}", "7: an entity's id is no record; write `User::\"id\"`"),
    ("true::\"a\"", "1: `true` is reserved and can be no name"),
    ("(1", "4: unexpected `}`; expected `)`"),
    ("1 @ 2", "3: unexpected `@`; expected `}`"),
    ("1 $ 2", "3: unexpected `$`"),
    ("true // }", "13: the text ends too early; expected `}`"),
  ])
  func refuses(_ text: String, _ error: String) { #expect(Syntax.error(text) == "1:" + error) }

  @Test func errorsPointAtTheEscape() {
    #expect(Syntax.error(#""ab\q""#)?.hasPrefix(#"1:4: the string has the invalid escape `\q`; escapes are"#) == true)
    #expect(Syntax.error(#""é\u{d800}x""#)?.hasPrefix(#"1:3: the string has the invalid escape `\u{d800}`;"#) == true)
    #expect(Syntax.error("\"ab\rc\"") == "1:4: the string has a carriage return; write it as `\\r`")
  }

  /// Messages stay short and can be seen.
  @Test func messagesQuoteLittle() throws {
    let long = try #require(Syntax.error(String(repeating: "9", count: 1_000)))
    #expect(long.hasPrefix("1:1: the integer `999") && long.contains("999…`") && long.count < 250)
    #expect(Syntax.error("1 \"a\nb\u{202e}\"") == "1:3: unexpected `\"a\\nb\\u{202e}\"`; expected `}`")
  }

  @Test(arguments: [
    #""\q""#, #""\*""#, #""\x80""#, #""\u{d800}""#, #""\u{1234567}""#, #""\u{}""#, #""\u{_1}""#, #""\u41""#,
    "\"a\rb\"", "\"a\\\n b\"", "\"a",
  ])
  func refusesStrings(_ text: String) { #expect(Syntax.error(text) != nil, "\(text)") }
}
