/// Runs the nodes of a program over one request.
// invariant: all it points to is kept by the engine and the frame that made it, for the length of one decision.
struct Evaluator {
  let nodes: UnsafeMutableBufferPointer<Program.Node>
  let operands: UnsafeMutableBufferPointer<UInt32>
  let constants: UnsafeMutableBufferPointer<Word>
  let policies: UnsafeMutableBufferPointer<Program.CompiledPolicy>
  let program: Unmanaged<Program>
  let top: UnsafeMutablePointer<UnsafeMutablePointer<EntitySlot>>
  let entityCount: UInt32
  let arena: Unmanaged<ScratchArena>
  let strangers: UnsafeBufferPointer<Stranger>
  /// What the request says of entities of the store.
  let joined: UnsafeBufferPointer<JoinedEntity>
  let principal: UInt32
  let action: UInt32
  let resource: UInt32
  let context: Word

  // MARK: Entities

  @inline(__always)
  func layout(_ entity: UInt32) -> EntityLayout? {
    guard entity < entityCount else { return nil }
    return top[Int(entity) >> EntityStorage.chunkBits][Int(entity) & (EntityStorage.chunkSize - 1)].layout
  }

  func type(of entity: UInt32) -> UInt32 {
    if entity < entityCount {
      return top[Int(entity) >> EntityStorage.chunkBits][Int(entity) & (EntityStorage.chunkSize - 1)].type
    }
    return stranger(entity)?.type ?? .max
  }

  private func stranger(_ entity: UInt32) -> Stranger? {
    let index = Int(entity & ~SymbolTable.firstTransient)
    return entity >= SymbolTable.firstTransient && index < strangers.count ? strangers[index] : nil
  }

  func ancestors(of entity: UInt32) -> UnsafeBufferPointer<UInt32> {
    for joined in joined where joined.number == entity { return joined.ancestors }
    return layout(entity)?.ancestors ?? stranger(entity)?.ancestors ?? UnsafeBufferPointer(start: nil, count: 0)
  }

  func isIn(_ entity: UInt32, _ group: UInt32) -> Bool {
    entity == group || EntityLayout.contains(ancestors(of: entity), group)
  }

  // MARK: Expressions

  func bool(_ index: UInt32) throws(EvaluationFault) -> Bool {
    let word = try value(index)
    guard word.tag == .bool else { throw mismatch(.bool, word, at: index) }
    return word.isTrue
  }

  func value(_ index: UInt32) throws(EvaluationFault) -> Word {
    let node = nodes[Int(index)]
    switch node.operation {
    case .constant: return constants[Int(node.a)]
    case .principal: return Word(entity: principal)
    case .action: return Word(entity: action)
    case .resource: return Word(entity: resource)
    case .context: return context
    case .conditional: return try bool(node.a) ? value(node.b) : value(node.c)
    case .and:
      for operand in node.a..<(node.a &+ node.b) {
        guard try bool(operands[Int(operand)]) else { return Word(false) }
      }
      return Word(true)
    case .or:
      for operand in node.a..<(node.a &+ node.b) {
        if try bool(operands[Int(operand)]) { return Word(true) }
      }
      return Word(false)
    case .not: return Word(try bool(node.a) == false)
    case .equal: return Word(Word.areEqual(try value(node.a), try value(node.b)))
    case .notEqual: return Word(!Word.areEqual(try value(node.a), try value(node.b)))
    case .attribute: return try attribute(node, index)
    case .has: return Word(try has(node))
    case .isIn: return Word(try isIn(try entity(node.a), value(node.b), at: node.b))
    case .isType: return Word(type(of: try entity(node.a)) == node.b)
    case .isTypeIn:
      let entity = try entity(node.a)
      guard type(of: entity) == node.b else { return Word(false) }
      return Word(try isIn(entity, value(node.c), at: node.c))
    case .less, .lessOrEqual, .greater, .greaterOrEqual: return Word(try compare(node))
    case .like:
      let text = try string(node.a)
      return Word(program._withUnsafeGuaranteedRef { $0.patterns[Int(node.b)].matches(text.bytes) })
    case .contains, .containsAll, .containsAny, .isEmpty: return Word(try setOperation(node))
    case .hasTag, .getTag: return try tag(node, index)
    case .add, .subtract, .multiply, .negate: return try arithmetic(node, index)
    case .set: return try set(node, index)
    case .record: return try record(node, index)
    case .call: return try call(node, index)
    case .failure: throw EvaluationFault(EvaluationFault.Kind(rawValue: node.code) ?? .tooLarge, at: index)
    }
  }

  func mismatch(_ expected: Word.Tag, _ found: Word, at index: UInt32) -> EvaluationFault {
    var fault = EvaluationFault(.type, at: index)
    fault.expected = expected
    fault.found = found.tag
    return fault
  }

  func entity(_ index: UInt32) throws(EvaluationFault) -> UInt32 {
    let word = try value(index)
    guard word.tag == .entity else { throw mismatch(.entity, word, at: index) }
    return word.entity
  }

  func long(_ index: UInt32) throws(EvaluationFault) -> Int64 {
    let word = try value(index)
    guard word.tag == .long else { throw mismatch(.long, word, at: index) }
    return word.long
  }

  func string(_ index: UInt32) throws(EvaluationFault) -> Word { try typed(index, .string) }

  func typed(_ index: UInt32, _ tag: Word.Tag) throws(EvaluationFault) -> Word {
    let word = try value(index)
    guard word.tag == tag else { throw mismatch(tag, word, at: index) }
    return word
  }

  private func attribute(_ node: Program.Node, _ index: UInt32) throws(EvaluationFault) -> Word {
    let base = try value(node.a)
    switch base.tag {
    case .record:
      if let found = base.field(node.b) { return found }
      throw EvaluationFault(.noSuchAttribute, at: index)
    case .entity:
      var fault = EvaluationFault(.noSuchEntity, at: index)
      fault.entity = base.entity
      guard let layout = layout(base.entity) else { throw fault }
      if let found = layout.attributes.field(node.b) { return found }
      fault.kind = .noSuchAttribute
      throw fault
    default: throw mismatch(.record, base, at: node.a)
    }
  }

  private func has(_ node: Program.Node) throws(EvaluationFault) -> Bool {
    var base = try value(node.a)
    for operand in node.b..<(node.b &+ node.c) {
      let name = operands[Int(operand)]
      let found: Word?
      switch base.tag {
      case .record: found = base.field(name)
      case .entity: found = layout(base.entity)?.attributes.field(name)
      default: throw mismatch(.record, base, at: node.a)
      }
      guard let found else { return false }
      base = found
    }
    return true
  }

  private func isIn(_ entity: UInt32, _ group: Word, at index: UInt32) throws(EvaluationFault) -> Bool {
    switch group.tag {
    case .entity: return isIn(entity, group.entity)
    case .set:
      var isFound = false
      for element in group.elements {
        guard element.tag == .entity else { throw mismatch(.entity, element, at: index) }
        if !isFound, isIn(entity, element.entity) { isFound = true }
      }
      return isFound
    default: throw mismatch(.entity, group, at: index)
    }
  }

  private func compare(_ node: Program.Node) throws(EvaluationFault) -> Bool {
    let left = try value(node.a)
    let right = try value(node.b)
    guard left.tag == .long || left.tag == .datetime || left.tag == .duration else {
      var fault = mismatch(.long, left, at: node.a)
      fault.kind = .notComparable
      throw fault
    }
    guard right.tag == left.tag else { throw mismatch(left.tag, right, at: node.b) }
    switch node.operation {
    case .less: return left.long < right.long
    case .lessOrEqual: return left.long <= right.long
    case .greater: return left.long > right.long
    default: return left.long >= right.long
    }
  }
}
