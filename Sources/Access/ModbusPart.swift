package import Industrial
package import SluiceModel

/// What one question to the policies is about: an operation, or the stretch of its addresses that lies in one point or in
/// none.
package struct ModbusPart: Sendable {
  package let operation: ModbusOperation
  package let action: ModbusAction
  /// Nil where the addresses are none of a table, or there are no addresses.
  package let table: PointTable?
  /// An index into the asset's points.
  package private(set) var point: Int?
  package private(set) var addresses: ClosedRange<Int>?

  /// The first part of an operation.
  init(_ operation: ModbusOperation, of request: ModbusRequest, on asset: AssetEntities) {
    self.operation = operation
    action = ModbusAction(operation, of: request)
    table = PointTable(operation.space)
    addresses = operation.addresses
    begin(at: operation.addresses, of: request, on: asset)
  }

  /// The part that follows; nil after the last.
  func next(of request: ModbusRequest, on asset: AssetEntities) -> ModbusPart? {
    guard let done = addresses, let all = operation.addresses, done.upperBound < all.upperBound else { return nil }
    var next = self
    next.begin(at: (done.upperBound &+ 1)...all.upperBound, of: request, on: asset)
    return next
  }

  private mutating func begin(at rest: ClosedRange<Int>?, of request: ModbusRequest, on asset: AssetEntities) {
    guard let rest, let table else { return }
    let part = asset.map.firstPart(of: rest, in: table, unit: request.header.unit)
    (point, addresses) = (part.point, part.addresses)
  }

  /// The least and the greatest value that the part writes; nil when it writes none, or they can't be told.
  func values(of request: ModbusRequest) -> ClosedRange<Int>? {
    guard let addresses, let all = operation.addresses else { return nil }
    let first = addresses.lowerBound &- all.lowerBound
    guard let value = request.value(of: operation, at: first) else { return nil }
    var (least, greatest) = (value, value)
    for index in first..<(first &+ addresses.count) {
      guard let value = request.value(of: operation, at: index) else { return nil }
      least = min(least, value)
      greatest = max(greatest, value)
    }
    return least...greatest
  }

  /// The resource in words: `holding-register 100-103`.
  package var target: String? {
    var operation = operation
    operation.addresses = addresses
    return operation.target
  }
}
