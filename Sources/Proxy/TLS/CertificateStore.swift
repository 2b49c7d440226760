import NIOSSL
import PKI
import SluiceModel
import Synchronization

/// Why TLS can't be set up with what the configuration gives.
struct TLSMaterialError: Error, CustomStringConvertible {
  let description: String

  /// Says of a failure whose TLS it is.
  static func naming<Value>(_ place: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      throw GatewayError(description: "TLS of \(place): \(error)")
    }
  }
}

/// A chain and its key, ready for handshakes.
final class TLSIdentity: Sendable {
  let facts: CertificateFacts
  /// The file of the chain; nil when it is from none.
  let file: String?
  let handshake: NIOSSLContextConfigurationOverride
  /// The signature schemes of TLS 1.3 that the key can make (RFC 8446, 4.2.3).
  let signatureSchemes: [UInt16]
  let isRSA: Bool

  /// - Parameters: PEM; the leaf comes first.
  init(chain: [UInt8], key: [UInt8], file: String?) throws {
    facts = try PEM.chain(chain).first.map { $0 } ?? { throw TLSMaterialError(description: "no certificate") }()
    self.file = file
    guard try PEM.privateKey(key).belongs(to: facts) != false else {
      throw TLSMaterialError(description: "the key is not the certificate's")
    }
    switch facts.publicKeyAlgorithm {
    case let name where name.hasPrefix("RSA"):
      signatureSchemes = [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601]
      isRSA = true
    case "ECDSA P-256":
      signatureSchemes = [0x0403]
      isRSA = false
    case "ECDSA P-384":
      signatureSchemes = [0x0503]
      isRSA = false
    case let other:
      throw TLSMaterialError(description: "a key of the kind \(other) can't be used; use ECDSA P-256, P-384 or RSA")
    }
    var handshake = NIOSSLContextConfigurationOverride()
    handshake.certificateChain = try NIOSSLCertificate.fromPEMBytes(chain).map { .certificate($0) }
    handshake.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
    self.handshake = handshake
  }
}

/// The certificates for one name: an ECDSA one, an RSA one, or both.
struct NameIdentities: Sendable {
  var ecdsa: TLSIdentity?
  var rsa: TLSIdentity?

  mutating func add(_ identity: TLSIdentity) {
    if identity.isRSA { rsa = rsa ?? identity } else { ecdsa = ecdsa ?? identity }
  }

  var all: [TLSIdentity] { [ecdsa, rsa].compactMap { $0 } }
}

/// Values by host name: exact names, then a wildcard for one label.
struct HostIndex<Value: Sendable>: Sendable {
  private var exact: [String: Value] = [:]
  private var wildcards: [String: Value] = [:]

  var isEmpty: Bool { exact.isEmpty && wildcards.isEmpty }

  subscript(pattern: String) -> Value? {
    get { pattern.hasPrefix("*.") ? wildcards[String(pattern.dropFirst(2))] : exact[pattern] }
    set {
      if pattern.hasPrefix("*.") {
        wildcards[String(pattern.dropFirst(2))] = newValue
      } else {
        exact[pattern] = newValue
      }
    }
  }

  /// - Parameter name: in lower case.
  func value(for name: String) -> Value? {
    if let found = exact[name] { return found }
    guard !wildcards.isEmpty, let dot = name.firstIndex(of: ".") else { return nil }
    return wildcards[String(name[name.index(after: dot)...])]
  }
}

/// Which certificate is shown for which name.
struct CertificateIndex: Sendable {
  private var named = HostIndex<NameIdentities>()
  private var standard = NameIdentities()
  let all: [TLSIdentity]

  init(_ identities: [TLSIdentity] = []) {
    all = identities
    for identity in identities {
      for name in identity.facts.identity.dnsNames {
        var entry = named[name.lowercased()] ?? NameIdentities()
        entry.add(identity)
        named[name.lowercased()] = entry
      }
    }
    guard let first = identities.first else { return }
    standard.add(first)
    let names = Set(first.facts.identity.dnsNames)
    for identity in identities where !names.isDisjoint(with: identity.facts.identity.dnsNames) {
      standard.add(identity)
    }
  }

  /// The identities for a name, and whether they are for that name rather than the default.
  func identities(for name: String?) -> (identities: NameIdentities, isNamed: Bool) {
    if let name, let found = named.value(for: name) { return (found, true) }
    return (standard, false)
  }
}

/// A listener's certificates. It outlives reloads, and so do the contexts that ask it and the tickets they gave out.
final class CertificateStore: Sendable {
  private let index: Mutex<CertificateIndex>

  init(_ index: CertificateIndex) { self.index = Mutex(index) }

  var current: CertificateIndex { index.withLock { $0 } }

  func replace(_ next: CertificateIndex) { index.withLock { $0 = next } }
}

/// A certificate that was ordered: PEM of its chain and key.
public struct OrderedCertificate: Sendable {
  /// Its name in the configuration.
  public var name: String
  public var chain: [UInt8]
  public var key: [UInt8]
  /// The file of the chain; nil for one that is made up until a real one is there.
  public var file: String?

  public init(name: String, chain: [UInt8], key: [UInt8], file: String?) {
    self.name = name
    self.chain = chain
    self.key = key
    self.file = file
  }
}

extension CertificateEntry {
  init(_ identity: TLSIdentity, _ leg: TLSLeg, place: String) {
    let facts = identity.facts
    let peer = facts.identity
    self.init(
      leg: leg, place: place, subject: peer.subject, issuer: peer.issuer, serialNumber: peer.serialNumber,
      names: peer.dnsNames + peer.ipAddresses.map(\.description) + peer.uris, keyAlgorithm: facts.publicKeyAlgorithm,
      signatureAlgorithm: facts.signatureAlgorithm, notBefore: peer.notBefore, notAfter: peer.notAfter,
      fingerprint: peer.fingerprint, file: identity.file)
  }
}
