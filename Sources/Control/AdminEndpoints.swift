import FoundationEssentials
import HTTPTypes
import Hummingbird
import SluiceModel
import Telemetry

/// Every endpoint of the admin API. A new one is an entry here and its function.
package enum AdminEndpoints {
  package static let all: [AdminEndpoint] =
    health + configuration + PolicyEndpoints.all + exchanges + flows + operations
    + TLSEndpoints.all

  private static let idParameter = AdminParameter(
    name: "id", place: .path, summary: "the id, as in `X-Request-Id` and the logs",
    schema: ["type": "string", "format": "uuid"])

  private static let ifMatch = AdminParameter(
    name: "If-Match", place: .header, summary: "the `ETag` of the configuration that must be in force, else 412")

  private static let health: [AdminEndpoint] = [
    AdminEndpoint(
      method: .get, path: "/healthz", id: "getHealth", summary: "whether the process answers", authenticated: false,
      replies: [.json("it does", AdminSchemas.reference("Health"))]
    ) { call in try call.json(["status": "ok"]) },
    AdminEndpoint(
      method: .get, path: "/readyz", id: "getReadiness", summary: "whether the gateway serves", authenticated: false,
      replies: [
        .json("it serves", AdminSchemas.reference("Health")),
        .json(503, "it starts or drains", AdminSchemas.reference("Health")),
      ],
      handler: readiness),
    AdminEndpoint(
      method: .get, path: "/metrics", id: "getMetrics", summary: "metrics in the Prometheus text format",
      replies: [AdminReply(status: 200, summary: "the metrics", contentType: "text/plain", schema: ["type": "string"])],
      handler: metrics),
    AdminEndpoint(
      method: .get, path: "/v1/status", id: "getStatus", summary: "the gateway at a glance",
      replies: [.json("state, revision, latest reload, listeners", AdminSchemas.reference("Status"))]
    ) { call in
      let report = StatusReport(gateway: call.status, telemetry: await call.gateway.telemetryState())
      return try call.json(report, headers: [.eTag: call.entityTag])
    },
    AdminEndpoint(
      method: .get, path: "/v1/openapi.json", id: "getOpenAPI", summary: "this document",
      replies: [.json("OpenAPI 3.1", ["type": "object"])]
    ) { call in try call.json(OpenAPI.document(all, version: call.status.version)) },
  ]

  private static let configuration: [AdminEndpoint] = [
    AdminEndpoint(
      method: .get, path: "/v1/config", id: "getConfiguration",
      summary: "the configuration in force, with every default, secrets redacted",
      parameters: [
        AdminParameter(name: "If-None-Match", place: .header, summary: "an `ETag` that the client has already, for 304")
      ],
      replies: [
        .json("the configuration", ["type": "object"]),
        AdminReply(status: 304, summary: "the configuration is the one that the client has"),
      ],
      handler: ConfigurationEndpoints.show),
    AdminEndpoint(
      method: .post, path: "/v1/config/diff", id: "diffConfiguration",
      summary: "what a configuration would change, without changing it",
      detail: "Includes and files that the text names are not read: send a whole configuration.",
      parameters: [
        ifMatch,
        AdminParameter(
          name: "secrets", place: .query,
          summary: "`redacted` when the text has `<redacted>` for secrets: they are passed over",
          schema: ["type": "string", "enum": ["redacted"]]),
      ],
      body: AdminBody(
        contentType: "application/yaml", summary: "a whole configuration, as YAML or JSON", schema: ["type": "string"]),
      replies: [
        .json("the changes, in the order of the configuration", AdminSchemas.reference("Diff")),
        .problem(412, "another configuration is in force"), .problem(413, "the text is too large"),
        .problem(422, "the configuration is wrong; `issues` says where"),
      ],
      handler: ConfigurationEndpoints.diff),
    AdminEndpoint(
      method: .post, path: "/v1/reload", id: "reload", summary: "read the configuration files again",
      detail: "All or nothing: when a file is wrong, the configuration in force stays.",
      parameters: [ifMatch],
      replies: [
        .json("the files are in force", AdminSchemas.reference("ReloadOutcome")),
        .problem(409, "the gateway does not serve"), .problem(412, "another configuration is in force"),
        .problem(422, "the files are wrong; `issues` says where"),
      ],
      handler: ConfigurationEndpoints.reload),
  ]

  private static let exchanges: [AdminEndpoint] = [
    AdminEndpoint(
      method: .get, path: "/v1/exchanges", id: "listExchanges", summary: "recent exchanges, the newest first",
      parameters: ExchangeFilter.parameters + [
        AdminParameter(
          name: "limit", place: .query, summary: "how many at most",
          schema: [
            "type": "integer", "minimum": 1, "maximum": .number(AdminLimits.exchangesPerReply),
            "default": .number(AdminLimits.exchangesPerReplyDefault),
          ])
      ],
      replies: [.json("the exchanges", AdminSchemas.list("exchanges", of: "Exchange"))],
      handler: ExchangeEndpoints.list),
    AdminEndpoint(
      method: .get, path: "/v1/exchanges/stream", id: "streamExchanges", summary: "exchanges as they end",
      detail:
        "Server-sent events: `exchange` carries a log line, `gap` says how many lines went by too fast. Goes on where "
        + "`Last-Event-ID` says.",
      parameters: ExchangeFilter.parameters + [
        AdminParameter(name: "Last-Event-ID", place: .header, summary: "the last `id` that the client saw")
      ],
      replies: [
        AdminReply(status: 200, summary: "the events", contentType: "text/event-stream", schema: ["type": "string"]),
        .problem(503, "there are too many live taps"),
      ],
      handler: ExchangeEndpoints.stream),
    AdminEndpoint(
      method: .get, path: "/v1/exchanges/{id}", id: "getExchange", summary: "one exchange with its decision trace",
      parameters: [idParameter],
      replies: [
        .json("the exchange", AdminSchemas.reference("Exchange")), .problem(404, "nothing is kept about it"),
      ],
      handler: ExchangeEndpoints.show),
  ]

  private static let flows: [AdminEndpoint] = [
    AdminEndpoint(
      method: .get, path: "/v1/flows", id: "listFlows", summary: "long-lived connections",
      replies: [.json("the flows, the oldest first", AdminSchemas.list("flows", of: "Flow"))]
    ) { call in
      let flows = await call.gateway.flows()
      let sorted = flows.sorted { ($0.startedUnixMilliseconds, $0.id.low) < ($1.startedUnixMilliseconds, $1.id.low) }
      return try call.json(["flows": sorted])
    },
    AdminEndpoint(
      method: .delete, path: "/v1/flows/{id}", id: "closeFlow", summary: "close a long-lived connection",
      parameters: [idParameter],
      replies: [AdminReply(status: 204, summary: "it is closed"), .problem(404, "there is no such flow")]
    ) { call in
      let id = try call.identifier()
      guard await call.gateway.closeFlow(id) else {
        throw Problem.notFound("there is no flow `\(id)`", hint: "it may have ended; /v1/flows lists what is open")
      }
      return Response(status: .noContent)
    },
  ]

  private static let operations: [AdminEndpoint] = [
    AdminEndpoint(
      method: .get, path: "/v1/endpoints", id: "listEndpoints", summary: "endpoints of pools and devices of assets",
      replies: [.json("the endpoints", AdminSchemas.list("endpoints", of: "Endpoint"))]
    ) { call in
      let endpoints = await call.gateway.endpoints()
      return try call.json(["endpoints": endpoints.sorted { ($0.pool, $0.address) < ($1.pool, $1.address) }])
    },
    AdminEndpoint(
      method: .post, path: "/v1/drain", id: "drain",
      summary: "stop accepting, let exchanges in flight finish, end the process",
      replies: [.json(202, "the gateway drains", AdminSchemas.reference("Drain"))]
    ) { call in
      await call.gateway.drain()
      return try call.json(["state": await call.gateway.status().state], status: .accepted)
    },
    AdminEndpoint(
      method: .get, path: "/v1/log-level", id: "getLogLevel", summary: "the level of the gateway's own log",
      replies: [.json("the level", AdminSchemas.reference("LogLevel"))]
    ) { call in try call.json(["level": await call.gateway.logLevel()]) },
    AdminEndpoint(
      method: .put, path: "/v1/log-level", id: "setLogLevel",
      summary: "change the level of the gateway's own log until the next start or reload",
      body: AdminBody(
        contentType: "application/json", summary: "the level", schema: AdminSchemas.reference("LogLevel")),
      replies: [.json("the level now", AdminSchemas.reference("LogLevel"))],
      handler: setLogLevel),
  ]

  private static func readiness(_ call: AdminCall) async throws -> Response {
    switch call.status.state {
    case .serving: try call.json(["status": "ready"])
    case .starting:
      try call.json(["status": "starting", "reason": "not all listeners accept yet"], status: .serviceUnavailable)
    case .draining:
      try call.json(["status": "draining", "reason": "the gateway ends"], status: .serviceUnavailable)
    }
  }

  private static func metrics(_ call: AdminCall) async throws -> Response {
    let text = PrometheusText.render(
      loops: await call.gateway.snapshots(recent: false), endpoints: await call.gateway.endpoints(),
      flows: await call.gateway.flows().count, telemetry: await call.gateway.telemetryState(),
      process: ProcessStatus.read(), extra: statusMetrics(call.status))
    return call.raw(Array(text.utf8), type: PrometheusText.contentType)
  }

  private static func statusMetrics(_ status: GatewayStatus) -> [ExtraMetric] {
    var metrics = [
      ExtraMetric(
        name: "sluice_ready", help: "1 while the gateway serves, 0 while it starts or drains.", kind: .gauge,
        value: status.state == .serving ? 1 : 0),
      ExtraMetric(
        name: "sluice_config_revision", help: "Number of the configuration in force, from 1.", kind: .gauge,
        value: Double(status.revision)),
      ExtraMetric(
        name: "sluice_config_loaded_timestamp_seconds", help: "When the configuration in force was loaded.",
        kind: .gauge,
        value: status.loadedAt.timeIntervalSince1970),
    ]
    if let reload = status.lastReload {
      metrics.append(
        ExtraMetric(
          name: "sluice_config_last_reload_successful", help: "Whether the latest reload was taken.", kind: .gauge,
          value: reload.ok ? 1 : 0))
    }
    for listener in status.listeners {
      metrics.append(
        ExtraMetric(
          name: "sluice_listener_connections", help: "Open client connections.", kind: .gauge,
          labels: [("listener", listener.name), ("protocol", listener.protocol.rawValue)],
          value: Double(listener.connections)))
    }
    return metrics
  }

  private static func setLogLevel(_ call: AdminCall) async throws -> Response {
    let known = LogLevel.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
    guard let request = try? AdminJSON.decoder().decode([String: String].self, from: Data(call.body.readableBytesView)),
      request.count == 1, let text = request["level"]
    else { throw Problem.badRequest("the body must be `{\"level\":\"…\"}`", hint: "the level is one of " + known) }
    guard let level = LogLevel(rawValue: text) else {
      throw Problem.badRequest("`\(bounded(text))` is not a log level", hint: "one of " + known)
    }
    await call.gateway.setLogLevel(level)
    return try call.json(["level": await call.gateway.logLevel()])
  }
}
