import Industrial

/// Bytes from hexadecimal digits; blanks are skipped.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

/// A frame around a PDU.
func frame(_ pdu: [UInt8], transaction: UInt16 = 1, unit: UInt8 = 1) -> [UInt8] {
  let length = pdu.count + 1
  return [
    UInt8(transaction >> 8), UInt8(transaction & 255), 0, 0, UInt8(length >> 8), UInt8(length & 255), unit,
  ] + pdu
}

func request(_ pdu: [UInt8], unit: UInt8 = 1) throws(ModbusViolation) -> ModbusRequest {
  try ModbusRequest(pdu: pdu.span, header: ModbusHeader(transaction: 1, unit: unit))
}

func request(_ text: String, unit: UInt8 = 1) throws(ModbusViolation) -> ModbusRequest {
  try request(hex(text), unit: unit)
}

func response(_ text: String, to asked: String?, unit: UInt8 = 1) throws -> ModbusResponse {
  let expectation = try asked.map { ModbusExpectation(try request($0)) }
  return try ModbusResponse(
    pdu: hex(text).span, header: ModbusHeader(transaction: 1, unit: unit), expectation: expectation)
}

func operations(_ request: ModbusRequest) -> [ModbusOperation] {
  var all: [ModbusOperation] = []
  request.forEachOperation { all.append($0) }
  return all
}

/// The violation that a closure throws, nil when it doesn't.
func violation<Result>(_ body: () throws -> Result) -> ModbusViolation? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? ModbusViolation
  }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
