/// A rule as written, on its way through updates and removals, before it is compiled.
struct RuleDraft {
  var position: SourcePosition
  var variables: [VariableSyntax]
  /// Nil for `SecAction`.
  var comparison: OperatorSyntax?
  var actions: [ActionSyntax]
  /// What `SecDefaultAction` said where the rule stands, by phase.
  var defaults: [Int: [ActionSyntax]]

  func value(_ name: ActionName) -> [UInt8]? { actions.last { $0.name == name }?.value }

  func has(_ name: ActionName) -> Bool { actions.contains { $0.name == name } }

  var isChained: Bool { has(.chain) }

  var tags: [[UInt8]] { actions.filter { $0.name == .tag }.compactMap(\.value) }
}

/// A rule with those that it is chained to; the first one has the id.
struct DraftChain {
  var id: Int
  var phase: Int
  var rules: [RuleDraft]
  /// How many chains stood before it in the files.
  var order: Int

  var tags: [[UInt8]] { rules.first?.tags ?? [] }
  var message: [UInt8] { rules.first?.value(.msg) ?? [] }
}

/// A name of a place in the rules.
struct DraftMarker {
  var name: String
  /// How many chains stand before it.
  var order: Int
}

/// Collects drafts and applies what other directives change about them.
struct DraftCollector {
  private(set) var chains: [DraftChain] = []
  private(set) var markers: [DraftMarker] = []
  private(set) var settings = RuleSettings()
  var issues = IssueList()
  private var defaults: [Int: [ActionSyntax]] = [:]
  private var open: DraftChain?
  private var ids: Set<Int> = []
  private var removedIDs: [ClosedRange<Int>] = []
  private var removedTags: [RegularExpression] = []
  private var removedMessages: [RegularExpression] = []
  private var updates: [(ChainSelection, [VariableSyntax])] = []
  private var actionUpdates: [(Int, Int, [ActionSyntax])] = []

  enum ChainSelection {
    case ids([ClosedRange<Int>])
    case tag(RegularExpression)
    case message(RegularExpression)

    func selects(_ chain: DraftChain, _ scratch: RegexScratch) -> Bool {
      switch self {
      case .ids(let ranges): ranges.contains { $0.contains(chain.id) }
      case .tag(let pattern): chain.tags.contains { pattern.match($0.span, scratch: scratch).isMatch }
      case .message(let pattern): pattern.match(chain.message.span, scratch: scratch).isMatch
      }
    }
  }

  init(_ document: RuleDocument) {
    issues.files = document.files
    for statement in document.statements { add(statement) }
    if let open { issues.add(open.rules[0].position, "the chain begun here has no last rule", "remove `chain`") }
    applyUpdates()
  }

  private mutating func add(_ statement: Statement) {
    let position = statement.position
    switch statement.directive {
    case .rule(let variables, let comparison, let actions):
      add(RuleDraft(position: position, variables: variables, comparison: comparison, actions: actions, defaults: [:]))
    case .action(let actions):
      add(RuleDraft(position: position, variables: [], comparison: nil, actions: actions, defaults: [:]))
    case .marker(let name): markers.append(DraftMarker(name: name, order: chains.count))
    case .defaultAction(let actions):
      let phase = Self.phase(actions) ?? 2
      defaults[phase] = actions
    case .removeByID(let ranges): removedIDs += ranges
    case .removeByTag(let pattern): if let made = regex(pattern, position) { removedTags.append(made) }
    case .removeByMessage(let pattern): if let made = regex(pattern, position) { removedMessages.append(made) }
    case .updateTargetByID(let ranges, let variables): updates.append((.ids(ranges), variables))
    case .updateTargetByTag(let pattern, let variables):
      if let made = regex(pattern, position) { updates.append((.tag(made), variables)) }
    case .updateTargetByMessage(let pattern, let variables):
      if let made = regex(pattern, position) { updates.append((.message(made), variables)) }
    case .updateActionByID(let id, let offset, let actions): actionUpdates.append((id, offset, actions))
    case .setting(let name, let arguments):
      if let problem = settings.apply(name, arguments, at: position) { issues.add(position, "`\(name)`: \(problem)") }
    }
  }

  private mutating func regex(_ pattern: [UInt8], _ position: SourcePosition) -> RegularExpression? {
    do {
      return try RegularExpression(pattern.span)
    } catch {
      issues.add(position, "\(error)")
      return nil
    }
  }

  private mutating func add(_ draft: RuleDraft) {
    var draft = draft
    draft.defaults = defaults
    if var chain = open {
      open = nil
      if draft.value(.id) != nil || draft.value(.phase) != nil {
        issues.add(draft.position, "a chained rule has neither an id nor a phase", "only the first rule of a chain has")
      }
      chain.rules.append(draft)
      finish(chain, isOpen: draft.isChained)
      return
    }
    guard let text = draft.value(.id), let id = Int(String(decoding: text, as: UTF8.self)), id > 0 else {
      issues.add(draft.position, "the rule has no `id`", "every rule that does not belong to a chain needs one")
      return
    }
    if !ids.insert(id).inserted {
      issues.add(draft.position, "rule id `\(id)` stands here for the second time", "ids are unique in a rule set")
    }
    finish(
      DraftChain(id: id, phase: Self.phase(draft.actions) ?? 2, rules: [draft], order: chains.count),
      isOpen: draft.isChained)
  }

  private mutating func finish(_ chain: DraftChain, isOpen: Bool) {
    if isOpen { open = chain } else { chains.append(chain) }
  }

  static func phase(_ actions: [ActionSyntax]) -> Int? {
    guard let value = actions.last(where: { $0.name == .phase })?.value else { return nil }
    switch String(decoding: value, as: UTF8.self).lowercased() {
    case "1": return 1
    case "2", "request": return 2
    case "3": return 3
    case "4", "response": return 4
    case "5", "logging": return 5
    default: return nil
    }
  }

  private mutating func applyUpdates() {
    let scratch = RegexScratch()
    for (id, offset, actions) in actionUpdates {
      guard let index = chains.firstIndex(where: { $0.id == id }), offset < chains[index].rules.count else { continue }
      chains[index].rules[offset].actions = Self.merged(chains[index].rules[offset].actions, with: actions)
    }
    for (selection, variables) in updates {
      for index in chains.indices where selection.selects(chains[index], scratch) {
        chains[index].rules[0].variables += variables
      }
    }
    // Chains keep their order numbers, which say where markers stand.
    chains.removeAll { chain in
      removedIDs.contains { $0.contains(chain.id) }
        || removedTags.contains { pattern in
          chain.tags.contains { pattern.match($0.span, scratch: scratch).isMatch }
        } || removedMessages.contains { $0.match(chain.message.span, scratch: scratch).isMatch }
    }
  }

  /// Later actions replace earlier ones of the same kind, but for those that may stand many times.
  private static func merged(_ old: [ActionSyntax], with new: [ActionSyntax]) -> [ActionSyntax] {
    let many: Set<ActionName> = [.tag, .setvar, .ctl, .expirevar, .initcol, .setenv]
    let disruptive: Set<ActionName> = [.allow, .block, .deny, .drop, .pass, .redirect]
    var kept = old
    for action in new where !many.contains(action.name) {
      kept.removeAll {
        $0.name == action.name || (disruptive.contains($0.name) && disruptive.contains(action.name))
      }
    }
    return kept + new
  }
}

/// Issues with their places, at most as many as a person reads.
struct IssueList {
  var files: [String] = []
  private(set) var issues: [RuleIssue] = []
  private(set) var omitted = 0

  mutating func add(_ position: SourcePosition, _ message: String, _ hint: String? = nil) {
    guard issues.count < 50 else {
      omitted += 1
      return
    }
    issues.append(issue(position, message, hint))
  }

  func issue(_ position: SourcePosition, _ message: String, _ hint: String? = nil) -> RuleIssue {
    let index = Int(position.file)
    return RuleIssue(
      file: files.indices.contains(index) ? files[index] : "", line: Int(position.line), column: Int(position.column),
      message: message, hint: hint)
  }
}
