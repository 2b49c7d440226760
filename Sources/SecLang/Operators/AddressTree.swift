/// `@ipMatch LIST` and `@ipMatchFromFile FILE`: whether an address lies in one of many networks. Arguments: IPv4 and
/// IPv6 addresses and networks (`10.0.0.0/8`, `2001:db8::/32`; bits behind the prefix don't count), with commas, blanks
/// or lines between them; `#` begins a comment. An IPv4 address in IPv6's form (`::ffff:10.0.0.1`) also matches as
/// IPv4.
///
/// What a tree of prefixes would hold is kept as its leaves: ranges in order that neither overlap nor touch, which is
/// smaller, and halving finds the one that may hold an address.
package struct AddressTree: Sendable {
  private let v4: Ranges<UInt32>
  private let v6: Ranges<UInt128>

  /// Throws at the first entry that is no address and no network.
  package init(parsing text: Span<UInt8>) throws(OperatorArgumentError) {
    var v4: [(first: UInt32, last: UInt32)] = []
    var v6: [(first: UInt128, last: UInt128)] = []
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "#") {
        index = Rewriting.firstIndex(of: 0x0a, in: text, from: index) ?? text.count
      } else if Self.isSeparator(text[index]) {
        index &+= 1
      } else {
        let start = index
        while index < text.count, !Self.isSeparator(text[index]), text[index] != UInt8(ascii: "#") { index &+= 1 }
        let entry = text.extracting(start..<index)
        guard let network = Network(entry) else {
          throw OperatorArgumentError("\(OperatorArgumentError.quoted(entry)) is no address and no network")
        }
        switch network {
        case .v4(let first, let last): v4.append((first, last))
        case .v6(let first, let last): v6.append((first, last))
        }
      }
    }
    self.v4 = Ranges(v4)
    self.v6 = Ranges(v6)
  }

  package var isEmpty: Bool { v4.count == 0 && v6.count == 0 }

  /// False also for what is no address.
  package func contains(addressText text: Span<UInt8>) -> Bool {
    guard let address = AddressNumber(text) else { return false }
    return contains(address)
  }

  package func contains(_ address: AddressNumber) -> Bool {
    switch address {
    case .v4(let address): v4.contains(address)
    case .v6(let address):
      v6.contains(address)
        || address >> 32 == 0xffff && v4.contains(UInt32(truncatingIfNeeded: address))
    }
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || EscapeDigits.isSpace(byte)
  }
}

/// The first and the last address of a network.
private enum Network {
  case v4(first: UInt32, last: UInt32)
  case v6(first: UInt128, last: UInt128)

  init?(_ text: Span<UInt8>) {
    let slash = Rewriting.firstIndex(of: UInt8(ascii: "/"), in: text)
    guard let address = AddressNumber(text.extracting(0..<(slash ?? text.count))) else { return nil }
    var length: Int?
    if let slash {
      guard let given = Self.prefixLength(text.extracting((slash &+ 1)..<text.count)) else { return nil }
      length = given
    }
    switch address {
    case .v4(let address):
      let length = length ?? 32
      guard length <= 32 else { return nil }
      // A shift by all bits leaves 0.
      let hosts = UInt32.max >> UInt32(length)
      self = .v4(first: address & ~hosts, last: address | hosts)
    case .v6(let address):
      let length = length ?? 128
      guard length <= 128 else { return nil }
      let hosts = UInt128.max >> UInt128(length)
      self = .v6(first: address & ~hosts, last: address | hosts)
    }
  }

  private static func prefixLength(_ text: Span<UInt8>) -> Int? {
    guard (1...3).contains(text.count) else { return nil }
    var value = 0
    for index in text.indices {
      guard text[index] &- 0x30 < 10 else { return nil }
      value = value &* 10 &+ Int(text[index] &- 0x30)
    }
    return value
  }
}

/// Ranges in order with gaps between them.
private struct Ranges<Number: FixedWidthInteger & Sendable>: Sendable {
  private let firsts: [Number]
  private let lasts: [Number]

  var count: Int { firsts.count }

  init(_ ranges: [(first: Number, last: Number)]) {
    var firsts: [Number] = []
    var lasts: [Number] = []
    for range in ranges.sorted(by: { $0.first < $1.first }) {
      if let last = lasts.last, last == .max || range.first <= last + 1 {
        lasts[lasts.count - 1] = max(last, range.last)
      } else {
        firsts.append(range.first)
        lasts.append(range.last)
      }
    }
    self.firsts = firsts
    self.lasts = lasts
  }

  func contains(_ number: Number) -> Bool {
    // The first range that begins behind the number.
    var low = 0
    var high = firsts.count
    while low < high {
      let middle = (low &+ high) / 2
      if firsts[middle] <= number { low = middle &+ 1 } else { high = middle }
    }
    return low > 0 && number <= lasts[low &- 1]
  }
}
