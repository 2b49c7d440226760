import Industrial
import Testing

/// A reply that is refused for its request.
struct RefusedReply: Sendable, CustomTestStringConvertible {
  let asked: String?
  let pdu: String
  let kind: ModbusViolation.Kind

  init(_ asked: String?, _ pdu: String, _ kind: ModbusViolation.Kind) {
    self.asked = asked
    self.pdu = pdu
    self.kind = kind
  }

  var testDescription: String { "\(asked ?? "-") \(pdu.prefix(40)) \(kind.rawValue)" }
}

@Suite("modbus replies")
struct ModbusResponseTests {
  @Test(
    "a fitting reply is read and built again",
    arguments: [
      ("0100000003", "010105"), ("0200000009", "0202ff01"), ("0300050002", "030400090018"),
      ("0400050001", "04028e2b"), ("050001ff00", "050001ff00"), ("060001abcd", "060001abcd"), ("07", "076d"),
      ("080000a537b1c2", "080000a537b1c2"), ("080001ff00", "080001ff00"), ("0800020000", "0800021234"),
      ("0800030a00", "0800030a00"), ("08000b0000", "08000b0042"), ("0800140000", "0800140000"),
      ("0800150000", "080015aabbcc"), ("0b", "0bffff0108"), ("0c", "0c08000001080121 2000"),
      ("0f0013000a02cd01", "0f0013000a"), ("10000100020400aa0102", "1000010002"),
      ("11", "111200ff57696e6770617468204c696d69746564"),
      ("140e0600040001000206000300090002", "140c05060dfe0020050633cd0040"),
      ("150906000400070001abcd", "150906000400070001abcd"), ("16000adead0000", "16000adead0000"),
      ("1700010001000200010200ff", "170200aa"), ("1804de", "18000600020 1b81284"), ("1804de", "1800020000"),
      ("2b0d0102", "2b0daabb"), ("2b0e0100", "2b0e0183000002000141010142"), ("2b0e0400", "2b0e04830000010002 4142"),
      ("5a0001", "5a00fe"), ("0300050002", "8302"), ("5a0001", "da01"), ("2b0e0100", "ab01"),
    ])
  func fitting(asked: String, pdu: String) throws {
    let parsed = try response(pdu, to: asked)
    var encoded: [UInt8] = []
    parsed.encode(transaction: 77, into: &encoded)
    #expect(encoded == frame(hex(pdu), transaction: 77))
    let unasked = try response(pdu, to: nil)
    #expect(unasked.body == parsed.body)
  }

  @Test(
    "a reply that doesn't fit is refused",
    arguments: [
      RefusedReply("0100000003", "", .truncated), RefusedReply("0100000003", "00", .illegalFunction),
      RefusedReply("0100000003", "80", .illegalFunction),
      RefusedReply("0100000003", "0201ff", .functionMismatch), RefusedReply("0300050002", "8101", .functionMismatch),
      RefusedReply("0300050002", "83", .truncated), RefusedReply("0300050002", "830200", .trailingData),
      RefusedReply("0300050002", "8300", .value),
      RefusedReply("0100000003", "01020500", .byteCount), RefusedReply("0100000003", "0100", .byteCount),
      RefusedReply("0100000003", "0101", .truncated), RefusedReply("0100000003", "01010500", .trailingData),
      RefusedReply(nil, "01fb" + String(repeating: "00", count: 251), .byteCount),
      RefusedReply("0300050002", "03020009", .byteCount), RefusedReply("0300050002", "0303000900", .byteCount),
      RefusedReply("0300050002", "0304000900", .truncated), RefusedReply("0300050002", "0300", .byteCount),
      RefusedReply(nil, "03fb" + String(repeating: "00", count: 251), .byteCount),
      RefusedReply("050001ff00", "050002ff00", .echoMismatch), RefusedReply("050001ff00", "0500010000", .echoMismatch),
      RefusedReply("050001ff00", "0500010001", .value), RefusedReply("060001abcd", "060001abce", .echoMismatch),
      RefusedReply("060001abcd", "060001abcd00", .trailingData),
      RefusedReply("0f0013000a02cd01", "0f00130009", .echoMismatch), RefusedReply(nil, "0f00130000", .quantity),
      RefusedReply("10000100020400aa0102", "1000000002", .echoMismatch), RefusedReply(nil, "100001007c", .quantity),
      RefusedReply("07", "07", .truncated), RefusedReply("07", "070000", .trailingData),
      RefusedReply("080000a537", "080000a538", .echoMismatch),
      RefusedReply("080000a537", "080000a537a537", .echoMismatch),
      RefusedReply("080000a537", "0800020000", .subfunctionMismatch), RefusedReply("080000a537", "080000", .truncated),
      RefusedReply(nil, "080000a537b1", .truncated), RefusedReply("080001ff00", "0800010000", .echoMismatch),
      RefusedReply("0800020000", "08000200", .truncated), RefusedReply("0800020000", "080002000000", .trailingData),
      RefusedReply("08000a0000", "08000a000000", .trailingData),
      RefusedReply("0b", "0bffff01", .truncated), RefusedReply("0c", "0c050000010801", .byteCount),
      RefusedReply("0c", "0c47" + String(repeating: "00", count: 71), .byteCount),
      RefusedReply("11", "1100", .byteCount), RefusedReply("11", "110201", .truncated),
      RefusedReply("140706000400010002", "140403060dfe", .byteCount),
      RefusedReply(nil, "140605050dfe0020", .fileReference),
      RefusedReply(nil, "140605060dfe00", .truncated), RefusedReply(nil, "140607060dfe0020", .truncated),
      RefusedReply(nil, "140604060dfe0020", .byteCount), RefusedReply(nil, "1400", .byteCount),
      RefusedReply("140e0600040001000206000300090003", "140e0706000000000000050600000000", .byteCount),
      RefusedReply("150906000400070001abcd", "150906000400070001abce", .echoMismatch),
      RefusedReply(nil, "150907000400070001abcd", .fileReference), RefusedReply(nil, "1500", .byteCount),
      RefusedReply("16000adead0000", "16000bdead0000", .echoMismatch),
      RefusedReply("16000adead0000", "16000adeae0000", .echoMismatch),
      RefusedReply("16000adead0000", "16000adead0001", .echoMismatch),
      RefusedReply("1700010001000200010200ff", "170400aa00aa", .byteCount),
      RefusedReply("1804de", "180042" + "0020" + String(repeating: "00", count: 64), .quantity),
      RefusedReply("1804de", "1800050002aabbcc", .byteCount), RefusedReply("1804de", "1800060002aabbcc", .truncated),
      RefusedReply("2b0e0100", "2b0daabb", .subfunctionMismatch),
      RefusedReply("2b0d0102", "2b0e018300000100 0141", .subfunctionMismatch),
      RefusedReply("2b0e0100", "2b0e028300000100 0141", .echoMismatch),
      RefusedReply(nil, "2b0e058300000100 0141", .value),
      RefusedReply("2b0e0100", "2b0e018301000100 0141", .value), RefusedReply("2b0e0100", "2b0e01830000", .truncated),
      RefusedReply("2b0e0100", "2b0e0183000002000141", .objectList),
      RefusedReply("2b0e0100", "2b0e0183000001000241", .objectList),
      RefusedReply("2b0e0100", "2b0e018300000100014100", .objectList),
      RefusedReply(nil, "41" + String(repeating: "00", count: 253), .trailingData),
    ])
  func refused(_ refused: RefusedReply) {
    #expect(violation { try response(refused.pdu, to: refused.asked) }?.kind == refused.kind)
  }

  @Test("a reply from another unit is refused")
  func otherUnit() {
    #expect(
      violation { try response("030400090018", to: "0300050002", unit: 2) } == ModbusViolation(.unitMismatch, at: 6))
  }

  @Test("padding bits of a reply are cleared")
  func clearsPadding() throws {
    var encoded: [UInt8] = []
    try response("0101ff", to: "0100000003").encode(transaction: 1, into: &encoded)
    #expect(encoded == frame(hex("010107")))
  }

  @Test("registers and exception read out")
  func readsOut() throws {
    #expect(try response("030400090018", to: "0300050002").registers == [9, 24])
    #expect(try response("1800060002 01b81284", to: "1804de").registers == [0x1B8, 0x1284])
    #expect(try response("010105", to: "0100000003").registers == [])
    #expect(try response("8306", to: "0300050002").exception == .serverDeviceBusy)
    #expect(try response("030400090018", to: "0300050002").exception == nil)
  }
}
