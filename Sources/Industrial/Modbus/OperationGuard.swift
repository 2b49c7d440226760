/// One line of the static guard. All that is given must hold; what is empty isn't asked.
public struct ModbusGuardRule: Sendable, Equatable {
  /// Unit ids.
  public var units: [ClosedRange<Int>] = []
  public var classes: [IndustrialOperationClass] = []
  /// Function codes; with `classes`, either may name the operation. Without both every class but `program` is named.
  public var functions: [Int] = []
  /// Every address that the operation touches must lie in these together. An operation without addresses isn't
  /// permitted by a rule that has some, and one on file records only where `functions` names it.
  public var addresses: [ClosedRange<Int>] = []
  /// Every value that the operation writes must lie in one of these; a write whose values aren't known isn't permitted.
  public var values: [ClosedRange<Int>] = []

  public init() {}
}

/// Why a request isn't permitted: how far the rule that came closest got.
public struct ModbusDenial: Sendable, Hashable {
  /// The part of a rule that the operation fails, in the order in which they are asked.
  public enum Clause: Int, Sendable, Hashable, Comparable {
    /// There are no rules.
    case noRules
    case unit
    case function
    case addresses
    case values

    public static func < (left: Clause, right: Clause) -> Bool { left.rawValue < right.rawValue }
  }

  /// Which of the request's operations, from 0.
  public var operationIndex: Int
  public var operation: ModbusOperation
  /// The rule that came closest, from 0, the first of several; nil where there are no rules.
  public var ruleIndex: Int?
  public var clause: Clause
  /// The unit, function, first address or first value that the rule doesn't permit; nil where it isn't known.
  public var offending: Int?
}

extension ModbusDenial: CustomStringConvertible {
  public var description: String {
    let what = "\(operation.operationClass.rawValue) by function \(operation.functionCode)"
    guard let ruleIndex else { return "\(what) is not permitted: there is no rule" }
    let why =
      switch (clause, offending) {
      case (.noRules, _): "it has no clause"
      case (.unit, let unit): "it is not for unit \(unit ?? 0)"
      case (.function, _): "it names neither the function nor the class"
      case (.addresses, let address?) where operation.space == .file: "record \(address) is not in its addresses"
      case (.addresses, let address?): "\(operation.space.rawValue) \(address) is not in its addresses"
      case (.addresses, nil): "it has addresses and the operation has none"
      case (.values, let value?): "value \(value) is not in its values"
      case (.values, nil): "it has values and those of the operation can't be known"
      }
    return "\(what) is not permitted: rule \(ruleIndex + 1) comes closest, but \(why)"
  }
}

/// What the guard says of a request.
public enum ModbusGuardVerdict: Sendable, Hashable {
  /// Every operation is permitted; the rule, from 0, is the one that permitted the first.
  case permit(ruleIndex: Int)
  case deny(ModbusDenial)
}

/// The static guard: compiled rules that permit operations; what no rule permits is denied. It uses no heap.
public struct ModbusOperationGuard: Sendable {
  private let rules: [CompiledRule]
  /// The address and value ranges of all rules, each rule's own sorted and merged.
  private let ranges: [ClosedRange<Int32>]

  public init(_ rules: [ModbusGuardRule]) {
    var ranges: [ClosedRange<Int32>] = []
    func add(_ list: [ClosedRange<Int>]) -> Range<Int32> {
      let first = Int32(truncatingIfNeeded: ranges.count)
      ranges += Self.merge(list)
      return first..<Int32(truncatingIfNeeded: ranges.count)
    }
    self.rules = rules.map { rule in
      CompiledRule(
        units: ByteSet(rule.units), functions: ByteSet(rule.functions.map { $0...$0 }),
        classes: rule.classes.reduce(0) { $0 | $1.bit }, addresses: add(rule.addresses), values: add(rule.values),
        asks: [
          rule.units.isEmpty ? [] : .unit, rule.functions.isEmpty && rule.classes.isEmpty ? [] : .function,
          rule.addresses.isEmpty ? [] : .addresses, rule.values.isEmpty ? [] : .values,
        ])
    }
    self.ranges = ranges
  }

  /// Decides a request: permitted only when each of its operations is permitted wholly by one rule.
  public func evaluate(_ request: ModbusRequest) -> ModbusGuardVerdict {
    var cursor = ModbusOperationCursor()
    var index = 0
    var first: Int?
    while let operation = request.nextOperation(&cursor) {
      switch decide(operation, index, request) {
      case .permit(let rule): if first == nil { first = rule }
      case .deny(let denial): return .deny(denial)
      }
      index &+= 1
    }
    guard let first else {
      let operation = ModbusOperation(
        operationClass: .unknown, functionCode: request.functionCode, space: .none, addresses: nil, file: nil,
        values: .unknown)
      return .deny(ModbusDenial(operationIndex: 0, operation: operation, clause: .noRules))
    }
    return .permit(ruleIndex: first)
  }

  private func decide(_ operation: ModbusOperation, _ index: Int, _ request: ModbusRequest) -> ModbusGuardVerdict {
    var nearest: (rule: Int, miss: Miss)?
    for position in rules.indices {
      guard let miss = check(rules[position], operation, request) else { return .permit(ruleIndex: position) }
      if let best = nearest, best.miss.clause >= miss.clause { continue }
      nearest = (position, miss)
    }
    return .deny(
      ModbusDenial(
        operationIndex: index, operation: operation, ruleIndex: nearest?.rule, clause: nearest?.miss.clause ?? .noRules,
        offending: nearest?.miss.offending))
  }

  private struct Miss {
    var clause: ModbusDenial.Clause
    var offending: Int?
  }

  /// The first clause of a rule that an operation fails, nil when the rule permits it.
  private func check(_ rule: CompiledRule, _ operation: ModbusOperation, _ request: ModbusRequest) -> Miss? {
    if rule.asks.contains(.unit), !rule.units.contains(request.header.unit) {
      return Miss(clause: .unit, offending: Int(request.header.unit))
    }
    guard rule.names(operation) else { return Miss(clause: .function, offending: Int(operation.functionCode)) }
    if rule.asks.contains(.addresses) {
      guard let touched = operation.addresses else { return Miss(clause: .addresses, offending: nil) }
      if operation.space == .file, !rule.functions.contains(operation.functionCode) {
        return Miss(clause: .addresses, offending: touched.lowerBound)
      }
      if let outside = firstOutside(touched, rule.addresses) { return Miss(clause: .addresses, offending: outside) }
    }
    if rule.asks.contains(.values) {
      if operation.values == .unknown { return Miss(clause: .values, offending: nil) }
      if let value = firstOutside(operation.values, request.payload, rule.values) {
        return Miss(clause: .values, offending: value)
      }
    }
    return nil
  }

  /// The first written value that none of the merged ranges covers.
  private func firstOutside(
    _ values: ModbusOperation.Values, _ payload: ModbusPayload, _ slice: Range<Int32>
  ) -> Int? {
    switch values {
    case .none, .unknown: return nil
    case .single(let value): return firstOutside(Int(value)...Int(value), slice)
    case .bits(let count):
      if firstOutside(0...0, slice) != nil, payload.hasBit(false, among: Int(count)) { return 0 }
      if firstOutside(1...1, slice) != nil, payload.hasBit(true, among: Int(count)) { return 1 }
      return nil
    case .registers(let offset, let count):
      return payload.firstWord(from: Int(offset), count: Int(count)) { firstOutside($0...$0, slice) == nil }
    }
  }

  /// The first number that none of the merged ranges covers.
  private func firstOutside(_ wanted: ClosedRange<Int>, _ slice: Range<Int32>) -> Int? {
    var (low, high) = (Int(slice.lowerBound), Int(slice.upperBound))
    while low < high {
      let middle = (low &+ high) / 2
      if Int(ranges[middle].upperBound) < wanted.lowerBound { low = middle &+ 1 } else { high = middle }
    }
    guard low < Int(slice.upperBound), Int(ranges[low].lowerBound) <= wanted.lowerBound else {
      return wanted.lowerBound
    }
    let end = Int(ranges[low].upperBound)
    return end >= wanted.upperBound ? nil : end &+ 1
  }

  /// Sorts, clips to what a field of the protocol can hold, and joins ranges that overlap or touch.
  private static func merge(_ list: [ClosedRange<Int>]) -> [ClosedRange<Int32>] {
    var merged: [ClosedRange<Int32>] = []
    for range in list.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.overlaps(0...65535) {
      let part = Int32(max(range.lowerBound, 0))...Int32(min(range.upperBound, 65535))
      guard let last = merged.last, part.lowerBound <= last.upperBound + 1 else {
        merged.append(part)
        continue
      }
      merged[merged.count - 1] = last.lowerBound...max(last.upperBound, part.upperBound)
    }
    return merged
  }
}

/// A rule without references, so that the path to a verdict counts none.
private struct CompiledRule: Sendable {
  struct Asks: OptionSet {
    let rawValue: UInt8
    static let unit = Asks(rawValue: 1)
    static let function = Asks(rawValue: 2)
    static let addresses = Asks(rawValue: 4)
    static let values = Asks(rawValue: 8)
  }

  var units: ByteSet
  var functions: ByteSet
  var classes: UInt16
  var addresses: Range<Int32>
  var values: Range<Int32>
  var asks: Asks

  func names(_ operation: ModbusOperation) -> Bool {
    if !asks.contains(.function) {
      return operation.operationClass != .program && operation.operationClass != .unknown
    }
    return classes & operation.operationClass.bit != 0 || functions.contains(operation.functionCode)
  }
}

/// A set of bytes.
private struct ByteSet: Sendable {
  private var words = InlineArray<4, UInt64>(repeating: 0)

  init(_ ranges: [ClosedRange<Int>]) {
    for range in ranges where range.overlaps(0...255) {
      for value in range.clamped(to: 0...255) { words[value >> 6] |= 1 << UInt64(value & 63) }
    }
  }

  func contains(_ byte: UInt8) -> Bool {
    words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
  }
}
