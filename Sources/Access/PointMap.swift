import Industrial
package import SluiceModel

/// A stretch of what an operation touches: the part that lies in one point, or between points.
package struct TouchedPart: Hashable, Sendable {
  /// An index into the asset's points; nil for what is in none.
  package var point: Int?
  package var addresses: ClosedRange<Int>

  package init(point: Int?, addresses: ClosedRange<Int>) {
    self.point = point
    self.addresses = addresses
  }
}

/// Where the points of an asset lie.
package struct PointMap: Sendable {
  private struct Segment: Sendable {
    var addresses: ClosedRange<Int>
    var point: Int
  }

  /// In order, by layout and table.
  private var segments: [[[Segment]]] = []
  /// By unit id, an index into `segments`.
  private var layouts: [UInt8]

  package init(_ points: [PointConfiguration]) {
    layouts = Array(repeating: 0, count: 256)
    var known: [[Int]: UInt8] = [:]
    for unit in 0...255 {
      let present = points.indices.filter { index in
        points[index].units.isEmpty || points[index].units.contains { $0.contains(unit) }
      }
      if let layout = known[present] {
        layouts[unit] = layout
        continue
      }
      let layout = UInt8(truncatingIfNeeded: segments.count)
      known[present] = layout
      layouts[unit] = layout
      segments.append(
        PointTable.allCases.map { table in
          present.filter { points[$0].table == table }
            .flatMap { index in points[index].addresses.map { Segment(addresses: $0, point: index) } }
            .sorted { $0.addresses.lowerBound < $1.addresses.lowerBound }
        })
    }
  }

  /// The part that begins with the first of `addresses`; what is behind it is still to be asked for.
  package func firstPart(of addresses: ClosedRange<Int>, in table: PointTable, unit: UInt8) -> TouchedPart {
    let segments = segments[Int(layouts[Int(unit)])][table.number]
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low &+ high) / 2
      if segments[middle].addresses.upperBound < addresses.lowerBound { low = middle &+ 1 } else { high = middle }
    }
    guard low < segments.count, segments[low].addresses.lowerBound <= addresses.upperBound else {
      return TouchedPart(point: nil, addresses: addresses)
    }
    let segment = segments[low]
    guard segment.addresses.lowerBound <= addresses.lowerBound else {
      return TouchedPart(point: nil, addresses: addresses.lowerBound...(segment.addresses.lowerBound &- 1))
    }
    return TouchedPart(
      point: segment.point, addresses: addresses.lowerBound...min(segment.addresses.upperBound, addresses.upperBound))
  }
}

extension PointTable {
  var number: Int {
    switch self {
    case .coil: 0
    case .discrete: 1
    case .input: 2
    case .holding: 3
    }
  }

  init?(_ space: AddressSpace) {
    switch space {
    case .coil: self = .coil
    case .discreteInput: self = .discrete
    case .inputRegister: self = .input
    case .holdingRegister: self = .holding
    case .file, .diagnostic, .identification, .none: return nil
    }
  }
}
