import Balancing
import NIOCore
import NIOPosix
import SluiceModel

/// Why no upstream connection could be had.
enum UpstreamFailure {
  case noHealthyEndpoint
  case tooManyPending
  case connectFailed(String)
  case connectTimeout

  var status: Int {
    switch self {
    case .noHealthyEndpoint, .tooManyPending: 503
    case .connectFailed: 502
    case .connectTimeout: 504
    }
  }

  var errorType: StaticString {
    switch self {
    case .noHealthyEndpoint: "no_healthy_upstream"
    case .tooManyPending: "upstream_overflow"
    case .connectFailed: "connect_failed"
    case .connectTimeout: "connect_timeout"
    }
  }

  var reason: String {
    switch self {
    case .noHealthyEndpoint: "no healthy endpoint"
    case .tooManyPending: "too many requests wait for a connection"
    case .connectFailed(let text): "connecting failed: \(text)"
    case .connectTimeout: "connecting timed out"
    }
  }
}

/// Who wants an upstream connection.
protocol UpstreamClient: AnyObject {
  func upstreamReady(_ connection: UpstreamConnection)
  func upstreamUnavailable(_ failure: UpstreamFailure, endpoint: UpstreamEndpoint?)
}

/// An endpoint as one event loop sees it: its kept connections and the requests under way.
final class UpstreamEndpoint {
  let address: BindAddress
  let weight: Int
  let logName: LogName
  let state: EndpointState
  let socketAddress: SocketAddress?
  /// Requests under way.
  fileprivate(set) var active = 0
  fileprivate var open = 0
  fileprivate var idle: [UpstreamConnection] = []

  init(_ configuration: EndpointConfiguration, state: EndpointState) {
    address = configuration.address
    weight = configuration.weight
    logName = LogName(configuration.address.description)
    self.state = state
    socketAddress = try? SocketAddress(configuration.address)
  }
}

/// The connections of one event loop to the endpoints of a pool.
final class UpstreamPool {
  let configuration: PoolConfiguration
  let tls: UpstreamTLS?
  let logName: LogName
  let endpoints: [UpstreamEndpoint]
  private unowned let loop: Loop
  private var balancer: Balancer
  private var waiting = CircularBuffer<Waiter>()
  private var connecting: [PendingConnect] = []
  private var isClosed = false
  private let idleNanoseconds: UInt64

  private struct Waiter {
    let client: any UpstreamClient
    let excluded: Int?
    let isFresh: Bool
  }

  init(_ configuration: PoolConfiguration, tls: UpstreamTLS?, states: [EndpointState], loop: Loop, seed: UInt64) {
    self.configuration = configuration
    self.tls = tls
    logName = LogName(configuration.name)
    self.loop = loop
    idleNanoseconds = configuration.idleTimeout.nanosecondsClamped
    endpoints = zip(configuration.endpoints, states).map { UpstreamEndpoint($0, state: $1) }
    let policy: BalancingPolicy =
      switch configuration.balancer {
      case .roundRobin: .roundRobin
      case .weighted: .weighted
      case .leastRequest: .leastRequest
      }
    balancer = Balancer(policy: policy, weights: configuration.endpoints.map(\.weight), seed: seed)
  }

  /// Gives the client a connection, at once or later.
  /// - Parameters:
  ///   - excluded: an endpoint that just failed; it is taken only when there is no other.
  ///   - fresh: a connection that served nobody before; some servers take an upgrade on no other.
  func acquire(for client: any UpstreamClient, excluding excluded: UpstreamEndpoint? = nil, fresh: Bool = false) {
    let excludedIndex = excluded.flatMap { endpoint in endpoints.firstIndex { $0 === endpoint } }
    guard let endpoint = pick(excluding: excludedIndex, withRoom: true) ?? pick(excluding: nil, withRoom: true) else {
      wait(client, excludedIndex, fresh)
      return
    }
    if fresh, endpoint.open >= configuration.maximumConnections { endpoint.idle.popLast()?.close() }
    while !fresh, let connection = endpoint.idle.popLast() {
      guard connection.isUsable else { continue }
      endpoint.active += 1
      client.upstreamReady(connection)
      return
    }
    guard endpoint.open < configuration.maximumConnections else {
      wait(client, excludedIndex, fresh)
      return
    }
    connect(endpoint, for: client)
  }

  /// Every endpoint that could take the request is full: it waits for a connection, or is refused.
  private func wait(_ client: any UpstreamClient, _ excluded: Int?, _ isFresh: Bool) {
    guard let endpoint = pick(excluding: nil, withRoom: false) else {
      client.upstreamUnavailable(.noHealthyEndpoint, endpoint: nil)
      return
    }
    guard waiting.count < configuration.pendingRequests else {
      client.upstreamUnavailable(.tooManyPending, endpoint: endpoint)
      return
    }
    waiting.append(Waiter(client: client, excluded: excluded, isFresh: isFresh))
  }

  /// - Parameter withRoom: only endpoints with a kept connection or room for a new one.
  private func pick(excluding excluded: Int?, withRoom: Bool) -> UpstreamEndpoint? {
    let endpoints = endpoints
    let maximum = withRoom ? configuration.maximumConnections : .max
    if endpoints.count == 1 {
      let only = endpoints[0]
      return only.state.isHealthy && (!only.idle.isEmpty || only.open < maximum) ? only : nil
    }
    return balancer.pick(
      healthy: { endpoints[$0].state.isHealthy && (!endpoints[$0].idle.isEmpty || endpoints[$0].open < maximum) },
      active: { endpoints[$0].active }, excluding: excluded
    ).map { endpoints[$0] }
  }

  /// An endpoint for a connection of its own, counted as active until `ended`; nil when none is healthy.
  func begin(excluding excluded: UpstreamEndpoint? = nil) -> UpstreamEndpoint? {
    let index = excluded.flatMap { endpoint in endpoints.firstIndex { $0 === endpoint } }
    guard let endpoint = pick(excluding: index, withRoom: false) ?? pick(excluding: nil, withRoom: false) else {
      return nil
    }
    endpoint.active += 1
    return endpoint
  }

  /// The connection of its own is gone, or could not be made.
  func ended(_ endpoint: UpstreamEndpoint) { endpoint.active -= 1 }

  /// The client no longer wants the connection it asked for.
  func cancel(_ client: any UpstreamClient) {
    waiting.removeAll { $0.client === client }
    for pending in connecting where pending.client === client { pending.client = nil }
  }

  private func connect(_ endpoint: UpstreamEndpoint, for client: any UpstreamClient) {
    guard let address = endpoint.socketAddress else {
      client.upstreamUnavailable(.connectFailed("unusable address"), endpoint: endpoint)
      return
    }
    endpoint.open += 1
    endpoint.active += 1
    let connection = UpstreamConnection(loop: loop, pool: self, endpoint: endpoint)
    let pending = PendingConnect(client: client, connection: connection)
    connection.pending = pending
    connecting.append(pending)
    let start = loop.nowNanoseconds
    Outbound(address, timeout: configuration.connectTimeout, tls: tls)
      .connect(on: loop.eventLoop, handler: connection) { result in
        self.recordHandshake(result, endpoint, startNanoseconds: start)
        self.connected(result, connection)
      }
  }

  /// Tells how a handshake with an endpoint ended, if there was one.
  func recordHandshake(
    _ result: Result<TLSFacts?, any Error>, _ endpoint: UpstreamEndpoint, startNanoseconds: UInt64
  ) {
    guard tls != nil else { return }
    loop.observer.handshakeEnded(
      HandshakeRecord(
        .upstream, place: logName, endpoint: endpoint.logName, address: endpoint.address, result,
        durationNanoseconds: loop.nowNanoseconds &- startNanoseconds))
  }

  private func connected(_ result: Result<TLSFacts?, any Error>, _ connection: UpstreamConnection) {
    let pending = connection.pending
    connection.pending = nil
    connecting.removeAll { $0.connection === connection }
    switch result {
    case .success(let facts):
      loop.observer.count(.upstreamConnectionsOpened)
      connection.tls = facts
      connection.didOpen = true
      guard let client = pending?.client else {
        connection.endpoint.active -= 1
        keep(connection)
        return
      }
      client.upstreamReady(connection)
    case .failure(let error):
      loop.observer.count(.upstreamConnectFailures)
      connection.endpoint.active -= 1
      connection.endpoint.open -= 1
      connection.isClosed = true
      let failure: UpstreamFailure
      if let error = error as? ChannelError, case .connectTimeout = error {
        failure = .connectTimeout
      } else {
        failure = .connectFailed(UpstreamPool.describe(error))
      }
      pending?.client?.upstreamUnavailable(failure, endpoint: connection.endpoint)
      serveWaiting()
    }
  }

  private static func describe(_ error: any Error) -> String {
    if let error = error as? IOError {
      return error.errnoCode == ECONNREFUSED ? "connection refused" : error.description
    }
    return "\(error)"
  }

  /// The exchange on the connection is over.
  func release(_ connection: UpstreamConnection, reusable: Bool) {
    connection.endpoint.active -= 1
    guard reusable, connection.isUsable, !isClosed else {
      connection.close()
      return
    }
    keep(connection)
  }

  private func keep(_ connection: UpstreamConnection) {
    let endpoint = connection.endpoint
    if let first = waiting.first, first.isFresh {
      // Its end makes room for the connection that is waited for.
      connection.close()
      return
    }
    if let waiter = waiting.popFirst() {
      endpoint.active += 1
      waiter.client.upstreamReady(connection)
      return
    }
    guard !isClosed, endpoint.idle.count < configuration.idleConnections else {
      connection.close()
      return
    }
    endpoint.idle.append(connection)
    connection.becameIdle(timeoutNanoseconds: idleNanoseconds)
  }

  /// An opened connection is gone.
  func closed(_ connection: UpstreamConnection) {
    loop.observer.count(.upstreamConnectionsClosed)
    let endpoint = connection.endpoint
    endpoint.open -= 1
    if let index = endpoint.idle.lastIndex(where: { $0 === connection }) { endpoint.idle.remove(at: index) }
    serveWaiting()
  }

  private func serveWaiting() {
    guard let waiter = waiting.popFirst() else { return }
    acquire(for: waiter.client, excluding: waiter.excluded.map { endpoints[$0] }, fresh: waiter.isFresh)
  }

  /// Closes what is idle and keeps nothing from now on; exchanges under way finish.
  func close() {
    isClosed = true
    for endpoint in endpoints {
      let idle = endpoint.idle
      endpoint.idle.removeAll()
      for connection in idle { connection.close() }
    }
  }
}

/// A connect under way; the client may lose interest before it ends.
final class PendingConnect {
  weak var client: (any UpstreamClient)?
  let connection: UpstreamConnection

  init(client: any UpstreamClient, connection: UpstreamConnection) {
    self.client = client
    self.connection = connection
  }
}
