import Proxy
import SluiceModel
import Testing
import Wire

/// Messages of upgraded connections under the eyes of filters.
struct WebSocketTests {
  private let key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]

  private func frame(_ first: UInt8, _ payload: String, isMasked: Bool) -> [UInt8] {
    let bytes = Array(payload.utf8)
    let length = bytes.count < 126 ? [UInt8(bytes.count)] : [126, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
    guard isMasked else { return [first] + length + bytes }
    return [first, length[0] | 0x80] + length.dropFirst() + key + bytes.enumerated().map { $1 ^ key[$0 & 3] }
  }

  private let upgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
  private let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

  /// A gateway with a filter of messages, its client after the upgrade, and what came to the upstream's end.
  private func open(
    limit: Int? = 100, _ seen: Journal<String> = Journal(), toClient: [UInt8] = []
  ) async throws -> (
    gateway: RunningGateway, client: RawConnection, upstream: Upstream, arrived: Journal<UInt8>,
    heads: Journal<HTTPMessage>
  ) {
    let (arrived, heads) = (Journal<UInt8>(), Journal<HTTPMessage>())
    let upstream = try Upstream { [switching] connection in
      heads.append(try connection.readHead())
      try connection.send(Array(switching.utf8) + toClient)
      while true { arrived.append(try connection.read(exactly: 1)[0]) }
    }
    var script = ScriptedFilter.Script(.webSocketMessage)
    script.messageLimit = limit
    script.message = { _, message, payload in
      seen.append("\(message.isFromClient ? "client" : "upstream") \(message.isText ? "text" : "binary") \(payload)")
      return payload.contains("attack") ? .close(reason: "no attacks") : .next
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [script])
    let client = try gateway.connect()
    try client.send(upgrade)
    #expect(try client.readHead().status == 101)
    return (gateway, client, upstream, arrived, heads)
  }

  @Test func wholeMessagesAreSeenAndPassAsTheyCame() async throws {
    let seen = Journal<String>()
    let fromServer = frame(0x02, "bin", isMasked: false) + frame(0x80, "ary", isMasked: false)
    let peer = try await open(seen, toClient: fromServer)
    #expect(try peer.client.read(exactly: fromServer.count) == fromServer)
    #expect(try peer.heads.first { _ in true }["Sec-WebSocket-Extensions"] == nil)
    let begun = frame(0x01, "Hel", isMasked: true)
    let ping = frame(0x89, "p", isMasked: true)
    let rest = frame(0x80, "lo!", isMasked: true)
    try peer.client.send(begun)
    try peer.client.send(ping)
    // The ping overtakes the fragment, which is held.
    _ = try peer.arrived.first(after: ping.count - 1) { _ in true }
    #expect(peer.arrived.all == ping)
    try peer.client.send(rest)
    _ = try peer.arrived.first(after: ping.count + begun.count + rest.count - 1) { _ in true }
    #expect(peer.arrived.all == ping + begun + rest)
    #expect(seen.all == ["upstream binary binary", "client text Hello!"])
    await peer.gateway.stop()
  }

  @Test func aRefusedMessageClosesBothSides() async throws {
    let peer = try await open()
    try peer.client.send(frame(0x01, "att", isMasked: true))
    try peer.client.send(frame(0x80, "ack", isMasked: true))
    let close = try peer.client.read(exactly: 14)
    #expect(close == [0x88, 12, 0x03, 0xf0] + Array("no attacks".utf8))
    #expect(try peer.client.isClosedByPeer())
    _ = try peer.arrived.first(after: 17) { _ in true }
    let arrived = peer.arrived.all
    let mask = Array(arrived[2..<6])
    #expect(Array(arrived.prefix(2)) == [0x88, 0x8c])
    #expect(arrived.dropFirst(6).enumerated().map { $1 ^ mask[$0 & 3] } == [0x03, 0xf0] + Array("no attacks".utf8))
    #expect(try peer.gateway.flows.first { _ in true } == "refused by a filter")
    await peer.gateway.stop()
  }

  @Test func aLongMessageAndABrokenFrameCloseToo() async throws {
    for (bytes, code) in [
      (frame(0x01, String(repeating: "x", count: 101), isMasked: true), [0x03, 0xf1] as [UInt8]),
      (frame(0xc1, "compressed", isMasked: true), [0x03, 0xea]), (frame(0x81, "bare", isMasked: false), [0x03, 0xea]),
    ] {
      let peer = try await open()
      try peer.client.send(bytes)
      #expect(Array(try peer.client.read(exactly: 4).suffix(2)) == code)
      #expect(try peer.gateway.flows.first { _ in true } == "refused by the gate")
      #expect(!peer.gateway.records.all.flatMap(\.rules).isEmpty)
      await peer.gateway.stop()
    }
  }

  @Test func withoutInterestBytesPassUnread() async throws {
    let seen = Journal<String>()
    let peer = try await open(limit: nil, seen)
    let bytes = Array("no frames at all".utf8)
    try peer.client.send(bytes)
    _ = try peer.arrived.first(after: bytes.count - 1) { _ in true }
    #expect(peer.arrived.all == bytes && seen.all.isEmpty)
    #expect(try peer.heads.first { _ in true }["Sec-WebSocket-Extensions"] == "permessage-deflate")
    await peer.gateway.stop()
  }
}
