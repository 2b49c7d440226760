import SluiceModel

/// Fixed bounds of what one event loop keeps about TLS handshakes.
public enum HandshakeLimits {
  /// Different ways to negotiate counted per listener, endpoint or asset; past it they count as `other`.
  public static let combinationsPerPlace = 64
  /// Different reasons of failure counted per listener, endpoint or asset; past it they count as `other`.
  public static let reasonsPerPlace = 32
  /// Peers without post-quantum key exchange listed per listener, endpoint or asset: those seen last.
  public static let peersPerPlace = 100
  /// Such peers over all listeners, endpoints and assets of one event loop; past it a place lists a new one only instead of
  /// another one of its own.
  public static let peersPerLoop = 4096
  /// Lines about failed handshakes that an event loop writes in one second; the rest is counted.
  public static let linesPerSecond: UInt64 = 10
}

/// What is counted for the handshakes of one listener, endpoint or asset.
final class PlaceHandshakes {
  let place: String
  let endpoint: String?
  private(set) var negotiated: [LoopSnapshot.Negotiated] = []
  private(set) var failures: [(reason: StaticString, count: UInt64, last: UInt64)] = []
  private(set) var otherFailures: (count: UInt64, last: UInt64) = (0, 0)
  private(set) var peers: [LoopSnapshot.ClassicalPeer] = []
  private(set) var hasMorePeers = false
  private var last = 0

  init(place: String, endpoint: String?) {
    self.place = place
    self.endpoint = endpoint
  }

  func count(_ facts: TLSFacts, now: UInt64) {
    if last < negotiated.count, negotiated[last].matches(facts) {
      negotiated[last].add(now)
      return
    }
    var index = negotiated.firstIndex { $0.matches(facts) }
    if index == nil, negotiated.count >= HandshakeLimits.combinationsPerPlace {
      index = negotiated.firstIndex { $0.isOther }
      if index == nil {
        index = negotiated.count
        negotiated.append(LoopSnapshot.Negotiated(other: now))
      }
    }
    last = index ?? negotiated.count
    if index == nil { negotiated.append(LoopSnapshot.Negotiated(facts, now: now)) }
    negotiated[last].add(now)
  }

  /// The same reason is mostly the same constant, so its address is compared before its text.
  func fail(_ reason: StaticString, now: UInt64) {
    let found =
      failures.firstIndex { $0.reason.utf8Start == reason.utf8Start }
      ?? failures.firstIndex { $0.reason.description == reason.description }
    if let found {
      failures[found].count &+= 1
      failures[found].last = now
    } else if failures.count < HandshakeLimits.reasonsPerPlace {
      failures.append((reason, 1, now))
    } else {
      otherFailures = (otherFailures.count &+ 1, now)
    }
  }

  /// Lists a peer without post-quantum key exchange, or takes it off the list once it has it. Returns by how many the list
  /// grew.
  func notice(_ peer: IPAddress, _ facts: TLSFacts, hasRoom: Bool, now: UInt64) -> Int {
    let found = peers.firstIndex { $0.address == peer && $0.ja4 == facts.ja4 }
    if facts.group?.isPostQuantum == true {
      guard let found else { return 0 }
      peers.swapAt(found, peers.count - 1)
      peers.removeLast()
      return -1
    }
    if let found {
      peers[found].see(facts, now: now)
      return 0
    }
    let entry = LoopSnapshot.ClassicalPeer(peer, facts, now: now)
    if hasRoom, peers.count < HandshakeLimits.peersPerPlace {
      peers.append(entry)
      return 1
    }
    hasMorePeers = true
    guard let oldest = peers.indices.min(by: { peers[$0].lastSeen < peers[$1].lastSeen }) else { return 0 }
    peers[oldest] = entry
    return 0
  }
}

/// The handshakes of one event loop: counted by leg, place and endpoint.
///
/// Its memory is bounded: `MetricsIndex.limit` places a leg, and `HandshakeLimits` for what each of them keeps.
struct HandshakeTable {
  private static let legs: [TLSLeg] = [.client, .upstream, .device]
  private var places = [MetricsIndex<PlaceHandshakes>](repeating: MetricsIndex(), count: HandshakeTable.legs.count)
  private var durations = [Histogram](repeating: Histogram(), count: HandshakeTable.legs.count)
  private var peers = 0
  private var second: UInt64 = 0
  private var linesThisSecond: UInt64 = 0
  private var leftOutSinceLine: UInt64 = 0
  private var leftOut: UInt64 = 0

  private static func number(_ leg: TLSLeg) -> Int {
    switch leg {
    case .client: 0
    case .upstream: 1
    case .device: 2
    }
  }

  /// - Parameter now: milliseconds since the Unix epoch.
  mutating func count(_ record: borrowing HandshakeRecord, now: UInt64) {
    let leg = HandshakeTable.number(record.leg)
    let place = places[leg].find(record.place, record.endpoint) { PlaceHandshakes(place: $0, endpoint: $1) }
    durations[leg].record(record.durationNanoseconds)
    if let failure = record.failure {
      place.fail(failure, now: now)
    } else if let facts = record.facts {
      place.count(facts, now: now)
      let hasRoom = peers < HandshakeLimits.peersPerLoop
      peers += place.notice(record.peer, facts, hasRoom: hasRoom, now: now)
    }
  }

  /// Whether a line may be written now, and how many were left out since the one before; nil when it may not.
  mutating func line(now: UInt64) -> UInt64? {
    if now / 1000 != second { (second, linesThisSecond) = (now / 1000, 0) }
    guard linesThisSecond < HandshakeLimits.linesPerSecond else {
      leftOut &+= 1
      leftOutSinceLine &+= 1
      return nil
    }
    linesThisSecond &+= 1
    defer { leftOutSinceLine = 0 }
    return leftOutSinceLine
  }

  func write(to snapshot: inout LoopSnapshot) {
    for (number, leg) in HandshakeTable.legs.enumerated() {
      snapshot.handshakes += places[number].all.map { LoopSnapshot.Handshakes(leg, $0) }
      if durations[number].count > 0 { snapshot.handshakeDurations[leg] = durations[number] }
    }
    snapshot.handshakeLinesLeftOut = leftOut
  }
}
