import Access
import Control
import Dispatch
import Filters
import Firewall
import Foundation
import Logging
import Proxy
import SluiceConfig
import SluiceModel
import Synchronization
import Telemetry

/// The data path, its telemetry and its configuration file, as the admin API and the signals drive them.
actor RunningGateway: GatewayControl {
  private let path: String
  private let hub: TelemetryHub
  private let log: OperatorLog
  private let gateway: Gateway
  private let orders: CertificateOrders
  private let libraries: Libraries
  private var plan: CertificateOrders.Plan
  private var access: LoadedAccess?
  private let startedAt = Date()
  private var loaded: LoadedConfiguration
  private var loadedAt = Date()
  private var revision = 1
  private var state = GatewayState.starting
  private var lastReload: ReloadOutcome?
  private var endWaiters: [CheckedContinuation<Void, Never>] = []
  private var hasEnded = false

  /// - Throws: when the configuration's certificates can't be used, or what is kept of ordered ones can't be read.
  init(_ loaded: LoadedConfiguration, path: String, hub: TelemetryHub, log: OperatorLog, libraries: Libraries)
    throws
  {
    self.loaded = loaded
    self.path = path
    self.hub = hub
    self.log = log
    self.libraries = libraries
    access = libraries.access.loaded
    orders = CertificateOrders(logger: log.logger)
    plan = try orders.plan(loaded.configuration.acme)
    gateway = try Gateway(
      loaded.configuration, issued: plan.issued, challenges: orders.challenges,
      environment: Gateway.Environment(
        makeObserver: { hub.makeRecorder(industrial: $0) },
        makeFilter: { Builtins.make($0, $1, firewalls: libraries.firewalls, access: libraries.access) },
        wallClock: { UInt64(max(0, Date().timeIntervalSince1970 * 1_000)) },
        random: { UInt64.random(in: 1 ... .max) }))
  }

  // MARK: Life

  func start() async throws {
    try await gateway.start()
    await order(plan)
    await warnOfExpiry()
    state = .serving
  }

  private func order(_ plan: CertificateOrders.Plan) async {
    let gateway = gateway
    await orders.start(plan) { try await gateway.install([$0]) }
  }

  /// Tells the world that everything serves.
  func announce(admin: SluiceModel.BindAddress) async {
    let report = ReadyReport(
      event: "ready", pid: Int(ProcessInfo.processInfo.processIdentifier), version: Sluice.version,
      admin: admin.description, configurationHash: loaded.hash,
      listeners: await gateway.listeners.map {
        ReadyReport.Listener(name: $0.name, protocol: $0.protocol.rawValue, address: $0.address.description)
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let data = try? encoder.encode(report) { Terminal.print(String(decoding: data, as: UTF8.self)) }
    ServiceNotification.send("READY=1\nSTATUS=serving")
  }

  /// Returns when a drain has ended.
  func ended() async {
    if hasEnded { return }
    await withCheckedContinuation { endWaiters.append($0) }
  }

  func stop() async {
    await orders.stop()
    await gateway.stop()
    hub.shutdown()
  }

  nonisolated func reopenLogs() { hub.reopen() }

  // MARK: GatewayControl

  func status() async -> GatewayStatus {
    GatewayStatus(
      state: state, version: Sluice.version, startedAt: startedAt, revision: revision,
      configurationHash: loaded.hash, loadedAt: loadedAt, lastReload: lastReload,
      listeners: await gateway.listeners.map {
        ListenerStatus(
          name: $0.name, address: $0.address.description, protocol: $0.protocol, connections: $0.connections)
      }, acme: await orders.status())
  }

  func configuration() -> Configuration { loaded.configuration }

  func snapshots(recent: Bool) async -> [LoopSnapshot] {
    await gateway.observers { ($0 as? LoopRecorder)?.snapshot(recent: recent) }.compactMap { $0 }
  }

  func policies() -> PoliciesInForce { PoliciesInForce(access) }

  func endpoints() async -> [EndpointStatus] { await gateway.endpoints() }

  func flows() async -> [FlowStatus] { await gateway.flows() }

  func closeFlow(_ id: ExchangeID) async -> Bool { await gateway.closeFlow(id) }

  private var reloading: Task<ReloadOutcome, Never>?

  /// One reload at a time; each sees the files as they are when its turn comes.
  func reload() async -> ReloadOutcome {
    let before = reloading
    let task = Task {
      _ = await before?.value
      return await reloadNow()
    }
    reloading = task
    return await task.value
  }

  private func reloadNow() async -> ReloadOutcome {
    ServiceNotification.send("RELOADING=1\nMONOTONIC_USEC=\(DispatchTime.now().uptimeNanoseconds / 1_000)")
    defer { ServiceNotification.send("READY=1") }
    do {
      let next = try await RuleFilters.load(path, libraries)
      for warning in next.warnings { log.logger.warning("\(warning)") }
      guard next.hash != loaded.hash else { return outcome(ok: true, changed: false) }
      try hub.reconfigure(next.configuration.logs)
      do {
        try await apply(next.configuration)
      } catch {
        try? hub.reconfigure(loaded.configuration.logs)
        throw error
      }
      if next.configuration.logs.level != loaded.configuration.logs.level { log.level = next.configuration.logs.level }
      loaded = next
      if loaded.configuration.policies.isEmpty, loaded.configuration.entities.isEmpty { libraries.access.clear() }
      access = libraries.access.loaded
      loadedAt = Date()
      revision += 1
      libraries.firewalls.keep(next.configuration.firewalls)
      log.logger.notice("configuration \(next.hash.prefix(12)) is in force, revision \(revision)")
      await warnOfExpiry()
      return outcome(ok: true, changed: true)
    } catch let errors as ConfigurationErrors {
      log.logger.error("the configuration was not taken, the one before stays in force:\n\(errors)")
      return outcome(ok: false, changed: false, issues: errors.issues)
    } catch {
      log.logger.error("the configuration was not taken, the one before stays in force: \(error)")
      return outcome(ok: false, changed: false, issues: [ConfigurationIssue(file: path, message: "\(error)")])
    }
  }

  /// Certificates that have expired are shown all the same: a plant that still runs is better than one that is locked out.
  private func warnOfExpiry() async {
    let now = Int64(Date().timeIntervalSince1970)
    for certificate in await gateway.certificates where certificate.notAfter < now + 14 * 86_400 {
      let end = Date(timeIntervalSince1970: TimeInterval(certificate.notAfter)).ISO8601Format()
      log.logger.warning(
        """
        the certificate `\(certificate.subject)` of `\(certificate.place)` \
        \(certificate.notAfter < now ? "expired" : "expires") at \(end)\(certificate.file.map { ": \($0)" } ?? "")
        """)
    }
  }

  /// Orders pause while the plan for them changes; when the configuration isn't taken, they go on as before.
  private func apply(_ next: Configuration) async throws {
    guard next.acme != plan.configuration else { return try await gateway.apply(next) }
    await orders.stop()
    do {
      let nextPlan = try orders.plan(next.acme)
      try await gateway.install(nextPlan.issued)
      try await gateway.apply(next)
      plan = nextPlan
    } catch {
      if let before = try? orders.plan(plan.configuration) { plan = before }
      await order(plan)
      throw error
    }
    await order(plan)
  }

  private func outcome(ok: Bool, changed: Bool, issues: [ConfigurationIssue] = []) -> ReloadOutcome {
    let outcome = ReloadOutcome(
      at: Date(), ok: ok, revision: revision, configurationHash: loaded.hash, changed: changed, issues: issues)
    lastReload = outcome
    return outcome
  }

  func drain() async {
    guard state != .draining else { return }
    state = .draining
    log.logger.notice("draining")
    ServiceNotification.send("STOPPING=1")
    let timeout = loaded.configuration.runtime.drainTimeout
    Task {
      await gateway.drain(timeout: timeout)
      finish()
    }
  }

  private func finish() {
    hasEnded = true
    for waiter in endWaiters { waiter.resume() }
    endWaiters.removeAll()
  }

  func logLevel() -> LogLevel { log.level }

  func setLogLevel(_ level: LogLevel) { log.level = level }

  func decision(id: ExchangeID) throws -> String? { try hub.decision(id: id) }

  func telemetryState() -> TelemetryState { hub.state }

  func tlsLedger() async -> TLSLedger {
    TLSLedger(
      loops: await snapshots(recent: false), certificates: await gateway.certificates, since: startedAt, now: Date())
  }
}

/// The line on standard output that says that the gateway serves.
private struct ReadyReport: Encodable {
  struct Listener: Encodable {
    var name: String
    var `protocol`: String
    var address: String
  }

  var event: String
  var pid: Int
  var version: String
  var admin: String
  var configurationHash: String
  var listeners: [Listener]
}
