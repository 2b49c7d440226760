import Testing
import Wire

@Suite struct WebSocketTests {
  private typealias Outcome = WebSocketProperties.Outcome
  private let key: [UInt8] = [1, 2, 3, 4]

  private func masked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [first, UInt8(payload.count) | 0x80] + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
  }

  private func failure(_ bytes: [UInt8], from side: WebSocketReader.Side = .server) -> WebSocketError.Reason? {
    WebSocketProperties.outcome(bytes, from: side).failure
  }

  /// The examples of RFC 6455 §5.7.
  @Test func readsTheExamples() throws {
    let hello: [UInt8] = [0x48, 0x65, 0x6c, 0x6c, 0x6f]
    let plain = WebSocketProperties.outcome([0x81, 5] + hello, from: .server)
    #expect(plain == Outcome(events: ["text \(hello)"], data: [0x81, 5] + hello))
    let bytes: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    #expect(WebSocketProperties.outcome(bytes, from: .client) == Outcome(events: ["text \(hello)"], data: bytes))
    let parts: [UInt8] = [0x01, 3, 0x48, 0x65, 0x6c, 0x89, 0, 0x80, 2, 0x6c, 0x6f]
    #expect(
      WebSocketProperties.outcome(parts, from: .server)
        == Outcome(
          events: ["ping", "text \(hello)"], data: [0x01, 3, 0x48, 0x65, 0x6c, 0x80, 2, 0x6c, 0x6f], control: [0x89, 0])
    )
    let long = [UInt8](repeating: 7, count: 256)
    #expect(WebSocketProperties.outcome([0x82, 126, 1, 0] + long, from: .server).events == ["binary \(long)"])
  }

  @Test func refusesWhatTheProtocolForbids() {
    #expect(failure([0xc1, 0]) == .reservedBits)
    #expect(failure([0x83, 0]) == .reservedOpcode)
    #expect(failure([0x09, 0]) == .controlFrame)
    #expect(failure([0x89, 126, 0, 126]) == .controlFrame)
    #expect(failure([0x80, 0]) == .fragment)
    #expect(failure([0x01, 0, 0x81, 0]) == .fragment)
    #expect(failure([0x81, 0x80]) == .mask)
    #expect(failure([0x81, 0], from: .client) == .mask)
    #expect(failure([0x81, 126, 0, 125]) == .length)
    #expect(failure([0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]) == .length)
    #expect(failure([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]) == .length)
    #expect(failure([0x88, 0, 0x81]) == .afterClose)
    #expect(failure([0x88, 0]) == nil)
  }

  @Test func messagesAreBounded() {
    #expect(failure([0x82, 126, 0x03, 0xe8]) == nil)
    #expect(failure([0x82, 126, 0x03, 0xe9]) == .messageTooLong)
    #expect(failure([0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) == .messageTooLong)
    let half = [UInt8](repeating: 0, count: 600)
    #expect(failure([0x02, 126, 0x02, 0x58] + half + [0x80, 126, 0x02, 0x58]) == .messageTooLong)
    #expect(failure([0x02, 126, 0x02, 0x58] + half + [0x80, 126, 0x01, 0x90]) == nil)
    // Fragments of no length cost the gate their headers.
    let empty = (0..<4_000).flatMap { _ in [0x00, 0] as [UInt8] }
    #expect(failure([0x01, 0] + empty) == .messageTooLong)
    #expect(WebSocketError(.messageTooLong).closeCode == 1009 && WebSocketError(.mask).closeCode == 1002)
  }

  @Test func closeFramesReadBack() throws {
    for reason in ["", "no", String(repeating: "ä", count: 100)] {
      var plain: [UInt8] = []
      WebSocketClose.frame(code: 1008, reason: reason, into: &plain)
      var hidden: [UInt8] = []
      WebSocketClose.frame(code: 1008, reason: reason, mask: 0x0102_0304, into: &hidden)
      #expect(WebSocketProperties.outcome(plain, from: .server) == Outcome(events: ["close"], control: plain))
      #expect(WebSocketProperties.outcome(hidden, from: .client) == Outcome(events: ["close"], control: hidden))
      #expect(plain[1] <= 125 && plain.count == hidden.count - 4)
      #expect(masked(0x88, Array(plain.dropFirst(2))) == hidden)
      #expect(String(validating: plain.dropFirst(4), as: UTF8.self) != nil)
    }
  }

  @Test(arguments: 0..<UInt64(4))
  func mutationsKeepTheProperties(part: UInt64) throws {
    let seed = chosenSeed()
    var random = SeededGenerator(seed: seed &+ part)
    for name in try Seeds.names("websocket") {
      let original = try Seeds.bytes("websocket/" + name)
      for _ in 0..<60 {
        let bytes = mutated(original, using: &random)
        let failure = WebSocketProperties.firstFailure(of: bytes)
        #expect(failure == nil, "seed \(seed), part \(part): \(bytes)")
      }
    }
  }

  @Test func whatTheFuzzerFoundStaysFixed() throws {
    let names = try Seeds.names("websocket")
    #expect(names.count >= 7)
    for name in names {
      let failure = WebSocketProperties.firstFailure(of: try Seeds.bytes("websocket/" + name))
      #expect(failure == nil, "\(name)")
    }
  }
}
