import Cedar

/// Tests by the type of what is tested.
extension ExpressionGenerator {
  mutating func atom(on access: Access, _ depth: Int) -> Expression {
    let left = access.expression
    if random.chance(12) {
      let op: BinaryOperator = random.chance(50) ? .equal : .notEqual
      return Expression(.binary(op, left, term(access.shape, depth - 1)))
    }
    if random.chance(7) {
      let elements = (0..<random.int(1...3)).map { _ in term(access.shape, depth - 1) }
      return Expression(.binary(.contains, Expression(.set(elements)), left))
    }
    switch access.shape {
    case .bool: return random.chance(70) ? left : Expression(.not(left))
    case .long: return comparison(left, .long, depth)
    case .string: return stringTest(left, depth)
    case .decimal:
      let method: ExtensionFunction = random.pick([.lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual])
      return Expression(.call(method, [left, term(.decimal, depth - 1)]))
    case .ip:
      if random.chance(50) { return Expression(.call(.isInRange, [left, term(.ip, depth - 1)])) }
      return Expression(.call(random.pick([.isIpv4, .isIpv6, .isLoopback, .isMulticast]), [left]))
    case .datetime: return comparison(left, .datetime, depth)
    case .duration: return comparison(left, .duration, depth)
    case .entity(let name): return entityTest(left, name, depth)
    case .set(let element): return setTest(left, element, depth)
    case .record(let fields): return recordTest(left, fields, depth)
    case .common: return left
    }
  }

  private mutating func comparison(_ left: Expression, _ shape: Shape, _ depth: Int) -> Expression {
    let op: BinaryOperator = random.pick([.less, .lessOrEqual, .greater, .greaterOrEqual])
    return random.chance(50)
      ? Expression(.binary(op, left, term(shape, depth - 1))) : Expression(.binary(op, term(shape, depth - 1), left))
  }

  private mutating func stringTest(_ left: Expression, _ depth: Int) -> Expression {
    guard random.chance(60) else { return Expression(.binary(.equal, left, term(.string, depth - 1))) }
    return Expression(.like(left, pattern()))
  }

  /// Some string of the pool with parts left open.
  private mutating func pattern() -> Pattern {
    if random.chance(10) { return Pattern(random.chance(50) ? [.wildcard] : []) }
    var elements: [Pattern.Element] = []
    for scalar in random.string().unicodeScalars {
      switch random.int(0...9) {
      case 0: elements += [.wildcard, .scalar(scalar)]
      case 1, 2: elements.append(.wildcard)
      case 3: if random.chance(30) { elements.append(.scalar("x")) }
      default: elements.append(.scalar(scalar))
      }
    }
    if random.chance(40) { elements.append(.wildcard) }
    if random.chance(20) { elements.insert(.wildcard, at: 0) }
    return Pattern(elements)
  }

  private mutating func entityTest(_ left: Expression, _ name: Name, _ depth: Int) -> Expression {
    let kind = model.entity(name)
    let above = (kind?.parents ?? []) + [name]
    switch random.int(0...9) {
    case 0: return Expression(.binary(.equal, left, term(.entity(name), depth - 1)))
    case 1, 2, 3: return Expression(.binary(.in, left, term(.entity(random.pick(above)), depth - 1)))
    case 4, 5:
      let type = random.pick(above)
      return Expression(.binary(.in, left, term(.set(.entity(type)), depth - 1)))
    case 6:
      let type = random.chance(70) ? name : random.pick(model.entities).name
      return Expression(.isType(left, type, in: nil))
    case 7: return Expression(.isType(left, name, in: term(.entity(random.pick(above)), depth - 1)))
    case 8:
      guard kind?.tags != nil else { return Expression(.binary(.in, left, term(.entity(name), depth - 1))) }
      return Expression(.binary(.hasTag, left, term(.string, depth - 1)))
    default: return hasTest(left, types.fields[name] ?? [])
    }
  }

  mutating func actionTest(_ uid: EntityUID) -> Expression {
    let action = Expression(.variable(.action))
    let other = Expression(.entity(uid))
    switch random.int(0...9) {
    case 0, 1, 2: return Expression(.binary(.in, action, other))
    case 3, 4: return Expression(.binary(.equal, action, other))
    case 5: return Expression(.binary(.notEqual, action, other))
    case 6:
      return Expression(
        .binary(.in, action, Expression(.set(random.some(model.actions, 1...3).map { Expression(.entity($0.uid)) }))))
    case 7: return Expression(.isType(action, random.chance(70) ? uid.type : random.pick(model.entities).name, in: nil))
    case 8: return Expression(.isType(action, uid.type, in: other))
    default:
      return Expression(
        .binary(.in, other, random.pickOrNone(model.actions).map { Expression(.entity($0.uid)) } ?? action))
    }
  }

  private mutating func hasTest(_ left: Expression, _ fields: [SchemaModel.Field]) -> Expression {
    if random.chance(85), let field = random.pickOrNone(fields) { return Expression(.has(left, [field.name])) }
    if random.chance(30) { return Expression(.has(left, random.some(SamplePools.attributes, 2...3))) }
    return Expression(.has(left, [random.pick(random.chance(80) ? SamplePools.attributes : SamplePools.oddAttributes)]))
  }

  private mutating func setTest(_ left: Expression, _ element: Shape, _ depth: Int) -> Expression {
    switch random.int(0...5) {
    case 0: return Expression(.isEmpty(left))
    case 1, 2: return Expression(.binary(.contains, left, term(element, depth - 1)))
    case 3: return Expression(.binary(.containsAll, left, term(.set(element), depth - 1)))
    case 4: return Expression(.binary(.containsAny, left, term(.set(element), depth - 1)))
    default: return Expression(.binary(.containsAll, term(.set(element), depth - 1), left))
    }
  }

  private mutating func recordTest(_ left: Expression, _ fields: [SchemaModel.Field], _ depth: Int) -> Expression {
    if random.chance(70) { return hasTest(left, fields) }
    return Expression(.binary(.equal, left, term(.record(fields), depth - 1)))
  }

  /// Something that is wrong by its type, by its value or by what is missing.
  mutating func wild(_ depth: Int) -> Expression {
    let any = random.pickOrNone(knowledge.accesses).map(\.expression) ?? Expression(.variable(.context))
    let shape = random.pick(types.shapes)
    let other = depth > 0 ? term(shape, depth - 1) : Expression(.string(random.string()))
    switch random.int(0...15) {
    case 0:
      if let open = random.pickOrNone(knowledge.guarded) { return Expression(.attribute(open.base, open.field.name)) }
      return Expression(.attribute(any, "name"))
    case 1: return Expression(.attribute(any, random.pick(SamplePools.attributes)))
    case 2: return Expression(.binary(.getTag, any, Expression(.string(random.pick(SamplePools.tagKeys)))))
    case 3: return Expression(.binary(random.pick(BinaryOperator.allCases), any, other))
    case 4: return Expression(.binary(random.pick(BinaryOperator.allCases), other, any))
    case 5: return Expression(.binary(random.pick([.add, .subtract, .multiply]), extreme(), term(.long, depth - 1)))
    case 6: return Expression(.negate(extreme()))
    case 7: return Expression(.binary(.less, extreme(), Expression(.negate(any))))
    case 8: return Expression(.isEmpty(any))
    case 9: return Expression(.isType(any, .sample(random.chance(50) ? "Ghost" : "Action"), in: nil))
    case 10: return Expression(.set(random.chance(40) ? [] : [any, other]))
    case 11: return Expression(.record([.init(key: "a", value: any), .init(key: "b c", value: other)]))
    case 12: return extensionCall(any, other)
    case 13: return Expression(.has(any, [random.pick(SamplePools.attributes)]))
    case 14: return Expression(.not(any))
    default: return Expression(.entity(.init(type: .sample(random.chance(50) ? "Ghost" : "Action"), id: "g")))
    }
  }

  private mutating func extreme() -> Expression { Expression(.long(random.pick(SamplePools.extremeLongs))) }

  private mutating func extensionCall(_ any: Expression, _ other: Expression) -> Expression {
    let function = random.pick(ExtensionFunction.allCases)
    if function.isConstructor {
      if random.chance(40) { return Expression(.call(function, [any])) }
      return Expression(.call(function, [Expression(.string(random.argument(of: function, badPercent: 70)))]))
    }
    return Expression(.call(function, function.arity == 1 ? [any] : random.chance(50) ? [any, other] : [other, any]))
  }
}
