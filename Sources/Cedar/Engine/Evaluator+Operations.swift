extension Evaluator {
  func arithmetic(_ node: Program.Node, _ index: UInt32) throws(EvaluationFault) -> Word {
    let left = try long(node.a)
    let result: (partialValue: Int64, overflow: Bool)
    switch node.operation {
    case .negate: result = Int64(0).subtractingReportingOverflow(left)
    case .add: result = left.addingReportingOverflow(try long(node.b))
    case .subtract: result = left.subtractingReportingOverflow(try long(node.b))
    default: result = left.multipliedReportingOverflow(by: try long(node.b))
    }
    guard !result.overflow else { throw EvaluationFault(.overflow, at: index) }
    return Word(result.partialValue)
  }

  func setOperation(_ node: Program.Node) throws(EvaluationFault) -> Bool {
    let set = try typed(node.a, .set)
    switch node.operation {
    case .isEmpty: return set.count == 0
    case .contains: return set.contains(try value(node.b))
    case .containsAll:
      let other = try typed(node.b, .set)
      for element in other.elements where !set.contains(element) { return false }
      return true
    default:
      let other = try typed(node.b, .set)
      let (few, many) = set.count <= other.count ? (set, other) : (other, set)
      for element in few.elements where many.contains(element) { return true }
      return false
    }
  }

  func tag(_ node: Program.Node, _ index: UInt32) throws(EvaluationFault) -> Word {
    let entity = try entity(node.a)
    let key = try string(node.b)
    let found = layout(entity)?.tag(key)
    if node.operation == .hasTag { return Word(found != nil) }
    if let found { return found }
    var fault = EvaluationFault(layout(entity) == nil ? .noSuchEntity : .noSuchTag, at: index)
    fault.entity = entity
    throw fault
  }

  // invariant: the room is written from its first element to its last before any is read.
  func set(_ node: Program.Node, _ index: UInt32) throws(EvaluationFault) -> Word {
    let room = arena._withUnsafeGuaranteedRef { $0.room(for: Int(node.b), of: Word.self) }
    guard let room else { throw EvaluationFault(.scratchExhausted, at: index) }
    for position in 0..<Int(node.b) {
      (room + position).initialize(to: try value(operands[Int(node.a) &+ position]))
    }
    let count = ValueLayout.removeRepeats(UnsafeMutableBufferPointer(start: room, count: Int(node.b)))
    return Word(set: room, count: count)
  }

  func record(_ node: Program.Node, _ index: UInt32) throws(EvaluationFault) -> Word {
    let room = arena._withUnsafeGuaranteedRef { $0.room(for: Int(node.b), of: Field.self) }
    guard let room else { throw EvaluationFault(.scratchExhausted, at: index) }
    for position in 0..<Int(node.b) {
      let place = Int(node.a) &+ 3 &* position
      let value = try value(operands[place &+ 1])
      (room + Int(operands[place &+ 2])).initialize(to: Field(name: operands[place], value: value))
    }
    return Word(record: room, count: Int(node.b))
  }

  // MARK: Extension types

  func call(_ node: Program.Node, _ index: UInt32) throws(EvaluationFault) -> Word {
    let function = ExtensionFunction.allCases[Int(node.code)]
    let first = operands[Int(node.a)]
    if function.isConstructor { return try construct(function, first, index) }
    let receiver = try typed(first, function.receiver)
    switch function {
    case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual:
      let other = try typed(operands[Int(node.a &+ 1)], .decimal)
      return Word(function.holds(receiver.long, other.long))
    case .isIpv4: return Word(receiver.network.isV4)
    case .isIpv6: return Word(receiver.network.isV6)
    case .isLoopback: return Word(receiver.network.isLoopback)
    case .isMulticast: return Word(receiver.network.isMulticast)
    case .isInRange:
      return Word(receiver.network.isInRange(try typed(operands[Int(node.a &+ 1)], .ip).network))
    default: return try time(function, receiver, node, index)
    }
  }

  private func time(
    _ function: ExtensionFunction, _ receiver: Word, _ node: Program.Node, _ index: UInt32
  ) throws(EvaluationFault) -> Word {
    let instant = Datetime(milliseconds: receiver.long)
    let span = TimeSpan(milliseconds: receiver.long)
    do throws(ExtensionError) {
      switch function {
      case .toMilliseconds: return Word(span.milliseconds)
      case .toSeconds: return Word(span.seconds)
      case .toMinutes: return Word(span.minutes)
      case .toHours: return Word(span.hours)
      case .toDays: return Word(span.days)
      case .toTime: return Word(.duration, number: instant.toTime().milliseconds)
      case .toDate: return Word(.datetime, number: try instant.toDate().milliseconds)
      default: break
      }
    } catch { throw EvaluationFault(.overflow, at: index) }
    let other = try typed(operands[Int(node.a &+ 1)], function == .offset ? .duration : .datetime).long
    do throws(ExtensionError) {
      if function == .offset {
        return Word(.datetime, number: try instant.offset(by: TimeSpan(milliseconds: other)).milliseconds)
      }
      return Word(.duration, number: try instant.durationSince(Datetime(milliseconds: other)).milliseconds)
    } catch { throw EvaluationFault(.overflow, at: index) }
  }

  private func construct(
    _ function: ExtensionFunction, _ argument: UInt32, _ index: UInt32
  ) throws(EvaluationFault) -> Word {
    let text = String(decoding: try string(argument).bytes, as: UTF8.self)
    guard let value = try? function([.string(text)]) else { throw EvaluationFault(.malformedExtension, at: index) }
    switch value {
    case .decimal(let value): return Word(.decimal, number: value.tenThousandths)
    case .datetime(let value): return Word(.datetime, number: value.milliseconds)
    case .duration(let value): return Word(.duration, number: value.milliseconds)
    case .ip(let network):
      if let word = arena._withUnsafeGuaranteedRef({ ValueLayout.ip(network, in: $0) }) { return word }
      throw EvaluationFault(.scratchExhausted, at: index)
    default: throw EvaluationFault(.malformedExtension, at: index)
    }
  }
}

extension ExtensionFunction {
  /// The type that a method belongs to.
  fileprivate var receiver: Word.Tag {
    switch self {
    case .decimal, .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual: .decimal
    case .ip, .isIpv4, .isIpv6, .isLoopback, .isMulticast, .isInRange: .ip
    case .datetime, .offset, .durationSince, .toDate, .toTime: .datetime
    case .duration, .toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays: .duration
    }
  }

  fileprivate func holds(_ left: Int64, _ right: Int64) -> Bool {
    switch self {
    case .lessThan: left < right
    case .lessThanOrEqual: left <= right
    case .greaterThan: left > right
    default: left >= right
    }
  }
}
