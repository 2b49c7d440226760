import Balancing
import SluiceModel
import Wire

/// A listener as one event loop sees it under one configuration.
final class ListenerRuntime {
  let configuration: ListenerConfiguration
  let logName: LogName
  let headLimits: HeadLimits
  let routes: RouteTable
  /// Filters of every operation (`modbus`).
  let chain: FilterChain
  let headerNanoseconds: UInt64
  let keepAliveNanoseconds: UInt64
  let idleNanoseconds: UInt64
  /// The pool of a `tcp` listener, and of a `tls` listener for names without a route.
  let pool: UpstreamPool?
  let tls: ListenerTLS?
  private let routeRuntimes: [RouteRuntime?]

  init(
    _ configuration: ListenerConfiguration, shared: SharedListener, routeRuntimes: [RouteRuntime?], chain: FilterChain,
    pool: UpstreamPool?, tls: ListenerTLS?
  ) {
    self.configuration = configuration
    logName = shared.logName
    routes = shared.routes
    self.routeRuntimes = routeRuntimes
    self.chain = chain
    self.pool = pool
    self.tls = tls
    headerNanoseconds = configuration.limits.headerTimeout.nanosecondsClamped
    keepAliveNanoseconds = configuration.limits.keepAliveTimeout.nanosecondsClamped
    idleNanoseconds = configuration.limits.idleTimeout.nanosecondsClamped
    headLimits = HeadLimits(
      lineBytes: configuration.limits.requestLineBytes, headBytes: configuration.limits.requestHeadBytes,
      fields: configuration.limits.requestHeaderFields)
  }

  func runtime(of rule: RouteTable.Rule) -> RouteRuntime? { routeRuntimes[rule.routeIndex] }

  /// The route for connections that ask for a name and are passed on encrypted.
  func passthroughRoute(for serverName: String?) -> RouteRuntime? {
    routes.match(serverName: serverName.map { Array($0.utf8) }).flatMap { runtime(of: $0) }
  }
}

/// What all event loops share of a listener under one configuration.
struct SharedListener: Sendable {
  let logName: LogName
  let routes: RouteTable
}

/// A route on one listener as one event loop sees it.
final class RouteRuntime {
  let configuration: RouteConfiguration
  let logName: LogName
  let chain: FilterChain
  let rewriteHost: [UInt8]?
  let rewritePath: [UInt8]?
  let requestNanoseconds: UInt64
  private let pools: [UpstreamPool]
  private var weights: WeightedPick

  init(
    _ configuration: RouteConfiguration, logName: LogName, chain: FilterChain, pools: [String: UpstreamPool],
    seed: UInt64
  ) {
    self.configuration = configuration
    self.logName = logName
    self.chain = chain
    requestNanoseconds = configuration.requestTimeout.nanosecondsClamped
    rewriteHost = configuration.rewrite?.host.map { Array($0.utf8) }
    rewritePath = configuration.rewrite?.path.map { Array($0.utf8) }
    var found: [UpstreamPool] = []
    var shares: [Int] = []
    if case .forward(let weighted) = configuration.action {
      for entry in weighted {
        guard let pool = pools[entry.pool] else { continue }
        found.append(pool)
        shares.append(entry.weight)
      }
    }
    self.pools = found
    weights = WeightedPick(weights: shares, seed: seed)
  }

  /// The pool for the next request, by weight.
  func pickPool() -> UpstreamPool? { weights.pick().map { pools[$0] } }
}

/// A listener's place on one event loop: what stays while configurations come and go.
final class ListenerSlot {
  var runtime: ListenerRuntime
  let gauge: ConnectionGauge

  init(_ runtime: ListenerRuntime, gauge: ConnectionGauge) {
    self.runtime = runtime
    self.gauge = gauge
  }

  func connectionClosed(_ peer: IPAddress) { gauge.leave(peer) }
}
