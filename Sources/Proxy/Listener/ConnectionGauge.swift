package import SluiceModel
import Synchronization

/// Counts a listener's connections over all event loops, in all and by client address.
///
/// The table of addresses is sharded and touched once a connection. It holds `Limits.trackedAddresses` addresses; when a
/// shard is full, a new address is not counted until another one leaves.
package final class ConnectionGauge: Sendable {
  private let total = Atomic<Int>(0)
  private let shards: [Shard]

  private final class Shard: Sendable {
    let counts = Mutex<[IPAddress: Int]>([:])
  }

  package init() { shards = (0..<16).map { _ in Shard() } }

  package var connections: Int { total.load(ordering: .relaxed) }

  private func shard(_ peer: IPAddress) -> Shard {
    shards[Int(truncatingIfNeeded: (peer.low ^ peer.high ^ (peer.low >> 8)) & 15)]
  }

  /// - Returns: false when the connection would exceed a limit; it is not counted then.
  package func enter(_ peer: IPAddress, limits: ListenerLimits) -> Bool {
    guard total.add(1, ordering: .relaxed).newValue <= limits.connections else {
      total.subtract(1, ordering: .relaxed)
      return false
    }
    let isWithin = shard(peer).counts.withLock { counts in
      let count = counts[peer] ?? 0
      guard count < limits.connectionsPerAddress else { return false }
      if count > 0 || counts.count < Limits.trackedAddresses / 16 { counts[peer] = count + 1 }
      return true
    }
    if !isWithin { total.subtract(1, ordering: .relaxed) }
    return isWithin
  }

  package func leave(_ peer: IPAddress) {
    total.subtract(1, ordering: .relaxed)
    shard(peer).counts.withLock { counts in
      guard let count = counts[peer] else { return }
      counts[peer] = count > 1 ? count - 1 : nil
    }
  }
}
