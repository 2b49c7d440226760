import SluiceModel

/// What must hold between the parts of a configuration. A part with errors of its own is left out, so that one mistake
/// is reported once.
struct CrossReferences {
  private let configuration: Configuration
  private let context: DecodingContext
  private let listeners: [String: ListenerProtocol]
  private let pools: Set<String>
  private let assets: [String: ListenerProtocol]
  private let zones: Set<String>
  private let listenerNames: Set<String>
  private let assetNames: Set<String>

  init(_ configuration: Configuration, _ context: DecodingContext) {
    self.configuration = configuration
    self.context = context
    listeners = Dictionary(configuration.listeners.map { ($0.name, $0.protocol) }) { first, _ in first }
    pools = Set(configuration.pools.map(\.name))
    assets = Dictionary(configuration.assets.map { ($0.name, $0.protocol) }) { first, _ in first }
    zones = Set(configuration.zones.map(\.name))
    listenerNames = Set(listeners.keys)
    assetNames = Set(assets.keys)
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
      guard let zone = asset.zone else { continue }
      reference(zone, "zones", zones, noun: "zone", "assets[\(index)].zone")
    }
    addresses()
    warnings()
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
    target(listener.pool, "pool", of: .tcp, listener, path)
    target(listener.asset, "asset", of: .modbus, listener, path)
    if listener.protocol != .http, !listener.trustedProxies.isEmpty {
      context.error(
        "`trustedProxies` has no effect on \(listener.kind)", hint: "remove it",
        path: path + ".trustedProxies")
    }
    if let pool = listener.pool {
      reference(pool, "pools", pools, noun: "pool", path + ".pool")
    }
    if let name = listener.asset,
      reference(name, "assets", assetNames, noun: "asset", path + ".asset"),
      let kind = assets[name], kind != listener.protocol
    {
      context.error(
        "asset `\(name)` speaks \(kind.rawValue), the listener \(listener.protocol.rawValue)",
        path: path + ".asset")
    }
    for (index, filter) in listener.filters.enumerated() {
      let fits =
        switch listener.protocol {
        case .http: filter.place == .exchanges
        case .modbus: filter.place == .operations
        case .tcp: false
        }
      if !fits { misplaced(filter, listener.kind, "\(path).filters[\(index)]") }
    }
  }

  private func target(
    _ name: String?, _ key: String, of kind: ListenerProtocol, _ listener: ListenerConfiguration, _ path: String
  ) {
    if listener.protocol == kind, name == nil {
      context.error("\(listener.kind) needs `\(key)`", hint: "name one of the `\(key)s`", path: path)
    } else if listener.protocol != kind, name != nil {
      context.error(
        "`\(key)` has no effect on \(listener.kind)",
        hint: key == "pool" && listener.protocol == .http ? "name the listener in a route" : "remove it",
        path: "\(path).\(key)")
    }
  }

  private func misplaced(_ filter: FilterConfiguration, _ place: String, _ path: String) {
    let home = filter.place == .operations ? "`modbus` listeners" : "`http` listeners and on routes"
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
      if let kind = listeners[name], kind != .http {
        context.error(
          "listener `\(name)` speaks \(kind.rawValue), and only http is routed", hint: "remove it", path: place)
      }
    }
    if case .forward(let entries) = route.action {
      let single = context.hasMark(path + ".pool")
      for (index, entry) in entries.enumerated() {
        reference(
          entry.pool, "pools", pools, noun: "pool",
          single ? path + ".pool" : "\(path).pools[\(index)].pool")
      }
    }
    for (index, filter) in route.filters.enumerated() where filter.place != .exchanges {
      misplaced(filter, "a route", "\(path).filters[\(index)]")
    }
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
    case .http:
      guard !isRouted else { return }
      context.warning(
        "listener `\(listener.name)` has no route: every request gets 404", hint: "name it in a route", path: path)
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
