import Cedar

/// Makes expressions: most of them well-typed in an environment and guarded against what may be missing, so that they are
/// evaluated to their depths; some of them wrong on purpose.
struct ExpressionGenerator {
  typealias Shape = SchemaModel.Shape
  typealias Access = ExpressionKnowledge.Access

  var random: SeededRandom
  let model: SchemaModel
  let types: TypeTable
  let names: NamePool
  var knowledge = ExpressionKnowledge()
  /// Percent of parts that are wrong on purpose.
  var wildPercent = 0

  init(random: SeededRandom, model: SchemaModel, names: NamePool) {
    self.random = random
    self.model = model
    self.names = names
    types = TypeTable(model)
  }

  /// Expressions made from now on are for requests of these types.
  mutating func enter(principal: Name, action: EntityUID, resource: Name) {
    knowledge = ExpressionKnowledge()
    knowledge.add(Expression(.variable(.principal)), .entity(principal), types: types)
    knowledge.add(Expression(.variable(.resource)), .entity(resource), types: types)
    knowledge.add(Expression(.variable(.context)), types.contexts[action] ?? .record([]), types: types)
  }

  /// A condition: a boolean, as far as nothing is wrong.
  mutating func condition(_ depth: Int) -> Expression {
    if random.chance(wildPercent) { return wild(depth) }
    guard depth > 0 else { return atom(0) }
    switch random.int(0...99) {
    case 0..<28: return conjunction(depth)
    case 28..<48:
      let count = random.chance(2) ? 30 : random.int(2...4)
      return Expression(.or((0..<count).map { _ in condition(count > 4 ? 0 : depth - 1) }))
    case 48..<58: return Expression(.not(condition(depth - 1)))
    case 58..<66: return choice(depth) { $0.condition($1) }
    default: return atom(depth)
    }
  }

  /// Guards come before what they guard.
  private mutating func conjunction(_ depth: Int) -> Expression {
    let before = knowledge
    defer { knowledge = before }
    var parts: [Expression] = []
    for _ in 0..<random.int(1...3) {
      if random.chance(45), let (guarding, access) = makeGuard() {
        parts.append(guarding)
        parts.append(atom(on: access, depth - 1))
      } else {
        parts.append(condition(depth - 1))
      }
    }
    if parts.count == 1 { parts.append(condition(0)) }
    return Expression(.and(parts))
  }

  /// A test that something optional is there, and what may be read after it.
  private mutating func makeGuard() -> (Expression, Access)? {
    if !knowledge.tagged.isEmpty, random.chance(knowledge.guarded.isEmpty ? 100 : 35) {
      let index = random.int(0...(knowledge.tagged.count - 1))
      let entity = knowledge.tagged[index].entity
      let key = random.chance(75) ? Expression(.string(random.pick(SamplePools.tagKeys))) : term(.string, 0)
      return (Expression(.binary(.hasTag, entity, key)), knowledge.learnTag(index, key: key, types: types))
    }
    guard !knowledge.guarded.isEmpty else { return nil }
    let index = random.int(0...(knowledge.guarded.count - 1))
    let base = knowledge.guarded[index].base
    var path = [knowledge.guarded[index].field.name]
    var access = knowledge.learn(index, types: types)
    // `has a.b`, where both are optional or only the first is.
    while LiteralWriter.isIdentifier(path[path.count - 1]), random.chance(60) {
      if let next = knowledge.guarded.lastIndex(where: { $0.base == access.expression }),
        LiteralWriter.isIdentifier(knowledge.guarded[next].field.name)
      {
        path.append(knowledge.guarded[next].field.name)
        access = knowledge.learn(next, types: types)
      } else {
        break
      }
    }
    return (Expression(.has(base, path)), access)
  }

  /// `if` with a guard or another test.
  private mutating func choice(
    _ depth: Int, _ make: (inout ExpressionGenerator, Int) -> Expression
  ) -> Expression {
    let before = knowledge
    var test: Expression?
    if random.chance(40), let (guarding, _) = makeGuard() { test = guarding }
    let decided = test ?? condition(depth - 1)
    let first = make(&self, depth - 1)
    knowledge = before
    return Expression(.conditional(decided, then: first, else: make(&self, depth - 1)))
  }

  /// A test of something that may be read here.
  private mutating func atom(_ depth: Int) -> Expression {
    if random.chance(3) { return Expression(.bool(random.chance(50))) }
    if random.chance(8), let action = random.pickOrNone(model.actions) { return actionTest(action.uid) }
    let readable = knowledge.accesses.filter {
      if case .record(let fields) = $0.shape { !fields.isEmpty } else { true }
    }
    if random.chance(85), let access = random.pickOrNone(readable) { return atom(on: access, depth) }
    let shape = random.pick(types.shapes)
    return atom(on: .init(expression: term(shape, depth - 1), shape: shape), depth)
  }

  /// An expression of a type.
  mutating func term(_ shape: Shape, _ depth: Int) -> Expression {
    if random.chance(wildPercent) {
      return random.chance(50) ? wild(depth) : term(random.pick(types.shapes), depth - 1)
    }
    let readable = knowledge.accesses.filter { $0.shape == shape }
    if random.chance(depth > 0 ? 45 : 65), let access = random.pickOrNone(readable) { return access.expression }
    if depth > 0, random.chance(8) { return choice(depth) { $0.term(shape, $1) } }
    if depth > 0, random.chance(4) {
      let key = random.pick(SamplePools.attributes)
      let record = Expression(.record([.init(key: key, value: term(shape, depth - 1))]))
      return Expression(.attribute(record, key))
    }
    switch shape {
    case .bool: return depth > 0 ? condition(depth - 1) : Expression(.bool(random.chance(50)))
    case .long: return long(depth)
    case .string: return Expression(.string(random.string()))
    case .decimal: return constructor(.decimal)
    case .ip: return constructor(.ip)
    case .datetime: return datetime(depth)
    case .duration: return duration(depth)
    case .entity(let name): return Expression(.entity(names.uid(of: name, random: &random)))
    case .set(let element):
      let count = random.chance(2) ? 40 : random.int(1...4)
      return Expression(.set((0..<count).map { _ in term(element, depth - 1) }))
    case .record(let fields):
      var elements: [RecordElement] = []
      for field in fields where !field.isOptional || random.chance(50) {
        elements.append(.init(key: field.name, value: term(field.shape, depth - 1)))
      }
      return Expression(.record(elements.shuffled(using: &random)))
    case .common: return Expression(.bool(true))
    }
  }

  private mutating func long(_ depth: Int) -> Expression {
    guard depth > 0, random.chance(45) else { return Expression(.long(random.long())) }
    switch random.int(0...5) {
    case 0: return Expression(.negate(term(.long, depth - 1)))
    case 1, 2, 3:
      let op: BinaryOperator = random.pick([.add, .subtract, .multiply])
      return Expression(.binary(op, term(.long, depth - 1), term(.long, depth - 1)))
    default:
      let function: ExtensionFunction = random.pick([.toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays])
      return Expression(.call(function, [term(.duration, depth - 1)]))
    }
  }

  private mutating func datetime(_ depth: Int) -> Expression {
    guard depth > 0, random.chance(40) else { return constructor(.datetime) }
    return random.chance(70)
      ? Expression(.call(.offset, [term(.datetime, depth - 1), term(.duration, depth - 1)]))
      : Expression(.call(.toDate, [term(.datetime, depth - 1)]))
  }

  private mutating func duration(_ depth: Int) -> Expression {
    guard depth > 0, random.chance(40) else { return constructor(.duration) }
    return random.chance(60)
      ? Expression(.call(.durationSince, [term(.datetime, depth - 1), term(.datetime, depth - 1)]))
      : Expression(.call(.toTime, [term(.datetime, depth - 1)]))
  }

  mutating func constructor(_ function: ExtensionFunction) -> Expression {
    let argument = random.argument(of: function, badPercent: wildPercent > 0 ? 15 : 0)
    return Expression(.call(function, [Expression(.string(argument))]))
  }
}
