import NIOCore
import NIOSSL
import PKI
import SluiceModel
import Wire

/// Why a handshake is not gone into, and the alert that says so (RFC 8446, 6).
struct TLSRefusal: Error {
  let phrase: StaticString
  let alert: UInt8

  static let noVersion = TLSRefusal(phrase: "no shared version", alert: 70)
  static let noCipher = TLSRefusal(phrase: "no shared cipher", alert: 40)
  static let noGroup = TLSRefusal(phrase: "no shared group", alert: 40)
  static let noHybridGroup = TLSRefusal(phrase: "no post-quantum group", alert: 40)
  static let noSignature = TLSRefusal(phrase: "no shared signature algorithm", alert: 40)
  static let noProtocol = TLSRefusal(phrase: "no shared application protocol", alert: 120)
  static let unknownName = TLSRefusal(phrase: "unknown server name", alert: 112)
}

/// TLS with the clients of one listener under one configuration, shared by all event loops.
final class ListenerTLS: Sendable {
  /// How a handshake goes on.
  struct Choice {
    let context: NIOSSLContext
    let policy: Policy
  }

  /// TLS under one policy: contexts for each kind of key, with and without post-quantum groups, and for each suite of TLS 1.2.
  final class Policy: Sendable {
    /// What the policy is for: a host of `names`, or empty for the listener's own.
    let host: String
    let configuration: TLSPolicy
    let verifier: PeerVerifier
    fileprivate let contexts: [TLSContextKey.Kind: NIOSSLContext]
    fileprivate let hybrid: [TLSGroup]
    fileprivate let classic: [TLSGroup]

    fileprivate init(
      host: String, _ configuration: TLSPolicy, contexts: [TLSContextKey.Kind: NIOSSLContext], verifier: PeerVerifier
    ) {
      self.host = host
      self.configuration = configuration
      self.contexts = contexts
      self.verifier = verifier
      hybrid = configuration.groups.groups.filter(\.isPostQuantum)
      classic = configuration.groups.groups.filter { !$0.isPostQuantum }
    }

    /// Whether a connection that another policy let in meets this one too, its certificate's revocation left aside.
    func admits(_ other: Policy) -> Bool {
      let (mine, theirs) = (configuration, other.configuration)
      return other === self
        || host == other.host && mine.minimumVersion == theirs.minimumVersion && mine.groups == theirs.groups
          && mine.clients.verify == theirs.clients.verify && mine.clients.ca == theirs.clients.ca
    }
  }

  let configuration: ListenerTLSConfiguration
  let store: CertificateStore
  let gauge: HandshakeGauge
  private let speaksHTTP: Bool
  private let own: Policy
  private let named: HostIndex<Policy>
  /// What the store is to hold once the configuration is in force.
  private let next: CertificateIndex
  private let keys: [TLSContextKey: NIOSSLContext]
  let name: String

  /// - Parameter previous: the same listener under the configuration before. What did not change is taken over.
  init(
    _ configuration: ListenerTLSConfiguration, listener: ListenerConfiguration, issued: [String: OrderedCertificate],
    previous: ListenerTLS?
  ) throws {
    self.configuration = configuration
    name = listener.name
    speaksHTTP = listener.protocol.isHTTP
    gauge = previous?.gauge ?? HandshakeGauge()
    next = try Self.index(configuration, issued)
    store = previous?.store ?? CertificateStore(next)
    let factory = TLSContextFactory(
      store: store, protocols: speaksHTTP ? ["http/1.1"] : [], previous: previous?.keys ?? [:])
    own = try factory.policy(host: "", configuration.policy)
    var named = HostIndex<Policy>()
    for entry in configuration.names { named[entry.host] = try factory.policy(host: entry.host, entry.policy) }
    self.named = named
    keys = factory.made
  }

  private static func index(
    _ configuration: ListenerTLSConfiguration, _ issued: [String: OrderedCertificate]
  ) throws -> CertificateIndex {
    CertificateIndex(try configuration.certificates.map { try TLSIdentity($0, issued) })
  }

  /// Shows the configuration's certificates from now on.
  func commit() { store.replace(next) }

  /// Takes certificates that were issued anew.
  func update(_ issued: [String: OrderedCertificate]) throws {
    store.replace(try Self.index(configuration, issued))
  }

  /// Whether names have policies of their own, so that a request's host must be looked at.
  var hasNamedPolicies: Bool { !named.isEmpty }

  /// - Parameter serverName: in lower case.
  func policy(for serverName: String?) -> Policy { serverName.flatMap { named.value(for: $0) } ?? own }

  /// Decides from the client's first message how TLS is spoken with it.
  func choose(_ hello: ClientHello) throws(TLSRefusal) -> Choice {
    let policy = policy(for: hello.serverName)
    let isTLS13 = hello.supportedVersions.contains(SluiceModel.TLSVersion.tls13.rawValue)
    let isTLS12 =
      hello.supportedVersions.isEmpty
      ? hello.legacyVersion >= SluiceModel.TLSVersion.tls12.rawValue
      : hello.supportedVersions.contains(SluiceModel.TLSVersion.tls12.rawValue)
    guard isTLS13 || isTLS12 && policy.configuration.minimumVersion == .tls12 else { throw .noVersion }
    let (identities, isNamed) = store.current.identities(for: hello.serverName)
    if hello.serverName != nil, !isNamed, configuration.unknownNames == .refuse { throw .unknownName }
    if speaksHTTP, !hello.applicationProtocols.isEmpty, !hello.offers("http/1.1"), !hello.offers("http/1.0") {
      throw .noProtocol
    }
    let isHybrid = isTLS13 && policy.hybrid.contains { hello.supportedGroups.contains($0.rawValue) }
    if !isHybrid, !policy.classic.contains(where: { hello.supportedGroups.contains($0.rawValue) }) {
      throw policy.classic.isEmpty ? .noHybridGroup : .noGroup
    }
    let isRSA = try keyKind(hello, identities, isTLS13: isTLS13)
    // BoringSSL would follow the client's order; with one suite alone the gate's counts.
    let suite = isTLS13 ? nil : TLSContextFactory.suites12(isRSA: isRSA).first { hello.cipherSuites.contains($0) }
    guard let context = policy.contexts[.init(isRSA: isRSA, isHybrid: isHybrid, suite: suite)] else { throw .noGroup }
    return Choice(context: context, policy: policy)
  }

  /// The kind of key that the client can verify: ECDSA before RSA.
  private func keyKind(
    _ hello: ClientHello, _ identities: NameIdentities, isTLS13: Bool
  ) throws(TLSRefusal) -> Bool {
    var hasCipher = false
    for identity in identities.all {
      let suites = isTLS13 ? TLSContextFactory.suites13 : TLSContextFactory.suites12(isRSA: identity.isRSA)
      guard suites.contains(where: { hello.cipherSuites.contains($0) }) else { continue }
      hasCipher = true
      if identity.signatureSchemes.contains(where: { hello.signatureAlgorithms.contains($0) }) { return identity.isRSA }
    }
    throw hasCipher ? .noSignature : .noCipher
  }
}

/// What tells one context from another; with equal inputs a context, and the tickets it gave out, live on over a reload.
struct TLSContextKey: Hashable, Sendable {
  private let minimumVersion: SluiceModel.TLSVersion
  private let groups: [TLSGroup]
  private let verify: ClientVerification
  private let ca: [UInt8]?
  private let kind: Kind

  /// What tells the contexts of one policy apart.
  struct Kind: Hashable, Sendable {
    let isRSA: Bool
    let isHybrid: Bool
    /// The one suite for a client of TLS 1.2; nil for one of TLS 1.3.
    let suite: UInt16?
  }

  init(_ policy: TLSPolicy, _ kind: Kind) {
    minimumVersion = policy.minimumVersion
    groups = policy.groups.groups.filter { $0.isPostQuantum == kind.isHybrid }
    verify = policy.clients.verify
    ca = policy.clients.verify == .off ? nil : policy.clients.ca?.bytes
    self.kind = kind
  }
}

/// Makes the contexts of a listener, as few as its policies need.
final class TLSContextFactory {
  static let suites13: [UInt16] = [0x1301, 0x1302, 0x1303]

  /// ECDHE with AEAD only (RFC 9325, 4.2).
  static func suites12(isRSA: Bool) -> [UInt16] { isRSA ? [0xc02f, 0xc030, 0xcca8] : [0xc02b, 0xc02c, 0xcca9] }

  static let signatureAlgorithms: [SignatureAlgorithm] = [
    .ecdsaSecp256R1Sha256, .ecdsaSecp384R1Sha384, .rsaPssRsaeSha256, .rsaPssRsaeSha384, .rsaPssRsaeSha512,
    .rsaPkcs1Sha256, .rsaPkcs1Sha384, .rsaPkcs1Sha512, .ecdsaSecp521R1Sha512, .ed25519,
  ]

  private let store: CertificateStore
  private let protocols: [String]
  private let previous: [TLSContextKey: NIOSSLContext]
  private(set) var made: [TLSContextKey: NIOSSLContext] = [:]

  init(store: CertificateStore, protocols: [String], previous: [TLSContextKey: NIOSSLContext]) {
    self.store = store
    self.protocols = protocols
    self.previous = previous
  }

  func policy(host: String, _ policy: TLSPolicy) throws -> ListenerTLS.Policy {
    var contexts: [TLSContextKey.Kind: NIOSSLContext] = [:]
    for isRSA in [false, true] {
      for isHybrid in [false, true] {
        let groups = policy.groups.groups.filter { $0.isPostQuantum == isHybrid }
        guard !groups.isEmpty else { continue }
        let older = isHybrid || policy.minimumVersion == .tls13 ? [] : Self.suites12(isRSA: isRSA)
        for suite in [nil] + older {
          let kind = TLSContextKey.Kind(isRSA: isRSA, isHybrid: isHybrid, suite: suite)
          let key = TLSContextKey(policy, kind)
          let context = try made[key] ?? previous[key] ?? context(policy, groups: groups, isRSA: isRSA, suite: suite)
          made[key] = context
          contexts[kind] = context
        }
      }
    }
    var revocations: RevocationSet?
    if let list = policy.clients.crl, let ca = policy.clients.ca {
      revocations = try RevocationSet(PEM.revocationLists(list.bytes), issuers: PEM.certificates(ca.bytes))
    }
    return ListenerTLS.Policy(
      host: host, policy, contexts: contexts, verifier: PeerVerifier(revocations: revocations, clockSkewSeconds: 300))
  }

  private func context(
    _ policy: TLSPolicy, groups: [TLSGroup], isRSA: Bool, suite: UInt16?
  ) throws -> NIOSSLContext {
    let store = store
    let suites = suite.map { [$0] } ?? Self.suites12(isRSA: isRSA)
    // A server's configuration wants a key; here they come with each handshake.
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = policy.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
    configuration.cipherSuiteValues = suites.map { NIOTLSCipher(rawValue: $0) }
    configuration.curves = groups.map { NIOTLSCurve(rawValue: $0.rawValue) }
    configuration.verifySignatureAlgorithms = Self.signatureAlgorithms
    configuration.applicationProtocols = protocols
    configuration.renegotiationSupport = .none
    configuration.shutdownTimeout = .seconds(1)
    configuration.trustRoots = .certificates(
      try policy.clients.ca.map { try NIOSSLCertificate.fromPEMBytes($0.bytes) } ?? [])
    configuration.certificateVerification =
      switch policy.clients.verify {
      case .off: .none
      case .optional: .optionalVerification
      case .required: .noHostnameVerification
      }
    configuration.sendCANameList = policy.clients.verify != .off
    configuration.sslContextCallback = { values, promise in
      var name = values.serverHostname?.lowercased()
      if name?.hasSuffix(".") == true { name?.removeLast() }
      let identities = store.current.identities(for: name).identities
      let wanted = isRSA ? identities.rsa ?? identities.ecdsa : identities.ecdsa ?? identities.rsa
      if let wanted {
        promise.succeed(wanted.handshake)
      } else {
        promise.fail(TLSMaterialError(description: "no certificate"))
      }
    }
    return try NIOSSLContext(configuration: configuration)
  }
}

extension TLSIdentity {
  convenience init(_ source: CertificateSource, _ issued: [String: OrderedCertificate]) throws {
    switch source {
    case .files(let chain, let key):
      do {
        try self.init(chain: chain.bytes, key: key.bytes, file: chain.path)
      } catch {
        throw TLSMaterialError(description: "certificate `\(chain.path)`: \(error)")
      }
    case .acme(let name):
      guard let certificate = issued[name] else {
        throw TLSMaterialError(description: "the certificate `\(name)` was not ordered")
      }
      try self.init(chain: certificate.chain, key: certificate.key, file: certificate.file)
    }
  }
}
