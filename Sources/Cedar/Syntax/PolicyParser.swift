/// Reads policies and templates (grammar of the language: https://docs.cedarpolicy.com/policies/syntax-grammar.html).
/// The first error ends it.
struct PolicyParser: TokenReader {
  let source: SourceText
  var lexer: Lexer
  var token: Token
  /// Brackets and conditionals around the token.
  var nesting = 0
  /// Operators of the expressions around the token, the innermost last.
  var waiting: [WaitingOperator] = []

  init(_ source: SourceText) throws(SyntaxError) {
    self.source = source
    lexer = Lexer(source)
    token = try lexer.next()
  }

  /// All policies of the text, named by `id`.
  mutating func policies(_ id: (Int) -> PolicyID) throws(SyntaxError) -> [Policy] {
    var policies: [Policy] = []
    while token.kind != .end {
      guard policies.count < CedarLimits.policies else {
        throw error("the text has more than \(CedarLimits.policies) policies")
      }
      policies.append(try policy(id(policies.count)))
    }
    return policies
  }

  /// The first error of each policy of the text, up to a number of them.
  mutating func errors(atMost limit: Int) -> [SyntaxError] {
    var errors: [SyntaxError] = []
    do throws(SyntaxError) {
      while token.kind != .end, errors.count < limit {
        do throws(SyntaxError) { _ = try policy("") } catch {
          errors.append(error)
          waiting = []
          // The next policy begins after this one's end.
          while token.kind != .end, !isAt(";") { try advance() }
          if isAt(";") { try advance() }
        }
      }
    } catch {
      if errors.last != error { errors.append(error) }
    }
    return errors
  }

  mutating func policy(_ id: PolicyID) throws(SyntaxError) -> Policy {
    let start = position
    let annotations = try self.annotations()
    let effect = try self.effect()
    let scope = try self.scope()
    var conditions: [Condition] = []
    while token.kind == .identifier { conditions.append(try condition()) }
    guard try take(";") else { throw unexpected("`when`, `unless` or `;`") }
    return Policy(
      id: id, annotations: annotations, effect: effect, principal: scope.principal, action: scope.action,
      resource: scope.resource, conditions: conditions, position: start)
  }

  private mutating func effect() throws(SyntaxError) -> Effect {
    guard token.kind == .identifier else { throw unexpected("a policy") }
    guard let effect = Effect(rawValue: text) else {
      throw error("`\(text.shown)` is no effect", hint: "a policy begins with `permit` or `forbid`")
    }
    try advance()
    return effect
  }

  private mutating func condition() throws(SyntaxError) -> Condition {
    guard let kind = Condition.Kind(rawValue: text) else {
      throw error("`\(text.shown)` begins no condition", hint: "expected `when`, `unless` or `;`")
    }
    let start = position
    try advance()
    try expect("{")
    guard !isAt("}") else {
      throw error("the `\(kind.rawValue)` has no expression", hint: "write one, or leave the clause out")
    }
    let body = try expression()
    try expect("}")
    return Condition(kind, body.expression, at: start)
  }
}

/// The scope: `(principal …, action …, resource …)`.
extension PolicyParser {
  private typealias Scope = (principal: EntityConstraint, action: ActionConstraint, resource: EntityConstraint)

  private mutating func scope() throws(SyntaxError) -> Scope {
    try expect("(")
    try scopeVariable(.principal)
    let principal = try entityConstraint(.principal)
    try scopeComma(before: .action)
    let action = try actionConstraint()
    try scopeComma(before: .resource)
    let resource = try entityConstraint(.resource)
    if try take(",") {
      guard isAt(")") else {
        throw error("the scope has more than `principal`, `action` and `resource`", hint: "expected `)`")
      }
    }
    try expect(")")
    return (principal, action, resource)
  }

  private mutating func scopeComma(before variable: Variable) throws(SyntaxError) {
    guard try take(",") else {
      guard isAt(")") else { throw unexpected("`,`") }
      throw error("the scope lacks `\(variable.rawValue)`", hint: Self.scopeHint)
    }
    try scopeVariable(variable)
  }

  private mutating func scopeVariable(_ variable: Variable) throws(SyntaxError) {
    guard token.kind == .identifier, text == variable.rawValue else {
      guard !isAt(")") else { throw error("the scope lacks `\(variable.rawValue)`", hint: Self.scopeHint) }
      throw error("unexpected `\(text.shown)` where `\(variable.rawValue)` should be", hint: Self.scopeHint)
    }
    try advance()
    guard !isAt(":") else { throw error("a scope has no types after `:`", hint: "use `\(variable.rawValue) is Type`") }
  }

  private static let scopeHint = "a scope is `(principal …, action …, resource …)`"

  private mutating func entityConstraint(_ variable: Variable) throws(SyntaxError) -> EntityConstraint {
    if isAt(word: "is") {
      try advance()
      let type = try typeName()
      if isAt(word: "in") {
        try advance()
        return .isTypeIn(type, try entityReference(variable))
      }
      guard !isAt("==") else {
        throw error("`is` and `==` can't stand together", hint: "an entity that is equal has its type anyway")
      }
      try rejectOperator("`in`, `,` or `)`")
      return .isType(type)
    }
    if try take("==") { return .equal(try entityReference(variable)) }
    if isAt(word: "in") {
      try advance()
      return .in(try entityReference(variable))
    }
    try rejectOperator("`==`, `in`, `is`, `,` or `)`")
    return .any
  }

  private mutating func actionConstraint() throws(SyntaxError) -> ActionConstraint {
    if isAt(word: "is") {
      throw error("`is` can't stand after `action`", hint: "use `==` or `in` with actions such as `Action::\"read\"`")
    }
    if try take("==") { return .equal(try action()) }
    guard isAt(word: "in") else {
      try rejectOperator("`==`, `in`, `,` or `)`")
      return .any
    }
    try advance()
    let opened = try openings()
    guard try take("[") else {
      let action = try self.action()
      try closings(opened)
      return .in(action)
    }
    var actions: [EntityUID] = []
    while !isAt("]") {
      actions.append(try action())
      guard try take(",") else { break }
    }
    guard try take("]") else { throw unexpected("`,` or `]`") }
    try closings(opened)
    guard actions.count == 1, let action = actions.first else { return .inAny(actions) }
    return .in(action)
  }

  private mutating func action() throws(SyntaxError) -> EntityUID {
    let opened = try openings()
    let start = position
    if isAt("?") { throw error("a slot can't stand for an action", hint: "expected an action, `Action::\"id\"`") }
    if isAt("[") { throw error("a list of actions stands only after `in`", hint: "expected an action") }
    let uid = try entity("an action such as `Action::\"read\"`")
    guard uid.type.basename == "Action" else {
      throw error(
        "`\(uid.description.shown)` is no action", at: start,
        hint: "the type of an action is `Action` or ends in `::Action`")
    }
    try closings(opened)
    return uid
  }

  private mutating func entityReference(_ variable: Variable) throws(SyntaxError) -> EntityReference {
    let opened = try openings()
    let start = position
    let reference: EntityReference
    if isAt("?") {
      let slot = try self.slot()
      guard slot == "?" + variable.rawValue else {
        throw error("the slot `\(slot.shown)` can't stand here", at: start, hint: "expected `?\(variable.rawValue)`")
      }
      reference = .slot
    } else if isAt("[") {
      throw error("a list can't stand here", hint: "expected one entity such as `User::\"id\"`")
    } else {
      reference = .entity(try entity("an entity such as `User::\"id\"`, or `?\(variable.rawValue)`"))
    }
    try closings(opened)
    return reference
  }

  /// An entity in a scope, where nothing else may stand.
  private mutating func entity(_ wanted: String) throws(SyntaxError) -> EntityUID {
    guard token.kind == .identifier else { throw unexpected(wanted) }
    let start = position
    let name = try path()
    guard case .entity(let uid) = name else {
      throw error("`\(name.text.shown)` is no entity", at: start, hint: "expected \(wanted)")
    }
    return uid
  }

  private mutating func openings() throws(SyntaxError) -> Int {
    var count = 0
    while try take("(") { count += 1 }
    return count
  }

  private mutating func closings(_ count: Int) throws(SyntaxError) {
    for _ in 0..<count { try expect(")") }
  }

  private func rejectOperator(_ wanted: String) throws(SyntaxError) {
    if isAt("=") { throw error("`=` is no operator", hint: "use `==`") }
    guard isAt(",") || isAt(")") else { throw unexpected(wanted) }
  }
}

/// Names.
extension PolicyParser {
  @inline(never)
  func unexpected(_ wanted: String) -> SyntaxError {
    token.kind == .end
      ? error("the text ends too early", hint: "expected \(wanted)")
      : error("unexpected `\(text.shown)`", hint: "expected \(wanted)")
  }

  /// An identifier that is not reserved.
  @inline(never)
  mutating func identifier(_ wanted: String) throws(SyntaxError) -> String {
    guard token.kind == .identifier else { throw unexpected(wanted) }
    let text = self.text
    guard !Name.reserved.contains(text) else { throw reserved(text) }
    try advance()
    return text
  }

  func reserved(_ word: String) -> SyntaxError {
    error("`\(word)` is reserved", hint: "it can be no name; as an attribute it stands in quotes, `x[\"\(word)\"]`")
  }

  /// `?` and a word, without a blank between them.
  mutating func slot() throws(SyntaxError) -> String {
    let mark = token.range.upperBound
    try advance()
    guard token.kind == .identifier, token.range.lowerBound == mark else {
      throw unexpected("`principal` or `resource` right after `?`")
    }
    let name = "?" + text
    try advance()
    return name
  }

  enum Path {
    case name(Name)
    case entity(EntityUID)

    var text: String {
      switch self {
      case .name(let name): name.text
      case .entity(let uid): uid.description
      }
    }
  }

  /// Identifiers joined by `::`, and the id of an entity where a string follows.
  mutating func path() throws(SyntaxError) -> Path {
    var text = try identifier("a name")
    while try take("::") {
      if token.kind == .string { return .entity(EntityUID(type: Name(unchecked: text), id: try string())) }
      if isAt("{") { throw error("an entity's id is no record", hint: "write `\(text.shown)::\"id\"`") }
      text += "::" + (try identifier("a name or a string"))
    }
    return .name(Name(unchecked: text))
  }

  /// What stands after `is`.
  mutating func typeName() throws(SyntaxError) -> Name {
    guard token.kind == .identifier else { throw unexpected("the name of an entity type") }
    let start = position
    switch try path() {
    case .name(let name): return name
    case .entity(let uid):
      throw error(
        "`\(uid.description.shown)` is an entity, not a type", at: start,
        hint: "expected a name such as `\(uid.type.text.shown)`")
    }
  }
}
