/// What kind of long-lived connection a flow is.
public enum FlowKind: String, Sendable, Codable {
  case tcp, websocket, upgrade, modbus
}

/// A long-lived connection as the admin API shows it.
public struct FlowStatus: Sendable, Codable, Equatable {
  public var id: ExchangeID
  public var kind: FlowKind
  public var listener: String
  /// The route, pool or asset at its other end.
  public var target: String
  public var client: String
  public var principal: String?
  /// Milliseconds since the Unix epoch.
  public var startedUnixMilliseconds: UInt64
  public var bytesIn: UInt64
  public var bytesOut: UInt64

  public init(
    id: ExchangeID, kind: FlowKind, listener: String, target: String, client: String, principal: String? = nil,
    startedUnixMilliseconds: UInt64, bytesIn: UInt64 = 0, bytesOut: UInt64 = 0
  ) {
    self.id = id
    self.kind = kind
    self.listener = listener
    self.target = target
    self.client = client
    self.principal = principal
    self.startedUnixMilliseconds = startedUnixMilliseconds
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
  }
}

/// One endpoint of a pool, or an asset's device, as the admin API shows it.
public struct EndpointStatus: Sendable, Codable, Equatable {
  public var pool: String
  public var address: String
  public var weight: Int
  public var healthy: Bool
  /// Why it is unhealthy, or nil.
  public var lastError: String?
  /// Requests under way, over all event loops.
  public var active: Int

  public init(pool: String, address: String, weight: Int, healthy: Bool, lastError: String?, active: Int) {
    self.pool = pool
    self.address = address
    self.weight = weight
    self.healthy = healthy
    self.lastError = lastError
    self.active = active
  }
}
