import Balancing
import SluiceModel
import Synchronization
import Wire

/// A listener as one event loop sees it under one configuration.
final class ListenerRuntime {
  let configuration: ListenerConfiguration
  let logName: LogName
  let headLimits: HeadLimits
  let routes: RouteTable
  /// Filters of every operation (`modbus`).
  let chain: FilterChain
  /// The pool of a `tcp` listener.
  let pool: UpstreamPool?
  private let routeRuntimes: [RouteRuntime?]

  init(
    _ configuration: ListenerConfiguration, shared: SharedListener, routeRuntimes: [RouteRuntime?], chain: FilterChain,
    pool: UpstreamPool?
  ) {
    self.configuration = configuration
    logName = shared.logName
    routes = shared.routes
    self.routeRuntimes = routeRuntimes
    self.chain = chain
    self.pool = pool
    headLimits = HeadLimits(
      lineBytes: configuration.limits.requestLineBytes, headBytes: configuration.limits.requestHeadBytes,
      fields: configuration.limits.requestHeaderFields)
  }

  func runtime(of rule: RouteTable.Rule) -> RouteRuntime? { routeRuntimes[rule.routeIndex] }
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
  private let pools: [UpstreamPool]
  private var weights: WeightedPick

  init(_ configuration: RouteConfiguration, logName: LogName, chain: FilterChain, pools: [String: UpstreamPool], seed: UInt64) {
    self.configuration = configuration
    self.logName = logName
    self.chain = chain
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

/// Counts a listener's connections over all event loops, in all and by client address.
///
/// The table of addresses is sharded and touched once a connection. It holds `Limits.trackedAddresses` addresses; when a
/// shard is full, a new address is not counted until another one leaves.
final class ConnectionGauge: Sendable {
  private let total = Atomic<Int>(0)
  private let shards: [Shard]

  private final class Shard: Sendable {
    let counts = Mutex<[IPAddress: Int]>([:])
  }

  init() { shards = (0..<16).map { _ in Shard() } }

  var connections: Int { total.load(ordering: .relaxed) }

  private func shard(_ peer: IPAddress) -> Shard {
    shards[Int(truncatingIfNeeded: (peer.low ^ peer.high ^ (peer.low >> 8)) & 15)]
  }

  /// - Returns: false when the connection would exceed a limit; it is not counted then.
  func enter(_ peer: IPAddress, limits: ListenerLimits) -> Bool {
    guard total.add(1, ordering: .relaxed).newValue <= limits.connections else {
      total.subtract(1, ordering: .relaxed)
      return false
    }
    let isWithin = shard(peer).counts.withLock { counts in
      let count = counts[peer] ?? 0
      guard count < limits.connectionsPerAddress else { return false }
      if count > 0 || counts.count < Limits.trackedAddresses / 16 { counts[peer] = count + 1 }
      return true
    }
    if !isWithin { total.subtract(1, ordering: .relaxed) }
    return isWithin
  }

  func leave(_ peer: IPAddress) {
    total.subtract(1, ordering: .relaxed)
    shard(peer).counts.withLock { counts in
      guard let count = counts[peer] else { return }
      counts[peer] = count > 1 ? count - 1 : nil
    }
  }
}
