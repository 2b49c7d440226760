import Cedar

/// Makes entities, hierarchies and requests for a schema: most conform to it, some do not, some are missing.
struct EntityGenerator {
  typealias Shape = SchemaModel.Shape

  var random: SeededRandom
  let model: SchemaModel
  let names: NamePool
  /// Percent of values of another type than the schema says.
  var wildPercent = 0

  init(random: SeededRandom, model: SchemaModel) {
    self.random = random
    self.model = model
    names = NamePool(model, random: &self.random)
  }

  private mutating func uid(of type: Name) -> EntityUID { names.uid(of: type, random: &random) }

  mutating func entities() -> [SampleEntity] {
    var all: [SampleEntity] = []
    var ranks: [(uid: EntityUID, rank: Int)] = []
    for kind in model.entities {
      for id in names.ids[kind.name] ?? [] {
        let uid = EntityUID(type: kind.name, id: id)
        ranks.append((uid, random.int(0...5)))
      }
    }
    for (uid, rank) in ranks where !random.chance(8) {
      guard let kind = model.entity(uid.type) else { continue }
      let possible = ranks.filter { $0.rank > rank && kind.parents.contains($0.uid.type) }.map(\.uid)
      var entity = SampleEntity(
        uid: uid, attributes: members(model.fields(kind.shape)), parents: random.some(possible, 0...3), tags: [])
      if let tags = kind.tags {
        for key in random.some(SamplePools.tagKeys, 0...3) { entity.tags.append(.init(key: key, value: value(tags))) }
      }
      all.append(entity)
    }
    if random.chance(60) { all += actionEntities() }
    if random.chance(10) { spoil(&all) }
    return all
  }

  /// The actions with their groups, as a schema would declare them.
  private func actionEntities() -> [SampleEntity] {
    model.actions.map { SampleEntity(uid: $0.uid, attributes: [], parents: $0.parents, tags: []) }
  }

  /// Makes something wrong that a schema, or nothing at all, would accept.
  private mutating func spoil(_ entities: inout [SampleEntity]) {
    guard !entities.isEmpty else { return }
    let index = random.int(0...(entities.count - 1))
    let other = random.pick(entities)
    switch random.int(0...9) {
    case 0: entities[index].attributes.append(.init(key: "unknown", value: .long(1)))
    case 1: if !entities[index].attributes.isEmpty { entities[index].attributes.removeLast() }
    case 2: entities[index].tags.append(.init(key: "t", value: .bool(true)))
    case 3: entities[index].parents.append(other.uid)
    case 4: entities.append(other)
    case 5:
      entities.append(
        .init(uid: other.uid, attributes: [.init(key: "name", value: .string("z"))], parents: [], tags: []))
    case 6: entities.append(.init(uid: .init(type: .sample("Ghost"), id: "g"), attributes: [], parents: [], tags: []))
    case 7: entities.append(.init(uid: .init(type: other.uid.type, id: "extra"), attributes: [], parents: [], tags: []))
    case 8:
      wildPercent = 30
      if let kind = model.entity(entities[index].uid.type) {
        entities[index].attributes = members(model.fields(kind.shape))
      }
      wildPercent = 0
    default: entities[index].parents.append(entities[index].uid)
    }
  }

  mutating func members(_ fields: [SchemaModel.Field]) -> [SampleValue.Member] {
    var members: [SampleValue.Member] = []
    for field in fields where !field.isOptional || random.chance(60) {
      members.append(.init(key: field.name, value: value(field.shape)))
    }
    return members
  }

  mutating func value(_ shape: Shape) -> SampleValue {
    if wildPercent > 0, random.chance(wildPercent) {
      return random.pick([
        .bool(true), .long(7), .string("wild"), .set([]), .set([.long(1), .string("a")]), .record([]),
      ])
    }
    switch model.resolved(shape) {
    case .bool: return .bool(random.chance(50))
    case .long: return .long(random.long())
    case .string: return .string(random.string())
    case .decimal: return call(.decimal)
    case .ip: return call(.ip)
    case .datetime: return call(.datetime)
    case .duration: return call(.duration)
    case .entity(let name): return .entity(uid(of: name))
    case .set(let element): return .set((0..<random.int(0...4)).map { _ in value(element) })
    case .record(let fields): return .record(members(fields))
    case .common: return .record([])
    }
  }

  private mutating func call(_ function: ExtensionFunction) -> SampleValue {
    .call(function.rawValue, random.argument(of: function, badPercent: wildPercent))
  }

  mutating func request() -> SampleRequest {
    let applicable = model.actions.filter { $0.appliesTo != nil }
    let action = random.chance(97) ? random.pickOrNone(applicable) : random.pickOrNone(model.actions)
    let anyType = random.pick(model.entities).name
    var request = SampleRequest(
      principal: uid(of: anyType), action: action?.uid ?? uid(of: anyType), resource: uid(of: anyType), context: [])
    if let appliesTo = action?.appliesTo {
      request.principal = uid(of: random.pick(appliesTo.principals))
      request.resource = uid(of: random.pick(appliesTo.resources))
      wildPercent = random.chance(4) ? 20 : 0
      request.context = members(model.fields(appliesTo.context))
      wildPercent = 0
    }
    if random.chance(6) { spoil(&request) }
    return request
  }

  private mutating func spoil(_ request: inout SampleRequest) {
    let other = uid(of: random.pick(model.entities).name)
    switch random.int(0...6) {
    case 0: request.principal = other
    case 1: request.resource = other
    case 2: request.action = .init(type: request.action.type, id: "unknown")
    case 3: request.principal = .init(type: .sample("Ghost"), id: "g")
    case 4: request.context.append(.init(key: "extra", value: .long(1)))
    case 5: if !request.context.isEmpty { request.context.removeFirst() }
    default: request.action = other
    }
  }
}

/// The entities that policies, attributes and requests may name.
struct NamePool: Sendable {
  /// Ids of each entity type, of entities that are there and of missing ones.
  private(set) var ids: [Name: [String]] = [:]

  init(_ model: SchemaModel, random: inout SeededRandom) {
    for kind in model.entities {
      var chosen = kind.ids ?? random.some(SamplePools.ids, 1...5)
      if kind.ids == nil, random.chance(25) { chosen += random.some(SamplePools.oddIds, 1...3) }
      ids[kind.name] = chosen
    }
  }

  func uid(of type: Name, random: inout SeededRandom) -> EntityUID {
    guard let known = ids[type], !known.isEmpty else { return .init(type: type, id: random.pick(SamplePools.ids)) }
    return .init(type: type, id: random.chance(3) ? "missing" : random.pick(known))
  }
}
