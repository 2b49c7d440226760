public import Proxy
public import SluiceModel
import Wire

/// `headers`: changes fields of requests before they go upstream and of replies before they go to the client.
///
/// `set` replaces all lines of a name by one, `add` adds a line, `remove` leaves the lines out; `replySet`, `replyAdd` and
/// `replyRemove` do the same to replies. It never refuses.
///
/// ```yaml
/// - headers: { set: { X-Plant: north }, replySet: { X-Frame-Options: DENY }, replyRemove: [Server] }
/// ```
public final class HeadersFilter: Filter {
  static let description = FilterDescription(
    name: "headers", points: [.requestHead, .replyHead], posture: .passive, maturity: .stable)

  public let name = "headers"
  public let points: FilterPoints
  private let configuration: HeadersFilterConfiguration

  public init(_ configuration: HeadersFilterConfiguration) {
    self.configuration = configuration
    var points: FilterPoints = []
    if !(configuration.set.isEmpty && configuration.add.isEmpty && configuration.remove.isEmpty) {
      points.insert(.requestHead)
    }
    if !(configuration.replySet.isEmpty && configuration.replyAdd.isEmpty && configuration.replyRemove.isEmpty) {
      points.insert(.replyHead)
    }
    self.points = points
  }

  public func requestHead(_ exchange: Exchange) -> FilterAction {
    for name in configuration.remove { exchange.requestEdits.remove(name.utf8) }
    for field in configuration.set { exchange.requestEdits.set(field.name.utf8, field.value.utf8) }
    for field in configuration.add { exchange.requestEdits.add(field.name.utf8, field.value.utf8) }
    return .next
  }

  public func replyHead(_ exchange: Exchange) -> FilterAction {
    for name in configuration.replyRemove { exchange.replyEdits.remove(name.utf8) }
    for field in configuration.replySet { exchange.replyEdits.set(field.name.utf8, field.value.utf8) }
    for field in configuration.replyAdd { exchange.replyEdits.add(field.name.utf8, field.value.utf8) }
    return .next
  }
}
