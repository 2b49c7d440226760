import SecLang
import Testing

/// Lines, continuations, comments, quotes, and the directives with a syntax of their own.
@Suite struct DirectiveSyntaxTests {
  private func setting(_ source: String) throws -> [String] {
    guard case .setting(let name, let arguments)? = try ruleDirectives(source).first else { return [] }
    return [name] + arguments
  }

  private func operatorArgument(_ source: String) throws -> String? {
    guard case .rule(_, let made, _)? = try ruleDirectives(source).first else { return nil }
    return ruleText(made.argument)
  }

  private func message(_ source: String) throws -> String? {
    for directive in try ruleDirectives(source) {
      let actions: [ActionSyntax]
      switch directive {
      case .rule(_, _, let list), .action(let list): actions = list
      default: continue
      }
      if let found = actions.first(where: { $0.name == .msg }) { return ruleText(found.value) }
    }
    return nil
  }

  @Test func emptyAndComments() throws {
    #expect(try ruleDirectives("").isEmpty)
    #expect(try ruleDirectives("\n \t\r\n# a comment\n   # another \\").isEmpty)
    #expect(try ruleDirectives("\u{feff}SecMarker A").count == 1)
  }

  @Test func namesAreKnownInAnyCase() throws {
    #expect(try setting("secruleengine detectiononly") == ["SecRuleEngine", "DetectionOnly"])
    #expect(try setting("SECRULEENGINE \"ON\"") == ["SecRuleEngine", "On"])
    guard
      case .rule(let variables, let made, let actions)? =
        try ruleDirectives("secrule args|Request_Headers:X \"@STREQ a\" \"ID:1,SKIPAFTER:e,SanitizeArg:p\"").first
    else { throw UnexpectedSyntax() }
    #expect(variables.map(\.variable) == [.args, .requestHeaders])
    #expect(made.name == .streq)
    #expect(actions.map(\.name) == [.id, .skipAfter, .sanitiseArg])
  }

  @Test func continuations() throws {
    #expect(try ruleDirectives("SecMarker \\\n   A\nSecMarker B").count == 2)
    // The blank before the backslash stays, those that begin the next line go.
    #expect(try message("SecAction \"id:1,msg:'a: \\\n    b\\\n\tc'\"") == "a: bc")
    #expect(try message("SecAction \"id:1, \\\r\n  msg:'a',\\\r\n  pass\"\r\n") == "a")
    // Blanks behind the backslash don't end the directive, an empty line does, comments are left out.
    #expect(try message("SecAction \"id:1,\\  \n  # no\n  msg:'a'\"") == "a")
    #expect(try ruleDirectives("SecMarker A\\\n\nSecMarker B").count == 2)
    #expect(try ruleDirectives("SecMarker A\\").count == 1)
  }

  @Test func commentedDirectivesGoOn() throws {
    #expect(try ruleDirectives("#SecRule ARGS \"@rx a\" \\\n   \"id:1,\\\n   deny\"\nSecMarker A").count == 1)
    #expect(try ruleDirectives("# SecRule ARGS \"@rx a\" \\\n#   \"id:1,\\\n#   deny\"\nSecMarker A").count == 1)
    // Other comments end with their line.
    #expect(try ruleDirectives("# see C:\\\nSecMarker A").count == 1)
    let found = ruleIssues("#SecRule ARGS \"@rx a\" \\\nSecMarker A\nSecMarker B")
    #expect(found.count == 1)
    #expect(found.first?.message == "the comment ends in `\\` and would take in the directive on line 2")
  }

  @Test func quotes() throws {
    #expect(try operatorArgument(#"SecRule ARGS "@rx a\"b" "id:1""#) == #"a"b"#)
    #expect(try operatorArgument(#"SecRule ARGS "@rx a\\" "id:1""#) == #"a\\"#)
    #expect(try operatorArgument(#"SecRule ARGS "@rx a\\\"b\d\/" "id:1""#) == #"a\\"b\d\/"#)
    #expect(try operatorArgument(#"SecRule ARGS '@rx a"b\'' 'id:1'"#) == #"a"b'"#)
    #expect(try operatorArgument(#"SecRule ARGS ^\d+$ id:1"#) == #"^\d+$"#)
    #expect(try operatorArgument("SecRule\tARGS\t\"@rx a\"\t\"id:1\"") == "a")
    #expect(try message(#"SecAction "id:1,msg:'a \"b\" \'c\' \d'""#) == #"a "b" 'c' \d"#)
  }

  @Test func settings() throws {
    #expect(
      try setting("SecResponseBodyMimeType text/plain text/html") == [
        "SecResponseBodyMimeType", "text/plain", "text/html",
      ])
    #expect(try setting("SecResponseBodyMimeTypesClear") == ["SecResponseBodyMimeTypesClear"])
    #expect(try setting("SecArgumentSeparator &") == ["SecArgumentSeparator", "&"])
    #expect(try setting("SecAuditLogParts abijdefhz") == ["SecAuditLogParts", "ABIJDEFHZ"])
    #expect(try setting("SecAuditLogDirMode Default") == ["SecAuditLogDirMode", "default"])
    #expect(try setting("SecUploadFileMode 0600") == ["SecUploadFileMode", "0600"])
    #expect(try setting("SecGeoLookupDB /a/b") == ["SecGeoLookupDb", "/a/b"])
    #expect(try setting("SecUnicodeMap a.map") == ["SecUnicodeMapFile", "a.map"])
    #expect(try setting("SecRequestBodyLimit 0013") == ["SecRequestBodyLimit", "13"])
    #expect(try setting("SecAuditLogRelevantStatus \"^(?:5|4(?!04))\"").last == "^(?:5|4(?!04))")
    #expect(try setting("SecConnEngine off") == ["SecConnEngine", "Off"])
  }

  @Test func datasets() throws {
    let source = "SecDataset names `\n  one two \n# no\n\nthree\"\n`\nSecMarker A"
    #expect(try setting(source) == ["SecDataset", "names", "one two", "three\""])
    #expect(try ruleDirectives(source).count == 2)
    #expect(try setting("SecDataset names `one`") == ["SecDataset", "names", "one"])
    #expect(ruleIssues("SecDataset names `\none\n").first?.message == "the list has no end")
    #expect(ruleIssues("SecDataset names `\none\n` two\n").first?.line == 3)
    #expect(ruleIssues("SecDataset names").first?.message.contains("needs a list in backticks") == true)
    // Elsewhere a backtick is a byte like others.
    #expect(try operatorArgument("SecRule ARGS \"@rx `\" id:1") == "`")
  }

  @Test func removals() throws {
    guard case .removeByID(let ids)? = try ruleDirectives("SecRuleRemoveById 1 2-4 \"5,6 7-7\"").first else {
      throw UnexpectedSyntax()
    }
    #expect(ids == [1...1, 2...4, 5...5, 6...6, 7...7])
    guard case .removeByTag(let tag)? = try ruleDirectives("SecRuleRemoveByTag \"attack-.*\"").first else {
      throw UnexpectedSyntax()
    }
    #expect(ruleText(tag) == "attack-.*")
    guard case .removeByMessage(let found)? = try ruleDirectives("SecRuleRemoveByMsg 'a b'").first else {
      throw UnexpectedSyntax()
    }
    #expect(ruleText(found) == "a b")
  }

  @Test func updates() throws {
    guard
      case .updateTargetByID(let ids, let variables)? =
        try ruleDirectives("SecRuleUpdateTargetById 1 3-4 \"!ARGS:a,ARGS:/b|c/\"").first
    else { throw UnexpectedSyntax() }
    #expect(ids == [1...1, 3...4])
    #expect(variables.map(\.selector) == [.name(Array("a".utf8)), .pattern(Array("b|c".utf8))])
    #expect(variables.map(\.isExcluded) == [true, false])
    guard case .updateTargetByTag(let tag, _)? = try ruleDirectives("SecRuleUpdateTargetByTag \"a b\" !ARGS").first
    else {
      throw UnexpectedSyntax()
    }
    #expect(ruleText(tag) == "a b")
    guard
      case .updateActionByID(12, offset: 1, let actions)? =
        try ruleDirectives("SecRuleUpdateActionById 12:1 \"deny,status:403\"").first
    else { throw UnexpectedSyntax() }
    #expect(actions.map(\.name) == [.deny, .status])
    guard case .updateActionByID(12, offset: 0, _)? = try ruleDirectives("SecRuleUpdateActionById 12 pass").first else {
      throw UnexpectedSyntax()
    }
    #expect(ruleIssues("SecRuleUpdateActionById 12 \"id:13\"").first?.message == "`id` of a rule can't be changed")
    #expect(ruleIssues("SecRuleUpdateTargetById 12 ARGS:a ARGS:b").first?.message.contains("can't replace") == true)
    #expect(
      ruleIssues("SecRuleUpdateTargetById 12:1 ARGS:a").first?.hint == "a rule inside a chain can't be named here")
  }

  @Test func markersAndDefaults() throws {
    guard case .marker("END a")? = try ruleDirectives("SecMarker \"END a\"").first else { throw UnexpectedSyntax() }
    guard
      case .defaultAction(let actions)? =
        try ruleDirectives("SecDefaultAction \"phase:1,log,auditlog,deny,status:403\"").first
    else { throw UnexpectedSyntax() }
    #expect(actions.count == 5)
    #expect(ruleIssues("SecDefaultAction \"log,pass\"").first?.message == "`SecDefaultAction` names no phase")
    #expect(
      ruleIssues("SecDefaultAction \"phase:2,log\"").first?.message.hasPrefix("`SecDefaultAction` does not say") == true
    )
    #expect(try ruleDirectives("SecDefaultAction \"phase:2,pass,t:lowercase,tag:a\"").count == 1)
    #expect(ruleIssues("SecDefaultAction \"phase:2,pass,t:None\"").map(\.column) == [34])
    #expect(ruleIssues("SecDefaultAction \"phase:2,pass,id:1\"").first?.message.hasPrefix("`id` belongs to") == true)
  }

  @Test func actionsMayBeMissingOrEmpty() throws {
    for source in ["SecRule ARGS \"@rx a\"", "SecRule ARGS \"@rx a\" \"\"", "SecRule ARGS a ''"] {
      guard case .rule(_, _, let actions)? = try ruleDirectives(source).first else { throw UnexpectedSyntax() }
      #expect(actions.isEmpty)
    }
  }

  @Test func documentsAppend() throws {
    var document = try RuleParser.parse(Array("SecMarker A".utf8), named: "a.conf")
    let other = "\nSecRule ARGS \"@rx b\" \"id:1,pass\"\nSecRuleUpdateTargetById 1 !ARGS:c\nSecAction id:2"
    document.append(try RuleParser.parse(Array(other.utf8), named: "b.conf"))
    #expect(document.files == ["a.conf", "b.conf"])
    #expect(document.statements.map(\.position.file) == [0, 1, 1, 1])
    guard case .rule(let variables, let made, let actions) = document.statements[1].directive,
      case .updateTargetByID(_, let targets) = document.statements[2].directive,
      case .action(let others) = document.statements[3].directive
    else { throw UnexpectedSyntax() }
    #expect(variables[0].position == SourcePosition(file: 1, line: 2, column: 9))
    #expect(made.position == SourcePosition(file: 1, line: 2, column: 15))
    #expect(actions[1].position == SourcePosition(file: 1, line: 2, column: 28))
    #expect(targets[0].position.file == 1)
    #expect(others[0].position.file == 1)
  }
}
