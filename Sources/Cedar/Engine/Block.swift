/// Memory that values are laid out in: allocated once, filled once, freed with its owner.
// invariant: nothing is written after the initializer of the owner returned, so that it may be read by all threads.
final class Block: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  private let size: Int
  private var used = 0

  init(bytes: Int) {
    size = Block.rounded(max(bytes, 16))
    start = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
  }

  deinit { start.deallocate() }

  /// Room for `count` elements, aligned to eight bytes.
  // invariant: the caller has reserved the bytes with `bytes(for:)` and writes all elements before it reads any.
  func room<Element>(for count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element>? {
    let bytes = Block.rounded(count * MemoryLayout<Element>.stride)
    guard bytes <= size - used else { return nil }
    defer { used += bytes }
    return (start + used).bindMemory(to: type, capacity: count)
  }

  static func rounded(_ bytes: Int) -> Int { (bytes + 15) & ~15 }
}

/// What turns names and entities into numbers while values are laid out.
protocol ValueInterner {
  mutating func attribute(_ name: String) -> UInt32
  mutating func entity(_ uid: EntityUID) -> UInt32
}

/// Where values are laid out.
protocol ValueRoom {
  /// Room for `count` elements; nil when there is none left.
  // invariant: the memory lives as long as the words that are made of it are read.
  func room<Element>(for count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element>?
}

extension Block: ValueRoom {}

enum ValueLayout {
  /// Bytes that a value needs beside its word.
  static func bytes(for value: Value) -> Int {
    switch value {
    case .bool, .long, .entity, .decimal, .datetime, .duration: 0
    case .string(let text): Block.rounded(text.utf8.count)
    case .ip: 16
    case .set(let elements):
      elements.reduce(Block.rounded(elements.count * MemoryLayout<Word>.stride)) { $0 + bytes(for: $1) }
    case .record(let fields): bytes(for: fields)
    }
  }

  static func bytes(for fields: [String: Value]) -> Int {
    fields.values.reduce(Block.rounded(fields.count * MemoryLayout<Field>.stride)) { $0 + bytes(for: $1) }
  }

  /// - Returns: nil when there is no room.
  static func word(
    _ value: Value, in room: some ValueRoom, _ interner: inout some ValueInterner
  ) -> Word? {
    switch value {
    case .bool(let value): return Word(value)
    case .long(let value): return Word(value)
    case .string(let text): return string(text, in: room)
    case .entity(let uid): return Word(entity: interner.entity(uid))
    case .decimal(let value): return Word(.decimal, number: value.tenThousandths)
    case .datetime(let value): return Word(.datetime, number: value.milliseconds)
    case .duration(let value): return Word(.duration, number: value.milliseconds)
    case .ip(let network): return ip(network, in: room)
    case .set(let elements):
      var words: [Word] = []
      words.reserveCapacity(elements.count)
      for element in elements {
        guard let word = word(element, in: room, &interner) else { return nil }
        words.append(word)
      }
      return set(words, in: room)
    case .record(let fields): return record(fields, in: room, &interner)
    }
  }

  static func record(
    _ fields: [String: Value], in room: some ValueRoom, _ interner: inout some ValueInterner
  ) -> Word? {
    var laidOut: [Field] = []
    laidOut.reserveCapacity(fields.count)
    for (name, value) in fields {
      guard let word = word(value, in: room, &interner) else { return nil }
      laidOut.append(Field(name: interner.attribute(name), value: word))
    }
    laidOut.sort { $0.name < $1.name }
    guard let start = room.room(for: laidOut.count, of: Field.self) else { return nil }
    for (index, field) in laidOut.enumerated() { (start + index).initialize(to: field) }
    return Word(record: start, count: laidOut.count)
  }

  // invariant: the room is written from its first element to its last.
  static func set(_ words: [Word], in room: some ValueRoom) -> Word? {
    guard let start = room.room(for: words.count, of: Word.self) else { return nil }
    for (index, word) in words.enumerated() { (start + index).initialize(to: word) }
    return Word(set: start, count: removeRepeats(UnsafeMutableBufferPointer(start: start, count: words.count)))
  }

  /// Puts elements in order, each once; few need no memory for that.
  /// - Returns: how many there are.
  // invariant: writes within the buffer, which belongs to the caller.
  static func removeRepeats(_ words: UnsafeMutableBufferPointer<Word>) -> Int {
    var words = words
    words.sort { Word.compare($0, $1) < 0 }
    var count = 0
    for index in words.indices where count == 0 || Word.compare(words[count - 1], words[index]) != 0 {
      words[count] = words[index]
      count += 1
    }
    return count
  }

  static func string(_ text: String, in room: some ValueRoom) -> Word? {
    let count = text.utf8.count
    guard count <= CedarLimits.textBytes, let start = room.room(for: count, of: UInt8.self) else { return nil }
    for (index, byte) in text.utf8.enumerated() { (start + index).initialize(to: byte) }
    return Word(string: start, count: count)
  }

  static func ip(_ network: IPNetwork, in room: some ValueRoom) -> Word? {
    guard let start = room.room(for: 2, of: UInt64.self) else { return nil }
    start.initialize(to: UInt64(truncatingIfNeeded: network.address >> 64))
    (start + 1).initialize(to: UInt64(truncatingIfNeeded: network.address))
    return Word(ip: start, isV6: network.isV6, prefix: network.prefix)
  }
}
