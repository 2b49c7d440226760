package import SluiceModel
package import Wire

/// The routes of one listener, in the order of precedence of Gateway API's `HTTPRoute`: the most specific host first, then
/// an exact path, the longest prefix, a method, the number of header matches, and the order of the configuration.
package struct RouteTable: Sendable {
  package final class Rule: Sendable {
    package let routeIndex: Int
    fileprivate let path: PathRule
    fileprivate let method: [UInt8]?
    fileprivate let headers: [(name: [UInt8], value: [UInt8])]
    fileprivate let order: Int
    /// Length of the path that the rule replaces in a rewrite.
    package let pathLength: Int

    fileprivate init(
      routeIndex: Int, path: PathRule, method: [UInt8]?, headers: [(name: [UInt8], value: [UInt8])], order: Int
    ) {
      self.routeIndex = routeIndex
      self.path = path
      self.method = method
      self.headers = headers
      self.order = order
      switch path {
      case .exact(let bytes), .prefix(let bytes): pathLength = bytes.count
      }
    }
  }

  fileprivate enum PathRule: Sendable {
    case exact([UInt8])
    case prefix([UInt8])
  }

  private struct HostGroup: Sendable {
    let host: [UInt8]
    var rules: [Rule]
  }

  private var exactHosts: [[UInt8]: [Rule]] = [:]
  /// Longest suffix first; the suffix keeps its leading dot.
  private var wildcards: [HostGroup] = []
  private var anyHost: [Rule] = []

  /// Whether any rule names a host.
  package var looksAtHost: Bool { !exactHosts.isEmpty || !wildcards.isEmpty }

  package init(routes: [RouteConfiguration], listener: String) {
    var order = 0
    for (index, route) in routes.enumerated() where route.listeners.isEmpty || route.listeners.contains(listener) {
      for match in route.matches {
        add(RouteTable.rule(match, routeIndex: index, order: order), host: match.host)
        order += 1
      }
    }
    for host in exactHosts.keys { exactHosts[host]?.sort(by: RouteTable.precedes) }
    for index in wildcards.indices { wildcards[index].rules.sort(by: RouteTable.precedes) }
    wildcards.sort { $0.host.count > $1.host.count }
    anyHost.sort(by: RouteTable.precedes)
  }

  private mutating func add(_ rule: Rule, host: String?) {
    guard let host, host != "*" else {
      anyHost.append(rule)
      return
    }
    let bytes = Array(host.lowercased().utf8)
    if bytes.starts(with: "*.".utf8) {
      let suffix = Array(bytes.dropFirst())
      if let index = wildcards.firstIndex(where: { $0.host == suffix }) {
        wildcards[index].rules.append(rule)
      } else {
        wildcards.append(HostGroup(host: suffix, rules: [rule]))
      }
    } else {
      exactHosts[bytes, default: []].append(rule)
    }
  }

  private static func rule(_ match: RouteMatch, routeIndex: Int, order: Int) -> Rule {
    let path: PathRule
    switch match.path {
    case .exact(let text): path = .exact(Array(text.utf8))
    case .prefix(let text):
      var bytes = Array(text.utf8)
      if bytes.last == 0x2f { bytes.removeLast() }
      path = .prefix(bytes)
    }
    return Rule(
      routeIndex: routeIndex, path: path, method: match.method.map { Array($0.utf8) },
      headers: match.headers.map { (Array($0.name.lowercased().utf8), Array($0.value.utf8)) }, order: order)
  }

  private static func precedes(_ first: Rule, _ second: Rule) -> Bool {
    switch (first.path, second.path) {
    case (.exact, .prefix): return true
    case (.prefix, .exact): return false
    default: break
    }
    if first.pathLength != second.pathLength { return first.pathLength > second.pathLength }
    if (first.method != nil) != (second.method != nil) { return first.method != nil }
    if first.headers.count != second.headers.count { return first.headers.count > second.headers.count }
    return first.order < second.order
  }

  /// The rule that takes the request.
  /// - Parameters:
  ///   - host: in lower case, without port.
  ///   - path: in normal form.
  package func match(host: [UInt8], path: Span<UInt8>, head: borrowing RequestHead, bytes: Span<UInt8>) -> Rule? {
    if !exactHosts.isEmpty, let rules = exactHosts[host],
      let rule = RouteTable.first(rules, path, head, bytes)
    {
      return rule
    }
    for group in wildcards where host.count > group.host.count && host.suffix(group.host.count) == group.host[...] {
      if let rule = RouteTable.first(group.rules, path, head, bytes) { return rule }
    }
    return RouteTable.first(anyHost, path, head, bytes)
  }

  /// The first rule for a server name, looking at nothing else.
  /// - Parameter serverName: in lower case; nil takes the rules for any host.
  package func match(serverName: [UInt8]?) -> Rule? {
    guard let name = serverName else { return anyHost.first }
    if let rules = exactHosts[name] { return rules.first }
    let group = wildcards.first { name.count > $0.host.count && name.suffix($0.host.count) == $0.host[...] }
    return group?.rules.first ?? anyHost.first
  }

  private static func first(
    _ rules: [Rule], _ path: Span<UInt8>, _ head: borrowing RequestHead, _ bytes: Span<UInt8>
  ) -> Rule? {
    var index = 0
    while index < rules.count {
      if matches(rules[index], path, head, bytes) { return rules[index] }
      index &+= 1
    }
    return nil
  }

  private static func matches(
    _ rule: Rule, _ path: Span<UInt8>, _ head: borrowing RequestHead, _ bytes: Span<UInt8>
  ) -> Bool {
    switch rule.path {
    case .exact(let wanted):
      guard path.count == wanted.count, hasPrefix(path, wanted) else { return false }
    case .prefix(let wanted):
      guard path.count >= wanted.count, hasPrefix(path, wanted),
        path.count == wanted.count || path[wanted.count] == 0x2f || wanted.isEmpty
      else { return false }
    }
    if let method = rule.method {
      guard head.methodLength == method.count, hasPrefix(bytes, method) else { return false }
    }
    for header in rule.headers {
      guard let index = head.section.index(of: header.name.span, in: bytes) else { return false }
      let value = head.fields[index].valueRange
      guard value.count == header.value.count, hasPrefix(bytes.extracting(value), header.value) else { return false }
    }
    return true
  }

  private static func hasPrefix(_ bytes: Span<UInt8>, _ prefix: [UInt8]) -> Bool {
    guard bytes.count >= prefix.count else { return false }
    var index = 0
    while index < prefix.count {
      if bytes[index] != prefix[index] { return false }
      index &+= 1
    }
    return true
  }
}
