import Cedar

/// Makes schemas: entity types of every kind, hierarchies, tags, enumerations, action groups, contexts, common types,
/// one namespace or several.
struct SchemaGenerator {
  typealias Shape = SchemaModel.Shape

  var random: SeededRandom
  private var model = SchemaModel()
  private var namespaces: [Name?] = [nil]

  init(random: SeededRandom) { self.random = random }

  private static let typeNames = ["User", "Group", "Asset", "Zone", "Device", "Role", "Org", "Job", "Point"]
  private static let commonNames = ["Limits", "Place", "Span", "Meta"]
  private static let actionIds = ["read", "write", "control", "run program", "view/all", "é", "", "stop", "a\"b"]
  /// Names that mean something else elsewhere.
  private static let oddNames = [
    "Long", "decimal", "Set", "type", "entity", "Bool", "ipaddr", "Extension", "Span", "Entity",
  ]
  private static let groupIds = ["any", "ops", "admin"]

  mutating func make() -> SchemaModel {
    let choices: [[Name?]] = [
      [nil], [nil], [Name("Plant")], [nil, Name("Plant")], [Name("Plant"), Name("Plant::Cell")],
      [Name("A"), Name("B")],
    ]
    namespaces = random.pick(choices)
    var names = Self.typeNames.shuffled(using: &random).prefix(random.int(2...7)).map { qualified($0) }
    if random.chance(5) { names.append(qualified(random.pick(Self.oddNames))) }
    if random.chance(8) { names.append(qualified(random.pick(Self.typeNames))) }
    for name in names {
      model.entities.append(.init(name: name, parents: [], shape: .record([]), tags: nil, ids: nil))
    }
    if random.chance(60) {
      var names = random.some(Self.commonNames, 1...3)
      if random.chance(6) { names.append(random.pick(random.chance(50) ? Self.oddNames : Self.typeNames)) }
      for name in names.map({ qualified($0) }) {
        let fields = Shape.record(self.fields(0...3, depth: 2))
        model.commonTypes.append(.init(name: name, shape: random.chance(60) ? fields : shape(depth: 2)))
      }
    }
    for index in model.entities.indices { model.entities[index] = filled(model.entities[index], isFirst: index < 2) }
    makeActions()
    return model
  }

  private mutating func qualified(_ base: String) -> Name {
    let name = random.pick(namespaces).map { $0.text + "::" + base } ?? base
    return Name.sample(name)
  }

  private mutating func filled(_ empty: SchemaModel.EntityKind, isFirst: Bool) -> SchemaModel.EntityKind {
    var kind = empty
    if !isFirst, random.chance(15) {
      kind.ids = random.some(SamplePools.ids, 1...3)
      if random.chance(20) { kind.ids?.append("e\u{301}") }
      return kind
    }
    if random.chance(75) { kind.parents = random.some(model.entities.map(\.name), 1...2) }
    let fields = fields(0...7, depth: 3)
    let commons = model.commonTypes.filter { if case .record = model.resolved($0.shape) { true } else { false } }
    if random.chance(10), let common = random.pickOrNone(commons) {
      kind.shape = .common(common.name)
    } else {
      kind.shape = .record(fields)
    }
    if random.chance(40) { kind.tags = shape(depth: 1) }
    return kind
  }

  private mutating func fields(_ count: ClosedRange<Int>, depth: Int) -> [SchemaModel.Field] {
    var names = random.some(SamplePools.attributes, count)
    if random.chance(12) { names.append(random.pick(SamplePools.oddAttributes)) }
    return names.map { .init(name: $0, shape: shape(depth: depth), isOptional: random.chance(35)) }
  }

  private mutating func shape(depth: Int) -> Shape {
    if depth > 0, random.chance(30) {
      switch random.int(0...3) {
      case 0, 1: return .set(shape(depth: random.chance(80) ? 0 : depth - 1))
      case 2: return .record(fields(0...4, depth: depth - 1))
      default: if let common = random.pickOrNone(model.commonTypes) { return .common(common.name) }
      }
    }
    switch random.int(0...10) {
    case 0: return .bool
    case 1, 2: return .long
    case 3, 4: return .string
    case 5: return .decimal
    case 6: return .ip
    case 7: return .datetime
    case 8: return .duration
    default: return .entity(random.pick(model.entities).name)
    }
  }

  private mutating func makeActions() {
    let actionTypes = namespaces.map { Name.sample($0.map { $0.text + "::Action" } ?? "Action") }
    for id in random.some(Self.groupIds, 0...3) {
      let parents = random.some(model.actions.map(\.uid), 0...1)
      model.actions.append(.init(uid: .init(type: random.pick(actionTypes), id: id), parents: parents, appliesTo: nil))
    }
    let groups = model.actions.map(\.uid)
    for id in random.some(Self.actionIds, 1...5) {
      let context: Shape
      let commons = model.commonTypes.filter { if case .record = model.resolved($0.shape) { true } else { false } }
      if random.chance(20), let common = random.pickOrNone(commons) {
        context = .common(common.name)
      } else {
        context = .record(fields(0...6, depth: 3))
      }
      let names = model.entities.map(\.name)
      let principals = random.some(names, 1...min(names.count, random.chance(70) ? 1 : 3))
      let resources = random.some(names, 1...min(names.count, random.chance(70) ? 1 : 3))
      let others = groups + (random.chance(20) ? model.actions.map(\.uid) : [])
      var parents: [EntityUID] = []
      for parent in random.some(others, 0...2) where !parents.contains(parent) { parents.append(parent) }
      model.actions.append(
        .init(
          uid: .init(type: random.pick(actionTypes), id: id), parents: parents,
          appliesTo: .init(principals: principals, resources: resources, context: context)))
    }
  }
}
