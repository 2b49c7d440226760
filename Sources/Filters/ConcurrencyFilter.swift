public import Proxy
public import SluiceModel

/// `concurrency`: at most `maximum` exchanges of the route at a time, per event loop; the rest wait their turn.
///
/// 503 with `Retry-After` when the queue is full or the wait is longer than `queueTimeout`. An exchange keeps its place
/// until its reply has ended.
///
/// ```yaml
/// - concurrency: { maximum: 20, queue: 100, queueTimeout: 2s }
/// ```
public final class ConcurrencyFilter: Filter {
  static let description = FilterDescription(
    name: "concurrency", points: [.requestHead, .ended], posture: .hostileClients, maturity: .stable)

  /// An exchange's place.
  private final class Place {
    enum State {
      case none
      case waiting(sinceNanoseconds: UInt64)
      case running
    }
    var state = State.none
  }

  public let name = "concurrency"
  public let points: FilterPoints = [.requestHead, .ended]
  private let configuration: ConcurrencyFilterConfiguration
  private let environment: FilterEnvironment
  private var running = 0
  private var queue: [Exchange] = []
  private var timer: FilterTimer?

  public init(_ configuration: ConcurrencyFilterConfiguration, environment: FilterEnvironment) {
    self.configuration = configuration
    self.environment = environment
  }

  public func requestHead(_ exchange: Exchange) -> FilterAction {
    let place = place(of: exchange)
    if running < configuration.maximum {
      running += 1
      place.state = .running
      return .next
    }
    guard queue.count < configuration.queue else {
      place.state = .none
      return refuse(exchange, rule: "queue", reason: "\(running) exchanges are under way and the queue is full")
    }
    place.state = .waiting(sinceNanoseconds: environment.nowNanoseconds)
    queue.append(exchange)
    if queue.count == 1 { watchQueue() }
    return .wait
  }

  public func ended(_ exchange: Exchange) {
    let place = place(of: exchange)
    switch place.state {
    case .none: return
    case .waiting: queue.removeAll { $0 === exchange }
    case .running:
      running -= 1
      admitNext()
    }
    place.state = .none
  }

  private func admitNext() {
    guard running < configuration.maximum, !queue.isEmpty else { return }
    let exchange = queue.removeFirst()
    running += 1
    place(of: exchange).state = .running
    exchange.resume(exchange.id)
  }

  private func watchQueue() {
    let timer = timer ?? environment.timer { [weak self] in self?.expire() }
    self.timer = timer
    timer.schedule(after: configuration.queueTimeout)
  }

  private func expire() {
    let now = environment.nowNanoseconds
    let (seconds, attoseconds) = configuration.queueTimeout.components
    let limit = UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    while let exchange = queue.first, case .waiting(let since) = place(of: exchange).state, now &- since >= limit {
      queue.removeFirst()
      place(of: exchange).state = .none
      exchange.resume(
        exchange.id, refuse(exchange, rule: "queueTimeout", reason: "the exchange waited too long for its turn"))
    }
    if queue.isEmpty {
      timer?.cancel()
      timer = nil
    } else {
      timer?.schedule(after: .milliseconds(100))
    }
  }

  private func place(of exchange: Exchange) -> Place { exchange.state(of: self) { Place() } }

  private func refuse(_ exchange: Exchange, rule: String, reason: String) -> FilterAction {
    exchange.record(Finding(source: name, rule: rule, verdict: .block, reason: reason))
    return .reply(
      LocalReply(
        status: 503, detail: "Too many requests are under way; try again shortly.",
        headers: [HeaderSetting(name: "Retry-After", value: "1")]))
  }
}
