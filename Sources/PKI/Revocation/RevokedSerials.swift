/// Why a certificate was revoked (RFC 5280, 5.3.1).
public enum RevocationReason: UInt8, Sendable, CaseIterable {
  case unspecified = 0
  case keyCompromise = 1
  case caCompromise = 2
  case affiliationChanged = 3
  case superseded = 4
  case cessationOfOperation = 5
  case certificateHold = 6
  case privilegeWithdrawn = 9
  case aaCompromise = 10

  /// Its name in RFC 5280: `keyCompromise`.
  public var name: String {
    switch self {
    case .caCompromise: "cACompromise"
    case .aaCompromise: "aACompromise"
    default: "\(self)"
    }
  }

  /// Reads a name; case doesn't matter.
  public init?(name: String) {
    let lowered = name.lowercased()
    guard let reason = Self.allCases.first(where: { $0.name.lowercased() == lowered }) else { return nil }
    self = reason
  }
}

/// Revoked serial numbers, 32 bytes each, sorted.
struct RevokedSerials: Sendable, Equatable {
  /// A serial number of up to 20 octets as one big number.
  struct Key: Comparable, Sendable {
    let high: UInt64
    let middle: UInt64
    let low: UInt32

    /// Nil when there are more than 20 octets.
    init?(_ octets: ArraySlice<UInt8>) {
      guard octets.count <= PKILimits.serialBytes else { return nil }
      var high: UInt64 = 0
      var middle: UInt64 = 0
      var low: UInt32 = 0
      var left = octets.count
      for octet in octets {
        left -= 1
        if left >= 12 {
          high = high << 8 | UInt64(octet)
        } else if left >= 4 {
          middle = middle << 8 | UInt64(octet)
        } else {
          low = low << 8 | UInt32(octet)
        }
      }
      self.high = high
      self.middle = middle
      self.low = low
    }

    static func < (left: Key, right: Key) -> Bool {
      if left.high != right.high { return left.high < right.high }
      return left.middle != right.middle ? left.middle < right.middle : left.low < right.low
    }
  }

  struct Entry: Sendable, Equatable {
    var key: Key
    var reason: RevocationReason
    /// Seconds since the Unix epoch.
    var date: Int64
  }

  private(set) var entries: [Entry] = []

  mutating func append(_ entry: Entry) { entries.append(entry) }

  /// Puts the entries in order; of a serial that stands there twice, the first one counts.
  mutating func finish() {
    let isSorted = zip(entries, entries.dropFirst()).allSatisfy { $0.key < $1.key }
    if !isSorted { entries.sort { ($0.key, $0.date) < ($1.key, $1.date) } }
  }

  /// The first entry of a serial number.
  func entry(of octets: ArraySlice<UInt8>) -> Entry? {
    guard let key = Key(octets) else { return nil }
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].key == key ? entries[low] : nil
  }
}
