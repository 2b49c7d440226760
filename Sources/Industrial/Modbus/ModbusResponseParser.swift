extension ModbusResponse {
  /// Reads a reply from its PDU and holds it against its request.
  ///
  /// - Parameters:
  ///   - pdu: The frame's bytes after the unit: 1 to 253.
  ///   - header: What the frame's header said.
  ///   - expectation: What the request asked for; nil where the request wasn't seen (a capture that begins in the
  ///     middle), then only the form is checked. A reply without expectation must never reach a client.
  /// - Throws: Whatever isn't exactly as the standard and the request have it, trailing bytes included.
  public init(
    pdu: Span<UInt8>, header: ModbusHeader, expectation: ModbusExpectation?
  ) throws(ModbusViolation) {
    guard !pdu.isEmpty else { throw ModbusViolation(.truncated, at: ModbusLimits.headerBytes) }
    guard pdu.count <= ModbusLimits.pduBytes else {
      throw ModbusViolation(.trailingData, at: ModbusLimits.headerBytes + ModbusLimits.pduBytes)
    }
    let code = pdu[0] & 0x7F
    guard code != 0 else { throw pdu.violation(.illegalFunction, at: 0) }
    if let expectation {
      guard header.unit == expectation.unit else {
        throw ModbusViolation(.unitMismatch, at: ModbusLimits.headerBytes - 1)
      }
      guard code == expectation.functionCode else { throw pdu.violation(.functionMismatch, at: 0) }
    }
    self.header = header
    functionCode = code
    if pdu[0] & 0x80 != 0 {
      try pdu.require(exactly: 2)
      guard pdu[1] != 0 else { throw pdu.violation(.value, at: 1) }
      (body, payload) = (.exception(ModbusException(rawValue: pdu[1])), ModbusPayload())
    } else {
      (body, payload) = try Self.parse(pdu, code, expectation)
    }
  }

  private typealias Parsed = (Body, ModbusPayload)

  private static func parse(
    _ pdu: Span<UInt8>, _ code: UInt8, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Parsed {
    switch code {
    case 1, 2: return try bits(pdu, expectation)
    case 3, 4, 23: return try registers(pdu, expectation)
    case 5, 6, 15, 16: return (try written(pdu, code, expectation), ModbusPayload())
    case 7:
      try pdu.require(exactly: 2)
      return (.exceptionStatus(pdu[1]), ModbusPayload())
    case 8: return try diagnostic(pdu, expectation)
    case 11:
      try pdu.require(exactly: 5)
      return (.eventCounter(status: pdu.word(at: 1), count: pdu.word(at: 3)), ModbusPayload())
    case 12:
      let bytes = try counted(pdu)
      guard (6...6 + ModbusLimits.eventLogBytes).contains(bytes) else { throw pdu.violation(.byteCount, at: 1) }
      return (.eventLog, ModbusPayload(pdu, 2..<pdu.count))
    case 17:
      guard try counted(pdu) > 0 else { throw pdu.violation(.byteCount, at: 1) }
      return (.serverID, ModbusPayload(pdu, 2..<pdu.count))
    case 20: return try readFile(pdu, expectation)
    case 21: return try writeFile(pdu, expectation)
    case 22: return (try maskWritten(pdu, expectation), ModbusPayload())
    case 24: return try fifo(pdu)
    case 43: return try encapsulated(pdu, expectation)
    default: return (.opaque, ModbusPayload(pdu, 1..<pdu.count))
    }
  }

  /// The byte count at 1, which must be the number of bytes that follow.
  private static func counted(_ pdu: Span<UInt8>) throws(ModbusViolation) -> Int {
    try pdu.require(atLeast: 2)
    let bytes = Int(pdu[1])
    try pdu.require(exactly: 2 + bytes)
    return bytes
  }

  private static func bits(_ pdu: Span<UInt8>, _ expectation: ModbusExpectation?) throws(ModbusViolation) -> Parsed {
    let bytes = try counted(pdu)
    guard bytes > 0, bytes <= ModbusLimits.readBits / 8 else { throw pdu.violation(.byteCount, at: 1) }
    var payload = ModbusPayload(pdu, 2..<pdu.count)
    if case .read(_, _, let quantity)? = expectation?.body {
      guard bytes == (Int(quantity) + 7) / 8 else { throw pdu.violation(.byteCount, at: 1) }
      payload.clearPadding(bits: Int(quantity))
    }
    return (.bits, payload)
  }

  private static func registers(
    _ pdu: Span<UInt8>, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Parsed {
    let bytes = try counted(pdu)
    guard bytes > 0, bytes % 2 == 0, bytes / 2 <= ModbusLimits.readRegisters else {
      throw pdu.violation(.byteCount, at: 1)
    }
    switch expectation?.body {
    case .read(_, _, let quantity), .readWrite(_, let quantity, _, _):
      guard bytes == Int(quantity) * 2 else { throw pdu.violation(.byteCount, at: 1) }
    default: break
    }
    return (.registers, ModbusPayload(pdu, 2..<pdu.count))
  }

  private static func written(
    _ pdu: Span<UInt8>, _ code: UInt8, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Body {
    try pdu.require(exactly: 5)
    let (address, value) = (pdu.word(at: 1), pdu.word(at: 3))
    switch code {
    case 5: guard value == 0 || value == 0xFF00 else { throw pdu.violation(.value, at: 3) }
    case 15, 16: _ = try pdu.range(at: 1, maximum: code == 15 ? ModbusLimits.writeCoils : ModbusLimits.writeRegisters)
    default: break
    }
    let asked: (address: UInt16, value: UInt16)
    switch expectation?.body {
    case .writeCoil(let address, let on): asked = (address, on ? 0xFF00 : 0)
    case .writeRegister(let address, let value): asked = (address, value)
    case .writeCoils(let start, let quantity), .writeRegisters(let start, let quantity): asked = (start, quantity)
    default: asked = (address, value)
    }
    guard address == asked.address else { throw pdu.violation(.echoMismatch, at: 1) }
    guard value == asked.value else { throw pdu.violation(.echoMismatch, at: 3) }
    return .written(address: address, value: value)
  }

  private static func maskWritten(
    _ pdu: Span<UInt8>, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Body {
    try pdu.require(exactly: 7)
    let (address, and, or) = (pdu.word(at: 1), pdu.word(at: 3), pdu.word(at: 5))
    if case .maskWrite(let askedAddress, let askedAnd, let askedOr)? = expectation?.body {
      guard address == askedAddress else { throw pdu.violation(.echoMismatch, at: 1) }
      guard and == askedAnd else { throw pdu.violation(.echoMismatch, at: 3) }
      guard or == askedOr else { throw pdu.violation(.echoMismatch, at: 5) }
    }
    return .maskWritten(address: address, and: and, or: or)
  }

  /// Counters and the diagnostic register come back in two bytes; everything else that is known repeats the request.
  private static func diagnostic(
    _ pdu: Span<UInt8>, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Parsed {
    try pdu.require(atLeast: 3)
    let code = pdu.word(at: 1)
    if case .diagnostic(let asked)? = expectation?.body, asked != code {
      throw pdu.violation(.subfunctionMismatch, at: 1)
    }
    let payload = ModbusPayload(pdu, 3..<pdu.count)
    switch code {
    case 2, 11...18: try pdu.require(exactly: 5)
    case 0, 1, 3, 4, 10, 20:
      if code == 0 {
        try pdu.require(atLeast: 5)
        guard pdu.count % 2 == 1 else { throw pdu.violation(.truncated, at: pdu.count) }
      } else {
        try pdu.require(exactly: 5)
      }
      if let expectation {
        guard payload.count == Int(expectation.dataBytes), payload.digest == expectation.digest else {
          throw pdu.violation(.echoMismatch, at: 3)
        }
      }
    default: break
    }
    return (.diagnostic(code), payload)
  }

  private static func readFile(
    _ pdu: Span<UInt8>, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Parsed {
    let bytes = try counted(pdu)
    guard bytes > 0, bytes <= ModbusLimits.readFileReplyBytes else { throw pdu.violation(.byteCount, at: 1) }
    var lengths = Fingerprint()
    var offset = 2
    while offset < pdu.count {
      let length = Int(pdu[offset])
      guard length >= 3, length % 2 == 1 else { throw pdu.violation(.byteCount, at: offset) }
      guard pdu.count - offset > length else { throw pdu.violation(.truncated, at: pdu.count) }
      guard pdu[offset + 1] == 6 else { throw pdu.violation(.fileReference, at: offset + 1) }
      lengths.add(pdu[offset])
      offset += 1 + length
    }
    if let expectation {
      guard bytes == Int(expectation.dataBytes), lengths.value == expectation.digest else {
        throw pdu.violation(.byteCount, at: 1)
      }
    }
    return (.file, ModbusPayload(pdu, 2..<pdu.count))
  }

  private static func writeFile(
    _ pdu: Span<UInt8>, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Parsed {
    let bytes = try counted(pdu)
    guard ModbusLimits.writeFileBytes.contains(bytes) else { throw pdu.violation(.byteCount, at: 1) }
    let payload = ModbusPayload(pdu, 2..<pdu.count)
    if let expectation {
      guard bytes == Int(expectation.dataBytes), payload.digest == expectation.digest else {
        throw pdu.violation(.echoMismatch, at: 2)
      }
    } else {
      // The reply repeats the request, so its form is the request's.
      _ = try ModbusRequest(pdu: pdu, header: ModbusHeader(transaction: 0, unit: 0))
    }
    return (.file, payload)
  }

  private static func fifo(_ pdu: Span<UInt8>) throws(ModbusViolation) -> Parsed {
    try pdu.require(atLeast: 5)
    let (bytes, count) = (Int(pdu.word(at: 1)), Int(pdu.word(at: 3)))
    guard count <= ModbusLimits.fifoRegisters else { throw pdu.violation(.quantity, at: 3) }
    guard bytes == 2 + count * 2 else { throw pdu.violation(.byteCount, at: 1) }
    try pdu.require(exactly: 3 + bytes)
    return (.fifo, ModbusPayload(pdu, 5..<pdu.count))
  }

  private static func encapsulated(
    _ pdu: Span<UInt8>, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) -> Parsed {
    try pdu.require(atLeast: 2)
    let type = pdu[1]
    switch expectation?.body {
    case .deviceIdentification: guard type == 14 else { throw pdu.violation(.subfunctionMismatch, at: 1) }
    case .encapsulated(let asked): guard type == asked else { throw pdu.violation(.subfunctionMismatch, at: 1) }
    default: break
    }
    guard type == 14 else { return (.encapsulated(type), ModbusPayload(pdu, 2..<pdu.count)) }
    try identification(pdu, expectation)
    return (.deviceIdentification, ModbusPayload(pdu, 2..<pdu.count))
  }

  /// Code, conformity, more follows, next object, number of objects, then each as id, length, text (AP 6.21).
  private static func identification(
    _ pdu: Span<UInt8>, _ expectation: ModbusExpectation?
  ) throws(ModbusViolation) {
    try pdu.require(atLeast: 7)
    guard (1...4).contains(pdu[2]) else { throw pdu.violation(.value, at: 2) }
    if case .deviceIdentification(let asked, _)? = expectation?.body, asked != pdu[2] {
      throw pdu.violation(.echoMismatch, at: 2)
    }
    guard pdu[4] == 0 || pdu[4] == 0xFF else { throw pdu.violation(.value, at: 4) }
    var offset = 7
    for _ in 0..<Int(pdu[6]) {
      guard pdu.count - offset >= 2 else { throw pdu.violation(.objectList, at: pdu.count) }
      offset += 2 + Int(pdu[offset + 1])
      guard offset <= pdu.count else { throw pdu.violation(.objectList, at: pdu.count) }
    }
    guard offset == pdu.count else { throw pdu.violation(.objectList, at: offset) }
  }
}
