public import FoundationEssentials
public import SluiceConfig
public import SluiceModel
public import Telemetry

/// What the admin API needs of the running gateway; the executable implements it, tests stand in for it.
///
/// Every call may come from any task at any time, also while the gateway starts or drains.
public protocol GatewayControl: Sendable {
  func status() async -> GatewayStatus
  /// The configuration in force. The admin API redacts it before it shows it.
  func configuration() async -> Configuration
  /// One snapshot per event loop; without `recent`, the rings of recent log lines are left out.
  func snapshots(recent: Bool) async -> [LoopSnapshot]
  /// What `access` filters decide by.
  func policies() async -> PoliciesInForce
  func endpoints() async -> [EndpointStatus]
  func flows() async -> [FlowStatus]
  /// Closes a flow; false when there is none with this id.
  func closeFlow(_ id: ExchangeID) async -> Bool
  /// Reads the configuration files again and puts them in force if they are right; otherwise nothing changes.
  func reload() async -> ReloadOutcome
  /// Stops accepting, lets exchanges in flight finish, then ends the process. Returns at once; a second call does nothing.
  func drain() async
  func logLevel() async -> LogLevel
  func setLogLevel(_ level: LogLevel) async
  /// The JSON line that the decision log keeps for an id, or nil.
  ///
  /// - Throws: when the log can't be read.
  func decision(id: ExchangeID) async throws -> String?
  func telemetryState() async -> TelemetryState
  /// What TLS was negotiated since the process began, and the certificates in use.
  func tlsLedger() async -> TLSLedger
}

/// Where the gateway is in its life.
public enum GatewayState: String, Sendable, Codable, CaseIterable {
  /// Not all listeners accept yet. Next: `serving`, or the process ends.
  case starting
  /// All listeners accept. Next: `draining`.
  case serving
  /// No listener accepts; exchanges in flight finish. Next: the process ends.
  case draining
}

/// The gateway at a glance.
public struct GatewayStatus: Sendable, Codable, Equatable {
  public var state: GatewayState
  public var version: String
  public var startedAt: Date
  /// Counts up with every configuration put in force; 1 is the first.
  public var revision: Int
  /// SHA-256 of the configuration in force, in hexadecimal.
  public var configurationHash: String
  /// When the configuration in force was loaded.
  public var loadedAt: Date
  /// The latest attempt to reload, good or bad; nil when there was none.
  public var lastReload: ReloadOutcome?
  public var listeners: [ListenerStatus]
  /// Certificates that the gate orders by itself; nil without an `acme` section.
  public var acme: ACMEStatus?

  public init(
    state: GatewayState, version: String, startedAt: Date, revision: Int, configurationHash: String, loadedAt: Date,
    lastReload: ReloadOutcome? = nil, listeners: [ListenerStatus] = [], acme: ACMEStatus? = nil
  ) {
    self.state = state
    self.version = version
    self.startedAt = startedAt
    self.revision = revision
    self.configurationHash = configurationHash
    self.loadedAt = loadedAt
    self.lastReload = lastReload
    self.listeners = listeners
    self.acme = acme
  }
}

/// What `/v1/status` answers: the gateway's status, and the state of its logs beside it.
public struct StatusReport: Sendable, Codable, Equatable {
  public var gateway: GatewayStatus
  public var telemetry: TelemetryState

  private enum Key: String, CodingKey {
    case telemetry
  }

  public init(gateway: GatewayStatus, telemetry: TelemetryState) {
    self.gateway = gateway
    self.telemetry = telemetry
  }

  public init(from decoder: any Decoder) throws {
    gateway = try GatewayStatus(from: decoder)
    telemetry = try decoder.container(keyedBy: Key.self).decode(TelemetryState.self, forKey: .telemetry)
  }

  /// One object: the members of the status, and `telemetry`.
  public func encode(to encoder: any Encoder) throws {
    try gateway.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(telemetry, forKey: .telemetry)
  }
}

/// One listener as the admin API shows it.
public struct ListenerStatus: Sendable, Codable, Equatable {
  public var name: String
  /// The bound address, with the port that the system chose for port 0.
  public var address: String
  public var `protocol`: ListenerProtocol
  /// Open client connections, over all event loops.
  public var connections: Int

  public init(name: String, address: String, protocol: ListenerProtocol, connections: Int) {
    self.name = name
    self.address = address
    self.protocol = `protocol`
    self.connections = connections
  }
}

/// How a reload went. When it failed, `issues` says why, and the configuration in force is the one before.
public struct ReloadOutcome: Sendable, Codable, Equatable {
  public var at: Date
  public var ok: Bool
  /// The revision in force after the attempt.
  public var revision: Int
  /// The hash of the configuration in force after the attempt.
  public var configurationHash: String
  /// Whether the attempt put a new revision in force; a reload of unchanged files does not.
  public var changed: Bool
  public var issues: [ConfigurationIssue]

  public init(
    at: Date, ok: Bool, revision: Int, configurationHash: String, changed: Bool, issues: [ConfigurationIssue] = []
  ) {
    self.at = at
    self.ok = ok
    self.revision = revision
    self.configurationHash = configurationHash
    self.changed = changed
    self.issues = issues
  }
}

/// What a configuration would change in the one in force.
public struct PlannedChanges: Sendable, Codable, Equatable {
  /// The hash of the configuration in force.
  public var configurationHash: String
  /// The hash of the configuration that was asked about.
  public var candidateHash: String
  public var changes: [ConfigurationChange]
  public var warnings: [ConfigurationIssue]
}
