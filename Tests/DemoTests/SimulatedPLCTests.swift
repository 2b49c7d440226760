import Testing
import sluice

struct SimulatedPLCTests {
  @Test func readsInputRegisters() {
    var plc = SimulatedPLC()
    #expect(plc.reply(to: [4, 0, 0, 0, 2], unit: 1) == [4, 4, 0x10, 0x68, 0x01, 0x36])
  }

  @Test func writesOneRegisterAndReadsItBack() {
    var plc = SimulatedPLC()
    #expect(plc.reply(to: [6, 0, 100, 0x18, 0x6a], unit: 1) == [6, 0, 100, 0x18, 0x6a])
    #expect(plc.reply(to: [3, 0, 100, 0, 1], unit: 1) == [3, 2, 0x18, 0x6a])
    #expect(plc.plant.levelSetpoint == 62.5)
  }

  @Test func writesManyRegisters() {
    var plc = SimulatedPLC()
    #expect(plc.reply(to: [16, 0, 102, 0, 2, 4, 0, 7, 0, 8], unit: 1) == [16, 0, 102, 0, 2])
    #expect(plc.reply(to: [3, 0, 102, 0, 2], unit: 1) == [3, 4, 0, 7, 0, 8])
  }

  @Test func writesAndReadsCoils() {
    var plc = SimulatedPLC()
    #expect(plc.reply(to: [5, 0, 9, 0xff, 0], unit: 1) == [5, 0, 9, 0xff, 0])
    #expect(plc.reply(to: [15, 0, 10, 0, 3, 1, 0b101], unit: 1) == [15, 0, 10, 0, 3])
    #expect(plc.reply(to: [1, 0, 8, 0, 6], unit: 1) == [1, 1, 0b010110])
    #expect(plc.reply(to: [5, 0, 9, 0xff, 1], unit: 1) == [0x85, 3])
  }

  @Test func masksARegister() {
    // The example of the protocol's §6.16: 0x12 masked with 0xf2 and 0x25 gives 0x17.
    var plc = SimulatedPLC()
    _ = plc.reply(to: [6, 0, 4, 0, 0x12], unit: 1)
    #expect(plc.reply(to: [22, 0, 4, 0, 0xf2, 0, 0x25], unit: 1) == [22, 0, 4, 0, 0xf2, 0, 0x25])
    #expect(plc.reply(to: [3, 0, 4, 0, 1], unit: 1) == [3, 2, 0, 0x17])
  }

  @Test func writesBeforeItReadsInOneRequest() {
    var plc = SimulatedPLC()
    #expect(plc.reply(to: [23, 0, 102, 0, 1, 0, 102, 0, 1, 2, 0xab, 0xcd], unit: 1) == [23, 2, 0xab, 0xcd])
  }

  @Test func identifiesItself() {
    var plc = SimulatedPLC()
    let reply = plc.reply(to: [43, 14, 1, 0], unit: 1)
    #expect(Array(reply.prefix(9)) == [43, 14, 1, 0x81, 0, 0, 3, 0, 6])
    #expect(plc.reply(to: [43, 14, 4, 2], unit: 1) == [43, 14, 4, 0x81, 0, 0, 1, 2, 3] + Array("1.0".utf8))
    #expect(plc.reply(to: [43, 14, 4, 9], unit: 1) == [0xab, 2])
    #expect(plc.reply(to: [43, 13, 0, 0], unit: 1) == [0xab, 1])
  }

  struct Refusal: Sendable {
    var request: [UInt8]
    var reply: [UInt8]

    init(_ request: [UInt8], _ reply: [UInt8]) {
      self.request = request
      self.reply = reply
    }
  }

  private static let refusals: [Refusal] = [
    .init([], [0x80, 1]),
    .init([99], [0x80 | 99, 1]),
    .init([3, 0, 0], [0x83, 3]),
    .init([3, 0, 0, 0, 0], [0x83, 3]),
    .init([3, 0, 0, 0, 126], [0x83, 3]),
    .init([3, 0, 255, 0, 2], [0x83, 2]),
    .init([3, 255, 255, 0, 125], [0x83, 2]),
    .init([6, 1, 0, 0, 1], [0x86, 2]),
    .init([16, 0, 100, 0, 2, 4, 0, 1], [0x90, 3]),
    .init([16, 0, 255, 0, 2, 4, 0, 1, 0, 2], [0x90, 2]),
    .init([15, 0, 0, 0, 9, 1, 0], [0x8f, 3]),
    .init([23, 0, 0, 0, 1, 0, 0, 0, 200, 144], [0x97, 3]),
  ]

  @Test(arguments: refusals)
  func refusesWhatItCannotServe(_ refusal: Refusal) {
    var plc = SimulatedPLC()
    #expect(plc.reply(to: refusal.request, unit: 1) == refusal.reply)
  }

  @Test func answersForItsOwnUnitsOnly() {
    var plc = SimulatedPLC()
    #expect(plc.reply(to: [4, 0, 0, 0, 1], unit: 0).first == 4)
    #expect(plc.reply(to: [4, 0, 0, 0, 1], unit: 255).first == 4)
    #expect(plc.reply(to: [4, 0, 0, 0, 1], unit: 2) == [0x84, 0x0b])
  }

  @Test func takesAnyBytes() {
    var plc = SimulatedPLC()
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<5_000 {
      var request = (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if !request.isEmpty { request[0] = [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43].randomElement(using: &random) ?? 0 }
      let reply = plc.reply(to: request, unit: 1)
      #expect((1...253).contains(reply.count) && (reply[0] & 0x7f) == (request.first ?? 0) & 0x7f, "seed \(seed)")
    }
  }

  @Test func processSettlesAtItsSetpoint() {
    var plant = Plant()
    _ = plant.setRegister(Plant.levelSetpointRegister, to: 8000)
    for second in 1...120 { plant.advance(to: Double(second)) }
    #expect((77.5...82.5).contains(plant.levelPercent))
    #expect((38.5...41.5).contains(plant.temperatureCelsius))
    _ = plant.setCoil(0, to: false)
    for second in 121...240 { plant.advance(to: Double(second)) }
    #expect(plant.levelPercent < 1)
  }

  @Test func alarmFollowsTheSafetyLimit() {
    var plant = Plant()
    #expect(!plant.discreteInput(0))
    _ = plant.setRegister(Plant.safetyLimitRegister, to: 1000)
    #expect(plant.discreteInput(0))
  }
}

struct ModbusDeframerTests {
  private let frame = ModbusFrame(transaction: 0x1234, unit: 1, pdu: [3, 0, 0, 0, 1])

  @Test func cutsFramesAtEveryBoundary() throws {
    let stream = frame.bytes + ModbusFrame(transaction: 2, unit: 9, pdu: [4]).bytes
    for split in 0...stream.count {
      var deframer = ModbusDeframer()
      let frames = try deframer.received(stream.prefix(split)) + deframer.received(stream.dropFirst(split))
      #expect(frames == [frame, ModbusFrame(transaction: 2, unit: 9, pdu: [4])])
    }
  }

  @Test(arguments: [[0, 1, 0, 1, 0, 6, 1, 3], [0, 1, 0, 0, 0, 1, 1, 3], [0, 1, 0, 0, 0, 255, 1, 3]] as [[UInt8]])
  func refusesWhatIsNotModbus(bytes: [UInt8]) {
    #expect(throws: ModbusDeframer.Malformed.self) {
      var deframer = ModbusDeframer()
      return try deframer.received(bytes)
    }
  }
}

/// SplitMix64: small, seeded, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
