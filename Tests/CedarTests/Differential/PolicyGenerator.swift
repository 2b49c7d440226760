import Cedar

/// Makes sets of policies, templates and links for a schema.
struct PolicyGenerator {
  private var random: SeededRandom
  private let model: SchemaModel
  private let names: NamePool
  private var expressions: ExpressionGenerator
  private let forbidPercent: Int
  /// Percent of policies whose condition hangs on one thing.
  private let probePercent: Int

  init(random: SeededRandom, model: SchemaModel, names: NamePool) {
    self.random = random
    self.model = model
    self.names = names
    expressions = ExpressionGenerator(random: SeededRandom(seed: self.random.next()), model: model, names: names)
    // With one effect alone, the reasons name every policy that holds.
    forbidPercent = self.random.pick([0, 0, 0, 5, 15, 30, 50, 100])
    probePercent = self.random.pick([0, 0, 20, 50, 100])
  }

  mutating func policies(_ count: Int) -> [Policy] {
    let count = probePercent == 100 ? min(count + 100, 200) : count
    let templatePercent = random.pick([0, 10, 30])
    return (0..<count).map { policy(id: PolicyID("policy\($0)"), isTemplate: random.chance(templatePercent)) }
  }

  /// Up to five links of each template; their ids are like none of the policies'.
  mutating func links(of policies: [Policy]) -> [SampleLink] {
    var links: [SampleLink] = []
    for template in policies where template.isTemplate {
      for _ in 0..<random.int(0...5) {
        let fields = (template.principal.hasSlot, template.resource.hasSlot)
        let action = environment()
        links.append(
          SampleLink(
            template: template.id, id: PolicyID("link\(links.count)"),
            principal: fields.0 ? target(action?.principal, template.principal) : nil,
            resource: fields.1 ? target(action?.resource, template.resource) : nil))
      }
    }
    return links
  }

  /// What a slot may be filled with: an entity that the constraint can meet.
  private mutating func target(_ type: Name?, _ constraint: EntityConstraint) -> EntityUID {
    var chosen = type ?? random.pick(model.entities).name
    if case .isTypeIn(let name, _) = constraint { chosen = name }
    if case .equal = constraint {} else if random.chance(50) { chosen = above(chosen) }
    return names.uid(of: chosen, random: &random)
  }

  private mutating func above(_ type: Name) -> Name {
    random.pickOrNone(model.entity(type)?.parents ?? []) ?? type
  }

  private mutating func environment() -> (principal: Name, action: EntityUID, resource: Name)? {
    guard let action = random.pickOrNone(model.actions.filter { $0.appliesTo != nil }), let to = action.appliesTo else {
      return nil
    }
    return (random.pick(to.principals), action.uid, random.pick(to.resources))
  }

  private mutating func policy(id: PolicyID, isTemplate: Bool) -> Policy {
    if !isTemplate, random.chance(probePercent) { return probe(id) }
    let chosen = environment()
    let anyType = random.pick(model.entities).name
    let principal = chosen?.principal ?? anyType
    let resource = chosen?.resource ?? anyType
    let action = chosen?.action ?? EntityUID(type: .sample("Action"), id: "none")
    expressions.enter(principal: principal, action: action, resource: resource)
    expressions.wildPercent = random.pick([0, 0, 0, 0, 0, 2, 4, 12])
    let hasPrincipalSlot = isTemplate && random.chance(65)
    var policy = Policy(
      id: id, annotations: annotations(), effect: random.chance(forbidPercent) ? .forbid : .permit,
      principal: constraint(principal, hasSlot: hasPrincipalSlot), action: constraint(action),
      resource: constraint(resource, hasSlot: isTemplate && (!hasPrincipalSlot || random.chance(40))))
    let guards = random.chance(85) ? guards(policy, principal, action, resource) : []
    let count = random.pick([0, 1, 1, 1, 1, 2, 2, 3])
    if count == 0, !guards.isEmpty, random.chance(70) {
      policy.conditions.append(Condition(.when, guards.count == 1 ? guards[0] : Expression(.and(guards))))
    }
    for _ in 0..<count {
      let body = expressions.condition(random.pick([0, 1, 1, 2, 2, 3, 3, 4, 5]))
      policy.conditions.append(condition(guards: policy.conditions.isEmpty ? guards : [], body))
    }
    return policy
  }

  /// A policy whose scope leaves one environment, or nearly everything.
  private mutating func probe(_ id: PolicyID) -> Policy {
    var policy = Policy(id: id, effect: random.chance(forbidPercent) ? .forbid : .permit)
    if let chosen = environment() {
      expressions.enter(principal: chosen.principal, action: chosen.action, resource: chosen.resource)
      if random.chance(60) {
        policy.principal = .isType(chosen.principal)
        policy.action = .equal(chosen.action)
        policy.resource = .isType(chosen.resource)
      } else if random.chance(60) {
        policy.action = .equal(chosen.action)
      }
    }
    expressions.wildPercent = random.pick([0, 0, 0, 10])
    policy.conditions = [Condition(random.chance(85) ? .when : .unless, expressions.probe())]
    return policy
  }

  /// Guards keep what is evaluated to the types it was made for.
  private mutating func condition(guards: [Expression], _ body: Expression) -> Condition {
    if random.chance(20) {
      if guards.isEmpty { return Condition(.unless, body) }
      let negated = guards.map { Expression(.not($0)) } + [body]
      return Condition(.unless, Expression(.or(negated)))
    }
    return Condition(.when, guards.isEmpty ? body : Expression(.and(guards + [body])))
  }

  private func guards(
    _ policy: Policy, _ principal: Name, _ action: EntityUID, _ resource: Name
  ) -> [Expression] {
    var guards: [Expression] = []
    let to = model.action(action)?.appliesTo
    let isFixed = if case .equal = policy.action { true } else { false }
    if !isFixed {
      guards.append(Expression(.binary(.equal, Expression(.variable(.action)), Expression(.entity(action)))))
    }
    if to?.principals.count != 1, !Self.fixesType(policy.principal) {
      guards.append(Expression(.isType(Expression(.variable(.principal)), principal, in: nil)))
    }
    if to?.resources.count != 1, !Self.fixesType(policy.resource) {
      guards.append(Expression(.isType(Expression(.variable(.resource)), resource, in: nil)))
    }
    return guards
  }

  private static func fixesType(_ constraint: EntityConstraint) -> Bool {
    switch constraint {
    case .isType, .isTypeIn, .equal(.entity): true
    case .any, .in, .equal(.slot): false
    }
  }

  private mutating func annotations() -> [Annotation] {
    guard random.chance(15) else { return [] }
    let keys = random.some(["id", "reason", "doc", "if", "permit"], 1...2)
    return keys.map { Annotation(key: $0, value: random.chance(20) ? nil : random.string()) }
  }

  private mutating func constraint(_ type: Name, hasSlot: Bool) -> EntityConstraint {
    func reference(_ uid: EntityUID) -> EntityReference { hasSlot ? .slot : .entity(uid) }
    var chosen = type
    if random.chance(3) { chosen = random.pick(model.entities).name }
    let same = names.uid(of: chosen, random: &random)
    let group = names.uid(of: above(chosen), random: &random)
    if random.chance(1) { return .isType(.sample("Ghost")) }
    switch random.int(hasSlot ? 60...99 : 0...99) {
    case 0..<40: return .any
    case 40..<60: return .isType(chosen)
    case 60..<70: return .equal(reference(same))
    case 70..<90: return .in(reference(group))
    default: return .isTypeIn(chosen, reference(group))
    }
  }

  private mutating func constraint(_ action: EntityUID) -> ActionConstraint {
    let groups = model.ancestors(of: action) + [action]
    switch random.int(0...99) {
    case 0..<30: return .any
    case 30..<60: return .equal(action)
    case 60..<80: return .in(random.pick(groups))
    case 80..<97: return .inAny(random.some(groups + model.actions.map(\.uid), 0...3))
    case 97: return .equal(.init(type: action.type, id: "unknown"))
    default: return .equal(random.pickOrNone(model.actions)?.uid ?? action)
    }
  }
}

/// A template with its slots filled.
struct SampleLink: Hashable, Sendable {
  var template: PolicyID
  var id: PolicyID
  var principal: EntityUID?
  var resource: EntityUID?
}
