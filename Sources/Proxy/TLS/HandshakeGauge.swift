import SluiceModel
import Synchronization

/// Bounds a listener's handshakes: how many are under way, and how fast one address begins new ones.
///
/// The table of addresses is touched only when there is a bound on the rate. When it is full, addresses whose tokens have
/// come back are forgotten, and when there are none, a new address is not counted.
final class HandshakeGauge: Sendable {
  private struct Bucket {
    var tokens: Double
    var updatedNanoseconds: UInt64
  }

  private let underWay = Atomic<Int>(0)
  private struct Table {
    var buckets: [IPAddress: Bucket] = [:]
    var sweptNanoseconds: UInt64 = 0

    /// Forgets addresses whose tokens have come back, at most once a second.
    /// - Returns: whether there is room for one more.
    mutating func sweep(_ nowNanoseconds: UInt64) -> Bool {
      if nowNanoseconds &- sweptNanoseconds >= 1_000_000_000 {
        sweptNanoseconds = nowNanoseconds
        buckets = buckets.filter { nowNanoseconds &- $0.value.updatedNanoseconds < 2_000_000_000 }
      }
      return buckets.count < Limits.trackedAddresses
    }
  }

  private let table = Mutex(Table())

  /// - Returns: why the handshake may not begin; nil when it may and is counted until `leave`.
  func enter(_ peer: IPAddress, _ limits: ListenerTLSConfiguration, nowNanoseconds: UInt64) -> StaticString? {
    guard underWay.add(1, ordering: .relaxed).newValue <= limits.concurrentHandshakes else {
      leave()
      return "too many handshakes"
    }
    guard limits.handshakesPerSecond != .max else { return nil }
    let rate = Double(limits.handshakesPerSecond)
    let isWithin = table.withLock { table in
      var bucket = table.buckets[peer] ?? Bucket(tokens: 2 * rate, updatedNanoseconds: nowNanoseconds)
      let passed = Double(nowNanoseconds &- min(bucket.updatedNanoseconds, nowNanoseconds)) / 1e9
      bucket.tokens = min(2 * rate, bucket.tokens + passed * rate)
      bucket.updatedNanoseconds = nowNanoseconds
      let isWithin = bucket.tokens >= 1
      if isWithin { bucket.tokens -= 1 }
      if table.buckets.count >= Limits.trackedAddresses, table.buckets[peer] == nil {
        guard table.sweep(nowNanoseconds) else { return true }
      }
      table.buckets[peer] = bucket
      return isWithin
    }
    guard isWithin else {
      leave()
      return "too many handshakes of one address"
    }
    return nil
  }

  func leave() { underWay.subtract(1, ordering: .relaxed) }
}
