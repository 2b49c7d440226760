import SluiceModel

extension ObjectSchema where Root == AssetConfiguration {
  static let asset = ObjectSchema(
    "asset", "An industrial device behind the gate.", make: { AssetConfiguration() },
    fields: [
      Field("name", \.name, .name, required: true, "Its name in listeners, logs and metrics."),
      Field("protocol", \.protocol, .choice([.modbus]), required: true, "What it speaks: `modbus` is Modbus TCP."),
      Field("address", \.address, .endpointAddress, required: true, "`ADDRESS:PORT`; Modbus TCP has port 502."),
      Field("zone", \.zone, optional: .name, absence: "none", "The zone it stands in."),
      Field(
        "connections", \.connections, .integer(1...64), "Connections that the gate opens to it; its clients share them."
      ),
      Field(
        "pipelining", \.pipelining, .integer(1...64),
        "Requests in flight on one of its connections; many devices can serve only one."),
      Field(
        "pendingRequests", \.pendingRequests, .integer(0...100_000),
        "Requests that may wait for it; past it the client gets exception 06 (server device busy)."),
      Field(
        "requestTimeout", \.requestTimeout, .duration(.milliseconds(10), .minutes(10)),
        "Until the client gets exception 0B (gateway target device failed to respond)."),
      Field(
        "connectTimeout", \.connectTimeout, .duration(.milliseconds(10), .minutes(10)),
        "Until a connection to it must stand."),
      Field(
        "tls", \.tls, optional: .object(.upstreamTLS), absence: "none",
        "TLS towards the device (Modbus/TCP Security, usually on port 802)."),
      Field(
        "idleTimeout", \.idleTimeout, .duration(.milliseconds(100), .days(30)),
        "How long a connection to it is kept without work, so that others may use the device."),
      Field(
        "points", \.points, ValueType.object(.point).list(),
        "Names for its addresses, which policies can speak of; no address is in two of them."),
    ], check: PointOverlap.check)
}

extension ObjectSchema where Root == PointConfiguration {
  fileprivate static let point = ObjectSchema(
    "point", "Addresses that belong together: `Point::\"ASSET/NAME\"` in policies.", make: { PointConfiguration() },
    fields: [
      Field("name", \.name, .name, required: true, "Its name within the asset."),
      Field("table", \.table, .choice(), required: true, "The table that the addresses are in."),
      Field("addresses", \.addresses, .ranges(0...65_535), required: true, "Its addresses, from 0."),
      Field(
        "units", .ranges(0...255), get: { $0.units.isEmpty ? nil : $0.units }, set: { $0.units = $1 }, absence: "all",
        "The unit ids whose addresses they are."),
    ])
}

extension ObjectSchema where Root == ZoneConfiguration {
  static let zone = ObjectSchema(
    "zone", "A zone of the plant (IEC 62443).", make: { ZoneConfiguration() },
    fields: [
      Field("name", \.name, .name, required: true, "Its name in assets, routes and policies."),
      Field("purdue", \.purdue, optional: .integer(0...5), absence: "none", "Its level in the Purdue model."),
      Field("parent", \.parent, optional: .name, absence: "none", "The zone that it is a part of, for policies."),
      Field(
        "networks", \.networks, ValueType<AddressRange>.addressRange.list(0...10_000),
        """
        The addresses of clients that are in it, for policies. An address may be in the networks of several zones: the \
        longest prefix decides.
        """),
    ])
}
