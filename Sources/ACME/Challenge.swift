import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A proof that the server looks for. The gate answers it on its data path between `present` and `retract`.
public enum Challenge: Sendable, Hashable {
  /// `GET http://host/.well-known/acme-challenge/token` on port 80 answers 200 with the key authorization as its body, of
  /// type `application/octet-stream` (RFC 8555, 8.3).
  case http01(host: String, token: String, keyAuthorization: String)
  /// A ClientHello for `host` that offers the protocol `acme-tls/1` alone is answered with that protocol and this
  /// certificate; then the connection is closed (RFC 8737, 3). Both in DER, the key as PKCS #8.
  case tlsALPN01(host: String, certificate: [UInt8], key: [UInt8])

  /// The name that is proved.
  public var host: String {
    switch self {
    case .http01(let host, _, _), .tlsALPN01(let host, _, _): host
    }
  }

  /// The path that is answered; nil for tls-alpn-01.
  public var path: String? {
    guard case .http01(_, let token, _) = self else { return nil }
    return Self.pathPrefix + token
  }

  /// Below it are the paths of http-01.
  public static let pathPrefix = "/.well-known/acme-challenge/"
  /// The application protocol of tls-alpn-01.
  public static let applicationProtocol = "acme-tls/1"

  /// A tls-alpn-01 proof: a self-signed certificate for the name with the digest of the key authorization in it.
  /// - Parameters:
  ///   - host: a DNS name.
  ///   - keyAuthorization: token and thumbprint.
  ///   - now: seconds since the Unix epoch; the certificate is valid for a week around it.
  package static func tlsALPN01(host: String, keyAuthorization: String, now: Int64) throws(ACMEError) -> Challenge {
    let digest = ASN1OctetString(contentBytes: Array(SHA256.hash(data: Data(keyAuthorization.utf8)))[...])
    var serializer = DER.Serializer()
    do { try serializer.serialize(digest) } catch {
      throw ACMEError(.challengeFailed, "the proof for `\(host)` can't be written: \(error)")
    }
    let identifier = Certificate.Extension(
      oid: [1, 3, 6, 1, 5, 5, 7, 1, 31], critical: true, value: serializer.serializedBytes[...])
    let made = try SelfSignedCertificate(
      names: [host], notBefore: now - 3 * 86_400, notAfter: now + 4 * 86_400, extra: identifier)
    return .tlsALPN01(host: host, certificate: made.certificate, key: made.key)
  }
}

/// Puts proofs where the server looks for them.
public protocol ChallengeResponder: Sendable {
  /// Answers the challenge from the moment that this returns.
  func present(_ challenge: Challenge) async
  /// Answers it no more.
  func retract(_ challenge: Challenge) async
}

/// A certificate that vouches for itself, with a key of its own on P-256: for proofs, and for a listener whose certificate
/// is still to come.
public struct SelfSignedCertificate: Sendable, Hashable {
  /// DER.
  public let certificate: [UInt8]
  /// PKCS #8 in DER.
  public let key: [UInt8]

  /// - Parameters:
  ///   - names: DNS names.
  ///   - notBefore: seconds since the Unix epoch.
  ///   - notAfter: seconds since the Unix epoch.
  /// - Throws: `ACMEError` when the names don't fit into a certificate.
  public init(names: [String], notBefore: Int64, notAfter: Int64) throws(ACMEError) {
    try self.init(names: names, notBefore: notBefore, notAfter: notAfter, extra: nil)
  }

  init(names: [String], notBefore: Int64, notAfter: Int64, extra: Certificate.Extension?) throws(ACMEError) {
    let key = P256.Signing.PrivateKey()
    do {
      var extensions = try Certificate.Extensions {
        SubjectAlternativeNames(names.map { .dnsName($0) })
        Critical(BasicConstraints.notCertificateAuthority)
      }
      if let extra { try extensions.append(extra) }
      // An empty subject is legal only beside a critical list of names (RFC 5280, 4.1.2.6), so it has one.
      let subject = try DistinguishedName { CommonName("sluice") }
      let made = try Certificate(
        version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
        notValidBefore: Date(timeIntervalSince1970: Double(notBefore)),
        notValidAfter: Date(timeIntervalSince1970: Double(notAfter)),
        issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
        issuerPrivateKey: .init(key))
      var serializer = DER.Serializer()
      try serializer.serialize(made)
      certificate = serializer.serializedBytes
    } catch {
      throw ACMEError(.configuration, "no certificate can be made for `\(names.joined(separator: ", "))`: \(error)")
    }
    self.key = Array(key.derRepresentation)
  }
}
