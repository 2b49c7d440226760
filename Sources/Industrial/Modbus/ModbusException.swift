/// An exception code of a reply (AP 7); any code but 0 can come from a device.
public struct ModbusException: RawRepresentable, Sendable, Hashable {
  public let rawValue: UInt8

  @inlinable
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  public static let illegalFunction = ModbusException(rawValue: 0x01)
  public static let illegalDataAddress = ModbusException(rawValue: 0x02)
  public static let illegalDataValue = ModbusException(rawValue: 0x03)
  public static let serverDeviceFailure = ModbusException(rawValue: 0x04)
  public static let acknowledge = ModbusException(rawValue: 0x05)
  public static let serverDeviceBusy = ModbusException(rawValue: 0x06)
  public static let negativeAcknowledge = ModbusException(rawValue: 0x07)
  public static let memoryParityError = ModbusException(rawValue: 0x08)
  public static let gatewayPathUnavailable = ModbusException(rawValue: 0x0A)
  public static let gatewayTargetFailedToRespond = ModbusException(rawValue: 0x0B)

  /// The name of the code, such as `IllegalFunction`.
  public var name: StaticString {
    switch rawValue {
    case 0x01: "IllegalFunction"
    case 0x02: "IllegalDataAddress"
    case 0x03: "IllegalDataValue"
    case 0x04: "ServerDeviceFailure"
    case 0x05: "Acknowledge"
    case 0x06: "ServerDeviceBusy"
    case 0x07: "NegativeAcknowledge"
    case 0x08: "MemoryParityError"
    case 0x0A: "GatewayPathUnavailable"
    case 0x0B: "GatewayTargetFailedToRespond"
    default: "Unknown"
    }
  }

  /// Appends an exception reply: nine bytes, function with its top bit set.
  public static func appendReply(
    transaction: UInt16, unit: UInt8, function: UInt8, code: ModbusException, into bytes: inout [UInt8]
  ) {
    ModbusHeader(transaction: transaction, unit: unit).append(pduBytes: 2, into: &bytes)
    bytes.append(function | 0x80)
    bytes.append(code.rawValue)
  }
}
