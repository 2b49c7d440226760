import Cedar
import Testing

@Suite struct PolicyPrinterTests {
  /// As it is printed, from how it was written.
  @Test(arguments: [
    ("((1))+(2*3)", "1 + 2 * 3"),
    ("(1+2)*3", "(1 + 2) * 3"),
    ("1-(2-3)", "1 - (2 - 3)"),
    ("!(!true)", "!(!true)"),
    ("!!true", "!(!true)"),
    ("-(5)", "-(5)"),
    ("--5", "-(-5)"),
    ("(-5).a", "(-5).a"),
    ("(-5)*-5", "-5 * -5"),
    ("true&&(true||false)&&(true&&false)", "true && (true || false) && (true && false)"),
    ("(1==2)==(3 in 4)", "(1 == 2) == (3 in 4)"),
    ("(if 1 then 2 else 3)+(if 1 then 2 else 3)", "(if 1 then 2 else 3) + (if 1 then 2 else 3)"),
    ("[if 1 then 2 else 3]", "[if 1 then 2 else 3]"),
    ("principal[\"a\"][\"b c\"][\"if\"]", "principal.a[\"b c\"][\"if\"]"),
    ("(principal has \"a\")has\"a b\"", "(principal has a) has \"a b\""),
    ("(1 is A in 2) is B", "(1 is A in 2) is B"),
    ("\"\\u{200b}\\u{e9}\\x07\\'\" like \"\\*\\\\*\"", "\"\\u{200b}\u{e9}\\u{7}'\" like \"\\*\\\\*\""),
    ("{\"a\":1,\"b c\":2,\"in\":3}", "{a: 1, \"b c\": 2, \"in\": 3}"),
    ("(1 has a).contains(ip(\"a\").isInRange(ip(\"b\")))", "(1 has a).contains(ip(\"a\").isInRange(ip(\"b\")))"),
  ])
  func prints(_ text: String, _ printed: String) throws {
    #expect(try Syntax.expression(text).description == printed)
    #expect(try Syntax.expression(printed) == Syntax.expression(text))
  }

  @Test func printsWhatWasNeverText() throws {
    let (one, two) = (Syntax.long(1), Syntax.long(2))
    let expressions: [(Expression.Kind, String)] = [
      (.and([]), "true && true"), (.and([one]), "1 && true"), (.or([one]), "1 || false"),
      (.has(one, ["a b", "c"]), "1 has \"a b\" && 1[\"a b\"] has c"),
      (.not(Expression(.has(one, ["a b", "c"]))), "!(1 has \"a b\" && 1[\"a b\"] has c)"),
      (.negate(two), "-(2)"), (.record([]), "{}"),
    ]
    for (kind, text) in expressions {
      #expect(Expression(kind).description == text)
      _ = try Syntax.expression(text)
    }
  }

  @Test func printsPolicies() throws {
    let text = """
      @id("a\\"b")
      @flag
      forbid (principal is A in ?principal, action in [Action::"a", Action::"b"], resource == R::"\\n")
      when { true }
      unless { context.a };
      """
    #expect(try Policy.parse(text, id: "p").description == text)
    let set = try PolicySet(parsing: text + "permit(principal,action,resource);")
    #expect(set.description == "permit (principal, action, resource);\n\n\(text)\n")
  }
}
