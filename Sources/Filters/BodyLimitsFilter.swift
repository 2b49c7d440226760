public import Proxy
public import SluiceModel

/// `bodyLimits`: bounds bodies while they stream, whether or not their length was declared.
///
/// A request that grows past `request` is answered 413; a reply that grows past `reply` is cut off, so that a client can't
/// take it for whole.
///
/// ```yaml
/// - bodyLimits: { request: 1MiB, reply: 50MiB }
/// ```
public final class BodyLimitsFilter: Filter {
  static let description = FilterDescription(
    name: "bodyLimits", points: [.requestBodyPart, .replyBodyPart], posture: .hostileClients, maturity: .stable)

  public let name = "bodyLimits"
  public let points: FilterPoints
  private let configuration: BodyLimitsFilterConfiguration

  public init(_ configuration: BodyLimitsFilterConfiguration) {
    self.configuration = configuration
    var points: FilterPoints = []
    if configuration.requestBytes != nil { points.insert(.requestBodyPart) }
    if configuration.replyBytes != nil { points.insert(.replyBodyPart) }
    self.points = points
  }

  public func requestBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction {
    guard let limit = configuration.requestBytes, exchange.requestBodyBytes > limit else { return .next }
    exchange.record(
      Finding(source: name, rule: "request", verdict: .block, reason: "the request body is longer than \(limit) bytes"))
    return .reply(LocalReply(status: 413, detail: "The request body is larger than allowed."))
  }

  public func replyBodyPart(_ exchange: Exchange, _ part: Span<UInt8>) -> FilterAction {
    guard let limit = configuration.replyBytes, exchange.replyBodyBytes > limit else { return .next }
    exchange.record(
      Finding(source: name, rule: "reply", verdict: .block, reason: "the reply body is longer than \(limit) bytes"))
    return .reset
  }
}
