public import FoundationEssentials
public import SluiceModel
public import Telemetry

/// What TLS was negotiated where, who has no post-quantum key exchange yet, and which certificates are in use.
///
/// It counts the handshakes of this process since it began: a restart begins anew. What an event loop keeps is bounded by
/// `HandshakeLimits`.
public struct TLSLedger: Sendable, Codable, Equatable {
  /// When counting began: the start of the process.
  public var since: Date
  /// When the ledger was made.
  public var at: Date
  /// What is counted, in words.
  public var scope: String
  /// Handshakes that ended well.
  public var handshakes: UInt64
  /// Those of them with post-quantum key exchange.
  public var postQuantum: UInt64
  /// Percent of the handshakes with post-quantum key exchange, with one decimal; nil when there was none.
  public var postQuantumPercent: Double?
  /// Handshakes that failed.
  public var failed: UInt64
  public var places: [Place]
  /// Those that expire first come first.
  public var certificates: [Certificate]

  /// One listener, endpoint of a pool, or asset.
  public struct Place: Sendable, Codable, Equatable {
    public var leg: TLSLeg
    /// The listener, pool or asset.
    public var place: String
    /// The endpoint of a pool.
    public var endpoint: String?
    public var handshakes: UInt64
    public var postQuantum: UInt64
    public var postQuantumPercent: Double?
    public var failed: UInt64
    /// The first handshake that ended well; nil when there was none.
    public var firstSeen: Date?
    /// The latest handshake that ended well; nil when there was none.
    public var lastSeen: Date?
    /// The most frequent first.
    public var negotiated: [Negotiated]
    /// The most frequent first.
    public var failures: [Failure]
    /// Peers whose latest handshake had no post-quantum key exchange, the latest first; at most
    /// `HandshakeLimits.peersPerPlace`.
    public var notPostQuantum: [Peer]
    /// False when there were more such peers than the list holds.
    public var notPostQuantumIsComplete: Bool
  }

  /// Handshakes that ended well in the same way.
  public struct Negotiated: Sendable, Codable, Equatable {
    /// `other` where there were too many different ways to tell them apart.
    public var version: String
    /// Nil when no key was exchanged: a resumed TLS 1.2 session.
    public var group: String?
    public var cipher: String?
    public var postQuantum: Bool
    public var resumed: Bool
    /// The client was asked for another key share first.
    public var retried: Bool
    public var count: UInt64
    public var firstSeen: Date
    public var lastSeen: Date
  }

  /// Handshakes that failed for the same reason.
  public struct Failure: Sendable, Codable, Equatable {
    public var reason: String
    public var count: UInt64
    public var lastSeen: Date
  }

  /// A peer without post-quantum key exchange.
  public struct Peer: Sendable, Codable, Equatable {
    public var address: String
    /// A client's JA4 fingerprint.
    public var ja4: String?
    public var version: String
    public var group: String?
    public var handshakes: UInt64
    public var lastSeen: Date
  }

  /// A certificate with the time that it has left.
  public struct Certificate: Sendable, Codable, Equatable {
    /// Whole days before the end of the validity at which a warning begins.
    public static let warningDays = 30

    public enum Warning: String, Sendable, Codable, CaseIterable {
      case expired
      /// Fewer than `warningDays` days are left.
      case expiresSoon
      case notValidYet
    }

    public var leg: TLSLeg
    /// The listener, pool or asset.
    public var place: String
    public var subject: String
    public var issuer: String
    public var serialNumber: String
    public var names: [String]
    public var keyAlgorithm: String
    public var signatureAlgorithm: String
    public var notBefore: Date
    public var notAfter: Date
    /// Whole days until `notAfter`; negative after it.
    public var daysLeft: Int
    public var warning: Warning?
    /// SHA-256, lowercase hexadecimal.
    public var fingerprint: String
    public var file: String?
  }
}

// MARK: Making it

extension TLSLedger {
  /// Adds up what the event loops counted.
  ///
  /// - Parameters:
  ///   - since: the start of the process.
  ///   - now: the moment of the snapshots.
  public init(loops: [LoopSnapshot], certificates: [CertificateEntry], since: Date, now: Date) {
    self.since = since
    at = now
    scope =
      "handshakes of this process since its start, added up over its event loops; a restart begins anew, and what was "
      + "never negotiated is not listed"
    var merged: [PlaceKey: MergedPlace] = [:]
    for one in loops.flatMap(\.handshakes) {
      merged[PlaceKey(leg: one.leg, place: one.place, endpoint: one.endpoint), default: MergedPlace()].add(one)
    }
    places = merged.sorted { $0.key < $1.key }.map { Place($0, $1) }
    handshakes = places.reduce(0) { $0 &+ $1.handshakes }
    postQuantum = places.reduce(0) { $0 &+ $1.postQuantum }
    failed = places.reduce(0) { $0 &+ $1.failed }
    postQuantumPercent = TLSLedger.percent(postQuantum, of: handshakes)
    self.certificates = certificates.map { Certificate($0, now: now) }.sorted {
      ($0.notAfter, $0.place, $0.fingerprint) < ($1.notAfter, $1.place, $1.fingerprint)
    }
  }

  static func percent(_ part: UInt64, of whole: UInt64) -> Double? {
    whole == 0 ? nil : (Double(part) / Double(whole) * 1000).rounded() / 10
  }

  fileprivate static func date(_ unixMilliseconds: UInt64) -> Date {
    Date(timeIntervalSince1970: (Double(unixMilliseconds) / 1000).rounded(.down))
  }
}

private struct PlaceKey: Hashable, Comparable {
  var leg: TLSLeg
  var place: String
  var endpoint: String?

  private var order: Int { TLSLeg.allCases.firstIndex(of: leg) ?? 0 }

  static func < (left: PlaceKey, right: PlaceKey) -> Bool {
    (left.order, left.place, left.endpoint ?? "") < (right.order, right.place, right.endpoint ?? "")
  }
}

/// One place while the loops are added up.
private struct MergedPlace {
  struct Way: Hashable {
    var version: TLSVersion?
    var group: TLSGroup?
    var cipher: TLSCipherSuite?
    var resumed: Bool
    var retried: Bool
  }

  struct PeerKey: Hashable {
    var address: IPAddress
    var ja4: String?
  }

  var negotiated: [Way: LoopSnapshot.Negotiated] = [:]
  var failures: [String: LoopSnapshot.Failure] = [:]
  var peers: [PeerKey: LoopSnapshot.ClassicalPeer] = [:]
  var hasMorePeers = false

  mutating func add(_ one: LoopSnapshot.Handshakes) {
    for way in one.negotiated {
      let key = Way(
        version: way.version, group: way.group, cipher: way.cipher, resumed: way.isResumed, retried: way.wasRetried)
      guard var sum = negotiated[key] else {
        negotiated[key] = way
        continue
      }
      sum.count &+= way.count
      sum.firstSeen = min(sum.firstSeen, way.firstSeen)
      sum.lastSeen = max(sum.lastSeen, way.lastSeen)
      negotiated[key] = sum
    }
    for failure in one.failures {
      guard var sum = failures[failure.reason] else {
        failures[failure.reason] = failure
        continue
      }
      sum.count &+= failure.count
      sum.lastSeen = max(sum.lastSeen, failure.lastSeen)
      failures[failure.reason] = sum
    }
    for peer in one.classicalPeers {
      let key = PeerKey(address: peer.address, ja4: peer.ja4)
      guard let other = peers[key] else {
        peers[key] = peer
        continue
      }
      var newest = other.lastSeen > peer.lastSeen ? other : peer
      newest.handshakes = other.handshakes &+ peer.handshakes
      peers[key] = newest
    }
    hasMorePeers = hasMorePeers || one.hasMoreClassicalPeers
  }
}

extension TLSLedger.Place {
  fileprivate init(_ key: PlaceKey, _ merged: MergedPlace) {
    leg = key.leg
    place = key.place
    endpoint = key.endpoint
    negotiated = merged.negotiated.values.map { TLSLedger.Negotiated($0) }.sorted { left, right in
      if left.count != right.count { return left.count > right.count }
      return (left.version, left.group ?? "", left.cipher ?? "") < (
        right.version, right.group ?? "", right.cipher ?? ""
      )
    }
    handshakes = negotiated.reduce(0) { $0 &+ $1.count }
    postQuantum = negotiated.reduce(0) { $1.postQuantum ? $0 &+ $1.count : $0 }
    postQuantumPercent = TLSLedger.percent(postQuantum, of: handshakes)
    firstSeen = negotiated.map(\.firstSeen).min()
    lastSeen = negotiated.map(\.lastSeen).max()
    failures = merged.failures.values
      .map { TLSLedger.Failure(reason: $0.reason, count: $0.count, lastSeen: TLSLedger.date($0.lastSeen)) }
      .sorted { $0.count != $1.count ? $0.count > $1.count : $0.reason < $1.reason }
    failed = failures.reduce(0) { $0 &+ $1.count }
    let peers = merged.peers.values.sorted {
      $0.lastSeen != $1.lastSeen
        ? $0.lastSeen > $1.lastSeen
        : ($0.address.high, $0.address.low, $0.ja4 ?? "") < ($1.address.high, $1.address.low, $1.ja4 ?? "")
    }
    notPostQuantum = peers.prefix(HandshakeLimits.peersPerPlace).map { TLSLedger.Peer($0) }
    notPostQuantumIsComplete = !merged.hasMorePeers && peers.count <= HandshakeLimits.peersPerPlace
  }
}

extension TLSLedger.Negotiated {
  fileprivate init(_ way: LoopSnapshot.Negotiated) {
    version = way.version?.description ?? "other"
    group = way.group?.description
    cipher = way.cipher?.description
    postQuantum = way.group?.isPostQuantum == true
    resumed = way.isResumed
    retried = way.wasRetried
    count = way.count
    firstSeen = TLSLedger.date(way.firstSeen)
    lastSeen = TLSLedger.date(way.lastSeen)
  }
}

extension TLSLedger.Peer {
  fileprivate init(_ peer: LoopSnapshot.ClassicalPeer) {
    address = peer.address.description
    ja4 = peer.ja4.map { String($0.prefix(64)) }
    version = peer.version.description
    group = peer.group?.description
    handshakes = peer.handshakes
    lastSeen = TLSLedger.date(peer.lastSeen)
  }
}

extension TLSLedger.Certificate {
  /// The years that RFC 3339 can write: 1 to 9999, in seconds since the Unix epoch.
  private static let writable: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

  fileprivate init(_ entry: CertificateEntry, now: Date) {
    let begin = min(max(entry.notBefore, Self.writable.lowerBound), Self.writable.upperBound)
    let end = min(max(entry.notAfter, Self.writable.lowerBound), Self.writable.upperBound)
    leg = entry.leg
    place = entry.place
    subject = entry.subject
    issuer = entry.issuer
    serialNumber = entry.serialNumber
    names = entry.names
    keyAlgorithm = entry.keyAlgorithm
    signatureAlgorithm = entry.signatureAlgorithm
    notBefore = Date(timeIntervalSince1970: Double(begin))
    notAfter = Date(timeIntervalSince1970: Double(end))
    daysLeft = Int((notAfter.timeIntervalSince(now) / 86_400).rounded(.down))
    if now > notAfter {
      warning = .expired
    } else if now < notBefore {
      warning = .notValidYet
    } else {
      warning = daysLeft < Self.warningDays ? .expiresSoon : nil
    }
    fingerprint = entry.fingerprint
    file = entry.file
  }
}
