import Industrial
import Testing

private func rule(
  units: [ClosedRange<Int>] = [], classes: [IndustrialOperationClass] = [], functions: [Int] = [],
  addresses: [ClosedRange<Int>] = [], values: [ClosedRange<Int>] = []
) -> ModbusGuardRule {
  var rule = ModbusGuardRule()
  rule.units = units
  rule.classes = classes
  rule.functions = functions
  rule.addresses = addresses
  rule.values = values
  return rule
}

/// The number of the rule that permits, or the clause that fails.
private enum Outcome: Equatable {
  case rule(Int)
  case denied(ModbusDenial.Clause, rule: Int?, offending: Int?)
}

private func decide(_ rules: [ModbusGuardRule], _ pdu: String, unit: UInt8 = 1) throws -> Outcome {
  switch ModbusOperationGuard(rules).evaluate(try request(pdu, unit: unit)) {
  case .permit(let index): .rule(index)
  case .deny(let denial): .denied(denial.clause, rule: denial.ruleIndex, offending: denial.offending)
  }
}

@Suite("modbus operation guard")
struct ModbusGuardTests {
  /// The rules of the example configuration.
  private let press = [
    rule(units: [1...1], classes: [.read]),
    rule(units: [1...1], functions: [6, 16], addresses: [100...119], values: [0...8500]),
  ]

  @Test("the example configuration")
  func example() throws {
    #expect(try decide(press, "0300050002") == .rule(0))
    #expect(try decide(press, "0600642134") == .rule(1))
    #expect(try decide(press, "0600642135") == .denied(.values, rule: 1, offending: 8501))
    #expect(try decide(press, "0600780001") == .denied(.addresses, rule: 1, offending: 120))
    #expect(try decide(press, "10007600030600010002 0003") == .denied(.addresses, rule: 1, offending: 120))
    #expect(try decide(press, "100076000204 00012135") == .denied(.values, rule: 1, offending: 8501))
    #expect(try decide(press, "100076000204 00010002") == .rule(1))
    #expect(try decide(press, "0300050002", unit: 2) == .denied(.unit, rule: 0, offending: 2))
    #expect(try decide(press, "050064ff00") == .denied(.function, rule: 0, offending: 5))
    #expect(try decide(press, "160064ffff0000") == .denied(.function, rule: 0, offending: 22))
  }

  @Test("without rules nothing passes")
  func noRules() throws {
    #expect(try decide([], "0300050002") == .denied(.noRules, rule: nil, offending: nil))
  }

  @Test("an empty rule permits every class but program")
  func emptyRule() throws {
    for pdu in ["0300050002", "0600642135", "07", "080001ff00", "16000adead0000", "2b0d01", "2b0e0100"] {
      #expect(try decide([rule()], pdu) == .rule(0), "\(pdu)")
    }
    for pdu in ["5a00", "41", "2b00", "0800150000", "2a"] {
      #expect(try decide([rule()], pdu) == .denied(.function, rule: 0, offending: Int(hex(pdu)[0])), "\(pdu)")
      #expect(try decide([rule(functions: [Int(hex(pdu)[0])])], pdu) == .rule(0), "\(pdu)")
      #expect(try decide([rule(classes: [.program])], pdu) == .rule(0), "\(pdu)")
    }
  }

  @Test("either a class or a function names an operation")
  func classOrFunction() throws {
    let rules = [rule(classes: [.read], functions: [6])]
    #expect(try decide(rules, "0300050002") == .rule(0))
    #expect(try decide(rules, "0600640001") == .rule(0))
    #expect(try decide(rules, "0500640000") == .denied(.function, rule: 0, offending: 5))
  }

  @Test("functions and units that can't exist name nothing")
  func outOfRange() throws {
    #expect(try decide([rule(functions: [300, -1])], "0300050002") == .denied(.function, rule: 0, offending: 3))
    #expect(try decide([rule(units: [256...300])], "0300050002") == .denied(.unit, rule: 0, offending: 1))
    #expect(try decide([rule(units: [-5...1])], "0300050002") == .rule(0))
    #expect(
      try decide([rule(addresses: [70000...80000])], "0300050002") == .denied(.addresses, rule: 0, offending: 5))
    #expect(try decide([rule(addresses: [Int.min...Int.max], values: [Int.min...Int.max])], "060005ffff") == .rule(0))
  }

  @Test("ranges of one rule cover together, those of two rules don't")
  func jointCover() throws {
    let joint = [rule(addresses: [13...20, 5...9, 10...12, 6...8])]
    #expect(try decide(joint, "0300050010") == .rule(0))
    #expect(try decide(joint, "0300050011") == .denied(.addresses, rule: 0, offending: 21))
    #expect(try decide(joint, "0300040002") == .denied(.addresses, rule: 0, offending: 4))
    let gap = [rule(addresses: [0...4, 6...9])]
    #expect(try decide(gap, "0300000008") == .denied(.addresses, rule: 0, offending: 5))
    let two = [rule(addresses: [0...4]), rule(addresses: [5...9])]
    #expect(try decide(two, "0300040002") == .denied(.addresses, rule: 0, offending: 5))
  }

  @Test("every operation of a request must pass")
  func containers() throws {
    let readWrite = "1700010004000200030600aa00bb00cc"
    #expect(try decide([rule(classes: [.read])], readWrite) == .denied(.function, rule: 0, offending: 23))
    #expect(try decide([rule(classes: [.write])], readWrite) == .denied(.function, rule: 0, offending: 23))
    #expect(try decide([rule(classes: [.read]), rule(classes: [.write])], readWrite) == .rule(0))
    #expect(
      try decide([rule(classes: [.read]), rule(classes: [.write], values: [0...0xBB])], readWrite)
        == .denied(.values, rule: 1, offending: 0xCC))
    let guarded = ModbusOperationGuard([rule(classes: [.read])])
    guard case .deny(let denial) = guarded.evaluate(try request(readWrite)) else {
      Issue.record("it passed")
      return
    }
    #expect(denial.operationIndex == 1)
    #expect(denial.operation.operationClass == .write)
  }

  @Test("a rule with values denies a write whose values aren't known")
  func unknownValues() throws {
    let rules = [rule(values: [0...65535])]
    #expect(try decide(rules, "16000adead0000") == .denied(.values, rule: 0, offending: nil))
    #expect(try decide(rules, "080001ff00") == .denied(.values, rule: 0, offending: nil))
    #expect(try decide(rules, "2b0d01") == .denied(.values, rule: 0, offending: nil))
    #expect(try decide(rules, "0300050002") == .rule(0))
    #expect(try decide([rule()], "16000adead0000") == .rule(0))
  }

  @Test("coils are 0 and 1")
  func coilValues() throws {
    let off = [rule(values: [0...0])]
    #expect(try decide(off, "0500050000") == .rule(0))
    #expect(try decide(off, "050005ff00") == .denied(.values, rule: 0, offending: 1))
    #expect(try decide(off, "0f0000000a020000") == .rule(0))
    #expect(try decide(off, "0f0000000a020002") == .denied(.values, rule: 0, offending: 1))
    #expect(try decide(off, "0f0000000a020004") == .rule(0))
  }

  @Test("a rule with addresses doesn't speak of operations that have none")
  func noAddress() throws {
    for pdu in ["07", "0800020000", "11", "2b0e0100", "2b0d01"] {
      #expect(
        try decide([rule(addresses: [0...65535])], pdu) == .denied(.addresses, rule: 0, offending: nil), "\(pdu)")
    }
  }

  @Test("file records pass a rule with addresses only where it names the function")
  func fileRecords() throws {
    let read = "140706000400010002"
    #expect(
      try decide([rule(classes: [.read], addresses: [0...9999])], read)
        == .denied(.addresses, rule: 0, offending: 1))
    #expect(try decide([rule(functions: [20], addresses: [1...2])], read) == .rule(0))
    #expect(
      try decide([rule(functions: [20], addresses: [1...1])], read) == .denied(.addresses, rule: 0, offending: 2))
    #expect(try decide([rule(classes: [.read])], read) == .rule(0))
  }

  @Test("the nearest miss is the rule that came furthest")
  func nearestMiss() throws {
    let rules = [
      rule(units: [2...2]), rule(functions: [3]), rule(functions: [6], addresses: [0...9]),
      rule(functions: [6], addresses: [0...99], values: [0...5]), rule(units: [7...7]),
    ]
    #expect(try decide(rules, "0600320006") == .denied(.values, rule: 3, offending: 6))
    #expect(try decide(rules, "0600640006") == .denied(.addresses, rule: 2, offending: 100))
    #expect(try decide(rules, "0500640000") == .denied(.function, rule: 1, offending: 5))
  }

  @Test("a denial says what would have to change")
  func description() throws {
    func text(_ rules: [ModbusGuardRule], _ pdu: String) throws -> String {
      guard case .deny(let denial) = ModbusOperationGuard(rules).evaluate(try request(pdu)) else { return "permitted" }
      return denial.description
    }
    #expect(
      try text(press, "0600780001")
        == "write by function 6 is not permitted: "
        + "rule 2 comes closest, but holding-register 120 is not in its addresses"
    )
    #expect(
      try text(press, "0600642135")
        == "write by function 6 is not permitted: rule 2 comes closest, but value 8501 is not in its values")
    #expect(try text([], "07") == "diagnostic by function 7 is not permitted: there is no rule")
    #expect(
      try text([rule(units: [2...2])], "07")
        == "diagnostic by function 7 is not permitted: rule 1 comes closest, but it is not for unit 1")
  }

  @Test("it agrees with the definition on random rules and requests")
  func agreesWithDefinition() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("guard seed: \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let rules = (0..<Int.random(in: 0...3, using: &random)).map { _ in randomRule(&random) }
      let asked = try randomWrite(&random)
      let expected = operations(asked).allSatisfy { operation in
        rules.contains { permits($0, operation, asked) }
      }
      var permitted = false
      if case .permit = ModbusOperationGuard(rules).evaluate(asked) { permitted = true }
      #expect(permitted == expected, "seed \(seed): \(rules) \(asked.body)")
    }
  }

  /// The rule's meaning, word for word and slowly.
  private func permits(_ rule: ModbusGuardRule, _ operation: ModbusOperation, _ asked: ModbusRequest) -> Bool {
    func holds(_ value: Int, _ ranges: [ClosedRange<Int>]) -> Bool { ranges.contains { $0.contains(value) } }
    guard rule.units.isEmpty || holds(Int(asked.header.unit), rule.units) else { return false }
    let named = rule.classes.contains(operation.operationClass) || rule.functions.contains(Int(operation.functionCode))
    guard named || rule.classes.isEmpty && rule.functions.isEmpty && operation.operationClass != .program else {
      return false
    }
    if !rule.addresses.isEmpty {
      guard let touched = operation.addresses, touched.allSatisfy({ holds($0, rule.addresses) }) else { return false }
    }
    return rule.values.isEmpty || asked.values(of: operation).allSatisfy { holds($0, rule.values) }
  }

  private func randomRanges(_ random: inout SeededGenerator, _ bound: Int) -> [ClosedRange<Int>] {
    (0..<Int.random(in: 0...3, using: &random)).map { _ in
      let low = Int.random(in: 0...bound, using: &random)
      return low...Int.random(in: low...bound, using: &random)
    }
  }

  private func randomRule(_ random: inout SeededGenerator) -> ModbusGuardRule {
    rule(
      units: randomRanges(&random, 3), classes: [[], [.read], [.write]].randomElement(using: &random) ?? [],
      functions: [[], [6], [16, 23], [3]].randomElement(using: &random) ?? [],
      addresses: randomRanges(&random, 12), values: randomRanges(&random, 6))
  }

  private func randomWrite(_ random: inout SeededGenerator) throws -> ModbusRequest {
    let unit = UInt8.random(in: 0...3, using: &random)
    let start = UInt8.random(in: 0...9, using: &random)
    let count = UInt8.random(in: 1...4, using: &random)
    let values = (0..<Int(count)).flatMap { _ in [0, UInt8.random(in: 0...6, using: &random)] }
    let choices: [[UInt8]] = [
      [3, 0, start, 0, count], [6, 0, start] + values.prefix(2), [16, 0, start, 0, count, count * 2] + values,
      [23, 0, count, 0, 2, 0, start, 0, count, count * 2] + values, [5, 0, start, 0, 0],
      [15, 0, start, 0, count, 1, values[1] & (1 << count - 1)],
    ]
    return try request(choices.randomElement(using: &random) ?? choices[0], unit: unit)
  }
}
