/// Where something stands in the rule files: the index of the file in `RuleDocument.files`, line and column from 1.
public struct SourcePosition: Sendable, Hashable {
  public var file: Int32
  public var line: Int32
  public var column: Int32

  public init(file: Int32, line: Int32, column: Int32) {
    self.file = file
    self.line = line
    self.column = column
  }
}

/// Something wrong in the rules' text. It prints as `file:line:column: message`, with the hint on a line of its own.
public struct RuleIssue: Error, Sendable, Hashable {
  public var file: String
  public var line: Int
  public var column: Int
  /// Lower case, what the rule says in backticks.
  public var message: String
  public var hint: String?

  public init(file: String, line: Int, column: Int, message: String, hint: String? = nil) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
  }
}

/// Why rules can't be used: at most 50 issues, in the order of their places.
public struct RuleIssues: Error, Sendable, Hashable {
  public var issues: [RuleIssue]
  /// Issues found beyond those.
  public var omitted: Int

  public init(issues: [RuleIssue], omitted: Int = 0) {
    self.issues = issues
    self.omitted = omitted
  }
}

/// The rules as written, includes resolved, in the order in which they apply.
public struct RuleDocument: Sendable {
  /// The files read, by the index that positions use.
  public var files: [String]
  public var statements: [Statement]

  public init(files: [String] = [], statements: [Statement] = []) {
    self.files = files
    self.statements = statements
  }
}

/// One directive.
public struct Statement: Sendable {
  public var position: SourcePosition
  public var directive: Directive

  public init(position: SourcePosition, directive: Directive) {
    self.position = position
    self.directive = directive
  }
}

/// A directive with its arguments read as far as its own syntax goes.
public indirect enum Directive: Sendable {
  /// `SecRule VARIABLES OPERATOR [ACTIONS]`.
  case rule(variables: [VariableSyntax], operator: OperatorSyntax, actions: [ActionSyntax])
  /// `SecAction ACTIONS`.
  case action([ActionSyntax])
  /// `SecMarker NAME`.
  case marker(String)
  /// `SecDefaultAction ACTIONS`.
  case defaultAction([ActionSyntax])
  /// `SecRuleRemoveById`: ids and ranges of ids.
  case removeByID([ClosedRange<Int>])
  /// `SecRuleRemoveByTag`, `SecRuleRemoveByMsg`: a regular expression each.
  case removeByTag([UInt8])
  case removeByMessage([UInt8])
  /// `SecRuleUpdateTargetById`, `…ByTag`, `…ByMsg`: targets to add, or with `!` to leave out.
  case updateTargetByID([ClosedRange<Int>], [VariableSyntax])
  case updateTargetByTag([UInt8], [VariableSyntax])
  case updateTargetByMessage([UInt8], [VariableSyntax])
  /// `SecRuleUpdateActionById ID[:OFFSET] ACTIONS`: the offset counts rules of a chain.
  case updateActionByID(Int, offset: Int, [ActionSyntax])
  /// Any other directive the engine knows, by its name as documented (`SecRuleEngine`), with its arguments unquoted.
  case setting(String, [String])
}

/// One target of a rule: `ARGS`, `!ARGS:password`, `&TX:score`, `REQUEST_HEADERS:/^X-/`, `XML:/*`.
public struct VariableSyntax: Sendable, Hashable {
  public enum Selector: Sendable, Hashable {
    case all
    case name([UInt8])
    /// `/…/`: a regular expression over names.
    case pattern([UInt8])
    /// After `XML:`.
    case xpath(String)
  }

  public var variable: Variable
  public var selector: Selector
  /// `!`: leave out what this names.
  public var isExcluded: Bool
  /// `&`: how many, instead of the values.
  public var isCount: Bool
  public var position: SourcePosition

  public init(
    variable: Variable, selector: Selector, isExcluded: Bool = false, isCount: Bool = false, position: SourcePosition
  ) {
    self.variable = variable
    self.selector = selector
    self.isExcluded = isExcluded
    self.isCount = isCount
    self.position = position
  }
}

/// The operator of a rule with its argument: `!@rx ^\d+$`; `@rx` where none is named.
public struct OperatorSyntax: Sendable {
  public var name: OperatorName
  public var isNegated: Bool
  /// As written, quotes of the directive removed; `%{…}` not yet expanded.
  public var argument: [UInt8]
  public var position: SourcePosition

  public init(name: OperatorName, isNegated: Bool, argument: [UInt8], position: SourcePosition) {
    self.name = name
    self.isNegated = isNegated
    self.argument = argument
    self.position = position
  }
}

/// One action: `id:920100`, `t:lowercase`, `setvar:'tx.score=+5'`.
public struct ActionSyntax: Sendable, Hashable {
  public var name: ActionName
  /// What follows the colon, single quotes around it removed; nil without a colon.
  public var value: [UInt8]?
  public var position: SourcePosition

  public init(name: ActionName, value: [UInt8]?, position: SourcePosition) {
    self.name = name
    self.value = value
    self.position = position
  }
}
