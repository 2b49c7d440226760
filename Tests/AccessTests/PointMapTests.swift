import Access
import Industrial
import SluiceModel
import Testing

@Suite struct PointMapTests {
  private func point(
    _ name: String, _ table: PointTable, _ addresses: [ClosedRange<Int>], units: [ClosedRange<Int>] = []
  ) -> PointConfiguration {
    var point = PointConfiguration()
    (point.name, point.table, point.addresses, point.units) = (name, table, addresses, units)
    return point
  }

  private func parts(
    _ map: PointMap, _ addresses: ClosedRange<Int>, _ table: PointTable = .holding, unit: UInt8 = 1
  ) -> [TouchedPart] {
    var parts: [TouchedPart] = []
    var rest = addresses
    while true {
      let part = map.firstPart(of: rest, in: table, unit: unit)
      parts.append(part)
      guard part.addresses.upperBound < addresses.upperBound else { return parts }
      rest = (part.addresses.upperBound + 1)...addresses.upperBound
    }
  }

  @Test func partsAreInPointsOrBetweenThem() {
    let map = PointMap([
      point("setpoint", .holding, [100...103]), point("limits", .holding, [110...111, 105...105]),
      point("running", .coil, [100...100]),
    ])
    #expect(parts(map, 100...103) == [TouchedPart(point: 0, addresses: 100...103)])
    #expect(parts(map, 101...102) == [TouchedPart(point: 0, addresses: 101...102)])
    #expect(
      parts(map, 98...112) == [
        TouchedPart(point: nil, addresses: 98...99), TouchedPart(point: 0, addresses: 100...103),
        TouchedPart(point: nil, addresses: 104...104), TouchedPart(point: 1, addresses: 105...105),
        TouchedPart(point: nil, addresses: 106...109), TouchedPart(point: 1, addresses: 110...111),
        TouchedPart(point: nil, addresses: 112...112),
      ])
    #expect(parts(map, 0...65_535, .coil).count == 3)
    #expect(parts(map, 0...65_535, .input) == [TouchedPart(point: nil, addresses: 0...65_535)])
    #expect(parts(map, 65_535...65_535) == [TouchedPart(point: nil, addresses: 65_535...65_535)])
  }

  @Test func pointsBelongToTheirUnits() {
    let map = PointMap([
      point("one", .holding, [0...9], units: [1...1]), point("two", .holding, [0...9], units: [2...2, 5...6]),
      point("all", .holding, [20...20]),
    ])
    #expect(parts(map, 0...9, unit: 1) == [TouchedPart(point: 0, addresses: 0...9)])
    #expect(parts(map, 0...9, unit: 2) == [TouchedPart(point: 1, addresses: 0...9)])
    #expect(parts(map, 0...9, unit: 6) == [TouchedPart(point: 1, addresses: 0...9)])
    #expect(parts(map, 0...9, unit: 3) == [TouchedPart(point: nil, addresses: 0...9)])
    for unit in [UInt8(0), 1, 2, 255] { #expect(parts(map, 20...20, unit: unit).first?.point == 2) }
  }
}
