extension RuleCompiler {
  mutating func compile(_ syntax: OperatorSyntax, _ draft: RuleDraft, _ chain: DraftChain) -> CompiledOperator {
    let position = syntax.position
    let argument = syntax.argument
    let macro = macro(argument, position)
    switch syntax.name {
    case .rx, .rxGlobal:
      if argument.firstRange(of: Array("%{".utf8)) != nil, macro.constant == nil { return .regexMacro(macro) }
      guard let regex = regex(argument, position) else { return .never }
      return syntax.name == .rx ? .regex(regex) : .regexGlobal(regex)
    case .pm: return literals(LiteralMatcher.phrases(argument), position)
    case .pmf, .pmFromFile:
      var phrases: [[UInt8]] = []
      for name in argument.split(separator: 0x20) {
        if let bytes = file(Array(name), position) { phrases += LiteralMatcher.lines(bytes) }
      }
      return literals(phrases, position)
    case .ipMatch:
      if macro.constant == nil { return .addressesMacro(macro) }
      return addresses(argument, position)
    case .ipMatchF, .ipMatchFromFile:
      guard let bytes = file(argument, position) else { return .never }
      return addresses(bytes, position)
    case .detectSQLi: return .sqlInjection
    case .detectXSS: return .crossSiteScripting
    case .eq, .ge, .gt, .le, .lt: return number(syntax.name, macro)
    case .streq: return text(.equal, macro)
    case .contains: return text(.contains, macro)
    case .containsWord: return text(.containsWord, macro)
    case .beginsWith: return text(.beginsWith, macro)
    case .endsWith: return text(.endsWith, macro)
    case .within: return text(.within, macro)
    case .strmatch: return text(.stringMatch, macro)
    case .validateByteRange: return byteRange(argument, position)
    case .validateUtf8Encoding: return .utf8
    case .validateUrlEncoding: return .urlEncoding
    case .verifyCC: return checksum(.creditCard, argument, position)
    case .verifyCPF: return checksum(.cpf, argument, position)
    case .verifySSN: return checksum(.ssn, argument, position)
    case .verifySVNR: return checksum(.svnr, argument, position)
    case .unconditionalMatch: return .always
    case .noMatch: return .never
    case .geoLookup:
      note(position, "`@geoLookup` has no data source here: the rule never matches")
      return .never
    case .rbl:
      note(position, "`@rbl` would ask the network about each client: the rule never matches")
      return .never
    case .inspectFile, .ipMatchFromDataset, .pmFromDataset, .rsub, .validateHash, .validateNid:
      issues.add(position, "the operator `@\(syntax.name.rawValue)` is not supported")
      return .never
    }
  }

  private mutating func literals(_ phrases: [[UInt8]], _ position: SourcePosition) -> CompiledOperator {
    guard !phrases.isEmpty else {
      note(position, "there is no phrase to look for: the rule never matches")
      return .never
    }
    return .literals(LiteralMatcher(patterns: phrases))
  }

  private mutating func addresses(_ text: [UInt8], _ position: SourcePosition) -> CompiledOperator {
    do {
      return .addresses(try AddressTree(parsing: text.span))
    } catch {
      issues.add(position, error.message)
      return .never
    }
  }

  private func number(_ name: OperatorName, _ macro: Macro) -> CompiledOperator {
    let comparison: NumberComparison =
      switch name {
      case .eq: .equal
      case .ge: .greaterOrEqual
      case .gt: .greater
      case .le: .lessOrEqual
      default: .less
      }
    guard let constant = macro.constant else { return .numberMacro(comparison, macro) }
    return .number(comparison, DecimalNumber.parse(constant.span))
  }

  private func text(_ comparison: TextComparison, _ macro: Macro) -> CompiledOperator {
    guard let constant = macro.constant else { return .textMacro(comparison, macro) }
    return .text(comparison, constant)
  }

  private mutating func byteRange(_ argument: [UInt8], _ position: SourcePosition) -> CompiledOperator {
    do {
      return .byteRange(try ByteRanges.parse(argument))
    } catch {
      issues.add(position, error.message)
      return .never
    }
  }

  private mutating func checksum(
    _ kind: NumberChecksum, _ pattern: [UInt8], _ position: SourcePosition
  ) -> CompiledOperator {
    regex(pattern, position).map { .checksum(kind, $0) } ?? .never
  }
}
