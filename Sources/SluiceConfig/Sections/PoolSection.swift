import SluiceModel

extension ObjectSchema where Root == PoolConfiguration {
  static let pool = ObjectSchema(
    "pool", "A group of endpoints that serve the same.", make: { PoolConfiguration() },
    fields: [
      Field("name", \.name, .name, required: true, "Its name in routes, logs and metrics."),
      Field(
        "endpoints", \.endpoints, ValueType<EndpointConfiguration>.endpoint.list(1...1_000), required: true,
        "Its servers, each `ADDRESS:PORT`, `unix:PATH` or `{ address: …, weight: 2 }`."),
      Field("balancer", \.balancer, .choice(), "How an endpoint is chosen."),
      Field(
        "health", \.health, optional: .object(.health), absence: "no probes",
        "Probes that take a failing endpoint out of the rotation."),
      Field(
        "connectTimeout", \.connectTimeout, .duration(.milliseconds(1), .minutes(10)),
        "Until a connection to an endpoint must stand."),
      Field(
        "idleConnections", \.idleConnections, .integer(0...100_000),
        "Connections kept without work, for each endpoint and event loop."),
      Field(
        "idleTimeout", \.idleTimeout, .duration(.milliseconds(100), .days(1)),
        "How long a connection is kept without work."),
      Field(
        "maximumConnections", \.maximumConnections, .integer(1...100_000),
        "Open connections for each endpoint and event loop; requests past it wait."),
      Field(
        "pendingRequests", \.pendingRequests, .integer(0...1_000_000),
        "Requests that may wait for a connection, for each event loop; 503 past it."),
      Field(
        "tls", \.tls, optional: .object(.upstreamTLS), absence: "none",
        "TLS towards the endpoints. Sessions are not resumed: kept connections save handshakes."),
      Field(
        "proxyProtocol", \.proxyProtocol, optional: .choice(), absence: "none",
        "For `tcp` and `tls` listeners: connections begin with a PROXY protocol header that tells the client."),
    ],
    check: { pool, context in
      var seen: Set<BindAddress> = []
      for (index, endpoint) in pool.endpoints.enumerated() where !seen.insert(endpoint.address).inserted {
        context.error(
          "endpoint `\(endpoint.address)` stands twice in the pool", hint: "give it a larger `weight`",
          path: context.path + ".endpoints[\(index)]")
      }
      if pool.endpoints.allSatisfy({ $0.weight == 0 }) {
        context.error(
          "all endpoints have weight 0, so none is ever chosen", hint: "give one of them a `weight` of 1 or more",
          path: context.path + ".endpoints")
      }
    })
}

extension ValueType where Value == EndpointConfiguration {
  static var endpoint: ValueType {
    let short = ValueType<BindAddress>.endpointAddress
    let long = ValueType<EndpointConfiguration>.object(.endpoint)
    return ValueType(
      .either([short.shape, long.shape]),
      decode: { node, context in
        if case .mapping = node.content { return long.decode(node, context) }
        return short.decode(node, context).map { EndpointConfiguration(address: $0) }
      }, encode: long.encode)
  }
}

extension ObjectSchema where Root == EndpointConfiguration {
  fileprivate static let endpoint = ObjectSchema(
    "endpoint", "One server of a pool.", make: { EndpointConfiguration(address: .unix(path: "")) },
    fields: [
      Field("address", \.address, .endpointAddress, required: true, "`ADDRESS:PORT` or `unix:PATH`."),
      Field("weight", \.weight, .integer(0...65_535), "Its share beside the others'; 0 takes no new requests."),
    ])
}

extension ObjectSchema where Root == HealthCheckConfiguration {
  fileprivate static let health = ObjectSchema(
    "health check", "Probes each endpoint at an interval.", make: { HealthCheckConfiguration() },
    fields: [
      Field(
        "path", \.path,
        optional: .text("path", pattern: "^/") { text throws(ScalarProblem) in
          try HTTPText.path(text, query: true)
        }, absence: "connects only", "What is asked for by `GET`."),
      Field(
        "host", \.host, optional: .host(wildcard: false), absence: "the endpoint's address", "The probe's `Host`."),
      Field("interval", \.interval, .duration(.milliseconds(100), .hours(1)), "Between two probes of an endpoint."),
      Field("timeout", \.timeout, .duration(.milliseconds(10), .minutes(5)), "Until a probe has failed."),
      Field("unhealthyAfter", \.unhealthyAfter, .integer(1...100), "Failures in a row until an endpoint leaves."),
      Field("healthyAfter", \.healthyAfter, .integer(1...100), "Successes in a row until it comes back."),
      Field("statuses", \.expectedStatuses, .range(100...599), "Statuses of a probe's reply that are well."),
    ])
}

extension ValueType where Value == String {
  static func host(wildcard: Bool) -> ValueType {
    .text("host", pattern: HTTPText.hostPattern) { text throws(ScalarProblem) in
      try HTTPText.host(text, wildcard: wildcard)
    }
  }

  static var path: ValueType {
    .text("path", pattern: "^/") { text throws(ScalarProblem) in try HTTPText.path(text) }
  }
}
