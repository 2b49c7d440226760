/// The bounds of Modbus/TCP, each with its source (AP: Application Protocol V1.1b3, MG: Messaging Guide V1.0b).
public enum ModbusLimits {
  /// Bytes before the PDU: transaction, protocol, length, unit (MG 3.1.3).
  public static let headerBytes = 7
  /// Bytes before those that the length field counts.
  public static let lengthPrefixBytes = 6
  /// What the length field may say: the unit and a PDU of 1 to 253 bytes (MG 3.1.3).
  public static let lengthField = 2...254
  /// The largest PDU (AP 4.1).
  public static let pduBytes = 253
  /// The largest PDU without its function code.
  public static let payloadBytes = 252
  /// The largest frame (MG 3.1.2).
  public static let frameBytes = 260
  /// Coils or discrete inputs in one read (AP 6.1, 6.2).
  public static let readBits = 2000
  /// Registers in one read (AP 6.3, 6.4, 6.17).
  public static let readRegisters = 125
  /// Coils in one write (AP 6.11).
  public static let writeCoils = 1968
  /// Registers in one write (AP 6.12).
  public static let writeRegisters = 123
  /// Registers written by function 23 (AP 6.17).
  public static let readWriteRegisters = 121
  /// Addresses in one table.
  public static let addresses = 65536
  /// Bytes of sub-requests in a file read (AP 6.14).
  public static let readFileBytes = 7...245
  /// Bytes of sub-replies in the reply to a file read (AP 6.14).
  public static let readFileReplyBytes = 245
  /// Bytes of sub-requests in a file write (AP 6.15).
  public static let writeFileBytes = 9...251
  /// Records in a file (AP 6.14).
  public static let fileRecords = 10000
  /// Registers in a FIFO queue (AP 6.18).
  public static let fifoRegisters = 31
  /// Bytes of events in a communication event log (AP 6.10).
  public static let eventLogBytes = 64
}
