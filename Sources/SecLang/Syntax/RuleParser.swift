/// Reads the rules of ModSecurity 3 and Coraza.
///
/// Names are known in any case; what a name means comes out as the reference manuals spell it. Everything is either
/// understood or an issue with its place; nothing is left out. The parser checks what one directive says on its own;
/// what directives say of each other (chains, ids, markers) is the compiler's.
public enum RuleParser {
  /// Reads a file with all that it includes.
  /// - Throws: what is wrong with it, up to `RuleLimits.issues` issues.
  public static func parse(_ path: String, loader: some RuleSourceLoader) throws(RuleIssues) -> RuleDocument {
    try parse([path], loader: loader)
  }

  /// Reads files one after the other, as if one file included them. A path with `*`, `?` or `[` names many.
  /// - Throws: what is wrong with them, up to `RuleLimits.issues` issues.
  public static func parse(_ paths: [String], loader: some RuleSourceLoader) throws(RuleIssues) -> RuleDocument {
    var reader = RuleReader(loader: loader)
    for path in paths { reader.readRoot(path) }
    return try reader.finish()
  }

  /// Reads rules that are given in memory; `name` stands for the file in issues, and what they include is seen from it.
  /// - Throws: what is wrong with them, up to `RuleLimits.issues` issues.
  public static func parse(
    _ bytes: [UInt8], named name: String, loader: some RuleSourceLoader
  ) throws(RuleIssues) -> RuleDocument {
    var reader = RuleReader(loader: loader)
    reader.read(bytes, path: name, includedAt: nil)
    return try reader.finish()
  }

  /// Reads rules that are given in memory and include nothing; `name` stands for the file in issues.
  /// - Throws: what is wrong with them, up to `RuleLimits.issues` issues.
  public static func parse(_ bytes: [UInt8], named name: String) throws(RuleIssues) -> RuleDocument {
    try parse(bytes, named: name, loader: NoRuleSources())
  }

  /// The variables of a list such as `ARGS:a|REQUEST_HEADERS:/^X-/`, as in the targets of `ctl`; nil where it is none.
  package static func variables(_ text: [UInt8], at position: SourcePosition) -> [VariableSyntax]? {
    var reader = StatementReader(limit: 0)
    let result = reader.variables(PlacedBytes(text, at: position), at: position)
    return reader.isFaultless ? result : nil
  }

  /// The ids of `942100` or `942100-942199`; nil where it is neither.
  package static func ruleIDs(_ text: [UInt8]) -> ClosedRange<Int>? {
    var reader = StatementReader(limit: 0)
    return reader.idRange(PlacedBytes(text, at: SourcePosition(file: 0, line: 1, column: 1)))
  }
}

extension RuleIssue: CustomStringConvertible {
  /// `file:line:column: message`, the hint on a line of its own.
  public var description: String {
    "\(file):\(line):\(column): \(message)" + (hint.map { "\n  \($0)" } ?? "")
  }
}

extension RuleIssues: CustomStringConvertible {
  /// The issues one below the other, and how many more there are.
  public var description: String {
    let lines = issues.map(\.description) + (omitted > 0 ? ["and \(omitted) more"] : [])
    return lines.joined(separator: "\n")
  }
}

extension RuleDocument {
  /// Appends rules that apply after these; positions go on to name the files that they stand in.
  public mutating func append(_ other: RuleDocument) {
    let offset = Int32(clamping: files.count)
    files += other.files
    statements.reserveCapacity(statements.count + other.statements.count)
    for statement in other.statements {
      statements.append(
        Statement(
          position: statement.position.moved(by: offset), directive: statement.directive.moved(by: offset)))
    }
  }
}

extension SourcePosition {
  fileprivate func moved(by files: Int32) -> SourcePosition {
    let (sum, overflow) = file.addingReportingOverflow(files)
    return SourcePosition(file: overflow ? file : sum, line: line, column: column)
  }
}

extension Directive {
  fileprivate func moved(by files: Int32) -> Directive {
    switch self {
    case .rule(let variables, var made, let actions):
      made.position = made.position.moved(by: files)
      return .rule(
        variables: variables.map { $0.moved(by: files) }, operator: made, actions: actions.map { $0.moved(by: files) })
    case .action(let actions): return .action(actions.map { $0.moved(by: files) })
    case .defaultAction(let actions): return .defaultAction(actions.map { $0.moved(by: files) })
    case .updateTargetByID(let ids, let variables):
      return .updateTargetByID(ids, variables.map { $0.moved(by: files) })
    case .updateTargetByTag(let pattern, let variables):
      return .updateTargetByTag(pattern, variables.map { $0.moved(by: files) })
    case .updateTargetByMessage(let pattern, let variables):
      return .updateTargetByMessage(pattern, variables.map { $0.moved(by: files) })
    case .updateActionByID(let id, let offset, let actions):
      return .updateActionByID(id, offset: offset, actions.map { $0.moved(by: files) })
    case .marker, .removeByID, .removeByTag, .removeByMessage, .setting: return self
    }
  }
}

extension VariableSyntax {
  fileprivate func moved(by files: Int32) -> VariableSyntax {
    var result = self
    result.position = position.moved(by: files)
    return result
  }
}

extension ActionSyntax {
  fileprivate func moved(by files: Int32) -> ActionSyntax {
    var result = self
    result.position = position.moved(by: files)
    return result
  }
}
