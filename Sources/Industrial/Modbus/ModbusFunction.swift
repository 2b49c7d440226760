/// The name and class of a function, by its code and subfunction (diagnostic code of 8, MEI type of 43).
public struct ModbusFunction: Sendable {
  public let code: UInt8
  public let subfunction: UInt16?
  /// The name in logs, such as `WriteSingleRegister`.
  public let name: StaticString
  /// What it does; of 23 and 43/13, which read and write, it is `write`.
  public let operationClass: IndustrialOperationClass
  /// Whether this library knows the function's fields; of others it only knows the code.
  public let isKnown: Bool

  /// Looks a function up. What isn't known is `program`, so that only a rule that names it permits it.
  public init(code: UInt8, subfunction: UInt16? = nil) {
    self.code = code
    self.subfunction = subfunction
    let entry = Self.lookup(code, subfunction)
    name = entry.0
    operationClass = entry.1
    isKnown = entry.2
  }

  private typealias Entry = (StaticString, IndustrialOperationClass, Bool)

  private static func lookup(_ code: UInt8, _ subfunction: UInt16?) -> Entry {
    switch code {
    case 1: ("ReadCoils", .read, true)
    case 2: ("ReadDiscreteInputs", .read, true)
    case 3: ("ReadHoldingRegisters", .read, true)
    case 4: ("ReadInputRegisters", .read, true)
    case 5: ("WriteSingleCoil", .write, true)
    case 6: ("WriteSingleRegister", .write, true)
    case 7: ("ReadExceptionStatus", .diagnostic, true)
    case 8: diagnostic(subfunction)
    case 11: ("GetCommEventCounter", .diagnostic, true)
    case 12: ("GetCommEventLog", .diagnostic, true)
    case 15: ("WriteMultipleCoils", .write, true)
    case 16: ("WriteMultipleRegisters", .write, true)
    case 17: ("ReportServerID", .diagnostic, true)
    case 20: ("ReadFileRecord", .read, true)
    case 21: ("WriteFileRecord", .write, true)
    case 22: ("MaskWriteRegister", .write, true)
    case 23: ("ReadWriteMultipleRegisters", .write, true)
    case 24: ("ReadFIFOQueue", .read, true)
    case 43: encapsulated(subfunction)
    case 65...72, 100...110: ("UserDefined", .program, false)
    case 9, 10, 13, 14, 18, 19, 40, 41, 42, 90, 91, 125, 126, 127: ("VendorProgramming", .program, false)
    default: ("Unknown", .program, false)
    }
  }

  private static func diagnostic(_ subfunction: UInt16?) -> Entry {
    switch subfunction {
    case 0: ("ReturnQueryData", .diagnostic, true)
    case 1: ("RestartCommunications", .control, true)
    case 2: ("ReturnDiagnosticRegister", .diagnostic, true)
    case 3: ("ChangeAsciiDelimiter", .control, true)
    case 4: ("ForceListenOnlyMode", .control, true)
    case 10: ("ClearCountersAndDiagnosticRegister", .control, true)
    case 11: ("ReturnBusMessageCount", .diagnostic, true)
    case 12: ("ReturnBusCommunicationErrorCount", .diagnostic, true)
    case 13: ("ReturnBusExceptionErrorCount", .diagnostic, true)
    case 14: ("ReturnServerMessageCount", .diagnostic, true)
    case 15: ("ReturnServerNoResponseCount", .diagnostic, true)
    case 16: ("ReturnServerNAKCount", .diagnostic, true)
    case 17: ("ReturnServerBusyCount", .diagnostic, true)
    case 18: ("ReturnBusCharacterOverrunCount", .diagnostic, true)
    case 20: ("ClearOverrunCounter", .control, true)
    default: ("UnknownDiagnostic", .program, false)
    }
  }

  private static func encapsulated(_ type: UInt16?) -> Entry {
    switch type {
    case 13: ("CANopenGeneralReference", .write, true)
    case 14: ("ReadDeviceIdentification", .diagnostic, true)
    default: ("UnknownEncapsulated", .program, false)
    }
  }
}
