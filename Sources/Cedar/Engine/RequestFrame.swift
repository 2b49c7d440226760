/// A request while it is put together and decided, without allocation once it has served a few. One for each thread or
/// event loop; one request after another. One that outgrows `CedarLimits.scratchBytes` is denied.
// invariant: exclusivity is not checked where a method reads or writes a field and calls nothing that could come back here.
public final class RequestFrame {
  let arena = ScratchArena()
  private(set) var engine: PolicyEngine?
  /// The engine's entities, which it keeps.
  @exclusivity(unchecked) private var storage: Unmanaged<EntityStorage>?
  @exclusivity(unchecked) private(set) var transients: [TransientEntity] = []
  /// By index, for entities that neither the store nor a policy names.
  @exclusivity(unchecked) private var transientIDs: [Word] = []
  private var transientNames: [String] = []
  private var transientTypes: [String] = []
  @exclusivity(unchecked) private var fields: [Field] = []
  @exclusivity(unchecked) private var nextTransient = SymbolTable.firstTransient
  /// Whether something of the request found no room.
  @exclusivity(unchecked) private(set) var isOverfull = false
  /// Uids of a generic request's transient entities.
  private var generic: [EntityUID: UInt32] = [:]

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
    transients.removeAll(keepingCapacity: true)
    transientIDs.removeAll(keepingCapacity: true)
    fields.removeAll(keepingCapacity: true)
    if !transientNames.isEmpty { transientNames.removeAll(keepingCapacity: true) }
    if !transientTypes.isEmpty { transientTypes.removeAll(keepingCapacity: true) }
    if !generic.isEmpty { generic.removeAll(keepingCapacity: true) }
    nextTransient = SymbolTable.firstTransient
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
    for index in transients.indices where transients[index].number == entity.number {
      transients[index].ancestors = ancestors
      return
    }
    let type = storage?._withUnsafeGuaranteedRef { $0.slot(entity.number).type } ?? .max
    transients.append(TransientEntity(number: entity.number, type: type, ancestors: ancestors))
  }

  // invariant: points into the arena or the store, both of which last as long as the request.
  private func ancestors(of number: UInt32) -> UnsafeBufferPointer<UInt32> {
    for transient in transients where transient.number == number { return transient.ancestors }
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
    for (index, other) in transientIDs.enumerated() {
      let transient = transients[index]
      if transient.type == type, Word.compareBytes(other.bytes, id) == 0 { return transient.number }
    }
    return addTransient(type, copy(id))
  }

  private func addTransient(_ type: UInt32, _ id: Word) -> UInt32 {
    let number = nextTransient
    nextTransient &+= 1
    // The names of transient entities stand at the same places as they do, so these come first.
    let place = transientIDs.count
    transients.insert(
      TransientEntity(number: number, type: type, ancestors: UnsafeBufferPointer(start: nil, count: 0)), at: place)
    transientIDs.append(id)
    return number
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
    if let name = generic.first(where: { $0.value == number })?.key { return name }
    for (index, id) in transientIDs.enumerated() where transients[index].number == number {
      let type = storage.lineage.types.name(transients[index].type) ?? "unknown"
      return EntityUID(type: Name(unchecked: type), id: String(decoding: id.bytes, as: UTF8.self))
    }
    return nil
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
      guard let storage = frame.engine?.entities.storage else { return .max }
      if let known = storage.number(uid) { return known }
      if let known = frame.generic[uid] { return known }
      let type =
        storage.lineage.types.known(uid.type.text) ?? RequestFrame.transient(uid.type.text, &frame.transientTypes)
      let id = ValueLayout.string(uid.id, in: frame.arena)
      if id == nil { frame.isOverfull = true }
      let number = frame.addTransient(type, id ?? Word(.string, 0))
      frame.generic[uid] = number
      return number
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
  // invariant: engine, arena and both arrays are kept while `body` runs, and nothing changes them meanwhile.
  func withEvaluator<Result>(_ engine: PolicyEngine, _ body: (borrowing Evaluator) -> Result) -> Result {
    let program = engine.program
    let storage = engine.entities.storage
    return withExtendedLifetime((program, storage, self)) {
      transients.withUnsafeBufferPointer { transients in
        fields.withUnsafeBufferPointer { fields in
          let context: Word
          if let base = fields.baseAddress {
            context = Word(record: base, count: fields.count)
          } else {
            context = Word(.record, 0)
          }
          return body(
            Evaluator(
              nodes: program.nodes, operands: program.operands, constants: program.constants,
              policies: program.policies, program: Unmanaged.passUnretained(program),
              entities: Unmanaged.passUnretained(storage),
              top: storage.top, entityCount: UInt32(truncatingIfNeeded: storage.count),
              arena: Unmanaged.passUnretained(arena), transients: transients, principal: principal.number,
              action: action.number, resource: resource.number, context: context))
        }
      }
    }
  }
}

/// What a request says of an entity.
struct TransientEntity {
  var number: UInt32
  var type: UInt32
  /// In order.
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
