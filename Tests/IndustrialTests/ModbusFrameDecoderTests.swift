import Industrial
import Testing

@Suite("modbus framing")
struct ModbusFrameDecoderTests {
  @Test("a frame is cut where its length says")
  func cutsFrame() throws {
    var decoder = ModbusFrameDecoder()
    let bytes = hex("0007 0000 0006 0a 0300050002 ffff")
    let step = try decoder.next(bytes.span)
    #expect(step == .frame(ModbusFrame(header: ModbusHeader(transaction: 7, unit: 10), length: 12)))
    guard case .frame(let found) = step else { return }
    #expect(found.pdu == 7..<12)
    #expect(decoder.consumedBytes == 12)
  }

  @Test("it asks for what is missing", arguments: [(0, 7), (5, 7), (6, 12), (11, 12)])
  func asksForMore(count: Int, needed: Int) throws {
    var decoder = ModbusFrameDecoder()
    let bytes = Array(hex("0001 0000 0006 01 0300050002").prefix(count))
    #expect(try decoder.next(bytes.span) == .needMore(needed))
  }

  @Test("a violation shows as soon as its bytes are there")
  func violations() {
    let cases: [(String, ModbusViolation)] = [
      ("0001 01", ModbusViolation(.protocolIdentifier, at: 2)),
      ("0001 0001", ModbusViolation(.protocolIdentifier, at: 3)),
      ("0001 0000 0000", ModbusViolation(.length, at: 4)),
      ("0001 0000 0001", ModbusViolation(.length, at: 4)),
      ("0001 0000 00ff", ModbusViolation(.length, at: 4)),
      ("0001 0000 ffff", ModbusViolation(.length, at: 4)),
    ]
    for (text, expected) in cases {
      var decoder = ModbusFrameDecoder()
      #expect(violation { try decoder.next(hex(text).span) } == expected, "\(text)")
      #expect(expected.isFraming)
    }
  }

  @Test("lengths 2 and 254 are the bounds")
  func lengthBounds() throws {
    for count in [1, 253] {
      var decoder = ModbusFrameDecoder()
      let bytes = frame([UInt8](repeating: 7, count: count))
      guard case .frame(let found) = try decoder.next(bytes.span) else {
        Issue.record("no frame of \(count)")
        continue
      }
      #expect(found.length == bytes.count)
    }
  }

  @Test("after a violation nothing is read any more")
  func staysLost() throws {
    var decoder = ModbusFrameDecoder()
    let good = frame(hex("0300050002"))
    _ = violation { try decoder.next(hex("474554202f20").span) }
    #expect(violation { try decoder.next(good.span) } == ModbusViolation(.protocolIdentifier, at: 2))
    #expect(decoder.violation != nil)
  }

  @Test("a stream gives the same frames wherever it is split")
  func everySplit() throws {
    let stream =
      frame(hex("0300050002"), transaction: 1) + frame([7], transaction: 2)
      + frame(hex("0f000000030107"), transaction: 3) + frame(hex("10000100020400aa00bb"), transaction: 4)
    let whole = try cut([stream])
    #expect(whole.count == 4)
    for split in 0...stream.count {
      #expect(try cut([Array(stream[..<split]), Array(stream[split...])]) == whole, "split at \(split)")
    }
    #expect(try cut(stream.map { [$0] }) == whole)
  }

  /// The frames of a stream that arrives in chunks.
  private func cut(_ chunks: [[UInt8]]) throws -> [[UInt8]] {
    var decoder = ModbusFrameDecoder()
    var buffer: [UInt8] = []
    var frames: [[UInt8]] = []
    for chunk in chunks {
      buffer += chunk
      while case .frame(let found) = try decoder.next(buffer.span) {
        frames.append(Array(buffer[..<found.length]))
        buffer.removeFirst(found.length)
      }
    }
    #expect(buffer.isEmpty)
    return frames
  }
}
