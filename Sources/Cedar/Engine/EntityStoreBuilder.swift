/// Makes a store, from nothing or from another one.
struct EntityStoreBuilder: ValueInterner {
  private let lineage: Lineage
  private var index: EntityIndex
  private var chunks: [EntityStorage.Chunk]
  /// Chunks that are this builder's own, and may be written.
  private var ownChunks: Set<Int> = []
  private var count: Int
  private var recordCount: Int
  private var newNumbers: [EntityUID: UInt32] = [:]
  private var newHashes: [(hash: UInt64, number: UInt32)] = []

  init(expecting count: Int) {
    lineage = Lineage()
    index = EntityIndex(expecting: count)
    chunks = []
    self.count = 0
    recordCount = 0
  }

  init(_ storage: EntityStorage) {
    lineage = storage.lineage
    index = storage.index
    chunks = storage.chunks
    count = storage.count
    recordCount = storage.recordCount
  }

  func storage() -> EntityStorage {
    var index = index
    index.add(newHashes)
    return EntityStorage(
      lineage: lineage, index: index, chunks: chunks, count: count, recordCount: recordCount)
  }

  // MARK: Numbers

  mutating func attribute(_ name: String) -> UInt32 { lineage.attributes.number(name) }

  mutating func entity(_ uid: EntityUID) -> UInt32 {
    if let number = newNumbers[uid] { return number }
    let type = lineage.types.number(uid.type.text)
    var id = uid.id
    let hash = id.withUTF8 { EntityIndex.hash(type: type, $0) }
    let known = id.withUTF8 { id in
      index.number(hash: hash) { number in slot(number).isNamed(type, id) }
    }
    if let known { return known }
    guard let name = EntityName(uid) else { return .max }
    let number = UInt32(truncatingIfNeeded: count)
    count += 1
    let (chunk, position) = place(number)
    chunk.names[position] = name
    chunk.slots[position] = EntitySlot(layout: nil, id: name.id, type: type)
    newNumbers[uid] = number
    newHashes.append((hash, number))
    return number
  }

  private func slot(_ number: UInt32) -> EntitySlot {
    chunks[Int(number) >> EntityStorage.chunkBits].slots[Int(number) & (EntityStorage.chunkSize - 1)]
  }

  private func record(_ number: UInt32) -> EntityRecord? {
    chunks[Int(number) >> EntityStorage.chunkBits].records[Int(number) & (EntityStorage.chunkSize - 1)]
  }

  /// The chunk of a number, as one that may be written, and the place in it.
  private mutating func place(_ number: UInt32) -> (EntityStorage.Chunk, Int) {
    let position = Int(number) >> EntityStorage.chunkBits
    while chunks.count <= position {
      ownChunks.insert(chunks.count)
      chunks.append(EntityStorage.Chunk(nil))
    }
    if ownChunks.insert(position).inserted { chunks[position] = EntityStorage.Chunk(chunks[position]) }
    return (chunks[position], Int(number) & (EntityStorage.chunkSize - 1))
  }

  private mutating func set(_ record: EntityRecord?, for number: UInt32) {
    let (chunk, place) = place(number)
    recordCount += (record == nil ? 0 : 1) - (chunk.records[place] == nil ? 0 : 1)
    chunk.records[place] = record
    chunk.slots[place].layout = record?.layout
  }

  // MARK: Entities

  mutating func add(_ entities: [Entity]) throws(EntityStoreError) {
    guard entities.count < Int(SymbolTable.firstTransient) / 2 else { throw .tooMany }
    var drafts: [UInt32: Draft] = [:]
    drafts.reserveCapacity(entities.count)
    for entity in entities {
      let number = self.entity(entity.uid)
      if let other = drafts[number] {
        guard other.entity == entity else { throw .duplicate(entity.uid) }
        continue
      }
      var parents: [UInt32] = []
      for parent in entity.parents { parents.append(self.entity(parent)) }
      drafts[number] = Draft(entity: entity, parents: parents.sorted())
    }
    try lay(out: &drafts)
  }

  mutating func replace(_ entity: Entity) throws(EntityStoreError) {
    let number = self.entity(entity.uid)
    var parents: [UInt32] = []
    for parent in entity.parents { parents.append(self.entity(parent)) }
    parents.sort()
    var drafts = [number: Draft(entity: entity, parents: parents)]
    if (record(number)?.parents ?? []) != parents { addDescendants(of: number, to: &drafts) }
    try lay(out: &drafts)
  }

  mutating func remove(_ uid: EntityUID) throws(EntityStoreError) {
    let number = self.entity(uid)
    guard let old = record(number) else { return }
    set(nil, for: number)
    var drafts: [UInt32: Draft] = [:]
    if !old.ancestors.isEmpty { addDescendants(of: number, to: &drafts) }
    try lay(out: &drafts)
  }

  private func addDescendants(of number: UInt32, to drafts: inout [UInt32: Draft]) {
    for (position, chunk) in chunks.enumerated() {
      for (place, record) in chunk.records.enumerated() {
        guard let record, record.ancestors.contains(number) else { continue }
        let other = UInt32(position * EntityStorage.chunkSize + place)
        if drafts[other] == nil { drafts[other] = Draft(entity: record.entity, parents: record.parents) }
      }
    }
  }

  private struct Draft {
    var entity: Entity
    var parents: [UInt32]
    var ancestors: [UInt32]?
    var isOpen = false
  }

  /// Finds the ancestors of all drafts and lays the entities out.
  private mutating func lay(out drafts: inout [UInt32: Draft]) throws(EntityStoreError) {
    var left = CedarLimits.ancestors
    for number in drafts.keys.sorted() { try findAncestors(of: number, in: &drafts, left: &left) }
    for (number, draft) in drafts.sorted(by: { $0.key < $1.key }) {
      let record = try EntityRecord(
        draft.entity, parents: draft.parents, ancestors: draft.ancestors ?? [], &self)
      set(record, for: number)
    }
  }

  /// Walks up without recursion, since chains may be long.
  private func findAncestors(
    of first: UInt32, in drafts: inout [UInt32: Draft], left: inout Int
  ) throws(EntityStoreError) {
    var path = [first]
    while let number = path.last {
      guard var draft = drafts[number], draft.ancestors == nil else {
        path.removeLast()
        continue
      }
      let missing = draft.parents.filter { drafts[$0].map { $0.ancestors == nil } ?? false }
      if missing.isEmpty {
        var ancestors = draft.parents
        for parent in draft.parents {
          ancestors = EntityStoreBuilder.merged(
            ancestors, drafts[parent]?.ancestors ?? record(parent)?.ancestors ?? [])
        }
        guard !ancestors.contains(number) else { throw .cycle(draft.entity.uid) }
        left -= ancestors.count
        guard left >= 0 else { throw .tooMany }
        draft.ancestors = ancestors
        draft.isOpen = false
        path.removeLast()
      } else {
        guard !draft.isOpen else { throw .cycle(draft.entity.uid) }
        draft.isOpen = true
        path += missing
      }
      drafts[number] = draft
    }
  }

  /// Both lists, which are in order, as one without repeats.
  private static func merged(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
    if right.isEmpty { return left }
    var result: [UInt32] = []
    result.reserveCapacity(left.count + right.count)
    var (rest, others) = (left[...], right[...])
    while let a = rest.first, let b = others.first {
      result.append(min(a, b))
      if a <= b { rest = rest.dropFirst() }
      if b <= a { others = others.dropFirst() }
    }
    return result + rest + others
  }
}
