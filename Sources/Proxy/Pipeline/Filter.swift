public import SluiceModel

/// Where a filter wants to be called.
public struct FilterPoints: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The request head is complete; nothing has gone upstream.
  public static let requestHead = FilterPoints(rawValue: 1)
  /// The whole request body, held in memory up to the filter's `bodyBufferBytes`; nothing has gone upstream.
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
}

/// A filter's answer.
public enum FilterAction: Sendable {
  case next
  /// Answer the client from here.
  case reply(LocalReply)
  /// Close the connection without an answer.
  case reset
  /// Hold the exchange until `Exchange.resume`. At the streamed points a filter can't wait: one that must asks for the
  /// whole body.
  case wait
}

/// One guard or change of an exchange. One instance serves one route (or listener) on one event loop, so its own state
/// needs no locks; what belongs to an exchange lives in the exchange's slot.
public protocol Filter: AnyObject {
  /// The name in configuration and traces.
  var name: String { get }
  var points: FilterPoints { get }
  /// With `requestBody`: the largest body that is held; a longer one is answered 413.
  var bodyBufferBytes: Int { get }

  func requestHead(_ exchange: Exchange) -> FilterAction
  func requestBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction
  func requestBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction
  func replyHead(_ exchange: Exchange) -> FilterAction
  func replyBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction
  func operation(_ operation: OperationExchange) -> FilterAction
  func ended(_ exchange: Exchange)
}

extension Filter {
  public var bodyBufferBytes: Int { 0 }
  public func requestHead(_ exchange: Exchange) -> FilterAction { .next }
  public func requestBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction { .next }
  public func requestBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction { .next }
  public func replyHead(_ exchange: Exchange) -> FilterAction { .next }
  public func replyBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction { .next }
  public func operation(_ operation: OperationExchange) -> FilterAction { .next }
  public func ended(_ exchange: Exchange) {}
}

/// What a filter may use of the event loop it lives on.
public struct FilterEnvironment {
  let loop: Loop

  /// Monotonic time.
  public var nowNanoseconds: UInt64 { loop.nowNanoseconds }

  /// Whether a decision record can be kept now.
  public var canRecordDecisions: Bool { loop.observer.canRecordDecisions }

  /// Calls `body` on the filter's loop after `duration`, to the tick of the loop's timer.
  public func timer(_ body: @escaping () -> Void) -> FilterTimer { FilterTimer(loop: loop, body: body) }
}

/// A timer on the loop's wheel.
public final class FilterTimer: DeadlineOwner {
  private let loop: Loop
  private let body: () -> Void
  private var deadline: Deadline?

  init(loop: Loop, body: @escaping () -> Void) {
    self.loop = loop
    self.body = body
  }

  public func schedule(after duration: Duration) {
    let deadline = deadline ?? Deadline(owner: self)
    self.deadline = deadline
    loop.schedule(deadline, after: duration)
  }

  public func cancel() {
    deadline?.invalidate()
    deadline = nil
  }

  package func deadlineReached() { body() }
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
  let replyBodyPart: [any Filter]
  let operation: [any Filter]
  let ended: [any Filter]
  let bodyBufferBytes: Int
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
    replyBodyPart = all.reversed().filter { $0.points.contains(.replyBodyPart) }
    operation = all.filter { $0.points.contains(.operation) }
    ended = all.filter { $0.points.contains(.ended) }
    bodyBufferBytes = requestBody.map(\.bodyBufferBytes).min() ?? 0
  }
}
