import SluiceModel

/// What the firewall did on one event loop, by route and rule.
struct FirewallTable {
  private final class Metrics {
    let listener: String
    let route: String?
    var rules: [String: UInt64] = [:]
    var phases = [Histogram](repeating: Histogram(), count: 5)
    var exchanges: UInt64 = 0
    var slow: UInt64 = 0

    init(listener: String, route: String?) {
      self.listener = listener
      self.route = route
    }
  }

  static let other = "_OTHER"
  private var routes = MetricsIndex<Metrics>()
  /// Pairs of route and rule, over all routes.
  private var pairs = 0

  mutating func count(_ trace: borrowing DecisionTrace, listener: LogName, route: LogName?) {
    guard let totals = trace.firewall else { return }
    let metrics = routes.find(listener, route) { Metrics(listener: $0, route: $1) }
    metrics.exchanges &+= 1
    if totals.isSlow { metrics.slow &+= 1 }
    for (phase, time) in totals.phaseMicroseconds.prefix(metrics.phases.count).enumerated() where time > 0 {
      metrics.phases[phase].record(UInt64(min(time, 1 << 40)) * 1_000)
    }
    for finding in trace.findings where finding.match.map({ !$0.isBookkeeping }) ?? false {
      count(finding.rule, in: metrics)
    }
  }

  private mutating func count(_ rule: String, in metrics: Metrics) {
    if metrics.rules[rule] != nil {
      metrics.rules[rule]? &+= 1
    } else if pairs < Limits.firewallRuleSeries, rule.utf8.count <= Limits.ruleTagBytes {
      pairs += 1
      metrics.rules[rule] = 1
    } else {
      metrics.rules[FirewallTable.other, default: 0] &+= 1
    }
  }

  var snapshot: [LoopSnapshot.Firewall] {
    routes.all.map {
      LoopSnapshot.Firewall(
        listener: $0.listener, route: $0.route, rules: $0.rules, phases: $0.phases, exchanges: $0.exchanges,
        slow: $0.slow)
    }
  }
}
