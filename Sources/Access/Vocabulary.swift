package import Cedar

/// The types of the built-in schema.
package enum EntityKind: String, CaseIterable, Sendable {
  case group = "Group"
  case zone = "Zone"
  case user = "User"
  case service = "Service"
  case certificate = "Certificate"
  case client = "Client"
  case route = "Route"
  case path = "Path"
  case asset = "Asset"
  case point = "Point"
  case action = "Action"

  package var name: Name { Name(unchecked: rawValue) }

  package func uid(_ id: String) -> EntityUID { EntityUID(type: name, id: id) }
}

/// What an HTTP request does, as policies name it.
package enum HTTPAction: Int, CaseIterable, Sendable {
  case get, head, options, trace, post, put, patch, delete
  /// A request that opens a WebSocket, whatever its method.
  case webSocket
  case other

  /// The id of the action.
  package var id: String {
    switch self {
    case .get: "http:GET"
    case .head: "http:HEAD"
    case .options: "http:OPTIONS"
    case .trace: "http:TRACE"
    case .post: "http:POST"
    case .put: "http:PUT"
    case .patch: "http:PATCH"
    case .delete: "http:DELETE"
    case .webSocket: "http:WebSocket"
    case .other: "http:other"
    }
  }
}

/// Attributes of contexts.
package enum ContextAttribute: String, CaseIterable, Sendable {
  case sourceAddress, zone, time, listener
  case method, host, path
  case tlsVersion, tlsGroup, postQuantum, certificateIssuer, certificateFingerprint, role
  case unit, function, table, file, address, count, minimumValue, maximumValue
}
