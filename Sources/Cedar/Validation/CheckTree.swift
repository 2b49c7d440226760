/// The conditions of a policy in the form that is checked: one node for each expression, with fewer kinds of them
/// (`a != b` is `!(a == b)`, `a has b.c` is `a has b && a.b has c`, `a is T in b` is `a is T && a in b`).
struct CheckTree {
  struct Node {
    var kind: Kind
    var position: SourcePosition
    /// The same for expressions that look the same.
    var shape: Int
  }

  /// Children are indexes of nodes.
  enum Kind {
    case bool(Bool)
    case long(Int64)
    case string(String)
    case entity(EntityUID)
    case variable(Variable)
    case slot(Slot)
    case conditional(Int, then: Int, else: Int)
    case and([Int])
    case or([Int])
    case not(Int)
    case negate(Int)
    case equal(Int, Int)
    /// Any of `<`, `<=`, `>` and `>=`.
    case order(Int, Int)
    case arithmetic(BinaryOperator, Int, Int)
    case membership(Int, Int)
    case contains(Int, Int)
    /// `containsAll` or `containsAny`.
    case containsSome(Int, Int)
    case hasTag(Int, Int)
    case getTag(Int, Int)
    case isEmpty(Int)
    /// `name` is the shape of the attribute's name.
    case attribute(Int, String, name: Int)
    case has(Int, String, name: Int)
    case like(Int)
    case isType(Int, Name)
    case set([Int])
    case record([(key: String, value: Int)])
    case call(ExtensionFunction, [Int])
  }

  private(set) var nodes: [Node] = []
  /// The conditions, in their order; `unless` with a `!` before it.
  private(set) var conditions: [Int] = []
  /// Where the first expression is that is nested too deep to be checked.
  private(set) var tooDeep: SourcePosition?
  private var shapes: [ShapeKey: Int] = [:]
  private var depth = 0

  init(_ policy: Policy) {
    for condition in policy.conditions {
      let body = add(condition.body)
      conditions.append(
        condition.kind == .when ? body : node(.not(body), at: condition.body.position, .form(.not, [shape(body)])))
    }
  }

  private func shape(_ node: Int) -> Int { nodes[node].shape }

  private mutating func intern(_ key: ShapeKey) -> Int {
    if let shape = shapes[key] { return shape }
    let shape = shapes.count
    shapes[key] = shape
    return shape
  }

  private mutating func node(_ kind: Kind, at position: SourcePosition, _ key: ShapeKey) -> Int {
    nodes.append(Node(kind: kind, position: position, shape: intern(key)))
    return nodes.count - 1
  }

  private mutating func add(_ expression: Expression) -> Int {
    guard depth < CheckTree.deepest else {
      if tooDeep == nil { tooDeep = expression.position }
      return node(.bool(false), at: expression.position, .literal(.bool(false)))
    }
    depth += 1
    defer { depth -= 1 }
    let position = expression.position
    switch expression.kind {
    case .bool(let value): return node(.bool(value), at: position, .literal(.bool(value)))
    case .long(let value): return node(.long(value), at: position, .literal(.long(value)))
    case .string(let value): return node(.string(value), at: position, .literal(.string(value)))
    case .entity(let uid): return node(.entity(uid), at: position, .literal(.entity(uid)))
    case .variable(let variable): return node(.variable(variable), at: position, .variable(variable))
    case .slot(let slot): return node(.slot(slot), at: position, .slot(slot))
    case .conditional(let test, let then, let otherwise):
      let (test, then, otherwise) = (add(test), add(then), add(otherwise))
      return node(
        .conditional(test, then: then, else: otherwise), at: position,
        .form(.conditional, [shape(test), shape(then), shape(otherwise)]))
    case .and(let operands): return chain(operands.map { add($0) }, .and, at: position)
    case .or(let operands): return chain(operands.map { add($0) }, .or, at: position)
    case .not(let operand): return unary(Kind.not, .not, operand, at: position)
    case .negate(let operand): return unary(Kind.negate, .negate, operand, at: position)
    case .isEmpty(let operand): return unary(Kind.isEmpty, .isEmpty, operand, at: position)
    case .binary(let operation, let left, let right):
      let (left, right) = (add(left), add(right))
      return binary(operation, left, right, at: position)
    case .attribute(let base, let name): return attribute(add(base), name, at: position)
    case .has(let base, let names): return has(add(base), names, at: position)
    case .like(let operand, let pattern):
      let operand = add(operand)
      return node(.like(operand), at: position, .like(shape(operand), pattern))
    case .isType(let operand, let type, let ancestor):
      let operand = add(operand)
      let test = node(.isType(operand, type), at: position, .isType(shape(operand), type))
      guard let ancestor else { return test }
      return chain([test, binary(.in, operand, add(ancestor), at: position)], .and, at: position)
    case .set(let elements):
      let elements = elements.map { add($0) }
      return node(.set(elements), at: position, .form(.set, elements.map { shape($0) }))
    case .record(let elements): return record(elements, at: position)
    case .call(let function, let arguments):
      let arguments = arguments.map { add($0) }
      return node(.call(function, arguments), at: position, .call(function, arguments.map { shape($0) }))
    }
  }

  /// Expressions within expressions that are looked at: more than texts can have.
  private static let deepest = 2 * CedarLimits.expressionDepth
}

extension CheckTree {
  /// Literals at the front are one literal, as the reference implementation reads them: they can be compared as such.
  private mutating func chain(_ operands: [Int], _ form: ShapeKey.Form, at position: SourcePosition) -> Int {
    guard let first = operands.first else { return node(.bool(form == .and), at: position, .form(form, [])) }
    var rest = operands.dropFirst()
    var front = first
    while case .bool(let left) = nodes[front].kind, let next = rest.first, case .bool(let right) = nodes[next].kind {
      let value = form == .and ? left && right : left || right
      front = node(.bool(value), at: position, .literal(.bool(value)))
      rest.removeFirst()
    }
    guard !rest.isEmpty else { return front }
    var whole = shape(front)
    for operand in rest { whole = intern(.form(form, [whole, shape(operand)])) }
    let all = [front] + rest
    nodes.append(Node(kind: form == .and ? .and(all) : .or(all), position: position, shape: whole))
    return nodes.count - 1
  }

  private mutating func unary(
    _ kind: (Int) -> Kind, _ form: ShapeKey.Form, _ operand: Expression, at position: SourcePosition
  ) -> Int {
    let operand = add(operand)
    return node(kind(operand), at: position, .form(form, [shape(operand)]))
  }

  private mutating func binary(
    _ operation: BinaryOperator, _ left: Int, _ right: Int, at position: SourcePosition
  ) -> Int {
    let kind: Kind
    switch operation {
    case .equal: kind = .equal(left, right)
    case .notEqual:
      let equal = binary(.equal, left, right, at: position)
      return node(.not(equal), at: position, .form(.not, [shape(equal)]))
    case .less, .lessOrEqual, .greater, .greaterOrEqual: kind = .order(left, right)
    case .in: kind = .membership(left, right)
    case .add, .subtract, .multiply: kind = .arithmetic(operation, left, right)
    case .contains: kind = .contains(left, right)
    case .containsAll, .containsAny: kind = .containsSome(left, right)
    case .getTag: kind = .getTag(left, right)
    case .hasTag: kind = .hasTag(left, right)
    }
    return node(kind, at: position, .binary(operation, shape(left), shape(right)))
  }

  private mutating func attribute(_ base: Int, _ name: String, at position: SourcePosition) -> Int {
    let nameShape = intern(.literal(.string(name)))
    return node(.attribute(base, name, name: nameShape), at: position, .attribute(shape(base), name))
  }

  private mutating func has(_ base: Int, _ names: [String], at position: SourcePosition) -> Int {
    var base = base
    var tests: [Int] = []
    for (index, name) in names.enumerated() {
      let nameShape = intern(.literal(.string(name)))
      tests.append(node(.has(base, name, name: nameShape), at: position, .has(shape(base), name)))
      if index + 1 < names.count { base = attribute(base, name, at: position) }
    }
    return tests.count == 1 ? tests[0] : chain(tests, .and, at: position)
  }

  private mutating func record(_ elements: [RecordElement], at position: SourcePosition) -> Int {
    let values = elements.map { (key: $0.key, value: add($0.value)) }
    let sorted = values.sorted { $0.key < $1.key }
    return node(
      .record(values), at: position, .record(sorted.map(\.key), sorted.map { shape($0.value) }))
  }
}

/// What makes expressions look the same: all but their places.
private enum ShapeKey: Hashable {
  enum Form: Hashable {
    case conditional, and, or, not, negate, isEmpty, set
  }

  /// A literal.
  case literal(Value)
  case variable(Variable)
  case slot(Slot)
  case form(Form, [Int])
  case binary(BinaryOperator, Int, Int)
  case attribute(Int, String)
  case has(Int, String)
  case like(Int, Pattern)
  case isType(Int, Name)
  case record([String], [Int])
  case call(ExtensionFunction, [Int])
}
