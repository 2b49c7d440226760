public import SluiceModel

/// A metric that another room counts, such as configuration reloads.
public struct ExtraMetric: Sendable {
  public enum Kind: String, Sendable {
    case counter, gauge
  }

  /// Begins with `sluice_`; a counter ends in `_total`.
  public var name: String
  public var help: String
  public var kind: Kind
  public var labels: [(name: String, value: String)]
  public var value: Double

  public init(
    name: String, help: String, kind: Kind, labels: [(name: String, value: String)] = [], value: Double
  ) {
    self.name = name
    self.help = help
    self.kind = kind
    self.labels = labels
    self.value = value
  }
}

/// The Prometheus text format (version 0.0.4) of everything that is counted.
public enum PrometheusText {
  /// The format's content type.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// - Parameters:
  ///   - loops: one snapshot per event loop; equal series are added up.
  ///   - flows: flows that are open now.
  ///   - extra: metrics of other rooms; those with the same name share the first one's help.
  public static func render(
    loops: [LoopSnapshot], endpoints: [EndpointStatus], flows: Int, telemetry: TelemetryState, process: ProcessStatus,
    extra: [ExtraMetric] = []
  ) -> String {
    var writer = MetricWriter()
    writer.family("sluice_build_info", .gauge, "The running version; always 1.")
    writer.sample("sluice_build_info", [("version", telemetry.version)], 1)
    http(loops, &writer)
    industrial(loops, &writer)
    decisions(loops, &writer)
    firewall(loops, &writer)
    dataPath(loops, flows: flows, &writer)
    handshakes(loops, &writer)
    upstream(endpoints, &writer)
    own(telemetry, &writer)
    kernel(process, &writer)
    var extras = Merged<String, [ExtraMetric]>()
    for metric in extra { extras.update(metric.name, []) { $0.append(metric) } }
    for (name, metrics) in extras.all {
      guard let first = metrics.first else { continue }
      writer.family(name, first.kind == .counter ? .counter : .gauge, first.help)
      for metric in metrics { writer.sample(name, metric.labels.map { ($0.name, $0.value) }, metric.value) }
    }
    return writer.text
  }

  private static func http(_ loops: [LoopSnapshot], _ writer: inout MetricWriter) {
    struct Key: Hashable {
      var listener: String
      var route: String?
      var method: String
      var status: String?
      var error: String?

      var labels: [(String, String)] {
        [
          ("listener", listener), ("http_route", route ?? ""), ("http_request_method", method),
          ("http_response_status_code", status ?? ""), ("error_type", error ?? ""),
        ]
      }
    }
    struct RouteKey: Hashable {
      var listener: String
      var route: String?
    }
    var series = Merged<Key, Histogram>()
    var received = Merged<RouteKey, UInt64>()
    var sent = Merged<RouteKey, UInt64>()
    for route in loops.flatMap(\.routes) {
      let key = RouteKey(listener: route.listener, route: route.route)
      received.update(key, 0) { $0 &+= route.bytesIn }
      sent.update(key, 0) { $0 &+= route.bytesOut }
      for one in route.series {
        let key = Key(
          listener: route.listener, route: route.route, method: one.method, status: one.status, error: one.errorType)
        series.update(key, Histogram()) { $0.merge(one.histogram) }
      }
    }
    let name = "sluice_http_server_request_duration_seconds"
    writer.family(name, .histogram, "HTTP requests by the time from their first byte to the end of the reply.")
    for (key, histogram) in series.all { writer.histogram(name, key.labels, histogram) }
    let totals = [
      ("sluice_http_server_received_bytes_total", "Bytes received from clients in HTTP requests.", received),
      ("sluice_http_server_sent_bytes_total", "Bytes sent to clients in HTTP replies.", sent),
    ]
    for (name, help, values) in totals {
      writer.family(name, .counter, help)
      for (key, value) in values.all {
        writer.sample(name, [("listener", key.listener), ("http_route", key.route ?? "")], Double(value))
      }
    }
  }

  private static func industrial(_ loops: [LoopSnapshot], _ writer: inout MetricWriter) {
    var merged = Merged<[String], Histogram>()
    for one in loops.flatMap(\.operations) {
      merged.update([one.protocol, one.asset, one.operationClass, one.verdict], Histogram()) {
        $0.merge(one.histogram)
      }
    }
    let name = "sluice_industrial_operation_duration_seconds"
    writer.family(name, .histogram, "Industrial operations by how long they took, refused ones included.")
    for (key, histogram) in merged.all {
      writer.histogram(name, Array(zip(["protocol", "asset", "class", "verdict"], key)), histogram)
    }
  }

  private static func decisions(_ loops: [LoopSnapshot], _ writer: inout MetricWriter) {
    var merged = Merged<[String], UInt64>()
    for one in loops.flatMap(\.decisions) {
      merged.update([one.verdict.rawValue, one.source], 0) { $0 &+= one.count }
    }
    let name = "sluice_decisions_total"
    writer.family(name, .counter, "Exchanges, operations and flows by verdict and by the guard that decided.")
    for (key, value) in merged.all { writer.sample(name, Array(zip(["verdict", "source"], key)), Double(value)) }
  }

  private static func firewall(_ loops: [LoopSnapshot], _ writer: inout MetricWriter) {
    let all = loops.flatMap(\.firewall)
    guard !all.isEmpty else { return }
    var rules = Merged<[String], UInt64>()
    var phases = Merged<[String], Histogram>()
    var exchanges = Merged<[String], UInt64>()
    var slow = Merged<[String], UInt64>()
    for one in all {
      let place = [one.listener, one.route ?? ""]
      exchanges.update(place, 0) { $0 &+= one.exchanges }
      slow.update(place, 0) { $0 &+= one.slow }
      for (rule, count) in one.rules.sorted(by: { $0.key < $1.key }) {
        rules.update(place + [rule], 0) { $0 &+= count }
      }
      for (index, histogram) in one.phases.enumerated() where histogram.count > 0 {
        phases.update(place + [String(index + 1)], Histogram()) { $0.merge(histogram) }
      }
    }
    let counters = [
      ("sluice_firewall_exchanges_total", "Exchanges that a firewall inspected.", [], exchanges),
      ("sluice_firewall_slow_total", "Exchanges whose inspection was slower than `latencyBudget`.", [], slow),
      ("sluice_firewall_rule_matches_total", "Matches of firewall rules, bookkeeping left out.", ["rule"], rules),
    ]
    for (name, help, labels, values) in counters {
      writer.family(name, .counter, help)
      for (key, value) in values.all {
        writer.sample(name, Array(zip(["listener", "http_route"] + labels, key)), Double(value))
      }
    }
    let seconds = "sluice_firewall_phase_duration_seconds"
    writer.family(seconds, .histogram, "Time that firewalls took, by the rules' phase.")
    for (key, histogram) in phases.all {
      writer.histogram(seconds, Array(zip(["listener", "http_route", "phase"], key)), histogram)
    }
  }

  private static func dataPath(_ loops: [LoopSnapshot], flows: Int, _ writer: inout MetricWriter) {
    for counter in LoopCounter.allCases {
      let (name, help) = counter.metric
      writer.family(name, .counter, help)
      writer.sample(name, [], Double(loops.reduce(0) { $0 &+ ($1.counters[counter] ?? 0) }))
    }
    writer.gauge("sluice_flows", "Long-lived connections that are open.", Double(flows))
    writer.family("sluice_flows_ended_total", .counter, "Long-lived connections that ended, by kind.")
    for kind in [FlowKind.tcp, .websocket, .upgrade, .modbus] {
      let count = loops.reduce(0) { $0 &+ ($1.flowsEnded[kind] ?? 0) }
      writer.sample("sluice_flows_ended_total", [("kind", kind.rawValue)], Double(count))
    }
    writer.counter(
      "sluice_flow_received_bytes_total", "Bytes received from clients on flows that ended.",
      Double(loops.reduce(0) { $0 &+ $1.flowBytesIn }))
    writer.counter(
      "sluice_flow_sent_bytes_total", "Bytes sent to clients on flows that ended.",
      Double(loops.reduce(0) { $0 &+ $1.flowBytesOut }))
  }

  private static func handshakes(_ loops: [LoopSnapshot], _ writer: inout MetricWriter) {
    var ended = Merged<[String], UInt64>()
    var failed = Merged<[String], UInt64>()
    for one in loops.flatMap(\.handshakes) {
      for way in one.negotiated {
        let resumed = way.version == nil ? "" : way.isResumed ? "true" : "false"
        let key = [one.leg.rawValue, one.place, way.versionLabel, way.groupLabel, resumed]
        ended.update(key, 0) { $0 &+= way.count }
      }
      for failure in one.failures {
        failed.update([one.leg.rawValue, one.place, failure.reason], 0) { $0 &+= failure.count }
      }
    }
    let total = "sluice_tls_handshakes_total"
    writer.family(total, .counter, "TLS handshakes that ended well, by what was negotiated.")
    for (key, value) in ended.all {
      writer.sample(total, Array(zip(["leg", "place", "version", "group", "resumed"], key)), Double(value))
    }
    let failures = "sluice_tls_handshake_failures_total"
    writer.family(failures, .counter, "TLS handshakes that failed, by reason.")
    for (key, value) in failed.all {
      writer.sample(failures, Array(zip(["leg", "place", "reason"], key)), Double(value))
    }
    let seconds = "sluice_tls_handshake_seconds"
    writer.family(seconds, .histogram, "TLS handshakes by how long they took, failed ones included.")
    for leg in TLSLeg.allCases {
      var histogram = Histogram()
      for loop in loops { if let one = loop.handshakeDurations[leg] { histogram.merge(one) } }
      if histogram.count > 0 { writer.histogram(seconds, [("leg", leg.rawValue)], histogram) }
    }
    writer.counter(
      "sluice_tls_handshake_lines_left_out_total", "Log lines about failed handshakes beyond the rate that is written.",
      Double(loops.reduce(0) { $0 &+ $1.handshakeLinesLeftOut }))
  }

  private static func upstream(_ endpoints: [EndpointStatus], _ writer: inout MetricWriter) {
    let healthy = "sluice_upstream_endpoint_healthy"
    writer.family(healthy, .gauge, "Whether an endpoint is in the rotation.")
    for one in endpoints {
      writer.sample(healthy, [("pool", one.pool), ("endpoint", one.address)], one.healthy ? 1 : 0)
    }
    let active = "sluice_upstream_endpoint_active_requests"
    writer.family(active, .gauge, "Requests under way to an endpoint.")
    for one in endpoints {
      writer.sample(active, [("pool", one.pool), ("endpoint", one.address)], Double(one.active))
    }
  }

  private static func own(_ state: TelemetryState, _ writer: inout MetricWriter) {
    writer.counter(
      "sluice_telemetry_access_lines_dropped_total", "Access log lines that could not be kept or written.",
      Double(state.accessLinesDropped))
    writer.counter(
      "sluice_telemetry_access_written_bytes_total", "Bytes written to the access log.",
      Double(state.accessBytesWritten))
    writer.counter(
      "sluice_telemetry_audit_lines_dropped_total", "Audit log lines that could not be kept or written.",
      Double(state.auditLinesDropped))
    writer.counter(
      "sluice_telemetry_audit_written_bytes_total", "Bytes written to the audit log.", Double(state.auditBytesWritten))
    writer.counter(
      "sluice_telemetry_decisions_written_total", "Records written to the decision log.", Double(state.decisionsWritten)
    )
    writer.counter(
      "sluice_telemetry_decisions_lost_total", "Decision records that could not be kept.", Double(state.decisionsLost))
    writer.gauge(
      "sluice_telemetry_degraded", "Whether a log can't be written or a loss is not yet recorded.",
      state.degraded ? 1 : 0)
  }

  private static func kernel(_ process: ProcessStatus, _ writer: inout MetricWriter) {
    writer.counter("sluice_process_cpu_seconds_total", "User and system CPU time.", process.cpuSeconds)
    writer.gauge("sluice_process_resident_memory_bytes", "Resident memory.", Double(process.residentBytes))
    writer.gauge("sluice_process_virtual_memory_bytes", "Virtual memory.", Double(process.virtualBytes))
    writer.gauge("sluice_process_threads", "Threads.", Double(process.threads))
    writer.gauge("sluice_process_open_fds", "Open file descriptors.", Double(process.openFileDescriptors))
    if let maximum = process.maximumFileDescriptors {
      writer.gauge("sluice_process_max_fds", "The soft limit of open file descriptors.", Double(maximum))
    }
    writer.gauge(
      "sluice_process_start_time_seconds", "Start of the process, in seconds since the Unix epoch.",
      process.startUnixSeconds)
  }
}

/// Values added up by key, in the order in which the keys came.
private struct Merged<Key: Hashable, Value> {
  private var positions: [Key: Int] = [:]
  private(set) var all: [(Key, Value)] = []

  mutating func update(_ key: Key, _ initial: Value, _ body: (inout Value) -> Void) {
    if let position = positions[key] {
      body(&all[position].1)
    } else {
      var value = initial
      body(&value)
      positions[key] = all.count
      all.append((key, value))
    }
  }
}

/// Writes families and samples; HELP and TYPE once per family.
private struct MetricWriter {
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""
  private var last = ""

  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    guard name != last else { return }
    last = name
    let escaped = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    text += "# HELP \(name) \(escaped)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func counter(_ name: String, _ help: String, _ value: Double) {
    family(name, .counter, help)
    sample(name, [], value)
  }

  mutating func gauge(_ name: String, _ help: String, _ value: Double) {
    family(name, .gauge, help)
    sample(name, [], value)
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    text += name
    let written = MetricWriter.list(labels)
    if !written.isEmpty { text += "{\(written)}" }
    text += " \(MetricWriter.number(value))\n"
  }

  mutating func histogram(_ name: String, _ labels: [(String, String)], _ histogram: Histogram) {
    let written = MetricWriter.list(labels)
    let separator = written.isEmpty ? "" : ","
    var total: UInt64 = 0
    for (index, bound) in Histogram.bounds.enumerated() {
      total &+= histogram.buckets[index]
      text += "\(name)_bucket{\(written)\(separator)le=\"\(MetricWriter.number(bound))\"} \(total)\n"
    }
    let all = histogram.count
    text += "\(name)_bucket{\(written)\(separator)le=\"+Inf\"} \(all)\n"
    let braces = written.isEmpty ? "" : "{\(written)}"
    text += "\(name)_sum\(braces) \(MetricWriter.number(Double(histogram.sumNanoseconds) / 1e9))\n"
    text += "\(name)_count\(braces) \(all)\n"
  }

  /// Labels with an empty value are left out, which means the same.
  private static func list(_ labels: [(String, String)]) -> String {
    labels.filter { !$0.1.isEmpty }.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
  }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5c || $0 == 0x0a }) else { return value }
    return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func number(_ value: Double) -> String {
    Int(exactly: value).map { String($0) } ?? String(value)
  }
}

extension LoopCounter {
  fileprivate var metric: (name: String, help: String) {
    switch self {
    case .connectionsAccepted: ("sluice_connections_accepted_total", "Client connections accepted.")
    case .connectionsClosed: ("sluice_connections_closed_total", "Client connections that ended.")
    case .connectionsRefused: ("sluice_connections_refused_total", "Client connections refused by a limit.")
    case .upstreamConnectionsOpened: ("sluice_upstream_connections_opened_total", "Connections made to endpoints.")
    case .upstreamConnectionsClosed:
      ("sluice_upstream_connections_closed_total", "Connections to endpoints that ended.")
    case .upstreamConnectFailures: ("sluice_upstream_connect_failures_total", "Connections to endpoints that failed.")
    case .upstreamRetries: ("sluice_upstream_retries_total", "Requests sent again to another endpoint.")
    case .deviceConnectionsOpened: ("sluice_device_connections_opened_total", "Connections made to devices.")
    case .deviceConnectionsClosed: ("sluice_device_connections_closed_total", "Connections to devices that ended.")
    case .lateRepliesDiscarded:
      ("sluice_late_replies_discarded_total", "Replies of devices that came after their time was over.")
    case .unsolicitedBytesFromUpstream:
      ("sluice_upstream_unsolicited_total", "Connections closed for bytes that an endpoint sent unasked.")
    case .workRefused:
      ("sluice_work_refused_total", "Work of filters that found the queue of the worker threads full.")
    }
  }
}
