/// One thing that a request does: a request has one or more, and passes only when all of them may.
public struct ModbusOperation: Sendable, Hashable {
  /// What the operation writes; `ModbusRequest.value(of:at:)` reads it.
  public enum Values: Sendable, Hashable {
    /// It writes nothing.
    case none
    /// It changes the device, but to what can't be told from the request.
    case unknown
    case single(UInt16)
    /// So many coils from the start of the payload.
    case bits(count: UInt16)
    /// So many registers from a byte offset of the payload.
    case registers(offset: UInt8, count: UInt8)
  }

  public var operationClass: IndustrialOperationClass
  public var functionCode: UInt8
  public var space: AddressSpace
  /// The addresses it touches, from 0; records for files; nil where there are none.
  public var addresses: ClosedRange<Int>?
  /// The file number of functions 20 and 21.
  public var file: Int?
  public var values: Values

  /// How many values are known.
  public var valueCount: Int {
    switch values {
    case .none, .unknown: 0
    case .single: 1
    case .bits(let count): Int(count)
    case .registers(_, let count): Int(count)
    }
  }

  /// What it touches in words, such as `holding-register 100-119` or `file 4 record 7`; nil without addresses.
  public var target: String? {
    guard let addresses else { return nil }
    let range =
      addresses.count == 1 ? "\(addresses.lowerBound)" : "\(addresses.lowerBound)-\(addresses.upperBound)"
    if let file { return "file \(file) record \(range)" }
    return "\(space.rawValue) \(range)"
  }
}

/// Where an enumeration of a request's operations stands.
public struct ModbusOperationCursor: Sendable {
  var index = 0
  var offset = 0

  public init() {}
}

extension ModbusRequest {
  /// The next operation, or nil after the last; no heap, no closure.
  public func nextOperation(_ cursor: inout ModbusOperationCursor) -> ModbusOperation? {
    let index = cursor.index
    cursor.index &+= 1
    switch body {
    case .readFile, .writeFile: return fileOperation(&cursor)
    case .readWrite(let readStart, let readQuantity, let writeStart, let writeQuantity):
      switch index {
      case 0: return operation(.read, .holdingRegister, readStart, readQuantity)
      case 1:
        let values = ModbusOperation.Values.registers(offset: 0, count: UInt8(truncatingIfNeeded: writeQuantity))
        return operation(.write, .holdingRegister, writeStart, writeQuantity, values)
      default: return nil
      }
    case .encapsulated(13):
      switch index {
      case 0: return operation(.read, nil, .none)
      case 1: return operation(.write, nil, .unknown)
      default: return nil
      }
    default: return index == 0 ? onlyOperation : nil
    }
  }

  /// Calls the closure with each operation in order.
  public func forEachOperation<Failure: Error>(
    _ body: (ModbusOperation) throws(Failure) -> Void
  ) throws(Failure) {
    var cursor = ModbusOperationCursor()
    while let operation = nextOperation(&cursor) { try body(operation) }
  }

  /// A value that an operation of this request writes: coils as 0 or 1, registers as 0…65535; nil past the last.
  @inline(__always)
  public func value(of operation: ModbusOperation, at index: Int) -> Int? {
    guard index >= 0, index < operation.valueCount else { return nil }
    switch operation.values {
    case .none, .unknown: return nil
    case .single(let value): return Int(value)
    case .bits: return payload.bit(at: index) ? 1 : 0
    case .registers(let offset, _): return Int(payload.word(at: Int(offset) &+ index &* 2))
    }
  }

  /// All values that an operation of this request writes.
  public func values(of operation: ModbusOperation) -> [Int] {
    (0..<operation.valueCount).compactMap { value(of: operation, at: $0) }
  }

  private var onlyOperation: ModbusOperation {
    switch body {
    case .read(let space, let start, let quantity): operation(.read, space, start, quantity)
    case .writeCoil(let address, let on): operation(.write, .coil, address, 1, .single(on ? 1 : 0))
    case .writeRegister(let address, let value): operation(.write, .holdingRegister, address, 1, .single(value))
    case .writeCoils(let start, let quantity): operation(.write, .coil, start, quantity, .bits(count: quantity))
    case .writeRegisters(let start, let quantity):
      operation(
        .write, .holdingRegister, start, quantity,
        .registers(offset: 0, count: UInt8(truncatingIfNeeded: quantity)))
    case .maskWrite(let address, _, _): operation(.write, .holdingRegister, address, 1, .unknown)
    // The queue is the pointer's register and up to 31 that follow it.
    case .readFIFO(let pointer):
      operation(
        .read, .holdingRegister, pointer,
        UInt16(min(ModbusLimits.fifoRegisters + 1, ModbusLimits.addresses - Int(pointer))))
    case .deviceIdentification: operation(.diagnostic, nil, .none, .identification)
    case .plain: operation(.diagnostic, nil, .none, functionCode == 17 ? .identification : .diagnostic)
    case .diagnostic:
      operation(
        function.operationClass, nil, function.operationClass.isPassive ? .none : .unknown, .diagnostic)
    case .readFile, .writeFile, .readWrite, .encapsulated, .opaque: operation(.program, nil, .unknown)
    }
  }

  /// File references were checked when the request was read.
  private func fileOperation(_ cursor: inout ModbusOperationCursor) -> ModbusOperation? {
    let offset = cursor.offset
    guard offset < payload.count else { return nil }
    let count = Int(payload.word(at: offset &+ 5))
    let start = Int(payload.word(at: offset &+ 3))
    let writes = body == .writeFile
    cursor.offset = offset &+ 7 &+ (writes ? count &* 2 : 0)
    return ModbusOperation(
      operationClass: writes ? .write : .read, functionCode: functionCode, space: .file,
      addresses: start...(start &+ max(count, 1) &- 1), file: Int(payload.word(at: offset &+ 1)),
      values: writes
        ? .registers(offset: UInt8(truncatingIfNeeded: offset &+ 7), count: UInt8(truncatingIfNeeded: count)) : .none)
  }

  private func operation(
    _ operationClass: IndustrialOperationClass, _ space: AddressSpace, _ start: UInt16, _ quantity: UInt16,
    _ values: ModbusOperation.Values = .none
  ) -> ModbusOperation {
    let first = Int(start)
    return ModbusOperation(
      operationClass: operationClass, functionCode: functionCode, space: space,
      addresses: first...(first &+ Int(max(quantity, 1)) &- 1), file: nil, values: values)
  }

  private func operation(
    _ operationClass: IndustrialOperationClass, _ addresses: ClosedRange<Int>?, _ values: ModbusOperation.Values,
    _ space: AddressSpace = .none
  ) -> ModbusOperation {
    ModbusOperation(
      operationClass: operationClass, functionCode: functionCode, space: space, addresses: addresses, file: nil,
      values: values)
  }
}
