/// Makes a rule set of a document.
struct RuleCompiler {
  var issues: IssueList
  var notices: [RuleIssue] = []
  var names = TXNames()
  let chains: [DraftChain]
  let markers: [DraftMarker]
  let settings: RuleSettings
  let scratch = RegexScratch()
  private let data: any RuleDataSource
  private let files: [String]
  private var regexes: [[UInt8]: RegularExpression] = [:]

  init(_ document: RuleDocument, data: any RuleDataSource) {
    let collector = DraftCollector(document)
    issues = collector.issues
    chains = collector.chains
    markers = collector.markers
    settings = collector.settings
    files = document.files
    self.data = data
  }

  mutating func compile() throws(RuleIssues) -> RuleSet {
    var rules: [CompiledRule] = []
    for chain in chains {
      if let rule = compile(chain, index: rules.count) { rules.append(rule) }
    }
    let tables = transformationTables()
    guard issues.issues.isEmpty else { throw RuleIssues(issues: issues.issues, omitted: issues.omitted) }
    var texts = ArenaTexts()
    var programs = (1...5).map { PhaseProgram(phase: $0) }
    for rule in rules { programs[rule.phase - 1].add(rule, names, texts: &texts) }
    let set = RuleSet(
      settings: settings, files: files, rules: rules, programs: programs, txNames: names, constants: texts,
      tables: tables, notices: notices)
    return set.withScans(Workspace.withoutClock)
  }

  private mutating func transformationTables() -> TransformationTables {
    guard let (name, codePage) = settings.unicodeMap, let position = settings.unicodeMapPosition else {
      return TransformationTables()
    }
    guard let bytes = contents(name, position) else {
      note(position, "the file `\(name)` can't be read: the map of code page 20127 that is built in is used")
      return TransformationTables(unicodeMap: .usASCII)
    }
    return TransformationTables(unicodeMap: bytes, codePage: codePage)
  }

  // MARK: Rules

  private mutating func compile(_ chain: DraftChain, index: Int) -> CompiledRule? {
    var next: CompiledRule?
    for (offset, draft) in chain.rules.enumerated().reversed() {
      let comparison = draft.comparison.map { compile($0, draft, chain) } ?? .always
      next = CompiledRule(
        id: chain.id, phase: chain.phase, position: draft.position, targets: targets(draft.variables),
        comparison: comparison, isNegated: draft.comparison?.isNegated ?? false,
        chain: transformations(draft, chain.phase), actions: actions(draft, chain, isFirst: offset == 0), next: next,
        index: index, argument: draft.comparison?.argument ?? [])
    }
    return next
  }

  /// The targets with what each leaves out. An exclusion holds for all targets of the same variable.
  mutating func targets(_ variables: [VariableSyntax]) -> [Target] {
    var exclusions: [(variable: Variable, selector: TargetSelector)] = []
    for syntax in variables where syntax.isExcluded {
      if let selector = selector(syntax) { exclusions.append((syntax.variable, selector)) }
    }
    return variables.compactMap { syntax in
      guard !syntax.isExcluded, let selector = selector(syntax) else { return nil }
      return Target(
        variable: syntax.variable, selector: selector, isCount: syntax.isCount,
        exclusions: exclusions.filter { Sources.overlap(syntax.variable, $0.variable) }.map(\.selector))
    }
  }

  mutating func selector(_ syntax: VariableSyntax) -> TargetSelector? {
    switch syntax.selector {
    case .all: return .all
    case .name(let name):
      let lower = ASCII.lowercased(name)
      return syntax.variable == .tx ? .slot(names.slot(lower)) : .name(lower)
    case .pattern(let pattern): return regex(pattern, syntax.position, ignoringCase: true).map { .pattern($0) }
    case .xpath(let text):
      do {
        return .xpath(try XPathSubset(text))
      } catch {
        issues.add(syntax.position, "\(error)")
        return nil
      }
    }
  }

  mutating func regex(
    _ pattern: [UInt8], _ position: SourcePosition, ignoringCase: Bool = false
  ) -> RegularExpression? {
    if !ignoringCase, let made = regexes[pattern] { return made }
    do {
      let made = try RegularExpression(pattern.span, ignoringCase: ignoringCase)
      if !ignoringCase { regexes[pattern] = made }
      return made
    } catch {
      issues.add(position, "\(error)", "patterns are written as PCRE has them")
      return nil
    }
  }

  mutating func macro(_ text: [UInt8], _ position: SourcePosition) -> Macro {
    do {
      return try Macro(text, slots: &names)
    } catch {
      issues.add(position, error.message)
      return Macro(pieces: [])
    }
  }

  private mutating func transformations(_ draft: RuleDraft, _ phase: Int) -> TransformationChain {
    var chain = TransformationChain()
    let inherited = draft.defaults[phase] ?? []
    for action in inherited + draft.actions where action.name == .t {
      let name = String(decoding: action.value ?? [], as: UTF8.self)
      guard let transformation = Transformation(name: name) else {
        issues.add(action.position, "there is no transformation `\(name)`")
        continue
      }
      if transformation == .none { chain.steps = [] } else { chain.steps.append(transformation) }
    }
    return chain
  }

  // MARK: Data files

  mutating func file(_ name: [UInt8], _ position: SourcePosition) -> [UInt8]? {
    let name = String(decoding: name, as: UTF8.self)
    if let bytes = contents(name, position) { return bytes }
    issues.add(position, "the file `\(name)` can't be read", "it is looked for beside the rule file that names it")
    return nil
  }

  private func contents(_ name: String, _ position: SourcePosition) -> [UInt8]? {
    data.data(name, relativeTo: files.indices.contains(Int(position.file)) ? files[Int(position.file)] : "")
  }

  mutating func note(_ position: SourcePosition, _ message: String) {
    notices.append(issues.issue(position, message))
  }
}

extension RuleSet {
  /// Compiles rules.
  /// - Parameters:
  ///   - document: the rules as the parser gives them.
  ///   - data: reads the files that operators name.
  /// - Throws: what is wrong, each with file, line and column.
  public static func compile(_ document: RuleDocument, data: any RuleDataSource) throws(RuleIssues) -> RuleSet {
    var compiler = RuleCompiler(document, data: data)
    return try compiler.compile()
  }
}
