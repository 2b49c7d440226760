import Proxy
import SluiceModel
import Synchronization

/// A filter whose every answer is the test's.
final class ScriptedFilter: Filter {
  struct Script: Sendable {
    var points: FilterPoints
    var requestHead: @Sendable (Exchange, FilterEnvironment) -> FilterAction = { _, _ in .next }
    var requestHold: @Sendable (Exchange) -> BodyHold? = { _ in nil }
    var requestBody: @Sendable (Exchange, FilterEnvironment, String) -> FilterAction = { _, _, _ in .next }
    var replyHead: @Sendable (Exchange, FilterEnvironment) -> FilterAction = { _, _ in .next }
    var replyHold: @Sendable (Exchange) -> BodyHold? = { _ in nil }
    var replyBody: @Sendable (Exchange, FilterEnvironment, String) -> FilterAction = { _, _, _ in .next }
    var replyBodyPart: @Sendable (String) -> Void = { _ in }
    var messageLimit: Int?
    var message: @Sendable (Exchange, WebSocketMessage, String) -> WebSocketAction = { _, _, _ in .next }

    init(_ points: FilterPoints) { self.points = points }
  }

  let name = "scripted"
  let points: FilterPoints
  private let script: Script
  private let environment: FilterEnvironment

  init(_ script: Script, _ environment: FilterEnvironment) {
    points = script.points
    self.script = script
    self.environment = environment
  }

  func requestHead(_ exchange: Exchange) -> FilterAction { script.requestHead(exchange, environment) }
  func requestBodyHold(_ exchange: Exchange) -> BodyHold? { script.requestHold(exchange) }
  func requestBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction {
    script.requestBody(exchange, environment, text(body))
  }
  func replyHead(_ exchange: Exchange) -> FilterAction { script.replyHead(exchange, environment) }
  func replyBodyHold(_ exchange: Exchange) -> BodyHold? { script.replyHold(exchange) }
  func replyBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction {
    script.replyBody(exchange, environment, text(body))
  }
  func webSocketMessageLimit(_ exchange: Exchange) -> Int? { script.messageLimit }
  func webSocketMessage(
    _ exchange: Exchange, _ message: WebSocketMessage, _ payload: Span<UInt8>
  ) -> WebSocketAction {
    script.message(exchange, message, text(payload))
  }
  func replyBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction {
    script.replyBodyPart(text(part))
    return .next
  }
}

func text(_ bytes: Span<UInt8>) -> String {
  String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
}

/// The data path in this process, with one HTTP listener, one pool and one route that has the test's filters.
struct RunningGateway {
  let gateway: Gateway
  let port: Int
  let records = Journal<Record>()
  let flows = Journal<String>()

  struct Record: Sendable {
    var status: Int
    var rules: [String]
    var bytesOut: UInt64
    var errorType: String
  }

  init(
    upstream: Int, _ scripts: [ScriptedFilter.Script], configure: (inout Configuration) -> Void = { _ in }
  ) async throws {
    var configuration = Configuration()
    configuration.runtime.loops = 1
    configuration.runtime.workers = 1
    var listener = ListenerConfiguration()
    listener.name = "web"
    listener.address = .ip(IPAddress(v4: 0x7f00_0001), port: 0)
    configuration.listeners = [listener]
    var pool = PoolConfiguration()
    pool.name = "app"
    pool.endpoints = [
      EndpointConfiguration(address: .ip(IPAddress(v4: 0x7f00_0001), port: upstream))
    ]
    configuration.pools = [pool]
    var route = RouteConfiguration()
    route.name = "all"
    // The number in the settings says which script a filter follows.
    route.filters = scripts.indices.map { index in
      var settings = ConcurrencyFilterConfiguration()
      settings.maximum = index
      return .concurrency(settings)
    }
    route.action = .forward([WeightedPool(pool: "app")])
    configuration.routes = [route]
    configure(&configuration)
    let (records, flows) = (records, flows)
    gateway = try Gateway(
      configuration,
      environment: Gateway.Environment(
        makeObserver: { _ in Observer(records, flows) },
        makeFilter: { settings, environment in
          guard case .concurrency(let which) = settings, which.maximum < scripts.count else {
            return ScriptedFilter(ScriptedFilter.Script([]), environment)
          }
          return ScriptedFilter(scripts[which.maximum], environment)
        }, wallClock: { 1_700_000_000_000 }, random: { UInt64.random(in: 1 ... .max) }))
    try await gateway.start()
    guard case .ip(_, let bound)? = await gateway.listeners.first?.address else {
      throw PeerFailure("the listener has no address")
    }
    port = bound
  }

  func stop() async {
    await gateway.drain(timeout: .zero)
    await gateway.stop()
  }

  func connect() throws -> RawConnection { try RawConnection(port: port) }

  func exchange(_ request: String, hasBody: Bool = true) throws -> HTTPMessage {
    let connection = try connect()
    try connection.send(request)
    return try connection.readMessage(hasBody: hasBody)
  }

  private final class Observer: LoopObserver {
    private let records: Journal<Record>

    private let flows: Journal<String>

    init(_ records: Journal<Record>, _ flows: Journal<String>) {
      self.records = records
      self.flows = flows
    }

    func exchangeEnded(
      _ record: borrowing ExchangeRecord, trace: borrowing DecisionTrace, method: Span<UInt8>, host: Span<UInt8>,
      path: Span<UInt8>
    ) {
      records.append(
        Record(
          status: record.status, rules: trace.findings.map(\.rule), bytesOut: record.bytesOut,
          errorType: record.errorType.map { "\($0)" } ?? ""))
    }
    func operationEnded(_ record: borrowing OperationRecord, trace: borrowing DecisionTrace) {}
    func flowEnded(_ record: borrowing FlowRecord, trace: borrowing DecisionTrace) { flows.append("\(record.reason)") }
    func handshakeEnded(_ record: borrowing HandshakeRecord) {}
    func count(_ counter: LoopCounter) {}
    func audit(_ line: Span<UInt8>) {}
    var canRecordDecisions: Bool { true }
    func tick(nowUnixMilliseconds: UInt64) {}
  }
}
