/// Makes a program of policies.
struct Compiler {
  private var draft = ProgramDraft()
  private var interner: EntityStoreBuilder
  private let lineage: Lineage

  init(entities: EntityStorage) {
    interner = EntityStoreBuilder(entities)
    lineage = entities.lineage
  }

  /// - Returns: the program, and the entities with numbers for all that policies name.
  /// - Throws: when the policies are too many to be numbered.
  static func compile(
    _ policies: [Policy], entities: EntityStorage
  ) throws(PolicyEngineError) -> (Program, EntityStorage) {
    var compiler = Compiler(entities: entities)
    guard policies.count <= CedarLimits.policies else { throw .tooManyPolicies }
    for policy in policies { compiler.add(policy) }
    guard compiler.draft.nodes.count < Int(Program.unlessBit), compiler.draft.operands.count < Int(UInt32.max) else {
      throw .tooManyPolicies
    }
    return (Program(compiler.draft), compiler.interner.storage())
  }

  // MARK: Policies

  private mutating func add(_ policy: Policy) {
    var compiled = Program.CompiledPolicy()
    compiled.isForbid = policy.effect == .forbid
    (compiled.principal, compiled.principalEntity, compiled.principalType) = scope(policy.principal)
    (compiled.resource, compiled.resourceEntity, compiled.resourceType) = scope(policy.resource)
    switch policy.action {
    case .any: break
    case .equal(let uid):
      compiled.action = .equal
      compiled.actionEntity = interner.entity(uid)
    case .in(let uid):
      compiled.action = .isIn
      compiled.actionEntity = interner.entity(uid)
    case .inAny(let uids):
      compiled.action = .isInAny
      let numbers = uids.map { interner.entity($0) }
      compiled.actionEntity = operands(numbers)
      compiled.actionCount = UInt32(truncatingIfNeeded: numbers.count)
    }
    let conditions = policy.conditions.map { condition in
      node(condition.body) | (condition.kind == .unless ? Program.unlessBit : 0)
    }
    compiled.conditions = operands(conditions)
    compiled.conditionCount = UInt32(truncatingIfNeeded: conditions.count)
    draft.policies.append(compiled)
  }

  private mutating func scope(_ constraint: EntityConstraint) -> (Program.CompiledPolicy.Scope, UInt32, UInt32) {
    switch constraint {
    case .any: (.any, 0, 0)
    case .equal(let reference): (.equal, entity(reference), 0)
    case .in(let reference): (.isIn, entity(reference), 0)
    case .isType(let name): (.isType, 0, lineage.types.number(name.text))
    case .isTypeIn(let name, let reference): (.isTypeIn, entity(reference), lineage.types.number(name.text))
    }
  }

  /// A slot that nothing fills is like no entity.
  private mutating func entity(_ reference: EntityReference) -> UInt32 {
    switch reference {
    case .entity(let uid): interner.entity(uid)
    case .slot: .max
    }
  }

  // MARK: Expressions

  private mutating func operands(_ values: [UInt32]) -> UInt32 {
    let start = UInt32(truncatingIfNeeded: draft.operands.count)
    draft.operands += values
    return start
  }

  private mutating func add(_ node: Program.Node, at position: SourcePosition) -> UInt32 {
    draft.nodes.append(node)
    draft.positions.append(position)
    return UInt32(truncatingIfNeeded: draft.nodes.count - 1)
  }

  private mutating func constant(_ value: Value, at position: SourcePosition) -> UInt32 {
    let block = Block(bytes: ValueLayout.bytes(for: value))
    guard let word = ValueLayout.word(value, in: block, &interner) else {
      return add(Program.Node(operation: .failure, code: EvaluationFault.Kind.tooLarge.rawValue), at: position)
    }
    draft.blocks.append(block)
    draft.constants.append(word)
    return add(
      Program.Node(operation: .constant, a: UInt32(truncatingIfNeeded: draft.constants.count - 1)), at: position)
  }

  private mutating func node(_ expression: Expression) -> UInt32 {
    let position = expression.position
    if let value = expression.constantValue { return constant(value, at: position) }
    switch expression.kind {
    case .bool, .long, .string, .entity, .slot:
      return add(Program.Node(operation: .failure, code: EvaluationFault.Kind.unlinkedSlot.rawValue), at: position)
    case .variable(let variable): return add(Program.Node(operation: variable.operation), at: position)
    case .conditional(let test, let then, let otherwise):
      let (a, b, c) = (node(test), node(then), node(otherwise))
      return add(Program.Node(operation: .conditional, a: a, b: b, c: c), at: position)
    case .and(let operands): return list(.and, operands, at: position)
    case .or(let operands): return list(.or, operands, at: position)
    case .not(let operand): return unary(.not, operand, at: position)
    case .negate(let operand): return unary(.negate, operand, at: position)
    case .isEmpty(let operand): return unary(.isEmpty, operand, at: position)
    case .binary(let binary, let left, let right):
      let (a, b) = (node(left), node(right))
      return add(Program.Node(operation: binary.operation, a: a, b: b), at: position)
    case .attribute(let base, let name):
      let a = node(base)
      return add(Program.Node(operation: .attribute, a: a, b: lineage.attributes.number(name)), at: position)
    case .has(let base, let path):
      let a = node(base)
      let names = operands(path.map { lineage.attributes.number($0) })
      return add(Program.Node(operation: .has, a: a, b: names, c: UInt32(truncatingIfNeeded: path.count)), at: position)
    case .like(let base, let pattern):
      let a = node(base)
      draft.patterns.append(LikePattern(pattern))
      let index = UInt32(truncatingIfNeeded: draft.patterns.count - 1)
      return add(Program.Node(operation: .like, a: a, b: index), at: position)
    case .isType(let base, let type, let group):
      let a = node(base)
      let c = group.map { node($0) }
      let type = lineage.types.number(type.text)
      return add(
        Program.Node(operation: c == nil ? .isType : .isTypeIn, a: a, b: type, c: c ?? 0), at: position)
    case .set(let elements): return list(.set, elements, at: position)
    case .record(let elements): return record(elements, at: position)
    case .call(let function, let arguments):
      guard arguments.count == function.arity else {
        return add(Program.Node(operation: .failure, code: EvaluationFault.Kind.arity.rawValue), at: position)
      }
      let code = UInt8(truncatingIfNeeded: ExtensionFunction.allCases.firstIndex(of: function) ?? 0)
      return list(.call, arguments, code: code, at: position)
    }
  }

  private mutating func unary(
    _ operation: Program.Operation, _ operand: Expression, at position: SourcePosition
  ) -> UInt32 {
    let a = node(operand)
    return add(Program.Node(operation: operation, a: a), at: position)
  }

  private mutating func list(
    _ operation: Program.Operation, _ elements: [Expression], code: UInt8 = 0, at position: SourcePosition
  ) -> UInt32 {
    let nodes = elements.map { node($0) }
    let start = operands(nodes)
    return add(
      Program.Node(
        operation: operation, code: code, a: start, b: UInt32(truncatingIfNeeded: nodes.count)), at: position)
  }

  private mutating func record(_ elements: [RecordElement], at position: SourcePosition) -> UInt32 {
    let pairs = elements.map { (lineage.attributes.number($0.key), node($0.value)) }
    var places = [UInt32](repeating: 0, count: pairs.count)
    for (place, index) in pairs.indices.sorted(by: { pairs[$0].0 < pairs[$1].0 }).enumerated() {
      places[index] = UInt32(truncatingIfNeeded: place)
    }
    let start = operands(pairs.indices.flatMap { [pairs[$0].0, pairs[$0].1, places[$0]] })
    return add(
      Program.Node(operation: .record, a: start, b: UInt32(truncatingIfNeeded: pairs.count)), at: position)
  }
}

extension Variable {
  fileprivate var operation: Program.Operation {
    switch self {
    case .principal: .principal
    case .action: .action
    case .resource: .resource
    case .context: .context
    }
  }
}

extension BinaryOperator {
  fileprivate var operation: Program.Operation {
    switch self {
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    case .in: .isIn
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .contains: .contains
    case .containsAll: .containsAll
    case .containsAny: .containsAny
    case .getTag: .getTag
    case .hasTag: .hasTag
    }
  }
}

extension Expression {
  /// Its value where it depends on nothing and can't fail.
  var constantValue: Value? {
    switch kind {
    case .bool(let value): return .bool(value)
    case .long(let value): return .long(value)
    case .string(let value): return .string(value)
    case .entity(let uid): return .entity(uid)
    case .set(let elements):
      var values: Set<Value> = []
      for element in elements {
        guard let value = element.constantValue else { return nil }
        values.insert(value)
      }
      return .set(values)
    case .record(let elements):
      var values: [String: Value] = [:]
      for element in elements {
        guard let value = element.value.constantValue else { return nil }
        values[element.key] = value
      }
      // Keys that are one to Swift and two to the language stay apart in a record that is made at run time.
      guard values.count == elements.count else { return nil }
      return .record(values)
    case .call(let function, let arguments):
      guard function.isConstructor, arguments.count == 1, case .string(let text) = arguments[0].kind else { return nil }
      return try? function([.string(text)])
    default: return nil
    }
  }
}
