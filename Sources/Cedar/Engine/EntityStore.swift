/// Entities with their ancestors, ready for decisions. A value: a changed copy shares with its original all that is equal.
public struct EntityStore: Sendable {
  let storage: EntityStorage

  /// - Throws: when two different entities have one name, or one is its own ancestor.
  public init(_ entities: [Entity] = []) throws(EntityStoreError) {
    var builder = EntityStoreBuilder(expecting: entities.count)
    try builder.add(entities)
    storage = builder.storage()
  }

  init(_ storage: EntityStorage) { self.storage = storage }

  /// Entities that the store knows something of.
  public var count: Int { storage.recordCount }

  public subscript(uid: EntityUID) -> Entity? {
    storage.number(uid).flatMap { storage.record($0) }?.entity
  }

  /// All that an entity is in, itself left out.
  public func ancestors(of uid: EntityUID) -> Set<EntityUID> {
    let record = storage.number(uid).flatMap { storage.record($0) }
    return Set((record?.ancestors ?? []).map { storage.uid($0) })
  }

  /// All entities, in no order that could be relied on.
  public var entities: [Entity] {
    (0..<storage.count).compactMap { storage.record(UInt32($0))?.entity }
  }

  /// The store with this entity in the place of the one that had its name, or beside the others. What was in the entity is
  /// in its new ancestors from then on.
  /// - Throws: when the entity would be its own ancestor.
  public func replacing(_ entity: Entity) throws(EntityStoreError) -> EntityStore {
    var builder = EntityStoreBuilder(storage)
    try builder.replace(entity)
    return EntityStore(builder.storage())
  }

  /// The store without this entity. What was in it stays in it, and is in its ancestors no more.
  public func removing(_ uid: EntityUID) throws(EntityStoreError) -> EntityStore {
    var builder = EntityStoreBuilder(storage)
    try builder.remove(uid)
    return EntityStore(builder.storage())
  }
}

/// Entities by number, in chunks that versions share.
// invariant: nothing is written after the initializer returned, so that all threads may read it.
final class EntityStorage: @unchecked Sendable {
  static let chunkBits = 7
  static let chunkSize = 1 << chunkBits

  /// The slots of entities whose numbers follow each other.
  // invariant: nothing is written after `EntityStoreBuilder.storage()` returned the storage that has it.
  final class Chunk: @unchecked Sendable {
    let slots: UnsafeMutablePointer<EntitySlot>
    var records: [EntityRecord?]
    var names: [EntityName?]

    init(_ other: Chunk?) {
      slots = UnsafeMutablePointer<EntitySlot>.allocate(capacity: chunkSize)
      if let other {
        slots.initialize(from: other.slots, count: chunkSize)
      } else {
        slots.initialize(repeating: EntitySlot(), count: chunkSize)
      }
      records = other?.records ?? Array(repeating: nil, count: chunkSize)
      names = other?.names ?? Array(repeating: nil, count: chunkSize)
    }

    deinit { slots.deallocate() }
  }

  let lineage: Lineage
  let index: EntityIndex
  let chunks: [Chunk]
  /// Names that have a number.
  let count: Int
  let recordCount: Int
  /// The slots of each chunk.
  let top: UnsafeMutablePointer<UnsafeMutablePointer<EntitySlot>>
  /// The index's shards.
  private let shards: UnsafeMutableBufferPointer<EntityIndex.View>

  init(lineage: Lineage, index: EntityIndex, chunks: [Chunk], count: Int, recordCount: Int) {
    self.lineage = lineage
    self.index = index
    self.chunks = chunks
    self.count = count
    self.recordCount = recordCount
    top = UnsafeMutablePointer<UnsafeMutablePointer<EntitySlot>>.allocate(capacity: max(chunks.count, 1))
    for (position, chunk) in chunks.enumerated() { (top + position).initialize(to: chunk.slots) }
    shards = UnsafeMutableBufferPointer<EntityIndex.View>.allocate(capacity: index.shards.count)
    _ = shards.initialize(from: index.shards.map { EntityIndex.View(slots: $0.slots, mask: $0.mask) })
  }

  deinit {
    top.deallocate()
    shards.deallocate()
  }

  func number(_ uid: EntityUID) -> UInt32? {
    guard let type = lineage.types.known(uid.type.text) else { return nil }
    var id = uid.id
    return id.withUTF8 { number(type: type, $0) }
  }

  // invariant: the bytes are read during the call only.
  func number(type: UInt32, _ id: UnsafeBufferPointer<UInt8>) -> UInt32? {
    let hash = EntityIndex.hash(type: type, id)
    return shards[EntityIndex.part(hash, of: shards.count)].number(UInt32(truncatingIfNeeded: hash)) { number in
      slot(number).isNamed(type, id)
    }
  }

  func slot(_ number: UInt32) -> EntitySlot {
    guard Int(number) < count else { return EntitySlot() }
    return top[Int(number) >> EntityStorage.chunkBits][Int(number) & (EntityStorage.chunkSize - 1)]
  }

  func record(_ number: UInt32) -> EntityRecord? {
    guard Int(number) < count else { return nil }
    return chunks[Int(number) >> EntityStorage.chunkBits].records[Int(number) & (EntityStorage.chunkSize - 1)]
  }

  /// Whether every number of the other's stands for the same name here. Two stores that came from one may have given the
  /// same numbers to different names.
  func extends(_ other: EntityStorage) -> Bool {
    guard lineage === other.lineage, count >= other.count else { return false }
    for (index, chunk) in other.chunks.enumerated() where chunks[index] !== chunk {
      for place in 0..<min(EntityStorage.chunkSize, other.count - index << EntityStorage.chunkBits)
      where chunks[index].names[place] !== chunk.names[place] { return false }
    }
    return true
  }

  func uid(_ number: UInt32) -> EntityUID {
    guard Int(number) < count,
      let name = chunks[Int(number) >> EntityStorage.chunkBits].names[Int(number) & (EntityStorage.chunkSize - 1)]
    else { return EntityUID(type: Name(unchecked: "unknown"), id: "") }
    return name.uid
  }
}

/// What all stores and engines that came from each other have in common: the numbers of names, which only ever join.
final class Lineage: Sendable {
  let attributes = SymbolTable()
  let types = SymbolTable()
}

/// The name of an entity, with its id as bytes.
final class EntityName: Sendable {
  let uid: EntityUID
  private let block: Block
  let id: Word

  init?(_ uid: EntityUID) {
    let block = Block(bytes: uid.id.utf8.count)
    guard let id = ValueLayout.string(uid.id, in: block) else { return nil }
    self.uid = uid
    self.block = block
    self.id = id
  }
}

// invariant: what a word points to does not change once the word was made.
extension Word: @unchecked Sendable {}

/// What the evaluator reads of an entity.
// invariant: points into the name and the record of the chunk that has the slot.
struct EntitySlot: @unchecked Sendable {
  var layout: EntityLayout?
  var id = Word(.string, 0)
  var type: UInt32 = .max

  // invariant: the bytes are read during the call only.
  func isNamed(_ type: UInt32, _ id: UnsafeBufferPointer<UInt8>) -> Bool {
    self.type == type && Word.compareBytes(self.id.bytes, id) == 0
  }
}
