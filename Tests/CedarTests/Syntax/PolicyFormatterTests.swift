import Cedar
import Testing

@Suite struct PolicyFormatterTests {
  @Test func layOut() throws {
    let text = """
      // header

      // of the policy
      @id("x") @reason ("because")
      permit(principal in Group::"operators", action in [Action::"http:GET", Action::"http:POST",], resource) when { // first
       context.time > datetime("2024-01-01") && // time
       // own line
       (principal.a || principal.b)&&(if principal.manager == User::"x" then resource.owner.a == principal else context.x)
       // last
      }unless{false}; // trailing
      forbid(principal,action,resource) when{context.aaaaaaaaaaaaaaaa like "**" || true && false || context.bbb has b.c};

      // end
      """
    #expect(
      try PolicyFormatter.format(text) == """
        // header

        // of the policy
        @id("x")
        @reason("because")
        permit (
          principal in Group::"operators",
          action in [Action::"http:GET", Action::"http:POST"],
          resource
        )
        when { // first
          context.time > datetime("2024-01-01") && // time
          // own line
          (principal.a || principal.b) &&
          (
            if principal.manager == User::"x"
            then resource.owner.a == principal
            else context.x
          )
          // last
        }
        unless { false }; // trailing

        forbid (principal, action, resource)
        when {
          context.aaaaaaaaaaaaaaaa like "**" || true && false || context.bbb has b.c
        };

        // end

        """)
  }

  @Test func indentsChainsInChains() throws {
    let text = "permit(principal,action,resource) when {principal.a && principal.b || principal.c && principal.d};"
    #expect(
      try PolicyFormatter.format(text, width: 20, indentation: 4) == """
        permit (
            principal,
            action,
            resource
        )
        when {
            principal.a &&
                principal.b ||
            principal.c &&
                principal.d
        };

        """)
  }

  @Test func emptyAndRefused() throws {
    #expect(try PolicyFormatter.format("") == "")
    #expect(try PolicyFormatter.format(" \n// only\n\n\n// this") == "// only\n\n// this\n")
    #expect(throws: SyntaxError.self) { try PolicyFormatter.format("permit (principal);") }
  }

  @Test(arguments: [
    "permit(principal,action,resource)when{[//a\n]==[1//b\n,//c\n2//d\n,//e\n]//f\n};",
    "//a\r//b\r\npermit//c\n(//d\nprincipal//e\n,action,resource//f\n)//g\n;//h",
    "permit(principal,action,resource)when{\"a\nb\" == \"// no\" //yes\n};\r",
    "@a//x\n(//y\n\"b\"//z\n)permit(principal==(//p\n?principal),action in(//q\n[]),resource);",
    "permit(principal,action,resource)when{{//a\na//b\n://c\n1}has//d\na//e\n.//f\nb};",
  ])
  func keepsComments(_ text: String) { #expect(PolicyProperties.firstFailure(of: Array(text.utf8)) == nil) }
}
