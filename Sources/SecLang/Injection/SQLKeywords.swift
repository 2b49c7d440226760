/// The words and phrases of SQL with their kinds, found by a hash of their upper-case bytes.
///
/// Built once from `SQLKeywordData`; a look-up neither allocates nor copies.
struct SQLKeywords: Sendable {
  struct Match {
    /// `none` for what is no word of its own but begins a phrase.
    var kind = SQLTokenKind.none
    var traits: SQLWordTraits = []
    /// Where the word stands in the table.
    var start = 0
  }

  /// A hash that grows byte by byte, so that every prefix of a word has its own.
  struct Hash {
    fileprivate var value: UInt32 = 0x811C_9DC5

    @inline(__always) mutating func add(_ byte: UInt8) {
      value = (value ^ UInt32(ByteScan.uppercased(byte))) &* 0x0100_0193
    }
  }

  private struct Slot {
    var hash: UInt32 = 0
    var start: UInt16 = 0
    /// 0 in an empty slot.
    var length: UInt8 = 0
    var kind = SQLTokenKind.none
    var traits: SQLWordTraits = []
  }

  static let shared = SQLKeywords()

  /// A power of two, about twice the number of words.
  private static let slotCount = 2048

  private var slots = [Slot](repeating: Slot(), count: SQLKeywords.slotCount)
  private var bytes: [UInt8] = []

  private init() {
    var kind = SQLTokenKind.none
    var word: [UInt8] = []
    var startsLine = true
    for byte in SQLKeywordData.words.utf8 {
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: "\n"):
        insert(word, kind: kind)
        word.removeAll(keepingCapacity: true)
        startsLine = byte == UInt8(ascii: "\n")
      case _ where startsLine:
        kind = SQLTokenKind(letter: byte) ?? .none
        startsLine = false
      case UInt8(ascii: " ") where word.isEmpty: break
      default: word.append(byte)
      }
    }
    insert(word, kind: kind)
  }

  /// Inserts a word, and for a phrase also each of its beginnings.
  private mutating func insert(_ word: [UInt8], kind: SQLTokenKind) {
    for place in word.indices where word[place] == UInt8(ascii: " ") {
      let index = slot(for: Array(word[..<place]))
      slots[index].traits.insert(.startsPhrase)
    }
    let index = slot(for: word)
    slots[index].kind = kind
    slots[index].traits.formUnion(Self.traits(of: word))
  }

  /// The slot of a word, taken for it when it had none.
  private mutating func slot(for word: [UInt8]) -> Int {
    var hash = Hash()
    for byte in word { hash.add(byte) }
    if let index = find(hash, length: word.count, in: word.span, from: 0) { return index }
    var index = Self.home(of: hash)
    while slots[index].length != 0 { index = (index + 1) & (Self.slotCount - 1) }
    slots[index].hash = hash.value
    slots[index].start = UInt16(truncatingIfNeeded: bytes.count)
    slots[index].length = UInt8(truncatingIfNeeded: word.count)
    bytes.append(contentsOf: word)
    return index
  }

  private static func traits(of word: [UInt8]) -> SQLWordTraits {
    switch String(decoding: word, as: UTF8.self) {
    case "USER": [.callable, .user]
    case "USER_ID", "USER_NAME", "DATABASE", "PASSWORD", "CURRENT_USER", "CURRENT_DATE", "CURRENT_TIME",
      "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP":
      .callable
    case "IN", "NOT IN": .membership
    case "LIKE", "NOT LIKE": .likeness
    case "NOT": .negation
    case "INTO OUTFILE", "INTO DUMPFILE": .export
    default: []
    }
  }

  private static func home(of hash: Hash) -> Int {
    Int((hash.value &* 0x9E37_79B1) >> 21) & (slotCount - 1)
  }

  /// The word of `length` bytes at `start`, whose hash the caller has.
  func match(_ hash: Hash, length: Int, in input: Span<UInt8>, from start: Int) -> Match? {
    guard let index = find(hash, length: length, in: input, from: start) else { return nil }
    let slot = slots[index]
    return Match(kind: slot.kind, traits: slot.traits, start: Int(slot.start))
  }

  /// The word of `length` bytes at `start`.
  func match(length: Int, in input: Span<UInt8>, from start: Int) -> Match? {
    guard length > 0, length <= SQLToken.maximumLength, start >= 0, start + length <= input.count else { return nil }
    var hash = Hash()
    for index in start..<(start + length) { hash.add(input[index]) }
    return match(hash, length: length, in: input, from: start)
  }

  /// The phrase of two tokens' values with a blank between them.
  func match(_ first: SQLToken, _ second: SQLToken, of input: Span<UInt8>) -> (match: Match, length: Int)? {
    let length = first.length + 1 + second.length
    guard length <= SQLToken.maximumLength else { return nil }
    var phrase = InlineArray<32, UInt8>(repeating: UInt8(ascii: " "))
    for index in 0..<first.length { phrase[index] = first.byte(index, of: input) }
    let gap = first.length + 1
    for index in 0..<second.length { phrase[gap + index] = second.byte(index, of: input) }
    guard let match = match(length: length, in: phrase.span, from: 0), match.kind != .none else { return nil }
    return (match, length)
  }

  /// A byte of the table.
  func byte(at index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  @inline(__always)
  private func find(_ hash: Hash, length: Int, in input: Span<UInt8>, from start: Int) -> Int? {
    var index = Self.home(of: hash)
    while slots[index].length != 0 {
      if slots[index].hash == hash.value, Int(slots[index].length) == length,
        isWord(at: Int(slots[index].start), length: length, in: input, from: start)
      {
        return index
      }
      index = (index + 1) & (Self.slotCount - 1)
    }
    return nil
  }

  private func isWord(at place: Int, length: Int, in input: Span<UInt8>, from start: Int) -> Bool {
    for index in 0..<length where ByteScan.uppercased(input[start + index]) != bytes[place + index] { return false }
    return true
  }
}
