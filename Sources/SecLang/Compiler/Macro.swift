/// Text with `%{…}` in it, taken apart: `Matched %{TX.0} in %{MATCHED_VAR_NAME}`.
final class Macro: Sendable {
  enum Piece: Sendable {
    case literal([UInt8])
    /// A TX variable by its slot.
    case tx(Int)
    /// Another variable, with the name in it for collections.
    case variable(Variable, [UInt8])
  }

  /// A piece that is copied from somewhere, with nothing in it to count references to.
  enum Copy: Sendable {
    /// Bytes of ``literals``.
    case literal(Range<Int>)
    case tx(Int)
    case lastValue, lastName
  }

  let pieces: [Piece]
  /// The same, where literals, TX variables and the last match are all there is; else nil.
  let copies: [Copy]?
  /// The literals of ``copies``, one after another.
  let literals: [UInt8]
  /// The TX variable that it stands for.
  let slot: Int?

  init(pieces: [Piece]) {
    self.pieces = pieces
    var copies: [Copy]? = []
    var literals: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .literal(let literal):
        copies?.append(.literal(literals.count..<(literals.count + literal.count)))
        literals += literal
      case .tx(let slot): copies?.append(.tx(slot))
      case .variable(.matchedVar, _): copies?.append(.lastValue)
      case .variable(.matchedVarName, _): copies?.append(.lastName)
      case .variable: copies = nil
      }
    }
    self.copies = copies
    self.literals = literals
    if pieces.count == 1, case .tx(let slot) = pieces[0] { self.slot = slot } else { slot = nil }
  }

  /// The text, where nothing in it changes.
  var constant: [UInt8]? {
    switch pieces.count {
    case 0: return []
    case 1: if case .literal(let text) = pieces[0] { return text } else { return nil }
    default: return nil
    }
  }
}

extension Macro {
  /// Why a macro can't be read.
  struct Problem: Error {
    let message: String
  }

  /// - Parameter slots: the names of TX variables, which a new name joins.
  convenience init(_ text: [UInt8], slots: inout TXNames) throws(Problem) {
    var pieces: [Piece] = []
    var literal: [UInt8] = []
    var index = 0
    while index < text.count {
      guard text[index] == 0x25, index + 1 < text.count, text[index + 1] == 0x7b,
        let end = text[index...].firstIndex(of: 0x7d)
      else {
        literal.append(text[index])
        index += 1
        continue
      }
      if !literal.isEmpty { pieces.append(.literal(literal)) }
      literal = []
      pieces.append(try Self.piece(text[(index + 2)..<end], slots: &slots))
      index = end + 1
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
    self.init(pieces: pieces)
  }

  private static func piece(_ text: ArraySlice<UInt8>, slots: inout TXNames) throws(Problem) -> Piece {
    let separator = text.firstIndex { $0 == 0x2e || $0 == 0x3a }
    let name = String(decoding: text[..<(separator ?? text.endIndex)], as: UTF8.self).uppercased()
    let rest = separator.map { ASCII.lowercased(text[($0 + 1)...]) } ?? []
    guard let variable = Variable(rawValue: name) else {
      throw Problem(message: "`%{\(String(decoding: text, as: UTF8.self))}` names no variable")
    }
    guard variable == .tx, !rest.isEmpty else { return .variable(variable, rest) }
    return .tx(slots.slot(rest))
  }
}

/// Names of TX variables that occur in the rules, and the slots of their values. The first ten are the captured groups.
struct TXNames: Sendable {
  private(set) var names: [[UInt8]] = []
  private var slots: [[UInt8]: Int] = [:]

  init() {
    for digit in UInt8(0x30)...0x39 { _ = slot([digit]) }
  }

  /// The slot of a name, in lower case; made when it is new.
  mutating func slot(_ name: [UInt8]) -> Int {
    if let slot = slots[name] { return slot }
    slots[name] = names.count
    names.append(name)
    return names.count - 1
  }

}

/// Finds the slot of a TX variable by a name in the arena.
final class TXIndex: Sendable {
  /// Slots by hash, -1 for a free place; a power of two of them.
  private let table: [Int32]
  private let hashes: [UInt64]
  private let names: [[UInt8]]

  init(_ names: TXNames) {
    self.names = names.names
    hashes = names.names.map { TXStore.hash($0.span) }
    var size = 64
    while size < hashes.count * 3 { size *= 2 }
    var table = [Int32](repeating: -1, count: size)
    for slot in hashes.indices {
      var place = Int(truncatingIfNeeded: hashes[slot]) & (size - 1)
      while table[place] >= 0 { place = (place + 1) & (size - 1) }
      table[place] = Int32(slot)
    }
    self.table = table
  }

  /// - Parameter hash: what `TXStore.hash` says of the name.
  func slot(_ name: Slice, _ hash: UInt64, _ arena: borrowing Arena) -> Int? {
    let mask = table.count - 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while table[place] >= 0 {
      let slot = Int(table[place])
      if hashes[slot] == hash, isEqual(names[slot], name, arena) { return slot }
      place = (place + 1) & mask
    }
    return nil
  }

  private func isEqual(_ text: [UInt8], _ name: Slice, _ arena: borrowing Arena) -> Bool {
    arena.read(name) { TextOperators.equals($0, text.span) }
  }
}
