import Cedar

/// Writes policies and expressions in Cedar's syntax, with no more parentheses than needed, or with some.
struct PolicyWriter {
  private var literal: LiteralWriter

  init(random: SeededRandom, varies: Bool) { literal = LiteralWriter(random: random, varies: varies) }

  mutating func text(_ policies: [Policy]) -> String {
    policies.map { text($0) }.joined(separator: literal.random.chance(50) ? "\n" : "\n\n")
  }

  mutating func text(_ policy: Policy) -> String {
    var text = policy.annotations.map { annotation in
      "@" + annotation.key + (annotation.value.map { "(" + literal.string($0) + ")" } ?? "") + literal.blank()
    }.joined()
    text += policy.effect.rawValue + literal.gap() + "("
    text += "principal" + constraint(policy.principal, slot: "?principal") + "," + literal.blank()
    text += "action" + constraint(policy.action) + "," + literal.blank()
    text += "resource" + constraint(policy.resource, slot: "?resource")
    text += (literal.varies && literal.random.chance(10) ? ",)" : ")")
    for condition in policy.conditions {
      text += literal.blank() + condition.kind.rawValue + literal.blank() + "{" + literal.blank()
      text += expression(condition.body, .whole) + literal.blank() + "}"
    }
    return text + literal.gap() + ";"
  }

  private mutating func constraint(_ constraint: EntityConstraint, slot: String) -> String {
    switch constraint {
    case .any: ""
    case .equal(let reference): " == " + self.reference(reference, slot)
    case .in(let reference): " in " + self.reference(reference, slot)
    case .isType(let name): " is " + name.text
    case .isTypeIn(let name, let reference): " is " + name.text + " in " + self.reference(reference, slot)
    }
  }

  private mutating func reference(_ reference: EntityReference, _ slot: String) -> String {
    switch reference {
    case .slot: slot
    case .entity(let uid): literal.entity(uid)
    }
  }

  private mutating func constraint(_ constraint: ActionConstraint) -> String {
    switch constraint {
    case .any: ""
    case .equal(let uid): " ==" + literal.blank() + literal.entity(uid)
    case .in(let uid): " in " + literal.entity(uid)
    case .inAny(let uids): " in [" + uids.map { literal.entity($0) }.joined(separator: ", ") + "]"
    }
  }

  /// What may stand at a place without parentheses, from everything to the tightest.
  enum Place: Int { case whole, or, and, relation, sum, product, unary, member }

  mutating func expression(_ expression: Expression, _ place: Place) -> String {
    let own = Self.place(of: expression)
    if own.rawValue < place.rawValue || (literal.varies && literal.random.chance(3)) {
      return "(" + literal.gap() + bare(expression) + literal.gap() + ")"
    }
    return bare(expression)
  }

  private static func place(of expression: Expression) -> Place {
    switch expression.kind {
    case .conditional: .whole
    case .or: .or
    case .and: .and
    case .binary(let op, _, _):
      switch op {
      case .add, .subtract: .sum
      case .multiply: .product
      default: op.isMethod ? .member : .relation
      }
    case .has, .like, .isType: .relation
    case .not, .negate: .unary
    case .long(let value): value < 0 ? .unary : .member
    default: .member
    }
  }

  private mutating func bare(_ expression: Expression) -> String {
    switch expression.kind {
    case .bool(let value): return value ? "true" : "false"
    case .long(let value): return String(value)
    case .string(let value): return literal.string(value)
    case .entity(let uid): return literal.entity(uid)
    case .variable(let variable): return variable.rawValue
    case .slot(let slot): return slot.rawValue
    case .conditional(let test, let first, let second):
      return "if" + literal.blank() + self.expression(test, .whole) + literal.blank() + "then" + literal.blank()
        + self.expression(first, .whole) + literal.blank() + "else" + literal.blank() + self.expression(second, .whole)
    case .and(let parts):
      return parts.map { self.expression($0, .relation) }.joined(separator: literal.blank() + "&&" + literal.blank())
    case .or(let parts):
      return parts.map { self.expression($0, .and) }.joined(separator: literal.blank() + "||" + literal.blank())
    case .not(let operand): return "!" + literal.gap() + unaryOperand(operand, isNot: true)
    case .negate(let operand): return "-" + literal.gap() + unaryOperand(operand, isNot: false)
    case .binary(let op, let left, let right): return binary(op, left, right)
    case .isEmpty(let receiver): return self.expression(receiver, .member) + ".isEmpty()"
    case .attribute(let receiver, let name): return self.expression(receiver, .member) + access(name)
    case .has(let receiver, let names):
      let path = names.count == 1 ? literal.key(names[0]) : names.joined(separator: "." + literal.gap())
      return self.expression(receiver, .sum) + literal.blank() + "has " + path
    case .like(let receiver, let pattern):
      return self.expression(receiver, .sum) + " like" + literal.blank() + literal.pattern(pattern)
    case .isType(let receiver, let name, let place):
      return self.expression(receiver, .sum) + " is" + literal.blank() + name.text
        + (place.map { " in " + self.expression($0, .sum) } ?? "")
    case .set(let elements): return "[" + list(elements) + trail(elements.count) + "]"
    case .record(let elements):
      let parts = elements.map { literal.key($0.key) + literal.gap() + ": " + self.expression($0.value, .whole) }
      return "{" + parts.joined(separator: "," + literal.blank()) + trail(elements.count) + "}"
    case .call(let function, let arguments): return call(function, arguments)
    }
  }

  /// Four operators of one kind may follow each other, and no others.
  private mutating func unaryOperand(_ operand: Expression, isNot: Bool) -> String {
    var depth = 1
    var inner = operand
    while true {
      if isNot, case .not(let next) = inner.kind {
        inner = next
      } else if !isNot, case .negate(let next) = inner.kind {
        inner = next
      } else {
        break
      }
      depth += 1
    }
    var place = Place.member
    if depth > 1, depth <= 4, literal.random.chance(70) { place = .unary }
    // `-5` would be one literal, and `-(5)` is what was meant.
    if !isNot, case .long = operand.kind { return "(" + bare(operand) + ")" }
    return expression(operand, place)
  }

  private mutating func access(_ name: String) -> String {
    if LiteralWriter.isIdentifier(name), !(literal.varies && literal.random.chance(15)) { return "." + name }
    return "[" + literal.string(name) + "]"
  }

  private mutating func trail(_ count: Int) -> String {
    literal.varies && count > 0 && literal.random.chance(8) ? "," : ""
  }

  private mutating func list(_ elements: [Expression]) -> String {
    elements.map { expression($0, .whole) }.joined(separator: "," + literal.blank())
  }

  private mutating func binary(_ op: BinaryOperator, _ left: Expression, _ right: Expression) -> String {
    if op.isMethod { return expression(left, .member) + "." + op.rawValue + "(" + expression(right, .whole) + ")" }
    let places: (Place, Place) =
      switch op {
      case .add, .subtract: (.sum, .product)
      case .multiply: (.product, .unary)
      default: (.sum, .sum)
      }
    return expression(left, places.0) + literal.blank() + op.rawValue + literal.blank() + expression(right, places.1)
  }

  private mutating func call(_ function: ExtensionFunction, _ arguments: [Expression]) -> String {
    if function.isConstructor { return function.rawValue + "(" + list(arguments) + ")" }
    guard let receiver = arguments.first else { return function.rawValue + "()" }
    return expression(receiver, .member) + "." + function.rawValue + "(" + list(Array(arguments.dropFirst())) + ")"
  }
}
