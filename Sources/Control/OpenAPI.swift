import HTTPTypes

/// The OpenAPI 3.1 document of the admin API.
package enum OpenAPI {
  package static func document(_ endpoints: [AdminEndpoint], version: String) -> JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    for endpoint in endpoints {
      paths[endpoint.path, default: [:]][endpoint.method.rawValue.lowercased()] = operation(endpoint)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Sluice admin API",
        "version": .string(version),
        "description": "Errors are problem details (RFC 9457). Replies carry the revision in force as Sluice-Revision.",
      ],
      "paths": .object(paths.mapValues { .object($0) }),
      "components": [
        "schemas": .object(AdminSchemas.all),
        "securitySchemes": [
          "token": [
            "type": "http", "scheme": "bearer",
            "description": "The content of admin.tokenFile. Not asked for on the Unix socket.",
          ]
        ],
      ],
    ]
  }

  private static func operation(_ endpoint: AdminEndpoint) -> JSONValue {
    var operation: [String: JSONValue] = [
      "operationId": .string(endpoint.id),
      "summary": .string(endpoint.summary),
      "responses": responses(endpoint),
      "security": endpoint.authenticated ? [["token": []], [:]] : [],
    ]
    if let detail = endpoint.detail { operation["description"] = .string(detail) }
    if !endpoint.parameters.isEmpty { operation["parameters"] = .array(endpoint.parameters.map(parameter)) }
    if let body = endpoint.body {
      operation["requestBody"] = [
        "description": .string(body.summary),
        "required": true,
        "content": .object([body.contentType: ["schema": body.schema]]),
      ]
    }
    return .object(operation)
  }

  private static func parameter(_ parameter: AdminParameter) -> JSONValue {
    [
      "name": .string(parameter.name),
      "in": .string(parameter.place.rawValue),
      "required": .bool(parameter.place == .path),
      "description": .string(parameter.summary),
      "schema": parameter.schema,
    ]
  }

  private static func responses(_ endpoint: AdminEndpoint) -> JSONValue {
    var replies = endpoint.replies
    replies.append(.problem(400, "the request is malformed"))
    if endpoint.authenticated { replies.append(.problem(401, "the token is missing or wrong")) }
    var result: [String: JSONValue] = [:]
    for reply in replies where result["\(reply.status)"] == nil {
      var value: [String: JSONValue] = ["description": .string(reply.summary)]
      if let type = reply.contentType {
        value["content"] = .object([type: .object(reply.schema.map { ["schema": $0] } ?? [:])])
      }
      result["\(reply.status)"] = .object(value)
    }
    return .object(result)
  }
}

/// The schemas that the admin API's replies refer to.
package enum AdminSchemas {
  static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/" + name)] }

  static func list(_ key: String, of name: String) -> JSONValue {
    object([key: ["type": "array", "items": reference(name)]])
  }

  static func object(_ properties: [String: JSONValue], optional: [String: JSONValue] = [:]) -> JSONValue {
    [
      "type": "object",
      "properties": .object(properties.merging(optional) { first, _ in first }),
      "required": .array(properties.keys.sorted().map { .string($0) }),
    ]
  }

  private static let string: JSONValue = ["type": "string"]
  private static let integer: JSONValue = ["type": "integer"]
  private static let boolean: JSONValue = ["type": "boolean"]
  private static let time: JSONValue = ["type": "string", "format": "date-time"]
  private static let id: JSONValue = ["type": "string", "format": "uuid"]

  private static func array(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }
  private static func choice(_ values: [String]) -> JSONValue {
    ["type": "string", "enum": .array(values.map { .string($0) })]
  }

  package static let all = general.merging(TLSEndpoints.schemas) { first, _ in first }
    .merging(PolicyEndpoints.schemas) { first, _ in first }

  private static let general: [String: JSONValue] = [
    "Problem": object(
      ["type": string, "title": string, "status": integer],
      optional: [
        "detail": string, "hint": string, "issues": array(reference("Issue")), "configurationHash": string,
      ]),
    "Issue": object(
      [
        "severity": choice(["error", "warning"]), "file": string, "line": integer, "column": integer, "message": string,
        "path": string,
      ],
      optional: ["hint": string]),
    "Health": object(["status": string], optional: ["reason": string]),
    "Status": object(
      [
        "state": choice(GatewayState.allCases.map(\.rawValue)), "version": string, "startedAt": time,
        "revision": integer,
        "configurationHash": string, "loadedAt": time, "listeners": array(reference("Listener")),
        "telemetry": reference("Telemetry"),
      ],
      optional: ["lastReload": reference("ReloadOutcome")]),
    "Telemetry": object(
      [
        "version": string, "accessLinesDropped": integer, "accessBytesWritten": integer,
        "auditLinesDropped": integer, "auditBytesWritten": integer, "decisionsWritten": integer,
        "decisionsLost": integer, "degraded": boolean,
      ],
      optional: ["lastError": string]),
    "Drain": object(["state": choice(GatewayState.allCases.map(\.rawValue))]),
    "Diff": object([
      "configurationHash": string, "candidateHash": string, "changes": array(reference("Change")),
      "warnings": array(reference("Issue")),
    ]),
    "Change": object(
      [
        "kind": choice(["added", "removed", "changed", "reordered"]), "section": string,
        "values": array(object(["path": string], optional: ["old": string, "new": string])),
      ],
      optional: ["name": string]),
    "Listener": object(["name": string, "address": string, "protocol": string, "connections": integer]),
    "ReloadOutcome": object([
      "at": time, "ok": boolean, "revision": integer, "configurationHash": string, "changed": boolean,
      "issues": array(reference("Issue")),
    ]),
    "Endpoint": object(
      ["pool": string, "address": string, "weight": integer, "healthy": boolean, "active": integer],
      optional: ["lastError": string]),
    "Flow": object(
      [
        "id": id, "kind": choice(["tcp", "websocket", "upgrade", "modbus"]), "listener": string, "target": string,
        "client": string, "startedUnixMilliseconds": integer, "bytesIn": integer, "bytesOut": integer,
      ],
      optional: ["principal": string]),
    "Finding": object(
      ["source": string, "rule": string, "verdict": string, "reason": string],
      optional: [
        "matched": string, "match": reference("RuleMatch"), "place": string, "nearest": array(reference("NearPolicy")),
      ]),
    "NearPolicy": object(["policy": string, "place": string, "reason": string]),
    "RuleMatch": object(
      ["phase": integer, "target": string, "score": integer, "tags": array(string), "bookkeeping": boolean],
      optional: ["start": integer, "end": integer, "severity": string, "paranoia": integer]),
    "FirewallTotals": object([
      "inboundScore": integer, "inboundThreshold": integer, "outboundScore": integer, "outboundThreshold": integer,
      "phaseMicroseconds": array(integer), "slow": boolean,
    ]),
    "Exchange": [
      "type": "object",
      "description": "One line of the access or decision log, with the same fields.",
      "properties": [
        "id": id, "time": time, "verdict": string, "firewall": reference("FirewallTotals"),
        "trace": array(reference("Finding")),
      ],
      "additionalProperties": true,
    ],
    "LogLevel": object(["level": choice(["debug", "info", "notice", "warning", "error"])]),
  ]
}
