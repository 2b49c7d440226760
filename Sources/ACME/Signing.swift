package import Crypto
import FoundationEssentials

/// The key of an account: it signs every request (ES256) and its thumbprint is half of every proof.
package struct AccountKey: Sendable {
  private let key: P256.Signing.PrivateKey
  private let jwk: JSONWebKey

  package init(_ key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) {
    self.key = key
    let point = Array(key.publicKey.rawRepresentation)
    jwk = JSONWebKey(x: Base64URL.encode(point.prefix(32)), y: Base64URL.encode(point.dropFirst(32)))
  }

  /// PKCS #8 in PEM.
  package var pem: String { key.pemRepresentation }

  /// SHA-256 of the key's canonical JSON, in base64url (RFC 7638).
  package var thumbprint: String {
    Base64URL.encode(SHA256.hash(data: Data(jwk.canonical.utf8)))
  }

  /// What a token is answered with (RFC 8555, 8.1).
  package func keyAuthorization(for token: String) -> String { token + "." + thumbprint }

  /// A signed message (RFC 8555, 6.2).
  /// - Parameters:
  ///   - payload: JSON; empty for POST-as-GET.
  ///   - account: the account's URL; nil names the key itself, as only a new account may.
  package func sign(payload: [UInt8], url: String, nonce: String, account: String?) throws(ACMEError) -> [UInt8] {
    let header = ProtectedHeader(
      alg: "ES256", jwk: account == nil ? jwk : nil, kid: account, nonce: nonce, url: url)
    let protected = Base64URL.encode(try JSONText.encode(header))
    let body = Base64URL.encode(payload)
    do {
      let signature = try key.signature(for: Data("\(protected).\(body)".utf8))
      return try JSONText.encode(
        SignedMessage(
          payload: body, protected: protected, signature: Base64URL.encode(signature.rawRepresentation)))
    } catch let error as ACMEError {
      throw error
    } catch {
      throw ACMEError(.state, "the account key does not sign: \(error)")
    }
  }

  /// The binding of this key to an account elsewhere (RFC 8555, 7.3.4): the key itself, signed with HMAC-SHA-256.
  func externalBinding(keyID: String, key hmac: [UInt8], url: String) throws(ACMEError) -> SignedMessage {
    let header = ProtectedHeader(alg: "HS256", jwk: nil, kid: keyID, nonce: nil, url: url)
    let protected = Base64URL.encode(try JSONText.encode(header))
    let payload = Base64URL.encode(Data(jwk.canonical.utf8))
    let code = HMAC<SHA256>.authenticationCode(
      for: Data("\(protected).\(payload)".utf8), using: SymmetricKey(data: hmac))
    return SignedMessage(payload: payload, protected: protected, signature: Base64URL.encode(code))
  }
}

/// A public key on P-256 (RFC 7517).
struct JSONWebKey: Sendable, Encodable {
  var crv = "P-256"
  var kty = "EC"
  var x: String
  var y: String

  /// Members in order, without spaces, as the thumbprint wants them.
  var canonical: String { #"{"crv":"\#(crv)","kty":"\#(kty)","x":"\#(x)","y":"\#(y)"}"# }
}

struct ProtectedHeader: Encodable {
  var alg: String
  var jwk: JSONWebKey?
  var kid: String?
  var nonce: String?
  var url: String
}

struct SignedMessage: Encodable {
  var payload: String
  var protected: String
  var signature: String
}

/// JSON in and out, with errors of ours.
enum JSONText {
  static func encode(_ value: some Encodable) throws(ACMEError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return Array(try encoder.encode(value)) } catch {
      throw ACMEError(.malformed, "a message can't be written as JSON")
    }
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
    try? JSONDecoder().decode(type, from: Data(bytes))
  }
}
