import Industrial
import Testing

/// A PDU that is refused, where and why.
struct Refused: Sendable, CustomTestStringConvertible {
  let pdu: String
  let kind: ModbusViolation.Kind
  /// The byte of the PDU, from 0.
  let at: Int

  init(_ pdu: String, _ kind: ModbusViolation.Kind, _ at: Int) {
    self.pdu = pdu
    self.kind = kind
    self.at = at
  }

  var testDescription: String { "\(pdu.prefix(40)) \(kind.rawValue)" }
}

private func zeros(_ count: Int) -> String { String(repeating: "00", count: count) }

@Suite("modbus requests")
struct ModbusRequestTests {
  @Test(
    "each function is understood",
    arguments: [
      ("0100000001", "ReadCoils", "read"),
      ("02000007d0", "ReadDiscreteInputs", "read"),
      ("0300050002", "ReadHoldingRegisters", "read"),
      ("04ffff0001", "ReadInputRegisters", "read"),
      ("050001ff00", "WriteSingleCoil", "write"),
      ("060001abcd", "WriteSingleRegister", "write"),
      ("07", "ReadExceptionStatus", "diagnostic"),
      ("080000a537b1c2", "ReturnQueryData", "diagnostic"),
      ("080001ff00", "RestartCommunications", "control"),
      ("0800020000", "ReturnDiagnosticRegister", "diagnostic"),
      ("0800030a00", "ChangeAsciiDelimiter", "control"),
      ("0800040000", "ForceListenOnlyMode", "control"),
      ("08000a0000", "ClearCountersAndDiagnosticRegister", "control"),
      ("08000b0000", "ReturnBusMessageCount", "diagnostic"),
      ("08000c0000", "ReturnBusCommunicationErrorCount", "diagnostic"),
      ("08000d0000", "ReturnBusExceptionErrorCount", "diagnostic"),
      ("08000e0000", "ReturnServerMessageCount", "diagnostic"),
      ("08000f0000", "ReturnServerNoResponseCount", "diagnostic"),
      ("0800100000", "ReturnServerNAKCount", "diagnostic"),
      ("0800110000", "ReturnServerBusyCount", "diagnostic"),
      ("0800120000", "ReturnBusCharacterOverrunCount", "diagnostic"),
      ("0800140000", "ClearOverrunCounter", "control"),
      ("0800150003", "UnknownDiagnostic", "program"),
      ("0b", "GetCommEventCounter", "diagnostic"),
      ("0c", "GetCommEventLog", "diagnostic"),
      ("0f000100040109", "WriteMultipleCoils", "write"),
      ("10000100020400aa00bb", "WriteMultipleRegisters", "write"),
      ("11", "ReportServerID", "diagnostic"),
      ("140706000400010002", "ReadFileRecord", "read"),
      ("150906000400070001abcd", "WriteFileRecord", "write"),
      ("16000adead0000", "MaskWriteRegister", "write"),
      ("1700010001000200010200ff", "ReadWriteMultipleRegisters", "write"),
      ("1804de", "ReadFIFOQueue", "read"),
      ("2b0d0102", "CANopenGeneralReference", "write"),
      ("2b0e0100", "ReadDeviceIdentification", "diagnostic"),
      ("2b000000", "UnknownEncapsulated", "program"),
      ("5a0001", "VendorProgramming", "program"),
      ("2a0e0401010123", "VendorProgramming", "program"),
      ("41", "UserDefined", "program"),
      ("7800", "Unknown", "program"),
    ])
  func understood(pdu: String, name: String, operationClass: String) throws {
    let parsed = try request(pdu, unit: 9)
    #expect(parsed.function.name.description == name)
    #expect(parsed.function.operationClass.rawValue == operationClass)
    var encoded: [UInt8] = []
    parsed.encode(transaction: 0x1234, into: &encoded)
    #expect(encoded == frame(hex(pdu), transaction: 0x1234, unit: 9))
  }

  @Test("the largest requests pass")
  func largest() throws {
    let largest = [
      "01000007d0", "02000007d0", "030000007d", "04ff83007d", "0f000007b0f6" + zeros(246), "100000007bf6" + zeros(246),
      "170000007d00000079f2" + zeros(242), "14f5" + String(repeating: "06000100000001", count: 35),
      "15fb060001000000" + "7a" + zeros(244), "0f000007b0f6" + zeros(246),
    ]
    for pdu in largest {
      let parsed = try request(pdu)
      var encoded: [UInt8] = []
      parsed.encode(transaction: 1, into: &encoded)
      #expect(encoded == frame(hex(pdu)))
    }
  }

  @Test(
    "what isn't exact is refused",
    arguments: [
      Refused("", .truncated, 0),
      Refused("00", .illegalFunction, 0), Refused("80", .illegalFunction, 0), Refused("ff01", .illegalFunction, 0),
      Refused("01000000", .truncated, 4), Refused("010000000100", .trailingData, 5),
      Refused("0100000000", .quantity, 3), Refused("01000007d1", .quantity, 3), Refused("02000007d1", .quantity, 3),
      Refused("030000007e", .quantity, 3), Refused("0300000000", .quantity, 3), Refused("040000007e", .quantity, 3),
      Refused("03ffff0002", .addressRange, 1), Refused("01ffff0002", .addressRange, 1),
      Refused("0500010001", .value, 3), Refused("050001ff01", .value, 3), Refused("050001ff", .truncated, 4),
      Refused("06000100", .truncated, 4), Refused("060001000100", .trailingData, 5),
      Refused("0700", .trailingData, 1), Refused("0b00", .trailingData, 1), Refused("0c00", .trailingData, 1),
      Refused("1100", .trailingData, 1),
      Refused("0800", .truncated, 2), Refused("080000", .truncated, 3), Refused("080000a537ff", .truncated, 6),
      Refused("0800010001", .value, 3), Refused("0800020001", .value, 3), Refused("0800030a01", .value, 4),
      Refused("0800040001", .value, 3), Refused("08000400000000", .trailingData, 5), Refused("08000a00", .truncated, 4),
      Refused("0f00000000", .truncated, 5), Refused("0f0000000000", .quantity, 3),
      Refused("0f000007b1f7" + zeros(246), .quantity, 3), Refused("0f0000000902ff", .truncated, 7),
      Refused("0f0000000901ff", .byteCount, 5), Refused("0f0000000301ff00", .trailingData, 7),
      Refused("0fffff00020101", .addressRange, 1),
      Refused("100000007cf8" + zeros(246), .quantity, 3), Refused("10000000010100", .byteCount, 5),
      Refused("100000000102ab", .truncated, 7), Refused("10ffff00020400010002", .addressRange, 1),
      Refused("100000000102abcd00", .trailingData, 8), Refused("10000000000000", .quantity, 3),
      Refused("16000adead00", .truncated, 6), Refused("16000adead000000", .trailingData, 7),
      Refused("170000007e000000010200ff", .quantity, 3), Refused("1700000001000000000000", .quantity, 7),
      Refused("17000000010000007af4" + zeros(242), .quantity, 7), Refused("1700000001000000010100", .byteCount, 9),
      Refused("17ffff0002000000010200ff", .addressRange, 1), Refused("170000000100", .truncated, 6),
      Refused("1700000001ffff000204aabbccdd", .addressRange, 5),
      Refused("17000000010000000102aabbcc", .trailingData, 12),
      Refused("1804", .truncated, 2), Refused("1804de00", .trailingData, 3),
      Refused("14", .truncated, 1), Refused("1400", .byteCount, 1), Refused("1408" + zeros(8), .byteCount, 1),
      Refused("14fc" + zeros(251), .byteCount, 1), Refused("140705000400010002", .fileReference, 2),
      Refused("140706000000010002", .fileReference, 3), Refused("140706000427100001", .fileReference, 5),
      Refused("140706000400010000", .quantity, 7), Refused("1407060004270f0002", .addressRange, 7),
      Refused("14070600040001007b", .quantity, 7), Refused("1407060004000100", .truncated, 8),
      Refused("14070600040001000200", .trailingData, 9),
      Refused("1500", .byteCount, 1), Refused("150906000400070002abcd", .truncated, 11),
      Refused("150b06000400070001abcd0600", .truncated, 13), Refused("150906000400070001ab", .truncated, 10),
      Refused("150906000400070001abcd00", .trailingData, 11), Refused("150907000400070001abcd", .fileReference, 2),
      Refused("2b", .truncated, 1), Refused("2b0e01", .truncated, 3), Refused("2b0e010000", .trailingData, 4),
      Refused("2b0e0000", .value, 2), Refused("2b0e0500", .value, 2),
      Refused("41" + zeros(253), .trailingData, 253),
    ])
  func refused(_ refused: Refused) {
    #expect(violation { try request(refused.pdu) } == ModbusViolation(refused.kind, at: 7 + refused.at))
  }

  @Test("the exception that answers a violation follows its kind")
  func exceptions() {
    #expect(violation { try request("80") }?.exception == .illegalFunction)
    #expect(violation { try request("03ffff0002") }?.exception == .illegalDataAddress)
    #expect(violation { try request("0300000000") }?.exception == .illegalDataValue)
    #expect(violation { try request("0300000000") }?.isFraming == false)
    for kind in ModbusViolation.Kind.allCases {
      let text = ModbusViolation(kind, at: 3).description
      #expect(text.hasSuffix("(byte 3)") && text.first?.isLowercase == true)
    }
  }

  @Test("padding bits of written coils are cleared")
  func clearsPadding() throws {
    var encoded: [UInt8] = []
    try request("0f0000000301ff").encode(transaction: 1, into: &encoded)
    #expect(encoded == frame(hex("0f000000030107")))
  }

  @Test("an exception reply carries the client's ids")
  func exceptionReply() throws {
    let asked = try ModbusRequest(
      pdu: hex("0300050002").span, header: ModbusHeader(transaction: 0xBEEF, unit: 0x11))
    var bytes: [UInt8] = []
    asked.encodeException(.illegalFunction, into: &bytes)
    #expect(bytes == hex("beef 0000 0003 11 83 01"))
    #expect(ModbusException.gatewayTargetFailedToRespond.name.description == "GatewayTargetFailedToRespond")
    #expect(ModbusException(rawValue: 0x77).name.description == "Unknown")
  }

  @Test("only the order to listen only has no reply")
  func expectsReply() throws {
    #expect(try !request("0800040000").expectsReply)
    #expect(try request("080001ff00").expectsReply)
    #expect(try request("07").expectsReply)
  }
}
