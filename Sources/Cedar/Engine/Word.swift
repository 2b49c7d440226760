import Glibc

/// A value as the evaluator has it: sixteen bytes that hold it or point to it, without references to count.
///
/// What a word points to lives in the block of an entity, of a program or in the arena of a request's frame, and whoever
/// reads it keeps the owner alive meanwhile.
struct Word {
  enum Tag: UInt8 {
    case bool, long, string, entity, set, record, decimal, ip, datetime, duration
  }

  /// The value itself, or the address of its bytes, elements or fields.
  var bits: UInt64
  /// Bytes of a string, elements of a set, fields of a record, prefix and family of an address range.
  var count: UInt32
  var tag: Tag

  init(_ tag: Tag, _ bits: UInt64, count: UInt32 = 0) {
    self.bits = bits
    self.count = count
    self.tag = tag
  }

  init(_ value: Bool) { self.init(.bool, value ? 1 : 0) }
  init(_ value: Int64) { self.init(.long, UInt64(bitPattern: value)) }
  init(entity: UInt32) { self.init(.entity, UInt64(entity)) }

  init(_ tag: Tag, number: Int64) { self.init(tag, UInt64(bitPattern: number)) }

  // invariant: the bytes outlive the word; see above.
  init(string: UnsafePointer<UInt8>, count: Int) {
    self.init(.string, UInt64(UInt(bitPattern: string)), count: UInt32(truncatingIfNeeded: count))
  }

  // invariant: as with strings; the elements are in order and none is there twice.
  init(set: UnsafePointer<Word>, count: Int) {
    self.init(.set, UInt64(UInt(bitPattern: set)), count: UInt32(truncatingIfNeeded: count))
  }

  // invariant: as with strings; the fields are in the order of their names and no name is there twice.
  init(record: UnsafePointer<Field>, count: Int) {
    self.init(.record, UInt64(UInt(bitPattern: record)), count: UInt32(truncatingIfNeeded: count))
  }

  // invariant: as with strings; two numbers, the high half of the address first.
  init(ip: UnsafePointer<UInt64>, isV6: Bool, prefix: UInt8) {
    self.init(.ip, UInt64(UInt(bitPattern: ip)), count: UInt32(prefix) | (isV6 ? 0x100 : 0))
  }

  var isTrue: Bool { bits != 0 }
  var long: Int64 { Int64(bitPattern: bits) }
  var entity: UInt32 { UInt32(truncatingIfNeeded: bits) }

  // invariant: only of a word with the tag `string`.
  var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: UnsafePointer(bitPattern: UInt(bits)), count: Int(count))
  }

  // invariant: only of a word with the tag `set`.
  var elements: UnsafeBufferPointer<Word> {
    UnsafeBufferPointer(start: UnsafePointer(bitPattern: UInt(bits)), count: Int(count))
  }

  // invariant: only of a word with the tag `record`.
  var fields: UnsafeBufferPointer<Field> {
    UnsafeBufferPointer(start: UnsafePointer(bitPattern: UInt(bits)), count: Int(count))
  }

  // invariant: only of a word with the tag `ip`.
  var network: IPNetwork {
    let halves = UnsafeBufferPointer<UInt64>(start: UnsafePointer(bitPattern: UInt(bits)), count: 2)
    let address = UInt128(halves[0]) << 64 | UInt128(halves[1])
    return IPNetwork(address: address, isV6: count & 0x100 != 0, prefix: UInt8(truncatingIfNeeded: count))
  }
}

/// One field of a record.
struct Field {
  /// Its name in the symbol table, or one of the frame's.
  var name: UInt32
  var value: Word
}

extension Word {
  /// `==` of the language: false between values of two types.
  static func areEqual(_ left: Word, _ right: Word) -> Bool {
    guard left.tag == right.tag else { return false }
    switch left.tag {
    case .bool, .long, .entity, .decimal, .datetime, .duration: return left.bits == right.bits
    default: return compare(left, right) == 0
    }
  }

  /// An order of all values, for sets: negative, zero or positive.
  static func compare(_ left: Word, _ right: Word) -> Int {
    guard left.tag == right.tag else { return Int(left.tag.rawValue) - Int(right.tag.rawValue) }
    switch left.tag {
    case .bool, .entity: return left.bits == right.bits ? 0 : left.bits < right.bits ? -1 : 1
    case .long, .decimal, .datetime, .duration: return left.long == right.long ? 0 : left.long < right.long ? -1 : 1
    case .string: return compareBytes(left.bytes, right.bytes)
    case .ip:
      if left.count != right.count { return left.count < right.count ? -1 : 1 }
      let (a, b) = (left.network.address, right.network.address)
      return a == b ? 0 : a < b ? -1 : 1
    case .set:
      if left.count != right.count { return left.count < right.count ? -1 : 1 }
      for index in 0..<Int(left.count) {
        let order = compare(left.elements[index], right.elements[index])
        if order != 0 { return order }
      }
      return 0
    case .record:
      if left.count != right.count { return left.count < right.count ? -1 : 1 }
      for index in 0..<Int(left.count) {
        let (a, b) = (left.fields[index], right.fields[index])
        if a.name != b.name { return a.name < b.name ? -1 : 1 }
        let order = compare(a.value, b.value)
        if order != 0 { return order }
      }
      return 0
    }
  }

  // invariant: reads within both buffers.
  static func compareBytes(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
    if left.count != right.count { return left.count < right.count ? -1 : 1 }
    guard let a = left.baseAddress, let b = right.baseAddress else { return 0 }
    return Int(memcmp(a, b, left.count))
  }

  /// Whether a set has this element.
  func contains(_ element: Word) -> Bool {
    let elements = elements
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low &+ high) / 2
      let order = Word.compare(elements[middle], element)
      if order == 0 { return true }
      if order < 0 { low = middle &+ 1 } else { high = middle }
    }
    return false
  }

  /// A record's field with this name.
  func field(_ name: UInt32) -> Word? {
    let fields = fields
    if fields.count <= 8 {
      for field in fields where field.name == name { return field.value }
      return nil
    }
    var low = 0
    var high = fields.count
    while low < high {
      let middle = (low &+ high) / 2
      let found = fields[middle].name
      if found == name { return fields[middle].value }
      if found < name { low = middle &+ 1 } else { high = middle }
    }
    return nil
  }
}

extension Word.Tag {
  /// The type's name for messages.
  var typeName: String {
    switch self {
    case .bool: "bool"
    case .long: "long"
    case .string: "string"
    case .entity: "entity"
    case .set: "set"
    case .record: "record"
    case .decimal: "decimal"
    case .ip: "ipaddr"
    case .datetime: "datetime"
    case .duration: "duration"
    }
  }
}
