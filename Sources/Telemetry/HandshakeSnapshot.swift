public import SluiceModel

extension LoopSnapshot {
  /// The handshakes of one listener, endpoint or asset on one loop.
  public struct Handshakes: Sendable {
    public var leg: TLSLeg
    /// The listener, pool or asset.
    public var place: String
    /// The endpoint of a pool.
    public var endpoint: String?
    public var negotiated: [Negotiated]
    public var failures: [Failure]
    /// Peers without post-quantum key exchange, in no order; at most `HandshakeLimits.peersPerPlace`.
    public var classicalPeers: [ClassicalPeer]
    /// Whether there were more such peers than the list holds.
    public var hasMoreClassicalPeers: Bool

    init(_ leg: TLSLeg, _ counted: PlaceHandshakes) {
      self.leg = leg
      place = counted.place
      endpoint = counted.endpoint
      negotiated = counted.negotiated
      failures = counted.failures.map { Failure(reason: $0.reason.description, count: $0.count, lastSeen: $0.last) }
      let other = counted.otherFailures
      if other.count > 0 { failures.append(Failure(reason: "other", count: other.count, lastSeen: other.last)) }
      classicalPeers = counted.peers
      hasMoreClassicalPeers = counted.hasMorePeers
    }
  }

  /// Handshakes that ended well in the same way.
  public struct Negotiated: Sendable {
    /// Nil in the one entry for everything past `HandshakeLimits.combinationsPerPlace`.
    public var version: TLSVersion?
    /// Nil when no key was exchanged.
    public var group: TLSGroup?
    public var cipher: TLSCipherSuite?
    public var isResumed: Bool
    public var wasRetried: Bool
    public var count: UInt64 = 0
    /// Milliseconds since the Unix epoch.
    public var firstSeen: UInt64
    /// Milliseconds since the Unix epoch.
    public var lastSeen: UInt64

    init(_ facts: TLSFacts, now: UInt64) {
      version = facts.version
      group = facts.group
      cipher = facts.cipher
      isResumed = facts.isResumed
      wasRetried = facts.wasRetried
      firstSeen = now
      lastSeen = now
    }

    init(other now: UInt64) {
      isResumed = false
      wasRetried = false
      firstSeen = now
      lastSeen = now
    }

    var isOther: Bool { version == nil }

    func matches(_ facts: TLSFacts) -> Bool {
      cipher == facts.cipher && group == facts.group && version == facts.version && isResumed == facts.isResumed
        && wasRetried == facts.wasRetried
    }

    /// The version's name; `other` without one.
    var versionLabel: String { version.flatMap { LoopSnapshot.known($0.description) } ?? "other" }

    /// The group's name, `none` when no key was exchanged, `other` without a name.
    var groupLabel: String {
      guard version != nil else { return "other" }
      guard let group else { return "none" }
      return LoopSnapshot.known(group.description) ?? "other"
    }

    mutating func add(_ now: UInt64) {
      count &+= 1
      lastSeen = max(lastSeen, now)
    }
  }

  /// Nil for a code point that has no name.
  private static func known(_ name: String) -> String? { name.hasPrefix("0x") ? nil : name }

  /// Handshakes that failed for the same reason.
  public struct Failure: Sendable {
    public var reason: String
    public var count: UInt64
    /// Milliseconds since the Unix epoch.
    public var lastSeen: UInt64
  }

  /// A peer whose latest handshake on this loop had no post-quantum key exchange.
  public struct ClassicalPeer: Sendable {
    public var address: IPAddress
    /// On a client's leg: peers at one address are told apart by it.
    public var ja4: String?
    public var version: TLSVersion
    public var group: TLSGroup?
    public var handshakes: UInt64 = 1
    /// Milliseconds since the Unix epoch.
    public var lastSeen: UInt64

    init(_ address: IPAddress, _ facts: TLSFacts, now: UInt64) {
      self.address = address
      ja4 = facts.ja4
      version = facts.version
      group = facts.group
      lastSeen = now
    }

    mutating func see(_ facts: TLSFacts, now: UInt64) {
      version = facts.version
      group = facts.group
      handshakes &+= 1
      lastSeen = max(lastSeen, now)
    }
  }
}
