import Industrial

/// Takes bytes as a stream of frames, each read as a request and as a reply to the last request, and checks what must
/// hold of any input. The fuzz target and the test that replays its corpus share it.
struct ModbusExercise {
  private let operationGuard: ModbusOperationGuard
  private var table = ModbusTransactionTable(capacity: 4, tombstoneNanoseconds: 8)
  private var encoded: [UInt8] = []
  private var clock: UInt64 = 0
  private var asked: ModbusExpectation?

  init() {
    var reads = ModbusGuardRule()
    reads.classes = [.read, .diagnostic]
    reads.addresses = [0...99, 100...2000]
    var writes = ModbusGuardRule()
    writes.units = [0...10]
    writes.functions = [5, 6, 15, 16, 21, 23]
    writes.addresses = [0...19, 40...9999]
    writes.values = [0...1, 100...8500]
    operationGuard = ModbusOperationGuard([reads, writes])
  }

  /// What doesn't hold, nil when all does.
  static func check(_ bytes: [UInt8]) -> String? {
    var exercise = ModbusExercise()
    return exercise.run(bytes)
  }

  private mutating func run(_ bytes: [UInt8]) -> String? {
    var decoder = ModbusFrameDecoder()
    var rest = bytes[...]
    while true {
      let step: ModbusFrameDecoder.Step
      do {
        step = try decoder.next(Array(rest).span)
      } catch {
        return decoder.violation == error ? nil : "the decoder forgets its violation"
      }
      switch step {
      case .needMore(let count): return count > rest.count ? nil : "it asks for \(count) of \(rest.count) bytes"
      case .frame(let frame):
        guard frame.length <= rest.count, (8...260).contains(frame.length) else { return "a frame of \(frame.length)" }
        let pdu = Array(rest.prefix(frame.length).dropFirst(7))
        if let problem = request(pdu, frame.header) ?? response(pdu, frame.header) { return problem }
        rest = rest.dropFirst(frame.length)
      }
    }
  }

  private mutating func request(_ pdu: [UInt8], _ header: ModbusHeader) -> String? {
    guard let parsed = try? ModbusRequest(pdu: pdu.span, header: header) else { return nil }
    encoded.removeAll(keepingCapacity: true)
    parsed.encode(transaction: header.transaction, into: &encoded)
    guard encoded.count == pdu.count + 7 else { return "a request changes its length" }
    guard (try? ModbusRequest(pdu: Array(encoded[7...]).span, header: header)) == parsed else {
      return "a request changes when it is built again"
    }
    if let problem = operations(parsed) { return problem }
    let expectation = ModbusExpectation(parsed)
    asked = expectation
    return transaction(expectation)
  }

  /// A permitted request writes only what its rule names; the rules of this exercise are checked by hand.
  private func operations(_ parsed: ModbusRequest) -> String? {
    var count = 0
    var reachesOutside = false
    parsed.forEachOperation { operation in
      count += 1
      let writes = operation.operationClass == .write
      if operation.operationClass == .control || operation.operationClass == .program { reachesOutside = true }
      if writes, parsed.header.unit > 10 || operation.addresses == nil || operation.values == .unknown {
        reachesOutside = true
      }
      if writes, let addresses = operation.addresses, addresses.overlaps(20...39) || addresses.upperBound > 9999 {
        reachesOutside = true
      }
      if parsed.values(of: operation).contains(where: { (2...99).contains($0) || $0 > 8500 }) { reachesOutside = true }
    }
    guard count > 0 else { return "a request without operations" }
    if case .permit = operationGuard.evaluate(parsed), reachesOutside { return "the guard permits too much" }
    return nil
  }

  private mutating func transaction(_ expectation: ModbusExpectation) -> String? {
    clock += 1
    table.expire(now: clock) { _ in }
    let before = table.inFlightCount
    let id = table.begin(
      client: clock % 3, clientTransaction: 1, expectation: expectation, now: clock, timeoutNanoseconds: 3)
    guard (id == nil) == (before == 4) else { return "the transaction table refuses too early or too late" }
    guard let id, clock % 2 == 0 else { return nil }
    guard case .inFlight(let entry) = table.complete(id), entry.expectation == expectation else {
      return "a transaction is lost"
    }
    return nil
  }

  private mutating func response(_ pdu: [UInt8], _ header: ModbusHeader) -> String? {
    for expectation in [nil, asked] {
      guard let parsed = try? ModbusResponse(pdu: pdu.span, header: header, expectation: expectation) else { continue }
      encoded.removeAll(keepingCapacity: true)
      parsed.encode(transaction: header.transaction, into: &encoded)
      guard encoded.count == pdu.count + 7 else { return "a reply changes its length" }
      let again = try? ModbusResponse(pdu: Array(encoded[7...]).span, header: header, expectation: expectation)
      guard again == parsed else { return "a reply changes when it is built again" }
    }
    return nil
  }
}
