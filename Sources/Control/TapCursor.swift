package import Telemetry

/// How far a live tap has read: the latest sequence number seen of each event loop's ring.
///
/// Pure: it is given the rings as they are and says what is new and how much went by unseen.
package struct TapCursor: Sendable, Equatable {
  /// Loops past this are not a cursor that this gateway wrote.
  static let maximumLoops = 1_024

  /// Nil while the ring was empty: whatever comes first is new.
  private(set) var seen: [UInt64?]

  /// Starts at the end of the rings: nothing that they hold is new.
  package init(after rings: [[RecentLine]]) {
    seen = rings.map { $0.last?.sequence }
  }

  /// Reads what `description` wrote; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...Self.maximumLoops).contains(parts.count) else { return nil }
    var seen: [UInt64?] = []
    for part in parts {
      if part == "-" {
        seen.append(nil)
      } else {
        guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = UInt64(part) else { return nil }
        seen.append(value)
      }
    }
    self.seen = seen
  }

  /// Takes what is new in each ring, oldest first within a loop.
  ///
  /// - Returns: the new lines, and how many more were overwritten before they could be read. A ring whose numbers are all
  ///   older than the cursor belongs to another run of the gateway and is read from its start.
  package mutating func advance(_ rings: [[RecentLine]]) -> (lines: [RecentLine], missed: UInt64) {
    var lines: [RecentLine] = []
    var missed: UInt64 = 0
    if seen.count != rings.count { seen = rings.indices.map { $0 < seen.count ? seen[$0] : nil } }
    for (index, ring) in rings.enumerated() {
      guard let first = ring.first, let last = ring.last else { continue }
      if let bound = seen[index], last.sequence >= bound {
        if last.sequence == bound { continue }
        if first.sequence > bound { missed &+= first.sequence &- bound &- 1 }
        lines += ring.lazy.filter { $0.sequence > bound }
      } else {
        lines += ring
      }
      seen[index] = last.sequence
    }
    return (lines, missed)
  }
}

extension TapCursor: CustomStringConvertible {
  package var description: String { seen.map { $0.map(String.init) ?? "-" }.joined(separator: ".") }
}
