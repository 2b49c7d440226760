import Foundation
import Glibc
import Testing

/// The plant's side of the gate: what is allowed passes, what is not never reaches the device.
struct ModbusTests {
  @Test func readsPass() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let client = try gateway.connect("plc")
    #expect(try client.askModbus([3, 0, 100, 0, 2]) == [3, 4, 0x13, 0x88, 0x01, 0x90])
    #expect(try client.askModbus([1, 0, 0, 0, 2]) == [1, 1, 3])
    let line = try gateway.logLine { $0["function"]?.text == "3" }
    #expect(line["protocol"]?.text == "modbus" && line["asset"]?.text == "tank" && line["verdict"]?.text == "allow")
  }

  @Test func writesInsideTheRulesPass() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let client = try gateway.connect("plc")
    #expect(try client.askModbus([6, 0, 100, 0x18, 0x6a]) == [6, 0, 100, 0x18, 0x6a])
    #expect(try client.askModbus([16, 0, 118, 0, 2, 4, 0, 1, 0, 2]) == [16, 0, 118, 0, 2])
    #expect(try device.requests() == ["060064186a", "10007600020400010002"])
  }

  @Test func whatNoRuleAllowsGetsException01AndStaysOutside() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let client = try gateway.connect("plc")
    let refused: [[UInt8]] = [
      [6, 0, 99, 0, 1], [6, 0, 120, 0, 1], [6, 0, 100, 0x21, 0x35],  // 8501
      [16, 0, 119, 0, 2, 4, 0, 1, 0, 2], [16, 0, 100, 0, 2, 4, 0, 1, 0xff, 0xff], [5, 0, 0, 0xff, 0],
      [15, 0, 0, 0, 1, 1, 1],
      [22, 0, 100, 0xff, 0xff, 0, 0], [23, 0, 100, 0, 1, 0, 100, 0, 1, 2, 0, 1], [8, 0, 1, 0, 0], [90, 0, 1],
    ]
    for pdu in refused { #expect(try client.askModbus(pdu) == [pdu[0] | 0x80, 1], "\(pdu)") }
    #expect(try client.askModbus([3, 0, 100, 0, 1], unit: 2) == [0x83, 1])
    // The read that follows has reached the device, so whatever went before it would have, too.
    #expect(try client.askModbus([3, 0, 100, 0, 1]).first == 3)
    #expect(try device.requests() == ["0300640001"])
  }

  @Test func explainsARefusalAlsoAfterARestart() throws {
    let device = try SimulatedDevice()
    var gateway = try GatewayProcess(plantConfiguration(device.port))
    #expect(try gateway.connect("plc").askModbus([6, 0, 200, 0, 7]) == [0x86, 1])
    let line = try gateway.logLine { $0["verdict"]?.text == "block" }
    let id = try #require(line["id"]?.text)
    #expect(line["exception"]?.text == "1" && line["class"]?.text == "write" && !line.reasons.isEmpty)
    let explained = try gateway.command("explain", id)
    #expect(explained.status == 0 && explained.output.contains("operations") && explained.output.contains("200"))

    let kept = try GatewayProcess.makeDirectory()
    defer { try? FileManager.default.removeItem(at: kept) }
    gateway.signal(SIGTERM)
    #expect(try gateway.status() == 0)
    for entry in try FileManager.default.contentsOfDirectory(at: gateway.directory, includingPropertiesForKeys: nil)
    where entry.lastPathComponent == "decisions" {
      try FileManager.default.copyItem(at: entry, to: kept.appending(path: "decisions"))
    }
    gateway = try GatewayProcess(plantConfiguration(device.port), in: kept)
    let again = try gateway.command("explain", id)
    #expect(again.status == 0 && again.output.contains("operations"))
    let unknown = try gateway.command("explain", "01980000-0000-7000-8000-000000000000")
    #expect(unknown.status == 1)
  }

  @Test func malformedFramesCloseTheClient() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    for bytes in [
      [0, 1, 0, 1, 0, 6, 1, 3, 0, 0, 0, 1], [0, 1, 0, 0, 0, 1, 1], [0, 1, 0, 0, 1, 0, 1, 3],
      Array("GET / HTTP/1.1\r\n".utf8),
    ] as [[UInt8]] {
      let client = try gateway.connect("plc")
      try client.send(bytes)
      #expect(try client.isClosedByPeer(), "\(bytes)")
    }
    _ = try gateway.logLine { $0["verdict"]?.text == "block" }
    #expect(try gateway.connect("plc").askModbus([3, 0, 100, 0, 1]).first == 3)
    #expect(try device.requests() == ["0300640001"])
  }

  @Test func malformedRepliesReachNobody() throws {
    let forged: [[UInt8]] = [
      [0, 9], [4, 2, 0, 1], [3, 4, 0, 1], [3, 2, 0], [0x84, 2],
    ]
    for pdu in forged {
      let closed = Journal<Bool>()
      let device = try Upstream { connection in
        let request = try connection.readModbus()
        try connection.send(modbus(request.transaction, pdu))
        closed.append(try connection.isClosedByPeer())
      }
      let gateway = try GatewayProcess(plantConfiguration(device.port))
      #expect(try gateway.connect("plc").askModbus([3, 0, 100, 0, 1]) == [0x83, 0x0b], "\(pdu)")
      #expect(try closed.first { _ in true })
    }
  }

  @Test func lateRepliesAreDiscarded() throws {
    let timedOut = Journal<Bool>()
    let device = try Upstream { connection in
      let first = try connection.readModbus()
      if first.pdu[2] == 100 {
        _ = try timedOut.first { $0 }
        try connection.send(modbus(first.transaction, [3, 2, 0x11, 0x11]))
      } else {
        try connection.send(modbus(first.transaction, [3, 2, 0x22, 0x22]))
      }
      while true { try connection.send(modbus(connection.readModbus().transaction, [3, 2, 0x22, 0x22])) }
    }
    let gateway = try GatewayProcess(plantConfiguration(device.port, asset: "requestTimeout: 200ms"))
    let client = try gateway.connect("plc")
    #expect(try client.askModbus([3, 0, 100, 0, 1]) == [0x83, 0x0b])
    timedOut.append(true)
    for _ in 1...5 { #expect(try client.askModbus([3, 0, 101, 0, 1]) == [3, 2, 0x22, 0x22]) }
    #expect(client.isQuiet)
  }

  @Test func manyClientsShareOneDeviceConnection() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let clients = try (0..<8).map { _ in try gateway.connect("plc") }
    for round in 0..<5 {
      // All with the same transaction id, each for a register of its own.
      for (index, client) in clients.enumerated() where round == 0 {
        #expect(try client.askModbus([6, 0, UInt8(102 + index), 0, UInt8(index + 1)]).first == 6)
      }
      for (index, client) in clients.enumerated() { try client.send(modbus(9, [3, 0, UInt8(102 + index), 0, 1])) }
      for (index, client) in clients.enumerated() {
        let reply = try client.readModbus()
        #expect(reply.transaction == 9 && reply.pdu == [3, 2, 0, UInt8(index + 1)])
      }
    }
    #expect(try device.connections() == 1)
  }

  @Test func pipelinedRequestsAreAllAnswered() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let client = try gateway.connect("plc")
    try client.send((1...40).flatMap { modbus(UInt16($0), [3, 0, 100, 0, 1]) })
    var seen: Set<UInt16> = []
    for _ in 1...40 { seen.insert(try client.readModbus().transaction) }
    #expect(seen == Set(1...40))
  }

  @Test func frameInPiecesIsOneRequest() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let client = try gateway.connect("plc")
    for byte in modbus(5, [3, 0, 100, 0, 1]) { try client.send([byte]) }
    #expect(try client.readModbus().pdu == [3, 2, 0x13, 0x88])
  }

  @Test func aDeviceThatIsDownGivesAGatewayException() throws {
    let gateway = try GatewayProcess(plantConfiguration(closedPort()))
    let reply = try gateway.connect("plc").askModbus([3, 0, 100, 0, 1])
    #expect(reply == [0x83, 0x0a])
    #expect(try gateway.logLine { $0["protocol"]?.text == "modbus" }["exception"]?.text == "10")
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/mbpoll")))
  func mbpollReadsAndIsRefused() throws {
    let device = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let common = ["-m", "tcp", "-p", String(try gateway.port("plc")), "-a", "1", "-t", "4", "-0", "-1"]
    let read = try ProgramRun.finish("mbpoll", common + ["-r", "100", "-c", "2", "127.0.0.1"])
    #expect(read.status == 0 && read.output.contains("5000"), "\(read)")
    let written = try ProgramRun.finish("mbpoll", common + ["-r", "200", "127.0.0.1", "7"])
    #expect((written.output + written.errors).contains("Illegal function"), "\(written)")
    #expect(try device.requests() == ["0300640002"])
  }
}
