import Foundation
import Industrial
import Testing

/// Where others' captures are: `SLUICE_CONFORMANCE`, or beside the package.
private let captures: URL = {
  let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let root =
    ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"].map { URL(filePath: $0) }
    ?? package.appending(path: "../shared/conformance").standardizedFileURL
  return root.appending(path: "industrial/modbus")
}()

private let capturesArePresent = FileManager.default.fileExists(atPath: captures.path)

/// What we make of a segment: the first frame in it.
private enum Reading: Equatable {
  case request(ModbusRequest)
  case response(ModbusResponse)
  case violation(ModbusViolation.Kind, function: Int?)
  case incomplete
}

/// One line of Wireshark's reading.
private struct OracleRow {
  let number: Int
  let fields: [String: String]

  func number(_ field: String) -> Int? { fields[field].flatMap { Int($0) } }
}

/// A frame that Wireshark reads without complaint and we refuse, or reads where we see no Modbus.
private struct Difference {
  let capture: String
  let frames: [Int]
  let kind: ModbusViolation.Kind
  let reason: String
}

private let differences = [
  Difference(
    capture: "modbus_example", frames: [64, 66, 68, 70], kind: .byteCount,
    reason:
      "file access without any sub-request: the byte count must be 7 to 245 to read and 9 to 251 to write (AP 6.14)"
  ),
  Difference(
    capture: "fuzz-72", frames: [5], kind: .functionMismatch,
    reason: "every frame has transaction 0 and requests are missing, so the reply meets a request for another function"
  ),
  Difference(
    capture: "modbus", frames: [32, 34], kind: .trailingData,
    reason: "a fifth byte after a device identification request, which has four (AP 6.21)"),
  Difference(
    capture: "modbus_test_data_part1", frames: [32, 34], kind: .trailingData,
    reason: "a fifth byte after a device identification request, which has four (AP 6.21)"),
  Difference(
    capture: "modbus", frames: [91, 93, 95, 97, 99], kind: .trailingData,
    reason: "a byte after the exception code (AP 7)"),
  Difference(
    capture: "modbus_test_data_part1", frames: [91, 93, 95, 97, 99, 101, 103, 105, 107, 109], kind: .trailingData,
    reason: "a byte after the exception code (AP 7)"),
]

/// What we make of segments that Wireshark doesn't read as Modbus at all.
private let beyondOracle: [String: [Int: String]] = [
  "fuzz-72": [
    1: "length", 2: "exception", 7: "request", 8: "protocol-identifier", 12: "protocol-identifier", 14: "incomplete",
    19: "exception", 21: "function-mismatch", 23: "request", 25: "exception", 26: "exception", 27: "exception",
    30: "request", 32: "function-mismatch", 34: "protocol-identifier", 35: "protocol-identifier",
  ],
  "modbus": [
    76: "length", 78: "length", 80: "protocol-identifier", 82: "protocol-identifier",
  ],
  "modbus_test_data_part1": [
    76: "length", 78: "length", 80: "protocol-identifier", 82: "protocol-identifier", 113: "response",
  ],
  "modbus-and-non-modbus-p502": [
    29: "protocol-identifier", 31: "protocol-identifier", 39: "protocol-identifier", 41: "protocol-identifier",
    49: "protocol-identifier", 51: "protocol-identifier", 65: "protocol-identifier", 70: "protocol-identifier",
    72: "protocol-identifier", 80: "protocol-identifier", 82: "protocol-identifier",
  ],
]

@Suite(
  "modbus captures",
  .enabled(if: capturesArePresent, "no captures at `\(captures.path)`; set SLUICE_CONFORMANCE to their folder"))
struct ModbusConformanceTests {
  @Test(
    "frame by frame as Wireshark reads it",
    arguments: [
      ("modbus_example", 48), ("modbus", 39), ("modbus-and-non-modbus-p502", 12), ("fuzz-72", 17), ("modbusSmall", 32),
      ("modbus_test_data_part1", 45),
    ])
  func capture(name: String, rows: Int) throws {
    let readings = try read(name)
    let oracle = try oracle(name)
    #expect(oracle.count == rows)
    var explained: Set<Int> = []
    for row in oracle {
      let reading = try #require(readings[row.number], "frame \(row.number)")
      if let difference = differences.first(where: { $0.capture == name && $0.frames.contains(row.number) }) {
        explained.insert(row.number)
        let function = row.number("modbus.func_code")
        #expect(reading == .violation(difference.kind, function: function), "\(row.number): \(difference.reason)")
      } else {
        compare(reading, row, "\(name) frame \(row.number)")
      }
    }
    let expected = Set(differences.filter { $0.capture == name }.flatMap(\.frames))
    #expect(explained == expected, "differences that are no longer there")

    let rest = readings.filter { number, _ in !oracle.contains { $0.number == number } }
    #expect(rest.mapValues(describe) == beyondOracle[name, default: [:]])
  }

  private func compare(_ reading: Reading, _ row: OracleRow, _ place: String) {
    switch reading {
    case .request(let request):
      #expect(Int(request.header.transaction) == row.number("mbtcp.trans_id"), "\(place)")
      #expect(Int(request.header.unit) == row.number("mbtcp.unit_id"), "\(place)")
      #expect(Int(request.functionCode) == row.number("modbus.func_code"), "\(place)")
      #expect(row.number("modbus.exception_code") == nil, "\(place)")
      if let address = row.number("modbus.reference_num") { #expect(request.span?.start == address, "\(place)") }
      if let quantity = row.number("modbus.word_cnt") ?? row.number("modbus.bit_cnt") {
        #expect(request.span?.quantity == quantity, "\(place)")
      }
      if let code = row.number("modbus.diagnostic_code") { #expect(request.subfunction == UInt16(code), "\(place)") }
      if let values = row.fields["modbus.regval_uint16"], !values.isEmpty {
        let written = operations(request).flatMap { request.values(of: $0) }
        #expect(written.map(String.init).joined(separator: ",") == values, "\(place)")
      }
    case .response(let response):
      #expect(Int(response.header.transaction) == row.number("mbtcp.trans_id"), "\(place)")
      #expect(Int(response.header.unit) == row.number("mbtcp.unit_id"), "\(place)")
      #expect(Int(response.functionCode) == row.number("modbus.func_code"), "\(place)")
      #expect(response.exception.map { Int($0.rawValue) } == row.number("modbus.exception_code"), "\(place)")
      if case .written(let address, let value) = response.body {
        #expect(Int(address) == row.number("modbus.reference_num"), "\(place)")
        if let quantity = row.number("modbus.word_cnt") ?? row.number("modbus.bit_cnt") {
          #expect(Int(value) == quantity, "\(place)")
        }
      }
      if case .diagnostic(let code) = response.body {
        #expect(Int(code) == row.number("modbus.diagnostic_code"), "\(place)")
      }
      if let bytes = row.number("modbus.byte_cnt") { #expect(response.payload.count == bytes, "\(place)") }
      if let values = row.fields["modbus.regval_uint16"], !values.isEmpty {
        #expect(response.registers.map(String.init).joined(separator: ",") == values, "\(place)")
      }
    case .violation(let kind, let function):
      #expect(row.fields["_ws.malformed"]?.isEmpty == false, "\(place): \(kind.rawValue), function \(function ?? -1)")
    case .incomplete:
      Issue.record("\(place): not a whole frame")
    }
  }

  private func describe(_ reading: Reading) -> String {
    switch reading {
    case .request: "request"
    case .response(let response): response.exception == nil ? "response" : "exception"
    case .violation(let kind, _): kind.rawValue
    case .incomplete: "incomplete"
    }
  }

  /// Reads the first frame of every segment; a reply is held against the last request of its connection with its id.
  private func read(_ name: String) throws -> [Int: Reading] {
    let file = try Data(contentsOf: captures.appending(path: "\(name).pcap"))
    var asked: [String: ModbusExpectation] = [:]
    var readings: [Int: Reading] = [:]
    for segment in try PcapReader.segments(Array(file)) {
      let toDevice = segment.destinationPort == 502
      let key = { (transaction: UInt16) in
        "\(toDevice ? segment.sourcePort : segment.destinationPort)/\(transaction)"
      }
      let bytes = segment.payload
      var function: Int?
      do {
        var decoder = ModbusFrameDecoder()
        guard case .frame(let frame) = try decoder.next(bytes.span) else {
          readings[segment.number] = .incomplete
          continue
        }
        function = Int(bytes[7] & 0x7F)
        let pdu = bytes.span.extracting(frame.pdu)
        if toDevice {
          let request = try ModbusRequest(pdu: pdu, header: frame.header)
          asked[key(frame.header.transaction)] = ModbusExpectation(request)
          readings[segment.number] = .request(request)
        } else {
          let expectation = asked.removeValue(forKey: key(frame.header.transaction))
          readings[segment.number] = .response(
            try ModbusResponse(pdu: pdu, header: frame.header, expectation: expectation))
        }
      } catch {
        readings[segment.number] = .violation(error.kind, function: function)
      }
    }
    return readings
  }

  private func oracle(_ name: String) throws -> [OracleRow] {
    let text = try String(contentsOf: captures.appending(path: "\(name).oracle.tsv"), encoding: .utf8)
    let lines = text.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    let names = try #require(lines.first)
    return lines.dropFirst().compactMap { line in
      guard let number = line.first.flatMap({ Int($0) }) else { return nil }
      return OracleRow(number: number, fields: Dictionary(zip(names, line)) { first, _ in first })
    }
  }
}
