import Industrial
import Testing

@Suite("modbus properties")
struct ModbusPropertyTests {
  @Test("a valid request comes out as it went in, and its replies fit")
  func roundTrip() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("round trip seed: \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let (pdu, reply) = Self.validPair(&random)
      let parsed = try request(pdu)
      var encoded: [UInt8] = []
      parsed.encode(transaction: 9, into: &encoded)
      #expect(encoded == frame(pdu, transaction: 9), "seed \(seed)")
      let answer = try ModbusResponse(
        pdu: reply.span, header: ModbusHeader(transaction: 9, unit: 1), expectation: ModbusExpectation(parsed))
      encoded.removeAll()
      answer.encode(transaction: 9, into: &encoded)
      #expect(encoded == frame(reply, transaction: 9), "seed \(seed)")
    }
  }

  @Test("any bytes give a value or a violation, and what is built again is stable")
  func anyBytes() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("any bytes seed: \(seed)")
    var random = SeededGenerator(seed: seed)
    var asked: ModbusExpectation?
    var understood = 0
    for _ in 0..<20_000 {
      var pdu: [UInt8]
      if Bool.random(using: &random) {
        (pdu, _) = Self.validPair(&random)
        for _ in 0..<Int.random(in: 0...2, using: &random) {
          pdu[Int.random(in: 0..<pdu.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
      } else {
        pdu = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...48, using: &random) }
      }
      let header = ModbusHeader(transaction: 1, unit: 1)
      if let parsed = try? request(pdu) {
        understood += 1
        #expect(operations(parsed).isEmpty == false)
        var once: [UInt8] = []
        parsed.encode(transaction: 1, into: &once)
        #expect(once.count == pdu.count + 7, "seed \(seed)")
        #expect((try? request(Array(once[7...]))) == parsed, "seed \(seed)")
        asked = ModbusExpectation(parsed)
      }
      for expectation in [nil, asked] {
        guard let answer = try? ModbusResponse(pdu: pdu.span, header: header, expectation: expectation) else {
          continue
        }
        var once: [UInt8] = []
        answer.encode(transaction: 1, into: &once)
        let again = try? ModbusResponse(pdu: Array(once[7...]).span, header: header, expectation: expectation)
        #expect(again == answer, "seed \(seed)")
      }
    }
    #expect(understood > 1000)
  }

  @Test("any stream is cut the same in one piece and byte by byte")
  func anyStream() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("any stream seed: \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      var stream: [UInt8] = []
      for _ in 0..<4 { stream += frame(Self.validPair(&random).request) }
      stream[Int.random(in: 0..<stream.count, using: &random)] ^= UInt8.random(in: 0...255, using: &random)
      let whole = Self.cut([stream])
      let split = Int.random(in: 0...stream.count, using: &random)
      #expect(Self.cut(stream.map { [$0] }) == whole, "seed \(seed)")
      #expect(Self.cut([Array(stream[..<split]), Array(stream[split...])]) == whole, "seed \(seed)")
    }
  }

  private struct Cut: Equatable {
    var lengths: [Int] = []
    var violation: ModbusViolation?
  }

  private static func cut(_ chunks: [[UInt8]]) -> Cut {
    var decoder = ModbusFrameDecoder()
    var buffer: [UInt8] = []
    var result = Cut()
    do {
      for chunk in chunks {
        buffer += chunk
        while case .frame(let found) = try decoder.next(buffer.span) {
          result.lengths.append(found.length)
          buffer.removeFirst(found.length)
        }
      }
    } catch {
      result.violation = error
    }
    return result
  }

  /// A request that is valid and canonical, and a reply that fits it.
  private static func validPair(_ random: inout SeededGenerator) -> (request: [UInt8], reply: [UInt8]) {
    func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
    func bits(_ count: Int) -> [UInt8] {
      var packed = bytes((count + 7) / 8)
      if count % 8 != 0 { packed[packed.count - 1] &= UInt8(1 << (count % 8) - 1) }
      return packed
    }
    func start(_ quantity: Int) -> [UInt8] { word(Int.random(in: 0...65536 - quantity, using: &random)) }
    func quantity(_ maximum: Int) -> Int { Int.random(in: 1...maximum, using: &random) }
    let code = [1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 20, 21, 22, 23, 24, 43, 90].randomElement(using: &random) ?? 3
    let head = UInt8(code)
    switch code {
    case 1, 2:
      let count = quantity(2000)
      return ([head] + start(count) + word(count), [head, UInt8((count + 7) / 8)] + bits(count))
    case 3, 4:
      let count = quantity(125)
      return ([head] + start(count) + word(count), [head, UInt8(count * 2)] + bytes(count * 2))
    case 5, 6:
      let echo = [head] + bytes(2) + (code == 6 ? bytes(2) : [Bool.random(using: &random) ? 0xFF : 0, 0])
      return (echo, echo)
    case 7: return ([head], [head] + bytes(1))
    case 8:
      let echo = [head, 0, 0] + bytes(quantity(125) * 2)
      return (echo, echo)
    case 15:
      let count = quantity(1968)
      let range = [head] + start(count) + word(count)
      return (range + [UInt8((count + 7) / 8)] + bits(count), range)
    case 16:
      let count = quantity(123)
      let range = [head] + start(count) + word(count)
      return (range + [UInt8(count * 2)] + bytes(count * 2), range)
    case 17:
      let count = quantity(251)
      return ([head], [head, UInt8(count)] + bytes(count))
    case 20:
      var (asked, reply): ([UInt8], [UInt8]) = ([], [])
      for _ in 0..<quantity(6) {
        let count = quantity(19)
        asked += [6] + word(quantity(65535)) + word(Int.random(in: 0...9000, using: &random)) + word(count)
        reply += [UInt8(count * 2 + 1), 6] + bytes(count * 2)
      }
      return ([head, UInt8(asked.count)] + asked, [head, UInt8(reply.count)] + reply)
    case 21:
      var asked: [UInt8] = []
      for _ in 0..<quantity(5) {
        let count = quantity(20)
        asked += [6] + word(quantity(65535)) + word(Int.random(in: 0...9000, using: &random)) + word(count)
        asked += bytes(count * 2)
      }
      let echo = [head, UInt8(asked.count)] + asked
      return (echo, echo)
    case 22:
      let echo = [head] + bytes(6)
      return (echo, echo)
    case 23:
      let (reads, writes) = (quantity(125), quantity(121))
      return (
        [head] + start(reads) + word(reads) + start(writes) + word(writes) + [UInt8(writes * 2)] + bytes(writes * 2),
        [head, UInt8(reads * 2)] + bytes(reads * 2)
      )
    case 24:
      let count = Int.random(in: 0...31, using: &random)
      return ([head] + bytes(2), [head] + word(count * 2 + 2) + word(count) + bytes(count * 2))
    case 43:
      let kind = UInt8(quantity(4))
      var objects: [UInt8] = []
      let count = Int.random(in: 0...8, using: &random)
      for id in 0..<count {
        let text = bytes(Int.random(in: 0...20, using: &random))
        objects += [UInt8(id), UInt8(text.count)] + text
      }
      return ([head, 14, kind] + bytes(1), [head, 14, kind, 0x83, 0, 0, UInt8(count)] + objects)
    default: return ([head] + bytes(quantity(252)), [head] + bytes(quantity(252)))
    }
  }
}
