import SluiceModel

/// Why a peer's certificate is refused after its chain was built.
public struct PeerRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable, CaseIterable {
    case expired
    case notYetValid
    case revoked
    /// The revocation list of its issuer is due to be replaced.
    case revocationListExpired
    case revocationListNotYetValid
    /// There are revocation lists, but none of its issuer.
    case noRevocationList
    case notPinned
    case nameMismatch
    /// The role extension is there and isn't sound.
    case roleProblem
    /// A certificate authority's certificate, which doesn't identify a peer.
    case authority
    case unknownCriticalExtension
  }

  public var reason: Reason
  /// More for the operator, made of checked text.
  public var detail: String?

  public init(_ reason: Reason, detail: String? = nil) {
    self.reason = reason
    self.detail = detail
  }

  /// A short phrase for records and metrics.
  public var phrase: StaticString {
    switch reason {
    case .expired: "certificate expired"
    case .notYetValid: "certificate not yet valid"
    case .revoked: "certificate revoked"
    case .revocationListExpired: "crl expired"
    case .revocationListNotYetValid: "crl not yet valid"
    case .noRevocationList: "no crl of the issuer"
    case .notPinned: "fingerprint not pinned"
    case .nameMismatch: "name mismatch"
    case .roleProblem: "malformed modbus role"
    case .authority: "certificate of an authority"
    case .unknownCriticalExtension: "unknown critical extension"
    }
  }

  public var description: String { "\(phrase)" + (detail.map { ": " + $0 } ?? "") }
}

/// What is checked of a peer after every handshake, a resumed one too, when chain and signatures have been verified: time,
/// revocation, pins, name, role. Pure: build it once a configuration, ask it once a connection.
public struct PeerVerifier: Sendable, Equatable {
  /// Nil: revocation isn't checked.
  public var revocations: RevocationSet?
  /// The leaf must match one of these; none: any leaf that the authority vouches for.
  public var pins: [CertificatePin]
  /// The name that the leaf must have, for a peer that was connected to; nil for a client.
  public var host: String?
  /// Whether a role extension that isn't sound refuses the peer. If not, it has no role.
  public var refusesRoleProblems: Bool
  /// How far the peer's and the authority's clocks may be ahead.
  public var clockSkewSeconds: Int64

  public init(
    revocations: RevocationSet? = nil, pins: [CertificatePin] = [], host: String? = nil,
    refusesRoleProblems: Bool = true, clockSkewSeconds: Int64 = 0
  ) {
    self.revocations = revocations
    self.pins = pins
    self.host = host
    self.refusesRoleProblems = refusesRoleProblems
    self.clockSkewSeconds = clockSkewSeconds
  }

  /// - Parameters:
  ///   - leaf: the peer's own certificate.
  ///   - chain: those between it and the trusted authority, where the handshake tells them; a resumed one may not.
  ///     Revocation is checked for those whose issuer has a list.
  ///   - now: seconds since the Unix epoch.
  /// - Returns: nil when the peer may stay.
  public func refusal(of leaf: CertificateFacts, chain: [CertificateFacts] = [], now: Int64) -> PeerRefusal? {
    if leaf.isCA { return PeerRefusal(.authority) }
    if let first = leaf.unknownCriticalExtensions.first { return PeerRefusal(.unknownCriticalExtension, detail: first) }
    for certificate in CollectionOfOne(leaf) + chain.prefix(PKILimits.chainCertificates) {
      if let refusal = validity(of: certificate, now) { return refusal }
    }
    if let refusal = revocation(of: leaf, isLeaf: true, now) { return refusal }
    for certificate in chain.prefix(PKILimits.chainCertificates) {
      if let refusal = revocation(of: certificate, isLeaf: false, now) { return refusal }
    }
    if !pins.isEmpty, !pins.contains(where: { $0.matches(leaf) }) {
      return PeerRefusal(.notPinned, detail: "its key is \(leaf.publicKeyPin)")
    }
    if let host, !leaf.covers(host: host) { return PeerRefusal(.nameMismatch, detail: "not for `\(host)`") }
    if refusesRoleProblems, case .invalid(let problem) = leaf.role {
      return PeerRefusal(.roleProblem, detail: "\(problem.phrase)")
    }
    return nil
  }

  private func validity(of certificate: CertificateFacts, _ now: Int64) -> PeerRefusal? {
    let identity = certificate.identity
    if now > identity.notAfter { return PeerRefusal(.expired, detail: "on " + CivilTime.text(identity.notAfter)) }
    if now.addingReportingOverflow(max(0, clockSkewSeconds)).partialValue < identity.notBefore {
      return PeerRefusal(.notYetValid, detail: "before " + CivilTime.text(identity.notBefore))
    }
    return nil
  }

  private func revocation(of certificate: CertificateFacts, isLeaf: Bool, _ now: Int64) -> PeerRefusal? {
    guard let revocations else { return nil }
    guard let list = revocations.list(for: certificate) else {
      return isLeaf ? PeerRefusal(.noRevocationList, detail: "`\(certificate.identity.issuer)`") : nil
    }
    switch list.status(of: certificate.serial, at: now) {
    case .good: return nil
    case .revoked(let at, let reason):
      return PeerRefusal(.revoked, detail: "on \(CivilTime.text(at)), \(reason.name)")
    case .stale(let since): return PeerRefusal(.revocationListExpired, detail: "on " + CivilTime.text(since))
    case .notYetValid(let from):
      return from - now <= clockSkewSeconds
        ? nil : PeerRefusal(.revocationListNotYetValid, detail: "before " + CivilTime.text(from))
    }
  }
}
