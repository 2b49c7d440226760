/// The set of token sequences that count as an injection, built once from `SQLFingerprintData`.
///
/// Upper and lower case of a letter are the same here. A sequence is kept as its first four letters, with a set of
/// what may be fifth; nothing is one of the choices, for the shorter ones.
struct SQLFingerprints: Sendable {
  private struct Slot {
    /// Four kinds of five bits; no sequence begins with nothing, so 0 is an empty slot.
    var head: UInt32 = 0
    /// A bit a kind.
    var fifth: UInt32 = 0
  }

  static let shared = SQLFingerprints()

  /// A power of two, about twice the number of heads.
  private static let slotCount = 4096

  private var slots = [Slot](repeating: Slot(), count: SQLFingerprints.slotCount)

  private init() {
    var kinds = [SQLTokenKind](repeating: .none, count: 256)
    for kind in SQLTokenKind.allCases where kind != .none { kinds[Int(ByteScan.uppercased(kind.letter))] = kind }
    var key = Key()
    for byte in SQLFingerprintData.short.utf8 {
      if byte == UInt8(ascii: " ") {
        insert(key)
        key = Key()
      } else {
        key.add(kinds[Int(byte)])
      }
    }
    insert(key)
    key = Key()
    for byte in SQLFingerprintData.long.utf8 {
      if byte == UInt8(ascii: " ") {
        key = Key()
      } else if key.count < 4 {
        key.add(kinds[Int(byte)])
      } else {
        var whole = key
        whole.add(kinds[Int(byte)])
        insert(whole)
      }
    }
  }

  /// `t` and `T` are one letter in upper case.
  @inline(__always) private static func folded(_ kind: SQLTokenKind) -> SQLTokenKind {
    kind == .transactSQL ? .sqlType : kind
  }

  private mutating func insert(_ key: Key) {
    var index = Self.home(of: key.head)
    while slots[index].head != 0, slots[index].head != key.head { index = (index + 1) & (Self.slotCount - 1) }
    slots[index].head = key.head
    slots[index].fifth |= 1 &<< key.fifth
  }

  private static func home(of head: UInt32) -> Int {
    Int((head &* 0x9E37_79B1) >> 20) & (slotCount - 1)
  }

  /// A sequence of at most five kinds.
  struct Key {
    fileprivate var head: UInt32 = 0
    fileprivate var fifth: UInt32 = 0
    fileprivate private(set) var count: UInt32 = 0

    @inline(__always) mutating func add(_ kind: SQLTokenKind) {
      let code = UInt32(SQLFingerprints.folded(kind).rawValue)
      if count < 4 {
        head |= code &<< (count &* 5)
      } else {
        fifth = code
      }
      count &+= 1
    }
  }

  func contains(_ key: Key) -> Bool {
    var index = Self.home(of: key.head)
    while slots[index].head != 0 {
      if slots[index].head == key.head { return (slots[index].fifth &>> key.fifth) & 1 != 0 }
      index = (index + 1) & (Self.slotCount - 1)
    }
    return false
  }
}
