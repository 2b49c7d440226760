import SluiceModel

/// A configuration as all event loops share it: names escaped once, routes sorted once, TLS made ready once.
final class GatewaySnapshot: Sendable {
  let configuration: Configuration
  let listeners: [SharedListener]
  let routeNames: [LogName]
  let assetNames: [LogName]
  /// Health, by pool and endpoint; what did not change stays the same object over reloads.
  let endpointStates: [[EndpointState]]
  /// By listener, pool and asset; nil where no TLS is spoken.
  let listenerTLS: [ListenerTLS?]
  let poolTLS: [UpstreamTLS?]
  let assetTLS: [UpstreamTLS?]

  /// - Throws: when certificates, keys or authorities can't be used.
  init(_ configuration: Configuration, issued: [String: OrderedCertificate], previous: GatewaySnapshot?) throws {
    self.configuration = configuration
    listeners = configuration.listeners.map {
      SharedListener(logName: LogName($0.name), routes: RouteTable(routes: configuration.routes, listener: $0.name))
    }
    routeNames = configuration.routes.map { LogName($0.name) }
    assetNames = configuration.assets.map { LogName($0.name) }
    endpointStates = configuration.pools.map { pool in
      pool.endpoints.map { endpoint in
        previous?.state(pool: pool, endpoint: endpoint) ?? EndpointState(pool: pool.name, address: endpoint.address)
      }
    }
    listenerTLS = try configuration.listeners.map { listener in
      try TLSMaterialError.naming("listener `\(listener.name)`") {
        try listener.tls.map { tls in
          try ListenerTLS(
            tls, listener: listener, issued: issued,
            previous: previous?.listenerTLS.compactMap { $0 }.first { $0.name == listener.name })
        }
      }
    }
    poolTLS = try configuration.pools.map { pool in
      let index = previous?.configuration.pools.firstIndex { $0.name == pool.name }
      return try TLSMaterialError.naming("pool `\(pool.name)`") {
        try UpstreamTLS.make(pool.tls, issued: issued, previous: index.flatMap { previous?.poolTLS[$0] })
      }
    }
    assetTLS = try configuration.assets.map { asset in
      let index = previous?.configuration.assets.firstIndex { $0.name == asset.name }
      return try TLSMaterialError.naming("asset `\(asset.name)`") {
        try UpstreamTLS.make(asset.tls, issued: issued, previous: index.flatMap { previous?.assetTLS[$0] })
      }
    }
  }

  /// An endpoint keeps its health over a reload that leaves its pool's checks as they were.
  private func state(pool: PoolConfiguration, endpoint: EndpointConfiguration) -> EndpointState? {
    guard let index = configuration.pools.firstIndex(where: { $0.name == pool.name && $0.health == pool.health }) else {
      return nil
    }
    return endpointStates[index].first { $0.address == endpoint.address }
  }
}

/// A configuration at work on one event loop.
final class LoopRuntime {
  let snapshot: GatewaySnapshot
  private(set) var pools: [String: UpstreamPool] = [:]
  private(set) var listeners: [String: ListenerRuntime] = [:]

  /// Nothing at work yet: what a loop has before it adopts a configuration.
  init(_ snapshot: GatewaySnapshot) { self.snapshot = snapshot }

  /// - Parameter previous: pools whose configuration did not change are taken over with their connections.
  init(_ snapshot: GatewaySnapshot, loop: Loop, previous: LoopRuntime?, makeFilter: FilterFactory) {
    self.snapshot = snapshot
    for (index, pool) in snapshot.configuration.pools.enumerated() {
      let tls = snapshot.poolTLS[index]
      if let kept = previous?.pools[pool.name], kept.configuration == pool, kept.tls === tls {
        pools[pool.name] = kept
      } else {
        pools[pool.name] = UpstreamPool(
          pool, tls: tls, states: snapshot.endpointStates[index], loop: loop, seed: UInt64(loop.index) &* 0x9e37_79b9)
      }
    }
    for (index, listener) in snapshot.configuration.listeners.enumerated() {
      listeners[listener.name] = makeListener(listener, at: index, loop: loop, makeFilter)
    }
  }

  private func makeListener(
    _ listener: ListenerConfiguration, at index: Int, loop: Loop, _ makeFilter: FilterFactory
  ) -> ListenerRuntime {
    let configuration = snapshot.configuration
    let environment = FilterEnvironment(loop: loop, auditLog: configuration.logs.audit, listener: listener.name)
    let own = listener.filters.map { makeFilter($0, environment) }
    let routes: [RouteRuntime?] = configuration.routes.enumerated().map { routeIndex, route in
      let isNamed = route.listeners.contains(listener.name)
      guard listener.protocol == .tls ? isNamed : listener.protocol.isHTTP && (isNamed || route.listeners.isEmpty)
      else {
        return nil
      }
      let chain = FilterChain(listener: own, route: route.filters.map { makeFilter($0, environment) })
      return RouteRuntime(
        route, logName: snapshot.routeNames[routeIndex], chain: chain, pools: pools,
        seed: UInt64(loop.index) &* 31 &+ UInt64(routeIndex))
    }
    return ListenerRuntime(
      listener, shared: snapshot.listeners[index], routeRuntimes: routes, chain: FilterChain(listener: own, route: []),
      pool: listener.pool.flatMap { pools[$0] }, tls: snapshot.listenerTLS[index])
  }

  /// Closes pools that the next configuration does not use.
  func retire(keeping next: LoopRuntime?) {
    for (name, pool) in pools where next?.pools[name] !== pool { pool.close() }
  }
}
