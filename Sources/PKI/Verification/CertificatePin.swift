import Crypto
import SluiceModel

/// A certificate or a public key that is expected, by its SHA-256.
public struct CertificatePin: Sendable, Hashable, CustomStringConvertible {
  /// What was hashed.
  public enum Subject: Sendable, Hashable {
    /// The whole certificate: it changes with each renewal.
    case certificate
    /// The SubjectPublicKeyInfo (RFC 7469, 2.4): it stays as long as the key does.
    case publicKey
  }

  public let subject: Subject
  /// 32 bytes.
  public let hash: [UInt8]

  /// Reads `sha256/BASE64` (RFC 7469, a public key), `spki:HEX` (a public key) or `HEX` (a certificate's fingerprint, with
  /// colons or without, as `openssl x509 -fingerprint -sha256` prints it).
  ///
  /// - Throws: with what forms there are.
  public init(_ text: String) throws(PKIError) {
    let malformed = PKIError(
      "`\(text.prefix(100))` isn't a pin",
      hint: "write `sha256/BASE64` for a key or 64 hexadecimal digits for a certificate")
    let bytes: [UInt8]?
    if text.hasPrefix("sha256/") {
      subject = .publicKey
      bytes = text.utf8.count <= 64 ? Base64.bytes(text.dropFirst(7)) : nil
    } else {
      let isKey = text.hasPrefix("spki:")
      subject = isKey ? .publicKey : .certificate
      let digits = (isKey ? text.dropFirst(5) : text[...]).filter { $0 != ":" }
      bytes = text.utf8.count <= 128 ? Hexadecimal.bytes(digits) : nil
    }
    guard let bytes, bytes.count == SHA256.byteCount else { throw malformed }
    hash = bytes
  }

  public func matches(_ certificate: CertificateFacts) -> Bool {
    switch subject {
    case .certificate: certificate.identity.fingerprint == Hexadecimal.text(hash)
    case .publicKey: certificate.publicKeyHash == hash
    }
  }

  /// The form that the configuration takes.
  public var description: String {
    switch subject {
    case .certificate: Hexadecimal.text(hash)
    case .publicKey: "sha256/" + Base64.text(hash)
    }
  }
}
