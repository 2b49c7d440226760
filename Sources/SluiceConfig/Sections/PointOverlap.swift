import SluiceModel

/// Points of one asset that claim the same address.
enum PointOverlap {
  /// One range of addresses of one point.
  private struct Claim {
    var range: ClosedRange<Int>
    var point: Int
  }

  static func check(_ asset: AssetConfiguration, _ context: DecodingContext) {
    var names: Set<String> = []
    for (index, point) in asset.points.enumerated() where !names.insert(point.name).inserted {
      context.error(
        "point `\(point.name)` stands twice in the asset", path: context.path + ".points[\(index)].name")
    }
    for table in PointTable.allCases {
      let claims = asset.points.enumerated().filter { $0.element.table == table }
        .flatMap { index, point in point.addresses.map { Claim(range: $0, point: index) } }
        .sorted { ($0.range.lowerBound, $0.point) < ($1.range.lowerBound, $1.point) }
      check(claims, asset, context)
    }
  }

  /// Goes through the ranges in order, beside those that have not ended.
  private static func check(_ claims: [Claim], _ asset: AssetConfiguration, _ context: DecodingContext) {
    var open: [Claim] = []
    for claim in claims {
      guard !context.issues.isFull else { return }
      open.removeAll { $0.range.upperBound < claim.range.lowerBound }
      for other in open where shareUnits(asset.points[other.point], asset.points[claim.point]) {
        let index = max(claim.point, other.point)
        let second = asset.points[index].name
        let first = asset.points[min(claim.point, other.point)].name
        context.error(
          first == second
            ? "address \(claim.range.lowerBound) stands twice in point `\(first)`"
            : "address \(claim.range.lowerBound) of point `\(second)` is in point `\(first)` too",
          hint: first == second ? "join the ranges" : "an address is in one point; let entities put points into groups",
          path: context.path + ".points[\(index)].addresses")
      }
      open.append(claim)
    }
  }

  private static func shareUnits(_ left: PointConfiguration, _ right: PointConfiguration) -> Bool {
    left.units.isEmpty || right.units.isEmpty
      || left.units.contains { range in right.units.contains { $0.overlaps(range) } }
  }
}
