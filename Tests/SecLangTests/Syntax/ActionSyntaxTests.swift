import SecLang
import Testing

@Suite struct ActionSyntaxTests {
  private func actions(_ list: String) throws -> [ActionSyntax] {
    guard case .action(let actions)? = try ruleDirectives("SecAction \"\(list)\"").first else {
      throw UnexpectedSyntax()
    }
    return actions
  }

  private func values(_ list: String) throws -> [String?] { try actions(list).map { ruleText($0.value) } }

  @Test func lists() throws {
    let found = try actions("id:'1', phase:2,deny ,msg:'a, b', tag:x y ,logdata:'',t:none,t:urlDecodeUni")
    #expect(found.map(\.name) == [.id, .phase, .deny, .msg, .tag, .logdata, .t, .t])
    #expect(found.map { ruleText($0.value) } == ["1", "2", nil, "a, b", "x y", "", "none", "urlDecodeUni"])
    #expect(found.map(\.position.column) == [12, 20, 28, 34, 46, 55, 66, 73])
  }

  @Test func quotes() throws {
    #expect(try values(#"msg:'it\'s \d \\',pass"#) == [#"it's \d \\"#, nil])
    #expect(try values("msg:don't block,pass") == ["don't block", nil])
    #expect(try values("ctl:ruleRemoveTargetById=1;ARGS:'a,b',pass") == ["ruleRemoveTargetById=1;ARGS:'a,b'", nil])
    #expect(try values("setvar:tx.a='b',pass") == ["tx.a='b'", nil])
    #expect(try values("msg:a 'b,pass") == ["a 'b", nil])
  }

  @Test(arguments: [
    "id:1", "phase:1", "phase:request", "phase:'Logging'", "status:404", "severity:2", "severity:'CRITICAL'",
    "severity:notice", "skip:1", "skipAfter:END-A", "skipAfter:'END A'", "accuracy:'8'", "maturity:9", "rev:'2.1'",
    "ver:'OWASP_CRS/4.0.0'", "allow", "allow:phase", "allow:Request", "redirect:'http://a/?b=%{unique_id}'",
    "proxy:http://a/", "pause:100", "pause:%{tx.pause}", "setvar:tx.a", "setvar:!tx.a", "setvar:'tx.a=+5'",
    "setvar:TX:a=-%{tx.b}", "setvar:'tx.%{rule.id}-%{a=b}=%{matched_var}'", "setvar:ip.a=1", "setvar:tx.a=b=c",
    "expirevar:'ip.a=60'", "expirevar:ip.a=%{tx.t}", "deprecatevar:session.a=60/300", "initcol:ip=%{REMOTE_ADDR}",
    "initcol:'global=global'", "setenv:A=b", "setenv:'A=%{tx.a}'", "setenv:!A", "setuid:%{args.user}",
    "setsid:%{request_cookies.s}", "setrsc:a", "sanitiseArg:password", "sanitizeMatched", "sanitiseMatchedBytes",
    "sanitiseMatchedBytes:1/4", "sanitiseRequestHeader:Authorization", "xmlns:soap=http://a/", "append:'<hr>'",
    "prepend:a", "multimatch", "capture", "chain", "auditlog", "noauditlog", "log", "nolog", "drop", "block", "pass",
    "t:NORMALISEPATH", "t:normalizePathWin", "t:base64DecodeExt", "t:utf8toUnicode", "t:sqlHexDecode", "t:trimLeft",
    "ctl:ruleEngine=off", "ctl:RULEENGINE=DetectionOnly", "ctl:auditEngine=RelevantOnly", "ctl:auditLogParts=+E",
    "ctl:auditLogParts=ABZ", "ctl:requestBodyProcessor=URLENCODED", "ctl:responseBodyProcessor=XML",
    "ctl:forceRequestBodyVariable=On", "ctl:requestBodyAccess=Off", "ctl:requestBodyLimit=1000",
    "ctl:ruleRemoveById=942100", "ctl:ruleRemoveById=1-5", "ctl:ruleRemoveByTag=attack-sqli",
    "ctl:'ruleRemoveByMsg=a b'", "ctl:ruleRemoveTargetById=941000-942999;ARGS:query",
    "ctl:ruleRemoveTargetByTag=CRS;REQUEST_COOKIES:/^a/", "ctl:ruleRemoveTargetById=1;ARGS_COMBINED_SIZE",
    "ctl:ruleRemoveTargetByMsg=a;ARGS:b|ARGS:c", "ctl:parseXmlIntoArgs=OnlyArgs",
  ]) func accepted(_ action: String) throws {
    #expect(try actions(action).count == 1)
  }

  /// The column counts from the start of the list.
  @Test(arguments: [
    ("id:x", 4, "`id` can't be `x`"),
    ("id:0", 4, "`id` can't be `0`"),
    ("id:'12a'", 5, "`id` can't be `12a`"),
    ("id:99999999999999999999", 4, "`id` can't be `99999999999999999999`"),
    ("phase:6", 7, "`phase` can't be `6`"),
    ("phase:requests", 7, "`phase` can't be `requests`"),
    ("status:99", 8, "`status` can't be `99`"),
    ("status:600", 8, "`status` can't be `600`"),
    ("severity:8", 10, "`severity` can't be `8`"),
    ("severity:BAD", 10, "`severity` can't be `BAD`"),
    ("skip:0", 6, "`skip` can't be `0`"),
    ("skipAfter:", 11, "the value of `skipAfter` is empty"),
    ("skipAfter", 1, "the action `skipAfter` needs a value"),
    ("deny:403", 1, "the action `deny` takes no value, found `403`"),
    ("allow:all", 7, "`allow` can't be `all`"),
    ("t:lowercas", 3, "unknown transformation `lowercas`"),
    ("t:", 3, "unknown transformation ``"),
    ("setvar:a", 8, "`setvar` can't be `a`"),
    ("setvar:'args.a=1'", 9, "`args` is no collection that rules can write to"),
    ("setvar:tx.=1", 11, "a name is missing in `tx.=1`"),
    ("setvar:!tx.a=1", 14, "`setvar:!…` removes a variable and takes no value"),
    ("expirevar:ip.a", 11, "`expirevar` can't be `ip.a`"),
    ("deprecatevar:ip.a=60", 14, "`deprecatevar` can't be `ip.a=60`"),
    ("initcol:tx=a", 9, "`initcol` can't be `tx=a`"),
    ("setenv:a", 8, "`setenv` can't be `a`"),
    ("xmlns:a", 7, "`xmlns` can't be `a`"),
    ("sanitiseMatchedBytes:1", 22, "`sanitiseMatchedBytes` can't be `1`"),
    ("exec:/bin/a.lua", 1, "the action `exec` is not supported: it would run a program or a script"),
    ("denny", 1, "unknown action `denny`"),
    ("pass,'a',log", 6, "expected an action, found `'a',log`"),
    ("pass,,log", 6, "an action is missing"),
    ("pass,", 6, "an action is missing"),
    ("msg:'a' b,log", 9, "expected a comma after `msg`, found `b,log`"),
    ("msg:'a,log", 5, "`'` has no closing quote"),
    ("ctl:ruleEngine", 5, "`ctl` can't be `ruleEngine`"),
    ("ctl:ruleEngin=On", 5, "unknown option `ruleEngin` of `ctl`"),
    ("ctl:ruleEngine=", 15, "`ctl:ruleEngine` needs a value"),
    ("ctl:ruleEngine=Maybe", 16, "`ctl:ruleEngine` can't be `Maybe`"),
    ("ctl:ruleRemoveById=x", 20, "`x` is no rule id and no range of them"),
    ("ctl:ruleRemoveById=5-1", 20, "the range `5-1` ends before it begins"),
    ("ctl:ruleRemoveTargetById=1", 26, "`ctl:ruleRemoveTargetById` needs rules, `;` and a variable"),
    ("ctl:ruleRemoveTargetById=1;ARG:a", 28, "unknown variable `ARG`"),
    ("ctl:ruleRemoveTargetById=1;!ARGS:a", 28, "a variable of `ctl:ruleRemoveTargetById` takes neither `!` nor `&`"),
    ("ctl:hashEngine=On", 5, "`ctl:hashEngine` is not supported: links and forms in responses are not signed here"),
  ]) func refused(_ list: String, _ column: Int, _ message: String) {
    let found = ruleIssues("SecAction \"\(list)\"")
    #expect(found.map(\.message) == [message])
    #expect(found.first?.column == 11 + column)
  }

  @Test func everyIssueOfAListIsTold() {
    let found = ruleIssues("SecAction \"id:x,denny,phase:9,pass:1,t:none\"")
    #expect(found.map(\.column) == [15, 17, 29, 31])
  }

  @Test func suggestions() {
    #expect(ruleIssues("SecAction denny").first?.hint == "did you mean `deny`?")
    #expect(ruleIssues("SecAction t:urldecodeun").first?.hint == "did you mean `t:urlDecodeUni`?")
    #expect(ruleIssues("SecAction ctl:ruleRemoveByTagg=a").first?.hint == "did you mean `ruleRemoveByTag`?")
  }

  @Test(arguments: ActionName.allCases) func everyActionIsKnown(_ name: ActionName) {
    let found = { () -> [RuleIssue] in
      do throws(RuleIssues) {
        _ = try RuleParser.parse(Array("SecAction \(name.rawValue.uppercased()):?".utf8), named: "a")
        return []
      } catch { return error.issues }
    }()
    #expect(!found.contains { $0.message.contains("unknown action") })
    if name == .exec { #expect(found.count == 1) }
  }
}
