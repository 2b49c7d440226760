import Foundation

/// The simulated PLC of `sluice demo`, as a program of its own with its own log.
final class SimulatedDevice: Sendable {
  let port: Int
  private let run: ProgramRun
  private let directory: URL

  init() throws {
    directory = try GatewayProcess.makeDirectory()
    run = try ProgramRun(
      GatewayProcess.program, ["demo", "--only", "plc", "--port", "0", "--directory", directory.path])
    let line = try run.output.first { $0.contains("\"event\":\"ready\"") }
    let address = JSONText.object(line)?["address"]?.text ?? ""
    guard let port = Int(address.split(separator: ":").last ?? "") else { throw PeerFailure("no port in `\(line)`") }
    self.port = port
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// The request PDUs that it saw, in hexadecimal. It writes its log before it replies.
  func requests() throws -> [String] {
    try log().filter { $0["event"]?.text == "request" }.compactMap { $0["request"]?.text }
  }

  /// How many connections it took.
  func connections() throws -> Int { try log().count { $0["event"]?.text == "connected" } }

  private func log() throws -> [[String: JSONText]] {
    let text = try String(contentsOf: directory.appending(path: "plc.log"), encoding: .utf8)
    return text.split(separator: "\n").compactMap { JSONText.object(String($0)) }
  }
}

/// A gateway with one Modbus listener `plc`: reads everywhere on unit 1, writes of 0-8500 to holding registers 100-119.
func plantConfiguration(_ port: Int, asset: String = "") -> String {
  """
  runtime: { loops: 1 }
  listeners:
    - name: plc
      address: "127.0.0.1:0"
      protocol: modbus
      asset: tank
      filters:
        - operations:
            allow:
              - { units: [1], classes: [read] }
              - { units: [1], functions: [6, 16], addresses: [100-119], values: 0-8500 }
  assets:
    - { name: tank, protocol: modbus, address: "127.0.0.1:\(port)"\(asset.isEmpty ? "" : ", " + asset) }
  """
}

/// A Modbus/TCP frame.
func modbus(_ transaction: UInt16, unit: UInt8 = 1, _ pdu: [UInt8]) -> [UInt8] {
  let length = pdu.count + 1
  return [UInt8(transaction >> 8), UInt8(transaction & 255), 0, 0, UInt8(length >> 8), UInt8(length & 255), unit] + pdu
}

extension RawConnection {
  /// Reads one Modbus/TCP frame.
  func readModbus() throws -> (transaction: UInt16, unit: UInt8, pdu: [UInt8]) {
    let head = try read(exactly: 7)
    let length = Int(head[4]) << 8 | Int(head[5])
    return (UInt16(head[0]) << 8 | UInt16(head[1]), head[6], try read(exactly: length - 1))
  }

  /// Sends a request and returns the reply's PDU.
  func askModbus(_ pdu: [UInt8], transaction: UInt16 = 7, unit: UInt8 = 1) throws -> [UInt8] {
    try send(modbus(transaction, unit: unit, pdu))
    let reply = try readModbus()
    guard reply.transaction == transaction, reply.unit == unit else { throw PeerFailure("another's reply: \(reply)") }
    return reply.pdu
  }
}
