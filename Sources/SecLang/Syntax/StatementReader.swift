/// Reads one directive. What is wrong is collected; a directive with a problem has no meaning.
struct StatementReader {
  private(set) var problems: [RuleProblem] = []
  /// Problems beyond those that are told.
  private(set) var omitted = 0
  /// How many problems to tell.
  private let limit: Int

  init(limit: Int = RuleLimits.issues) { self.limit = limit }

  var isFaultless: Bool { problems.isEmpty && omitted == 0 }

  var problemCount: Int { problems.count + omitted }

  /// What a directive turned out to be.
  enum Result {
    case directive(Directive)
    /// `Include` or `IncludeOptional`.
    case include(DirectiveArgument, isOptional: Bool)
  }

  /// Words are only made for a problem that is told.
  mutating func fail(
    _ position: @autoclosure () -> SourcePosition, _ message: @autoclosure () -> String,
    hint: @autoclosure () -> String? = nil
  ) {
    guard problems.count < limit else {
      omitted += 1
      return
    }
    problems.append(RuleProblem(at: position(), message(), hint: hint()))
  }

  private mutating func fail(_ problem: RuleProblem) {
    fail(problem.position, problem.message, hint: problem.hint)
  }

  /// Reads a directive; nil with problems.
  mutating func read(_ directive: DirectiveText) -> Result? {
    guard directive.problems.isEmpty else {
      for problem in directive.problems { fail(problem) }
      return nil
    }
    let text = directive.text
    let nameEnd = text.bytes.firstIndex(where: RuleBytes.isBlank) ?? text.count
    let word = text.bytes[0..<nameEnd]
    guard let kind = kind(word, at: text.position(at: 0)) else { return nil }
    let arguments: [DirectiveArgument]
    do throws(RuleProblem) {
      arguments = try text.slice(nameEnd..<text.count).arguments()
    } catch {
      fail(error)
      return nil
    }
    let call = DirectiveCall(
      name: String(decoding: word, as: UTF8.self), position: text.position(at: 0), end: text.position(at: text.count),
      arguments: arguments)
    let result = read(call, kind, entries: directive.entries)
    return isFaultless ? result : nil
  }

  private mutating func kind(_ word: ArraySlice<UInt8>, at position: SourcePosition) -> DirectiveNames.Kind? {
    if let kind = RuleBytes.name(word).flatMap({ DirectiveNames.known[$0] }) {
      guard case .refused(let name, let reason) = kind else { return kind }
      fail(position, "`\(name)` is not supported: \(reason)")
      return nil
    }
    switch word.first {
    case UInt8(ascii: "<"):
      fail(
        position, "\(RuleBytes.quoted(word)) is a section of Apache's configuration, not a part of the rules",
        hint: "take the directives out of the section")
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      fail(
        position, "expected a directive, found \(RuleBytes.quoted(word))",
        hint: "a directive that goes on needs `\\` at the end of the line before")
    default:
      fail(
        position, "unknown directive \(RuleBytes.quoted(word))",
        hint: NearestName.hint(word, in: DirectiveNames.spellings))
    }
    return nil
  }

  private mutating func read(
    _ call: DirectiveCall, _ kind: DirectiveNames.Kind, entries: [PlacedBytes]?
  ) -> Result? {
    switch kind {
    case .refused: return nil
    case .setting(let name, let arguments):
      return setting(call, name, arguments, entries: entries).map { .directive($0) }
    case .form(let form):
      switch form {
      case .include, .includeOptional:
        guard let path = one(call, "a path") else { return nil }
        return .include(path, isOptional: form == .includeOptional)
      default: return self.form(call, form).map { .directive($0) }
      }
    }
  }

  private mutating func form(_ call: DirectiveCall, _ form: DirectiveNames.Form) -> Directive? {
    switch form {
    case .include, .includeOptional: return nil
    case .rule: return rule(call)
    case .action: return one(call, "a list of actions").map { .action(actions($0.text, of: .rule)) }
    case .defaultAction:
      return one(call, "a list of actions").map { .defaultAction(defaultActions($0.text, at: call.position)) }
    case .marker: return one(call, "a name").flatMap { string($0) }.map { .marker($0) }
    case .removeByID: return ids(call, call.arguments[...]).map { .removeByID($0) }
    case .removeByTag: return one(call, "a regular expression").map { .removeByTag($0.text.bytes) }
    case .removeByMessage: return one(call, "a regular expression").map { .removeByMessage($0.text.bytes) }
    case .updateTargetByID: return updateTargetByID(call)
    case .updateTargetByTag: return updateTarget(call).map { .updateTargetByTag($0, $1) }
    case .updateTargetByMessage: return updateTarget(call).map { .updateTargetByMessage($0, $1) }
    case .updateActionByID: return updateActionByID(call)
    }
  }

  // MARK: Arguments

  /// The only argument of a directive, which must not be empty.
  mutating func one(_ call: DirectiveCall, _ what: String) -> DirectiveArgument? {
    guard let first = call.arguments.first else {
      fail(call.end, "`\(call.name)` needs \(what)")
      return nil
    }
    if call.arguments.count > 1 {
      fail(
        call.arguments[1].position, "`\(call.name)` takes one argument, found \(call.arguments.count)",
        hint: "put an argument with spaces into `\"`")
      return nil
    }
    if first.text.isEmpty {
      fail(first.position, "`\(call.name)` needs \(what), found an empty text")
      return nil
    }
    return first
  }

  /// An argument as text.
  mutating func string(_ argument: DirectiveArgument) -> String? {
    guard let result = String(validating: argument.text.bytes, as: UTF8.self) else {
      fail(argument.position, "\(RuleBytes.quoted(argument.text.bytes)) is not UTF-8")
      return nil
    }
    return result
  }

  // MARK: Rules

  private mutating func rule(_ call: DirectiveCall) -> Directive? {
    let arguments = call.arguments
    guard arguments.count >= 2 else {
      fail(
        call.end, "`\(call.name)` needs \(arguments.isEmpty ? "variables and an operator" : "an operator")",
        hint: "SecRule VARIABLES OPERATOR [ACTIONS]")
      return nil
    }
    if arguments.count > 3 {
      fail(
        arguments[3].position, "`\(call.name)` takes variables, an operator and actions, found a fourth argument",
        hint: "put an argument with spaces into `\"`, and write `\\\"` for a quote inside it")
      return nil
    }
    let variables = self.variables(arguments[0].text, at: arguments[0].position)
    if !variables.isEmpty, variables.allSatisfy(\.isExcluded) {
      fail(arguments[0].position, "the rule only leaves out variables and so looks at none")
    }
    let made = self.operator(arguments[1].text, at: arguments[1].position)
    let list = arguments.count == 3 ? arguments[2].text : PlacedBytes(file: call.position.file)
    let actions = list.isEmpty ? [] : self.actions(list, of: .rule)
    guard let made else { return nil }
    return .rule(variables: variables, operator: made, actions: actions)
  }

  // MARK: Changes of rules

  private mutating func ids(
    _ call: DirectiveCall, _ arguments: ArraySlice<DirectiveArgument>
  ) -> [ClosedRange<Int>]? {
    var result: [ClosedRange<Int>] = []
    for argument in arguments {
      let text = argument.text
      var offset = 0
      while offset < text.count {
        let isGap: (UInt8) -> Bool = { RuleBytes.isBlank($0) || $0 == UInt8(ascii: ",") }
        if isGap(text[offset]) {
          offset += 1
          continue
        }
        let end = text.bytes[offset...].firstIndex(where: isGap) ?? text.count
        if let range = idRange(text.slice(offset..<end)) { result.append(range) }
        offset = end
      }
    }
    guard isFaultless else { return nil }
    if result.isEmpty { fail(call.end, "`\(call.name)` needs the ids of rules") }
    if result.count > RuleLimits.listItems {
      fail(call.position, "`\(call.name)` names more than \(RuleLimits.listItems) ids")
    }
    return result
  }

  /// `942100` or `942100-942199`.
  mutating func idRange(_ text: PlacedBytes) -> ClosedRange<Int>? {
    let parts = text.bytes.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
    let ends = parts.compactMap { RuleBytes.number($0) }
    guard ends.count == parts.count, let low = ends.first, let high = ends.last, low > 0 else {
      let isOffset = text.bytes.contains(UInt8(ascii: ":"))
      fail(
        text.position(at: 0), "\(RuleBytes.quoted(text.bytes)) is no rule id and no range of them",
        hint: isOffset ? "a rule inside a chain can't be named here" : "942100, or 942100-942199")
      return nil
    }
    guard low <= high else {
      fail(text.position(at: 0), "the range \(RuleBytes.quoted(text.bytes)) ends before it begins")
      return nil
    }
    return low...high
  }

  private mutating func updateTargetByID(_ call: DirectiveCall) -> Directive? {
    guard call.arguments.count >= 2, let last = call.arguments.last else {
      fail(call.end, "`\(call.name)` needs the id of a rule and variables")
      return nil
    }
    if call.arguments.count > 2, call.arguments[1].text.bytes.first.map(RuleBytes.isDigit) != true {
      refuseReplacement(call)
      return nil
    }
    let ids = self.ids(call, call.arguments.dropLast())
    let variables = self.variables(last.text, at: last.position)
    return ids.map { .updateTargetByID($0, variables) }
  }

  private mutating func updateTarget(_ call: DirectiveCall) -> ([UInt8], [VariableSyntax])? {
    guard call.arguments.count >= 2 else {
      fail(call.end, "`\(call.name)` needs a regular expression and variables")
      return nil
    }
    guard call.arguments.count == 2 else {
      refuseReplacement(call)
      return nil
    }
    if call.arguments[0].text.isEmpty { fail(call.arguments[0].position, "the regular expression is empty") }
    return (
      call.arguments[0].text.bytes, variables(call.arguments[1].text, at: call.arguments[1].position)
    )
  }

  private mutating func refuseReplacement(_ call: DirectiveCall) {
    fail(
      call.arguments[2].position, "`\(call.name)` can't replace variables",
      hint: "add the new ones, and leave out the old ones with `!`, in one list: `ARGS:new|!ARGS:old`")
  }

  private mutating func updateActionByID(_ call: DirectiveCall) -> Directive? {
    guard call.arguments.count == 2 else {
      let position = call.arguments.count > 2 ? call.arguments[2].position : call.end
      fail(position, "`\(call.name)` needs the id of a rule and a list of actions")
      return nil
    }
    let target = call.arguments[0].text
    let parts = target.bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { RuleBytes.number($0) }
    guard numbers.count == parts.count, let id = numbers.first, id > 0 else {
      fail(
        call.arguments[0].position, "\(RuleBytes.quoted(target.bytes)) is no rule id",
        hint: "942100, or 942100:1 for the second rule of its chain")
      return nil
    }
    let actions = self.actions(call.arguments[1].text, of: .update)
    return .updateActionByID(id, offset: numbers.count == 2 ? numbers[1] : 0, actions)
  }
}

/// A directive with its arguments.
struct DirectiveCall {
  /// As it is written.
  var name: String
  var position: SourcePosition
  /// Behind its last byte.
  var end: SourcePosition
  var arguments: [DirectiveArgument]
}
