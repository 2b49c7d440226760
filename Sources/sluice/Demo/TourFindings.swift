import FoundationEssentials

/// What the tour's own two requests brought.
package struct TourFindings: Equatable, Sendable {
  package var httpStatus: Int?
  package var httpID: String?
  /// The exception code of the Modbus reply; nil when the reply was none.
  package var modbusException: Int?
  package var modbusID: String?
  /// Requests that the PLC's own log counts, and writes among them.
  package var plcRequests = 0
  package var plcWrites = 0

  package init() {}

  /// Sends a write to the API without a digest and a Modbus write outside the rules, and reads what came of them.
  static func collect(ports: TourPorts, directory: String) async -> TourFindings {
    var findings = TourFindings()
    if let reply = try? refusedPost(port: ports.web) {
      findings.httpStatus = reply.status
      findings.httpID = reply.id
    }
    findings.modbusException = try? refusedWrite(port: ports.modbus)
    findings.modbusID = await blockedOperation(accessLog: directory + "/logs/access.jsonl")
    findings.count(plcLog: (try? String(contentsOfFile: directory + "/plc.log", encoding: .utf8)) ?? "")
    return findings
  }

  private static func refusedPost(port: Int) throws -> (status: Int, id: String?)? {
    let connection = try LoopbackConnection(port: port)
    let body = #"{"level":62.5}"#
    let head = "POST /api/setpoints HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
    try connection.send(Array((head + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n" + body).utf8))
    return replySummary(connection.receive { _ in false })
  }

  private static func refusedWrite(port: Int) throws -> Int? {
    let connection = try LoopbackConnection(port: port)
    let request = ModbusFrame(transaction: 1, unit: 1, pdu: [6, 0, UInt8(Plant.safetyLimitRegister), 0, 7])
    try connection.send(request.bytes)
    let reply = connection.receive { $0.count >= 9 }
    return reply.count >= 9 && reply[7] == 0x86 ? Int(reply[8]) : nil
  }

  /// The id of the last Modbus operation that was blocked, from the access log; nil when it does not appear in time.
  private static func blockedOperation(accessLog: String) async -> String? {
    for _ in 0..<60 {
      if let text = try? String(contentsOfFile: accessLog, encoding: .utf8), let id = lastBlockedOperation(in: text) {
        return id
      }
      do { try await Task.sleep(for: .milliseconds(50)) } catch { return nil }
    }
    return nil
  }

  /// The id of the last blocked Modbus operation in access log lines.
  package static func lastBlockedOperation(in lines: String) -> String? {
    struct Line: Decodable {
      var id: String
      var `protocol`: String?
      var verdict: String?
    }
    for line in lines.split(separator: "\n").reversed() {
      guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else { continue }
      if entry.protocol == "modbus", entry.verdict == "block" { return entry.id }
    }
    return nil
  }

  /// Counts requests and writes in the PLC's log.
  package mutating func count(plcLog: String) {
    struct Line: Decodable {
      var event: String
      var function: Int?
    }
    for line in plcLog.split(separator: "\n") {
      let entry = try? JSONDecoder().decode(Line.self, from: Data(line.utf8))
      guard let entry, entry.event == "request" else { continue }
      plcRequests += 1
      if let function = entry.function, [5, 6, 15, 16, 22, 23].contains(function) { plcWrites += 1 }
    }
  }
}
