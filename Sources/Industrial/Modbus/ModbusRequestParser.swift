extension ModbusRequest {
  /// Reads a request from its PDU (AP 6).
  ///
  /// - Parameters:
  ///   - pdu: The frame's bytes after the unit: 1 to 253.
  ///   - header: What the frame's header said.
  /// - Throws: Whatever isn't exactly as the standard has it, trailing bytes included. An unknown function isn't a
  ///   violation, its data is opaque.
  public init(pdu: Span<UInt8>, header: ModbusHeader) throws(ModbusViolation) {
    guard !pdu.isEmpty else { throw ModbusViolation(.truncated, at: ModbusLimits.headerBytes) }
    guard pdu.count <= ModbusLimits.pduBytes else {
      throw ModbusViolation(.trailingData, at: ModbusLimits.headerBytes + ModbusLimits.pduBytes)
    }
    let code = pdu[0]
    guard (1...127).contains(code) else { throw pdu.violation(.illegalFunction, at: 0) }
    let parsed: (body: Body, payload: ModbusPayload)
    switch code {
    case 1...4: parsed = (try Self.read(pdu, code), ModbusPayload())
    case 5, 6: parsed = (try Self.writeSingle(pdu, code), ModbusPayload())
    case 7, 11, 12, 17:
      try pdu.require(exactly: 1)
      parsed = (.plain, ModbusPayload())
    case 8: parsed = try Self.diagnostic(pdu)
    case 15, 16: parsed = try Self.writeMultiple(pdu, code)
    case 20: parsed = try Self.readFile(pdu)
    case 21: parsed = try Self.writeFile(pdu)
    case 22:
      try pdu.require(exactly: 7)
      parsed = (
        .maskWrite(address: pdu.word(at: 1), and: pdu.word(at: 3), or: pdu.word(at: 5)), ModbusPayload()
      )
    case 23: parsed = try Self.readWrite(pdu)
    case 24:
      try pdu.require(exactly: 3)
      parsed = (.readFIFO(pointer: pdu.word(at: 1)), ModbusPayload())
    case 43: parsed = try Self.encapsulated(pdu)
    default: parsed = (.opaque, ModbusPayload(pdu, 1..<pdu.count))
    }
    self.header = header
    self.functionCode = code
    self.body = parsed.body
    self.payload = parsed.payload
  }

  private static func read(_ pdu: Span<UInt8>, _ code: UInt8) throws(ModbusViolation) -> Body {
    try pdu.require(exactly: 5)
    let bits = code <= 2
    let (start, quantity) = try pdu.range(
      at: 1, maximum: bits ? ModbusLimits.readBits : ModbusLimits.readRegisters)
    let space: AddressSpace =
      switch code {
      case 1: .coil
      case 2: .discreteInput
      case 3: .holdingRegister
      default: .inputRegister
      }
    return .read(space, start: start, quantity: quantity)
  }

  private static func writeSingle(_ pdu: Span<UInt8>, _ code: UInt8) throws(ModbusViolation) -> Body {
    try pdu.require(exactly: 5)
    let (address, value) = (pdu.word(at: 1), pdu.word(at: 3))
    guard code == 5 else { return .writeRegister(address: address, value: value) }
    guard value == 0 || value == 0xFF00 else { throw pdu.violation(.value, at: 3) }
    return .writeCoil(address: address, on: value != 0)
  }

  private static func writeMultiple(
    _ pdu: Span<UInt8>, _ code: UInt8
  ) throws(ModbusViolation) -> (Body, ModbusPayload) {
    try pdu.require(atLeast: 6)
    let coils = code == 15
    let (start, quantity) = try pdu.range(
      at: 1, maximum: coils ? ModbusLimits.writeCoils : ModbusLimits.writeRegisters)
    let bytes = coils ? (Int(quantity) + 7) / 8 : Int(quantity) * 2
    guard Int(pdu[5]) == bytes else { throw pdu.violation(.byteCount, at: 5) }
    try pdu.require(exactly: 6 + bytes)
    var payload = ModbusPayload(pdu, 6..<pdu.count)
    guard coils else { return (.writeRegisters(start: start, quantity: quantity), payload) }
    payload.clearPadding(bits: Int(quantity))
    return (.writeCoils(start: start, quantity: quantity), payload)
  }

  private static func readWrite(_ pdu: Span<UInt8>) throws(ModbusViolation) -> (Body, ModbusPayload) {
    try pdu.require(atLeast: 10)
    let (readStart, readQuantity) = try pdu.range(at: 1, maximum: ModbusLimits.readRegisters)
    let (writeStart, writeQuantity) = try pdu.range(at: 5, maximum: ModbusLimits.readWriteRegisters)
    let bytes = Int(writeQuantity) * 2
    guard Int(pdu[9]) == bytes else { throw pdu.violation(.byteCount, at: 9) }
    try pdu.require(exactly: 10 + bytes)
    let body = Body.readWrite(
      readStart: readStart, readQuantity: readQuantity, writeStart: writeStart, writeQuantity: writeQuantity)
    return (body, ModbusPayload(pdu, 10..<pdu.count))
  }

  /// Known diagnostic codes have two bytes of data with a fixed meaning, but 0 has any number of words (AP 6.8).
  private static func diagnostic(_ pdu: Span<UInt8>) throws(ModbusViolation) -> (Body, ModbusPayload) {
    try pdu.require(atLeast: 3)
    let code = pdu.word(at: 1)
    switch code {
    case 0:
      try pdu.require(atLeast: 5)
      guard pdu.count % 2 == 1 else { throw pdu.violation(.truncated, at: pdu.count) }
    case 1:
      try pdu.require(exactly: 5)
      let data = pdu.word(at: 3)
      guard data == 0 || data == 0xFF00 else { throw pdu.violation(.value, at: 3) }
    case 3:
      try pdu.require(exactly: 5)
      guard pdu[4] == 0 else { throw pdu.violation(.value, at: 4) }
    case 2, 4, 10...18, 20:
      try pdu.require(exactly: 5)
      guard pdu.word(at: 3) == 0 else { throw pdu.violation(.value, at: 3) }
    default: break
    }
    return (.diagnostic(code), ModbusPayload(pdu, 3..<pdu.count))
  }

  private static func encapsulated(_ pdu: Span<UInt8>) throws(ModbusViolation) -> (Body, ModbusPayload) {
    try pdu.require(atLeast: 2)
    guard pdu[1] == 14 else { return (.encapsulated(pdu[1]), ModbusPayload(pdu, 2..<pdu.count)) }
    try pdu.require(exactly: 4)
    guard (1...4).contains(pdu[2]) else { throw pdu.violation(.value, at: 2) }
    return (.deviceIdentification(code: pdu[2], object: pdu[3]), ModbusPayload())
  }

  private static func readFile(_ pdu: Span<UInt8>) throws(ModbusViolation) -> (Body, ModbusPayload) {
    try pdu.require(atLeast: 2)
    let bytes = Int(pdu[1])
    guard ModbusLimits.readFileBytes.contains(bytes), bytes % 7 == 0 else {
      throw pdu.violation(.byteCount, at: 1)
    }
    try pdu.require(exactly: 2 + bytes)
    var replyBytes = 0
    for offset in stride(from: 2, to: pdu.count, by: 7) {
      replyBytes += 2 + 2 * (try fileRecords(pdu, at: offset))
      guard replyBytes <= ModbusLimits.readFileReplyBytes else { throw pdu.violation(.quantity, at: offset + 5) }
    }
    return (.readFile, ModbusPayload(pdu, 2..<pdu.count))
  }

  private static func writeFile(_ pdu: Span<UInt8>) throws(ModbusViolation) -> (Body, ModbusPayload) {
    try pdu.require(atLeast: 2)
    let bytes = Int(pdu[1])
    guard ModbusLimits.writeFileBytes.contains(bytes) else { throw pdu.violation(.byteCount, at: 1) }
    try pdu.require(exactly: 2 + bytes)
    var offset = 2
    while offset < pdu.count {
      guard pdu.count - offset >= 7 else { throw pdu.violation(.truncated, at: pdu.count) }
      offset += 7 + 2 * (try fileRecords(pdu, at: offset))
      guard offset <= pdu.count else { throw pdu.violation(.truncated, at: pdu.count) }
    }
    return (.writeFile, ModbusPayload(pdu, 2..<pdu.count))
  }

  /// Checks the seven bytes of a file reference and returns its number of records.
  private static func fileRecords(_ pdu: Span<UInt8>, at offset: Int) throws(ModbusViolation) -> Int {
    guard pdu[offset] == 6 else { throw pdu.violation(.fileReference, at: offset) }
    guard pdu.word(at: offset + 1) != 0 else { throw pdu.violation(.fileReference, at: offset + 1) }
    let record = Int(pdu.word(at: offset + 3))
    let count = Int(pdu.word(at: offset + 5))
    guard record < ModbusLimits.fileRecords else { throw pdu.violation(.fileReference, at: offset + 3) }
    guard count > 0 else { throw pdu.violation(.quantity, at: offset + 5) }
    guard record + count <= ModbusLimits.fileRecords else { throw pdu.violation(.addressRange, at: offset + 5) }
    return count
  }
}

extension Span where Element == UInt8 {
  /// A violation at an index of this PDU.
  func violation(_ kind: ModbusViolation.Kind, at index: Int) -> ModbusViolation {
    ModbusViolation(kind, at: ModbusLimits.headerBytes + index)
  }

  func require(exactly bytes: Int) throws(ModbusViolation) {
    if count < bytes { throw violation(.truncated, at: count) }
    if count > bytes { throw violation(.trailingData, at: bytes) }
  }

  func require(atLeast bytes: Int) throws(ModbusViolation) {
    if count < bytes { throw violation(.truncated, at: count) }
  }

  /// A start and a quantity, the quantity within its limit and the range within the table.
  func range(at index: Int, maximum: Int) throws(ModbusViolation) -> (start: UInt16, quantity: UInt16) {
    let (start, quantity) = (word(at: index), word(at: index + 2))
    guard quantity > 0, Int(quantity) <= maximum else { throw violation(.quantity, at: index + 2) }
    guard Int(start) + Int(quantity) <= ModbusLimits.addresses else { throw violation(.addressRange, at: index) }
    return (start, quantity)
  }
}
