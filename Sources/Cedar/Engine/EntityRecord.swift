/// What is known of an entity, laid out in one block.
// invariant: the layout points into the block, which the record keeps and nobody writes after the initializer returned.
final class EntityRecord: Sendable {
  let entity: Entity
  let parents: [UInt32]
  /// All entities that it is in, itself left out, in order.
  let ancestors: [UInt32]
  private let block: Block
  let layout: EntityLayout

  /// - Throws: when the entity is too large.
  init(_ entity: Entity, parents: [UInt32], ancestors: [UInt32], _ interner: inout some ValueInterner)
    throws(EntityStoreError)
  {
    let tagBytes = entity.tags.reduce(Block.rounded(entity.tags.count * MemoryLayout<TagEntry>.stride)) { sum, tag in
      sum + Block.rounded(tag.key.utf8.count) + ValueLayout.bytes(for: tag.value)
    }
    let block = Block(
      bytes: Block.rounded(ancestors.count * MemoryLayout<UInt32>.stride)
        + ValueLayout.bytes(for: entity.attributes) + tagBytes)
    guard let ancestorsStart = block.room(for: ancestors.count, of: UInt32.self),
      let attributes = ValueLayout.record(entity.attributes, in: block, &interner),
      let tags = EntityRecord.tags(entity.tags, in: block, &interner)
    else { throw EntityStoreError.tooLarge(entity.uid) }
    for (index, ancestor) in ancestors.enumerated() { (ancestorsStart + index).initialize(to: ancestor) }
    self.entity = entity
    self.parents = parents
    self.ancestors = ancestors
    self.block = block
    layout = EntityLayout(
      ancestors: UnsafeBufferPointer(start: ancestorsStart, count: ancestors.count), attributes: attributes, tags: tags)
  }

  private static func tags(
    _ tags: [String: Value], in block: Block, _ interner: inout some ValueInterner
  ) -> UnsafeBufferPointer<TagEntry>? {
    var entries: [TagEntry] = []
    for (key, value) in tags {
      guard let key = ValueLayout.string(key, in: block), let value = ValueLayout.word(value, in: block, &interner)
      else { return nil }
      entries.append(TagEntry(key: key, value: value))
    }
    entries.sort { Word.compare($0.key, $1.key) < 0 }
    guard let start = block.room(for: entries.count, of: TagEntry.self) else { return nil }
    for (index, entry) in entries.enumerated() { (start + index).initialize(to: entry) }
    return UnsafeBufferPointer(start: start, count: entries.count)
  }
}

struct TagEntry {
  var key: Word
  var value: Word
}

/// The evaluator's view of an entity.
// invariant: points into the block of an `EntityRecord`, which never changes and which the store that is read keeps.
struct EntityLayout: @unchecked Sendable {
  var ancestors: UnsafeBufferPointer<UInt32>
  /// A record.
  var attributes: Word
  var tags: UnsafeBufferPointer<TagEntry>

  func tag(_ key: Word) -> Word? {
    var low = 0
    var high = tags.count
    while low < high {
      let middle = (low &+ high) / 2
      let order = Word.compare(tags[middle].key, key)
      if order == 0 { return tags[middle].value }
      if order < 0 { low = middle &+ 1 } else { high = middle }
    }
    return nil
  }

  static func contains(_ ancestors: UnsafeBufferPointer<UInt32>, _ wanted: UInt32) -> Bool {
    if ancestors.count <= 8 {
      for ancestor in ancestors where ancestor == wanted { return true }
      return false
    }
    var low = 0
    var high = ancestors.count
    while low < high {
      let middle = (low &+ high) / 2
      let found = ancestors[middle]
      if found == wanted { return true }
      if found < wanted { low = middle &+ 1 } else { high = middle }
    }
    return false
  }
}

/// Entities that can't be made a store of.
public enum EntityStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Two that differ have the same name.
  case duplicate(EntityUID)
  /// It is its own ancestor.
  case cycle(EntityUID)
  case tooLarge(EntityUID)
  case tooMany

  public var description: String {
    switch self {
    case .duplicate(let uid): "the entity `\(uid)` is there twice, with different content"
    case .cycle(let uid): "the entity `\(uid)` is its own ancestor"
    case .tooLarge(let uid): "the entity `\(uid)` is too large"
    case .tooMany: "there are too many entities, or too many ancestors of them"
    }
  }
}
