import Testing

/// What peers that misbehave on purpose once brought about.
struct HostilePeerTests {
  @Test func everythingPipelinedBeforeTheEndIsAnswered() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let client = try gateway.connect()
    try client.send(get("/1") + get("/2") + get("/3"))
    client.finishSending()
    for _ in 1...3 { #expect(try client.readMessage().status == 200) }
    #expect(try client.isClosedByPeer())
  }

  @Test func aWriteIsRecordedAlsoWhenItsClientHasLeft() throws {
    let written = Journal<Bool>()
    let left = Journal<Bool>()
    let device = try Upstream { connection in
      let request = try connection.readModbus()
      written.append(true)
      _ = try left.first { $0 }
      try connection.send(modbus(request.transaction, request.pdu))
    }
    let gateway = try GatewayProcess(plantConfiguration(device.port))
    let client = try gateway.connect("plc")
    try client.send(modbus(1, [6, 0, 100, 3, 9]))
    _ = try written.first { $0 }
    client.reset()
    _ = try gateway.logLine { $0["kind"]?.text == "flow" }
    left.append(true)
    let line = try gateway.logLine { $0["kind"]?.text == "operation" }
    #expect(line["values"]?.text == "777" && line["class"]?.text == "write")
  }

  @Test func aRequestWithoutAReplyFreesItsPlace() throws {
    let device = try Upstream { connection in
      while true {
        let request = try connection.readModbus()
        if request.pdu[0] == 3 { try connection.send(modbus(request.transaction, [3, 2, 0, 7])) }
      }
    }
    let gateway = try GatewayProcess(
      plantConfiguration(device.port).replacing(
        "{ units: [1], classes: [read] }", with: "{ units: [1], functions: [3, 8] }"))
    let client = try gateway.connect("plc")
    for transaction in 1...20 { try client.send(modbus(UInt16(transaction), [8, 0, 4, 0, 0])) }
    #expect(try client.askModbus([3, 0, 0, 0, 1], transaction: 99) == [3, 2, 0, 7])
  }

  @Test func bytesSentBeforeTheUpstreamStandsArrive() throws {
    let upstream = try Upstream { connection in try connection.send("got \(try connection.readToEnd())") }
    let gateway = try GatewayProcess(
      """
      runtime: { loops: 1 }
      listeners:
        - { name: feed, address: "127.0.0.1:0", protocol: tcp, pool: feed }
      pools:
        - { name: feed, endpoints: ["127.0.0.1:\(upstream.port)"] }
      """)
    for number in 1...50 {
      let client = try gateway.connect("feed")
      try client.send("bytes \(number)")
      client.finishSending()
      #expect(try client.readToEnd() == "got bytes \(number)")
    }
  }

  @Test func aClientThatDoesNotReadIsNotServedOn() throws {
    let gateway = try GatewayProcess(
      """
      runtime: { loops: 1 }
      listeners:
        - { name: web, address: "127.0.0.1:0", protocol: http }
      routes:
        - { name: all, listeners: [web], matches: [{ path: { prefix: / } }], respond: { body: "\(String(repeating: "x", count: 4_000))" } }
      """)
    let client = try gateway.connect()
    client.sendTimeout(milliseconds: 300)
    let burst = String(repeating: get("/"), count: 1_000)
    var sent = 0
    while sent < 200, (try? client.send(burst)) != nil { sent += 1 }
    // 200 bursts would be 800 MB of replies; the gate stops taking requests long before.
    #expect(sent < 200)
    #expect(try gateway.exchange(get("/")).status == 200)
  }

  @Test func aReloadThatMovesAListenerToAnotherDeviceClosesOldClients() throws {
    let one = try SimulatedDevice()
    let other = try SimulatedDevice()
    let gateway = try GatewayProcess(plantConfiguration(one.port))
    let client = try gateway.connect("plc")
    #expect(try client.askModbus([3, 0, 100, 0, 1]).first == 3)
    #expect(try gateway.reload(plantConfiguration(other.port).replacing("tank", with: "vat")).status == 0)
    try client.send(modbus(9, [6, 0, 100, 0, 1]))
    #expect(try client.isClosedByPeer())
    #expect(try one.requests() == ["0300640001"])
  }
}
