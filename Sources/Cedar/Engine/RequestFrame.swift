/// A request while it is put together and decided, without allocation once it has served a few. One for each thread or
/// event loop; one request after another. One that outgrows `CedarLimits.scratchBytes` is denied.
// invariant: exclusivity is not checked where a method reads or writes a field and calls nothing that could come back here.
public final class RequestFrame {
  let arena = ScratchArena()
  private(set) var engine: PolicyEngine?
  /// The engine's entities, which it keeps.
  @exclusivity(unchecked) private var storage: Unmanaged<EntityStorage>?
  /// Entities that neither the store nor a policy names, by their numbers without the highest bit.
  @exclusivity(unchecked) private var strangers: [Stranger] = []
  /// The numbers of strangers, once there are more than `fewStrangers`.
  private var strangerNumbers: [StrangerName: UInt32] = [:]
  /// Entities of the store that are in more for this request.
  @exclusivity(unchecked) private var joined: [JoinedEntity] = []
  private var transientNames: [String] = []
  private var transientTypes: [String] = []
  @exclusivity(unchecked) private var fields: [Field] = []
  /// Whether something of the request found no room.
  @exclusivity(unchecked) private(set) var isOverfull = false

  private static let fewStrangers = 8

  @exclusivity(unchecked) public var principal = EntityID(number: .max)
  @exclusivity(unchecked) public var action = EntityID(number: .max)
  @exclusivity(unchecked) public var resource = EntityID(number: .max)

  /// What the last decision came to.
  @exclusivity(unchecked) var outcome = FrameOutcome()

  public init() {}

  /// Forgets the last request.
  public func begin(_ engine: PolicyEngine) {
    if self.engine !== engine {
      self.engine = engine
      storage = Unmanaged.passUnretained(engine.entities.storage)
    }
    arena.reset()
    isOverfull = false
    strangers.removeAll(keepingCapacity: true)
    if !strangerNumbers.isEmpty { strangerNumbers.removeAll(keepingCapacity: true) }
    joined.removeAll(keepingCapacity: true)
    fields.removeAll(keepingCapacity: true)
    if !transientNames.isEmpty { transientNames.removeAll(keepingCapacity: true) }
    if !transientTypes.isEmpty { transientTypes.removeAll(keepingCapacity: true) }
    principal = EntityID(number: .max)
    action = principal
    resource = principal
    outcome.reset()
  }

  // MARK: Entities

  /// The entity with this id; one that neither the engine's entities nor its policies name is of this request alone.
  public func entity(_ type: EntityTypeID, id: Span<UInt8>) -> EntityID {
    // invariant: the bytes are read during the closure only; a new entity's are copied.
    id.withUnsafeBufferPointer { EntityID(number: number(type.number, $0)) }
  }

  /// The same, which in this request is also in `parents` and all that they are in.
  public func entity(_ type: EntityTypeID, id: Span<UInt8>, parents: Span<EntityID>) -> EntityID {
    let entity = entity(type, id: id)
    join(entity, parents)
    return entity
  }

  /// Puts an entity in others for this request, beside what the store says.
  public func join(_ entity: EntityID, _ parents: Span<EntityID>) {
    guard !parents.isEmpty else { return }
    var count = ancestors(of: entity.number).count
    for index in parents.indices { count += 1 + ancestors(of: parents[index].number).count }
    guard let room = arena.room(for: count, of: UInt32.self) else {
      isOverfull = true
      return
    }
    count = 0
    for ancestor in ancestors(of: entity.number) { RequestFrame.insert(ancestor, in: room, &count) }
    for index in parents.indices {
      RequestFrame.insert(parents[index].number, in: room, &count)
      for ancestor in ancestors(of: parents[index].number) { RequestFrame.insert(ancestor, in: room, &count) }
    }
    let ancestors = UnsafeBufferPointer(start: UnsafePointer(room), count: count)
    if entity.number >= SymbolTable.firstTransient {
      if let index = strangerIndex(entity.number) { strangers[index].ancestors = ancestors }
    } else if let index = joined.firstIndex(where: { $0.number == entity.number }) {
      joined[index].ancestors = ancestors
    } else {
      joined.append(JoinedEntity(number: entity.number, ancestors: ancestors))
    }
  }

  private func strangerIndex(_ number: UInt32) -> Int? {
    let index = Int(number & ~SymbolTable.firstTransient)
    return number >= SymbolTable.firstTransient && index < strangers.count ? index : nil
  }

  // invariant: points into the arena or the store, both of which last as long as the request.
  private func ancestors(of number: UInt32) -> UnsafeBufferPointer<UInt32> {
    if let index = strangerIndex(number) { return strangers[index].ancestors }
    for entity in joined where entity.number == number { return entity.ancestors }
    let layout = storage?._withUnsafeGuaranteedRef { $0.slot(number).layout }
    return layout?.ancestors ?? UnsafeBufferPointer(start: nil, count: 0)
  }

  // invariant: the caller has made room for one more.
  private static func insert(_ number: UInt32, in room: UnsafeMutablePointer<UInt32>, _ count: inout Int) {
    var place = count
    while place > 0, room[place - 1] > number { place -= 1 }
    if place > 0, room[place - 1] == number { return }
    var index = count
    while index > place {
      room[index] = room[index - 1]
      index -= 1
    }
    room[place] = number
    count += 1
  }

  // invariant: the bytes are read during the call; those of a new entity are copied.
  private func number(_ type: UInt32, _ id: UnsafeBufferPointer<UInt8>) -> UInt32 {
    if let known = storage?._withUnsafeGuaranteedRef({ $0.number(type: type, id) }) ?? nil { return known }
    let count = strangers.count
    if count <= RequestFrame.fewStrangers {
      for index in 0..<count where strangers[index].isNamed(type, id) {
        return SymbolTable.firstTransient | UInt32(truncatingIfNeeded: index)
      }
    } else if let known = strangerNumbers[StrangerName(type: type, id: Array(id))] {
      return known
    }
    strangers.append(Stranger(type: type, id: copy(id)))
    if count >= RequestFrame.fewStrangers { noteStrangers(from: count == RequestFrame.fewStrangers ? 0 : count) }
    return SymbolTable.firstTransient | UInt32(truncatingIfNeeded: count)
  }

  private func noteStrangers(from first: Int) {
    for index in first..<strangers.count {
      let name = StrangerName(type: strangers[index].type, id: Array(strangers[index].id.bytes))
      strangerNumbers[name] = SymbolTable.firstTransient | UInt32(truncatingIfNeeded: index)
    }
  }

  private func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> Word {
    guard let room = arena.room(for: bytes.count, of: UInt8.self) else {
      isOverfull = true
      return Word(.string, 0)
    }
    if let base = bytes.baseAddress { room.update(from: base, count: bytes.count) }
    return Word(string: room, count: bytes.count)
  }

  /// The name of an entity, for messages.
  func uid(_ number: UInt32) -> EntityUID? {
    guard let storage = engine?.entities.storage else { return nil }
    if number < SymbolTable.firstTransient { return Int(number) < storage.count ? storage.uid(number) : nil }
    guard let index = strangerIndex(number) else { return nil }
    let type = strangers[index].type
    let name =
      type < SymbolTable.firstTransient
      ? storage.lineage.types.name(type) : transientTypes[Int(type & ~SymbolTable.firstTransient)]
    return EntityUID(
      type: Name(unchecked: name ?? "unknown"), id: String(decoding: strangers[index].id.bytes, as: UTF8.self))
  }

  // MARK: Context

  public func set(_ name: AttributeID, bool: Bool) { put(name, Word(bool)) }
  public func set(_ name: AttributeID, long: Int64) { put(name, Word(long)) }
  public func set(_ name: AttributeID, entity: EntityID) { put(name, Word(entity: entity.number)) }
  public func set(_ name: AttributeID, datetime: Datetime) { put(name, Word(.datetime, number: datetime.milliseconds)) }
  public func set(_ name: AttributeID, duration: TimeSpan) { put(name, Word(.duration, number: duration.milliseconds)) }

  /// The bytes are copied.
  public func set(_ name: AttributeID, string: Span<UInt8>) {
    // invariant: read during the closure only.
    string.withUnsafeBufferPointer { put(name, copy($0)) }
  }

  public func set(_ name: AttributeID, ip: IPNetwork) {
    put(name, ValueLayout.ip(ip, in: arena))
  }

  /// Any value; allocates.
  public func set(_ name: AttributeID, value: Value) {
    var interner = FrameInterner(frame: self)
    put(name, ValueLayout.word(value, in: arena, &interner))
  }

  private func put(_ name: AttributeID, _ value: Word?) {
    guard let value else {
      isOverfull = true
      return
    }
    var place = fields.count
    while place > 0, fields[place - 1].name > name.number { place -= 1 }
    if place > 0, fields[place - 1].name == name.number {
      fields[place - 1].value = value
    } else {
      fields.insert(Field(name: name.number, value: value), at: place)
    }
  }

  // MARK: Any request

  /// Fills the frame from a request; allocates.
  func fill(_ engine: PolicyEngine, _ request: Request) {
    begin(engine)
    var interner = FrameInterner(frame: self)
    principal = EntityID(number: interner.entity(request.principal))
    action = EntityID(number: interner.entity(request.action))
    resource = EntityID(number: interner.entity(request.resource))
    if let context = ValueLayout.record(request.context, in: arena, &interner) {
      fields.append(contentsOf: context.fields)
    } else {
      isOverfull = true
    }
  }

  struct FrameInterner: ValueInterner {
    let frame: RequestFrame

    func attribute(_ name: String) -> UInt32 {
      if let known = frame.engine?.entities.storage.lineage.attributes.known(name) { return known }
      return RequestFrame.transient(name, &frame.transientNames)
    }

    func entity(_ uid: EntityUID) -> UInt32 {
      let known = frame.engine?.entities.storage.lineage.types.known(uid.type.text)
      let type = known ?? RequestFrame.transient(uid.type.text, &frame.transientTypes)
      var id = uid.id
      return id.withUTF8 { frame.number(type, $0) }
    }
  }

  private static func transient(_ name: String, _ names: inout [String]) -> UInt32 {
    if let index = names.firstIndex(where: { $0.isIdentical(to: name) }) {
      return SymbolTable.firstTransient | UInt32(index)
    }
    names.append(name)
    return SymbolTable.firstTransient | UInt32(names.count - 1)
  }

  // MARK: Evaluation

  /// Calls `body` with an evaluator of this request.
  // invariant: engine, arena and the arrays are kept while `body` runs, and nothing changes them meanwhile.
  func withEvaluator<Result>(_ engine: PolicyEngine, _ body: (borrowing Evaluator) -> Result) -> Result {
    let program = engine.program
    let storage = engine.entities.storage
    return withExtendedLifetime((program, storage, self)) {
      strangers.withUnsafeBufferPointer { strangers in
        joined.withUnsafeBufferPointer { joined in
          fields.withUnsafeBufferPointer { fields in
            let context = fields.baseAddress.map { Word(record: $0, count: fields.count) } ?? Word(.record, 0)
            return body(
              Evaluator(
                nodes: program.nodes, operands: program.operands, constants: program.constants,
                policies: program.policies, program: Unmanaged.passUnretained(program), top: storage.top,
                entityCount: UInt32(truncatingIfNeeded: storage.count), arena: Unmanaged.passUnretained(arena),
                strangers: strangers, joined: joined, principal: principal.number, action: action.number,
                resource: resource.number, context: context))
          }
        }
      }
    }
  }
}

/// An entity that only the request knows.
// invariant: both point into the frame's arena.
struct Stranger {
  var type: UInt32
  var id: Word
  /// In order.
  var ancestors = UnsafeBufferPointer<UInt32>(start: nil, count: 0)

  func isNamed(_ type: UInt32, _ id: UnsafeBufferPointer<UInt8>) -> Bool {
    self.type == type && Word.compareBytes(self.id.bytes, id) == 0
  }
}

private struct StrangerName: Hashable {
  var type: UInt32
  var id: [UInt8]
}

/// What a request says of an entity of the store.
struct JoinedEntity {
  var number: UInt32
  /// All that it is in, in order.
  // invariant: points into the frame's arena.
  var ancestors: UnsafeBufferPointer<UInt32>
}

/// An entity of an engine and those derived from it, or of one request.
public struct EntityID: Sendable, Hashable {
  let number: UInt32
}

/// An entity type of an engine and those derived from it.
public struct EntityTypeID: Sendable, Hashable {
  let number: UInt32
}

/// The name of an attribute for an engine and those derived from it.
public struct AttributeID: Sendable, Hashable {
  let number: UInt32
}
