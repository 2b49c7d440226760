import Foundation
import Glibc
import SluiceModel
import Testing

import Telemetry

struct MetricsTests {
  private let scratch = Scratch()

  private func render(_ hub: TelemetryHub, _ recorders: [LoopRecorder]) -> String {
    let endpoints = [
      EndpointStatus(pool: "historian", address: "10.0.2.10:8080", weight: 1, healthy: true, lastError: nil, active: 3),
      EndpointStatus(
        pool: "historian", address: "10.0.2.11:8080", weight: 1, healthy: false, lastError: "refused", active: 0),
    ]
    let extra = [
      ExtraMetric(
        name: "sluice_config_reloads_total", help: "Reloads.", kind: .counter, labels: [("result", "ok")], value: 2),
      ExtraMetric(name: "sluice_config_revision", help: "The revision in force.", kind: .gauge, value: 7),
      ExtraMetric(
        name: "sluice_config_reloads_total", help: "Reloads.", kind: .counter, labels: [("result", "failed")], value: 1),
    ]
    return PrometheusText.render(
      loops: recorders.map { $0.snapshot(recent: false) }, endpoints: endpoints, flows: 4, telemetry: hub.state,
      process: ProcessStatus.read(), extra: extra)
  }

  private func traffic(_ recorder: LoopRecorder) {
    recorder.exchangeEnded(exchange(makeID(1), durationNanoseconds: 700_000))
    recorder.exchangeEnded(exchange(makeID(2), durationNanoseconds: 2_000_000_000))
    recorder.exchangeEnded(exchange(makeID(3), status: 403), blocked(), method: Array("BREW".utf8))
    recorder.exchangeEnded(exchange(makeID(4), status: 0, route: nil, error: "client_closed"))
    recorder.exchangeEnded(exchange(makeID(5), route: LogName("odd\"\\\nroute")))
    recorder.operationEnded(operation(makeID(6), .write), trace: DecisionTrace())
    recorder.operationEnded(operation(makeID(7), .read), trace: blocked())
    let status = FlowStatus(
      id: makeID(8), kind: .modbus, listener: "l", target: "t", client: "c",
      startedUnixMilliseconds: ManualClock.start, bytesIn: 10, bytesOut: 20)
    recorder.flowEnded(
      FlowRecord(status: status, durationNanoseconds: 1, reason: "client closed"), trace: DecisionTrace())
    for counter in LoopCounter.allCases { recorder.count(counter) }
    recorder.handshakeEnded(handshake(facts()))
    recorder.handshakeEnded(handshake(nil, leg: .upstream, failure: "the peer's \"certificate\""))
  }

  @Test func loopsAreAddedUp() throws {
    let hub = try TelemetryHub(scratch.configuration(access: false), version: "1.2.3")
    defer { hub.shutdown() }
    let recorders = [hub.makeRecorder(industrial: false), hub.makeRecorder(industrial: true)]
    for recorder in recorders { traffic(recorder) }
    let lines = Set(render(hub, recorders).split(separator: "\n").map(String.init))
    let labels = """
      listener="web",http_route="historian-api",http_request_method="GET",http_response_status_code="200"
      """
    let name = "sluice_http_server_request_duration_seconds"
    for expected in [
      "\(name)_bucket{\(labels),le=\"0.0005\"} 0", "\(name)_bucket{\(labels),le=\"0.001\"} 2",
      "\(name)_bucket{\(labels),le=\"1\"} 2", "\(name)_bucket{\(labels),le=\"2.5\"} 4",
      "\(name)_bucket{\(labels),le=\"+Inf\"} 4", "\(name)_sum{\(labels)} 4.0014", "\(name)_count{\(labels)} 4",
      "\(name)_count{listener=\"web\",http_request_method=\"GET\",error_type=\"client_closed\"} 2",
      "\(name)_count{listener=\"web\",http_route=\"historian-api\",http_request_method=\"_OTHER\","
        + "http_response_status_code=\"403\"} 2",
      "sluice_http_server_received_bytes_total{listener=\"web\",http_route=\"historian-api\"} 600",
      "sluice_industrial_operation_duration_seconds_count{protocol=\"modbus\",asset=\"press-1\",class=\"write\","
        + "verdict=\"allow\"} 2",
      "sluice_decisions_total{verdict=\"allow\",source=\"none\"} 12",
      "sluice_decisions_total{verdict=\"block\",source=\"addresses\"} 4", "sluice_connections_accepted_total 2",
      "sluice_flows_ended_total{kind=\"modbus\"} 2", "sluice_flow_received_bytes_total 20", "sluice_flows 4",
      "sluice_upstream_endpoint_healthy{pool=\"historian\",endpoint=\"10.0.2.11:8080\"} 0",
      "sluice_config_reloads_total{result=\"failed\"} 1", "sluice_build_info{version=\"1.2.3\"} 1",
      "sluice_http_server_sent_bytes_total{listener=\"web\",http_route=\"odd\\\"\\\\\\nroute\"} 4000",
    ] {
      #expect(lines.contains(expected), "\(expected)")
    }
  }

  @Test func helpAndTypeComeOncePerFamily() throws {
    let hub = try TelemetryHub(scratch.configuration(access: false), version: "1")
    defer { hub.shutdown() }
    let recorder = hub.makeRecorder(industrial: false)
    traffic(recorder)
    let types = render(hub, [recorder]).split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
    #expect(types.count > 20 && Set(types).count == types.count)
  }

  @Test(.enabled(if: access("/usr/bin/promtool", X_OK) == 0, "promtool is not installed"))
  func promtoolAcceptsTheMetrics() throws {
    let hub = try TelemetryHub(scratch.configuration(access: false), version: "1.2.3")
    defer { hub.shutdown() }
    let recorder = hub.makeRecorder(industrial: false)
    traffic(recorder)
    for text in [render(hub, [recorder]), render(hub, [])] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/promtool")
      process.arguments = ["check", "metrics"]
      let path = scratch.path + "/metrics"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let output = Pipe()
      process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let complaints = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && complaints.isEmpty, "\(complaints)")
    }
  }

  @Test func seriesOfARouteAreBounded() throws {
    let hub = try TelemetryHub(scratch.configuration(access: false), version: "1")
    defer { hub.shutdown() }
    let recorder = hub.makeRecorder(industrial: false)
    for status in 100..<400 { recorder.exchangeEnded(exchange(makeID(status), status: status)) }
    let route = try #require(recorder.snapshot(recent: false).routes.first)
    #expect(route.series.count == Limits.metricSeriesPerRoute + 1)
    let other = try #require(route.series.first { $0.method == "_OTHER" })
    #expect(other.status == "_OTHER" && other.histogram.count == UInt64(300 - Limits.metricSeriesPerRoute))
  }

  @Test func namesThatAReloadMadeAnewCountOn() throws {
    let hub = try TelemetryHub(scratch.configuration(access: false), version: "1")
    defer { hub.shutdown() }
    let recorder = hub.makeRecorder(industrial: false)
    for number in 0..<9000 { recorder.exchangeEnded(exchange(makeID(number), route: LogName("same"))) }
    let routes = recorder.snapshot(recent: false).routes
    #expect(routes.count == 1 && routes.first?.series.first?.histogram.count == 9000)
  }

  @Test func bucketsMatchTheirBounds() {
    for (index, bound) in Histogram.bounds.enumerated() {
      let nanoseconds = UInt64((bound * 1e9).rounded())
      #expect(Histogram.bucket(nanoseconds) == index)
      #expect(Histogram.bucket(nanoseconds + 1) == index + 1)
    }
    #expect(Histogram.bucket(.max) == 19 && Histogram.bucket(0) == 0)
  }

  @Test func theProcessIsRead() {
    let status = ProcessStatus.read()
    #expect(status.residentBytes > 1 << 20 && status.virtualBytes >= status.residentBytes && status.threads >= 1)
    #expect(status.openFileDescriptors >= 3 && status.cpuSeconds >= 0)
    let now = Date().timeIntervalSince1970
    #expect(status.startUnixSeconds > now - 86_400 * 365 && status.startUnixSeconds <= now + 60)
  }
}
