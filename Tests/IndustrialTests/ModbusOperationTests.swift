import Industrial
import Testing

@Suite("modbus operations")
struct ModbusOperationTests {
  @Test(
    "one operation with its space, addresses and values",
    arguments: [
      ("0100000008", "coil 0-7", []), ("02000a0001", "discrete-input 10", []),
      ("0300640014", "holding-register 100-119", []), ("04ffff0001", "input-register 65535", []),
      ("050005ff00", "coil 5", [1]), ("0500050000", "coil 5", [0]), ("060005ffff", "holding-register 5", [65535]),
      ("0f0000000a02ff02", "coil 0-9", [1, 1, 1, 1, 1, 1, 1, 1, 0, 1]),
      ("10000100020400aaffff", "holding-register 1-2", [170, 65535]),
      ("1804de", "holding-register 1246-1277", []), ("18fffe", "holding-register 65534-65535", []),
      ("140706000400010002", "file 4 record 1-2", []), ("150906000400070001abcd", "file 4 record 7", [0xABCD]),
    ] as [(String, String, [Int])])
  func single(pdu: String, target: String, values: [Int]) throws {
    let parsed = try request(pdu)
    let all = operations(parsed)
    #expect(all.count == 1)
    let only = try #require(all.first)
    #expect(only.target == target)
    #expect(parsed.values(of: only) == values)
    #expect(only.operationClass == (values.isEmpty ? .read : .write))
    #expect(parsed.value(of: only, at: values.count) == nil)
    #expect(parsed.value(of: only, at: -1) == nil)
  }

  @Test("function 23 reads and writes")
  func readWrite() throws {
    let parsed = try request("1700010004000200030600aa00bb00cc")
    let all = operations(parsed)
    #expect(all.map(\.operationClass) == [.read, .write])
    #expect(all.map(\.addresses) == [1...4, 2...4])
    #expect(all.map { parsed.values(of: $0) } == [[], [0xAA, 0xBB, 0xCC]])
  }

  @Test("files split into one operation per sub-request")
  func files() throws {
    let read = operations(try request("140e0600040001000206000300090002"))
    #expect(read.map(\.file) == [4, 3])
    #expect(read.map(\.addresses) == [1...2, 9...10])
    let parsed = try request("1514 0600040007000200010002 06000300090001abcd")
    let write = operations(parsed)
    #expect(write.map(\.file) == [4, 3])
    #expect(write.map { parsed.values(of: $0) } == [[1, 2], [0xABCD]])
    #expect(write.allSatisfy { $0.space == .file && $0.operationClass == .write })
  }

  @Test("what changes the device in ways that can't be told has unknown values")
  func unknownValues() throws {
    for pdu in ["16000adead0000", "0800040000", "5a00", "2b00", "0800150000"] {
      #expect(operations(try request(pdu)).map(\.values) == [.unknown], "\(pdu)")
    }
    #expect(operations(try request("2b0d01")).map(\.values) == [.none, .unknown])
    for pdu in ["07", "0800020000", "0b", "0c", "11", "2b0e0100"] {
      let all = operations(try request(pdu))
      #expect(all.map(\.values) == [.none], "\(pdu)")
      #expect(all.map(\.addresses) == [nil])
      #expect(all.map(\.operationClass) == [.diagnostic])
      #expect(all.first?.target == nil)
    }
  }

  @Test("classes have distinct bits and the words of the configuration")
  func classes() {
    let all = IndustrialOperationClass.allCases
    #expect(Set(all.map(\.bit)).count == all.count)
    #expect(
      all.map(\.rawValue) == [
        "read", "write", "control", "program", "config", "diagnostic", "discovery", "session", "file", "event",
        "unknown",
      ])
    #expect(IndustrialProtocol.all.map(\.name) == ["modbus"])
  }
}
