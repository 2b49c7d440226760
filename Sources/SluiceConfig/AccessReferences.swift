import SluiceModel

/// What must hold for policies: zones that name each other and their networks, and files that can be read and are right.
struct AccessReferences {
  private let configuration: Configuration
  private let context: DecodingContext

  init(_ configuration: Configuration, _ context: DecodingContext) {
    self.configuration = configuration
    self.context = context
  }

  /// - Parameter reference: reports a zone that isn't there.
  func check(_ reference: (_ zone: String, _ path: String) -> Bool) {
    if context.issues.isClean("routes") {
      for (index, route) in configuration.routes.enumerated() {
        if let zone = route.zone { _ = reference(zone, "routes[\(index)].zone") }
      }
    }
    guard context.issues.isClean("zones") else { return }
    var areKnown = true
    for (index, zone) in configuration.zones.enumerated() {
      if let parent = zone.parent, !reference(parent, "zones[\(index)].parent") { areKnown = false }
    }
    if areKnown { parents() }
    networks()
  }

  private func parents() {
    let parent = Dictionary(configuration.zones.map { ($0.name, $0.parent) }) { first, _ in first }
    for (index, zone) in configuration.zones.enumerated() {
      var seen: Set<String> = []
      var next: String? = zone.name
      while let name = next, seen.insert(name).inserted { next = parent[name] ?? nil }
      // Zones that lead into a circle are not in it; it is reported where it is.
      guard next == zone.name else { continue }
      context.error(
        "zone `\(zone.name)` is a part of itself", hint: "remove one `parent` of the circle",
        path: "zones[\(index)].parent")
      return
    }
  }

  private func networks() {
    var taken: [AddressRange: String] = [:]
    for (index, zone) in configuration.zones.enumerated() {
      for (number, network) in zone.networks.enumerated() {
        if let other = taken[network] {
          context.error(
            other == zone.name
              ? "network `\(network)` stands twice in the zone" : "network `\(network)` is in zone `\(other)` too",
            hint: "a network belongs to one zone", path: "zones[\(index)].networks[\(number)]")
        } else {
          taken[network] = zone.name
        }
      }
    }
  }

  // MARK: Policies

  func checkPolicies() {
    let filters = accessFilters
    if configuration.policies.isEmpty, context.issues.isClean("policies") {
      for path in filters {
        context.error(
          "an `access` filter needs `policies`: without one it refuses everything",
          hint: "add `policies: [policies/*.cedar]` at the top of the file", path: path)
      }
    } else if filters.isEmpty, !context.issues.hasErrors {
      context.warning(
        "no `access` filter asks the policies", hint: "add `- access: {}` to the filters of a route or listener",
        path: "policies")
    }
    readFiles()
  }

  /// Where the filters stand.
  private var accessFilters: [String] {
    func paths(_ filters: [FilterConfiguration], _ place: String) -> [String] {
      filters.enumerated().compactMap { index, filter in
        if case .access = filter { "\(place).filters[\(index)].access" } else { nil }
      }
    }
    return configuration.listeners.enumerated().flatMap { paths($1.filters, "listeners[\($0)]") }
      + configuration.routes.enumerated().flatMap { paths($1.filters, "routes[\($0)]") }
  }

  /// Policies and entities are about zones, assets and routes, so that errors there would come again here.
  private func readFiles() {
    guard !(configuration.policies.isEmpty && configuration.entities.isEmpty), !context.source.leavesFilesUnread,
      ["policies", "entities", "zones", "assets", "routes"].allSatisfy({ context.issues.isClean($0) }),
      let result = context.source.checkPolicies?(configuration)
    else { return }
    context.include(result.digest)
    for problem in result.problems { context.report(problem, path: problem.key ?? "policies") }
  }
}
