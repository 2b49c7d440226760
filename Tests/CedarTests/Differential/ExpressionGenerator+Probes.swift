import Cedar

/// Conditions that hang on one thing alone, so that a wrong answer about it shows.
extension ExpressionGenerator {
  mutating func probe() -> Expression {
    switch random.int(0...19) {
    case 0, 1: guardProbe()
    case 2, 3: constantProbe()
    case 4, 5: typeProbe()
    case 6...10: extensionProbe(random.pick([.decimal, .ip, .ip, .datetime, .datetime, .duration, .duration]))
    case 11, 12: likeProbe()
    case 13: arithmeticProbe()
    case 14: setProbe()
    case 15, 16: hierarchyProbe()
    case 17: accessProbe()
    default: condition(random.int(0...1))
    }
  }

  private mutating func comparison() -> BinaryOperator {
    random.pick([.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual])
  }

  // MARK: Values

  private mutating func extensionProbe(_ function: ExtensionFunction) -> Expression {
    func make() -> Expression {
      Expression(.call(function, [Expression(.string(random.argument(of: function, badPercent: 30)))]))
    }
    let value = make()
    switch function {
    case .decimal:
      if random.chance(20) { return Expression(.binary(.equal, value, make())) }
      return Expression(
        .call(random.pick([.lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual]), [value, make()]))
    case .ip:
      if random.chance(15) { return Expression(.binary(.equal, value, make())) }
      if random.chance(40) { return Expression(.call(.isInRange, [value, make()])) }
      return Expression(.call(random.pick([.isIpv4, .isIpv6, .isLoopback, .isMulticast]), [value]))
    case .datetime:
      switch random.int(0...4) {
      case 0: return Expression(.binary(comparison(), value, make()))
      case 1: return Expression(.binary(comparison(), Expression(.call(.toDate, [value])), make()))
      case 2: return Expression(.binary(comparison(), Expression(.call(.toTime, [value])), span()))
      case 3: return Expression(.binary(comparison(), Expression(.call(.offset, [value, span()])), make()))
      default: return Expression(.binary(comparison(), Expression(.call(.durationSince, [value, make()])), span()))
      }
    default:
      if random.chance(50) { return Expression(.binary(comparison(), value, make())) }
      let unit: ExtensionFunction = random.pick([.toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays])
      return Expression(.binary(comparison(), Expression(.call(unit, [value])), Expression(.long(random.long()))))
    }
  }

  private mutating func span() -> Expression { constructor(.duration) }

  /// Texts and patterns of so few letters that they often fit.
  private mutating func likeProbe() -> Expression {
    let letters: [Unicode.Scalar] = random.pick([["a"], ["a", "b"], ["a", "b"], ["a", "*", "é", "\u{301}", "\\"]])
    var text = ""
    for _ in 0..<random.int(0...random.pick([2, 4, 8])) { text.unicodeScalars.append(random.pick(letters)) }
    let elements = (0..<random.int(0...random.pick([3, 6]))).map { _ in
      random.chance(35) ? Pattern.Element.wildcard : .scalar(random.pick(letters))
    }
    return Expression(.like(Expression(.string(text)), Pattern(elements)))
  }

  private mutating func arithmeticProbe() -> Expression {
    func number() -> Expression {
      Expression(.long(random.chance(40) ? random.pick(SamplePools.extremeLongs) : random.long()))
    }
    var sum = number()
    for _ in 0..<random.int(1...2) {
      if random.chance(15) { sum = Expression(.negate(sum)) }
      sum = Expression(.binary(random.pick([.add, .subtract, .multiply]), sum, number()))
    }
    return Expression(.binary(comparison(), sum, number()))
  }

  private mutating func setProbe() -> Expression {
    func element(_ depth: Int) -> Expression {
      switch random.int(0...7) {
      case 0 where depth > 0: return Expression(.set((0..<random.int(0...2)).map { _ in element(depth - 1) }))
      case 1 where depth > 0:
        return Expression(.record(random.some(["a", "b"], 0...2).map { .init(key: $0, value: element(depth - 1)) }))
      case 2: return Expression(.string(random.pick(["a", "b", "é", "e\u{301}"])))
      case 3: return constructor(random.pick([.ip, .decimal]))
      default: return Expression(.long(Int64(random.int(0...3))))
      }
    }
    func set() -> Expression { Expression(.set((0..<random.int(0...4)).map { _ in element(1) })) }
    switch random.int(0...5) {
    case 0: return Expression(.isEmpty(set()))
    case 1: return Expression(.binary(.contains, set(), element(1)))
    case 2: return Expression(.binary(.equal, set(), set()))
    case 3: return Expression(.binary(.equal, element(2), element(2)))
    default: return Expression(.binary(random.pick([.containsAll, .containsAny]), set(), set()))
    }
  }

  private mutating func hierarchyProbe() -> Expression {
    let kind = random.pick(model.entities)
    let variable: Variable = random.pick([.principal, .resource, .action])
    let entity = random.chance(50) ? uid(kind.name) : Expression(.variable(variable))
    var groups = (0..<random.int(1...3)).map { _ in
      uid(random.chance(60) ? random.pickOrNone(kind.parents) ?? kind.name : random.pick(model.entities).name)
    }
    if random.chance(10) { groups.insert(random.chance(50) ? entity : Expression(.long(1)), at: 0) }
    if random.chance(10) { groups.append(random.chance(50) ? entity : Expression(.long(1))) }
    switch random.int(0...4) {
    case 0: return Expression(.binary(.in, entity, Expression(.set(groups))))
    case 1: return Expression(.isType(entity, kind.name, in: random.chance(50) ? groups[0] : nil))
    case 2: return Expression(.binary(.equal, entity, groups[0]))
    default: return Expression(.binary(.in, entity, groups[0]))
    }
  }

  private mutating func uid(_ name: Name) -> Expression { Expression(.entity(names.uid(of: name, random: &random))) }

  /// Attributes, tags and paths that may be there or not.
  private mutating func accessProbe() -> Expression {
    if random.chance(25) {
      let names = random.some(["a", "b", "c"], 1...3)
      let inner = Expression(.record([.init(key: "b", value: Expression(.long(1)))]))
      return Expression(.has(Expression(.record([.init(key: "a", value: inner)])), names))
    }
    let access = random.pickOrNone(knowledge.accesses)?.expression ?? Expression(.variable(.context))
    if random.chance(30), let tagged = random.pickOrNone(knowledge.tagged) {
      let key = Expression(.string(random.pick(SamplePools.tagKeys)))
      let value = Expression(.binary(.getTag, tagged.entity, key))
      return random.chance(50)
        ? Expression(.binary(.hasTag, tagged.entity, key)) : Expression(.binary(.equal, value, value))
    }
    guard let open = random.pickOrNone(knowledge.guarded) else { return Expression(.binary(.equal, access, access)) }
    let value = Expression(.attribute(open.base, open.field.name))
    return random.chance(50)
      ? Expression(.has(open.base, [open.field.name])) : Expression(.binary(.equal, value, value))
  }

  // MARK: Validation

  /// A test and the thing that it guards: an attribute, a tag.
  private mutating func pair() -> (test: Expression, use: Expression)? {
    if !knowledge.tagged.isEmpty, random.chance(40) {
      let entity = random.pick(knowledge.tagged).entity
      let key = random.chance(80) ? Expression(.string(random.pick(["owner", "x"]))) : term(.string, 0)
      let value = Expression(.binary(.getTag, entity, key))
      return (Expression(.binary(.hasTag, entity, key)), Expression(.binary(.equal, value, value)))
    }
    guard let open = random.pickOrNone(knowledge.guarded) else { return nil }
    let value = Expression(.attribute(open.base, open.field.name))
    return (Expression(.has(open.base, [open.field.name])), Expression(.binary(.equal, value, value)))
  }

  /// What is known where: some tests in some formula, and then something that one of them guards.
  private mutating func guardProbe() -> Expression {
    guard let first = pair(), let second = pair() else { return accessProbe() }
    let leaves = [first.test, first.test, first.test, second.test, second.use, first.use, constant(random.chance(50))]
    let formula = formula(leaves, random.int(0...3))
    switch random.int(0...6) {
    case 0: return Expression(.or([formula, first.use]))
    case 1: return Expression(.conditional(formula, then: first.use, else: second.use))
    case 2: return Expression(.conditional(formula, then: second.use, else: first.use))
    case 3: return Expression(.and([first.use, formula]))
    default: return Expression(.and([formula, first.use]))
    }
  }

  private mutating func formula(_ leaves: [Expression], _ depth: Int) -> Expression {
    guard depth > 0 else { return random.pick(leaves) }
    switch random.int(0...9) {
    case 0, 1, 2: return Expression(.and([formula(leaves, depth - 1), formula(leaves, depth - 1)]))
    case 3, 4, 5: return Expression(.or([formula(leaves, depth - 1), formula(leaves, depth - 1)]))
    case 6: return Expression(.not(formula(leaves, depth - 1)))
    case 7, 8:
      return Expression(
        .conditional(
          formula(leaves, depth - 1), then: formula(leaves, depth - 1), else: formula(leaves, depth - 1)))
    default: return random.pick(leaves)
    }
  }

  /// Something that may be known to be true or false, and beside it something of no type that may be left out then.
  private mutating func constantProbe() -> Expression {
    let wrong =
      random.chance(60)
      ? Expression(.binary(.less, Expression(.long(1)), Expression(.string("a"))))
      : knowledge.guarded.first.map { Expression(.attribute($0.base, $0.field.name)) } ?? Expression(.long(1))
    let leaves = (0..<3).map { _ in constant(random.chance(50)) }
    let decided = formula(leaves, random.int(0...2))
    switch random.int(0...3) {
    case 0: return Expression(.and([decided, wrong]))
    case 1: return Expression(.or([decided, wrong]))
    case 2: return Expression(.conditional(decided, then: wrong, else: leaves[0]))
    default: return Expression(.conditional(decided, then: leaves[1], else: wrong))
    }
  }

  /// What a validator may take for true or false.
  private mutating func constant(_ isLiteral: Bool) -> Expression {
    let variable = Expression(.variable(random.pick([.principal, .resource])))
    let kind = random.pick(model.entities)
    switch random.int(0...11) {
    case 0: return Expression(.bool(random.chance(50)))
    case 1: return Expression(.binary(.equal, Expression(.long(1)), Expression(.long(Int64(random.int(1...2))))))
    case 2:
      return Expression(.binary(.equal, Expression(.string("é")), Expression(.string(random.pick(["é", "e\u{301}"])))))
    case 3: return Expression(.isType(variable, kind.name, in: nil))
    case 4: return Expression(.binary(.in, variable, uid(kind.name)))
    case 5: return Expression(.binary(.in, variable, Expression(.set([uid(kind.name), uid(kind.name)]))))
    case 6: return Expression(.binary(random.pick([.equal, .notEqual]), variable, uid(kind.name)))
    case 7, 8: return random.pickOrNone(model.actions).map { actionTest($0.uid) } ?? Expression(.bool(isLiteral))
    case 9: return Expression(.has(variable, [random.pick(SamplePools.attributes)]))
    case 10: return Expression(.binary(.hasTag, variable, Expression(.string("x"))))
    default: return Expression(.binary(.in, uid(kind.name), uid(random.pick(model.entities).name)))
    }
  }

  /// Whether two types go together in a comparison, in a set or as branches.
  private mutating func typeProbe() -> Expression {
    let left = random.pickOrNone(knowledge.accesses)
    let shape = left?.shape ?? .long
    let alike = knowledge.accesses.filter { access in
      switch (access.shape, shape) {
      case (.record, .record), (.set, .set), (.entity, .entity): true
      default: access.shape == shape
      }
    }
    let first = left?.expression ?? Expression(.long(1))
    let second =
      random.chance(60) ? random.pickOrNone(alike)?.expression ?? term(shape, 1) : term(shape, random.int(0...2))
    let test = Expression(.binary(.in, Expression(.variable(.principal)), Expression(.variable(.principal))))
    switch random.int(0...5) {
    case 0: return Expression(.binary(random.pick([.equal, .notEqual]), first, second))
    case 1: return Expression(.binary(.contains, Expression(.set([first, second])), second))
    case 2:
      let either = Expression(.conditional(test, then: first, else: second))
      return Expression(.binary(.equal, either, random.chance(50) ? first : second))
    case 3:
      return Expression(.binary(.containsAll, Expression(.set([first])), Expression(.set([second, first]))))
    case 4:
      let records = [first, second].map { Expression(.record([.init(key: "k", value: $0)])) }
      return Expression(.binary(.equal, records[0], records[1]))
    default: return Expression(.binary(.contains, first, second))
    }
  }
}
