/// Steps that write a policy: its tokens, and where lines may be broken.
struct PolicyLayout {
  enum Step {
    case token(Int)
    /// The comments before a token, ahead of it.
    case comments(Int)
    case space
    /// A blank, or the end of the line where its group is broken.
    case line
    /// Nothing, or the end of the line where its group is broken.
    case softLine
    case hardLine
    case indent
    case outdent
    case nothing
    /// All lines of a group are broken, or none; with the index of its end.
    case open(Int)
    case close
  }

  private(set) var steps: [Step] = []
  private let tokens: [FormatToken]
  private var index = 0

  /// - Parameter tokens: those of one policy that is known to parse.
  init(_ tokens: [FormatToken]) { self.tokens = tokens }

  mutating func policy() {
    while isAt("@") {
      take()
      take()
      if isAt("(") { for _ in 0..<3 { take() } }
      steps.append(.hardLine)
    }
    take()
    steps.append(.space)
    bracketed { $0.scopePart() }
    while index < tokens.count, !isAt(";") {
      steps.append(.hardLine)
      let group = open()
      take()
      steps.append(.space)
      take()
      steps += [.indent, .line]
      expression()
      steps += [.comments(index), .outdent, .line]
      take()
      close(group)
    }
    take()
  }

  private func isAt(_ text: String) -> Bool { index < tokens.count && tokens[index].text == text }

  private mutating func take() {
    guard index < tokens.count else { return }
    steps.append(.token(index))
    index += 1
  }

  private mutating func open() -> Int {
    steps.append(.open(0))
    return steps.count - 1
  }

  private mutating func close(_ group: Int) {
    steps[group] = .open(steps.count)
    steps.append(.close)
  }

  /// A bracket, parts with `,` between them, and the other bracket. A `,` after the last part is left out.
  private mutating func bracketed(_ part: (inout PolicyLayout) -> Void) {
    let group = open()
    take()
    if index < tokens.count, isClosing(tokens[index]) {
      if !tokens[index].comments.isEmpty { steps += [.indent, .comments(index), .outdent, .softLine] }
      take()
      return close(group)
    }
    steps += [.indent, .softLine]
    while index < tokens.count, !isClosing(tokens[index]) {
      part(&self)
      guard isAt(",") else { continue }
      if index + 1 < tokens.count, isClosing(tokens[index + 1]), !tokens[index].hasComments {
        index += 1
      } else {
        take()
        if index < tokens.count, !isClosing(tokens[index]) { steps.append(.line) }
      }
    }
    steps += [.comments(index), .outdent, .softLine]
    take()
    close(group)
  }

  private func isClosing(_ token: FormatToken) -> Bool {
    token.kind == .symbol && (token.text == ")" || token.text == "]" || token.text == "}")
  }

  /// A variable of the scope with its constraint.
  private mutating func scopePart() {
    take()
    while index < tokens.count, !isAt(","), !isClosing(tokens[index]) {
      steps.append(.space)
      if isAt("==") || isAt("in") {
        take()
        steps.append(.space)
        primary()
      } else {
        take()
        steps.append(.space)
        path()
      }
    }
  }
}

/// Expressions, from the loosest operator to the tightest.
extension PolicyLayout {
  private mutating func expression() {
    guard isAt("if") else { return disjunction() }
    let group = open()
    take()
    steps.append(.space)
    for _ in 0..<2 {
      expression()
      steps.append(.line)
      take()
      steps.append(.space)
    }
    expression()
    close(group)
  }

  private mutating func disjunction() {
    let group = open()
    /// Where chains of `&&` begin and end, to indent them when there is a `||` too.
    var chains: [(begin: Int, end: Int)] = []
    var count = 0
    repeat {
      if count > 0 { breakAfterOperator() }
      count += 1
      let inner = open()
      relation()
      let begin = steps.count
      steps.append(.nothing)
      while isAt("&&") {
        breakAfterOperator()
        relation()
      }
      chains.append((begin, steps.count))
      steps.append(.nothing)
      close(inner)
    } while isAt("||")
    close(group)
    guard count > 1 else { return }
    for chain in chains { (steps[chain.begin], steps[chain.end]) = (.indent, .outdent) }
  }

  private mutating func breakAfterOperator() {
    steps.append(.space)
    take()
    steps.append(.line)
  }

  private mutating func relation() {
    let group = open()
    sum()
    if isAt("has") || isAt("like") {
      steps.append(.space)
      take()
      steps.append(.space)
      path()
    } else if isAt("is") {
      steps.append(.space)
      take()
      steps.append(.space)
      path()
      if isAt("in") { operand(of: { $0.sum() }) }
    } else if index < tokens.count, Self.relations.contains(tokens[index].text) {
      operand(of: { $0.sum() })
    }
    close(group)
  }

  private static let relations: Set<String> = ["==", "!=", "<", "<=", ">", ">=", "in"]

  /// An operator and what stands right of it, indented on a line of its own where it must be.
  private mutating func operand(of right: (inout PolicyLayout) -> Void) {
    steps += [.space]
    take()
    steps += [.indent, .line]
    right(&self)
    steps.append(.outdent)
  }

  private mutating func sum() {
    let group = open()
    product()
    while isAt("+") || isAt("-") { operand(of: { $0.product() }) }
    close(group)
  }

  private mutating func product() {
    unary()
    while isAt("*") { operand(of: { $0.unary() }) }
  }

  private mutating func unary() {
    while isAt("!") || isAt("-") { take() }
    primary()
    while true {
      if isAt(".") {
        take()
        take()
      } else if isAt("[") {
        for _ in 0..<3 { take() }
      } else if isAt("(") {
        bracketed { $0.expression() }
      } else {
        return
      }
    }
  }

  private mutating func primary() {
    if isAt("(") || isAt("[") {
      bracketed { $0.expression() }
    } else if isAt("{") {
      bracketed {
        $0.take()
        $0.take()
        $0.steps.append(.space)
        $0.expression()
      }
    } else if isAt("?") {
      take()
      take()
    } else {
      path()
    }
  }

  /// A literal, a name or an entity.
  private mutating func path() {
    take()
    while isAt("::") || isAt(".") {
      // After `has`; elsewhere `.` belongs to the expression.
      take()
      take()
    }
  }
}
