import SluiceModel

extension ObjectSchema where Root == ListenerConfiguration {
  static let listener = ObjectSchema(
    "listener", "Where clients connect.", make: { ListenerConfiguration() },
    fields: [
      Field("name", \.name, .name, required: true, "Its name in routes, logs and metrics."),
      Field(
        "address", \.address, .bindAddress, required: true,
        """
        An IP address and port, such as `0.0.0.0:8080` or `[::]:8080`, or `unix:PATH`. With port 0 the system \
        chooses one.
        """),
      Field(
        "protocol", \.protocol, .choice(), required: true,
        """
        `http` and `https` are routed, `tcp` is relayed to a pool, `tls` is passed on by the server name without being \
        decrypted, `modbus` is Modbus TCP in front of an asset.
        """),
      Field(
        "tls", \.tls, optional: .object(.listenerTLS), absence: "none",
        "TLS with clients: needed on `https`, possible on `tcp` and `modbus`."),
      Field(
        "pool", \.pool, optional: .name, absence: "none",
        "The pool behind a `tcp` listener, and of a `tls` listener for names without a route."),
      Field(
        "asset", \.asset, optional: .name, absence: "none", "`modbus` only, and needed there: the asset behind it."),
      Field(
        "trustedProxies", \.trustedProxies, ValueType<AddressRange>.addressRange.list(0...1_000),
        "Peers whose `Forwarded` and `X-Forwarded-*` fields are believed (`http`, `https`), and whose PROXY header is."),
      Field(
        "proxyProtocol", \.proxyProtocol, .boolean,
        """
        Every connection begins with a PROXY protocol header, version 1 or 2. It is taken from `trustedProxies` only; \
        connections of others are closed.
        """),
      Field(
        "underscoresInHeaders", \.underscoresInHeaders, .boolean,
        """
        Keep request fields whose name has an underscore. They are dropped otherwise, for many upstreams confuse them \
        with the hyphenated name.
        """),
      Field(
        "filters", \.filters, ValueType<FilterConfiguration>.filter.list(0...64),
        "Filters in their order: of every exchange, before those of the route, or of every operation (`modbus`)."),
      Field("limits", \.limits, .object(.listenerLimits), "What one client may cost."),
    ])
}

extension ObjectSchema where Root == ListenerLimits {
  static let listenerLimits = ObjectSchema(
    "limits", "What one client of a listener may cost.", make: { ListenerLimits() },
    fields: [
      Field("connections", \.connections, .integer(1...1_000_000), "Open connections of all clients."),
      Field(
        "connectionsPerAddress", \.connectionsPerAddress, .integer(1...1_000_000),
        "Open connections of one client address."),
      Field("requestLine", \.requestLineBytes, .size(64...(1 << 20)), "Bytes of a request line; 414 past it."),
      Field(
        "requestHead", \.requestHeadBytes, .size(256...(1 << 20)),
        "Bytes of a request line and its fields; 431 past it."),
      Field("requestHeaders", \.requestHeaderFields, .integer(1...10_000), "Fields of a request; 431 past it."),
      Field(
        "requestBody", \.requestBodyBytes, .sizeOrUnlimited(0...(1 << 44)), "Bytes of a request body; 413 past it."),
      Field(
        "headerTimeout", \.headerTimeout, .duration(.milliseconds(100), .hours(1)),
        "From the first byte of a request's head (or from the start of the connection) to the end of the head."),
      Field(
        "keepAliveTimeout", \.keepAliveTimeout, .duration(.milliseconds(100), .days(1)),
        "Between two exchanges on one connection."),
      Field(
        "minimumBodyRate", \.minimumBodyRate, .rate(0...(1 << 30)),
        "What a client must send of a request's body, after `rateGrace`."),
      Field(
        "minimumReplyRate", \.minimumReplyRate, .rate(0...(1 << 30)),
        "What a client must take of a reply that waits for it, after `rateGrace`."),
      Field(
        "rateGrace", \.rateGrace, .duration(.zero, .hours(1)), "How long a client may be slower than the least rates."),
      Field(
        "idleTimeout", \.idleTimeout, .duration(.milliseconds(100), .days(30)),
        "Without a byte in either direction, on `tcp` listeners and upgraded connections."),
      Field(
        "requestsPerConnection", \.requestsPerConnection,
        .integer(1...1_000_000_000, or: "unlimited", meaning: .max),
        "Exchanges on one connection before it is closed."),
    ])
}
