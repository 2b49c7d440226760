import Foundation
import NIOCore
import NIOPosix
import ServiceLifecycle
import SluiceModel
import Telemetry
import Testing

import Control
import sluice

/// Sends bytes as they are and reads until the server closes.
func raw(_ address: BindAddress, _ text: String) async throws -> String {
  let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
  let prepare: @Sendable (any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> = { channel in
    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
  }
  let channel =
    switch address {
    case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: prepare)
    case .ip(let ip, let port):
      try await bootstrap.connect(host: ip.description, port: port, channelInitializer: prepare)
    }
  return try await channel.executeThenClose { inbound, outbound in
    try await outbound.write(ByteBuffer(string: text))
    var reply = ""
    for try await part in inbound { reply += String(buffer: part) }
    return reply
  }
}

@Suite struct AdminServerTests {
  private func configuration(_ address: String, folder: String) throws -> AdminConfiguration {
    var configuration = AdminConfiguration()
    configuration.address = try #require(AdminOptions.address(address))
    configuration.tokenFile = folder + "/run/token"
    return configuration
  }

  @Test func socketIsForItsOwnerOnlyAndGoesAtTheEnd() async throws {
    try await withFolder { folder in
      let path = folder + "/run/admin.sock"
      try await withServer(try configuration("unix:" + path, folder: folder), TestGateway()) { _ in
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let run = try FileManager.default.attributesOfItem(atPath: folder + "/run")[.posixPermissions] as? Int
        #expect(run == 0o700)
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func aLiveSocketIsLeftAloneAndAStaleOneIsReplaced() async throws {
    try await withFolder { folder in
      let path = folder + "/a.sock"
      let configuration = try configuration("unix:" + path, folder: folder)
      try await withServer(configuration, TestGateway()) { address in
        let error = await #expect(throws: AdminServerError.self) {
          try await withServer(configuration, TestGateway()) { _ in }
        }
        #expect(error?.message == "another gateway answers at `\(path)`")
        let reply = try await AdminClient(address: address).request(.get, "/healthz")
        #expect(reply.status == 200)
      }
      try leaveStaleSocket(path)
      #expect(FileManager.default.fileExists(atPath: path))
      try await withServer(configuration, TestGateway()) { address in
        let reply = try await AdminClient(address: address).request(.get, "/healthz")
        #expect(reply.status == 200)
      }
    }
  }

  private func leaveStaleSocket(_ path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0)
  }

  @Test func aFileInTheWayIsNotRemoved() async throws {
    try await withFolder { folder in
      let path = folder + "/precious"
      #expect(FileManager.default.createFile(atPath: path, contents: Data("x".utf8)))
      await #expect(throws: AdminServerError.self) {
        try await withServer(try configuration("unix:" + path, folder: folder), TestGateway()) { _ in }
      }
      #expect(FileManager.default.contents(atPath: path) == Data("x".utf8))
    }
  }

  @Test(arguments: ["0.0.0.0", "10.1.2.3", "::", "2001:db8::1"])
  func otherAddressesThanLoopbackAreRefused(_ text: String) throws {
    var configuration = AdminConfiguration()
    configuration.address = .ip(try #require(IPAddress(text)), port: 1)
    let error = #expect(throws: AdminServerError.self) { try AdminDoor.open(configuration) }
    #expect(error?.message.contains("is not loopback") == true)
  }

  @Test func longSocketPathsAreRefused() {
    var configuration = AdminConfiguration()
    configuration.address = .unix(path: String(repeating: "x", count: 108))
    #expect(throws: AdminServerError.self) { try AdminDoor.open(configuration) }
  }

  @Test func loopbackWantsTokenAndHost() async throws {
    try await withFolder { folder in
      var configuration = AdminConfiguration()
      configuration.address = .ip(IPAddress(v4: 0x7f00_0001), port: 0)
      configuration.tokenFile = folder + "/run/token"
      try await withServer(configuration, TestGateway()) { address in
        guard case .ip(_, let port) = address else {
          Issue.record("no port")
          return
        }
        let token = try AdminCredentials.token(path: folder + "/run/token")
        #expect(try await AdminClient(address: address, token: token).request(.get, "/v1/status").status == 200)
        #expect(try await AdminClient(address: address).request(.get, "/healthz").status == 200)
        let anonymous = await #expect(throws: Failure.self) {
          try await AdminClient(address: address).request(.get, "/v1/status")
        }
        #expect(anonymous?.hint?.contains("--token-file") == true)
        func status(_ head: String) async throws -> String {
          String(try await raw(address, "GET /healthz HTTP/1.1\r\n\(head)Connection: close\r\n\r\n").prefix(12))
        }
        #expect(try await status("Host: localhost:\(port)\r\n") == "HTTP/1.1 200")
        #expect(try await status("Host: rebound.example:\(port)\r\n") == "HTTP/1.1 421")
        #expect(try await status("Host: localhost:\(port)\r\nHost: localhost:\(port)\r\n") == "HTTP/1.1 400")
        #expect(try await status("Host: localhost:\(port)\r\nOrigin: http://evil.example\r\n") == "HTTP/1.1 403")
        #expect(try await status("Host: localhost:\(port)\r\nSec-Fetch-Site: cross-site\r\n") == "HTTP/1.1 403")
        #expect(
          try await status("Host: localhost:\(port)\r\nX: \(String(repeating: "x", count: 20_000))\r\n")
            != "HTTP/1.1 200")
      }
    }
  }

  @Test func aPortInUseIsAFriendlyError() async throws {
    try await withFolder { folder in
      var configuration = AdminConfiguration()
      configuration.address = .ip(IPAddress(v4: 0x7f00_0001), port: 0)
      configuration.tokenFile = folder + "/token"
      try await withServer(configuration, TestGateway()) { address in
        var second = configuration
        second.address = address
        let error = await #expect(throws: AdminServerError.self) {
          try await withServer(second, TestGateway()) { _ in }
        }
        #expect(error?.message.contains("address already in use") == true)
      }
    }
  }

  @Test func tapStreamsWhatEndsAndCountsGaps() async throws {
    let gateway = TestGateway()
    gateway.change { $0.rings = [[testLine(1, at: 1)], []] }
    try await withSocketServer(gateway) { client in
      var parser = EventParser()
      var seen: [ServerEvent] = []
      var opened = false
      try await client.stream("/v1/exchanges/stream?verdict=block") { part in
        if !opened {
          opened = true
          gateway.change {
            $0.rings = [
              [testLine(4, at: 4), testLine(5, at: 5, verdict: .block)], [testLine(1, at: 6, verdict: .block)],
            ]
          }
        }
        let events = parser.received(part.readableBytesView)
        seen += try #require(events)
        return seen.count < 3
      }
      #expect(seen.map(\.event) == ["gap", "exchange", "exchange"])
      #expect(seen.first?.data == #"{"missed":2}"#)
      #expect(seen.last?.id == "5.1")
      #expect(seen.last?.data == testLine(1, at: 6, verdict: .block).json)
    }
  }

  @Test func tapGoesOnWhereTheClientWas() async throws {
    let gateway = TestGateway()
    gateway.change { $0.rings = [[testLine(1, at: 1), testLine(2, at: 2), testLine(3, at: 3)]] }
    try await withSocketServer(gateway) { client in
      var parser = EventParser()
      var seen: [ServerEvent] = []
      try await client.stream("/v1/exchanges/stream", headers: [("Last-Event-ID", "1")]) { part in
        let events = parser.received(part.readableBytesView)
        seen += try #require(events)
        return seen.count < 2
      }
      #expect(seen.map(\.data) == [testLine(2, at: 2).json, testLine(3, at: 3).json])
      await #expect(throws: Failure.self) {
        try await client.stream("/v1/exchanges/stream", headers: [("Last-Event-ID", "junk")]) { _ in true }
      }
    }
  }

  @Test func shutdownEndsOpenTaps() async throws {
    try await withFolder { folder in
      let (addresses, continuation) = AsyncStream.makeStream(of: BindAddress.self)
      let server = AdminServer(
        configuration: try configuration("unix:" + folder + "/a.sock", folder: folder), gateway: TestGateway(),
        logger: quietLogger(), onServing: { continuation.yield($0) })
      let group = ServiceGroup(configuration: .init(services: [server], logger: quietLogger()))
      async let running: Void = group.run()
      var iterator = addresses.makeAsyncIterator()
      let address = try #require(await iterator.next())
      try await AdminClient(address: address).stream("/v1/exchanges/stream") { _ in
        await group.triggerGracefulShutdown()
        return true
      }
      try await running
      #expect(!FileManager.default.fileExists(atPath: folder + "/a.sock"))
    }
  }

  @Test func tapsAreCounted() {
    let state = AdminState()
    for _ in 0..<AdminLimits.streams { #expect(state.beginStream()) }
    #expect(!state.beginStream())
    state.endStream()
    #expect(state.beginStream())
  }
}
