/// A request that was understood in full; it owns its data and needs no heap.
public struct ModbusRequest: Sendable, Equatable {
  /// The fields by function; variable data is in the payload.
  public enum Body: Sendable, Hashable {
    /// Functions 1 to 4.
    case read(AddressSpace, start: UInt16, quantity: UInt16)
    /// Function 5.
    case writeCoil(address: UInt16, on: Bool)
    /// Function 6.
    case writeRegister(address: UInt16, value: UInt16)
    /// Functions 7, 11, 12 and 17, which have no fields.
    case plain
    /// Function 8; the payload is the data field.
    case diagnostic(UInt16)
    /// Function 15; the payload is the packed coils, padding cleared.
    case writeCoils(start: UInt16, quantity: UInt16)
    /// Function 16; the payload is the registers.
    case writeRegisters(start: UInt16, quantity: UInt16)
    /// Function 20; the payload is the sub-requests.
    case readFile
    /// Function 21; the payload is the sub-requests.
    case writeFile
    /// Function 22.
    case maskWrite(address: UInt16, and: UInt16, or: UInt16)
    /// Function 23; the payload is the registers to write.
    case readWrite(readStart: UInt16, readQuantity: UInt16, writeStart: UInt16, writeQuantity: UInt16)
    /// Function 24.
    case readFIFO(pointer: UInt16)
    /// Function 43/14.
    case deviceIdentification(code: UInt8, object: UInt8)
    /// Function 43 with another type; the payload is what follows the type.
    case encapsulated(UInt8)
    /// A function that isn't known; the payload is what follows the code.
    case opaque
  }

  public let header: ModbusHeader
  /// The function code, 1…127.
  public let functionCode: UInt8
  public let body: Body
  public let payload: ModbusPayload

  /// The diagnostic code of function 8, the type of function 43, nil otherwise.
  public var subfunction: UInt16? {
    switch body {
    case .diagnostic(let code): code
    case .encapsulated(let type): UInt16(type)
    case .deviceIdentification: 14
    default: nil
    }
  }

  /// The function's name and class.
  public var function: ModbusFunction { ModbusFunction(code: functionCode, subfunction: subfunction) }

  /// Whether the device answers: it doesn't when it is told to listen only (AP 6.8).
  public var expectsReply: Bool { body != .diagnostic(4) }

  /// The first address and the number of addresses as they stand in the request; of function 23 those it reads.
  public var span: (start: Int, quantity: Int)? {
    switch body {
    case .read(_, let start, let quantity), .writeCoils(let start, let quantity),
      .writeRegisters(let start, let quantity), .readWrite(let start, let quantity, _, _):
      (Int(start), Int(quantity))
    case .writeCoil(let address, _), .writeRegister(let address, _), .maskWrite(let address, _, _),
      .readFIFO(let address):
      (Int(address), 1)
    case .plain, .diagnostic, .readFile, .writeFile, .deviceIdentification, .encapsulated, .opaque: nil
    }
  }
}
