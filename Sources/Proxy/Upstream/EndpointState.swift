import SluiceModel
import Synchronization

/// What all event loops know of an endpoint: whether its health checks pass. One prober writes, every loop reads.
final class EndpointState: Sendable {
  let pool: String
  let address: BindAddress
  private let healthy = Atomic<Bool>(true)
  private let reason = Mutex<String?>(nil)

  init(pool: String, address: BindAddress) {
    self.pool = pool
    self.address = address
  }

  var isHealthy: Bool { healthy.load(ordering: .relaxed) }

  var lastError: String? { reason.withLock { $0 } }

  func set(healthy value: Bool, reason text: String?) {
    reason.withLock { $0 = text }
    healthy.store(value, ordering: .relaxed)
  }
}
