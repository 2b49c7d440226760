/// Checks the conditions of a policy in one request environment: gives each expression a type, finds the ones that have
/// none or that may fail, and leaves out what is never evaluated there.
struct TypeChecker {
  let schema: ValidatorIndex
  let tree: CheckTree
  let environment: RequestEnvironment
  let context: StaticType
  /// What is known to be there where the checker is, each with how often it is known.
  private var known: [Capability: Int] = [:]
  var findings: [TypeFinding] = []

  init(_ tree: CheckTree, _ schema: ValidatorIndex, action: SchemaAction, principal: Name, resource: Name) {
    self.tree = tree
    self.schema = schema
    environment = RequestEnvironment(principal: principal, action: action.uid, resource: resource)
    context = .known(.record(action.context))
  }

  /// - Returns: whether the conditions may all be true.
  mutating func checkConditions() -> Bool {
    let result = conjunction(tree.conditions)
    return result.type != .always(false)
  }

  /// The type of a node, and what is known where it is true.
  mutating func check(_ index: Int) -> Typed {
    let node = tree.nodes[index]
    switch node.kind {
    case .bool(let value): return Typed(.always(value))
    case .long: return Typed(.long)
    case .string: return Typed(.string)
    case .entity(let uid): return schema.isDeclared(uid) ? Typed(.known(.entity(uid.type))) : .failed(nil)
    case .variable(let variable): return Typed(type(of: variable))
    case .slot(let slot): return Typed(type(of: slot == .principal ? .principal : .resource))
    case .conditional(let test, let then, let otherwise): return conditional(test, then, otherwise, at: node.position)
    case .and(let operands): return conjunction(operands)
    case .or(let operands): return disjunction(operands)
    case .not(let operand): return negation(operand)
    case .negate(let operand): return expect(operand, .long).mapping { _ in .long }
    case .equal(let left, let right): return equality(left, right, at: node.position)
    case .order(let left, let right): return order(left, right)
    case .arithmetic(let operation, let left, let right): return arithmetic(operation, left, right)
    case .membership(let left, let right): return membership(left, right)
    case .contains(let set, let element): return contains(set, element, at: node.position)
    case .containsSome(let left, let right): return containsSome(left, right, at: node.position)
    case .hasTag(let entity, let tag): return hasTag(entity, tag)
    case .getTag(let entity, let tag): return getTag(entity, tag, at: node.position)
    case .isEmpty(let set): return expect(set, .set).mapping { _ in .bool }
    case .attribute(let base, let name, let shape): return attribute(base, name, shape, at: node.position)
    case .has(let base, let name, let shape): return has(base, name, shape)
    case .like(let operand): return expect(operand, .string).mapping { _ in .bool }
    case .isType(let operand, let type): return isType(operand, type)
    case .set(let elements): return set(elements, at: node.position)
    case .record(let elements): return record(elements)
    case .call(let function, let arguments): return call(function, arguments, at: node.position)
    }
  }

  private func type(of variable: Variable) -> StaticType {
    switch variable {
    case .principal: .known(.entity(environment.principal))
    case .action: .known(.entity(environment.action.type))
    case .resource: .known(.entity(environment.resource))
    case .context: context
    }
  }
}

/// Expectations and findings.
extension TypeChecker {
  /// Checks a node that is to be of some kind; without the type where it is of another.
  mutating func expect(_ index: Int, _ expectation: Expectation, hint: ((StaticType) -> String?)? = nil) -> Typed {
    let result = check(index)
    guard let type = result.type, !expectation.admits(type) else { return result }
    let expected = expectation.description + (hint?(type).map { ", " + $0 } ?? "")
    report("the type is `\(type)`", at: tree.nodes[index].position, expected: expected)
    return .failed(nil)
  }

  mutating func report(_ message: String, at position: SourcePosition, expected: String? = nil) {
    findings.append(TypeFinding(position: position, message: message, expected: expected))
  }

  func isKnown(_ capability: Capability) -> Bool { known[capability] != nil }

  /// What is in the set is known until it is forgotten as often as it was learned.
  mutating func learn(_ capabilities: Set<Capability>) {
    for capability in capabilities { known[capability, default: 0] += 1 }
  }

  mutating func forget(_ capabilities: Set<Capability>) {
    for capability in capabilities {
      let count = known[capability] ?? 0
      known[capability] = count > 1 ? count - 1 : nil
    }
  }
}

/// That an attribute or a tag is there.
struct Capability: Hashable {
  /// The shape of the expression that has it.
  var base: Int
  /// The shape of the name.
  var name: Int
  var isTag: Bool
}

/// What checking an expression came to.
struct Typed {
  /// Nil when it has none, which was reported then.
  var type: StaticType?
  /// Whether nothing is wrong with the expression or what is in it.
  var isChecked = true
  /// What is known where the expression is true.
  var capabilities: Set<Capability> = []

  init(_ type: StaticType?, isChecked: Bool = true, capabilities: Set<Capability> = []) {
    self.type = type
    self.isChecked = isChecked
    self.capabilities = isChecked ? capabilities : []
  }

  static func failed(_ type: StaticType?) -> Typed { Typed(type, isChecked: false) }

  /// The same of another type, without what is known.
  func mapping(_ type: (StaticType?) -> StaticType?) -> Typed { Typed(type(self.type), isChecked: isChecked) }
}

/// A finding of the type checker.
struct TypeFinding: Hashable {
  var position: SourcePosition
  var message: String
  var expected: String?
}

/// Of what kind an expression is to be.
enum Expectation {
  case bool, long, string, set, entity
  case entityOrRecord
  case entityOrEntities
  case `extension`(ExtensionType)

  func admits(_ type: StaticType) -> Bool {
    switch self {
    case .bool: type.isBool
    case .long: type == .long
    case .string: type == .string
    case .set: type.isSet
    case .entity: type.entityType != nil
    case .entityOrRecord: type.entityType != nil || type.isRecord
    case .entityOrEntities: type.entityType != nil || type.element?.entityType != nil
    case .extension(let wanted): type == .known(.extension(wanted))
    }
  }

  var description: String {
    switch self {
    case .bool: "a `Bool`"
    case .long: "a `Long`"
    case .string: "a `String`"
    case .set: "a set"
    case .entity: "an entity"
    case .entityOrRecord: "an entity or a record"
    case .entityOrEntities: "an entity or a set of entities"
    case .extension(let type): "a `\(type.rawValue)`"
    }
  }
}
