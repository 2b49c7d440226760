import Control
import Foundation
import Logging
import SluiceConfig
import SluiceModel
import Synchronization
import Telemetry
import sluice

/// A gateway that is only its own description.
final class TestGateway: GatewayControl {
  struct State: Sendable {
    var status = GatewayStatus(
      state: .serving, version: "9.9", startedAt: Date(timeIntervalSince1970: 1_700_000_000), revision: 7,
      configurationHash: "0a1b", loadedAt: Date(timeIntervalSince1970: 1_700_000_100),
      listeners: [ListenerStatus(name: "web", address: "127.0.0.1:80", protocol: .http, connections: 3)])
    var configuration = Configuration()
    var rings: [[RecentLine]] = [[], []]
    var flows: [FlowStatus] = []
    var endpoints: [EndpointStatus] = []
    var policies = PoliciesInForce()
    var decisions: [ExchangeID: String] = [:]
    var reload: ReloadOutcome?
    var level = LogLevel.notice
    var drains = 0
    var looks = 0
    var ledger = TLSLedger(
      loops: [], certificates: [], since: Date(timeIntervalSince1970: 1_700_000_000),
      now: Date(timeIntervalSince1970: 1_700_000_200))
  }

  let state = Mutex(State())

  func change(_ body: (inout sending State) -> Void) { state.withLock { body(&$0) } }

  func status() async -> GatewayStatus { state.withLock { $0.status } }
  func configuration() async -> Configuration { state.withLock { $0.configuration } }
  func snapshots(recent: Bool) async -> [LoopSnapshot] {
    state.withLock {
      $0.looks += 1
      return $0.rings.map { LoopSnapshot.testing($0) }
    }
  }
  func policies() async -> PoliciesInForce { state.withLock { $0.policies } }
  func endpoints() async -> [EndpointStatus] { state.withLock { $0.endpoints } }
  func flows() async -> [FlowStatus] { state.withLock { $0.flows } }
  func closeFlow(_ id: ExchangeID) async -> Bool {
    state.withLock { state in
      let before = state.flows.count
      state.flows.removeAll { $0.id == id }
      return state.flows.count < before
    }
  }
  func reload() async -> ReloadOutcome {
    state.withLock {
      $0.reload ?? ReloadOutcome(at: Date(), ok: true, revision: 8, configurationHash: "ff", changed: true)
    }
  }
  func drain() async {
    state.withLock {
      $0.drains += 1
      $0.status.state = .draining
    }
  }
  func logLevel() async -> LogLevel { state.withLock { $0.level } }
  func setLogLevel(_ level: LogLevel) async { state.withLock { $0.level = level } }
  func decision(id: ExchangeID) async throws -> String? { state.withLock { $0.decisions[id] } }
  func tlsLedger() async -> TLSLedger { state.withLock { $0.ledger } }
  func telemetryState() async -> TelemetryState { TelemetryState(version: "9.9") }
}

extension LoopSnapshot {
  /// A snapshot whose ring holds these lines.
  static func testing(_ lines: [RecentLine]) -> LoopSnapshot {
    var snapshot = LoopSnapshot()
    snapshot.recentFirstSequence = lines.first?.sequence ?? 1
    for line in lines {
      let count = UInt32(line.json.utf8.count)
      snapshot.recentBytes += (0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
      snapshot.recentBytes += Array(line.json.utf8)
    }
    return snapshot
  }
}

/// An id of the given millisecond.
func testID(_ milliseconds: UInt64) -> ExchangeID {
  ExchangeID(unixMilliseconds: milliseconds, random: (1, milliseconds))
}

/// A log line of an exchange.
func testLine(
  _ sequence: UInt64, at milliseconds: UInt64, route: String = "api", status: Int = 200, verdict: Verdict = .allow,
  client: String = "10.0.2.7", kind: String = "exchange", listener: String = "web"
) -> RecentLine {
  RecentLine(
    sequence: sequence,
    json: """
      {"time":"2026-01-02T03:04:05.678Z","id":"\(testID(milliseconds))","kind":"\(kind)","listener":"\(listener)",\
      "route":"\(route)","client":"\(client)","method":"GET","host":"h","path":"/x","status":\(status),\
      "verdict":"\(verdict.rawValue)","durationMs":1.5}
      """)
}

/// A folder of its own that is removed at the end.
func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
  let folder = FileManager.default.temporaryDirectory.path + "/sluice-" + UUID().uuidString.prefix(13)
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}

func quietLogger() -> Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }

/// Runs an admin server for the length of the body, which gets its address.
func withServer<R: Sendable>(
  _ configuration: AdminConfiguration, _ gateway: TestGateway, _ body: (BindAddress) async throws -> R
) async throws -> R {
  let (addresses, continuation) = AsyncStream.makeStream(of: BindAddress.self)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      defer { continuation.finish() }
      let server = AdminServer(
        configuration: configuration, gateway: gateway, logger: quietLogger(),
        onServing: { continuation.yield($0) })
      try await server.run()
    }
    var iterator = addresses.makeAsyncIterator()
    guard let address = await iterator.next() else {
      try await group.waitForAll()
      throw CancellationError()
    }
    let result = try await body(address)
    group.cancelAll()
    while let ended = await group.nextResult() { _ = ended }
    return result
  }
}

/// Runs an admin server on a Unix socket.
func withSocketServer<R: Sendable>(
  _ gateway: TestGateway = TestGateway(), _ body: (AdminClient) async throws -> R
) async throws -> R {
  try await withFolder { folder in
    var configuration = AdminConfiguration()
    configuration.address = .unix(path: folder + "/admin.sock")
    return try await withServer(configuration, gateway) { try await body(AdminClient(address: $0)) }
  }
}
