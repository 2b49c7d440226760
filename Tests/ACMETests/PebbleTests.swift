import ACME
import Foundation
import NIOCore
import NIOPosix
import SluiceModel
import Testing

/// The whole way against Pebble, the test server of Let's Encrypt, which refuses half of all nonces here.
@Suite(
  .enabled(if: Pebble.isThere, "install Debian's `pebble`"), .timeLimit(.minutes(1)))
struct PebbleTests {
  @Test(arguments: ACMEChallengeKind.allCases, [false, true])
  func issues(_ challenge: ACMEChallengeKind, _ isBound: Bool) async throws {
    let folder = try TemporaryFolder()
    let listener = try await ChallengeListener()
    let pebble = try await Pebble(folder, listener, isBound: isBound)
    let clock = TestClock(now: Int64(Date().timeIntervalSince1970), lasting: 30)
    var wanted = configuration(
      folder, names: ["gate.plant.example", "hmi.plant.example"], challenge: challenge, directory: pebble.directory)
    wanted.ca = folder.path + "/server.pem"
    if isBound { wanted.externalAccount = ACMEExternalAccount(keyID: Pebble.keyID, key: Secret(Pebble.key)) }
    let manager = try ACMEManager(
      configuration: wanted, challenges: listener, clock: clock, logger: quiet, onCertificate: { _ in })
    let run = Task { try await manager.run() }
    await clock.untilIdle()
    // Validation takes real time there: an attempt that ran out of the clock's time is made again.
    for _ in 0..<20 where await manager.status().certificates.first?.state != .valid { await clock.advance(600) }
    let status = await manager.status().certificates.first
    #expect(status?.state == .valid, "\(String(describing: status))")
    run.cancel()
    try await run.value
    pebble.stop()
    await listener.close()
  }
}

struct Pebble {
  static let keyID = "kid-1"
  static let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
  static let isThere = ["pebble", "pebble-challtestsrv"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/" + $0)
  }

  let directory: String
  private let server: PeerProgram
  private let names: PeerProgram

  init(_ folder: TemporaryFolder, _ listener: ChallengeListener, isBound: Bool) async throws {
    let now = Int64(Date().timeIntervalSince1970)
    let own = try SelfSignedCertificate(names: ["localhost"], notBefore: now - 3_600, notAfter: now + 86_400)
    try Self.pem("CERTIFICATE", own.certificate).write(
      toFile: folder.path + "/server.pem", atomically: true, encoding: .utf8)
    try Self.pem("PRIVATE KEY", own.key).write(toFile: folder.path + "/server.key", atomically: true, encoding: .utf8)
    let port = try await Self.freePort()
    let management = try await Self.freePort()
    let dns = try await Self.freePort()
    let namesManagement = try await Self.freePort()
    var settings: [String: Any] = [
      "listenAddress": "127.0.0.1:\(port)", "managementListenAddress": "127.0.0.1:\(management)",
      "certificate": folder.path + "/server.pem", "privateKey": folder.path + "/server.key",
      "httpPort": listener.httpPort, "tlsPort": listener.tlsPort, "ocspResponderURL": "",
      "externalAccountBindingRequired": isBound,
    ]
    if isBound { settings["externalAccountMACKeys"] = [Self.keyID: Self.key] }
    try JSONSerialization.data(withJSONObject: ["pebble": settings]).write(
      to: URL(filePath: folder.path + "/pebble.json"))
    names = try Self.run(
      "pebble-challtestsrv -dns01 127.0.0.1:\(dns) -http01 '' -https01 '' -tlsalpn01 '' -defaultIPv6 '' "
        + "-management 127.0.0.1:\(namesManagement)")
    _ = try await names.line(with: "Starting")
    server = try Self.run("pebble -strict -config \(folder.path)/pebble.json -dnsserver 127.0.0.1:\(dns)")
    _ = try await server.line(with: "ACME directory available")
    directory = "https://localhost:\(port)/dir"
  }

  func stop() {
    server.stop()
    names.stop()
  }

  /// Runs a command that ends when its standard input does.
  private static func run(_ command: String) throws -> PeerProgram {
    try PeerProgram(
      ["sh", "-c", "\(command) 2>&1 & child=$!; trap 'kill $child' EXIT TERM; read _"],
      environment: ["PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "50"])
  }

  private static func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = channel.localAddress?.port ?? 0
    try await channel.close()
    return port
  }

  private static func pem(_ type: String, _ der: [UInt8]) -> String {
    let text = Data(der).base64EncodedString(options: .lineLength64Characters)
    return "-----BEGIN \(type)-----\n\(text)\n-----END \(type)-----\n"
  }
}
