public import SluiceModel

/// Where a filter wants to be called.
public struct FilterPoints: OptionSet, Sendable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The request head is complete; nothing has gone upstream.
  public static let requestHead = FilterPoints(rawValue: 1)
  /// The request body, held in memory as far as the filter's `requestBodyHold` says; nothing has gone upstream.
  public static let requestBody = FilterPoints(rawValue: 2)
  /// Each piece of the request body on its way upstream.
  public static let requestBodyPart = FilterPoints(rawValue: 4)
  /// The final reply head is there; nothing has gone to the client.
  public static let replyHead = FilterPoints(rawValue: 8)
  /// Each piece of the reply body on its way to the client.
  public static let replyBodyPart = FilterPoints(rawValue: 16)
  /// An industrial operation.
  public static let operation = FilterPoints(rawValue: 32)
  /// The exchange is over, however it ended.
  public static let ended = FilterPoints(rawValue: 64)
  /// The reply body, held in memory as far as the filter's `replyBodyHold` says; nothing has gone to the client.
  public static let replyBody = FilterPoints(rawValue: 128)
  /// Each whole message of an upgraded connection; it has not gone on.
  public static let webSocketMessage = FilterPoints(rawValue: 256)
}

/// A filter's answer.
public enum FilterAction: Sendable {
  case next
  /// Answer the client from here.
  case reply(LocalReply)
  /// Close the connection without an answer.
  case reset
  /// Hold the exchange until `Exchange.resume`. At the streamed points a filter can't wait: one that must asks for the
  /// body to be held.
  case wait
}

/// A message of an upgraded connection (RFC 6455).
public struct WebSocketMessage: Sendable, Equatable {
  public var isFromClient: Bool
  /// Text in UTF-8, or else bytes of any kind.
  public var isText: Bool
}

/// A filter's answer to a message.
public enum WebSocketAction: Sendable {
  case next
  /// Close the connection with code 1008 (policy violation) and this reason, which both sides are told.
  case close(reason: String)
}

/// One guard or change of an exchange. One instance serves one route (or listener) on one event loop, so its own state
/// needs no locks; what belongs to an exchange lives in the exchange's slot.
public protocol Filter: AnyObject {
  /// The name in configuration and traces.
  var name: String { get }
  var points: FilterPoints { get }

  func requestHead(_ exchange: Exchange) -> FilterAction
  /// With `requestBody`: how much of this request's body is held for the filter. Asked once all filters have let the
  /// request's head pass, when a body follows; nil lets it stream, and the body point is not called.
  func requestBodyHold(_ exchange: Exchange) -> BodyHold?
  /// The held body: all of it, or with `exchange.isHeldBodyComplete` false its beginning.
  func requestBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction
  func requestBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction
  func replyHead(_ exchange: Exchange) -> FilterAction
  /// With `replyBody`: how much of this reply's body is held for the filter. Asked once all filters have let the reply's
  /// head pass, when a body follows; nil lets it stream, and the body point is not called.
  func replyBodyHold(_ exchange: Exchange) -> BodyHold?
  /// The held body: all of it, or with `exchange.isHeldBodyComplete` false its beginning.
  func replyBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction
  func replyBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction
  /// With `webSocketMessage`: the longest message in bytes that the filter looks at; a longer one closes the connection
  /// with code 1009. Asked before an upgrade is passed on, which then goes without extensions, so that messages are not
  /// compressed; nil lets the connection's bytes pass unread.
  func webSocketMessageLimit(_ exchange: Exchange) -> Int?
  func webSocketMessage(
    _ exchange: Exchange, _ message: WebSocketMessage, _ payload: Span<UInt8>
  ) -> WebSocketAction
  func operation(_ operation: OperationExchange) -> FilterAction
  func ended(_ exchange: Exchange)
}

extension Filter {
  public func requestHead(_ exchange: Exchange) -> FilterAction { .next }
  public func requestBodyHold(_ exchange: Exchange) -> BodyHold? { nil }
  public func requestBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction { .next }
  public func requestBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction { .next }
  public func replyHead(_ exchange: Exchange) -> FilterAction { .next }
  public func replyBodyHold(_ exchange: Exchange) -> BodyHold? { nil }
  public func replyBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction { .next }
  public func replyBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction { .next }
  public func webSocketMessageLimit(_ exchange: Exchange) -> Int? { nil }
  public func webSocketMessage(
    _ exchange: Exchange, _ message: WebSocketMessage, _ payload: Span<UInt8>
  ) -> WebSocketAction { .next }
  public func operation(_ operation: OperationExchange) -> FilterAction { .next }
  public func ended(_ exchange: Exchange) {}
}

/// Makes the filters of a chain. The data path knows the protocol; what filters there are is known to the `Filters` room.
public typealias FilterFactory = @Sendable (FilterConfiguration, FilterEnvironment) -> any Filter

/// A route's filters, sorted by the points they are called at.
final class FilterChain {
  let all: [any Filter]
  let requestHead: [any Filter]
  let requestBody: [any Filter]
  let requestBodyPart: [any Filter]
  let replyHead: [any Filter]
  let replyBody: [any Filter]
  let replyBodyPart: [any Filter]
  let webSocketMessage: [any Filter]
  let operation: [any Filter]
  let ended: [any Filter]
  /// The points at which any filter is called.
  let points: FilterPoints

  /// Requests meet the listener's filters first and then the route's, each in the order of the configuration: what an
  /// operator says for all routes can't be undone by one of them. Replies meet them the other way round, so that the
  /// first filter also has the last word.
  init(listener: [any Filter], route: [any Filter]) {
    all = listener + route
    points = all.reduce(into: []) { $0.formUnion($1.points) }
    requestHead = all.filter { $0.points.contains(.requestHead) }
    requestBody = all.filter { $0.points.contains(.requestBody) }
    requestBodyPart = all.filter { $0.points.contains(.requestBodyPart) }
    replyHead = all.reversed().filter { $0.points.contains(.replyHead) }
    replyBody = all.reversed().filter { $0.points.contains(.replyBody) }
    replyBodyPart = all.reversed().filter { $0.points.contains(.replyBodyPart) }
    webSocketMessage = all.filter { $0.points.contains(.webSocketMessage) }
    operation = all.filter { $0.points.contains(.operation) }
    ended = all.filter { $0.points.contains(.ended) }
  }
}
