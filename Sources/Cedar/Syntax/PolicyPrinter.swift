extension Policy: CustomStringConvertible {
  /// The text of the policy, which parses back to an equal one. What a link has filled in stands in the scope.
  public var description: String {
    var text = ""
    for annotation in annotations {
      text += "@" + annotation.key
      if let value = annotation.value { text += "(" + StringLiteral.quoted(value) + ")" }
      text += "\n"
    }
    text += effect.rawValue + " (principal" + principal.text(slot: .principal) + ", action" + action.text
    text += ", resource" + resource.text(slot: .resource) + ")"
    for condition in conditions {
      text += "\n" + condition.kind.rawValue + " { "
      condition.body.write(to: &text, in: .condition)
      text += " }"
    }
    return text + ";"
  }
}

extension PolicySet: CustomStringConvertible {
  /// The text of all policies without slots, those of links too, then of the templates; ids are not part of it.
  public var description: String { (policies + templates).map { $0.description + "\n" }.joined(separator: "\n") }
}

extension Expression: CustomStringConvertible {
  /// The text of the expression, which parses back to an equal one.
  public var description: String {
    var text = ""
    write(to: &text, in: .condition)
    return text
  }
}

extension EntityConstraint {
  fileprivate func text(slot: Slot) -> String {
    switch self {
    case .any: ""
    case .equal(let reference): " == " + reference.text(slot: slot)
    case .in(let reference): " in " + reference.text(slot: slot)
    case .isType(let type): " is " + type.text
    case .isTypeIn(let type, let reference): " is " + type.text + " in " + reference.text(slot: slot)
    }
  }
}

extension EntityReference {
  fileprivate func text(slot: Slot) -> String {
    switch self {
    case .entity(let uid): uid.description
    case .slot: slot.rawValue
    }
  }
}

extension ActionConstraint {
  fileprivate var text: String {
    switch self {
    case .any: ""
    case .equal(let uid): " == " + uid.description
    case .in(let uid): " in " + uid.description
    case .inAny(let uids): " in [" + uids.map(\.description).joined(separator: ", ") + "]"
    }
  }
}

/// How tightly an expression holds together; what holds less than its place asks for stands in parentheses.
private enum Binding: Int {
  case condition, or, and, relation, sum, product, unary, member
}

extension Expression {
  private var binding: Binding {
    switch kind {
    case .conditional: .condition
    case .or: .or
    case .and: .and
    case .has(_, let names): Expression.isPath(names) ? .relation : .and
    case .like, .isType: .relation
    case .binary(let operation, _, _): operation.binding
    case .not, .negate: .unary
    case .long(let value): value < 0 ? .unary : .member
    default: .member
    }
  }

  /// Whether the names can stand after `has` as they are.
  static func isPath(_ names: [String]) -> Bool { names.count == 1 || names.allSatisfy(Name.isUsable) }

  fileprivate func write(to text: inout String, in place: Binding) {
    let needsParentheses = binding.rawValue < place.rawValue
    if needsParentheses { text += "(" }
    switch kind {
    case .conditional(let condition, let then, let otherwise):
      text += "if "
      condition.write(to: &text, in: .condition)
      text += " then "
      then.write(to: &text, in: .condition)
      text += " else "
      otherwise.write(to: &text, in: .condition)
    case .or(let operands): Expression.write(operands, joined: " || ", to: &text, in: .and, missing: "false")
    case .and(let operands): Expression.write(operands, joined: " && ", to: &text, in: .relation, missing: "true")
    case .binary(let operation, let left, let right): operation.write(left, right, to: &text)
    case .not(let operand):
      text += "!"
      operand.write(to: &text, in: .member)
    case .negate(let operand): operand.writeNegated(to: &text)
    case .has(let base, let names): Expression.writeHas(base, names, to: &text)
    case .like(let base, let pattern):
      base.write(to: &text, in: .sum)
      text += " like " + pattern.description
    case .isType(let base, let type, let ancestor):
      base.write(to: &text, in: .sum)
      text += " is " + type.text
      if let ancestor {
        text += " in "
        ancestor.write(to: &text, in: .sum)
      }
    default: writeMember(to: &text)
    }
    if needsParentheses { text += ")" }
  }

  private func writeMember(to text: inout String) {
    switch kind {
    case .bool(let value): text += value ? "true" : "false"
    case .long(let value): text += String(value)
    case .string(let value): text += StringLiteral.quoted(value)
    case .entity(let uid): text += uid.description
    case .variable(let variable): text += variable.rawValue
    case .slot(let slot): text += slot.rawValue
    case .isEmpty(let base):
      base.write(to: &text, in: .member)
      text += ".isEmpty()"
    case .attribute(let base, let name):
      base.write(to: &text, in: .member)
      text += Name.isUsable(name) ? "." + name : "[" + StringLiteral.quoted(name) + "]"
    case .set(let elements):
      text += "["
      Expression.writeList(elements[...], to: &text)
      text += "]"
    case .record(let elements):
      text += "{"
      for (index, element) in elements.enumerated() {
        if index > 0 { text += ", " }
        text += (Name.isUsable(element.key) ? element.key : StringLiteral.quoted(element.key)) + ": "
        element.value.write(to: &text, in: .condition)
      }
      text += "}"
    case .call(let function, let arguments):
      var arguments = arguments[...]
      if !function.isConstructor, let receiver = arguments.popFirst() {
        receiver.write(to: &text, in: .member)
        text += "."
      }
      text += function.rawValue + "("
      Expression.writeList(arguments, to: &text)
      text += ")"
    default: break
    }
  }

  private static func writeList(_ elements: ArraySlice<Expression>, to text: inout String) {
    for (index, element) in elements.enumerated() {
      if index > 0 { text += ", " }
      element.write(to: &text, in: .condition)
    }
  }

  /// - Parameter missing: what stands for operands where there are less than two.
  private static func write(
    _ operands: [Expression], joined operation: String, to text: inout String, in place: Binding, missing: String
  ) {
    for (index, operand) in operands.enumerated() {
      if index > 0 { text += operation }
      operand.write(to: &text, in: place)
    }
    if operands.isEmpty { text += missing }
    if operands.count < 2 { text += operation + missing }
  }

  /// `-5` would be a literal.
  private func writeNegated(to text: inout String) {
    guard case .long = kind else {
      text += "-"
      write(to: &text, in: .member)
      return
    }
    text += "-("
    write(to: &text, in: .condition)
    text += ")"
  }

  private static func writeHas(_ base: Expression, _ names: [String], to text: inout String) {
    guard isPath(names) else {
      write(hasChain(base, names, at: .none), joined: " && ", to: &text, in: .relation, missing: "true")
      return
    }
    base.write(to: &text, in: .sum)
    text += " has "
    text += names.count == 1 && !Name.isUsable(names[0]) ? StringLiteral.quoted(names[0]) : names.joined(separator: ".")
  }

  /// What `base has a.b.c` stands for: `base has a`, `base.a has b` and `base.a.b has c`.
  static func hasChain(_ base: Expression, _ names: [String], at position: SourcePosition) -> [Expression] {
    var base = base
    return names.map { name in
      defer { base = Expression(.attribute(base, name), at: position) }
      return Expression(.has(base, [name]), at: position)
    }
  }
}

extension BinaryOperator {
  fileprivate var binding: Binding {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in: .relation
    case .add, .subtract: .sum
    case .multiply: .product
    case .contains, .containsAll, .containsAny, .getTag, .hasTag: .member
    }
  }

  fileprivate func write(_ left: Expression, _ right: Expression, to text: inout String) {
    switch binding {
    case .member:
      left.write(to: &text, in: .member)
      text += "." + rawValue + "("
      right.write(to: &text, in: .condition)
      text += ")"
      return
    case .relation: left.write(to: &text, in: .sum)
    case .sum: left.write(to: &text, in: .sum)
    default: left.write(to: &text, in: .product)
    }
    text += " " + rawValue + " "
    switch binding {
    case .relation: right.write(to: &text, in: .sum)
    case .sum: right.write(to: &text, in: .product)
    default: right.write(to: &text, in: .unary)
    }
  }
}

extension Pattern: CustomStringConvertible {
  /// The pattern in quotes, as it stands after `like`.
  public var description: String {
    var text = "\""
    for element in elements {
      switch element {
      case .wildcard: text += "*"
      case .scalar("*"): text += "\\*"
      case .scalar(let scalar): StringLiteral.append(scalar, to: &text)
      }
    }
    return text + "\""
  }
}

extension Name {
  /// Whether a text can be an attribute's name without quotes.
  static func isUsable(_ text: String) -> Bool { isIdentifier(text) && !reserved.contains(text) }
}
