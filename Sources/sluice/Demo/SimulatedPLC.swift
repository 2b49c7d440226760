/// A Modbus device without I/O: a request PDU comes in, a reply PDU goes out.
///
/// It serves functions 1-6, 15, 16, 22, 23 and 43/14 of the Modbus Application Protocol V1.1b3 on `Plant`'s register map,
/// for unit 1 and, as the Modbus/TCP guide wants it of a single device, units 0 and 255.
package struct SimulatedPLC: Sendable {
  package var plant = Plant()

  package init() {}

  private enum Exception {
    static let illegalFunction: UInt8 = 1
    static let illegalAddress: UInt8 = 2
    static let illegalValue: UInt8 = 3
    static let targetFailed: UInt8 = 0x0b
  }

  /// Why a request is refused; becomes an exception reply.
  private struct Refusal: Error {
    var code: UInt8
  }

  /// Answers one request.
  ///
  /// - Parameter pdu: function code and data, at most 253 bytes; may be anything, also empty.
  package mutating func reply(to pdu: [UInt8], unit: UInt8) -> [UInt8] {
    let function = pdu.first ?? 0
    guard unit == 1 || unit == 0 || unit == 255 else { return [function | 0x80, Exception.targetFailed] }
    do {
      return try answer(function, PDU(bytes: pdu))
    } catch {
      return [function | 0x80, error.code]
    }
  }

  private mutating func answer(_ function: UInt8, _ pdu: PDU) throws(Refusal) -> [UInt8] {
    switch function {
    case 1: return try readBits(pdu, function, size: Plant.coilCount) { $0.coils[$1] }
    case 2: return try readBits(pdu, function, size: Plant.coilCount) { $0.discreteInput($1) }
    case 3: return try readRegisters(pdu, function) { $0.holdingRegisters[$1] }
    case 4: return try readRegisters(pdu, function) { $0.inputRegister($1) }
    case 5: return try writeCoil(pdu)
    case 6: return try writeRegister(pdu)
    case 15: return try writeCoils(pdu)
    case 16: return try writeRegisters(pdu)
    case 22: return try maskRegister(pdu)
    case 23: return try readWriteRegisters(pdu)
    case 43: return try identify(pdu)
    default: throw Refusal(code: Exception.illegalFunction)
    }
  }

  private func readBits(
    _ pdu: PDU, _ function: UInt8, size: Int, _ value: (Plant, Int) -> Bool
  ) throws(Refusal) -> [UInt8] {
    try expect(pdu.count == 5)
    let range = try range(pdu.word(1), count: pdu.word(3), atMost: 2000, size: size)
    var packed = [UInt8](repeating: 0, count: (range.count + 7) / 8)
    for (index, address) in range.enumerated() where value(plant, address) {
      packed[index / 8] |= 1 << UInt8(index % 8)
    }
    return [function, UInt8(packed.count)] + packed
  }

  private func readRegisters(
    _ pdu: PDU, _ function: UInt8, _ value: (Plant, Int) -> UInt16
  ) throws(Refusal) -> [UInt8] {
    try expect(pdu.count == 5)
    let range = try range(pdu.word(1), count: pdu.word(3), atMost: 125, size: Plant.registerCount)
    return [function, UInt8(range.count * 2)] + range.flatMap { bigEndian(value(plant, $0)) }
  }

  private mutating func writeCoil(_ pdu: PDU) throws(Refusal) -> [UInt8] {
    try expect(pdu.count == 5 && (pdu.word(3) == 0xff00 || pdu.word(3) == 0))
    guard plant.setCoil(pdu.word(1), to: pdu.word(3) != 0) else { throw Refusal(code: Exception.illegalAddress) }
    return pdu.bytes
  }

  private mutating func writeRegister(_ pdu: PDU) throws(Refusal) -> [UInt8] {
    try expect(pdu.count == 5)
    guard plant.setRegister(pdu.word(1), to: pdu.value(3)) else { throw Refusal(code: Exception.illegalAddress) }
    return pdu.bytes
  }

  private mutating func writeCoils(_ pdu: PDU) throws(Refusal) -> [UInt8] {
    let count = pdu.word(3)
    try expect(pdu.count >= 6 && pdu.byte(5) == (count + 7) / 8 && pdu.count == 6 + pdu.byte(5))
    for (index, address) in try range(pdu.word(1), count: count, atMost: 1968, size: Plant.coilCount).enumerated() {
      _ = plant.setCoil(address, to: pdu.byte(6 + index / 8) >> (index % 8) & 1 == 1)
    }
    return Array(pdu.bytes.prefix(5))
  }

  private mutating func writeRegisters(_ pdu: PDU) throws(Refusal) -> [UInt8] {
    let count = pdu.word(3)
    try expect(pdu.count >= 6 && pdu.byte(5) == count * 2 && pdu.count == 6 + pdu.byte(5))
    for (index, address) in try range(pdu.word(1), count: count, atMost: 123, size: Plant.registerCount).enumerated() {
      _ = plant.setRegister(address, to: pdu.value(6 + index * 2))
    }
    return Array(pdu.bytes.prefix(5))
  }

  private mutating func maskRegister(_ pdu: PDU) throws(Refusal) -> [UInt8] {
    try expect(pdu.count == 7)
    let address = try range(pdu.word(1), count: 1, atMost: 1, size: Plant.registerCount).lowerBound
    let masked = plant.holdingRegisters[address] & pdu.value(3) | pdu.value(5) & ~pdu.value(3)
    _ = plant.setRegister(address, to: masked)
    return pdu.bytes
  }

  private mutating func readWriteRegisters(_ pdu: PDU) throws(Refusal) -> [UInt8] {
    let count = pdu.word(7)
    try expect(pdu.count >= 10 && pdu.byte(9) == count * 2 && pdu.count == 10 + pdu.byte(9))
    let reads = try range(pdu.word(1), count: pdu.word(3), atMost: 125, size: Plant.registerCount)
    for (index, address) in try range(pdu.word(5), count: count, atMost: 121, size: Plant.registerCount).enumerated() {
      _ = plant.setRegister(address, to: pdu.value(10 + index * 2))
    }
    return [23, UInt8(reads.count * 2)] + reads.flatMap { bigEndian(plant.holdingRegisters[$0]) }
  }

  /// Read Device Identification (43/14, §6.21): the three basic objects.
  private func identify(_ pdu: PDU) throws(Refusal) -> [UInt8] {
    guard pdu.count >= 2, pdu.byte(1) == 14 else { throw Refusal(code: Exception.illegalFunction) }
    try expect(pdu.count == 4 && (1...4).contains(pdu.byte(2)))
    let objects = ["Sluice", "simulated-plc", "1.0"]
    let first = pdu.byte(3)
    let single = pdu.byte(2) == 4
    if single, !objects.indices.contains(first) { throw Refusal(code: Exception.illegalAddress) }
    let start = objects.indices.contains(first) ? first : 0
    let shown = single ? start..<start + 1 : start..<objects.count
    var reply: [UInt8] = [43, 14, UInt8(pdu.byte(2)), 0x81, 0, 0, UInt8(shown.count)]
    for index in shown { reply += [UInt8(index), UInt8(objects[index].utf8.count)] + Array(objects[index].utf8) }
    return reply
  }

  private func expect(_ holds: Bool) throws(Refusal) {
    guard holds else { throw Refusal(code: Exception.illegalValue) }
  }

  private func range(_ start: Int, count: Int, atMost: Int, size: Int) throws(Refusal) -> Range<Int> {
    try expect((1...atMost).contains(count))
    guard start + count <= size else { throw Refusal(code: Exception.illegalAddress) }
    return start..<start + count
  }

  private func bigEndian(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

  /// Bytes of a request; what lies past the end reads as 0, the length is checked beside it.
  private struct PDU {
    var bytes: [UInt8]

    var count: Int { bytes.count }
    func byte(_ index: Int) -> Int { bytes.indices.contains(index) ? Int(bytes[index]) : 0 }
    func word(_ index: Int) -> Int { byte(index) << 8 | byte(index + 1) }
    func value(_ index: Int) -> UInt16 { UInt16(word(index)) }
  }
}

/// One Modbus/TCP frame: the MBAP header's ids and the PDU behind it.
package struct ModbusFrame: Equatable, Sendable {
  package var transaction: UInt16
  package var unit: UInt8
  package var pdu: [UInt8]

  package init(transaction: UInt16, unit: UInt8, pdu: [UInt8]) {
    self.transaction = transaction
    self.unit = unit
    self.pdu = pdu
  }

  /// The frame as it goes onto the wire.
  package var bytes: [UInt8] {
    func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
    return word(transaction) + word(0) + word(UInt16(truncatingIfNeeded: pdu.count + 1)) + [unit] + pdu
  }
}

/// Cuts a Modbus/TCP byte stream into frames. Holds less than two frames' bytes beyond what one read brought.
package struct ModbusDeframer: Sendable {
  /// The stream is not Modbus/TCP: a protocol id other than 0 or an impossible length.
  package struct Malformed: Error {}

  private var buffer: [UInt8] = []

  package init() {}

  /// Takes what a read brought and returns the whole frames.
  ///
  /// - Throws: `Malformed` once; the connection must be closed then.
  package mutating func received(_ bytes: some Sequence<UInt8>) throws(Malformed) -> [ModbusFrame] {
    buffer.append(contentsOf: bytes)
    var frames: [ModbusFrame] = []
    var rest = buffer[...]
    while rest.count >= 8 {
      let head = Array(rest.prefix(8))
      let length = Int(head[4]) << 8 | Int(head[5])
      guard head[2] == 0, head[3] == 0, (2...254).contains(length) else { throw Malformed() }
      guard rest.count >= 6 + length else { break }
      let pdu = Array(rest.dropFirst(7).prefix(length - 1))
      frames.append(ModbusFrame(transaction: UInt16(head[0]) << 8 | UInt16(head[1]), unit: head[6], pdu: pdu))
      rest = rest.dropFirst(6 + length)
    }
    buffer = Array(rest)
    return frames
  }
}
