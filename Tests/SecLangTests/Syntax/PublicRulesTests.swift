import SecLang
import Testing

/// Rule sets of the field are read without an issue and with everything in them.
@Suite struct PublicRulesTests {
  private func read(_ paths: [String]) throws -> RuleDocument {
    do {
      return try RuleParser.parse(paths, loader: DiskRules())
    } catch {
      Issue.record("\(error)")
      return RuleDocument()
    }
  }

  private func count(_ document: RuleDocument, _ isCounted: (Directive) -> Bool) -> Int {
    document.statements.count { isCounted($0.directive) }
  }

  private func isRule(_ directive: Directive) -> Bool {
    if case .rule = directive { true } else { false }
  }

  @Test(.enabled(if: PublicRules.exists(PublicRules.coreRuleSet))) func coreRuleSet4() throws {
    let root = PublicRules.coreRuleSet
    let document = try read([root + "/crs-setup.conf.example", root + "/rules/*.conf"])
    #expect(count(document, isRule) == 695)
    let chained = count(document) {
      if case .rule(_, _, let actions) = $0 { actions.contains { $0.name == .chain } } else { false }
    }
    #expect(chained == 73)
    var ids: Set<[UInt8]> = []
    for statement in document.statements {
      switch statement.directive {
      case .rule(_, _, let actions), .action(let actions):
        for action in actions where action.name == .id { ids.insert(action.value ?? []) }
      default: break
      }
    }
    #expect(ids.count > 600)
    _ = try read([root + "/rules/*.conf.example"])
  }

  @Test(.enabled(if: PublicRules.exists(PublicRules.debianRules))) func coreRuleSet3() throws {
    let document = try read(["/etc/modsecurity/crs/crs-setup.conf", PublicRules.debianRules + "/*.conf"])
    #expect(count(document, isRule) > 500)
    #expect(document.files.count > 20)
    let viaInclude = try read(["/usr/share/modsecurity-crs/owasp-crs.load"])
    #expect(viaInclude.statements.count >= document.statements.count)
  }

  @Test(.enabled(if: !PublicRules.recommended.isEmpty), arguments: PublicRules.recommended)
  func recommendedConfiguration(_ path: String) throws {
    let document = try read([path])
    #expect(count(document, isRule) >= 6)
    let settings = document.statements.compactMap {
      if case .setting(let name, let arguments) = $0.directive { (name, arguments) } else { nil }
    }
    #expect(settings.contains { $0.0 == "SecRuleEngine" && $0.1 == ["DetectionOnly"] })
    #expect(settings.contains { $0.0 == "SecUnicodeMapFile" && $0.1 == ["unicode.mapping", "20127"] })
    #expect(settings.contains { $0.0 == "SecResponseBodyMimeType" && $0.1 == ["text/plain", "text/html", "text/xml"] })
    let strict = document.statements.compactMap { statement -> [UInt8]? in
      guard case .rule(let variables, _, let actions) = statement.directive else { return nil }
      guard variables.first?.variable == .multipartStrictError else { return nil }
      return actions.first { $0.name == .msg }?.value
    }
    #expect(ruleText(strict.first)?.hasPrefix("Multipart request body failed strict validation: PE %{REQBODY_") == true)
  }
}
