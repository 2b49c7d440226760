extension ModbusRequest {
  /// Appends the request as a frame, built from what was understood and nothing else.
  ///
  /// - Parameter transaction: The id in the new header.
  public func encode(transaction: UInt16, into bytes: inout [UInt8]) {
    ModbusHeader(transaction: transaction, unit: header.unit).append(pduBytes: encodedPDUBytes, into: &bytes)
    bytes.append(functionCode)
    switch body {
    case .read(_, let start, let quantity):
      bytes.appendWord(start)
      bytes.appendWord(quantity)
    case .writeCoil(let address, let on):
      bytes.appendWord(address)
      bytes.appendWord(on ? 0xFF00 : 0)
    case .writeRegister(let address, let value):
      bytes.appendWord(address)
      bytes.appendWord(value)
    case .plain: break
    case .diagnostic(let code):
      bytes.appendWord(code)
      payload.append(into: &bytes)
    case .writeCoils(let start, let quantity), .writeRegisters(let start, let quantity):
      bytes.appendWord(start)
      bytes.appendWord(quantity)
      appendCounted(&bytes)
    case .readFile, .writeFile: appendCounted(&bytes)
    case .maskWrite(let address, let and, let or):
      bytes.appendWord(address)
      bytes.appendWord(and)
      bytes.appendWord(or)
    case .readWrite(let readStart, let readQuantity, let writeStart, let writeQuantity):
      bytes.appendWord(readStart)
      bytes.appendWord(readQuantity)
      bytes.appendWord(writeStart)
      bytes.appendWord(writeQuantity)
      appendCounted(&bytes)
    case .readFIFO(let pointer): bytes.appendWord(pointer)
    case .deviceIdentification(let code, let object):
      bytes.append(14)
      bytes.append(code)
      bytes.append(object)
    case .encapsulated(let type):
      bytes.append(type)
      payload.append(into: &bytes)
    case .opaque: payload.append(into: &bytes)
    }
  }

  /// Appends the exception that answers this request, with the client's own transaction id.
  public func encodeException(_ code: ModbusException, into bytes: inout [UInt8]) {
    ModbusException.appendReply(
      transaction: header.transaction, unit: header.unit, function: functionCode, code: code, into: &bytes)
  }

  private func appendCounted(_ bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: payload.count))
    payload.append(into: &bytes)
  }

  private var encodedPDUBytes: Int {
    switch body {
    case .read, .writeCoil, .writeRegister: 5
    case .plain: 1
    case .diagnostic: 3 + payload.count
    case .writeCoils, .writeRegisters: 6 + payload.count
    case .readFile, .writeFile: 2 + payload.count
    case .maskWrite: 7
    case .readWrite: 10 + payload.count
    case .readFIFO: 3
    case .deviceIdentification: 4
    case .encapsulated: 2 + payload.count
    case .opaque: 1 + payload.count
    }
  }
}
