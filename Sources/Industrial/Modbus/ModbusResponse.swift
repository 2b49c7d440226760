/// A reply that was understood in full and fits its request; it owns its data and needs no heap.
public struct ModbusResponse: Sendable, Equatable {
  /// The fields by function; variable data is in the payload.
  public enum Body: Sendable, Hashable {
    /// The device refused.
    case exception(ModbusException)
    /// Functions 1 and 2; the payload is the packed bits, padding cleared where the quantity is known.
    case bits
    /// Functions 3, 4 and 23; the payload is the registers.
    case registers
    /// Functions 5, 6, 15 and 16: an address and a value or quantity.
    case written(address: UInt16, value: UInt16)
    /// Function 7.
    case exceptionStatus(UInt8)
    /// Function 8; the payload is the data field.
    case diagnostic(UInt16)
    /// Function 11.
    case eventCounter(status: UInt16, count: UInt16)
    /// Function 12; the payload is status, event count, message count and events.
    case eventLog
    /// Function 17; the payload is the device's own.
    case serverID
    /// Functions 20 and 21; the payload is the sub-replies.
    case file
    /// Function 22.
    case maskWritten(address: UInt16, and: UInt16, or: UInt16)
    /// Function 24; the payload is the registers of the queue.
    case fifo
    /// Function 43/14; the payload is what follows the type.
    case deviceIdentification
    /// Function 43 with another type; the payload is what follows the type.
    case encapsulated(UInt8)
    /// A function that isn't known; the payload is what follows the code.
    case opaque
  }

  public let header: ModbusHeader
  /// The function code without the exception bit.
  public let functionCode: UInt8
  public let body: Body
  public let payload: ModbusPayload

  /// The exception code, nil for an ordinary reply.
  public var exception: ModbusException? {
    if case .exception(let code) = body { return code }
    return nil
  }

  /// The registers of functions 3, 4, 23 and 24, else none.
  public var registers: [UInt16] {
    guard body == .registers || body == .fifo else { return [] }
    return stride(from: 0, to: payload.count, by: 2).map { payload.word(at: $0) }
  }

  /// Appends the reply as a frame, built from what was understood and nothing else.
  ///
  /// - Parameter transaction: The id in the new header: the client's own.
  public func encode(transaction: UInt16, into bytes: inout [UInt8]) {
    ModbusHeader(transaction: transaction, unit: header.unit).append(pduBytes: encodedPDUBytes, into: &bytes)
    if case .exception(let code) = body {
      bytes.append(functionCode | 0x80)
      bytes.append(code.rawValue)
      return
    }
    bytes.append(functionCode)
    switch body {
    case .exception: break
    case .bits, .registers, .eventLog, .serverID, .file:
      bytes.append(UInt8(truncatingIfNeeded: payload.count))
      payload.append(into: &bytes)
    case .written(let address, let value):
      bytes.appendWord(address)
      bytes.appendWord(value)
    case .exceptionStatus(let status): bytes.append(status)
    case .diagnostic(let code):
      bytes.appendWord(code)
      payload.append(into: &bytes)
    case .eventCounter(let status, let count):
      bytes.appendWord(status)
      bytes.appendWord(count)
    case .maskWritten(let address, let and, let or):
      bytes.appendWord(address)
      bytes.appendWord(and)
      bytes.appendWord(or)
    case .fifo:
      bytes.appendWord(UInt16(truncatingIfNeeded: payload.count + 2))
      bytes.appendWord(UInt16(truncatingIfNeeded: payload.count / 2))
      payload.append(into: &bytes)
    case .deviceIdentification:
      bytes.append(14)
      payload.append(into: &bytes)
    case .encapsulated(let type):
      bytes.append(type)
      payload.append(into: &bytes)
    case .opaque: payload.append(into: &bytes)
    }
  }

  private var encodedPDUBytes: Int {
    switch body {
    case .exception, .exceptionStatus: 2
    case .bits, .registers, .eventLog, .serverID, .file, .deviceIdentification, .encapsulated: 2 + payload.count
    case .written, .eventCounter: 5
    case .maskWritten: 7
    case .diagnostic: 3 + payload.count
    case .fifo: 5 + payload.count
    case .opaque: 1 + payload.count
    }
  }
}
