package import SluiceModel

/// Which zone an address is in: of all networks that hold it, the longest prefix decides.
package struct ZoneMap: Sendable {
  /// From this address on, up to the next of the list.
  private struct Step: Sendable {
    var start: UInt128
    /// -1 for none.
    var zone: Int32
  }

  private var steps: [Step] = []

  /// - Parameter networks: with the indexes of their zones.
  package init(_ networks: [(range: AddressRange, zone: Int)]) {
    // Networks lie within each other or apart, so that those that are open at a place form a stack.
    let sorted = networks.map { (start: $0.range.first, end: $0.range.last, zone: Int32(truncatingIfNeeded: $0.zone)) }
      .sorted { $0.start == $1.start ? $0.end > $1.end : $0.start < $1.start }
    var open: [(end: UInt128, zone: Int32)] = []
    for network in sorted {
      close(&open, before: network.start)
      add(network.start, network.zone)
      open.append((network.end, network.zone))
    }
    close(&open, before: nil)
  }

  /// The index of the zone; nil when no network has the address.
  package func zone(of address: IPAddress) -> Int? {
    let address = address.bits
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low &+ high) / 2
      if steps[middle].start <= address { low = middle &+ 1 } else { high = middle }
    }
    guard low > 0, steps[low &- 1].zone >= 0 else { return nil }
    return Int(steps[low &- 1].zone)
  }

  /// Ends the networks that end before an address, or all of them.
  private mutating func close(_ open: inout [(end: UInt128, zone: Int32)], before start: UInt128?) {
    while let last = open.last, start.map({ last.end < $0 }) ?? true {
      open.removeLast()
      guard last.end < .max else { continue }
      add(last.end + 1, open.last?.zone ?? -1)
    }
  }

  private mutating func add(_ start: UInt128, _ zone: Int32) {
    if let last = steps.last, last.start == start { steps.removeLast() }
    if steps.last?.zone == zone || (steps.isEmpty && zone < 0) { return }
    steps.append(Step(start: start, zone: zone))
  }
}

extension IPAddress {
  /// 128 bits; IPv4 in its mapped form.
  var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

extension AddressRange {
  fileprivate var first: UInt128 { base.bits }
  fileprivate var last: UInt128 { prefixBits >= 128 ? first : first | UInt128.max >> UInt128(prefixBits) }
}
