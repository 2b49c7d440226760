/// One immutable, validated configuration of the gateway. `SluiceConfig` makes it from YAML; nothing else does in production.
public struct Configuration: Sendable, Equatable {
  public var admin = AdminConfiguration()
  public var runtime = RuntimeConfiguration()
  public var logs = LogsConfiguration()
  public var listeners: [ListenerConfiguration] = []
  public var pools: [PoolConfiguration] = []
  public var routes: [RouteConfiguration] = []
  public var assets: [AssetConfiguration] = []
  public var zones: [ZoneConfiguration] = []
  /// The files of policies, and those of entities that policies speak of.
  public var policies: [FilePattern] = []
  public var entities: [FilePattern] = []
  public var acme: ACMEConfiguration?

  public init() {}
}

/// Where something listens or connects: an IP address and port, or a Unix socket.
public enum BindAddress: Hashable, Sendable {
  case ip(IPAddress, port: Int)
  case unix(path: String)
}

extension BindAddress: CustomStringConvertible {
  public var description: String {
    switch self {
    case .ip(let address, let port): address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

/// The admin API's own listener.
public struct AdminConfiguration: Sendable, Equatable {
  /// A Unix socket or a loopback address.
  public var address: BindAddress = .unix(path: "run/sluice-admin.sock")
  /// The file that holds the bearer token; made with mode 0600 at first start. Only asked for on an IP address.
  public var tokenFile = "run/sluice-admin.token"

  public init() {}
}

public struct RuntimeConfiguration: Sendable, Equatable {
  /// Event loops of web and TCP listeners; nil means one per CPU of the affinity mask, capped by the cgroup quota.
  public var loops: Int?
  /// Event loops that only industrial listeners use.
  public var industrialLoops = 1
  /// Threads for what filters do beside the event loops, such as heavy inspection; nil means as many as web loops.
  public var workers: Int?
  /// How long a drain waits for exchanges in flight before it closes them.
  public var drainTimeout: Duration = .seconds(30)

  public init() {}
}

public enum LogTarget: Sendable, Equatable {
  case off
  case standardOutput
  case file(path: String)
}

public enum LogLevel: String, Sendable, Codable, CaseIterable {
  case debug, info, notice, warning, error
}

public struct LogsConfiguration: Sendable, Equatable {
  public var level: LogLevel = .notice
  /// One JSON line per exchange. May drop lines under pressure, and counts them.
  public var access: LogTarget = .file(path: "logs/access.jsonl")
  public var decisions = DecisionLogConfiguration()
  public var audit = AuditLogConfiguration()

  public init() {}
}

/// Which decisions the decision log keeps beside what is never left out: every verdict but allow, and every industrial
/// operation that is not a read.
public enum DecisionLogRecording: String, Sendable, Codable, CaseIterable {
  case notable
  case all
}

public struct DecisionLogConfiguration: Sendable, Equatable {
  public var directory = "logs/decisions"
  public var keep: Duration = .seconds(7 * 24 * 3600)
  public var maximumSizeBytes = 1 << 30
  public var record: DecisionLogRecording = .notable
  /// What happens to an industrial write when its record can't be kept: `allow` counts and alerts, `deny` refuses it.
  public var onError: FailureMode = .allow

  public init() {}
}

public enum ListenerProtocol: String, Sendable, Codable, CaseIterable {
  case http, https, tcp, tls, modbus

  /// Whether requests are read and routed.
  public var isHTTP: Bool { self == .http || self == .https }
}

public struct ListenerConfiguration: Sendable, Equatable {
  public var name = ""
  public var address: BindAddress = .ip(IPAddress(v4: 0), port: 0)
  public var `protocol`: ListenerProtocol = .http
  /// `tcp` and `tls`: the pool that connections are balanced over. On `tls`, routes by server name come first.
  public var pool: String?
  /// `modbus` only: the asset behind the listener.
  public var asset: String?
  /// `https`, and `tcp` and `modbus` when it ends there.
  public var tls: ListenerTLSConfiguration?
  /// Peers whose `Forwarded` and `X-Forwarded-*` fields are believed (`http`, `https`), and whose PROXY header.
  public var trustedProxies: [AddressRange] = []
  /// Every connection begins with a PROXY protocol header, version 1 or 2, of a trusted proxy.
  public var proxyProtocol = false
  /// Keep request fields whose name has an underscore; many upstreams confuse them with the hyphenated name.
  public var underscoresInHeaders = false
  /// Filters of every operation on a `modbus` listener, or of every exchange on an `http` listener, before the route's own.
  public var filters: [FilterConfiguration] = []
  public var limits = ListenerLimits()

  public init() {}
}

/// Bounds on what one client may cost. Sizes in bytes.
public struct ListenerLimits: Sendable, Equatable {
  public var connections = 20_000
  public var connectionsPerAddress = 10_000
  public var requestLineBytes = 16 << 10
  public var requestHeadBytes = 32 << 10
  public var requestHeaderFields = 100
  public var requestBodyBytes = Int.max
  /// From the first byte of a head (or from accept, for the first) to its end.
  public var headerTimeout: Duration = .seconds(10)
  /// Between exchanges on a kept connection.
  public var keepAliveTimeout: Duration = .seconds(15)
  /// Bytes per second that a request body must keep, after `rateGrace`; 0 turns it off.
  public var minimumBodyRate = 500
  /// Bytes per second that the client must take of a waiting reply, after `rateGrace`; 0 turns it off.
  public var minimumReplyRate = 500
  public var rateGrace: Duration = .seconds(5)
  /// Without any byte in either direction, on `tcp` listeners and upgraded connections.
  public var idleTimeout: Duration = .seconds(300)
  /// Exchanges served on one connection before it is closed.
  public var requestsPerConnection = Int.max

  public init() {}
}

public enum BalancerKind: String, Sendable, Codable, CaseIterable {
  case roundRobin = "round-robin"
  case weighted
  case leastRequest = "least-request"
}

public struct EndpointConfiguration: Sendable, Hashable {
  public var address: BindAddress
  public var weight: Int

  public init(address: BindAddress, weight: Int = 1) {
    self.address = address
    self.weight = weight
  }
}

public struct HealthCheckConfiguration: Sendable, Equatable {
  /// Target of the GET that probes an endpoint; nil probes by connecting only.
  public var path: String?
  public var host: String?
  public var interval: Duration = .seconds(5)
  public var timeout: Duration = .seconds(2)
  /// Failures in a row until an endpoint leaves the rotation.
  public var unhealthyAfter = 3
  /// Successes in a row until it comes back.
  public var healthyAfter = 2
  public var expectedStatuses: ClosedRange<Int> = 200...399

  public init() {}
}

public struct PoolConfiguration: Sendable, Equatable {
  public var name = ""
  public var endpoints: [EndpointConfiguration] = []
  public var balancer: BalancerKind = .roundRobin
  public var health: HealthCheckConfiguration?
  public var connectTimeout: Duration = .seconds(5)
  /// Idle kept connections per endpoint and event loop.
  public var idleConnections = 4_096
  public var idleTimeout: Duration = .seconds(60)
  /// Open connections per endpoint and event loop; requests past it wait.
  public var maximumConnections = 4_096
  /// Requests that may wait for a connection, per event loop; past it 503.
  public var pendingRequests = 1_024
  public var tls: UpstreamTLSConfiguration?
  /// Connections of `tcp` and `tls` listeners begin with a PROXY protocol header that tells the client.
  public var proxyProtocol: ProxyProtocolVersion?

  public init() {}
}

/// How a path is matched (Gateway API `PathMatchType`).
public enum PathMatch: Sendable, Hashable {
  case exact(String)
  /// Whole segments: `/api` matches `/api` and `/api/x`, never `/apix`.
  case prefix(String)
}

public struct HeaderMatch: Sendable, Hashable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// One way to match a route; all that is given must hold.
public struct RouteMatch: Sendable, Hashable {
  /// `*.example.org` matches any number of labels before the suffix; nil matches every host.
  public var host: String?
  public var path: PathMatch = .prefix("/")
  public var method: String?
  public var headers: [HeaderMatch] = []

  public init() {}
}

public struct WeightedPool: Sendable, Hashable {
  public var pool: String
  public var weight: Int

  public init(pool: String, weight: Int = 1) {
    self.pool = pool
    self.weight = weight
  }
}

public struct RedirectConfiguration: Sendable, Hashable {
  public var scheme: String?
  public var host: String?
  public var port: Int?
  /// Replaces the whole path; the query is kept.
  public var path: String?
  public var status = 302

  public init() {}
}

public struct DirectResponseConfiguration: Sendable, Hashable {
  public var status = 200
  public var contentType = "text/plain; charset=utf-8"
  public var body = ""

  public init() {}
}

/// What happens to the request target before it goes upstream (Gateway API `HTTPURLRewriteFilter`).
public struct RewriteConfiguration: Sendable, Hashable {
  public var host: String?
  /// Replaces the matched prefix (or, for an exact match, the whole path).
  public var path: String?

  public init() {}
}

public enum RouteAction: Sendable, Equatable {
  case forward([WeightedPool])
  case redirect(RedirectConfiguration)
  case respond(DirectResponseConfiguration)
}

public struct RouteConfiguration: Sendable, Equatable {
  public var name = ""
  /// Names of `http`, `https` and `tls` listeners; empty means all of the first two.
  public var listeners: [String] = []
  public var matches: [RouteMatch] = [RouteMatch()]
  public var filters: [FilterConfiguration] = []
  public var rewrite: RewriteConfiguration?
  public var action: RouteAction = .respond(DirectResponseConfiguration())
  /// From the end of the request to the first byte of the final reply head.
  public var requestTimeout: Duration = .seconds(30)
  /// Without progress in either direction while an exchange is under way.
  public var idleTimeout: Duration = .seconds(60)
  /// Attempts on another endpoint when none of the request can have been acted on.
  public var retries = 1
  /// For policies: the zone that it leads into.
  public var zone: String?

  public init() {}
}

public struct AssetConfiguration: Sendable, Equatable {
  public var name = ""
  public var `protocol`: ListenerProtocol = .modbus
  public var address: BindAddress = .ip(IPAddress(v4: 0), port: 502)
  public var zone: String?
  /// Connections the gate opens to the device; its clients share them.
  public var connections = 1
  /// Requests in flight on one device connection; many devices can serve only one.
  public var pipelining = 1
  /// Requests that may wait for the device; past it exception 06 (server device busy).
  public var pendingRequests = 64
  /// Until exception 0B (gateway target failed to respond).
  public var requestTimeout: Duration = .seconds(2)
  public var connectTimeout: Duration = .seconds(3)
  public var tls: UpstreamTLSConfiguration?
  /// An idle device connection is closed after this, so that others may use the device.
  public var idleTimeout: Duration = .seconds(60)
  /// Named addresses, no address in two of them; for policies.
  public var points: [PointConfiguration] = []

  public init() {}
}
