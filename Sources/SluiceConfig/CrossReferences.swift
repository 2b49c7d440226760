import SluiceModel

/// What must hold between the parts of a configuration. A part with errors of its own is left out, so that one mistake
/// is reported once.
struct CrossReferences {
  private let configuration: Configuration
  private let context: DecodingContext
  private let listeners: [String: ListenerProtocol]
  private let pools: Set<String>
  private let assets: Set<String>
  private let zones: Set<String>
  private let listenerNames: Set<String>

  init(_ configuration: Configuration, _ context: DecodingContext) {
    self.configuration = configuration
    self.context = context
    listeners = Dictionary(configuration.listeners.map { ($0.name, $0.protocol) }) { first, _ in first }
    pools = Set(configuration.pools.map(\.name))
    assets = Set(configuration.assets.map(\.name))
    zones = Set(configuration.zones.map(\.name))
    listenerNames = Set(listeners.keys)
  }

  func check() {
    uniqueNames("listeners", configuration.listeners.map(\.name))
    uniqueNames("pools", configuration.pools.map(\.name))
    uniqueNames("routes", configuration.routes.map(\.name))
    uniqueNames("assets", configuration.assets.map(\.name))
    uniqueNames("zones", configuration.zones.map(\.name))
    for (index, listener) in elements("listeners", configuration.listeners) { check(listener, "listeners[\(index)]") }
    for (index, route) in elements("routes", configuration.routes) { check(route, "routes[\(index)]") }
    for (index, asset) in elements("assets", configuration.assets) {
      issued(asset.tls?.certificate, "assets[\(index)].tls.certificate")
      guard let zone = asset.zone else { continue }
      reference(zone, "zones", zones, noun: "zone", "assets[\(index)].zone")
    }
    AccessReferences(configuration, context).check { name, path in
      reference(name, "zones", zones, noun: "zone", path)
    }
    for (index, pool) in elements("pools", configuration.pools) {
      issued(pool.tls?.certificate, "pools[\(index)].tls.certificate")
    }
    addresses()
    warnings()
    AccessReferences(configuration, context).checkPolicies()
  }

  // MARK: Names

  private func elements<Element>(_ section: String, _ all: [Element]) -> [(Int, Element)] {
    isClean(section) ? all.enumerated().map { ($0.offset, $0.element) } : []
  }

  private func isClean(_ path: String) -> Bool { context.issues.isClean(path) }

  private func uniqueNames(_ section: String, _ names: [String]) {
    guard isClean(section) else { return }
    var lines: [String: YAMLMark] = [:]
    for (index, name) in names.enumerated() {
      let path = "\(section)[\(index)].name"
      if let first = lines[name] {
        context.error(
          "name `\(name)` is taken by another of the \(section)",
          hint: "it is first used at \(printable(context.files[first.file])):\(first.line)", path: path)
      } else {
        lines[name] = context.mark(path)
      }
    }
  }

  @discardableResult
  private func reference(
    _ name: String, _ section: String, _ known: Set<String>, noun: String, _ path: String
  ) -> Bool {
    guard !known.contains(name) else { return true }
    guard isClean(section) else { return false }
    let hint = context.issues.isFull ? nil : nearest(name, in: known.sorted()).map { "did you mean `\($0)`?" }
    context.error(
      "unknown \(noun) `\(name)`",
      hint: hint ?? (known.isEmpty ? "there are no `\(section)`" : "add it to `\(section)`"), path: path)
    return false
  }

  // MARK: Listeners

  private func check(_ listener: ListenerConfiguration, _ path: String) {
    target(listener.pool, "pool", of: [.tcp, .tls], isNeeded: listener.protocol == .tcp, listener, path)
    target(listener.asset, "asset", of: [.modbus], isNeeded: listener.protocol == .modbus, listener, path)
    if !listener.protocol.isHTTP, !listener.proxyProtocol, !listener.trustedProxies.isEmpty {
      context.error(
        "`trustedProxies` has no effect on \(listener.kind) without `proxyProtocol`", hint: "remove it",
        path: path + ".trustedProxies")
    }
    if listener.proxyProtocol, listener.trustedProxies.isEmpty {
      context.error(
        "`proxyProtocol` needs `trustedProxies`", hint: "say which peers' headers are believed",
        path: path + ".proxyProtocol")
    }
    check(tlsOf: listener, path)
    if let pool = listener.pool {
      reference(pool, "pools", pools, noun: "pool", path + ".pool")
    }
    if let name = listener.asset {
      reference(name, "assets", assets, noun: "asset", path + ".asset")
    }
    for (index, filter) in listener.filters.enumerated() {
      let fits =
        switch listener.protocol {
        case .http, .https: filter.places.contains(.exchanges)
        case .modbus: filter.places.contains(.operations)
        case .tcp, .tls: false
        }
      if !fits { misplaced(filter, listener.kind, "\(path).filters[\(index)]") }
    }
  }

  private func target(
    _ name: String?, _ key: String, of kinds: [ListenerProtocol], isNeeded: Bool, _ listener: ListenerConfiguration,
    _ path: String
  ) {
    if isNeeded, name == nil {
      context.error("\(listener.kind) needs `\(key)`", hint: "name one of the `\(key)s`", path: path)
    } else if !kinds.contains(listener.protocol), name != nil {
      context.error(
        "`\(key)` has no effect on \(listener.kind)",
        hint: key == "pool" && listener.protocol.isHTTP ? "name the listener in a route" : "remove it",
        path: "\(path).\(key)")
    }
  }

  private func check(tlsOf listener: ListenerConfiguration, _ path: String) {
    switch (listener.protocol, listener.tls) {
    case (.https, nil):
      context.error("an https listener needs `tls`", hint: "write `tls: { certificates: […] }`", path: path)
    case (.http, .some):
      context.error("`tls` has no effect on an http listener", hint: "write `protocol: https`", path: path + ".tls")
    case (.tls, .some):
      context.error(
        "`tls` has no effect on a tls listener: it passes connections on as they are",
        hint: "to decrypt, write `protocol: https` or `protocol: tcp`", path: path + ".tls")
    case (_, let tls?):
      for (index, source) in tls.certificates.enumerated() {
        issued(source, "\(path).tls.certificates[\(index)]")
      }
    case (_, nil): break
    }
  }

  /// A certificate that `acme` is to order must stand there.
  private func issued(_ source: CertificateSource?, _ path: String) {
    guard case .acme(let name)? = source, isClean("acme") else { return }
    let known = configuration.acme?.certificates.compactMap(\.names.first) ?? []
    guard !known.contains(name) else { return }
    let hint = context.issues.isFull ? nil : nearest(name, in: known).map { "did you mean `\($0)`?" }
    context.error(
      "`acme` has no certificate `\(name)`", hint: hint ?? "add it to `acme.certificates`, first of its names",
      path: path + ".acme")
  }

  private func misplaced(_ filter: FilterConfiguration, _ place: String, _ path: String) {
    let homes = [
      filter.places.contains(.operations) ? "`modbus` listeners" : nil,
      filter.places.contains(.exchanges) ? "`http` and `https` listeners and on routes" : nil,
    ]
    let home = homes.compactMap { $0 }.joined(separator: ", ")
    context.error("filter `\(filter.name)` can't stand on \(place)", hint: "it can stand on \(home)", path: path)
  }

  private func addresses() {
    guard isClean("listeners"), isClean("admin") else { return }
    var taken: [BindAddress: String] = [configuration.admin.address: "the admin API"]
    for (index, listener) in configuration.listeners.enumerated() {
      if case .ip(_, port: 0) = listener.address { continue }
      if let other = taken[listener.address] {
        context.error(
          "address `\(listener.address)` is taken by \(other)", path: "listeners[\(index)].address")
      } else {
        taken[listener.address] = "listener `\(listener.name)`"
      }
    }
  }

  // MARK: Routes

  private func check(_ route: RouteConfiguration, _ path: String) {
    var seen: Set<String> = []
    for (index, name) in route.listeners.enumerated() {
      let place = "\(path).listeners[\(index)]"
      guard reference(name, "listeners", listenerNames, noun: "listener", place) else { continue }
      if !seen.insert(name).inserted {
        context.error("listener `\(name)` stands twice in the route", path: place)
      }
      switch listeners[name] {
      case .tls: passthrough(route, listener: name, path)
      case .tcp, .modbus:
        context.error(
          "listener `\(name)` speaks neither http nor tls, and only these are routed", hint: "remove it", path: place)
      case .http, .https, nil: break
      }
    }
    if case .forward(let entries) = route.action {
      let single = context.hasMark(path + ".pool")
      for (index, entry) in entries.enumerated() {
        reference(
          entry.pool, "pools", pools, noun: "pool",
          single ? path + ".pool" : "\(path).pools[\(index)].pool")
        checkProxyProtocol(of: entry.pool, route, single ? path + ".pool" : "\(path).pools[\(index)].pool")
      }
    }
    for (index, filter) in route.filters.enumerated() where !filter.places.contains(.exchanges) {
      misplaced(filter, "a route", "\(path).filters[\(index)]")
    }
  }

  /// Kept connections carry the requests of many clients, so one header can't tell whose they are.
  private func checkProxyProtocol(of pool: String, _ route: RouteConfiguration, _ path: String) {
    guard configuration.pools.contains(where: { $0.name == pool && $0.proxyProtocol != nil }),
      route.listeners.isEmpty || route.listeners.contains(where: { listeners[$0]?.isHTTP == true })
    else { return }
    context.error(
      "pool `\(pool)` has `proxyProtocol`, which requests can't be forwarded with",
      hint: "upstreams learn the client of a request from `X-Forwarded-For`", path: path)
  }

  /// What a route of a `tls` listener can't do: nothing but the server name is known there.
  private func passthrough(_ route: RouteConfiguration, listener: String, _ path: String) {
    for (index, match) in route.matches.enumerated()
    where match.path != .prefix("/") || match.method != nil || !match.headers.isEmpty {
      context.error(
        "the route belongs to the tls listener `\(listener)`, where only `host` can be matched",
        hint: "remove the other conditions", path: "\(path).matches[\(index)]")
    }
    if !route.filters.isEmpty {
      context.error(
        "the route belongs to the tls listener `\(listener)`, which filters can't look into", hint: "remove them",
        path: path + ".filters")
    }
    let other: String? =
      switch route.action {
      case .redirect: "redirect"
      case .respond: "respond"
      case .forward: route.rewrite.map { _ in "rewrite" }
      }
    guard let other else { return }
    context.error(
      "the route belongs to the tls listener `\(listener)`, which can only pass connections on to a pool",
      hint: other == "rewrite" ? "remove `rewrite`" : "write `pool` instead of `\(other)`", path: "\(path).\(other)")
  }

  // MARK: Warnings

  private func warnings() {
    guard !context.issues.hasErrors else { return }
    if configuration.listeners.isEmpty {
      context.warning("no listeners: the gateway serves nothing", hint: "add `listeners`", path: "listeners")
    }
    let routed = routedListeners()
    for (index, listener) in configuration.listeners.enumerated() {
      doubts(listener, isRouted: routed.map { $0.contains(listener.name) } ?? true, "listeners[\(index)]")
    }
    let used = usedPools()
    for (index, pool) in configuration.pools.enumerated() where !used.contains(pool.name) {
      context.warning("pool `\(pool.name)` is not used", path: "pools[\(index)]")
    }
    let assets = Set(configuration.listeners.compactMap(\.asset))
    for (index, asset) in configuration.assets.enumerated() where !assets.contains(asset.name) {
      context.warning("asset `\(asset.name)` has no listener", path: "assets[\(index)]")
    }
  }

  /// The listeners that routes name; nil when a route belongs to all of them.
  private func routedListeners() -> Set<String>? {
    guard !configuration.routes.contains(where: \.listeners.isEmpty) else { return nil }
    return Set(configuration.routes.flatMap(\.listeners))
  }

  private func doubts(_ listener: ListenerConfiguration, isRouted: Bool, _ path: String) {
    switch listener.protocol {
    case .http, .https:
      guard !isRouted else { return }
      context.warning(
        "listener `\(listener.name)` has no route: every request gets 404", hint: "name it in a route", path: path)
    case .tls:
      guard listener.pool == nil, !configuration.routes.contains(where: { $0.listeners.contains(listener.name) }) else {
        return
      }
      context.warning(
        "listener `\(listener.name)` has neither routes nor a `pool`: every connection is closed",
        hint: "name it in a route", path: path)
    case .modbus:
      guard listener.filters.isEmpty else { return }
      context.warning(
        "listener `\(listener.name)` has no `operations` filter: every operation passes to the asset",
        hint: "add `filters: [{ operations: { allow: [{ classes: [read] }] } }]`", path: path)
    case .tcp: break
    }
  }

  private func usedPools() -> Set<String> {
    var used = Set(configuration.listeners.compactMap(\.pool))
    for route in configuration.routes {
      if case .forward(let pools) = route.action { used.formUnion(pools.map(\.pool)) }
    }
    return used
  }
}

extension ListenerConfiguration {
  /// What it is, in words: `an http listener`.
  fileprivate var kind: String { indefinite("\(`protocol`.rawValue) listener") }
}
